"""Digits and signs of numbers as an input method of Chinese or Japanese writes them, full-width."""

from __future__ import annotations

_WIDE = "０１２３４５６７８９．，－／：％"
_PLAIN = str.maketrans(_WIDE, "0123456789.,-/:%")


def ascii_digits(text: str) -> str:
    """Return a number or a day that a person typed with ordinary digits and signs."""
    return text if text.isascii() else text.translate(_PLAIN)
