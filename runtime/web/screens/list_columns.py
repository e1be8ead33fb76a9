"""The columns of a list: which are shown, which may be, and what must be asked for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from generator.model.entity import Entity
from runtime.operations._columns import title_columns
from runtime.store.paths import Path
from runtime.web.screens import cells as drawing
from runtime.web.screens.list_memory import Kept
from runtime.web.screens.list_url import ListUrl
from runtime.web.screens.list_views import view_of
from runtime.web.screens.visit import Visit

MOST_COLUMNS = 24


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """A column that may be shown or not."""

    name: str
    label: str
    shown: bool


def chosen_columns(visit: Visit, entity: Entity, url: ListUrl, kept: Kept) -> tuple[Path, ...]:
    """Return the columns to show: those of the address, else the kept ones, else the view's own."""
    view = view_of(entity, url)
    default = view.columns if view is not None and view.columns else entity.list.columns
    asked = tuple(url.get("columns").split(",")) if url.get("columns") else kept.columns(here(url))
    wanted = tuple(
        path for path in drawing.readable(visit, entity.name, asked) if _may_be_column(visit, path)
    )
    if asked and wanted:
        identity = drawing.readable(visit, entity.name, default[:1])
        named = {path.text: path for path in (*identity, *wanted)}
        return tuple(named.values())[:MOST_COLUMNS]
    return tuple(
        path
        for path in drawing.readable(visit, entity.name, default)
        if _may_be_column(visit, path)
    ) or drawing.readable(visit, entity.name, ("id",))


def _may_be_column(visit: Visit, path: Path) -> bool:
    return visit.catalog[path.field.type].relation not in {"children", "references"}


def fields_to_ask(visit: Visit, entity: Entity, columns: Sequence[Path]) -> tuple[str, ...]:
    """Return exactly what the list needs: what is hidden is not queried."""
    titles = tuple(
        text
        for text in title_columns(entity.name, visit.reads)
        if drawing.readable(visit, entity.name, (text,))
    )
    archived = ("archived_at",) if entity.archive else ()
    seen = drawing.readable(visit, entity.name, archived)
    return (*drawing.needs(visit, entity.name, (*columns, *seen)), *titles)


def here(url: ListUrl) -> str:
    """Return under which view columns are kept."""
    return url.get("saved") or url.get("view")


def column_choices(
    visit: Visit, entity: Entity, columns: Sequence[Path]
) -> tuple[ColumnChoice, ...]:
    shown = [path.text for path in columns]
    others = [
        name
        for name, field in entity.fields.items()
        if name not in {"id", "version", "position"}
        and visit.catalog[field.type].relation not in {"children", "references"}
        and field.type not in {"rich_text", "json", "rule", "file"}
    ]
    every = dict.fromkeys((*shown, *entity.list.columns, *others))
    paths = [
        path for path in drawing.readable(visit, entity.name, every) if _may_be_column(visit, path)
    ]
    labels = {path.text: drawing.path_label(visit, path) for path in paths}
    # "Customer" is the reference or the name behind it: one of them is offered, what is shown first
    named = {(path.steps[0].name, labels[path.text]): path.text for path in reversed(paths)}
    return tuple(
        ColumnChoice(path.text, labels[path.text], path.text in shown)
        for path in paths
        if path.text in shown or named[path.steps[0].name, labels[path.text]] == path.text
    )
