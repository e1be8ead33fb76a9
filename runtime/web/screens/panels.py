"""Panels: cards on a record's page that a shop draws itself, with a small template of its own.

A panel sees texts and nothing else: the record's values as its reader may see them, by field. Its
template runs in a sandbox of its own, escaped, with no way to the request, to the product's
templates or to Python; one that fails is shown as failed, in its own card, and told in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path as Folder
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from generator.field_types import Cell
from generator.model.entity import Entity
from runtime.messages import Result
from runtime.web.screens import cells as drawing
from runtime.web.screens.detail_parts import asked_only
from runtime.web.screens.visit import Visit

FOLDER = "panels"
"""Panels lie in this folder of the shop's templates."""
LONGEST = 200_000
"""Characters of a panel; a longer one is a mistake of its author."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PanelBox:
    """A panel, drawn."""

    name: str
    title: str
    html: Markup
    """Escaped by its own template; empty when it failed."""
    side: bool
    """In the narrow column."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A value as a panel gets it."""

    text: str
    """As people read it."""
    href: str
    """Where it leads; empty for most."""
    label: str
    unit: str

    def __str__(self) -> str:
        return f"{self.text} {self.unit}".strip()

    def __bool__(self) -> bool:
        return bool(self.text)


def panel_boxes(
    visit: Visit, entity: Entity, result: Result, folder: Folder | None
) -> tuple[PanelBox, ...]:
    """Return the panels of a record's page, in the order of the definitions."""
    panels = entity.detail.panels
    if not panels:
        return ()
    record = _values(visit, entity, result)
    facts = {
        "record": record,
        "title": drawing.title(visit, entity.name, result.plan.paths)(result.row),
        "locale": visit.actor.locale,
    }
    return tuple(
        PanelBox(
            panel.name,
            visit.text(panel.label),
            _drawn(folder, f"{FOLDER}/{panel.file}", facts),
            panel.side,
        )
        for panel in panels
    )


def _values(visit: Visit, entity: Entity, result: Result) -> Mapping[str, Shown]:
    """Return what the plan brought, by path: it holds nothing that the reader may not see.

    What a panel names and its reader may not see is there and empty, and so is a field that is not
    asked of the record.
    """
    named = (text for panel in entity.detail.panels for text in panel.fields)
    found = {text.replace(".", "__"): Shown("", "", "", "") for text in named}
    for path in asked_only(result.plan.shown, result):
        cell: Cell = drawing.draw(visit, path, result.plan.paths)(result.row)
        found[path.text.replace(".", "__")] = Shown(
            cell.text, cell.href, drawing.path_label(visit, path), cell.unit
        )
    return found


def _drawn(folder: Folder | None, name: str, facts: Mapping[str, Any]) -> Markup:
    if folder is None:
        return Markup("")
    try:
        text = _sandbox(folder).get_template(name).render(facts)
    except (TemplateError, SecurityError, ArithmeticError, TypeError, ValueError, LookupError):
        log.exception("the panel %s could not be drawn", name)
        return Markup("")
    return Markup(text) if len(text) <= LONGEST else Markup("")


@lru_cache(maxsize=8)
def _sandbox(folder: Folder) -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined
    )
    made.globals.clear()
    return made
