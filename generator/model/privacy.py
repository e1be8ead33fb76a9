"""Whose data records are, and what becomes of it when a person's data is erased."""

from __future__ import annotations

from dataclasses import dataclass

from generator.model.text import Label, Span

ABOUT_PEOPLE = ("personal", "sensitive", "secret")
"""Classes of fields that say something about people, the least first."""

FIELDS, RECORD = "fields", "record"
ERASING = (FIELDS, RECORD)
"""What is erased: the values of fields, or the whole record."""


@dataclass(frozen=True)
class Keep:
    """What the law wants kept, and until when."""

    years: int
    since: str
    """The date or datetime field from which the years count (`from:` in YAML)."""
    because: Label
    fields: tuple[str, ...]
    """Only these are kept; all where none is named."""
    span: Span


@dataclass(frozen=True)
class Privacy:
    """Whose data the records of an entity are."""

    about: tuple[str, ...]
    """The references that lead to the person; none where the record is the person."""
    span: Span
    also: tuple[str, ...] = ()
    """Fields of no personal class that are erased too."""
    erase: str = FIELDS
    """One of `ERASING`."""
    wait: tuple[str, ...] = ()
    """Workflows: nothing of the person is erased while a record stands in a state not closed."""
    keep: Keep | None = None
