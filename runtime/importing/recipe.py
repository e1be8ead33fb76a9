"""A target of an import map and the columns of a table → how rows become payloads.

Made once for a file. Every column is resolved to the field it fills before the first row is read,
so a wrong column is told at once and a row costs only its cells.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.model.entity import Entity
from generator.model.importmap import ImportField, ImportTarget
from generator.suggest import closest
from runtime.importing.faults import FileFault
from runtime.importing.payloads import Builder, Maker, Surroundings, holes
from runtime.importing.values import Test, test


@dataclass(frozen=True)
class _Children:
    """How rows become the children of a record."""

    builder: Builder
    skip: tuple[Test, ...]

    def of(self, cells: Sequence[Any]) -> dict[str, Any] | None:
        if not self.builder.says_something(cells) or any(holds(cells) for holds in self.skip):
            return None
        return self.builder.build(cells)


@dataclass(frozen=True)
class Recipe:
    """How the rows of one table become payloads of one entity."""

    target: ImportTarget
    entity: Entity
    root: Builder
    children: Mapping[str, _Children]
    columns: Mapping[str, str]
    """The column behind each path of a payload, to tell where an error is."""
    places: Mapping[str, int]
    skip: tuple[Test, ...]
    parts: frozenset[str]

    def group(self, cells: Sequence[Any]) -> tuple[str, ...] | None:
        """Return what rows of one record have in common; None when each row is a record."""
        if not self.target.group_by:
            return None
        return self._texts(self.target.group_by, cells)

    def once(self, cells: Sequence[Any]) -> tuple[str, ...] | None:
        """Return what only the first row may say; None when every row counts."""
        return self._texts(self.target.once, cells) if self.target.once else None

    def _texts(self, names: tuple[str, ...], cells: Sequence[Any]) -> tuple[str, ...]:
        return tuple(str(cells[self.places[name]]).strip() for name in names)

    def column_of(self, place: str) -> str:
        """Return the column behind a place such as `lines.2.item`; empty when there is none."""
        path = ".".join(step for step in place.split(".") if not step.isdigit())
        while path:
            if path in self.columns:
                return self.columns[path]
            below = [
                column for known, column in self.columns.items() if known.startswith(f"{path}.")
            ]
            if below:
                return below[0]
            path = path.rpartition(".")[0]
        return ""


def make_recipe(
    target: ImportTarget, columns: tuple[str, ...], name: str, around: Surroundings
) -> Recipe:
    """Return the recipe of a target for a file with these columns.

    Raises:
        FileFault: the file lacks columns that the target names.

    """
    index = {column: place for place, column in enumerate(columns)}
    _require_columns(target, index, name)
    entity = around.app.entities[target.entity]
    root = Builder()
    children: dict[str, Builder] = {}
    by_path: dict[str, str] = {}
    tree: dict[str, Any] = {}
    for source in target.fields:
        column = next((one for one in source.columns if one in index), "")
        by_path[".".join(source.path)] = column or _first_hole(source, index)
        here = tree
        for step in source.path[:-1]:
            inner = here.setdefault(step, {})
            here = inner if isinstance(inner, dict) else here.setdefault(step, {"": inner})
        here[source.path[-1]] = source
    maker = Maker(index, around)
    parts = set()
    for field_name, inner in tree.items():
        model = entity.fields[field_name]
        if around.catalog[model.type].relation == "children":
            child = around.app.entities[model.target]
            children[field_name] = maker.builder(child, inner)
        else:
            maker.add(root, model, inner)
            if isinstance(inner, dict) and not around.catalog[model.type].relation:
                parts.add(field_name)
    skips = target.skip_children or {}
    return Recipe(
        target=target,
        entity=entity,
        root=root,
        children={
            key: _Children(builder, tuple(test(one, index) for one in skips.get(key, ())))
            for key, builder in children.items()
        },
        columns=by_path,
        places=index,
        skip=tuple(test(one, index) for one in target.skip),
        parts=frozenset(parts),
    )


def _first_hole(source: ImportField, index: Mapping[str, int]) -> str:
    return next((hole for hole in holes(source) if hole in index), "")


def has_columns(target: ImportTarget, columns: Sequence[str]) -> bool:
    """Return whether a file with these columns has all that a target needs."""
    return not _missing(target, columns)


def _missing(target: ImportTarget, index: Collection[str]) -> list[str]:
    needed: dict[str, None] = dict.fromkeys((*target.group_by, *target.once))
    for source in target.fields:
        if source.optional:
            continue
        if source.columns and not any(column in index for column in source.columns):
            needed[source.columns[0]] = None
        needed |= dict.fromkeys(holes(source))
    conditions = [*target.skip, *(case.when for one in target.fields for case in one.cases)]
    needed |= dict.fromkeys(condition.column for condition in conditions)
    return [column for column in needed if column not in index]


def _require_columns(target: ImportTarget, index: Mapping[str, int], name: str) -> None:
    missing = _missing(target, index)
    if not missing:
        return
    nearest = closest(missing[0], index)
    hint = f" Did you mean '{nearest}'?" if nearest else ""
    hint_zh = f"是否指“{nearest}”？" if nearest else ""
    raise FileFault(
        f"'{name}' lacks the column {', '.join(repr(one) for one in missing)}.{hint}",
        f"文件“{name}”缺少列：{'、'.join(missing)}。{hint_zh}",
    )
