"""Where the blocks of a page stand: a page in, lines of text out, and what differs between two.

Pictures differ with every font, so none is kept. Kept is what a style sheet decides and a font does
not: at which x a block begins, how wide it is, its colours, and which block stands above which;
lengths count in steps of 8 px. How many cards there are and what they say is left out, so a changed
sentence is no difference, while a style that is gone moves everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from playwright.sync_api import Page

FOLDER = Path(__file__).parent / "layouts"
STEP = 8
"""Pixels to which lengths are rounded, and by which they may differ: a scroll bar, half a step."""
BLOCKS = {
    "side bar": "aside.side",
    "top bar": "header.top",
    "main": "main",
    "page head": ".ph",
    "facts": ".ph-s",
    "alert": "main .alert-ax, main [role=alert]",
    "list card": ".lc",
    "tabs": ".lc .tabs",
    "filters": ".lc .fb",
    "table": ".lc .tw",
    "pager": ".lc .lf",
    "column": ".cols > div",
    "card": ".cols .card-ax, .page > .card-ax, .page > form.card-ax",
    "grid": ".cgw",
    "related": "#tabs",
    "full field": ".fg > .full",
    "error page": ".ep",
    "dialog": "dialog[open]",
    "drawer": ".offcanvas.show",
    "primary button": "main .ph .b-p",
}
"""What is looked at, by CSS selector."""
SIZED_BY_WORDS = frozenset({"primary button"})
"""Blocks as wide as their words: only their colours are kept."""
STACKED = ("page head", "facts", "tabs", "filters", "table", "pager")
"""Blocks that stand one below the other."""
READ = """
([blocks, step]) => {
  const near = (number) => Math.round(number / step) * step;
  const found = [];
  for (const [name, selector] of Object.entries(blocks)) {
    for (const element of document.querySelectorAll(selector)) {
      const box = element.getBoundingClientRect();
      const look = getComputedStyle(element);
      if (box.width < 2 || box.height < 2 || look.visibility === "hidden") continue;
      if (box.right <= 0 || box.left >= innerWidth) continue;
      found.push({name, x: near(box.left), width: near(box.width), top: box.top,
        back: look.backgroundColor, ink: look.color});
    }
  }
  return found;
}
"""
LINE = re.compile(r"(?P<name>[a-z ]+): x (?P<x>-?\d+), width (?P<width>\d+), (?P<rest>.+)")


def layout_of(page: Page) -> list[str]:
    """Return a page's layout, a line for every place in which a kind of block stands."""
    found = page.evaluate(READ, [BLOCKS, STEP])
    lines = []
    for one in found:
        place = f"x {one['x']}, width {one['width']}, "
        place = "" if one["name"] in SIZED_BY_WORDS else place
        lines.append(f"{one['name']}: {place}{one['ink']} on {one['back']}")
    tops: dict[str, float] = {}
    for one in found:
        tops.setdefault(one["name"], one["top"])
    stacked = sorted((name for name in STACKED if name in tops), key=lambda name: tops[name])
    order = [f"from above: {', '.join(stacked)}"] if len(stacked) > 1 else []
    return [*dict.fromkeys(lines), *order]


def differences(kept: Sequence[str], seen: Sequence[str]) -> list[str]:
    """Return the lines that only one of two layouts has; lengths may differ by a step."""
    gone = [f"- {line}" for line in kept if not _holds(seen, line)]
    new = [f"+ {line}" for line in seen if not _holds(kept, line)]
    return gone + new


def against_kept(name: str, seen: Sequence[str], *, update: bool) -> list[str]:
    """Return how a layout differs from the one kept under a name; with `update`, keep it."""
    path = FOLDER / f"{name.replace(' ', '_')}.txt"
    if update:
        path.write_text("\n".join(seen) + "\n", "utf-8")
        return []
    if not path.is_file():
        return [f"no layout is kept as {path.name}; run pytest with --update"]
    return differences(path.read_text("utf-8").splitlines(), seen)


def _holds(lines: Iterable[str], wanted: str) -> bool:
    return any(_same(line, wanted) for line in lines)


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    left, right = LINE.fullmatch(one), LINE.fullmatch(other)
    if left is None or right is None:
        return False
    return (
        left["name"] == right["name"]
        and left["rest"] == right["rest"]
        and abs(int(left["x"]) - int(right["x"])) <= STEP
        and abs(int(left["width"]) - int(right["width"])) <= STEP
    )
