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


@dataclass(frozen=True, slots=True)
class Grid:
    """The children of a record, edited with it."""

    headings: tuple[Control, ...]
    """One control a column, for its label and kind."""
    rows: tuple[GridRow, ...]
    template: GridRow
    next: int


@dataclass(frozen=True, slots=True)
class FormCard:
    """A group of controls."""

    id: str
    title: str
    controls: tuple[Control, ...]
    flush: bool = False
    """Holds nothing but a grid, which reaches the card's edges."""


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
