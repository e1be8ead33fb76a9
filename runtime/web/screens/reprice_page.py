"""Other lines for a placed record as data: what is bought, what was typed, and what it would cost.

Prices are shown first and confirmed then: what was looked at stands in the form, and the step is
taken only while the very same is typed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from generator.model.entity import Entity
from generator.model.placing import EXTRAS, LINES
from generator.model.workflow import InputField
from runtime.errors import RequestError
from runtime.operations._paid_lines import filled_with
from runtime.operations.preview_transition import Preview
from runtime.operations.transitions import Offered
from runtime.price_book import REPRICE
from runtime.repricing_words import Compared, Repricings
from runtime.web.screens import doors
from runtime.web.screens.form_model import Control
from runtime.web.screens.reprice_items import picker
from runtime.web.screens.steps_page import told
from runtime.web.screens.visit import Visit

BLANK = 2
"""Rows for what is new."""


@dataclass(frozen=True, slots=True)
class BoughtLine:
    """One line that is there; so many of it are wanted."""

    number: int
    label: str
    bought: int
    wanted: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class NewLine:
    """One row for an item that was not there."""

    number: int
    item: str
    """As it was typed; '' where it was chosen."""
    wanted: str
    error: str = ""
    picker: Control | None = None
    """Where there are items to choose from."""
    wrong: str = ""
    """What is wrong with the quantity."""


@dataclass(frozen=True, slots=True)
class RepricePage:
    """Everything `reprice.html` draws."""

    title: str
    record: str
    back: str
    action: str
    hidden: tuple[tuple[str, str], ...]
    item: str
    """What is sold, in one word."""
    lines: tuple[BoughtLine, ...]
    more: tuple[NewLine, ...]
    controls: tuple[Control, ...]
    """What else is asked."""
    problem: str = ""
    looked: bool = False
    """Whether what it would cost is shown; then the step can be confirmed."""
    amounts: tuple[Compared, ...] = ()
    shares: tuple[Compared, ...] = ()
    units: tuple[Compared, ...] = ()
    codes: tuple[tuple[str, str], ...] = ()
    """Tone and sentence of each code that does not hold any more, or holds again."""
    in_drawer: bool = False


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as it was sent."""

    wanted: Mapping[int, str] = field(default_factory=dict)
    """By number of a line."""
    items: Sequence[str] = ()
    """The keys, or the records, of what is new."""
    counts: Sequence[str] = ()
    others: Mapping[str, Any] = field(default_factory=dict)
    """What else was asked."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is sent of what was typed, and where each of it stands in the form."""

    sent: tuple[Mapping[str, Any], ...]
    places: tuple[tuple[str, int], ...]
    """`line` or `item`, and its number there."""

    def mark(self, others: Mapping[str, Any]) -> str:
        """Return what tells whether something else was typed meanwhile."""
        text = json.dumps([self.sent, sorted(map(str, others.items()))], sort_keys=True)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


def names_of(visit: Visit, entity: Entity, one: Offered) -> tuple[str, str]:
    """Return the questions that hold what is another and the mark of the prices."""
    edges = visit.app.workflows[entity.name][one.workflow].named(one.name)
    effect = next(each for edge in edges for each in edge.effects if each.word == REPRICE)
    return (
        effect.given["reprice"].text.removeprefix("input."),
        effect.given["seen"].text.removeprefix("input."),
    )


def others_of(one: Offered, names: Sequence[str]) -> dict[str, InputField]:
    """Return the questions that are asked like those of every step."""
    return {name: asked for name, asked in one.questions.items() if name not in names}


def bought(visit: Visit, entity: Entity, record_id: str) -> tuple[BoughtLine, ...]:
    """Return the lines of a record that can be changed, without what promotions added."""
    pricing = visit.app.pricing
    assert pricing is not None
    assert pricing.placing is not None
    filled, extras = pricing.placing.filled[LINES], pricing.placing.filled.get(EXTRAS)
    found = doors.ask(
        visit, "read", entity.name, record_id, query={"include": (filled.into,)}
    )  # fmt: skip
    include = next((one for one in found.plan.includes if one.name == filled.into), None)
    if include is None:
        return ()
    place = {path.text: at for at, path in enumerate(include.plan.paths)}
    item, key = filled_with(filled.take, "item"), filled_with(filled.take, "key")
    number, count = filled_with(filled.take, "number"), filled_with(filled.take, "quantity")
    free = filled_with(extras.take, "free") if extras is not None else ""
    rows = [
        row
        for row in found.included.get(filled.into, {}).get(record_id, ())
        if number in place and row[place[number]] is not None
        if not free or free not in place or row[place[free]] is None
    ]
    called = doors.titles_of(
        visit, {pricing.item.entity: [row[place[item]] for row in rows if row[place[item]]]}
    ) if item in place else {}  # fmt: skip
    found_rows = []
    for row in sorted(rows, key=lambda row: int(row[place[number]])):
        sold = str(row[place[key]] or "") if key in place else ""
        record = str(row[place[item]]) if item in place else ""
        name = called.get((pricing.item.entity, record), "")
        label = name if sold in name else f"{sold} · {name}" if name else sold
        count_now = int(row[place[count]])
        found_rows.append(
            BoughtLine(int(row[place[number]]), label or sold, count_now, str(count_now))
        )
    return tuple(found_rows)


