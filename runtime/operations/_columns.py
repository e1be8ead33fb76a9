"""Which columns and which order a caller gets: only what they may read, of whatever entity."""

from __future__ import annotations

from generator.build.tables import has_column
from generator.model.entity import Entity
from rules.permissions import Grant
from runtime.errors import BadRequest
from runtime.messages import Actor
from runtime.operations._asking import refuse
from runtime.runtime import Runtime
from runtime.store.paths import Path, Reader, title_currencies, title_paths, unknown_field
from runtime.store.plan import Sort


def reader(runtime: Runtime, actor: Actor, grant: Grant | None = None) -> Reader:
    """Return what an actor may read along paths; `grant` is that of the request, if there is."""
    return Reader(runtime.app, runtime.compiled.field_types, runtime.matrix, actor.roles, grant)


def own_columns(entity: Entity, grant: Grant, runtime: Runtime) -> tuple[str, ...]:
    """Return every single value of a record that the grant lets read."""
    catalog = runtime.compiled.field_types
    return tuple(
        field.name
        for field in entity.fields.values()
        if field.name in grant.read
        and catalog[field.type].relation not in {"children", "references"}
        and (has_column(field, catalog) or field.computed is not None)
    )


def select_paths(
    fields: tuple[str, ...], includes: tuple[str, ...], entity: Entity, reads: Reader
) -> tuple[Path, ...]:
    """Return the columns for the fields asked for: ids of what is crossed, id and version always.

    A reference that is included brings every column of its target; one that is only named brings
    its id.
    """
    found: dict[str, Path] = {}

    def add(text: str) -> None:
        path = reads.path(entity.name, text)
        if reads.catalog[path.field.type].relation in {"children", "references"}:
            return
        for depth in range(1, len(path.steps)):
            names = text.split(".")[:depth]
            parent = Path(".".join(names), path.steps[:depth], path.sights[: depth - 1])
            found.setdefault(parent.text, parent)
        found.setdefault(text, path)

    for text in ("id", "version"):
        add(text)
    for text in fields:
        add(text)
    for text in includes:
        path = reads.path(entity.name, text)
        if reads.catalog[path.field.type].relation == "reference":
            if not reads.may_read(path.field.target):
                raise unknown_field(text)
            for name in readable_columns(path.field.target, reads):
                add(f"{text}.{name}")
    return tuple(found.values())


def leads_to_many(name: str, entity: Entity, reads: Reader) -> bool:
    """Return whether a path begins with parts or linked records, which are read apart."""
    field = reads.app.field(entity.name, name.partition(".")[0])
    return field is not None and reads.catalog[field.type].relation in {"children", "references"}


def readable_columns(entity: str, reads: Reader) -> tuple[str, ...]:
    """Return the single values of an entity that a reader may see."""
    grant = reads.matrix.grant(reads.roles, entity, "read")
    if grant is None:
        return ()
    return tuple(
        field.name
        for field in reads.app.entities[entity].fields.values()
        if field.name in grant.read and has_column(field, reads.catalog)
    )


def title_columns(entity: str, reads: Reader) -> tuple[str, ...]:
    """Return the paths of a record's title that the reader may see, currencies of amounts last."""
    found = []
    for text in _title_columns(entity, reads):
        try:
            reads.path(entity, text)
        except BadRequest:
            continue
        found.append(text)
    return tuple(found)


def is_titled(entity: str, reads: Reader) -> bool:
    """Return whether the reader sees the whole title of every record, as a log has it."""
    try:
        paths = [reads.path(entity, text) for text in _title_columns(entity, reads)]
    except BadRequest:
        return False
    return all(reads.is_ordered(path) for path in paths) and not any(
        not grant.is_wide for path in paths for grant in path.sights
    )


def _title_columns(entity: str, reads: Reader) -> tuple[str, ...]:
    currencies = title_currencies(reads.app, entity).values()
    return tuple(dict.fromkeys((*title_paths(reads.app, entity), *currencies)))


def search_paths(entity: Entity, reads: Reader) -> tuple[Path, ...]:
    """Return where the search box looks: only where this caller may read."""
    names = entity.list.search or tuple(
        name
        for name in entity.list.columns
        if "." not in name and reads.catalog[entity.fields[name].type].searchable
    )
    found = []
    for text in names:
        try:
            found.append(reads.compared(entity.name, text))
        except BadRequest:
            continue
    return tuple(found)


def sort_keys(
    names: tuple[str, ...], entity: Entity, reads: Reader, *, strict: bool
) -> tuple[Sort, ...]:
    """Return the order; it always ends with the id, so that it is total.

    `strict` refuses what cannot be read or sorted; a default order leaves it out.
    """
    keys: list[Sort] = []
    for name in names:
        text = name.removeprefix("-")
        try:
            path = reads.ordered(entity.name, text)
        except BadRequest:
            if strict:
                raise
            continue
        kind = reads.catalog[path.field.type]
        if not kind.sortable or not (reads.is_column(path) or path.field.computed):
            if strict:
                raise refuse("sort", f"'{text}' cannot be sorted by.", f"不能按“{text}”排序。")
            continue
        if all(key.path.text != text for key in keys):
            keys.append(Sort(path, name.startswith("-")))
    if all(key.path.text != "id" for key in keys):
        last = keys[-1].descending if keys else False
        keys.append(Sort(reads.path(entity.name, "id"), last))
    return tuple(keys)
