"""The family of words after `type:`: what a field stores, accepts, shows and offers to filter by.

One file a word, one class a file; everything about a type is in that file. A value has three forms:

- **API**: what a program sends and gets as JSON (`"12.50"`, `"2026-11-22"`); forms and import files
  arrive at it through `from_text`;
- **stored**: what a column holds and expressions compute with (`1250`, `date(2026, 11, 22)`);
- **shown**: a `Cell`, text for people in their language and time zone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import marshmallow as ma
import sqlalchemy as sa

from generator.expressions import types
from generator.kinds import Kind
from generator.model.entity import Field
from generator.model.text import Label
from generator.saying import say


@dataclass(frozen=True, slots=True)
class Viewer:
    """For whom a value is shown."""

    locale: str = "en"
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as people see it. `kind` chooses the template macro that draws it."""

    text: str = ""
    kind: str = "text"
    """text, number, money, badge, badges, time, link, colour, image, file, rich, code, flag,
    address, user or json."""
    tone: str = ""
    """neutral, info, success, warning, critical or attention, for a badge."""
    progress: str = ""
    """none, half, full or no: the shape beside a badge's colour."""
    unit: str = ""
    """The currency or unit after a number."""
    href: str = ""
    title: str = ""
    """The exact value, shown on hover: an absolute time, a full text."""
    items: tuple[Cell, ...] = ()
    html: str = ""
    """Sanitized HTML of a rich text; `text` is the same without tags."""


EMPTY = Cell()
ANYONE = Viewer()
"""Nobody in particular: English, UTC."""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a select or a filter."""

    value: str
    label: Label
    tone: str = ""
    progress: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """The control of a form; `kind` chooses the template macro."""

    kind: str
    """text, textarea, rich, number, checkbox, date, time, datetime, select, multiselect, tags,
    email, tel, url, color, file, image, picker, pickers, grid, translated, address, json or
    duration."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """HTML attributes such as maxlength, inputmode, step, autocomplete."""
    options: tuple[Option, ...] = ()
    unit: str = ""
    width: str = "half"
    """half or full: how much of the form's two columns it takes."""


@dataclass(frozen=True, slots=True)
class Example:
    """One value in its three forms, run by the contract test and printed in the reference."""

    api: Any
    stored: Any
    shown: str
    args: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the field in which this example holds."""


class FieldType(Kind):
    """A word after `type:`."""

    operators: ClassVar[tuple[str, ...]] = ("eq", "ne", "in", "not_in", "empty")
    """What a filter may ask; `runtime/store/filters.py` gives their meaning."""
    sortable: ClassVar[bool] = True
    searchable: ClassVar[bool] = False
    """True where the search box may look for part of the value."""
    relation: ClassVar[str] = ""
    """reference (a foreign key), children, references (many to many) or empty."""
    numeric: ClassVar[bool] = False
    """Right-aligned, can be summed."""
    mask: ClassVar[str] = "full"
    """How a value is masked where nobody says otherwise; `rules/masks.py` has the kinds."""
    examples: ClassVar[tuple[Example, ...]] = ()
    rejects: ClassVar[tuple[Any, ...]] = ()
    """API values that the schema refuses."""
    generated: ClassVar[bool] = False
    """True where the engine makes the value, as for a sequence: read only for everybody."""
    example_args: ClassVar[Mapping[str, Any]] = {}
    """Arguments under which `examples` and `rejects` hold, when the defaults are not enough."""

    def faults(self, field: Field) -> Iterator[tuple[str, str, str]]:
        """Yield what no `Arg` can say is wrong with an argument: its key, a sentence and a hint."""
        low, high = field.args.get("min"), field.args.get("max")
        if low is not None and high is not None and low > high:
            why = say("'min' is {low}, more than 'max', {high}: no value fits.", low=low, high=high)
            yield "min", why, "Exchange the two."

    def column(self, field: Field) -> sa.types.TypeEngine[Any] | None:
        """Return the type of the field's column; None when the field has no column of its own."""
        raise NotImplementedError

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        """Return the marshmallow field between the API form and the stored form.

        `options` are marshmallow's own (required, allow_none, load_default, metadata).
        """
        raise NotImplementedError

    def filter_schema(self, field: Field) -> ma.fields.Field[Any]:
        """Return what understands a value to look for: also one that only the engine writes."""
        return self.schema(field)

    def expression_type(self, field: Field) -> types.Type:
        """Return what the value is inside expressions."""
        raise NotImplementedError

    def dump(self, field: Field) -> Callable[[Any], Any] | None:
        """Return the function from the stored to the API form of a value that is not null.

        None means that both are the same and orjson writes it, which is the fastest.
        """
        return None

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        """Return a stored value as people see it; `EMPTY` for null."""
        return EMPTY if value is None else Cell(str(value))

    def input(self, field: Field) -> Input:
        """Return the control that edits the value."""
        raise NotImplementedError

    def to_text(self, value: Any, field: Field) -> str:
        """Return a stored value as the text of a form control or of an exported cell."""
        if value is None:
            return ""
        dump = self.dump(field)
        return str(value if dump is None else dump(value))

    def form_text(self, value: Any, field: Field, viewer: Viewer) -> str:
        """Return a stored value as the text its form control holds for a viewer.

        Only a moment differs from `to_text`: its control shows the viewer's local time.
        """
        return self.to_text(value, field)

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        """Return the API value that a form control's or an imported cell's text means.

        An empty text is null. What cannot be understood is returned as it is: the schema words
        the refusal. `viewer` is who typed it: a time without offset is in their zone.
        """
        return text if text.strip() else None

    def beginnings(self, text: str, field: Field) -> tuple[str, ...]:
        """Return how stored values may begin that a person means by the text they look for.

        Always as many for one type, equal ones included, so that a search keeps its statement.
        """
        return (text, text.lower(), text.upper(), text.title())

    def within(self, text: str) -> str:
        """Return a text that is looked for anywhere as it would stand inside a stored value.

        A type that is stored otherwise than people write it says so; the others keep the text.
        """
        return text

    def whole(self, text: str, field: Field) -> Any:
        """Return the stored value that a text in a search box is as a whole; None if it is none.

        Only a type whose values are told from other texts by their form says so.
        """
        return None

    def nobody(self, field: Field, mark: str) -> Any:
        """Return the API value of a required field whose person was erased; None if there is none.

        `mark` is a text of the record's own, where the value must differ from that of all others.
        """
        return None

    def json_schema(self, field: Field) -> dict[str, Any]:
        """Return the JSON Schema of the API form, for OpenAPI."""
        return {"type": "string"}
