"""Import maps: every field and entity they name is there and can be written by an import."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.entity import Entity, Field
from generator.model.importmap import (
    Case,
    Condition,
    ImportField,
    ImportMap,
    ImportTarget,
    Listing,
)
from generator.model.text import Label
from generator.patterns import why_not
from generator.problems import Problem, defined_twice, quoted, unknown_name
from generator.resolve.fields import STATE
from generator.saying import say
from generator.shape import Given, Written
from generator.source_nodes import Source

SOURCES = {"column", "template", "value", "cases"}
"""The keys that say where a value comes from."""
IN_PARTS = ("translated", "address", "json")
"""Types whose values have parts: a language, a line of an address."""


@dataclass(frozen=True)
class Step:
    """One step of a path: a field, or the name of a part of the value before it."""

    name: str
    relation: str
    """value, part, reference, references or children."""
    field: Field | None = None


@dataclass(frozen=True)
class LostPath:
    """Where a path leads nowhere."""

    name: str
    """The step that is unknown, or what is wrong with it."""
    entity: str
    known: tuple[str, ...]
    reason: str = "unknown"
    """unknown, read_only or beyond: there is nothing behind a value."""


def follow(
    path: tuple[str, ...],
    entity: str,
    entities: Mapping[str, Entity],
    catalog: Catalog[FieldType],
) -> tuple[Step, ...] | LostPath:
    """Return what each step of a column's path is.

    Below a reference, only what its record is found or created by can be named.
    """
    steps: list[Step] = []
    here = entity
    for place, name in enumerate(path):
        before = steps[-1] if steps else None
        if before is not None and before.relation == "value":
            if before.field is None or before.field.type not in IN_PARTS:
                return LostPath(name, here, (), "beyond")
            steps.append(Step(name, "part"))
            continue
        if before is not None and before.relation == "part":
            return LostPath(name, here, (), "beyond")
        if here not in entities:
            # its own file has a fault, or the field points at nothing: told there
            return tuple(steps)
        model = entities[here].fields.get(name)
        if model is None:
            return LostPath(name, here, writable(entities[here]))
        # a part may name its parent as what its own key begins with
        found_by = before is not None and before.relation in {"reference", "references"}
        if not _is_filled(model) and not found_by and name != entities[here].child_of:
            return LostPath(name, here, writable(entities[here]), "read_only")
        relation = catalog[model.type].relation or "value"
        steps.append(Step(name, relation, model))
        if relation != "value":
            here = model.target
        if relation == "children" and place == len(path) - 1 and here in entities:
            return LostPath(name, here, writable(entities[here]), "children")
    return tuple(steps)


def writable(entity: Entity) -> tuple[str, ...]:
    """Return the fields an import may fill."""
    return tuple(name for name, model in entity.fields.items() if _is_filled(model))


def _is_filled(model: Field) -> bool:
    """Return whether an import may fill it: of what the engine writes, a new state."""
    return not model.readonly or (model.type == STATE and model.computed is None)


def resolve_importmaps(
    files: Iterable[tuple[Source, Given]],
    entities: Mapping[str, Entity],
    catalog: Catalog[FieldType],
    unread: Mapping[str, set[str]],
) -> tuple[dict[str, ImportMap], list[Problem]]:
    """Return the import maps by name and what is wrong with them.

    `unread` holds, by entity, fields whose own fault was told: a path to one is not a second.
    """
    problems: list[Problem] = []
    maps: dict[str, ImportMap] = {}
    for source, given in files:
        name = given.get("importmap")
        if name is None:
            continue
        if name in maps:
            first = maps[name].span
            assert first is not None
            problems.append(defined_twice("import map", name, given.at("importmap"), first))
            continue
        targets = []
        columns = []
        for made, body in given.get("columns", {}).items():
            if not SOURCES & body.values.keys():
                problems.append(_no_source(made))
            columns.append(replace(_field(made, body), path=(made.text,)))
        problems += _bad_patterns(given)
        for key, body in given.get("records", {}).items():
            entity = body.get("entity")
            if entity is None:
                continue
            if entity.text not in entities:
                problems.append(
                    unknown_name(
                        "entity", entity.text, entity.span, entities, defined_in="the definitions"
                    )
                )
                continue
            model = entities[entity.text]
            target = _target(key, body, model, entities, catalog, problems, unread)
            targets.append(replace(target, columns=tuple(columns)))
        maps[name] = ImportMap(
            name=name,
            label=given.get("label") or Label({"": name}),
            help=given.get("help"),
            module=source.module,
            targets=tuple(targets),
            encoding=given.get("encoding", ""),
            delimiter=given.get("delimiter", ""),
            sheet=given.get("sheet", ""),
            nested=given.get("nested", ""),
            time_zone=given.get("time_zone", ""),
            locale=given.get("locale", "en"),
            span=given.at("importmap"),
        )
    return maps, problems


def _target(
    name: Written,
    given: Given,
    entity: Entity,
    entities: Mapping[str, Entity],
    catalog: Catalog[FieldType],
    problems: list[Problem],
    unread: Mapping[str, set[str]],
) -> ImportTarget:
    fields = []
    for path, body in given.get("fields", {}).items():
        found = follow(tuple(path.text.split(".")), entity.name, entities, catalog)
        if isinstance(found, LostPath) and found.name not in unread[found.entity]:
            problems.append(_lost(path, found))
        if not SOURCES & body.values.keys():
            problems.append(_no_source(path))
        fields.append(_field(path, body))
    for key in given.get("key", ()):
        if key.text not in entity.fields and key.text not in unread[entity.name]:
            problems.append(_no_field(key, entity))
    for arg in ("create", "leave_empty", "keep"):
        for path in given.get(arg, ()):
            problems += _misplaced(path, arg, entity, entities, catalog, unread)
    for child in given.get("skip_children", {}):
        problems += _misplaced(child, "skip_children", entity, entities, catalog, unread)
    return ImportTarget(
        name=name.text,
        entity=entity.name,
        mode=given.get("mode", "upsert"),
        key=tuple(key.text for key in given.get("key", ())) or entity.key,
        fields=tuple(fields),
        group_by=given.get("group_by", ()),
        head=_condition(given.get("head")) if "head" in given else None,
        gather=given.get("gather", False),
        once=given.get("once", ()),
        skip=_conditions(given.get("skip", ())),
        skip_children={
            child.text: _conditions(conditions)
            for child, conditions in given.get("skip_children", {}).items()
        },
        create=tuple(path.text for path in given.get("create", ())),
        lenient=tuple(path.text for path in given.get("leave_empty", ())),
        keep=tuple(path.text for path in given.get("keep", ())),
    )


def _field(path: Written, given: Given) -> ImportField:
    words, listed = given.get("words"), given.get("listed")
    return ImportField(
        path=tuple(path.text.split(".")),
        columns=given.get("column", ()),
        template=given.get("template", ""),
        listed=_listing(listed) if listed is not None else None,
        find=given.get("find", ""),
        join=given.get("join"),
        value=given.get("value"),
        default=given.get("default"),
        cases=tuple(
            Case(_condition(case.get("when")), case.get("value"))
            for case in given.get("cases", ())
            if "when" in case
        ),
        words={key.text: _text(value) for key, value in words.items()} if words else None,
        empty=given.get("empty", ()),
        date=given.get("date", ""),
        decimal="," if given.get("decimal") == "comma" else ".",
        whole=given.get("whole", False),
        factor=given.get("factor"),
        places=given.get("places"),
        case=given.get("case", "keep"),
        slug=given.get("slug", False),
        separator=given.get("separator", ","),
        each=given.get("each", False),
        optional=given.get("optional", False),
        span=path.span,
    )


def _listing(given: Given) -> Listing:
    return Listing(
        column=given.get("in", ""),
        by=given.get("by", ""),
        between=given.get("between", ","),
        naming=given.get("naming", ""),
    )


def _bad_patterns(given: Given) -> Iterator[Problem]:
    """Yield the regular expressions of a map that cannot be read, or take for ever."""
    sources = [*given.get("columns", {}).values()]
    for target in given.get("records", {}).values():
        sources += target.get("fields", {}).values()
    for source in sources:
        listed = source.get("listed")
        for body, key in ((source, "find"), (listed, "naming")):
            if body is None or not body.get(key):
                continue
            why = why_not(body.get(key))
            if why:
                yield Problem(
                    "D422",
                    body.at(key),
                    say(
                        "The pattern {pattern} {why}.", pattern=quoted(body.get(key)), why=say(why)
                    ),
                    "Write one such as ^([^,]+), which finds what stands before the first comma.",
                )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _conditions(given: Iterable[Given]) -> tuple[Condition, ...]:
    return tuple(_condition(one) for one in given)


def _condition(given: Given) -> Condition:
    return Condition(
        column=given.get("column", ""),
        equals=given.get("is", ()),
        differs=given.get("is_not", ()),
        empty=given.get("empty"),
        matches=given.get("matches", ""),
        below=given.get("below"),
        above=given.get("above"),
    )


def _lost(path: Written, lost: LostPath) -> Problem:
    where = say("entity '{entity}'", entity=lost.entity)
    if lost.reason == "unknown":
        return unknown_name("field", lost.name, path.span, lost.known, defined_in=where)
    if lost.reason == "read_only":
        return Problem(
            "D430",
            path.span,
            say("An import cannot set {lost}: only the engine writes it.", lost=quoted(lost.name)),
            "Remove the line; the value is computed or counted when the record is saved.",
        )
    if lost.reason == "children":
        return Problem(
            "D430",
            path.span,
            say("{lost} holds records of their own, not a value.", lost=quoted(lost.name)),
            say(
                "Name a field of theirs, such as `{path}.{known}`.", path=path, known=lost.known[0]
            ),
        )
    return Problem(
        "D430",
        path.span,
        say(
            "There is nothing behind the value of {name}.",
            name=quoted(path.text.rpartition(".")[0]),
        ),
        say("Write `{name}`.", name=path.text.rpartition(".")[0]),
    )


def _no_source(path: Written) -> Problem:
    return Problem(
        "D431",
        path.span,
        say("Nothing says where the value of '{path}' comes from.", path=path),
        "Add `column: NAME`, or `value:` for one value in every record.",
    )


def _no_field(name: Written, entity: Entity) -> Problem:
    return unknown_name(
        "field",
        name.text,
        name.span,
        entity.fields,
        defined_in=say("entity '{entity}'", entity=entity.name),
    )


NEEDED = {
    "create": {"reference", "references"},
    "leave_empty": {"reference", "references"},
    "keep": {"children"},
    "skip_children": {"children"},
}
"""What a path must lead to, by the key that names it."""


def _misplaced(
    path: Written,
    key: str,
    entity: Entity,
    entities: Mapping[str, Entity],
    catalog: Catalog[FieldType],
    unread: Mapping[str, set[str]],
) -> list[Problem]:
    here = entity
    relation = ""
    for name in path.text.split("."):
        model = here.fields.get(name)
        if model is None and name in unread[here.name]:
            return []
        if model is None:
            return [
                unknown_name(
                    "field",
                    name,
                    path.span,
                    here.fields,
                    defined_in=say("entity '{entity}'", entity=here.name),
                )
            ]
        relation = catalog[model.type].relation
        here = entities.get(model.target, here)
    if relation in NEEDED[key]:
        return []
    wanted = "children" if "children" in NEEDED[key] else "another record"
    return [
        Problem(
            "D432",
            path.span,
            say(
                "'{path}' under '{key}' does not lead to {wanted}.",
                path=path,
                key=key,
                wanted=say(wanted),
            ),
            say(
                "Remove it; '{key}' is only for fields that hold {wanted}.",
                key=key,
                wanted=say(wanted),
            ),
        )
    ]
