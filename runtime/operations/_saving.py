"""Saving a record with its children: one unit of work inside one transaction.

Order: defaults → references exist and may be pointed at → computed fields → checks → rows → audit
and outbox. Nothing is written before everything that can be refused was looked at, and all that is
wrong is told at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from generator.build.tables import has_column
from generator.field_types.sequence import counter_key, format_number
from generator.model.entity import Entity, Field
from generator.model.text import Label
from runtime.errors import FieldError, Invalid
from runtime.messages import Incoming
from runtime.operations._references import Facts, Lookup
from runtime.runtime import Runtime
from runtime.store import links, sequences


@dataclass
class Work:
    """One save in the making; it lives as long as its transaction."""

    connection: sa.Connection
    runtime: Runtime
    incoming: Incoming
    now: datetime
    context: Mapping[str, Any]
    errors: list[FieldError] = field(default_factory=list)

    @property
    def actor_id(self) -> int:
        """Who is written into created_by and updated_by."""
        return self.incoming.actor.id if self.incoming.actor else 0

    def fail_if_wrong(self) -> None:
        """Refuse the save when anything was found wrong.

        Raises:
            Invalid: with every error found so far.

        """
        if self.errors:
            raise Invalid(self.errors[0].message, tuple(self.errors))


@dataclass
class Draft:
    """A record on its way into the database."""

    entity: Entity
    facts: Facts
    """Stored values by field; children stay outside, in `children`."""
    before: Mapping[str, Any] | None
    """The stored row as it is now; None for a new record."""
    place: str = ""
    """The path of this record in the payload, such as `lines.2`; empty for the record itself."""
    children: dict[str, list[Draft]] = field(default_factory=dict)
    removed: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    linked: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Many-to-many fields that the payload sets: the ids in order."""
    late: list[Field] = field(default_factory=list)
    """Fields whose default lies behind a reference; they wait until it is looked up."""

    @property
    def is_new(self) -> bool:
        """Whether the record does not exist yet."""
        return self.before is None

    def at(self, name: str) -> str:
        """Return the path of a field of this record in the payload."""
        return f"{self.place}.{name}" if self.place else name

    def everyone(self) -> Iterable[Draft]:
        """Yield the record and its children, the children first."""
        for drafts in self.children.values():
            for draft in drafts:
                yield from draft.everyone()
        yield self


def draft_new(work: Work, entity: Entity, values: Mapping[str, Any], place: str = "") -> Draft:
    """Return the draft of a new record from a payload that its schema accepted."""
    facts: Facts = {name: None for name, f in entity.fields.items() if _has_value(work, f)}
    draft = Draft(entity, facts, None, place)
    _take(work, draft, values)
    for model in entity.fields.values():
        if model.name not in values and not model.readonly:
            _default(work, draft, model)
    return draft


def draft_change(work: Work, entity: Entity, before: Facts, values: Mapping[str, Any]) -> Draft:
    """Return the draft of a changed record: what is stored, under what the payload says."""
    facts = {name: before.get(name) for name, f in entity.fields.items() if _has_value(work, f)}
    draft = Draft(entity, facts, before)
    for name, value in values.items():
        model = entity.fields[name]
        if model.immutable and name in facts and facts[name] != value:
            message = Label({"en": "This cannot be changed any more.", "zh": "该字段不可修改。"})
            work.errors.append(FieldError(name, "immutable", message))
    _take(work, draft, values)
    return draft


def _has_value(work: Work, model: Field) -> bool:
    return work.runtime.compiled.field_types[model.type].relation not in {"children", "references"}


def _take(work: Work, draft: Draft, values: Mapping[str, Any]) -> None:
    """Put a payload into a draft: values, links, children."""
    catalog = work.runtime.compiled.field_types
    for name, value in values.items():
        if name == "id":
            continue
        model = draft.entity.fields[name]
        relation = catalog[model.type].relation
        if relation == "references":
            draft.linked[name] = tuple(dict.fromkeys(value or ()))
        elif relation == "children":
            _take_children(work, draft, model, value)
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
            inner = draft_change(work, child, existing.pop(child_id), values)
            inner.place = place
            drafts.append(inner)
        else:
            message = Label(
                {"en": "This row does not belong to the record.", "zh": "该行不属于此记录。"}
            )
            work.errors.append(FieldError(f"{place}.id", "not_found", message))
        if drafts:
            drafts[-1].facts["position"] = number
    draft.children[model.name] = drafts
    draft.removed[model.name] = list(existing.values())


