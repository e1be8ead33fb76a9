"""An import map: how the rows of somebody else's file become records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from generator.model.text import Label, Span


@dataclass(frozen=True)
class Condition:
    """A question about one cell; every part that is given must hold."""

    column: str
    equals: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    empty: bool | None = None
    matches: str = ""
    """A pattern with `*` and `?`."""
    below: Decimal | None = None
    above: Decimal | None = None


@dataclass(frozen=True)
class Case:
    """A value for the rows that fulfil a condition."""

    when: Condition
    value: Any


@dataclass(frozen=True)
class Listing:
    """Where a row of the file is named by another row, which lists it in a cell."""

    column: str
    """The column in which a row lists others."""
    by: str
    """The column of a row that it is listed by."""
    between: str = ","
    """What stands between what a row lists."""
    naming: str = ""
    """A regular expression: the part of an entry that names the row; the whole if missing."""


@dataclass(frozen=True)
class ImportField:
    """Where the value of one field comes from, and how its text is read."""

    path: tuple[str, ...]
    """From the entity to the value: `("lines", "item", "code")`, `("name", "zh")`."""
    columns: tuple[str, ...] = ()
    """The first of these that is not empty."""
    template: str = ""
    """A text made of columns in braces; parts of empty columns fall away."""
    listed: Listing | None = None
    """The value is read from the row that lists this one."""
    find: str = ""
    """A regular expression; only what its first group finds counts."""
    join: str | None = None
    """Everything that is found counts, joined by this."""
    value: Any = None
    """The same for every row."""
    default: Any = None
    """When the cell is empty."""
    cases: tuple[Case, ...] = ()
    words: Mapping[str, str] | None = None
    """What a cell says → what is meant; patterns with `*` are tried in order."""
    empty: tuple[str, ...] = ()
    """Texts that mean nothing, such as NULL."""
    date: str = ""
    """A pattern of strptime such as `%d/%m/%Y`."""
    decimal: str = "."
    whole: bool = False
    """17850.0 is 17850."""
    factor: Decimal | None = None
    places: int | None = None
    """A number is rounded to so many decimals."""
    case: str = "keep"
    slug: bool = False
    separator: str = ","
    each: bool = False
    """Each of the values in a cell is a child of its own."""
    optional: bool = False
    """The file may lack the column."""
    span: Span | None = None


@dataclass(frozen=True)
class ImportTarget:
    """The records of one entity that a file holds."""

    name: str
    entity: str
    mode: str
    key: tuple[str, ...]
    fields: tuple[ImportField, ...]
    columns: tuple[ImportField, ...] = ()
    """Columns made of those of the file, each by its name in the path of one step."""
    group_by: tuple[str, ...] = ()
    """Rows with the same cells here are one record."""
    head: Condition | None = None
    """The row of a group that tells the record itself; its first row if missing."""
    gather: bool = False
    """Rows of one record may lie apart in the file."""
    once: tuple[str, ...] = ()
    """Only the first row with these cells counts; later ones say nothing here."""
    skip: tuple[Condition, ...] = ()
    skip_children: Mapping[str, tuple[Condition, ...]] | None = None
    """By children field: rows that have no such child."""
    create: tuple[str, ...] = ()
    """References whose record is made when it is not there."""
    lenient: tuple[str, ...] = ()
    """References left empty when their record is not there."""
    keep: tuple[str, ...] = ()
    """Children that stay when the file does not name them."""


@dataclass(frozen=True)
class ImportMap:
    """How to read one kind of file."""

    name: str
    label: Label
    help: Label | None
    module: str
    targets: tuple[ImportTarget, ...]
    """In the order in which they are imported; the file is read once for each."""
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    nested: str = ""
    """In JSON: the key under which a node holds the nodes below it."""
    time_zone: str = ""
    """Of times without one; the app's if missing."""
    locale: str = ""
    """The language of texts that do not say theirs."""
    span: Span | None = None
