"""Cells → what a field is told: the first that says something, words, numbers, days.

A `Cell` function is made once for a column and called for every row. It returns `NOTHING` when the
row says nothing for the field; what it cannot understand it hands on, and the schema refuses it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fnmatch import fnmatchcase
from typing import Any
from unicodedata import combining, normalize
from zoneinfo import ZoneInfo

from generator.model.importmap import Condition, ImportField
from runtime.harmless import as_meant
from runtime.importing.written import DAYS, in_order, with_comma

CellFunction = Callable[[Sequence[Any]], Any]
Raw = Callable[[Sequence[Any]], Any]
Test = Callable[[Sequence[Any]], bool]

WHOLE = re.compile(r"(-?[0-9]+)\.0*")
NOT_SLUG = re.compile(r"[\W_]+")
MOST_DIGITS = 15
"""Longer numbers are no quantities; they are handed on as they are."""
HOLES = re.compile(r"\{([^{}]*)\}")
RELATIVE = re.compile(r"(today|now)(?:([+-]\d{1,6})([dhm]))?(?: (\d{1,2}:\d{2}))?")
UNITS = {"d": "days", "h": "hours", "m": "minutes"}


class _Nothing:
    """What a row says that says nothing."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING = _Nothing()


def cell_function(source: ImportField, index: Mapping[str, int]) -> CellFunction:
    """Return the function from a row to what it says for a field."""
    read = _reader(source, index)
    if source.cases:
        cases = [(test(case.when, index), case.value) for case in source.cases]

        def chosen(cells: Sequence[Any]) -> Any:
            for holds, value in cases:
                if holds(cells):
                    return value
            return read(cells)

        return chosen
    return read


def _reader(source: ImportField, index: Mapping[str, int]) -> CellFunction:
    fallback = NOTHING if source.default is None else source.default
    if source.value is not None:
        return lambda cells: source.value
    places = [index[name] for name in source.columns if name in index]
    if not places and not source.template:
        return lambda cells: fallback
    raw = _first(places) if places else _template(source.template, index)
    if places and source.template:
        raw = _one_or_other(raw, _template(source.template, index))
    steps = _steps(source)
    nothing = frozenset(source.empty)

    def read(cells: Sequence[Any]) -> Any:
        text = raw(cells)
        if text == "" or text in nothing:
            return fallback
        for step in steps:
            text = step(text)
        return fallback if text == "" else text

    def read_plain(cells: Sequence[Any]) -> Any:
        text = raw(cells)
        return fallback if text == "" else text

    return read if steps or nothing else read_plain


def _first(places: list[int]) -> Callable[[Sequence[Any]], Any]:
    if len(places) == 1:
        place = places[0]

        def one(cells: Sequence[Any]) -> Any:
            cell = cells[place]
            return as_meant(cell.strip()) if isinstance(cell, str) else cell

        return one

    def first(cells: Sequence[Any]) -> Any:
        for place in places:
            cell = cells[place]
            cell = as_meant(cell.strip()) if isinstance(cell, str) else cell
            if cell != "":
                return cell
        return ""

    return first


def _one_or_other(one: Raw, other: Raw) -> Raw:
    def either(cells: Sequence[Any]) -> Any:
        cell = one(cells)
        return other(cells) if cell == "" else cell

    return either


def holes(source: ImportField) -> list[str]:
    """Return the columns that a template names."""
    return HOLES.findall(source.template)


def _template(template: str, index: Mapping[str, int]) -> Raw:
    """Return the function that fills a template; with an empty cell goes what stands before it."""
    first, *pieces = HOLES.split(template)
    filled = list(zip(pieces[::2], pieces[1::2], strict=True))

    def fill(cells: Sequence[Any]) -> str:
        made, between, text = "", first, ""
        for name, behind in filled:
            text = str(cells[index[name]]).strip() if name in index else ""
            if text:
                made += (between if made else first) + text
            between = behind
        ends = bool(made) and text != ""
        return (made + between if ends else made).strip(" /·-,")

    return fill


