"""The name an author probably meant: a written word and the known names in, the nearest name out.

Four looks, the surest first: the same name in another dress (case, `-` for `_`, words in another
order), the same sound (`f` for `ph`), the beginning of exactly one name, and a few slips of the
finger (letters left out, added, changed or swapped). Nothing is suggested rather than something
far-fetched.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

LONGEST = 60
"""Longer words are not compared letter by letter; no name we know is that long."""


def closest(written: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `written`, or None when none is near."""
    names = sorted(set(known) - {written})
    dressed = _plain(written)
    if not dressed or len(written) > LONGEST:
        return None
    for name in names:
        if _plain(name) == dressed or _words(name) == _words(written):
            return name
    alike = [name for name in names if _sound(_plain(name)) == _sound(dressed)]
    if len(alike) == 1:
        return alike[0]
    begun = [name for name in names if len(dressed) >= 3 and _plain(name).startswith(dressed)]
    if len(begun) == 1:
        return begun[0]
    return _fewest_slips(dressed, names)


def _plain(name: str) -> str:
    return name.strip().casefold().replace("-", "_").replace(" ", "_")


def _sound(plain: str) -> str:
    return plain.replace("ph", "f")


def _words(name: str) -> list[str]:
    return sorted(_plain(name).split("_"))


def _fewest_slips(dressed: str, names: list[str]) -> str | None:
    allowed = max(1, (len(dressed) + 1) // 3)
    ranked: list[tuple[int, float, str]] = []
    for name in names:
        other = _plain(name)
        if abs(len(other) - len(dressed)) > allowed:
            continue
        slips = _slips(dressed, other)
        if slips <= allowed and slips < max(len(dressed), len(other)):
            ranked.append((slips, -SequenceMatcher(None, dressed, other).ratio(), name))
    return min(ranked)[2] if ranked else None


def _slips(one: str, other: str) -> int:
    """Count letters added, dropped, changed or swapped with a neighbor (optimal alignment)."""
    older: list[int] = []
    previous = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        current = [row]
        for column, against in enumerate(other, start=1):
            cost = min(
                previous[column] + 1,
                current[column - 1] + 1,
                previous[column - 1] + (letter != against),
            )
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == against:
                cost = min(cost, older[column - 2] + 1)
            current.append(cost)
        older, previous = previous, current
    return previous[-1]