def wished(lines: Sequence[BoughtLine], typed: Typed, keys: Mapping[str, str]) -> Wish:
    """Return what is another by what was typed; a row without an item says nothing.

    `keys` are those of the items that were chosen, by record.
    """
    sent: list[Mapping[str, Any]] = []
    places: list[tuple[str, int]] = []
    for line in lines:
        text = typed.wanted.get(line.number, line.wanted).strip()
        if text != str(line.bought):
            sent.append({"line": line.number, "quantity": _number(text)})
            places.append(("line", line.number))
    for at, item in enumerate(typed.items):
        if item.strip():
            text = typed.counts[at] if at < len(typed.counts) else ""
            key = keys.get(item, item.strip())
            sent.append({"item": key, "quantity": _number(text.strip() or "1")})
            places.append(("item", at))
    return Wish(tuple(sent), tuple(places))


def _number(text: str) -> Any:
    """Return a whole number, or the text for the operation to refuse."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text


def typed_page(visit: Visit, page: RepricePage, url: str, typed: Typed) -> RepricePage:
    """Return the page with what was typed in its place; `url` is where items are searched for."""
    pricing = visit.app.pricing
    assert pricing is not None
    item = pricing.item.entity
    called = doors.titles_of(visit, {item: typed.items}) if url else {}
    lines = tuple(
        replace(one, wanted=typed.wanted.get(one.number, one.wanted)) for one in page.lines
    )
    rows = max(BLANK, len([one for one in typed.items if one.strip()]) + 1)
    more = []
    for at in range(rows):
        given = typed.items[at] if at < len(typed.items) else ""
        wanted = typed.counts[at] if at < len(typed.counts) else ""
        name = called.get((item, given), "")
        made = picker(visit, url, at, given if name else "", name) if url else None
        more.append(NewLine(at, "" if name else given, wanted, picker=made))
    return replace(page, lines=lines, more=tuple(more))


def refused_page(
    visit: Visit, page: RepricePage, wish: Wish, name: str, refusal: RequestError
) -> RepricePage:
    """Return the page with what is wrong, at its row where it has one."""
    at_line: dict[int, str] = {}
    at_item: dict[int, str] = {}
    at_count: dict[int, str] = {}
    left = []
    for error in refusal.errors:
        steps = error.field.split(".")
        row = int(steps[1]) if len(steps) > 1 and steps[0] == name and steps[1].isdigit() else -1
        if 0 <= row < len(wish.places):
            kind, number = wish.places[row]
            counted = at_count if steps[-1] == "quantity" else at_item
            (at_line if kind == "line" else counted)[number] = visit.text(error.message)
        else:
            left.append(visit.text(error.message))
    words = " ".join(dict.fromkeys(left)) if refusal.errors else told(visit, refusal)
    return replace(
        page,
        lines=tuple(replace(one, error=at_line.get(one.number, "")) for one in page.lines),
        more=tuple(_with_errors(one, at_item, at_count) for one in page.more),
        problem=words,
    )


def _with_errors(one: NewLine, items: Mapping[int, str], counts: Mapping[int, str]) -> NewLine:
    error = items.get(one.number, "")
    chosen = replace(one.picker, error=error) if one.picker is not None else None
    return replace(one, error=error, picker=chosen, wrong=counts.get(one.number, ""))


def looked_page(visit: Visit, page: RepricePage, found: Preview) -> RepricePage:
    """Return the page with what it would cost."""
    pricing = visit.app.pricing
    assert pricing is not None
    words = Repricings(found, visit.app, visit.catalog, visit.actor.locale)
    units = tuple(words.units())
    item = pricing.item.entity
    codes = tuple(("warning" if one.before else "info", one.message) for one in words.codes())
    # a line that keeps no key tells its item by the record
    called = doors.titles_of(visit, {item: [one.label for one in units]})
    return replace(
        page,
        looked=True,
        amounts=tuple(words.amounts()),
        shares=tuple(words.shares()),
        codes=codes,
        units=tuple(replace(one, label=called.get((item, one.label), one.label)) for one in units),
    )
