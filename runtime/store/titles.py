"""What records are called where no reader is: in the audit, in tasks, in what is to be confirmed.

Comes in: the stored values of records on their way into the database. Goes out: their titles in the
app's first language, with what lies behind references looked up, by one statement a reference
however many records there are. For the log the same, with what no log may hold masked in it. Pages
write titles for their reader, in `web/screens/cells`; both
write a single value by `in_title`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from generator.field_types import FieldType, Viewer
from generator.field_types.money import Money
from generator.model.entity import Entity, Field
from rules.logged import title_mask
from runtime.store.guard import system_grant
from runtime.store.paths import Path, currency_path, fill_title, title_currencies, title_paths
from runtime.store.plan import QueryPlan, Sort
from runtime.store.rows import facts_function

if TYPE_CHECKING:
    import sqlalchemy as sa

    from runtime.runtime import Runtime

Facts = Mapping[str, Any]


def in_title(kind: FieldType, field: Field, value: Any, viewer: Viewer, currency: str = "") -> str:
    """Return a value as it stands in a title; an amount with its currency."""
    if not isinstance(kind, Money):
        return kind.cell(value, field, viewer).text
    cell = kind.cell(value, field, viewer, currency)
    return f"{cell.text} {cell.unit}".strip()


def title_of(connection: sa.Connection, runtime: Runtime, entity: Entity, facts: Facts) -> str:
    """Return the title of one record; see `titles_of`."""
    return titles_of(connection, runtime, entity, (facts,))[0]


def titles_of(
    connection: sa.Connection,
    runtime: Runtime,
    entity: Entity,
    records: Sequence[Facts],
    *,
    for_log: bool = False,
) -> list[str]:
    """Return the titles of records of one entity from their stored values, references as ids."""
    form = _form_of(runtime, entity, for_log=for_log)
    known = {
        name: _behind(connection, runtime, entity.fields[name], texts, records)
        for name, texts in form.behind.items()
    }
    app, viewer = runtime.app, form.viewer
    return [fill_title(app, entity.name, _texts(form, record, known, viewer)) for record in records]


def is_masked_in_log(runtime: Runtime, entity: Entity) -> bool:
    """Return whether the titles of an entity's records stand in the log with something masked."""
    return any(part.mask is not None for part in _form_of(runtime, entity, for_log=True).parts)


@dataclass(frozen=True)
class _Part:
    """One path of a title."""

    text: str
    steps: tuple[str, ...]
    kind: FieldType
    field: Field
    currency: tuple[str, ...]
    """Where the currency of an amount stands; nowhere if it is fixed."""
    mask: Callable[[Any], str] | None = None


@dataclass(frozen=True)
class _Form:
    """What the titles of an entity are made of, worked out once."""

    parts: tuple[_Part, ...]
    behind: Mapping[str, tuple[str, ...]]
    """By reference field: the paths that lie behind it."""
    viewer: Viewer
    """Nobody in particular, who reads the app's first language."""


def _form_of(runtime: Runtime, entity: Entity, *, for_log: bool) -> _Form:
    found: _Form = runtime.remembered.get(
        ("title", entity.name, for_log), lambda: _form(runtime, entity, for_log=for_log)
    )
    return found


def _form(runtime: Runtime, entity: Entity, *, for_log: bool) -> _Form:
    app = runtime.app
    shown = title_paths(app, entity.name)
    behind: dict[str, dict[str, None]] = {}
    for text in (*shown, *title_currencies(app, entity.name).values()):
        first, _, rest = text.partition(".")
        if rest:
            behind.setdefault(first, {})[rest] = None
    parts = []
    for text in shown:
        steps = app.walk(entity.name, text)
        if steps:
            currency = currency_path(Path(text, steps))
            names = tuple(currency.split(".")) if currency else ()
            kind = runtime.compiled.field_types[steps[-1].type]
            mask = title_mask(app, steps) if for_log else None
            parts.append(_Part(text, tuple(text.split(".")), kind, steps[-1], names, mask))
    viewer = Viewer(app.locales[0], app.time_zone)
    return _Form(tuple(parts), {name: tuple(texts) for name, texts in behind.items()}, viewer)


def _texts(
    form: _Form, record: Facts, known: Mapping[str, Mapping[str, Facts]], viewer: Viewer
) -> dict[str, str]:
    """Return what the paths of a title come to for one record."""
    seen = record
    if known:
        seen = dict(record)
        for name, targets in known.items():
            seen[name] = targets.get(str(_id(record.get(name))))
    texts: dict[str, str] = {}
    for part in form.parts:
        value = _at(seen, part.steps)
        if value is not None and part.mask is not None:
            texts[part.text] = part.mask(value)
        elif value is not None:
            code = str(_at(seen, part.currency) or "") if part.currency else ""
            texts[part.text] = in_title(part.kind, part.field, value, viewer, code)
    return texts


def _behind(
    connection: sa.Connection,
    runtime: Runtime,
    model: Field,
    texts: tuple[str, ...],
    records: Sequence[Facts],
) -> Mapping[str, Facts]:
    """Return what titles need of the records that a field points at, by their ids."""
    ids = {str(_id(record[model.name])) for record in records if record.get(model.name)}
    if not ids:
        return {}
    key = ("titles", model.entity, model.name, texts)
    plan, make = runtime.remembered.get(key, lambda: _plan(runtime, model, texts))
    plan = plan.with_values(ids=tuple(sorted(ids)), limit=len(ids))
    statements = runtime.statements
    rows = statements.page(plan).rows(connection, statements.values(plan))
    return {str(row[0]): make(row) for row in rows}


def _plan(runtime: Runtime, model: Field, texts: tuple[str, ...]) -> Any:
    target = runtime.app.entities[model.target]
    paths = [Path("id", (target.fields["id"],))]
    for text in texts:
        steps = runtime.app.walk(target.name, text)
        names = text.split(".")
        for depth in range(1, len(steps or ()) + 1):
            paths.append(Path(".".join(names[:depth]), (steps or ())[:depth]))
    plan = QueryPlan(
        entity=target,
        grant=system_grant(target.name),
        roles=frozenset(),
        paths=tuple({path.text: path for path in paths}.values()),
        archived="all",
        ids=(),
        sort=(Sort(paths[0], descending=False),),
        for_engine=True,
    )
    return plan, facts_function(plan.paths, runtime.compiled.field_types)


def _id(value: Any) -> Any:
    return value.get("id") if isinstance(value, Mapping) else value


def _at(facts: Any, names: tuple[str, ...]) -> Any:
    """Return the value at a path of nested facts; None where it leads nowhere."""
    for name in names:
        facts = facts.get(name) if isinstance(facts, Mapping) else None
    return facts
