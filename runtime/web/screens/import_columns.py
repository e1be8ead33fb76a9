"""What the columns of an upload may fill, and what each seems to be: its name, a label, a path.

In: who imports, an entity, the columns of a file. Out: the choices of a column in the person's
language, only of fields they may write, and by column the path it most likely means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from generator.field_types.address import PARTS
from generator.model.entity import FILES, Entity, Field
from generator.model.importmap import ImportMap
from generator.resolve.fields import STATE
from generator.resolve.importmaps import writable
from runtime.importing.choosing import LINKS, needed
from runtime.importing.headers import BEHIND
from runtime.importing.recipe import has_columns
from runtime.web.frame import LANGUAGES
from runtime.web.screens.cells import readable
from runtime.web.screens.form_parts import ADDRESS_LABELS
from runtime.web.screens.visit import Visit

ID, DRAWN = "id", "sequence"
ZONE = re.compile(r"\s*[(（][^()（）]*[)）]$")
NOT_WORD = re.compile(r"[\W_]+")
BRACKETS = re.compile(r"(.+)\[([A-Za-z_]+)\]")
BETWEEN = " › "
SINGLE = frozenset({"text", "integer", "sequence", "code", "email", "phone"})
"""Types a record may be found by, beside its natural key."""


@dataclass(frozen=True, slots=True)
class Target:
    """Something a column may fill."""

    path: str
    label: str
    names: tuple[str, ...]
    """Everything it is called, in every language."""
    is_file: bool = False
    """It holds a picture or a file: a column names it by address, or in a ZIP."""
    is_part: bool = False
    """It is a field of parts, and stands in their rows."""


def targets(visit: Visit, entity: Entity) -> tuple[Target, ...]:
    """Return what columns may fill, in the order of the definition, the id last."""
    allowed = _may_write(visit, entity)
    found = [
        one
        for name in writable(entity)
        if name in allowed
        for one in (*_of_field(visit, entity.fields[name]), *_of_link(visit, entity.fields[name]))
    ]
    return (*found, *(_finding(visit, entity.fields[name]) for name in (*drawn(visit, entity), ID)))


def drawn(visit: Visit, entity: Entity) -> tuple[str, ...]:
    """Return the numbers that the engine draws and the person reads: records are found by them."""
    names = (name for name, one in entity.fields.items() if _is_drawn(one))
    return tuple(path.text for path in readable(visit, entity.name, names))


def _finding(visit: Visit, model: Field) -> Target:
    return Target(model.name, visit.text(model.label), (model.name, *model.label.texts.values()))


def _may_write(visit: Visit, entity: Entity) -> frozenset[str]:
    grants = (
        visit.runtime.matrix.grant(visit.actor.roles, entity.name, one)
        for one in ("create", "update")
    )
    return frozenset().union(*(one.write for one in grants if one is not None))


def _of_field(visit: Visit, model: Field) -> Iterator[Target]:
    if model.type == STATE:
        return
    label = visit.text(model.label)
    names = (model.name, *model.label.texts.values())
    if visit.catalog[model.type].relation == "children":
        part = visit.app.entities[model.target]
        for inner in writable(part):
            if inner != part.child_of and visit.may("read", part.name):
                for one in _of_field(visit, part.fields[inner]):
                    yield Target(
                        f"{model.name}.{one.path}",
                        f"{label}{BETWEEN}{one.label}",
                        tuple(f"{model.name}.{name}" for name in one.names) + one.names,
                        one.is_file,
                        is_part=True,
                    )
    elif model.type == "translated":
        # a name without a language is in that of whoever reads and writes it
        tongue = visit.actor.locale.partition("_")[0]
        here = tongue if tongue in visit.app.locales else visit.app.locales[0]
        for locale in visit.app.locales:
            called = part_label(visit, model, locale)
            own = (f"{model.name}.{locale}", f"{model.name}[{locale}]")
            main = names if locale == here else ()
            told = tuple(f"{name} {called}" for name in names)
            yield Target(f"{model.name}.{locale}", f"{label}{BETWEEN}{called}", own + told + main)
    elif model.type == "address":
        for name in PARTS:
            line = f"{label}{BETWEEN}{part_label(visit, model, name)}"
            yield Target(f"{model.name}.{name}", line, (f"{model.name}.{name}",))
    else:
        found = (*names, *_by_its_key(visit, model))
        yield Target(model.name, label, found, is_file=model.type in FILES)


def _by_its_key(visit: Visit, model: Field) -> Iterator[str]:
    """Yield what our exports call a column that names another record by its key."""
    if visit.catalog[model.type].relation not in LINKS:
        return
    other = visit.app.entities[model.target]
    if len(other.key) == 1:
        key = other.fields[other.key[0]].label.texts
        for locale, text in model.label.texts.items():
            if locale in key:
                yield f"{text}{BEHIND}{key[locale]}"


def _of_link(visit: Visit, model: Field) -> Iterator[Target]:
    """Yield what a record must be told that may be created because a row names it."""
    if model.args.get("if_missing") != "create" or not visit.may("create", model.target):
        return
    other = visit.app.entities[model.target]
    label = visit.text(model.label)
    for name in other.fields:
        if name in needed(other) and name not in other.key:
            for one in _of_field(visit, other.fields[name]):
                path = f"{model.name}.{one.path}"
                # only its own path: a column of its name alone means the record, not its parts
                yield Target(path, f"{label}{BETWEEN}{one.label}", (path,))


def guesses(columns: Sequence[str], known: Sequence[Target], entity: Entity) -> Mapping[str, str]:
    """Return by column the path it seems to mean; each path is meant once.

    What a field of the record is called, which no import fills, means no field of its parts.
    """
    own = [one for one in entity.fields.values() if one.name not in {one.path for one in known}]
    passed = {_plain(name) for one in own for name in (one.name, *one.label.texts.values())}
    parts = {one.path for one in known if one.is_part}
    exact = {one.path: one.path for one in known}
    called: dict[str, str] = {}
    for one in sorted(known, key=lambda one: one.is_part):
        for name in one.names:
            called.setdefault(_plain(name), one.path)
    found: dict[str, str] = {}
    for column in columns:
        bracket = BRACKETS.fullmatch(column)
        written = f"{bracket[1]}.{bracket[2]}" if bracket else column
        first = written.partition(".")[0]
        path = (
            exact.get(written)
            or called.get(_plain(written))
            or called.get(_plain(ZONE.sub("", written)))
            or (exact.get(first) if written.count(".") == 1 else None)
        )
        if path in parts and path != written and _plain(ZONE.sub("", column)) in passed:
            continue
        if path and path not in found.values():
            found[column] = path
    return found


def keys(entity: Entity, meant: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return what records may be found by: the natural key, the id, what is unique alone."""
    unique = [
        one
        for one in entity.unique
        if len(one) == 1 and entity.fields[one[0]].type in SINGLE and one[0] in meant
    ]
    numbers = [(one,) for one in meant if one in entity.fields and _is_drawn(entity.fields[one])]
    found = [one for one in (entity.key, *numbers, *unique) if one]
    if ID in meant or not found:
        found.append((ID,))
    return tuple(dict.fromkeys(found))


