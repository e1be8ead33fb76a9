"""Whose data records are."""

from __future__ import annotations

from dataclasses import dataclass

from generator.model.text import Span

ABOUT_PEOPLE = ("personal", "sensitive", "secret")
"""Classes of fields that say something about people, the least first."""


@dataclass(frozen=True)
class Privacy:
    """Whose data the records of an entity are."""

    about: tuple[str, ...]
    """The references that lead to the person; none where the record is the person."""
    span: Span
