"""Saving a record with its children: one unit of work inside one transaction.

Order: defaults → references exist and may be pointed at → computed fields → checks → rows → audit
and outbox. Nothing is written before everything that can be refused was looked at, and all that is
wrong is told at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from generator.expressions.compile import Expression
from generator.model.entity import Entity, Field
from generator.model.text import Label
from runtime.errors import FieldError
from runtime.operations import (
    _budgets_back,
    _conditions,
    _decimals,
    _editable,
    _gifts_back,
    _giving_back,
    _offers,
    _price_history,
)
from runtime.operations._numbers import draw_numbers
from runtime.operations._references import Lookup
from runtime.operations._versions import stale
from runtime.operations._work import Draft, Facts, Work
from runtime.store import inserts, links
from runtime.store.forms import form_of
from runtime.store.guard import system
from runtime.store.prepared import prepared


def draft_new(work: Work, entity: Entity, values: Mapping[str, Any], place: str = "") -> Draft:
    """Return the draft of a new record from a payload that its schema accepted."""
    form = form_of(work.runtime, entity)
    draft = Draft(entity, dict(form.blank), None, place, sent=frozenset(values))
    _take(work, draft, values)
    for model, value in form.defaults:
        if model.name not in values:
            _default(work, draft, model, value)
    return draft


def draft_change(
    work: Work, entity: Entity, before: Facts, values: Mapping[str, Any], place: str = ""
) -> Draft:
    """Return the draft of a changed record: what is stored, under what the payload says."""
    facts = {name: before.get(name) for name in form_of(work.runtime, entity).blank}
    draft = Draft(entity, facts, before, place)
    draft.sent = frozenset(name for name in values if _is_change(facts, name, values[name]))
    draft.given = frozenset(values) - {"id"}
    for name, value in values.items():
        model = entity.fields[name]
        if model.immutable and name in facts and facts[name] != value:
            work.errors.append(immutable(draft, name))
    _take(work, draft, values)
    _take_along(work, draft)
    return draft


def immutable(draft: Draft, name: str) -> FieldError:
    """Return the refusal of a change of a field that is set once."""
    message = Label({"en": "This cannot be changed any more.", "zh": "该字段不可修改。"})
    return FieldError(draft.at(name), "immutable", message)


def _take_along(work: Work, draft: Draft) -> None:
    """Add the parts that nobody sent: behind their references a formula of the whole reads, or
    they say what came back of them."""
    before = draft.before or {}
    walked = work.needs[draft.entity.name].walked
    for name in (*walked, *_giving_back.beside(work, draft)):
        if name in draft.children or name not in before:
            continue
        part = work.runtime.app.entities[draft.entity.fields[name].target]
        draft.children[name] = [
            draft_change(work, part, row, {}, draft.at(f"{name}.{number}"))
            for number, row in enumerate(before[name])
        ]


def _is_change(facts: Facts, name: str, value: Any) -> bool:
    """Return whether a payload changes a value; of links and parts that is not known yet."""
    return name != "id" and (name not in facts or facts[name] != value)


def take(work: Work, draft: Draft, values: Mapping[str, Any]) -> None:
    """Put more values into a draft, as a payload would give them."""
    _take(work, draft, values)


def _take(work: Work, draft: Draft, values: Mapping[str, Any]) -> None:
    """Put a payload into a draft: values, links, children."""
    relations = form_of(work.runtime, draft.entity).relations
    for name, value in values.items():
        if name == "id":
            continue
        relation = relations[name]
        if relation == "references":
            draft.linked[name] = tuple(dict.fromkeys(value or ()))
        elif relation == "children":
            _take_children(work, draft, draft.entity.fields[name], value)
        else:
            draft.facts[name] = value


def _take_children(work: Work, draft: Draft, model: Field, items: list[Any]) -> None:
    child = work.runtime.app.entities[model.target]
    existing: dict[str, Facts] = {
        str(row["id"]): dict(row) for row in (draft.before or {}).get(model.name, ())
    }
    drafts = []
    for number, values in enumerate(items):
        place = draft.at(f"{model.name}.{number}")
        child_id = values.get("id")
        if child_id is None:
            drafts.append(draft_new(work, child, values, place))
        elif child_id in existing:
            drafts.append(draft_change(work, child, existing.pop(child_id), values, place))
        else:
            message = Label(
                {"en": "This row does not belong to the record.", "zh": "该行不属于此记录。"}
            )
            work.errors.append(FieldError(f"{place}.id", "not_found", message))
        if drafts:
            drafts[-1].facts["position"] = number
    draft.children[model.name] = drafts
    draft.removed[model.name] = list(existing.values())


def _default(work: Work, draft: Draft, model: Field, fixed: Any) -> None:
    if model.default is not None:
        if model.name in draft.facts:
            draft.facts[model.name] = fixed
        elif fixed is not None:
            draft.linked[model.name] = tuple(fixed)
    elif model.default_expression is not None:
        if any(len(path) > 1 for path in model.default_expression.paths):
            draft.late.append(model)
        else:
            draft.facts[model.name] = model.default_expression.function(draft.facts, work.context)


def settle(work: Work, draft: Draft) -> None:
    """Look up what is referred to, compute what follows, check what must hold.

    Raises:
        Invalid: with every error, each at its field.

    """
    lookup = look_up(work, (draft,))
    work.fail_if_wrong()
    conclude(work, draft, lookup)
    work.fail_if_wrong()


def look_up(work: Work, drafts: Iterable[Draft]) -> Lookup:
    """Look up what drafts and their children point at, one statement a reference field."""
    lookup = Lookup(work.connection, work.runtime, work.incoming, fires=work.fires)
    for draft in drafts:
        for one in draft.everyone():
            lookup.collect(one)
    work.errors += lookup.resolve()
    return lookup


def conclude(work: Work, draft: Draft, lookup: Lookup) -> dict[str, Facts]:
    """Compute what follows from a draft and its children, and note what does not hold.

    Returns:
        By place in the payload: the facts of each record with what lies behind its references.

    """
    found: dict[str, Facts] = {}
    for one, seen in _computed(work, draft, lookup):
        found[one.place] = seen
        _require(work, one)
        _conditions.require(work, one, seen)
        _editable.hold_fields(work, one)
        if not work.fires:
            _decimals.exact(work, one, seen)
        _check(work, one, seen)
    return found


def compute(work: Work, draft: Draft, lookup: Lookup) -> dict[str, Facts]:
    """Compute what follows from a draft and its children, and ask no more of it.

    Returns:
        By place in the payload: the facts of each record with what lies behind its references.

    """
    return {one.place: seen for one, seen in _computed(work, draft, lookup)}


def compute_and_check(work: Work, draft: Draft, lookup: Lookup) -> dict[str, Facts]:
    """Compute what follows and ask the checks of the entity: what an engine's own change needs."""
    found: dict[str, Facts] = {}
    for one, seen in _computed(work, draft, lookup):
        found[one.place] = seen
        _check(work, one, seen)
    return found


