"""The menu: modules are folders that are there, icons are pictures of the sprite.

Comes in: the resolved model. Goes out: D428, a warning, for a module without a folder: its group
would be empty; D429 for an icon the sprite does not hold: a menu with a hole where a picture was
meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from generator.kinds import Catalog
from generator.model.app import App
from generator.model.text import Span
from generator.places import Places
from generator.problems import Problem, did_you_mean, quoted
from generator.saying import say

ICONS = Path(__file__).resolve().parents[2] / "assets" / "icons.txt"
"""The names of the sprite, which `assets/build.py` draws from the same list."""

ELSEWHERE = "assets/icons.txt lists them; a name of Tabler's icons can be added there."


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield modules without a folder and icons without a picture."""
    folders = {entity.module for entity in app.entities.values()}
    for module in app.modules.values():
        if module.name not in folders:
            yield Problem(
                "D428",
                places.key("app.yaml", "modules", module.name),
                say(
                    "The module {module} names a folder without entities.",
                    module=quoted(module.name),
                ),
                did_you_mean(module.name, folders, otherwise="Put the entities in folders."),
                "warning",
            )
        at = places.at("app.yaml", "modules", module.name, "icon")
        yield from _icon(module.icon, at)
    for entity in app.entities.values():
        yield from _icon(entity.icon, places.at(entity.span.file, "icon"))


def _icon(name: str, at: Span) -> Iterator[Problem]:
    known = sprite()
    if name not in known:
        hint = did_you_mean(name, known, otherwise=ELSEWHERE)
        yield Problem("D429", at, say("There is no icon {name}.", name=quoted(name)), hint)


@lru_cache(maxsize=1)
def sprite() -> frozenset[str]:
    """Return the names of the icons the sprite holds."""
    lines = ICONS.read_text("utf-8").splitlines()
    return frozenset(name for line in lines if not line.startswith("#") for name in line.split())
