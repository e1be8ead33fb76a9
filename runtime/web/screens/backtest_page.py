"""The report of a backtest as data for its card: sums of both sides, a course, what differs most.

In: the plain values that a run left. Out: sentences and amounts in the reader's language, and a
picture of bars. What goods cost the shop is told to those who may read it, and records that differ
most to those who may read them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency

from generator.model.text import Label
from runtime.backtest import NONE, NOW, WITHOUT, read_rule_set
from runtime.operations._prices_told import reads
from runtime.web.screens import doors
from runtime.web.screens.numbers import number
from runtime.web.screens.visit import Visit, record_url

WIDTH, HEIGHT = 720, 160
"""The size of the picture in its own units; the page stretches it to the room there is, so that
what is written stands beside it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: what it is called and its cells."""

    label: str
    cells: tuple[str, ...]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One side of one stretch of days."""

    left: float
    top: float
    width: float
    height: float
    side: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What both sides took off over time, as a picture and as a table."""

    bars: tuple[Bar, ...]
    most: str
    """What the highest bar stands for."""
    marks: tuple[str, ...]
    """The first day, one in the middle and the last, as they stand below the bars."""
    rows: tuple[Row, ...]
    width: int = WIDTH
    height: int = HEIGHT
    base: int = HEIGHT


@dataclass(frozen=True, slots=True)
class Report:
    """Everything `backtest.html` draws."""

    sides: tuple[str, str]
    summary: str
    notes: tuple[str, ...]
    sums: tuple[Row, ...]
    chart: Chart
    promotions: tuple[Row, ...]
    pairs: tuple[Row, ...]
    largest: tuple[Row, ...]


class _Words:
    """Says amounts and names in the reader's language."""

    def __init__(self, visit: Visit, report: Mapping[str, Any]) -> None:
        self.visit, self.report = visit, report
        self.locale = visit.actor.locale

    def money(self, minor: int) -> str:
        value = Decimal(minor).scaleb(-self.report["places"])
        return str(format_currency(value, self.report["currency"], locale=self.locale))

    def count(self, value: int) -> str:
        return number(self.visit, value)

    def name(self, promotion: str) -> str:
        texts = self.report["labels"].get(promotion)
        return Label(texts).text(self.locale) if texts else promotion

    def side(self, written: str) -> str:
        t, one = self.visit.t, read_rule_set(written)
        name = self.name(one.promotion)
        if one.kind == NONE:
            return t("No promotion", "rule set")
        if one.kind == NOW:
            return t("What holds now", "rule set")
        if one.kind == WITHOUT:
            return t("Without {name}", "rule set", name=name)
        if one.version is not None:
            return t("With {name}, version {n}", "rule set", name=name, n=one.version)
        return t("With {name}", "rule set", name=name)

    def difference(self, left: int, right: int) -> str:
        sign = "+" if right > left else ""
        return f"{sign}{self.money(right - left)}" if left != right else "–"


def report_of(visit: Visit, report: Mapping[str, Any]) -> Report:
    """Return a report ready to be drawn."""
    words, t = _Words(visit, report), visit.t
    sides = (words.side(report["sets"][0]), words.side(report["sets"][1]))
    carts, changed = words.count(report["carts"]), words.count(report["changed"])
    return Report(
        sides,
        t("{n} orders played through; {changed} of them come out differently.",
          n=carts, changed=changed),
        tuple(_notes(visit, words)),
        tuple(_sums(visit, words)),
        _chart(visit, words),
        tuple(_promotions(visit, words)),
        tuple(
            Row(" + ".join(words.name(each) for each in one["promotions"]),
                (words.count(one["left"]), words.count(one["right"])))
            for one in report["pairs"]
        ),
        tuple(_largest(visit, words)),
    )  # fmt: skip


def _notes(visit: Visit, words: _Words) -> Sequence[str]:
    t, report = visit.t, words.report
    notes = [
        t("Shoppers are taken to have bought the same; their groups and what items lie in are as "
          "they are today. A promotion that is tried holds on every day and for everybody, "
          "without its code."),
    ]  # fmt: skip
    passed = report["passed"]
    if passed.get("currency"):
        count = words.count(passed["currency"])
        notes.append(t("{n} orders in other currencies are left out.", n=count))
    if report["unknown_cost"] and _knows_cost(visit):
        count = words.count(report["unknown_cost"])
        notes.append(t("Of {n} lines nobody knows the cost; they are in no margin.", n=count))
    return notes


