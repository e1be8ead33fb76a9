"""What a scalar's text means: text as written in, a strict value out; and places inside a text.

YAML 1.1 guesses: `no` is false, `0123` is 83, `12:30` is 750, `1_000` is 1000. Here a word is a
text unless it is exactly a whole number, a decimal, `true`, `false`, `null` or `~`.
"""

from __future__ import annotations

import re
from decimal import Decimal

MOST_DIGITS = 38
"""What both databases can hold exactly."""

INTEGER = re.compile(r"-?(0|[1-9][0-9]*)\Z")
DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+\Z")
WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None}

UNREADABLE = re.compile(
    "[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
    "|[\u2028\u2029\ufeff\u200b\u202a-\u202e\u2066-\u2069\ufff0-\ufffb]"
)
"""Control characters, unpaired surrogates, line breaks only YAML knows, a byte order mark inside
the text, and invisible ones that make a name look like another (direction, zero width)."""

_ESCAPE = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL)


class TooLong(ValueError):
    """A number with more digits than any database holds."""


def value_of(word: str) -> str | int | Decimal | bool | None:
    """Return what an unquoted word stands for; raise TooLong for an absurd number."""
    if word in WORDS:
        return WORDS[word]
    whole = INTEGER.match(word)
    if whole is None and DECIMAL.match(word) is None:
        return word
    if sum(letter.isdigit() for letter in word) > MOST_DIGITS:
        raise TooLong(word)
    return Decimal(word) if whole is None else int(word)


def offsets(value: str, written: str) -> list[tuple[int, int]]:
    """Return for each character of `value` where it begins and ends in `written`.

    `written` is the scalar as it stands in the file: with quotes, escapes, `|` or `>` and folded
    lines. An error inside an expression is shown at the right column with this. All that is not
    blank stands there in the same order, so the two are walked side by side.
    """
    quote = written[:1] if written[:1] in ("'", '"') else ""
    block = written[:1] in ("|", ">")
    at = written.find("\n") + 1 if block else len(quote)
    places: list[tuple[int, int]] = []
    for letter in value:
        if not letter.isspace():
            at = _skip_blank(written, at)
        elif quote == '"':
            at = _skip_continued(written, at)
        end = _after(letter, written, at, quote)
        places.append((min(at, len(written)), min(end, len(written))))
        at = end
    return places


def _skip_blank(written: str, at: int) -> int:
    while at < len(written) and (written[at].isspace() or written.startswith("\\\n", at)):
        at += 1
    return at


def _skip_continued(written: str, at: int) -> int:
    """Pass over line ends that a backslash takes out of a quoted text, with the next indent."""
    while written.startswith("\\\n", at):
        at += 2
        while written[at : at + 1] in (" ", "\t"):
            at += 1
    return at


def _after(letter: str, written: str, at: int, quote: str) -> int:
    """Return where the next character begins: escapes are several, a folded line break is one."""
    escape = _ESCAPE.match(written, at) if quote == '"' else None
    if escape is not None:
        return escape.end()
    if quote == "'" and written.startswith("''", at):
        return at + 2
    if not letter.isspace():
        return at + 1
    end = _skip_blank(written, at)
    if "\n" in written[at:end]:
        return end
    return min(at + 1, end)
