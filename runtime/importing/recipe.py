"""A target of an import map and the columns of a table → how rows become payloads.

Made once for a file. Every column is resolved to the field it fills before the first row is read,
so a wrong column is told at once and a row costs only its cells.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.model.entity import Entity
from generator.model.importmap import ImportTarget
from generator.suggest import closest
from runtime.importing.faults import FileFault
from runtime.importing.made_columns import MadeColumns, available, lacking
from runtime.importing.payloads import Builder, Maker, Surroundings
from runtime.importing.values import Test, test


@dataclass(frozen=True)
class _Children:
    """How rows become the children of a record."""

    builder: Builder
    skip: tuple[Test, ...]
    apart: Mapping[int, str]
    """The columns with a child in each of their values, and what stands between them."""

    def of(self, cells: Sequence[Any]) -> dict[str, Any] | None:
        """Return the child of a row; None when it has none."""
        return next(self.all_of(cells), None)

    def all_of(self, cells: Sequence[Any]) -> Iterator[dict[str, Any]]:
        """Yield the children of a row: one at most, unless a cell holds several."""
        if any(holds(cells) for holds in self.skip):
            return
        for one in self._one_by_one(cells) if self.apart else (cells,):
            if self.builder.says_something(one):
                yield self.builder.build(one)

    def _one_by_one(self, cells: Sequence[Any]) -> Iterator[Sequence[Any]]:
        values = {
            place: list(dict.fromkeys(v for v in _split(cells[place], sign) if v))
            for place, sign in self.apart.items()
        }
        for number in range(max(len(some) for some in values.values())):
            one = list(cells)
            for place, some in values.items():
                one[place] = some[number] if number < len(some) else ""
            yield one


def _split(cell: Any, sign: str) -> list[str]:
    return [part.strip() for part in str(cell).split(sign)]


@dataclass(frozen=True)
class Recipe:
    """How the rows of one table become payloads of one entity."""

    target: ImportTarget
    entity: Entity
    root: Builder
    children: Mapping[str, _Children]
    columns: Mapping[str, tuple[str, ...]]
    """The columns behind each path of a payload, to tell where an error is."""
    places: Mapping[str, int]
    skip: tuple[Test, ...]
    parts: frozenset[str]
    columns_made: MadeColumns
    head: Test | None = None

    def is_head(self, cells: Sequence[Any]) -> bool:
        """Return whether a row tells the record itself, and not only something of it."""
        return self.head is None or self.head(cells)

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

    def column_of(self, place: str, cells: Sequence[Any] = ()) -> str:
        """Return the column behind a place such as `lines.2.item`; empty when there is none.

        Of several it is the first in which the row says something.
        """
        found = self._columns_of(place)
        said = (one for one in found if cells and str(cells[self.places[one]]).strip())
        return next(said, found[0] if found else "")

    def _columns_of(self, place: str) -> tuple[str, ...]:
        path = ".".join(step for step in place.split(".") if not step.isdigit())
        while path:
            if path in self.columns:
                return self.columns[path]
            below = [some for known, some in self.columns.items() if known.startswith(f"{path}.")]
            if below:
                return below[0]
            path = path.rpartition(".")[0]
        return ()


def make_recipe(
    target: ImportTarget, columns: tuple[str, ...], name: str, around: Surroundings
) -> Recipe:
    """Return the recipe of a target for a file with these columns.

    Raises:
        FileFault: the file lacks columns that the target names.

    """
    _require_columns(target, columns, name)
    made = MadeColumns(target.columns, columns)
    index = made.index
    entity = around.app.entities[target.entity]
    root = Builder()
    children: dict[str, Builder] = {}
    by_path: dict[str, tuple[str, ...]] = {}
    tree: dict[str, Any] = {}
    for source in target.fields:
        by_path[".".join(source.path)] = made.origins(source)
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
            key: _Children(
                builder,
                tuple(test(one, index) for one in skips.get(key, ())),
                _apart(target, key, index),
            )
            for key, builder in children.items()
        },
        columns=by_path,
        places=index,
        skip=tuple(test(one, index) for one in target.skip),
        parts=frozenset(parts),
        columns_made=made,
        head=test(target.head, index) if target.head is not None else None,
    )


def _apart(target: ImportTarget, name: str, index: Mapping[str, int]) -> dict[int, str]:
    return {
        index[column]: source.separator
        for source in target.fields
        if source.each and source.path[0] == name
        for column in source.columns
        if column in index
    }


def has_columns(target: ImportTarget, columns: Sequence[str]) -> bool:
    """Return whether a file with these columns has all that a target needs."""
    return not _missing(target, columns)


def _missing(target: ImportTarget, columns: Collection[str]) -> list[str]:
    known = {*columns, *available(target.columns, columns)}
    needed: dict[str, None] = dict.fromkeys((*target.group_by, *target.once))
    for source in target.fields:
        if not source.optional:
            needed |= dict.fromkeys(lacking(source, known))
    conditions = [*target.skip, *([] if target.head is None else [target.head])]
    needed |= dict.fromkeys(condition.column for condition in conditions)
    made = {column.path[0]: column for column in target.columns}
    found: dict[str, None] = {}
    for column in needed:
        if column not in known:
            # what a made column is made of says more to whoever has the file
            found |= dict.fromkeys(lacking(made[column], known) if column in made else (column,))
    return list(found)


def _require_columns(target: ImportTarget, columns: Sequence[str], name: str) -> None:
    missing = _missing(target, columns)
    if not missing:
        return
    nearest = closest(missing[0], columns)
    hint = f" Did you mean '{nearest}'?" if nearest else ""
    hint_zh = f"是否指“{nearest}”？" if nearest else ""
    raise FileFault(
        f"'{name}' lacks the column {', '.join(repr(one) for one in missing)}.{hint}",
        f"文件“{name}”缺少列：{'、'.join(missing)}。{hint_zh}",
    )
