"""Where a page of a list stands: how many there are, what comes before and after."""

from __future__ import annotations

from dataclasses import dataclass

from generator.model.entity import Entity
from runtime.messages import Result
from runtime.web.screens.list_url import ListUrl
from runtime.web.screens.numbers import number
from runtime.web.screens.visit import Visit

SIZES = (25, 50, 100, 200)


@dataclass(frozen=True, slots=True)
class Size:
    """How many rows a page may have."""

    number: int
    current: bool


def total(visit: Visit, result: Result | None) -> str:
    if result is None or result.total is None:
        return ""
    return number(visit, result.total) + ("" if result.total_is_exact else "+")


def _start(url: ListUrl) -> int:
    text = url.get("at")
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 10 else 1


def summary(visit: Visit, url: ListUrl, result: Result | None, total: str) -> str:
    if result is None or not result.rows:
        return ""
    start = _start(url)
    if result.total_is_exact and result.total is not None:
        start = max(1, min(start, result.total - len(result.rows) + 1))
    low, high = number(visit, start), number(visit, start + len(result.rows) - 1)
    return visit.t("{low}–{high} of {total}", "page", low=low, high=high, total=total)


def beside(url: ListUrl, result: Result | None, *, back: bool) -> str:
    if result is None:
        return ""
    cursor = result.previous_cursor if back else result.next_cursor
    if not cursor:
        return ""
    start, shown = _start(url), len(result.rows)
    limit = result.plan.limit
    at = max(1, start - limit) if back else start + shown
    keys: dict[str, str | None] = {"after": None, "before": None, "at": str(at) if at > 1 else None}
    keys["before" if back else "after"] = cursor
    return url.to(**keys).text


def sizes(url: ListUrl, entity: Entity) -> tuple[Size, ...]:
    text = url.get("limit")
    current = int(text) if text.isascii() and text.isdigit() else entity.list.page_size
    return tuple(Size(size, size == current) for size in sorted({*SIZES, entity.list.page_size}))
