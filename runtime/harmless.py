"""Texts a spreadsheet would run as a formula: made harmless on the way out, as meant on the way in.

In and out: the text of one cell. An apostrophe before it keeps a spreadsheet from running it, and
what comes back with ours in front is read without it, so a file of ours imports as it was.
"""

from __future__ import annotations

import re

# the same for PostgreSQL, as they stand inside E'…'
FORMULA_SQL = r"^([=@\t\r＝＠]|[+\\-＋－](?![0-9 ()-]*$))"
MAYBE_FORMULA = r'[",\r\n]|^[=@\t+\\-＝＠＋－]'

_FORMULA = re.compile(r"[=@\t\r＝＠]|[+\-＋－](?![0-9 ()-]*\Z)")


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula; a number or a phone stays as it is."""
    return f"'{text}" if _FORMULA.match(text) else text


def as_meant(text: str) -> str:
    """Return what a text was before `harmless`."""
    return text[1:] if text[:1] == "'" and _FORMULA.match(text[1:]) else text
