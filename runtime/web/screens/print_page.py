"""Records on paper: what their pages show, without anything one could press, in two languages.

Comes in: one record or several, read with their parts. Goes out: a document a record, on sheets of
their own. Labels stand in the reader's language and, smaller, in the shop's other one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from generator.field_types import Cell
from generator.field_types._times import local_text
from generator.model.text import Label
from runtime.messages import Result
from runtime.web.screens import cells as drawing
from runtime.web.screens.detail_page import items_of
from runtime.web.screens.detail_parts import Table, record_facts
from runtime.web.screens.detail_plan import DetailPlan
from runtime.web.screens.detail_tables import child_table
from runtime.web.screens.visit import Visit

MOST = 100
"""Records of one document."""


@dataclass(frozen=True, slots=True)
class TwoWords:
    """A label in both languages; the second is empty where they are alike."""

    first: str
    second: str
    lang: str = ""
    """The language of the second."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What can be printed: the document, or a label."""

    label: str
    url: str
    active: bool


@dataclass(frozen=True, slots=True)
class PrintItem:
    """A label and its value."""

    label: TwoWords
    cell: Cell
    wide: bool


@dataclass(frozen=True, slots=True)
class PrintCard:
    """A group of values."""

    title: TwoWords
    items: tuple[PrintItem, ...]


@dataclass(frozen=True, slots=True)
class PrintTable:
    """The parts of a record."""

    title: TwoWords
    headings: tuple[TwoWords, ...]
    table: Table


@dataclass(frozen=True, slots=True)
class PrintDoc:
    """One record on paper."""

    kind: TwoWords
    title: str
    badges: tuple[Cell, ...]
    facts: tuple[PrintItem, ...]
    cards: tuple[PrintCard, ...]
    tables: tuple[PrintTable, ...]


@dataclass(frozen=True, slots=True)
class Rest:
    """What a document of all that match would be, and where it is asked for."""

    told: str
    action: str
    listed: str
    label: str
    kind: str = ""
    """The name of a label, where these are no documents."""


@dataclass(frozen=True, slots=True)
class PrintPage:
    """Everything `print.html` draws."""

    title: str
    docs: tuple[PrintDoc, ...]
    back: str
    shop: str
    printed: str
    """When and by whom."""
    choices: tuple[Choice, ...] = ()
    """What the same records can be printed as."""
    rest: Rest | None = None
    """How to have all of them in one document, where these are only the first."""


def print_page(
    visit: Visit, plan: DetailPlan, result: Result, back: str, choices: tuple[Choice, ...] = ()
) -> PrintPage:
    """Return the records of a result as documents."""
    docs = tuple(_doc(visit, plan, replace(result, row=row)) for row in result.rows)
    now = local_text(visit.runtime.clock(), visit.viewer.locale, visit.viewer.time_zone)
    plural = visit.text(plan.entity.plural)
    return PrintPage(
        title=docs[0].title if len(docs) == 1 else f"{plural} ({len(docs)})",
        docs=docs,
        back=back,
        shop=visit.text(visit.app.label),
        printed=visit.t("Printed {when} by {name}", when=now, name=visit.actor.name),
        choices=choices,
    )


def _doc(visit: Visit, plan: DetailPlan, result: Result) -> PrintDoc:
    entity, screen, paths = plan.entity, plan.entity.detail, result.plan.paths
    other = other_language(visit)

    def items(names: Iterable[str]) -> tuple[PrintItem, ...]:
        place = {path.text: number for number, path in enumerate(paths)}
        texts = tuple(names)
        first = items_of(visit, entity, texts, result, place)
        second = items_of(other, entity, texts, result, place)
        return tuple(
            PrintItem(two_words(one.label, two.label, other), one.cell, one.wide)
            for one, two in zip(first, second, strict=True)
            if drawing.filled(one.cell)
        )

    def label(text: Label) -> TwoWords:
        return two_words(visit.text(text), other.text(text), other)

    cards = [PrintCard(label(part.label), items(part.fields)) for part in screen.sections]
    cards.append(PrintCard(TwoWords("", ""), items(screen.side)))
    tables = []
    for name in plan.includes:
        field = entity.fields.get(name)
        if field is None or field.type != "children":
            continue
        table = child_table(visit, entity, name, result)
        heads = child_table(other, entity, name, result).headings
        words = tuple(
            two_words(one.label, two.label, other)
            for one, two in zip(table.headings, heads, strict=True)
        )
        tables.append(PrintTable(label(field.label), words, table))
    return PrintDoc(
        kind=label(entity.label),
        title=drawing.title(visit, entity.name, paths)(result.row)
        or str(record_facts(result, "id"))[:8],
        badges=tuple(one.cell for one in items(screen.badges)),
        facts=items(screen.facts),
        cards=tuple(card for card in cards if card.items),
        tables=tuple(tables),
    )


def other_language(visit: Visit) -> Visit:
    """Return the visit in the shop's other language; the same where it has one alone."""
    locale = next((one for one in visit.app.locales if one != visit.actor.locale), "")
    return replace(visit, actor=replace(visit.actor, locale=locale)) if locale else visit


def two_words(first: str, second: str, other: Visit) -> TwoWords:
    """Return a label in both languages."""
    return TwoWords(first, second if second != first else "", other.actor.locale.replace("_", "-"))