def _steps(source: ImportField) -> list[Callable[[Any], Any]]:
    steps: list[Callable[[Any], Any]] = []
    if source.find:
        pattern = re.compile(source.find)
        steps.append(lambda value: _found(str(value), pattern, source.join))
    if source.whole:
        steps.append(_whole)
    if source.decimal == ",":
        steps.append(with_comma)
    if source.factor is not None:
        factor = source.factor
        steps.append(lambda value: _times(value, factor))
    if source.places is not None:
        places = source.places
        steps.append(lambda value: _rounded(value, places))
    if source.date:
        steps.append(lambda value: _day(value, source.date))
    if source.slug:
        steps.append(lambda value: _slug(str(value)))
    if source.case != "keep":
        steps.append(lambda value: getattr(str(value), source.case)())
    if source.words:
        exact = {key.casefold(): value for key, value in source.words.items() if "*" not in key}
        patterns = [(k.casefold(), value) for k, value in source.words.items() if "*" in k]
        steps.append(lambda value: _word(value, exact, patterns))
    return steps


def _found(text: str, pattern: re.Pattern[str], join: str | None) -> str:
    found = (one[1] if pattern.groups else one[0] for one in pattern.finditer(text))
    parts = [part.strip() for part in found if part and part.strip()]
    return "".join(parts[:1]) if join is None else join.join(parts)


def _slug(text: str) -> str:
    """Return words joined by hyphens; letters of other scripts stay, their accents go."""
    plain = "".join(one for one in normalize("NFKD", text.lower()) if not combining(one))
    return normalize("NFKC", NOT_SLUG.sub("-", plain)).strip("-")


def _whole(value: Any) -> Any:
    text = str(value)
    found = WHOLE.fullmatch(text)
    return found[1] if found else value


def _times(value: Any, factor: Decimal) -> Any:
    number = _number(value)
    return value if number is None else f"{(number * factor).normalize():f}"


def _rounded(value: Any, places: int) -> Any:
    number = _number(value)
    if number is None or number.adjusted() > MOST_DIGITS:
        return value
    return f"{number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"


def _day(value: Any, pattern: str) -> Any:
    if pattern in DAYS:
        return in_order(value, pattern)
    try:
        moment = dt.datetime.strptime(str(value), pattern)  # noqa: DTZ007 (the zone comes later)
    except ValueError:
        return value
    return moment.isoformat(sep=" ") if "%H" in pattern or "%I" in pattern else str(moment.date())


def _word(value: Any, exact: Mapping[str, str], patterns: list[tuple[str, str]]) -> Any:
    text = str(value).casefold()
    if text in exact:
        return exact[text]
    for pattern, meant in patterns:
        if fnmatchcase(text, pattern):
            return meant
    return value


def _number(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def test(condition: Condition, index: Mapping[str, int]) -> Test:
    """Return the function that says whether a row fulfils a condition."""
    place = index.get(condition.column)

    def holds(cells: Sequence[Any]) -> bool:
        text = "" if place is None else str(cells[place]).strip()
        if condition.empty is not None and condition.empty != (text == ""):
            return False
        if condition.equals and text not in condition.equals:
            return False
        if condition.differs and text in condition.differs:
            return False
        if condition.matches and not fnmatchcase(text, condition.matches):
            return False
        if condition.below is None and condition.above is None:
            return True
        number = _number(text)
        if number is None:
            return False
        return (condition.below is None or number < condition.below) and (
            condition.above is None or number > condition.above
        )

    return holds


def relative_time(text: str, now: dt.datetime, zone: ZoneInfo, *, day: bool) -> str:
    """Return the day or moment that `today-12d 09:30` or `now-95m` means; other texts as they are.

    Args:
        text: what a cell says.
        now: aware UTC.
        zone: in which days begin and clocks are read.
        day: True for a day, False for a moment.

    """
    found = RELATIVE.fullmatch(text)
    if found is None:
        return text
    base, count, unit, clock = found.groups()
    moment = now.astimezone(zone)
    if base == "today":
        moment = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if count:
        moment += dt.timedelta(**{UNITS[unit]: int(count)})
    if clock:
        hour, _, minute = clock.partition(":")
        if int(hour) > 23 or int(minute) > 59:
            return text
        moment = moment.replace(hour=int(hour), minute=int(minute))
    if day:
        return moment.date().isoformat()
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
