"""Lists and forms that ask for what a field cannot do.

Comes in: the resolved model. Goes out: D412 for a search in a field that holds no text, D413 for an
order by a field that has none, D414 for a form that edits what nobody may set, D415 for a form
without a required field, D426 for a path through many records where one value is shown, D427 for a
field that a form edits twice, D437 for a path in a form, D439 for a tab that has nothing to show,
D442 for a layout by a field that does not fit, D443 for a printed label without anything on it or
with a code of what is no short text, D444 for a sum of what is no number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from generator.expressions import types
from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Entity, Field
from generator.model.text import Span
from generator.places import Places
from generator.problems import Problem
from generator.saying import say

HISTORY = "history"
NO_CODES = {"long_text", "rich_text", "money", "percent"}
"""Types of text and number that no scanner is for."""

MOST_COLUMNS = {"choice": 8, "state": 12}
"""Of a board, by the type of its field: each column costs a statement."""
LAID_OUT_BY = {
    "board": (("choice", "state"), "a choice"),
    "calendar": (("date", "datetime"), "a date"),
    "gallery": (("image",), "an image"),
    "tree": (("tree",), "a tree"),
}
"""Layout → the types of field it is made by, and their name in words."""


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield what is wrong with the screens of every entity."""
    words: Catalog[FieldType] = catalogs["field_types"]
    for entity in app.entities.values():
        yield from _list(app, entity, words, places)
        yield from _many(app, entity, words, places)
        yield from _tabs(app, entity, words, places)
        yield from _form(entity, words, places)
        yield from _labels(app, entity, words, places)


def _list(app: App, entity: Entity, words: Catalog[FieldType], places: Places) -> Iterator[Problem]:
    yield from _layouts(entity)
    for path in entity.list.search:
        last = _last(app, entity, path)
        if last is not None and not words[last.type].searchable:
            yield Problem(
                "D412",
                places.at(entity.span.file, "list", "search", path),
                say(
                    "The list of '{entity}' searches in '{path}', which holds no text.",
                    entity=entity.name,
                    path=path,
                ),
                say(
                    "Filter by it instead; text can be searched: {names}.",
                    names=_texts(entity, words),
                ),
            )
    for path in entity.list.sums:
        last = _last(app, entity, path)
        if last is not None and ("." in path or not words[last.type].numeric):
            yield Problem(
                "D444",
                places.at(entity.span.file, "list", "sums", path),
                say(
                    "The list of '{entity}' adds up '{path}', which is no number of its own.",
                    entity=entity.name,
                    path=path,
                ),
                "Name fields of the record itself: money, a quantity, an integer or a decimal.",
            )
    orders: list[tuple[tuple[str, ...], str]] = [
        (("list", "sort"), path) for path in entity.list.sort
    ]
    for view in entity.list.views:
        orders += [(("list", "views", view.name, "sort"), path) for path in view.sort]
    for key, path in orders:
        name = path.lstrip("-")
        last = _last(app, entity, name)
        if last is not None and not words[last.type].sortable:
            yield Problem(
                "D413",
                places.at(entity.span.file, *key, name),
                say(
                    "The list of '{entity}' is sorted by '{name}', which has no order.",
                    entity=entity.name,
                    name=name,
                ),
                "Sort by a field with one value, such as a number, a date or a text.",
            )


def _many(app: App, entity: Entity, words: Catalog[FieldType], places: Places) -> Iterator[Problem]:
    """Yield the paths that lead through many records to a place where one value is shown."""
    for keys, path in _one_value(entity):
        for step in (app.walk(entity.name, path) or ())[:-1]:
            if words[step.type].relation != "reference":
                yield through_many(path, step, places.at(entity.span.file, *keys))
                break
    for path in entity.title_paths:
        for step in app.walk(entity.name, path) or ():
            if words[step.type].relation in {"children", "references"}:
                yield through_many(path, step, places.at(entity.span.file, "title"))
                break


def through_many(path: str, step: Field, at: Span) -> Problem:
    return Problem(
        "D426",
        at,
        say(
            "'{path}' has no single value: '{step}' holds many records.", path=path, step=step.name
        ),
        say(
            "Compute one from them in a field, such as `computed: count({step})`, and show that.",
            step=step.name,
        ),
    )


