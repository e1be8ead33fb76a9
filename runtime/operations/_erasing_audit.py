"""The audit after an erasure: every row stays, its personal values go, and both can be proved.

The audit only grows, and a signature covers each row. An erasure is the one change that the
database lets through: values, title and reason of a row, together with the erasure that it belongs
to. The first signature stays, because the seals cover it; a second one, under the same key, covers
the row as it is now and the first. So nobody without the key can pass a change off as an erasure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from generator.build.erasing import erased_fields
from generator.model.entity import Entity
from rules import privacy
from rules.masks import STARS
from runtime.operations._changing import load_many
from runtime.operations._erasing import Taken, pieces
from runtime.operations._former import Former
from runtime.operations._talk import FILE
from runtime.operations._work import Work
from runtime.store.audit_key import LATER, SIGNED
from runtime.store.guard import system, system_grant
from runtime.store.sealed import MASKED, SEALED, is_sealed, mark_of
from runtime.store.titles import is_masked_in_log, titles_of

if TYPE_CHECKING:
    from runtime.erasing import Scrub

Titles = Mapping[tuple[str, str], str]


def find_gone(work: Work, taken: Taken, person: tuple[str, str]) -> None:
    """Note records about the person that were deleted: only the audit still tells of them.

    What it told of longer ago than it is kept, whoever removed that noted (`audit_removal`).
    """
    audit, noted = work.runtime.system.audit, work.runtime.system.audit_gone
    ids = {name: set(marked) for name, marked in taken.marks.items()}
    ids.setdefault(person[0], set()).add(person[1])
    for name, way in privacy.kinds_about(work.runtime.app, person[0]).items():
        entity = work.runtime.app.entities[name]
        if not way or entity.child_of:
            continue
        above = ids.get(entity.fields[way[0]].target, set())
        asked = sa.select(audit.c.record_id, audit.c.before).where(
            audit.c.entity == name, audit.c.operation == "delete", audit.c.before.is_not(None)
        )
        found = [
            (one, (before or {}).get(way[0])) for one, before in work.connection.execute(asked)
        ]
        long_ago = sa.select(noted.c.record_id, noted.c.above).where(noted.c.entity == name)
        found += [(one, value) for one, value in work.connection.execute(long_ago)]
        for record_id, value in found:
            if _points_at(work, entity, record_id, way[0], value, above):
                taken.mark(name, record_id, taken.usual.get(name, ()))
                taken.gone.setdefault(name, set()).add(record_id)
                ids.setdefault(name, set()).add(record_id)


def _points_at(
    work: Work,
    entity: Entity,
    gone: str,
    name: str,
    value: Any,
    above: Collection[str],
) -> bool:
    """Return whether a deleted record pointed at one of some others, as the audit tells it."""
    if not is_sealed(entity.fields[name], value):
        return str(value) in above
    return value[SEALED] in {mark_of(work.runtime, entity, gone, name, one) for one in above}


def find_pointing(work: Work, taken: Taken, person: tuple[str, str]) -> None:
    """Note records that only point at the person: their titles and comments may name them."""
    kinds = privacy.kinds_about(work.runtime.app, person[0])
    for entity in work.runtime.app.entities.values():
        if entity.name in kinds or entity.child_of:
            continue
        table = work.runtime.schema.tables[entity.name]
        for field in entity.fields.values():
            if field.type == "reference" and field.target == person[0]:
                mine = sa.select(table.c.id).where(table.c[field.name] == person[1])
                for row in work.connection.execute(system(mine, "whose data is erased")):
                    taken.mark(entity.name, str(row.id), ())


def collect(work: Work, taken: Taken) -> None:
    """Add the texts and files that stood in erased fields before, as the audit tells it."""
    for entity, row in _rows(work, taken):
        names = taken.marks[entity.name][row["record_id"]]
        for values in (row["before"], row["after"]):
            _gather(work, entity, row["record_id"], values or {}, names, taken)


def rewrite(work: Work, taken: Taken, scrub: Scrub, titles: Titles, erasure: str) -> int:
    """Take the values out of the rows of the audit; return how many rows were changed."""
    audit, key = work.runtime.system.audit, work.runtime.audit_key
    titles = {**titles, **_masked_titles(work, taken)}
    count = 0
    for entity, row in list(_rows(work, taken)):
        names = taken.marks[entity.name][row["record_id"]]
        new = {
            "before": _without(work, entity, row["before"], names, taken, scrub),
            "after": _without(work, entity, row["after"], names, taken, scrub),
            "record_title": _title(work, entity, names, row, titles, scrub),
            "reason": None if row["reason"] is None else scrub.text(row["reason"]),
        }
        changed = {name: value for name, value in new.items() if value != row[name]}
        if not changed:
            continue
        proof = key.sign_erased({**row, **changed, "erased_by": erasure})
        done = audit.update().where(audit.c.id == row["id"])
        proved = {"erased_by": erasure, "erased_signature": proof}
        work.connection.execute(done.values(**changed, **proved))
        count += 1
    return count


def _masked_titles(work: Work, taken: Taken) -> Titles:
    """Return what the log calls the records now, as far as it masks their titles."""
    found: dict[tuple[str, str], str] = {}
    for name, marked in taken.marks.items():
        entity = work.runtime.app.entities[name]
        if not is_masked_in_log(work.runtime, entity):
            continue
        for some in pieces(one for one in marked if one not in taken.gone.get(name, ())):
            facts = load_many(work, entity, tuple(some), system_grant(name), lock="")
            records = list(facts.values())
            titles = titles_of(work.connection, work.runtime, entity, records, for_log=True)
            found |= {(name, one): text for one, text in zip(facts, titles, strict=True)}
    return found


def _title(
    work: Work,
    entity: Entity,
    names: frozenset[str],
    row: Mapping[str, Any],
    titles: Titles,
    scrub: Scrub,
) -> str | None:
    """Return the title of a row as it may stay; of a masked one nothing can be told apart."""
    title, now = row["record_title"], titles.get((entity.name, row["record_id"]))
    if title and STARS in title and is_masked_in_log(work.runtime, entity):
        return now if now is not None else scrub.blank
    return scrub.title(entity, names, title, now)


def _rows(work: Work, taken: Taken) -> Iterator[tuple[Entity, Mapping[str, Any]]]:
    audit = work.runtime.system.audit
    columns = [audit.c[name] for name in (*SIGNED, *LATER, "signature")]
    for name, marked in taken.marks.items():
        entity = work.runtime.app.entities[name]
        for some in pieces(sorted(marked)):
            mine = (audit.c.entity == name, audit.c.record_id.in_(some))
            asked = sa.select(*columns).where(*mine).order_by(audit.c.id)
            for row in work.connection.execute(asked).mappings().all():
                yield entity, dict(row)


def _gather(
    work: Work,
    entity: Entity,
    record_id: str,
    values: Mapping[str, Any],
    names: frozenset[str],
    taken: Taken,
) -> None:
    erased = erased_fields(entity, work.runtime.compiled.field_types)
    for name, value in values.items():
        field = entity.fields.get(name)
        if field is None:
            continue
        if is_sealed(field, value):
            if name in names and field in erased and MASKED in value:
                marks = partial(mark_of, work.runtime, entity, record_id, name)
                former = Former(value[MASKED], value[SEALED], marks)
                taken.former[former.mark] = former
        elif field.type == "children" and isinstance(value, Mapping):
            part = work.runtime.app.entities[field.target]
            for row_id, row in value.items():
                _gather(work, part, row_id, row or {}, _of_part(taken, part, row_id), taken)
        elif name in names and field in erased:
            taken.note(work, field, value)


def _without(
    work: Work,
    entity: Entity,
    values: Mapping[str, Any] | None,
    names: frozenset[str],
    taken: Taken,
    scrub: Scrub,
) -> Any:
    """Return the values of a row without those that are erased."""
    if values is None:
        return None
    found: dict[str, Any] = {}
    for name, value in values.items():
        field = entity.fields.get(name)
        if name == FILE:
            found[name] = scrub.blank if names else scrub.text(str(value))
        elif field is not None and field.type == "children" and isinstance(value, Mapping):
            part = work.runtime.app.entities[field.target]
            found[name] = {
                row_id: _without(work, part, row, _of_part(taken, part, row_id), taken, scrub)
                for row_id, row in value.items()
            }
        elif name in names:
            found[name] = None
        else:
            found[name] = scrub.of(value, ())
    return found


def _of_part(taken: Taken, part: Entity, row_id: str) -> frozenset[str]:
    """Return what is erased of a part; of one that is there no more what usually is."""
    if row_id in taken.kept.get(part.name, ()):
        return frozenset()
    usual = taken.usual.get(part.name, frozenset())
    return taken.marks.get(part.name, {}).get(row_id, usual)
