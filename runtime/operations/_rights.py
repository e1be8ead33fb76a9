"""What a writer's grant asks of a record: the lines that cover it before and after, field by field.

A line must cover the record as it was and as it becomes, its check included, and name the field
that changes: rows of one line do not go with fields of another. Both questions are asked of the
database inside the writer's transaction, by the same conditions that its reads are made of, so that
there is one meaning of every row scope. Grants that cover every row alike ask nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from generator.model.access import Guardrail
from generator.model.entity import Entity
from generator.model.text import Label
from rules.permissions import Grant
from rules.uniting import denies
from runtime.errors import FieldError, Forbidden, Invalid, NotFound, RequestError
from runtime.operations._work import Draft, Work
from runtime.store.paths import Path
from runtime.store.plan import QueryPlan, Sort

OUTSIDE = Label(
    {
        "en": "Your rights do not cover this record as it would be saved.",
        "zh": "保存后的记录超出了您的权限范围。",
    }
)
NOT_WRITABLE = Label({"en": "You may not change this here.", "zh": "您不能在此记录上修改该字段。"})
NOT_NOW = Label({"en": "This record does not allow it.", "zh": "该记录当前不允许此操作。"})

Lines = frozenset[int]


def forced(grant: Grant, context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that the grant sets on every save."""
    return {name: one.function({}, context) for name, one in grant.force.items()}


