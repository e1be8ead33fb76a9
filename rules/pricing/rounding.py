"""Shares of whole amounts: a fraction of smallest units becomes a whole number once, here."""

from __future__ import annotations

from fractions import Fraction


def half_up(numerator: int, denominator: int) -> int:
    """Return a quotient of non-negative numbers rounded, a half upwards."""
    return (2 * numerator + denominator) // (2 * denominator)


def half_down(numerator: int, denominator: int) -> int:
    """Return a quotient of non-negative numbers rounded, a half downwards."""
    return -((denominator - 2 * numerator) // (2 * denominator))


def down(numerator: int, denominator: int) -> int:
    """Return a quotient without its fraction."""
    return numerator // denominator


WAYS = {"half_up": half_up, "half_down": half_down, "down": down}


def share(amount: int, part: Fraction, way: str = "half_up") -> int:
    """Return a part of an amount as a whole number."""
    return WAYS[way](amount * part.numerator, part.denominator)