def _computed(work: Work, draft: Draft, lookup: Lookup) -> Iterator[tuple[Draft, Facts]]:
    """Compute a draft and its children; yield each with all that its checks may see."""
    _derive(work, draft, lookup)
    wholes = dict(_wholes(draft))
    for one in draft.everyone():
        seen = lookup.with_targets(one)
        whole = wholes.get(id(one))
        if whole is not None and one.facts.get(one.entity.child_of) is None:
            # a part that is new points at nothing yet, and its formulas may speak of the whole
            seen[one.entity.child_of] = whole.facts
        for name, children in one.children.items():
            seen[name] = [lookup.with_targets(child) for child in children]
        form = form_of(work.runtime, one.entity)
        for name in form.children:
            if name not in seen and name not in one.unread:
                seen[name] = list((one.before or {}).get(name, ()))
        for model in one.late:
            assert model.default_expression is not None
            seen[model.name] = _value(work, one.at(model.name), model.default_expression, seen)
            one.facts[model.name] = seen[model.name]
        _compute(work, one, seen)
        if _conditions.empty_the_hidden(work, one, seen):
            _compute(work, one, seen)
        for name in form.computed:
            if name in one.facts:
                one.facts[name] = seen[name]
        yield one, seen


def _derive(work: Work, draft: Draft, lookup: Lookup) -> None:
    """Put in what the engine alone says of prices, before formulas look at it."""
    added = _giving_back.fill(work, draft, draft_new)
    if added:
        for one in added:
            lookup.collect(one)
        work.errors += lookup.resolve()
    if lookup.locks:  # no price is kept of what is only tried
        _price_history.keep(work, draft)


def _wholes(draft: Draft) -> Iterator[tuple[int, Draft]]:
    """Yield what each part is a part of, by the identity of its draft."""
    for parts in draft.children.values():
        for part in parts:
            yield id(part), draft
            yield from _wholes(part)


def _compute(work: Work, draft: Draft, seen: dict[str, Any]) -> None:
    """Put computed fields among what is seen; what is too large is an error."""
    for model in work.needs[draft.entity.name].computed:
        assert model.computed is not None
        if draft.unread and any(path[0] in draft.unread for path in model.computed.paths):
            continue
        seen[model.name] = _value(work, draft.at(model.name), model.computed, seen)


def _value(work: Work, place: str, expression: Expression, seen: Facts) -> Any:
    value = expression.function(seen, work.context)
    if value is None and expression.overflows(seen, work.context):
        work.errors.append(_too_large(place))
    return value


def _too_large(place: str) -> FieldError:
    """Return the refusal of what cannot be computed: silently it would count as nothing."""
    message = Label(
        {"en": "This comes to more than can be stored.", "zh": "计算结果超出可存储的范围。"}
    )
    return FieldError(place, "out_of_range", message)


def _require(work: Work, draft: Draft) -> None:
    facts = draft.facts
    for name in form_of(work.runtime, draft.entity).required:
        if name in facts and facts[name] is None:
            message = Label({"en": "This is required.", "zh": "必填。"})
            work.errors.append(FieldError(draft.at(name), "required", message))


