"""Finding a value in a text again where the audit keeps no more of it than a mask and a mark.

Comes in: what the audit kept of a personal value that a record no longer holds, and texts written
about that record. Goes out: the places where the value itself stands in them. The mask says how a
guess begins and ends, and the mark proves it: the same HMAC comes of no other text. What was no
text, such as an address, and what was marked under an earlier key is not found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rules.masks import STARS

LONGEST = 64
"""Characters of a value that is looked for."""
SHORTEST = {True: 4, False: 2}
"""Characters of one, in ASCII and else."""
HOME = "+86"
"""What a mask of a phone leaves out, and people too."""


@dataclass(frozen=True)
class Former:
    """A value that was: its mask, its mark, and what marks a guess."""

    masked: str
    mark: str
    mark_of: Callable[[str], str]

    def without(self, text: str, blank: str) -> str:
        """Return a text without the value."""
        for found in self._found(text):
            text = text.replace(found, blank)
        return text

    def _found(self, text: str) -> Iterator[str]:
        start, stars, end = self.masked.partition(STARS)
        if not stars or not (start or end):
            return
        for at in range(len(text)):
            if not text.startswith((start, HOME + start), at) or _is_inside(text, at):
                continue
            shortest = SHORTEST[text[at].isascii()]
            for stop in range(at + shortest, min(len(text), at + LONGEST) + 1):
                guess = text[at:stop]
                if guess.endswith(end) and not _is_inside(text, stop) and self._is(guess):
                    yield guess
                    return

    def _is(self, guess: str) -> bool:
        return self.mark in (self.mark_of(guess), self.mark_of(HOME + guess))


def _is_inside(text: str, at: int) -> bool:
    """Return whether a place lies inside a word of letters and digits."""
    around = text[at - 1 : at + 1] if at else ""
    return len(around) == 2 and around.isascii() and around.isalnum()