def _default(work: Work, draft: Draft, model: Field) -> None:
    catalog = work.runtime.compiled.field_types
    if model.default is not None:
        value = catalog[model.type].schema(model).deserialize(model.default)
        if catalog[model.type].relation == "references":
            draft.linked[model.name] = tuple(value)
        elif model.name in draft.facts:
            draft.facts[model.name] = value
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
    lookup = Lookup(work.connection, work.runtime, work.incoming)
    for one in draft.everyone():
        lookup.collect(one)
    work.errors += lookup.resolve()
    work.fail_if_wrong()
    for one in draft.everyone():
        seen = lookup.with_targets(one)
        for name, children in one.children.items():
            seen[name] = [lookup.with_targets(child) for child in children]
        for name, field_model in one.entity.fields.items():
            if field_model.type == "children" and name not in seen:
                seen[name] = list((one.before or {}).get(name, ()))
        for model in one.late:
            assert model.default_expression is not None
            seen[model.name] = model.default_expression.function(seen, work.context)
            one.facts[model.name] = seen[model.name]
        for computed in work.runtime.needs[one.entity.name].computed:
            assert computed.computed is not None
            seen[computed.name] = computed.computed.function(seen, work.context)
        for name in one.facts:
            if one.entity.fields[name].computed is not None:
                one.facts[name] = seen[name]
        _require(work, one)
        _check(work, one, seen)
    work.fail_if_wrong()


def _require(work: Work, draft: Draft) -> None:
    for name, value in draft.facts.items():
        model = draft.entity.fields[name]
        if model.required and value is None and not model.readonly:
            message = Label({"en": "This is required.", "zh": "必填。"})
            work.errors.append(FieldError(draft.at(name), "required", message))


def _check(work: Work, draft: Draft, seen: Facts) -> None:
    for check in draft.entity.checks:
        if check.that.function(seen, work.context) is False:
            place = draft.at(check.field) if check.field else draft.place
            work.errors.append(FieldError(place, check.code, check.message))


def write(work: Work, draft: Draft, parent: tuple[str, str] | None = None) -> None:
    """Write a settled draft: the record, its links, its children.

    `parent` is the reference field and the id of the record that this one is a part of.
    """
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
        _draw_numbers(work, draft)
    else:
        facts["version"] += 1
    facts |= {"updated_at": work.now, "updated_by": work.actor_id}
    table = work.runtime.schema.tables[draft.entity.name]
    row = {name: value for name, value in facts.items() if _is_stored(work, draft.entity, name)}
    if draft.is_new:
        work.connection.execute(table.insert(), row)
    else:
        _update(work, draft, table, row)
    links.write(work.connection, work.runtime.schema, draft.entity, facts["id"], draft.linked)
    _write_children(work, draft)


def _update(work: Work, draft: Draft, table: sa.Table, row: Mapping[str, Any]) -> None:
    """Change the row if it still has the version that was read."""
    assert draft.before is not None
    changed = {
        name: value
        for name, value in row.items()
        if name not in draft.before or draft.before[name] != value
    }
    done = work.connection.execute(
        table.update()
        .where(table.c.id == row["id"], table.c.version == draft.before["version"])
        .values(changed)
        .returning(table.c.id)
    ).first()
    if done is None:
        from runtime.operations._changing import stale  # noqa: PLC0415 (only on this rare way)

        raise stale()


def _write_children(work: Work, draft: Draft) -> None:
    for name, children in draft.children.items():
        reference = work.runtime.app.entities[draft.entity.fields[name].target].child_of
        parent = (reference, str(draft.facts["id"]))
        table = work.runtime.schema.tables[draft.entity.fields[name].target]
        gone = [str(row["id"]) for row in draft.removed.get(name, ())]
        if gone:
            work.connection.execute(table.delete().where(table.c.id.in_(gone)))
        new = [child for child in children if child.is_new and not child.children]
        for child in children:
            if child not in new and _differs(child):
                write(work, child, parent)
        _insert_many(work, new, table, parent)


def _differs(draft: Draft) -> bool:
    if draft.before is None or draft.linked or draft.children:
        return True
    return any(draft.before.get(name) != value for name, value in draft.facts.items())


def _insert_many(work: Work, drafts: list[Draft], table: sa.Table, parent: tuple[str, str]) -> None:
    """Insert new children with one statement."""
    rows = []
    for draft in drafts:
        draft.facts |= {
            "id": work.runtime.make_id(),
            "version": 1,
            "created_at": work.now,
            "created_by": work.actor_id,
            "updated_at": work.now,
            "updated_by": work.actor_id,
            parent[0]: parent[1],
        }
        _draw_numbers(work, draft)
        rows.append({n: v for n, v in draft.facts.items() if _is_stored(work, draft.entity, n)})
    if rows:
        work.connection.execute(table.insert(), rows)
    for draft in drafts:
        links.write(
            work.connection, work.runtime.schema, draft.entity, draft.facts["id"], draft.linked
        )


def _is_stored(work: Work, entity: Entity, name: str) -> bool:
    return has_column(entity.fields[name], work.runtime.compiled.field_types)


def _draw_numbers(work: Work, draft: Draft) -> None:
    """Give generated fields their value; last, because a counter is locked until the commit."""
    for model in draft.entity.fields.values():
        if model.type == "sequence" and draft.facts.get(model.name) is None:
            pattern = str(model.args["pattern"])
            day = work.now.date()
            name = f"{model.entity}.{model.name}/{counter_key(pattern, day)}"
            number = sequences.draw(work.connection, work.runtime.system.sequence, name)
            draft.facts[model.name] = format_number(pattern, day, number)