def defaults(grant: Grant, context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that the grant gives a new record where the payload says nothing."""
    return {name: one.function({}, context) for name, one in grant.default.items()}


def before(work: Work, entity: Entity, ids: Sequence[str], grant: Grant) -> Mapping[str, Lines]:
    """Return the lines that cover each record as it is; empty when nothing must be asked."""
    return _lines(work, entity, ids, grant) if grant.needs_lines and ids else {}


def covering(work: Work, entity: Entity, ids: Sequence[str], grant: Grant) -> Mapping[str, Lines]:
    """Return by record the numbers of the lines that cover it, whatever else must be asked."""
    return _lines(work, entity, ids, grant)


def hold(work: Work, grant: Grant, drafts: Sequence[Draft], covered: Mapping[str, Lines]) -> None:
    """Refuse written records that no line covers any more, or fields that none of them gives.

    Raises:
        Forbidden: a record is outside the writer's rights now.
        Invalid: a field changed that the lines over this record do not give.

    """
    if not grant.needs_lines or not drafts:
        return
    after = replace(grant, forbid=(), key=f"{grant.key}/after") if covered else grant
    ids = [str(draft.facts["id"]) for draft in drafts]
    found = _lines(work, drafts[0].entity, ids, after)
    for draft in drafts:
        record_id = str(draft.facts["id"])
        lines = found.get(record_id, frozenset())
        if not draft.is_new:
            lines &= covered.get(record_id, frozenset())
        if not lines:
            raise Forbidden(OUTSIDE)
        allowed = frozenset().union(*(grant.lines[number].write for number in lines))
        wrong = sorted(changed(draft) - allowed)
        if wrong:
            raise Invalid(
                NOT_WRITABLE,
                tuple(FieldError(draft.at(name), "read_only", NOT_WRITABLE) for name in wrong),
            )


def guard_fields(work: Work, grant: Grant, drafts: Iterable[Draft]) -> None:
    """Refuse changes of fields that a guardrail keeps in records and parts as they are now.

    Raises:
        Invalid: with every field that stays.

    """
    for root in drafts:
        errors: list[FieldError] = []
        for draft in root.everyone():
            is_part = draft is not root
            guards = _of_part(work, draft.entity) if is_part else grant.guards
            for guard in guards if not draft.is_new else ():
                kept = _kept(draft, guard, is_part=is_part)
                if kept and not _is_open(work, draft.entity, str(draft.facts["id"]), guard):
                    said = guard.message or NOT_WRITABLE
                    errors += [FieldError(draft.at(n), "read_only", said) for n in sorted(kept)]
            errors += _kept_parts(work, draft)
        if errors:
            raise Invalid(errors[0].message, tuple(errors))


def _of_part(work: Work, part: Entity) -> list[Guardrail]:
    """Return the guardrails of a part itself; those of its record are asked of the record."""
    return [one for one in work.runtime.app.guardrails if one.entity == part.name]


def _kept(draft: Draft, guard: Guardrail, *, is_part: bool) -> frozenset[str]:
    """Return the changed fields that a guardrail keeps where it holds."""
    if guard.when is None:
        return frozenset()
    if is_part and not guard.fields and denies(guard, "update"):
        return changed(draft)
    return changed(draft) & frozenset(guard.fields)


def _kept_parts(work: Work, draft: Draft) -> list[FieldError]:
    """Return a refusal for each part that is left out and that a guardrail lets nobody delete."""
    errors = []
    for name, rows in draft.removed.items():
        part = work.runtime.app.entities[draft.entity.fields[name].target] if rows else None
        for guard in _of_part(work, part) if part is not None else ():
            if guard.when is None or guard.fields or not denies(guard, "delete"):
                continue
            if not all(_is_open(work, part, str(row["id"]), guard) for row in rows if part):
                said = guard.message or NOT_WRITABLE
                errors.append(FieldError(draft.at(name), "read_only", said))
    return errors


def changed(draft: Draft) -> frozenset[str]:
    """Return the fields whose values the caller really changes."""
    return frozenset(
        name
        for name in draft.sent
        if name in draft.facts or name in draft.linked or _parts_differ(draft, name)
    )


def _parts_differ(draft: Draft, name: str) -> bool:
    parts = draft.children.get(name, ())
    return bool(draft.removed.get(name)) or any(part.is_new or part.sent for part in parts)


def missing(work: Work, entity: Entity, record_id: str, grant: Grant) -> RequestError:
    """Return why a record cannot be had: it is not there for the caller, or not for this.

    Whoever may read it learns that it is their right to change it that ends here.
    """
    actor, runtime = work.incoming.actor, work.runtime
    assert actor is not None
    reading = runtime.matrix.grant(actor.roles, entity.name, "read")
    there = (
        reading is not None
        and not grant.is_wide
        and bool(_rows(work, entity, (record_id,), reading, ""))
    )
    if not there:
        return NotFound(Label({"en": "There is no such record.", "zh": "没有这条记录。"}))
    said = [guard.message for guard in grant.guards if grant.action in guard.deny and guard.message]
    return Forbidden(said[0] if said else NOT_NOW)


def opening(work: Work, entity: Entity, ids: Sequence[str], grant: Grant) -> Mapping[str, Lines]:
    """Return by record in reach the numbers of the lines that open it, whatever they check."""
    return {
        str(row[0]): frozenset(n for n in range(len(grant.lines)) if row[1] >> n & 1)
        for row in _rows(work, entity, tuple(ids), grant, "rows")
    }


def reaches(work: Work, entity: Entity, record_id: str, grant: Grant) -> bool:
    """Return whether a record is there within a grant."""
    return bool(_rows(work, entity, (record_id,), grant, ""))


def _lines(work: Work, entity: Entity, ids: Sequence[str], grant: Grant) -> dict[str, Lines]:
    """Return by record the numbers of the lines that cover it and whose checks hold."""
    return {
        str(row[0]): frozenset(n for n in range(len(grant.lines)) if row[1] >> n & 1)
        for row in _rows(work, entity, tuple(ids), grant, "writes")
    }


def _is_open(work: Work, entity: Entity, record_id: str, guard: Guardrail) -> bool:
    assert guard.when is not None
    grant = Grant(
        entity.name,
        "update",
        f"guard:{guard.name}",
        None,
        frozenset(),
        frozenset(),
        forbid=(guard.when,),
    )
    return bool(_rows(work, entity, (record_id,), grant, ""))


def _rows(
    work: Work, entity: Entity, ids: tuple[str, ...], grant: Grant, with_lines: str
) -> list[tuple[Any, ...]]:
    actor, runtime = work.incoming.actor, work.runtime
    assert actor is not None
    known = ("rights", entity.name, grant.action, grant.key, with_lines)
    plan = runtime.remembered.get(known, lambda: _plan(entity, grant, actor.roles, with_lines))
    plan = plan.with_values(ids=ids, limit=len(ids), facts=work.context)
    statements = runtime.statements
    return statements.page(plan).rows(work.connection, statements.values(plan))


def _plan(entity: Entity, grant: Grant, roles: frozenset[str], with_lines: str) -> QueryPlan:
    own = Path("id", (entity.fields["id"],))
    return QueryPlan(
        entity=entity,
        grant=grant,
        roles=roles,
        paths=(own,),
        sort=(Sort(own, descending=False),),
        archived="all",
        ids=(),
        for_engine=True,
        with_lines=with_lines,
    )