def _sums(visit: Visit, words: _Words) -> Sequence[Row]:
    t, report = visit.t, words.report
    named = {
        "goods": t("Goods", "prices"),
        "off": t("Taken off goods", "backtest"),
        "delivery_off": t("Taken off delivery", "backtest"),
        "total": t("To pay", "prices"),
    }
    if _knows_cost(visit):
        named["margin"] = t("Margin", "backtest")
    rows = []
    for key, label in named.items():
        left, right = report["left"][key], report["right"][key]
        if left or right or key != "delivery_off":
            cells = (words.money(left), words.money(right), words.difference(left, right))
            rows.append(Row(label, cells))
    reduced = [report[side]["reduced"] for side in ("left", "right")]
    counts = [words.count(one) for one in (*reduced, reduced[1] - reduced[0])]
    rows.append(Row(t("Orders that got something", "backtest"), tuple(counts)))
    return rows


def _knows_cost(visit: Visit) -> bool:
    past = visit.app.pricing.past if visit.app.pricing is not None else None
    if past is None or not past.cost:
        return False
    return reads(visit.runtime, visit.actor, past.part, past.cost)


def _promotions(visit: Visit, words: _Words) -> Sequence[Row]:
    rows = []
    for one in words.report["promotions"]:
        both = (one["left"], one["right"])
        cells = [text for side in both for text in (words.count(side["carts"]),
                                                    words.money(side["off"]))]  # fmt: skip
        floors = words.count(both[1]["floors"]) if both[1]["floors"] else "–"
        rows.append(Row(words.name(one["promotion"]), (*cells, floors)))
    return rows


def _largest(visit: Visit, words: _Words) -> Sequence[Row]:
    """Return the records that differ most, as far as the reader may read them."""
    entity = words.report["entity"]
    found = words.report["largest"]
    if entity not in visit.app.entities:
        return ()
    titles = doors.titles_of(visit, {entity: [one["record"] for one in found]})
    return [
        Row(
            titles[entity, one["record"]],
            (
                words.money(one["left"]),
                words.money(one["right"]),
                words.difference(one["left"], one["right"]),
            ),
            record_url(entity, one["record"]),
        )
        for one in found
        if (entity, one["record"]) in titles
    ]


def _chart(visit: Visit, words: _Words) -> Chart:
    points = words.report["course"]
    most = max((max(one["left"], one["right"]) for one in points), default=0)
    bars, rows = [], []
    room = WIDTH / max(1, len(points))
    for at, one in enumerate(points):
        for place, side in enumerate(("left", "right")):
            height = round(one[side] / most * (HEIGHT - 4), 1) if most else 0.0
            if height:
                left = round(at * room + room * (0.1 + 0.4 * place), 1)
                bars.append(Bar(left, round(HEIGHT - height, 1), round(room * 0.4, 1), height,
                                side))  # fmt: skip
        text = _days(words, one)
        rows.append(Row(text, (words.count(one["carts"]), words.money(one["left"]),
                               words.money(one["right"]))))  # fmt: skip
    most_said = visit.t("Highest: {amount}", "backtest", amount=words.money(most))
    return Chart(tuple(bars), most_said, _marks(words, points), tuple(rows))


def _marks(words: _Words, points: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the first day, one in the middle and the last, as far as they are several."""
    days = [date.fromisoformat(one["from"]) for one in points]
    if not days:
        return ()
    last = days[-1] + timedelta(days=points[-1]["days"] - 1)
    between = [days[len(days) // 2]] if len(days) > 4 else []
    return tuple(_short(words, one) for one in dict.fromkeys((days[0], *between, last)))


def _short(words: _Words, day: date) -> str:
    pattern = "M月d日" if words.locale.startswith("zh") else "d MMM"
    return str(format_date(day, pattern, locale=words.locale))


def _days(words: _Words, point: Mapping[str, Any]) -> str:
    begins = date.fromisoformat(point["from"])
    ends = begins + timedelta(days=point["days"] - 1)
    first = str(format_date(begins, "medium", locale=words.locale))
    if begins == ends:
        return first
    return f"{first} – {format_date(ends, 'medium', locale=words.locale)}"