def _one_value(entity: Entity) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every path that must lead to one value, and the keys it stands under."""
    screen = entity.list
    for key, paths in (
        ("columns", screen.columns),
        ("search", screen.search),
        # the columns are the filters when nobody writes any
        ("filters", () if screen.filters is screen.columns else screen.filters),
        ("sort", screen.sort),
    ):
        for path in paths:
            yield ("list", key, path.lstrip("-")), path.lstrip("-")
    for view in screen.views:
        for key, paths in (("columns", view.columns), ("sort", view.sort)):
            for path in paths:
                yield ("list", "views", view.name, key, path.lstrip("-")), path.lstrip("-")
    for label in entity.print_labels:
        for path in label.lines:
            yield ("print", "labels", label.name, "lines", path), path
    yield from _one_value_of_detail(entity)


def _one_value_of_detail(entity: Entity) -> Iterator[tuple[tuple[str, ...], str]]:
    detail = entity.detail
    for key, paths in (
        ("facts", detail.facts),
        ("badges", detail.badges),
        ("side", detail.side),
    ):
        for path in paths:
            yield ("detail", key, path), path
    for section in detail.sections:
        for path in section.fields:
            yield ("detail", "sections", section.name, "fields", path), path
    for panel in detail.panels:
        for path in panel.fields:
            yield ("detail", "panels", panel.name, "fields", path), path


def _tabs(app: App, entity: Entity, words: Catalog[FieldType], places: Places) -> Iterator[Problem]:
    for path in entity.detail.tabs:
        if path == HISTORY or _holds_records(app, entity, words, path):
            continue
        yield Problem(
            "D439",
            places.at(entity.span.file, "detail", "tabs", path),
            say(
                "The tab '{path}' of '{entity}' has no records to show.",
                path=path,
                entity=entity.name,
            ),
            "Name a field of children or of references, ENTITY.FIELD of records that point here,"
            " or history; show a single value in 'sections', 'facts' or 'side'.",
        )


def _holds_records(app: App, entity: Entity, words: Catalog[FieldType], path: str) -> bool:
    other, _, name = path.rpartition(".")
    field = app.field(other or entity.name, name)
    if field is None:
        return False
    if other:
        points = words[field.type].relation == "reference" and field.target == entity.name
        return points or app.is_counted(entity.name, path)
    return words[field.type].relation in {"children", "references"}


def _layouts(entity: Entity) -> Iterator[Problem]:
    for layout in entity.list.layouts:
        if layout.name not in LAID_OUT_BY:
            continue
        types, words = LAID_OUT_BY[layout.name]
        field = entity.fields.get(layout.field)
        if field is None or field.type not in types:
            fitting = ", ".join(n for n, f in entity.fields.items() if f.type in types and f.label)
            yield Problem(
                "D442",
                layout.span,
                say(
                    "'{layout}' needs {words} field of '{entity}', and '{field}' is none.",
                    layout=layout.name,
                    words=say(words),
                    entity=entity.name,
                    field=layout.field,
                ),
                say("Known: {names}.", names=fitting)
                if fitting
                else say("Give the entity {words} field first.", words=say(words)),
            )
        elif layout.name == "board" and len(field.args["options"]) > MOST_COLUMNS[field.type]:
            yield Problem(
                "D442",
                layout.span,
                say(
                    "A board by '{field}' would have more than {most} columns.",
                    field=layout.field,
                    most=MOST_COLUMNS[field.type],
                ),
                "Take a field with fewer options, or leave the board out.",
            )


def _labels(
    app: App, entity: Entity, words: Catalog[FieldType], places: Places
) -> Iterator[Problem]:
    for label in entity.print_labels:
        if not (label.lines or label.barcode or label.qr):
            yield Problem(
                "D443",
                label.span,
                say(
                    "The label '{label}' of '{entity}' is blank.",
                    label=label.name,
                    entity=entity.name,
                ),
                "Name what stands on it in 'lines', 'barcode' or 'qr'.",
            )
        for key, path in (("barcode", label.barcode), ("qr", label.qr)):
            steps = app.walk(entity.name, path) if path else None
            if not steps or _is_coded(steps, words):
                continue
            yield Problem(
                "D443",
                places.at(entity.span.file, "print", "labels", label.name, key),
                say("'{path}' holds no text or number that a code can be drawn of.", path=path),
                say("Known: {names}.", names=", ".join(_coded(entity, words))),
            )


def _is_coded(steps: Sequence[Field], words: Catalog[FieldType]) -> bool:
    """Return whether a path leads to one short text or number."""
    if any(words[step.type].relation != "reference" for step in steps[:-1]):
        return False
    last = steps[-1]
    kind = words[last.type].expression_type(last)
    return isinstance(kind, (types.Text, types.Number)) and last.type not in NO_CODES


def _coded(entity: Entity, words: Catalog[FieldType]) -> list[str]:
    return [name for name, field in entity.fields.items() if _is_coded((field,), words)]


def _form(entity: Entity, words: Catalog[FieldType], places: Places) -> Iterator[Problem]:
    seen: set[str] = set()
    for keys, name in _edited(entity):
        at = places.at(entity.span.file, *keys)
        field = entity.fields.get(name.split(".")[0])
        if "." in name:
            yield Problem(
                "D437",
                at,
                say(
                    "The form of '{entity}' edits '{name}', which belongs to another record.",
                    entity=entity.name,
                    name=name,
                ),
                say(
                    "Write '{name}', or show '{path}' in 'detail'.",
                    name=name.split(".")[0],
                    path=name,
                ),
            )
        elif field is not None and field.readonly:
            yield Problem(
                "D414",
                at,
                say(
                    "The form of '{entity}' edits '{name}', which the engine sets by itself.",
                    entity=entity.name,
                    name=name,
                ),
                "Show it in 'detail' and take it out of 'form'.",
            )
        elif name in seen:
            yield Problem(
                "D427",
                at,
                say("The form of '{entity}' edits '{name}' twice.", entity=entity.name, name=name),
                "Leave it in one group, or in 'side'.",
            )
        seen.add(name)
    for field in entity.fields.values():
        has_value = field.default is not None or field.default_expression is not None
        needed = field.required or _needs_parts(field, words)
        if needed and not field.readonly and not has_value and field.name not in seen:
            yield Problem(
                "D415",
                field.span,
                say(
                    "'{field}' is required and has no place in the form of '{entity}'.",
                    field=field.name,
                    entity=entity.name,
                ),
                "Add it to a group of 'form', or give it a default.",
            )


def _needs_parts(field: Field, words: Catalog[FieldType]) -> bool:
    return words[field.type].relation == "children" and bool(field.args.get("min"))


def _edited(entity: Entity) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for group in entity.form.groups:
        for place, name in enumerate(group.fields):
            yield ("form", "groups", group.name, "fields", place), name
    for place, name in enumerate(entity.form.side):
        yield ("form", "side", place), name


def _last(app: App, entity: Entity, path: str) -> Field | None:
    steps = app.walk(entity.name, path)
    return steps[-1] if steps else None


def _texts(entity: Entity, words: Catalog[FieldType]) -> str:
    names: Iterable[str] = (n for n, f in entity.fields.items() if words[f.type].searchable)
    return ", ".join(names) or say("none here")
