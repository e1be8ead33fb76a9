"""`Wish`: what shall be in a file, as a request and as the small JSON that a run or a row keeps.

In: what somebody ticked, or a payload. Out: a frozen value. A list is kept as its own address, not
as what it meant on one day: "this month" is another month when it is asked again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

FOR_PROGRAMS = ("jsonl", "parquet")
"""Formats whose columns are called as the fields are, and whose values are those of the API."""


@dataclass(frozen=True)
class Wish:
    """What shall be in a file."""

    entity: str
    columns: tuple[str, ...]
    """Paths, those of references and of parts too, in their order."""
    form: str
    """One of `spreadsheets.FORMATS`."""
    listed: str = ""
    """The query string of the list."""
    query: Mapping[str, tuple[str, ...]] | None = None
    """What the pipeline is asked, where no list was looked at or some rows were chosen."""
    plain: bool = False
    """Columns are called as the fields are, whatever the format."""
    name: str = ""
    """What the saved export is called; empty for one that was not saved."""
    label: str = ""
    """The label that is printed in place of a document, of a wish for paper."""

    @property
    def by_fields(self) -> bool:
        """Whether the file is for a program: fields for headings, values of the API."""
        return self.plain or self.form in FOR_PROGRAMS

    def told(self) -> dict[str, Any]:
        """Return it as JSON."""
        told: dict[str, Any] = {
            "columns": list(self.columns),
            "form": self.form,
            "listed": self.listed,
            "plain": self.plain,
            "name": self.name,
            **({"label": self.label} if self.label else {}),
        }
        if self.query is not None:
            told["query"] = {name: list(texts) for name, texts in self.query.items()}
        return told

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The query string of the list as pairs."""
        return parse_qsl(self.listed)


@dataclass(frozen=True)
class Schedule:
    """When a saved export is sent, and to whom."""

    cron: str
    zone: str
    roles: tuple[str, ...] = ()
    people: tuple[int, ...] = field(default=())


def wish_of(entity: str, told: Mapping[str, Any]) -> Wish:
    """Return the wish that JSON tells."""
    query = told.get("query")
    return Wish(
        entity,
        tuple(told["columns"]),
        str(told["form"]),
        str(told.get("listed", "")),
        None if query is None else {name: tuple(texts) for name, texts in query.items()},
        told.get("plain") is True,
        str(told.get("name", "")),
        str(told.get("label", "")),
    )
