"""What is kept about people, as data: each field of a class, and which roles see it in clear.

Comes in: the matrix of today, and a class that is asked for. Goes out: rows for the page, the same
rows for a file. No statement is needed: the matrix is in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from generator.model.privacy import ABOUT_PEOPLE
from rules.inventory import CLEAR, MASKED, SOME, Held, inventory
from rules.logged import MARK, VALUE, is_pointer
from rules.logged import MASKED as MASKED_VALUE
from runtime.web.people.rights_page import Choice
from runtime.web.screens.visit import Visit, plural


@dataclass(frozen=True, slots=True)
class InventoryRow:
    """A field, and who sees it; roles by their names."""

    records: str
    url: str
    """The rights to such records."""
    field: str
    kind: str
    """The class of the field, in words."""
    clear: str
    some: str
    masked: str
    revealed: str
    exported: str
    logged: str
    """What the log keeps of it, in words."""


@dataclass(frozen=True, slots=True)
class InventoryPage:
    """Everything `people/inventory.html` draws."""

    rows: tuple[InventoryRow, ...]
    classes: tuple[Choice, ...]
    query: str
    """The class that is asked for, for the addresses of the files."""


def class_text(visit: Visit, name: str) -> str:
    """Return what a class of fields is called."""
    texts = {
        "public": visit.t("public", "class"),
        "internal": visit.t("internal", "class"),
        "personal": visit.t("personal", "class"),
        "sensitive": visit.t("sensitive personal", "class"),
        "secret": visit.t("secret", "class"),
    }
    return texts[name]


def logged_text(visit: Visit, held: Held) -> str:
    """Return what the log keeps of a field, in words."""
    field = visit.app.entities[held.entity].fields[held.field]
    if held.logged == VALUE and is_pointer(field):
        return visit.t("which record or file", "log keeps")
    texts = {
        VALUE: visit.t("the value", "log keeps"),
        MASKED_VALUE: visit.t("its mask", "log keeps"),
        MARK: visit.t("that it changed", "log keeps"),
    }
    return texts[held.logged]


def inventory_page(visit: Visit, asked: str) -> InventoryPage:
    """Return the fields of one class, or of all that are about people."""
    chosen = (asked,) if asked in ABOUT_PEOPLE else ABOUT_PEOPLE
    return InventoryPage(
        rows=tuple(_row(visit, one) for one in inventory(visit.runtime.matrix, chosen)),
        classes=tuple(Choice(one, class_text(visit, one), one == asked) for one in ABOUT_PEOPLE),
        query=asked if asked in ABOUT_PEOPLE else "",
    )


def heading(visit: Visit) -> list[str]:
    """Return the heading of the table and of the file."""
    t = visit.t
    return [
        t("Records"), t("Field"), t("Class", "privacy"), t("Read in clear by"),
        t("In clear in some records by"), t("Masked for"), t("Revealed by"),
        t("Taken out in clear by"), t("The log keeps"),
    ]  # fmt: skip


def lines(page: InventoryPage) -> Iterator[Sequence[str]]:
    """Yield the rows of the file."""
    for row in page.rows:
        yield (
            row.records, row.field, row.kind, row.clear,
            row.some, row.masked, row.revealed, row.exported, row.logged,
        )  # fmt: skip


def _row(visit: Visit, held: Held) -> InventoryRow:
    entity = visit.app.entities[held.entity]

    def names(roles: Sequence[str]) -> str:
        comma = "、" if visit.chinese() else ", "
        return comma.join(visit.text(visit.app.roles[role].label) for role in roles)

    def who(sight: str) -> str:
        return names([role for role, seen in held.seen.items() if seen == sight])

    return InventoryRow(
        records=plural(visit, entity),
        url=f"/permissions/{entity.name}",
        field=visit.text(entity.fields[held.field].label),
        kind=class_text(visit, held.sensitivity),
        clear=who(CLEAR),
        some=who(SOME),
        masked=who(MASKED),
        revealed=names(held.revealed),
        exported=names(held.exported),
        logged=logged_text(visit, held),
    )
