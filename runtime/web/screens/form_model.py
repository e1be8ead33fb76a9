"""A form as data: what `form.html` draws, in frozen pieces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ControlOption:
    """One option of a select, or one chosen record of a picker."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Control:
    """One control, its value and all that is said about it."""

    id: str
    name: str
    label: str
    kind: str
    text: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    options: tuple[ControlOption, ...] = ()
    parts: tuple[Control, ...] = ()
    """The parts of an address, the languages of a translated text."""
    grid: Grid | None = None
    unit: str = ""
    width: str = ""
    """w-s, w-m, w-l or empty: as wide as its type."""
    full: bool = False
    help: str = ""
    placeholder: str = ""
    required: bool = False
    error: str = ""
    fixed: bool = False
    picker_url: str = ""
    picks_by: str = ""
    """The fields of the same record that narrow the choice, separated by spaces."""
    create_url: str = ""
    """Where a record to pick is made without leaving the form."""
    conditional: bool = False
    """It comes, goes or is fixed with what other controls hold."""
    hidden: bool = False
    fixed_now: bool = False
    language: str = ""
    file_url: str = ""
    """Where the stored file can be seen."""
    file_name: str = ""
    file_size: str = ""


@dataclass(frozen=True, slots=True)
class GridRow:
    """A row of a children grid."""

    number: str
    id: str
    controls: tuple[Control, ...]
    blank: bool = False
    error: str = ""
    values: tuple[Formula, ...] = ()


@dataclass(frozen=True, slots=True)
class Formula:
    """A computed value: where it stands and what it is now."""

    name: str
    label: str
    text: str = ""
    unit: str = ""
    number: bool = True


@dataclass(frozen=True, slots=True)
class Grid:
    """The children of a record, edited with it."""

    headings: tuple[Control, ...]
    """One control a column, for its label and kind."""
    rows: tuple[GridRow, ...]
    template: GridRow
    next: int
    formulas: tuple[Formula, ...] = ()
    """Columns that nobody types."""
    totals: tuple[Formula, ...] = ()
    """What the record computes from its rows."""


@dataclass(frozen=True, slots=True)
class FormCard:
    """A group of controls."""

    id: str
    title: str
    controls: tuple[Control, ...]
    flush: bool = False
    """Holds nothing but a grid, which reaches the card's edges."""
    errors: int = 0
    """How many of its controls need attention."""


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """One line of the summary; without an id it is about the record as a whole."""

    id: str
    label: str
    message: str


@dataclass(frozen=True, slots=True)
class MergeLine:
    """A field that two people changed: mine, theirs, and the control that chooses."""

    name: str
    label: str
    mine: str
    theirs: str
    both: bool
    """False: only they changed it, and their value was taken."""
    joined: bool = False
    """Both changed it without colliding: `mine` holds what comes of the two."""


@dataclass(frozen=True, slots=True)
class FormPage:
    """Everything `form.html` draws."""

    entity: str
    title: str
    action: str
    cards: tuple[FormCard, ...]
    side: tuple[Control, ...]
    hidden: tuple[tuple[str, str], ...]
    back: str
    errors: tuple[ErrorLine, ...] = ()
    problem: str = ""
    """A refusal that is about no field."""
    merge: tuple[MergeLine, ...] = ()
    dirty: bool = False
    is_new: bool = True
    has_files: bool = False
    live_url: str = ""
    """Where the form asks what follows from its present state; empty when nothing does."""
    ids: str = "f-"
    in_drawer: bool = False
    """Drawn alone, to be laid over another form."""
    may_refresh: bool = False
    """Fields come and go, which needs a button where there is no script."""
