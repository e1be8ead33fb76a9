"""The columns of an export: fields, what references lead to, and the fields of parts.

In: paths as texts, such as `total`, `customer.level`, `lines.amount`. Out: those that the person
may read, and what must be asked for so that they can be drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from generator.model.entity import Entity
from runtime.errors import BadRequest
from runtime.store.paths import Path
from runtime.web.screens import cells as drawing
from runtime.web.screens.visit import Visit

UNFIT = {"rich_text", "json", "rule", "file", "image"}
"""Types that no cell of a spreadsheet holds."""
KEYS = {"text", "code", "sequence", "integer", "email", "phone", "url", "barcode"}
PASSED = {"id", "version", "position"}
TO_MANY = {"children", "references"}


@dataclass(frozen=True, slots=True)
class Choice:
    """A column that may be in the file."""

    name: str
    label: str
    shown: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Columns that belong together: those of the record, of a referred one, of its parts."""

    label: str
    """Empty for the record's own."""
    columns: tuple[Choice, ...]

    @property
    def is_open(self) -> bool:
        """Whether any of them is ticked."""
        return any(one.shown for one in self.columns)


def readable(visit: Visit, entity: str, texts: Iterable[str]) -> tuple[Path, ...]:
    """Return those columns that the person may read; the others are as if they were not there."""
    found: list[Path] = []
    for text in dict.fromkeys(texts):
        holder, _, behind = text.partition(".")
        if behind and _holds_parts(visit, entity, holder):
            found += _of_parts(visit, entity, holder, behind)
        else:
            own = drawing.readable(visit, entity, (text,))
            found += [path for path in own if _is_one(visit, path)]
    return tuple(found)


def heading(visit: Visit, path: Path) -> str:
    """Return what a column is called; no two are called alike, and an import knows each again.

    Of several fields with one label only the first is called by it, as an import reads it.
    """
    words = [visit.text(step.label) for step in path.steps]
    alike = (
        next(
            one.name
            for one in visit.app.entities[step.entity].fields.values()
            if text in one.label.texts.values()
        )
        != step.name
        for step, text in zip(path.steps, words, strict=True)
    )
    return path.text if any(alike) else " · ".join(words)


def needs(visit: Visit, entity: str, paths: Iterable[Path]) -> tuple[str, ...]:
    """Return every path to be selected so that these can be drawn."""
    found: dict[str, None] = {}
    for path in paths:
        holder, _, behind = path.text.partition(".")
        if behind and _holds_parts(visit, entity, holder):
            target = path.steps[0].target
            inner = Path(behind, path.steps[1:], path.sights[1:])
            asked = (*drawing.needs(visit, target, (inner,)), *_keys(visit, target, inner))
            found.update(dict.fromkeys(f"{holder}.{one}" for one in asked))
        else:
            asked = (*drawing.needs(visit, entity, (path,)), *_keys(visit, entity, path))
            found.update(dict.fromkeys(asked))
    return tuple(found)


def key_paths(visit: Visit, entity: str, depth: int = 2) -> tuple[str, ...]:
    """Return the values a record's key is made of, keys of referred records spelled out.

    Only where all of them are texts or whole numbers, which an import reads as they are written.
    """
    found: list[str] = []
    for name in visit.app.entities[entity].key:
        field = visit.app.entities[entity].fields[name]
        if not field.target:
            found.append(name if field.type in KEYS else "")
            continue
        inner = key_paths(visit, field.target, depth - 1) if depth else ()
        found += [f"{name}.{one}" for one in inner] or [""]
    return tuple(found) if all(found) else ()


def _keys(visit: Visit, entity: str, path: Path) -> tuple[str, ...]:
    if visit.catalog[path.field.type].relation != "reference":
        return ()
    wanted = [f"{path.text}.{one}" for one in key_paths(visit, path.field.target)]
    return tuple(one.text for one in drawing.readable(visit, entity, wanted))


def groups(visit: Visit, entity: Entity, shown: Sequence[str]) -> tuple[Group, ...]:
    """Return every column there is to tick: the record's, of what it refers to, of its parts."""
    own = [name for name in entity.fields if name not in PASSED]
    ticked = set(shown)
    found = [_group(visit, entity, "", (*shown, *entity.list.columns, *own), ticked, mixed=True)]
    for name, field in entity.fields.items():
        relation = visit.catalog[field.type].relation
        if relation not in {"reference", "children"} or not _may_see(visit, entity, name):
            continue
        target = visit.app.entities[field.target]
        inner = [f"{name}.{one}" for one in target.fields if one not in PASSED]
        back = f"{name}.{target.child_of}"
        group = _group(visit, entity, visit.text(field.label), inner, ticked, but=back)
        if group.columns:
            found.append(group)
    return tuple(found)


def _group(
    visit: Visit,
    entity: Entity,
    label: str,
    texts: Iterable[str],
    ticked: set[str],
    *,
    but: str = "",
    mixed: bool = False,
) -> Group:
    paths = [path for path in readable(visit, entity.name, texts) if path.text != but]
    plain = [
        path
        for path in paths
        if (path.text in ticked or path.field.type not in UNFIT)
        and (not mixed or not path.parents or path.text in ticked)
    ]
    choices = tuple(
        Choice(
            path.text,
            visit.text(path.field.label) if label else heading(visit, path),
            path.text in ticked,
        )
        for path in plain
        if label == "" or path.text not in _own(ticked, entity)
    )
    return Group(label, choices)


def _own(ticked: set[str], entity: Entity) -> set[str]:
    """Return ticked columns that stand with the record's own already: those its list names."""
    return ticked & set(entity.list.columns)


def _may_see(visit: Visit, entity: Entity, name: str) -> bool:
    try:
        field = visit.reads.path(entity.name, name).field
    except BadRequest:
        return False
    return visit.reads.may_read(field.target)


def _holds_parts(visit: Visit, entity: str, name: str) -> bool:
    field = visit.app.field(entity, name)
    return field is not None and visit.catalog[field.type].relation == "children"


def _of_parts(visit: Visit, entity: str, holder: str, behind: str) -> list[Path]:
    try:
        field = visit.reads.path(entity, holder).field
    except BadRequest:
        return []
    grant = visit.runtime.matrix.grant(visit.actor.roles, field.target, "read")
    if grant is None:
        return []
    return [
        Path(f"{holder}.{inner.text}", (field, *inner.steps), (grant, *inner.sights))
        for inner in drawing.readable(visit, field.target, (behind,))
        if _is_one(visit, inner)
    ]


def _is_one(visit: Visit, path: Path) -> bool:
    return visit.catalog[path.field.type].relation not in TO_MANY
