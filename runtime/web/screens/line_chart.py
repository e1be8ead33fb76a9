"""A line of numbers over time with the limit they are held against, as points of an SVG.

Comes in: moments with numbers. Goes out: places in a box of fixed size, so that a template draws
and reckons nothing. What the drawing says is said by a table beside it as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

WIDE, HIGH = 720, 180
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 12, 24
MOST = 120
"""Points; more say no more at this size."""


@dataclass(frozen=True, slots=True)
class Dot:
    """A point that stands out."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class LineChart:
    """Everything that is drawn."""

    lines: tuple[str, ...]
    """Points of each stretch without a gap."""
    dots: tuple[Dot, ...]
    """Where the limit was passed."""
    limit_y: float
    ticks: tuple[tuple[float, str], ...]
    """Heights and what stands beside them."""
    begins: datetime
    ends: datetime
    wide: int = WIDE
    high: int = HIGH
    left: int = LEFT
    right: int = WIDE - RIGHT
    base: int = HIGH - BOTTOM


def line_chart(
    points: Sequence[tuple[datetime, Decimal | None, bool]], limit: Decimal
) -> LineChart | None:
    """Return the drawing; None where there are not two numbers to draw a line between.

    Args:
        points: in order of time: the moment, the number if there was one, whether it passed.
        limit: what the numbers are held against.

    """
    known = points[-MOST:]
    numbers = [value for _, value, _ in known if value is not None]
    if len(numbers) < 2:
        return None
    low, high = min(*numbers, limit, Decimal(0)), max(*numbers, limit)
    span = (high - low) or Decimal(1)
    begins, ends = known[0][0], known[-1][0]
    seconds = (ends - begins).total_seconds() or 1.0

    def x(at: datetime) -> float:
        return round(LEFT + (WIDE - LEFT - RIGHT) * (at - begins).total_seconds() / seconds, 1)

    def y(value: Decimal) -> float:
        return round(HIGH - BOTTOM - float((value - low) / span) * (HIGH - TOP - BOTTOM), 1)

    lines: list[list[str]] = [[]]
    for at, value, _ in known:
        if value is None:
            lines.append([])
        else:
            lines[-1].append(f"{x(at)},{y(value)}")
    dots = tuple(Dot(x(at), y(value)) for at, value, bad in known if bad and value is not None)
    ticks = tuple((y(one), _short(one)) for one in dict.fromkeys((low, limit, high)))
    drawn = tuple(" ".join(one) for one in lines if one)
    return LineChart(drawn, dots, y(limit), ticks, begins, ends)


def _short(value: Decimal) -> str:
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text)[:9]
