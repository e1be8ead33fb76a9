"""Whole numbers as a person writes them."""

from __future__ import annotations

from babel.numbers import format_decimal

from generator.field_types._locales import babel_locale
from runtime.web.screens.visit import Visit


def number(visit: Visit, value: int) -> str:
    """Return a whole number with the separators of the person's language."""
    return str(format_decimal(value, locale=babel_locale(visit.actor.locale)))
