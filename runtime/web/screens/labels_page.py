"""Small sheets, a page for each record: what `print: labels:` of an entity lays out.

Comes in: a label and the records it is for. Goes out: lines, bars and squares as far as the reader
sees the values in clear; a masked value is printed as its mask and drawn as no code.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from markupsafe import Markup

from generator.field_types import EMPTY, Cell
from generator.model.entity import Entity, PrintLabel
from runtime.messages import Result
from runtime.web import codes
from runtime.web.screens import cells as drawing
from runtime.web.screens.detail_parts import asked_only
from runtime.web.screens.print_page import Choice, Rest, TwoWords, other_language, two_words
from runtime.web.screens.visit import Visit, record_url

NAMED = 60
"""Millimetres of height from which a line says what it is."""
SMALLEST, LARGEST = 2.2, 3.8
"""Millimetres of a letter; below one no thermal printer is legible, above one it wastes paper."""


@dataclass(frozen=True, slots=True)
class Line:
    """A value, and what it is where there is room to say so."""

    label: TwoWords
    cell: Cell


@dataclass(frozen=True, slots=True)
class Sheet:
    """One label."""

    head: Cell
    lines: tuple[Line, ...]
    bars: Markup
    bars_text: str
    square: Markup


@dataclass(frozen=True, slots=True)
class LabelsPage:
    """Everything `labels.html` draws."""

    title: str
    sheets: tuple[Sheet, ...]
    back: str
    choices: tuple[Choice, ...]
    style: str
    """The address of the style that gives the paper its size."""
    rest: Rest | None = None
    """How to have all of them, where these are only the first."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which records are on paper: chosen ones, or the first of all that match a list."""

    entity: Entity
    ids: tuple[str, ...]
    listed: str | None = None
    """The list, as its own query string."""


def choices(visit: Visit, where: Where, name: str) -> tuple[Choice, ...]:
    """Return what the same records can be printed as; nothing where there is no choice."""
    labels = where.entity.print_labels
    if not labels:
        return ()
    first = Choice(visit.t("Document", "paper"), address(where), not name)
    return (
        first,
        *(
            Choice(visit.text(one.label), address(where, one.name), one.name == name)
            for one in labels
        ),
    )


def address(where: Where, label: str = "") -> str:
    """Return the address of records on paper."""
    entity, ids = where.entity.name, where.ids
    if where.listed is None and len(ids) == 1:
        return record_url(entity, ids[0], "print", label=label)
    which = f"ids={','.join(ids)}" if where.listed is None else urlencode({"list": where.listed})
    return f"{record_url(entity)}print?{which}" + (f"&label={label}" if label else "")


def wanted(visit: Visit, entity: Entity, label: PrintLabel) -> tuple[str, ...]:
    """Return the paths to be selected for a label."""
    asked = (*label.lines, label.barcode, label.qr)
    paths = drawing.readable(visit, entity.name, (text for text in asked if text))
    return drawing.needs(visit, entity.name, paths)


def labels_page(
    visit: Visit, where: Where, label: PrintLabel, result: Result, back: str
) -> LabelsPage:
    """Return the labels of the records of a result."""
    return LabelsPage(
        title=visit.text(label.label),
        sheets=tuple(sheets(visit, where.entity, label, result)),
        back=back,
        choices=choices(visit, where, label.name),
        style=f"/sheets/{label.width}x{label.height}.css",
    )


def sheet_style(width: int, height: int) -> str:
    """Return the style of paper of a size in millimetres; letters grow with the paper."""
    letter = min(max(min(width, height) * 0.055, SMALLEST), LARGEST)
    return (
        f"@page{{size:{width}mm {height}mm;margin:0}}"
        f".lb{{width:{width}mm;height:{height}mm;font-size:{letter:.2f}mm}}"
    )


def sheets(visit: Visit, entity: Entity, label: PrintLabel, result: Result) -> list[Sheet]:
    """Return a label of each record of a result."""
    paths = result.plan.paths
    known = {path.text: path for path in paths}
    shown = [known[text] for text in label.lines if text in known]
    drawn = {path.text: drawing.draw(visit, path, paths) for path in paths}
    other = other_language(visit)
    words = {
        path.text: two_words(
            drawing.path_label(visit, path), drawing.path_label(other, path), other
        )
        for path in shown
    }
    named = label.height >= NAMED
    found = []
    for row in result.rows or (result.row,):
        asked = {path.text for path in asked_only(paths, replace(result, row=row))}
        cells = [
            (words[path.text], cell)
            for path in shown
            if path.text in asked and drawing.filled(cell := drawn[path.text](row))
        ]
        code = drawn[label.barcode](row) if label.barcode in asked else EMPTY
        square = drawn[label.qr](row) if label.qr in asked else EMPTY
        bars = codes.bars(_clear(code))
        found.append(
            Sheet(
                head=cells[0][1] if cells else EMPTY,
                lines=tuple(
                    Line(text if named else TwoWords("", ""), cell) for text, cell in cells[1:]
                ),
                bars=bars,
                bars_text=code.text,
                square=codes.square(_clear(square)),
            )
        )
    return found


def _clear(cell: Cell) -> str:
    """Return the text a code may hold: never a mask."""
    return "" if cell.kind in {"masked", "hidden"} else cell.text