def key_of(entity: Entity, meant: Sequence[str]) -> tuple[str, ...]:
    """Return what records are found by where nobody said it: the first that columns fill.

    A number that we drew comes first: a file that has it is ours, and every record of ours has one.
    """
    filled = {path.partition(".")[0] for path in meant}
    offered = sorted(keys(entity, meant), key=lambda one: not _is_number(entity, one))
    return next((one for one in offered if {*one} <= filled), entity.key)


def _is_number(entity: Entity, key: tuple[str, ...]) -> bool:
    return len(key) == 1 and _is_drawn(entity.fields[key[0]])


def _is_drawn(model: Field) -> bool:
    return model.type == DRAWN and model.readonly


def maps_of(visit: Visit, entity: Entity) -> tuple[ImportMap, ...]:
    """Return the import maps for records of an entity whose every record somebody may import."""
    found = []
    for one in visit.app.importmaps.values():
        about = {target.entity for target in one.targets}
        if entity.name in about and all(visit.may("import", name) for name in about):
            found.append(one)
    return tuple(found)


def fitting(visit: Visit, entity: Entity, columns: Sequence[str]) -> tuple[ImportMap, ...]:
    """Return the import maps that a file fits."""
    return tuple(
        one
        for one in maps_of(visit, entity)
        if all(has_columns(target, columns) for target in one.targets)
    )


def part_label(visit: Visit, model: Field, part: str) -> str:
    """Return what a part of a value is called: a language, a line of an address."""
    if model.type == "translated":
        return LANGUAGES.get(part, part)
    return visit.t(*ADDRESS_LABELS[part]) if part in ADDRESS_LABELS else part


def _plain(text: str) -> str:
    """Return a name as it is compared: no case, no signs."""
    return NOT_WORD.sub("", text.casefold())
