"""Lists and forms that ask for what a field cannot do.

Comes in: the resolved model. Goes out: D412 for a search in a field that holds no text, D413 for
an order by a field that has none, D414 for a form that edits what nobody may set, D415 for a form
without a required field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Entity, Field
from generator.problems import Problem


def check(app: App, catalogs: Mapping[str, Catalog[Any]]) -> Iterator[Problem]:
    """Yield what is wrong with the screens of every entity."""
    words: Catalog[FieldType] = catalogs["field_types"]
    for entity in app.entities.values():
        yield from _list(app, entity, words)
        yield from _form(entity)


def _list(app: App, entity: Entity, words: Catalog[FieldType]) -> Iterator[Problem]:
    for path in entity.list.search:
        last = _last(app, entity, path)
        if last is not None and not words[last.type].searchable:
            yield Problem(
                "D412",
                entity.span,
                f"The list of '{entity.name}' searches in '{path}', which holds no text.",
                f"Filter by it instead; text can be searched: {_texts(entity, words)}.",
            )
    orders = [*entity.list.sort, *(path for view in entity.list.views for path in view.sort)]
    for path in orders:
        last = _last(app, entity, path.lstrip("-"))
        if last is not None and not words[last.type].sortable:
            name = path.lstrip("-")
            yield Problem(
                "D413",
                entity.span,
                f"The list of '{entity.name}' is sorted by '{name}', which has no order.",
                "Sort by a field with one value, such as a number, a date or a text.",
            )


def _form(entity: Entity) -> Iterator[Problem]:
    shown = {name for group in entity.form.groups for name in group.fields} | set(entity.form.side)
    for name in sorted(shown):
        field = entity.fields.get(name.split(".")[0])
        if field is not None and field.readonly:
            yield Problem(
                "D414",
                entity.span,
                f"The form of '{entity.name}' edits '{name}', which the engine sets by itself.",
                "Show it in 'detail' and take it out of 'form'.",
            )
    for field in entity.fields.values():
        has_value = field.default is not None or field.default_expression is not None
        if field.required and not field.readonly and not has_value and field.name not in shown:
            yield Problem(
                "D415",
                field.span,
                f"'{field.name}' is required and has no place in the form of '{entity.name}'.",
                "Add it to a group of 'form', or give it a default.",
            )


def _last(app: App, entity: Entity, path: str) -> Field | None:
    steps = app.walk(entity.name, path)
    return steps[-1] if steps else None


def _texts(entity: Entity, words: Catalog[FieldType]) -> str:
    names: Iterable[str] = (n for n, f in entity.fields.items() if words[f.type].searchable)
    return ", ".join(names) or "none here"
