"""What deleting a record means, before it is done: who points at it, and what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from generator.model.entity import Entity
from runtime.store.dependants import Dependant
from runtime.web.screens.visit import Visit, record_url, single


@dataclass(frozen=True, slots=True)
class Consequence:
    """Records that point at this one, and what becomes of them."""

    text: str
    url: str
    count: int
    blocks: bool


@dataclass(frozen=True, slots=True)
class DeletePage:
    """Everything `delete.html` draws."""

    title: str
    name: str
    singular: str
    keeps: bool
    """Deleting archives: it can be undone."""
    version: int
    consequences: tuple[Consequence, ...]
    action: str
    back: str
    problem: str = ""

    @property
    def blocked(self) -> bool:
        """Whether something stands in the way."""
        return any(one.blocks for one in self.consequences)


def delete_page(
    visit: Visit,
    entity: Entity,
    record_id: str,
    name: str,
    version: int,
    found: Sequence[Dependant],
    listed: str,
    problem: str = "",
) -> DeletePage:
    """Return the page that asks."""
    t = visit.t
    title = t("Archive {name}?", name=name) if entity.archive else t("Delete {name}?", name=name)
    return DeletePage(
        title=title,
        name=name,
        singular=single(visit, entity),
        keeps=entity.archive,
        version=version,
        consequences=tuple(
            _consequence(visit, entity, one, record_id)
            for one in found
            if not (entity.archive and one.entity.child_of == entity.name)
        ),
        action=record_url(entity.name, record_id, "delete", list=listed),
        back=record_url(entity.name, record_id, list=listed),
        problem=problem,
    )


def _consequence(visit: Visit, entity: Entity, one: Dependant, record_id: str) -> Consequence:
    refusing = {"restrict"} if entity.archive else {"restrict", "keep"}
    blocks = one.consequence in refusing
    many = one.field.type == "references"
    other = one.entity.name
    url = ""
    if visit.may("list", other) and not one.entity.child_of:
        key = "has_any" if many else "in"
        url = record_url(other) + f"?{one.field.name}[{key}]={record_id}"
    t, n = visit.t, one.count
    what = visit.text(one.entity.label if n == 1 else one.entity.plural)
    if blocks:
        text = t(
            "{name} points at it: it has to be changed first",
            many="{name} point at it: they have to be changed first",
            n=n,
            name=what,
        )
    elif entity.archive:
        text = t("{name} keeps its link to it", many="{name} keep their link to it", n=n, name=what)
    elif one.consequence == "delete":
        text = t("{name} is deleted with it", many="{name} are deleted with it", n=n, name=what)
    else:
        text = t("{name} loses its link to it", many="{name} lose their link to it", n=n, name=what)
    return Consequence(text, url, one.count, blocks)
