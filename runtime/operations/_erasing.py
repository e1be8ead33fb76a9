"""Which records an erasure reaches, and what becomes of each: looked at first, then done.

Comes in: a person's record. Goes out: a `Kind` for every kind of record that tells of them, with
the ids that are erased, that go, that a law keeps and that are still under way; and, when it is
done, what was taken away. The page that asks and the operation that does it look the same way, so
that they cannot disagree. All of it counts every record, whoever asks: who may erase a person
erases all of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from generator.build.erasing import erased_fields, nobody
from generator.model.entity import Entity, Field
from generator.model.privacy import RECORD, Keep, Privacy
from generator.model.text import Label
from generator.model.workflow import CLOSED
from rules import privacy
from runtime.operations import _cascade, _changing, _offers, _renewing, _saving
from runtime.operations._former import Former
from runtime.operations._work import Draft, Work
from runtime.runtime import Runtime
from runtime.store import audit, dependants
from runtime.store.guard import system, system_grant

ACTION = "erase"
"""What the matrix, the audit and the address call it."""
ERASED = "$erased"
"""Under this key an audit row names the fields that were erased, never a value."""
PIECE = 200
"""Records that are loaded at once."""
WHY = "whose data is erased"
FILES = frozenset({"file", "image"})
SHORTEST = {True: 4, False: 2}
"""Characters of a text that is looked for among others, in ASCII and else."""
MOST_IDS = 300
"""Ids of one statement."""


@dataclass(frozen=True)
class Kind:
    """One kind of record that tells of the person."""

    entity: Entity
    fields: tuple[Field, ...]
    """What is erased in each record; empty where nothing of it is personal."""
    goes: bool
    """The whole record goes."""
    ids: tuple[str, ...]
    kept: frozenset[str]
    """Of these, those that a law keeps."""
    keep: Keep | None
    until: dt.date | None
    """The day on which the last of them is not kept any more."""
    waits: tuple[str, ...]
    """Of these, those that are still under way."""

    @property
    def held(self) -> frozenset[str]:
        """The names of the fields that a kept record keeps."""
        names = frozenset(one.name for one in self.fields)
        named = frozenset(self.keep.fields) if self.keep is not None else frozenset()
        return named or names

    @property
    def touched(self) -> tuple[str, ...]:
        """The records of which something is erased now."""
        if self.goes:
            return tuple(one for one in self.ids if one not in self.kept)
        if not self.fields:
            return ()
        is_all = self.held >= {one.name for one in self.fields}
        return tuple(one for one in self.ids if not (is_all and one in self.kept))

    def change(self, record_id: str, work: Work) -> dict[str, Any]:
        """Return the new values of one record."""
        catalog = work.runtime.compiled.field_types
        left = self.held if record_id in self.kept else frozenset()
        return {
            one.name: nobody(self.entity, one, record_id, catalog)
            for one in self.fields
            if one.name not in left
        }


@dataclass
class Taken:
    """What was taken away: to be found again in what is kept beside the records."""

    marks: dict[str, dict[str, frozenset[str]]] = field(default_factory=dict)
    """By entity and record: the fields that are erased, parts and formulas that followed too.

    What a law keeps whole is not here; what goes is, with every field.
    """
    usual: dict[str, frozenset[str]] = field(default_factory=dict)
    """By entity: what is erased of records and parts that were there once."""
    kept: dict[str, frozenset[str]] = field(default_factory=dict)
    """By entity: records and parts of which a law keeps everything."""
    gone: dict[str, set[str]] = field(default_factory=dict)
    """By entity: records and parts that are there no more."""
    files: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    """The texts that stood there."""
    former: dict[str, Former] = field(default_factory=dict)
    """By their mark: texts of which the audit kept no more than that and a mask."""
    changed: int = 0
    """Records that have another version now."""

    def mark(self, entity: str, record_id: str, names: Iterable[str]) -> None:
        """Note that fields of a record are erased."""
        same = self.marks.setdefault(entity, {})
        same[record_id] = same.get(record_id, frozenset()) | frozenset(names)

    def note(self, work: Work, field: Field, value: Any) -> None:
        """Note what stood in a field, where it can be told from other texts."""
        if field.type in FILES and value:
            self.files.add(str(value))
        elif field.type == "address" or work.runtime.compiled.field_types[field.type].searchable:
            self.words |= set(texts(value))


def look(
    connection: sa.Connection,
    runtime: Runtime,
    person: str,
    record_id: str,
    today: dt.date,
    *,
    lock: bool,
) -> tuple[Kind, ...]:
    """Return every kind of record that tells of a person; one statement a kind.

    With `lock` the person is locked against everything first, so that nobody writes a record that
    points at them until this transaction ends, and then every record.
    """
    if lock:
        table = runtime.schema.tables[person]
        mine = sa.select(table.c.id).where(table.c.id == record_id).with_for_update()
        connection.execute(system(mine, WHY))
    found: dict[str, Kind] = {}
    for name, way in _wholes_first(runtime, privacy.kinds_about(runtime.app, person)):
        found[name] = _kind(connection, runtime, name, way, record_id, today, found, lock=lock)
    return tuple(found.values())


def erase(work: Work, kinds: Sequence[Kind]) -> Taken:
    """Erase what was looked at: values, parts and whole records, each told in the audit by name."""
    taken = Taken()
    for kind in kinds:
        _expect(kind, taken)
    roots: dict[str, dict[str, None]] = {}
    changes: dict[str, Mapping[str, Any]] = {}
    parts: set[str] = set()
    for kind in kinds:
        if kind.goes and not kind.entity.child_of:
            continue
        for one in kind.touched:
            if kind.goes:
                parts.add(one)
            else:
                changes[one] = kind.change(one, work)
        root, ids = _renewing.wholes(work, kind.entity, kind.touched)
        roots.setdefault(root.name, {}).update(dict.fromkeys(ids))
    goes = [kind for kind in kinds if kind.goes and not kind.entity.child_of]
    going = {kind.entity.name: set(kind.touched) for kind in goes}
    for name, wholes in roots.items():
        left = [one for one in sorted(wholes) if one not in going.get(name, ())]
        for start in range(0, len(left), PIECE):
            piece = tuple(left[start : start + PIECE])
            _change(work, work.runtime.app.entities[name], piece, changes, parts, taken)
    for kind in goes:
        _remove(work, kind, taken)
    return taken


def _expect(kind: Kind, taken: Taken) -> None:
    """Note what is erased of every record of a kind, whatever stands in it today."""
    name = kind.entity.name
    every = frozenset(one.name for one in kind.fields)
    if kind.goes:
        every |= {one.name for one in kind.entity.fields.values() if not one.target}
    taken.usual[name] = every
    is_whole = kind.goes or kind.held >= every
    taken.kept[name] = kind.kept if is_whole else frozenset()
    for one in kind.ids:
        if one not in kind.kept:
            taken.mark(name, one, every)
        elif not is_whole:
            taken.mark(name, one, every - kind.held)


def _change(
    work: Work,
    entity: Entity,
    ids: tuple[str, ...],
    changes: Mapping[str, Mapping[str, Any]],
    parts: set[str],
    taken: Taken,
) -> None:
    """Write the new values of records and their parts; formulas over them are computed again."""
    found = _changing.load_many(work, entity, ids, system_grant(entity.name))
    drafts = [_renewing.whole_draft(work, entity, facts, changes) for facts in found.values()]
    for draft in drafts:
        for one in draft.everyone():
            for name, some in one.children.items():
                going = [part for part in some if str(part.facts["id"]) in parts]
                one.children[name] = [part for part in some if part not in going]
                one.removed[name] = [part.before for part in going if part.before is not None]
    lookup = _saving.look_up(work, drafts)
    changed = []
    for draft in drafts:
        _saving.compute(work, draft, lookup)
        if _renewing.has_news(draft):
            changed.append(draft)
    work.fail_if_wrong()
    if not changed:
        return
    names = {id(draft): _note(work, draft, taken) for draft in changed}
    _saving.write_all(work, changed)
    for draft in changed:
        audit.write(work, ACTION, draft.entity, draft.facts, None, {ERASED: names[id(draft)]})
    taken.changed += len(changed)
    for draft in _renewing.follow(work, changed, all_at_once=True):
        _note(work, draft, taken)


def _remove(work: Work, kind: Kind, taken: Taken) -> None:
    """Let whole records go, as a deletion would."""
    entity = kind.entity
    table = work.runtime.schema.tables[entity.name]
    for start in range(0, len(kind.touched), PIECE):
        piece = kind.touched[start : start + PIECE]
        found = _changing.load_many(work, entity, piece, system_grant(entity.name))
        for record_id, facts in found.items():
            blocking = dependants.blocking(work.connection, work.runtime, entity, record_id)
            if blocking:
                raise _cascade.still_used(blocking)
            _note_gone(work, entity, facts, taken)
            _offers.put_away(work, entity, record_id, gone=True)
            _cascade.let_go(work, entity, record_id)
            gone = table.delete().where(table.c.id == record_id)
            work.connection.execute(system(gone, WHY))
            last = {**facts, "version": facts["version"] + 1}
            audit.write(work, ACTION, entity, last, None, {ERASED: []})
            taken.changed += 1


def _note(work: Work, draft: Draft, taken: Taken) -> list[str]:
    """Note what a draft takes away; return the names of its own fields."""
    for one in draft.everyone():
        names, before = _renewing.news(one), one.before or {}
        if names or one is draft:
            taken.mark(one.entity.name, str(one.facts["id"]), (*names, *one.linked))
        for name in names:
            taken.note(work, one.entity.fields[name], before.get(name))
        for name, rows in one.removed.items():
            part = work.runtime.app.entities[one.entity.fields[name].target]
            for row in rows:
                _note_gone(work, part, row, taken)
    return sorted((*_renewing.news(draft), *draft.linked))


def _note_gone(work: Work, entity: Entity, row: Mapping[str, Any], taken: Taken) -> None:
    """Note a record or a part that goes, and what stood in its personal fields."""
    taken.gone.setdefault(entity.name, set()).add(str(row["id"]))
    taken.mark(entity.name, str(row["id"]), taken.usual.get(entity.name, ()))
    for one in erased_fields(entity, work.runtime.compiled.field_types):
        taken.note(work, one, row.get(one.name))
    for one in entity.fields.values():
        if one.type == "children":
            for part in row.get(one.name, ()):
                _note_gone(work, work.runtime.app.entities[one.target], part, taken)


def texts(value: Any) -> list[str]:
    """Return the texts inside a value, long enough to be found again among others."""
    if isinstance(value, str):
        text = value.strip()
        return [text] if len(text) >= SHORTEST[text.isascii()] else []
    if isinstance(value, Mapping):
        inner = [value[key] for key in value if key not in ("country", "region", "city")]
        return [text for one in inner for text in texts(one)]
    return []


def pieces(ids: Iterable[str]) -> Iterator[list[str]]:
    """Yield ids in pieces of what one statement takes."""
    every = sorted(ids)
    for start in range(0, len(every), MOST_IDS):
        yield every[start : start + MOST_IDS]


def _wholes_first(
    runtime: Runtime, kinds: Mapping[str, tuple[str, ...]]
) -> list[tuple[str, tuple[str, ...]]]:
    """Return the kinds in the order in which they are locked: what others are parts of first."""

    def depth(name: str) -> int:
        above = runtime.app.entities[name].child_of
        return 1 + depth(above) if above else 0

    return sorted(kinds.items(), key=lambda kind: (len(kind[1]) > 0, depth(kind[0])))


def _kind(
    connection: sa.Connection,
    runtime: Runtime,
    name: str,
    way: tuple[str, ...],
    record_id: str,
    today: dt.date,
    before: Mapping[str, Kind],
    *,
    lock: bool,
) -> Kind:
    entity = runtime.app.entities[name]
    said = entity.privacy
    table = runtime.schema.tables[name]
    above = before.get(entity.child_of) if said is None else None
    columns: list[Any] = [table.c.id]
    if above is not None:
        columns.append(table.c[entity.child_of].label("whole"))
    if said is not None and said.keep is not None:
        columns.append(table.c[said.keep.since].label("since"))
    waiting = _not_closed(runtime, entity, said)
    columns += [table.c[workflow].label(f"state_{workflow}") for workflow in waiting]
    asked = sa.select(*columns).where(_leads(runtime, entity, way, record_id)).order_by(table.c.id)
    if lock:
        asked = asked.with_for_update(of=table)
    rows = connection.execute(system(asked, WHY)).all()
    kept: set[str] = set()
    until: dt.date | None = None
    keep = said.keep if said is not None else None
    if above is not None:
        keep, until = above.keep, above.until
        keep = Keep(keep.years, keep.since, keep.because, (), keep.span) if keep else None
        kept = {str(row.id) for row in rows if str(row.whole) in above.kept}
    elif keep is not None:
        for row in rows:
            ends = _ends(row.since, keep.years)
            if ends is not None and ends > today:
                kept.add(str(row.id))
                until = max(until or ends, ends)
    goes = said is not None and said.erase == RECORD
    if above is not None and above.goes:
        goes = True
    return Kind(
        entity,
        () if goes else erased_fields(entity, runtime.compiled.field_types),
        goes,
        tuple(str(row.id) for row in rows),
        frozenset(kept),
        keep,
        until if kept else None,
        tuple(
            str(row.id)
            for row in rows
            if any(
                getattr(row, f"state_{workflow}") in states for workflow, states in waiting.items()
            )
        ),
    )


def _leads(
    runtime: Runtime, entity: Entity, way: tuple[str, ...], record_id: str
) -> sa.ColumnElement[bool]:
    """Return the condition that a record is the person, or leads to them."""
    table = runtime.schema.tables[entity.name]
    if not way:
        return table.c.id == record_id
    if len(way) == 1:
        return table.c[way[0]] == record_id
    target = runtime.app.entities[entity.fields[way[0]].target]
    behind = runtime.schema.tables[target.name]
    inner = sa.select(behind.c.id).where(_leads(runtime, target, way[1:], record_id))
    return table.c[way[0]].in_(inner)


def _not_closed(
    runtime: Runtime, entity: Entity, said: Privacy | None
) -> Mapping[str, frozenset[str]]:
    """Return, by column, the states in which a record is still under way."""
    found: dict[str, frozenset[str]] = {}
    for name in said.wait if said is not None else ():
        workflow = runtime.app.workflows[entity.name][name]
        states = workflow.states.values()
        found[workflow.field] = frozenset(
            one.name for one in states if not one.final and one.category != CLOSED
        )
    return found


def _ends(since: dt.date | dt.datetime | None, years: int) -> dt.date | None:
    """Return the first day on which nothing is kept any more."""
    if since is None:
        return None
    day = since.date() if isinstance(since, dt.datetime) else since
    year = min(day.year + years, dt.MAXYEAR)
    leap = day.month == 2 and day.day == 29
    return dt.date(year, 3, 1) if leap else day.replace(year=year)


def under_way(kinds: Sequence[Kind]) -> Label | None:
    """Return why nothing may be erased yet; None when nothing stands in the way."""
    busy = [kind for kind in kinds if kind.waits]
    if not busy:
        return None
    english = ", ".join(f"{len(one.waits)} {one.entity.plural.text('en')}" for one in busy)
    chinese = "、".join(f"{len(one.waits)} 条{one.entity.label.text('zh')}" for one in busy)
    return Label(
        {
            "en": f"Still under way: {english}. Bring them to an end first.",
            "zh": f"仍有进行中的记录：{chinese}。请先处理完毕。",
        }
    )