def _check(work: Work, draft: Draft, seen: Facts) -> None:
    _offers.check(work, draft, seen)
    for check in draft.entity.checks:
        holds = check.that.function(seen, work.context)
        if holds:
            continue
        place = draft.at(check.field) if check.field else draft.place
        if holds is False:
            work.errors.append(FieldError(place, check.code, check.message))
        elif check.that.overflows(seen, work.context):
            # unknown passes, as in SQL; a number too large to be compared is no such unknown
            work.errors.append(_too_large(place))


def write(work: Work, draft: Draft) -> None:
    """Write a settled draft: the record, its links, its children."""
    write_all(work, (draft,))


def write_all(work: Work, drafts: Sequence[Draft]) -> None:
    """Write settled drafts, each table by one statement, the parents before their children.

    A child that is as it was is left alone. All numbers of one counter are drawn at once, as one
    without gaps stays locked until the commit.
    """
    draw_numbers(work, [one for draft in drafts for one in draft.everyone() if one.is_new])
    if work.runtime.machines:
        work.written += drafts
    level: list[tuple[Draft, _Parent]] = [(draft, None) for draft in drafts]
    while level:
        _stamp(work, level)
        _remove_children(work, [draft for draft, _ in level])
        for entity, same in _by_entity(level).items():
            table = work.runtime.schema.tables[entity]
            inserts.insert_many(
                work.connection, table, [_row(work, one) for one in same if one.is_new]
            )
            for one in same:
                if not one.is_new:
                    _update(work, one, table, alone=len(drafts) == 1 and one is drafts[0])
            links.write_many(
                work.connection,
                work.runtime.schema,
                same[0].entity,
                [(str(one.facts["id"]), one.linked, one.is_new) for one in same if one.linked],
            )
        level = [
            (child, (_back(work, draft, name), str(draft.facts["id"])))
            for draft, _ in level
            for name, children in draft.children.items()
            for child in children
            if _differs(child)
        ]
    _offers.publish(work, drafts)
    _budgets_back.post(work, drafts)
    _gifts_back.post(work, drafts)


_Parent = tuple[str, str] | None
"""The reference field and the id of the record that another one is a part of."""


def _stamp(work: Work, level: list[tuple[Draft, _Parent]]) -> None:
    """Give records what the engine writes: id, version, who and when, the link to the parent."""
    for draft, parent in level:
        facts = draft.facts
        if draft.is_new:
            facts |= {
                "id": work.runtime.make_id(),
                "version": 1,
                "created_at": work.now,
                "created_by": work.actor_id,
            }
            if parent is not None:
                facts[parent[0]] = parent[1]
        else:
            facts["version"] += 1
        facts |= {"updated_at": work.now, "updated_by": work.actor_id}


def _by_entity(level: list[tuple[Draft, _Parent]]) -> dict[str, list[Draft]]:
    found: dict[str, list[Draft]] = {}
    for draft, _ in level:
        found.setdefault(draft.entity.name, []).append(draft)
    return found


def _back(work: Work, draft: Draft, name: str) -> str:
    """Return the field of a child that points back to its parent."""
    return work.runtime.app.entities[draft.entity.fields[name].target].child_of


def _row(work: Work, draft: Draft) -> dict[str, Any]:
    stored = form_of(work.runtime, draft.entity).stored
    return {name: value for name, value in draft.facts.items() if name in stored}


def _remove_children(work: Work, drafts: list[Draft]) -> None:
    gone: dict[str, list[str]] = {}
    for draft in drafts:
        for name, rows in draft.removed.items():
            if rows:
                target = draft.entity.fields[name].target
                gone.setdefault(target, []).extend(str(row["id"]) for row in rows)
    for entity, ids in gone.items():
        table = work.runtime.schema.tables[entity]
        work.connection.execute(system(table.delete().where(table.c.id.in_(ids)), "parts"))


def _update(work: Work, draft: Draft, table: sa.Table, *, alone: bool) -> None:
    """Change the row if it still has the version that was read."""
    assert draft.before is not None
    row = _row(work, draft)
    changed = {
        name: value
        for name, value in row.items()
        if name not in draft.before or draft.before[name] != value
    }
    change = inserts.Change(table, changed, row["id"], draft.before["version"])
    if alone and inserts.waits(work.connection, change):
        return
    names = tuple(changed)
    statement = prepared(
        table,
        ("update", names),
        work.connection.dialect,
        lambda: inserts.change_of(table, names).returning(table.c.id),
    )
    values = {f"new_{name}": value for name, value in changed.items()}
    keys = {"record_id": change.record_id, "read_version": change.version}
    done = statement.rows(work.connection, {**values, **keys})
    if not done:
        raise stale()


def _differs(draft: Draft) -> bool:
    if draft.before is None or draft.linked or draft.children or draft.unseen:
        return True
    return any(draft.before.get(name) != value for name, value in draft.facts.items())
