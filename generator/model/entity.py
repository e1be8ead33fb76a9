"""An entity: what a record is made of, what must hold for it, and how its screens are laid out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from generator.model.pricing import Offering
from generator.model.privacy import Privacy
from generator.model.text import Label, Span

if TYPE_CHECKING:
    from generator.expressions.compile import Expression

FILES = frozenset({"file", "image"})
"""Types of fields that hold what somebody uploaded."""
THIS = "this"
"""What a `pick` calls the record that points."""


@dataclass(frozen=True)
class Field:
    """One field of an entity."""

    name: str
    type: str
    """The word after `type:`; its class is in the catalog `field_types`."""
    entity: str
    label: Label
    span: Span
    args: Mapping[str, Any]
    """The arguments of the word, with their defaults."""
    required: bool = False
    unique: bool = False
    index: bool = False
    default: Any = None
    """A value as a program would send it over REST, or None."""
    default_expression: Expression | None = None
    immutable: bool = False
    """May be set on create and never changes after."""
    readonly: bool = False
    """Set by the engine only: never in a form, refused in a payload."""
    visible: Expression | None = None
    """The field is asked while this holds, and empty while it does not."""
    required_when: Expression | None = None
    """No record is saved without a value while this holds (`required:` as a condition)."""
    readonly_when: Expression | None = None
    """The value cannot be set or changed while this holds (`readonly:` in YAML)."""
    help: Label | None = None
    placeholder: Label | None = None
    sensitivity: str = "public"
    """public, internal, personal, sensitive or secret (`class:` in YAML)."""
    computed: Expression | None = None
    stored: bool = False
    """A computed field kept in a column, written with every change of what it depends on."""
    pick: Expression | None = None
    """A condition on the records a reference may point at; `this` is the one that points."""
    bulk_edit: bool = False
    renamed_from: str | None = None
    mask: str = "full"
    """How it is masked where nobody says otherwise: the mask of its type."""
    declassified: str = ""
    """Why a formula is less sensitive than what it reads; empty when it is not."""

    @cached_property
    def target(self) -> str:
        """The entity a relation leads to; empty for a plain field."""
        return str(self.args.get("to") or self.args.get("of") or "")

    @property
    def is_conditional(self) -> bool:
        """Whether what may be written into it depends on other fields."""
        return bool(self.visible or self.required_when or self.readonly_when)

    @cached_property
    def picks_by(self) -> tuple[str, ...]:
        """The fields of its own record that narrow what it may point at."""
        paths = self.pick.context if self.pick is not None else ()
        return tuple(path[1] for path in paths if path[0] == THIS)


@dataclass(frozen=True)
class Check:
    """A condition every record must fulfil when it is saved."""

    that: Expression
    code: str
    message: Label
    field: str | None
    span: Span


@dataclass(frozen=True)
class View:
    """A saved view of a list: a tab."""

    name: str
    label: Label
    where: Expression | None
    sort: tuple[str, ...]
    columns: tuple[str, ...]
    span: Span


@dataclass(frozen=True)
class Layout:
    """Another way to lay a list out."""

    name: str
    """board, calendar, gallery, tree or cards."""
    field: str
    """The field it is made by; empty for cards."""
    span: Span


@dataclass(frozen=True)
class ListScreen:
    """How the list of an entity is laid out; a path is names joined by dots."""

    columns: tuple[str, ...]
    search: tuple[str, ...]
    filters: tuple[str, ...]
    sort: tuple[str, ...]
    """Paths, `-` in front for descending."""
    views: tuple[View, ...]
    bulk: tuple[str, ...]
    page_size: int
    layouts: tuple[Layout, ...] = ()
    sums: tuple[str, ...] = ()
    """Numbers that are added up where these records stand below another one."""


@dataclass(frozen=True)
class Section:
    """A card on a detail page or a group of a form."""

    name: str
    label: Label
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Panel:
    """A card on a detail page that the shop draws itself."""

    name: str
    label: Label
    file: str
    """A template in the folder `templates/panels` beside `app.yaml`."""
    fields: tuple[str, ...]
    """The paths it shows, beside those the page shows anyway."""
    side: bool
    """In the narrow column."""


@dataclass(frozen=True)
class DetailScreen:
    """How one record is shown."""

    facts: tuple[str, ...]
    badges: tuple[str, ...]
    sections: tuple[Section, ...]
    tabs: tuple[str, ...]
    """Children, many-to-many fields, `ENTITY.FIELD` of records that point here, or `history`."""
    side: tuple[str, ...]
    panels: tuple[Panel, ...] = ()


@dataclass(frozen=True)
class FormScreen:
    """How one record is edited."""

    groups: tuple[Section, ...]
    side: tuple[str, ...]


@dataclass(frozen=True)
class PrintLabel:
    """A small sheet of its own for each record: what sticks on a parcel or stands on a shelf."""

    name: str
    label: Label
    width: int
    """Millimetres, as is the height."""
    height: int
    lines: tuple[str, ...]
    """Paths to what it says, the first one large."""
    barcode: str
    """The path to the value drawn as bars; empty without."""
    qr: str
    """The path to the value drawn as a square code; empty without."""
    span: Span


@dataclass(frozen=True)
class Entity:
    """A record type."""

    name: str
    label: Label
    plural: Label
    module: str
    icon: str
    span: Span
    fields: Mapping[str, Field]
    """In the order of the file; the built-in fields (id, version …) stand at the end."""
    title: str
    """A template of paths in braces, such as `{number}` or `{code} · {name}`."""
    key: tuple[str, ...]
    """The natural key: what an import matches a record by."""
    unique: tuple[tuple[str, ...], ...]
    indexes: tuple[tuple[str, ...], ...]
    checks: tuple[Check, ...]
    list: ListScreen
    detail: DetailScreen
    form: FormScreen
    help: Label | None = None
    child_of: str = ""
    """The entity this one is a part of: its records are edited and saved with their parent."""
    archive: bool = True
    """Deleting hides the record and can be undone; false removes the row."""
    renamed_from: str | None = None
    menu: bool = True
    print_labels: tuple[PrintLabel, ...] = ()
    ledger: str = ""
    """The ledger whose records these are: nobody writes them, entries are posted."""
    promotion: Offering | None = None
    """How its records are promotions; None for all other records."""
    privacy: Privacy | None = None
    """Whose data its records are; None where nobody is to be told apart."""

    @property
    def table(self) -> str:
        """The name of its table."""
        return self.name

    @property
    def newest_by(self) -> str:
        """The column that has an index and by which what people touched last comes first.

        A post changes a balance: were its `updated_at` in an index, every post would write into
        each index of the balance; where none of them changes, PostgreSQL writes into none (HOT).
        """
        return "created_at" if self.ledger else "updated_at"

    @cached_property
    def title_paths(self) -> tuple[str, ...]:
        """The paths its title is made of."""
        return tuple(part.partition("}")[0] for part in self.title.split("{")[1:])
