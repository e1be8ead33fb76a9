"""How people are called: 王芳 and Wang Fang differ in the order of names and in the greeting.

A name in Chinese characters is family name first, without a space, and is used whole even by close
colleagues; a name in other letters is given name first, and a colleague uses the given name.
"""

from __future__ import annotations

import re

CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff·]+")
LONGEST_CHINESE = 3
"""Characters of a name; what is longer is a post."""


def full_name(first: str, last: str, username: str) -> str:
    """Return somebody's name in its own order; what they sign in with when they have none."""
    first, last = first.strip(), last.strip()
    if not first and not last:
        return username
    if is_chinese(first + last):
        return last + first
    return f"{first} {last}".strip()


def short_name(first: str, last: str, username: str) -> str:
    """Return what a colleague says: the given name, or a Chinese name whole."""
    if is_chinese(first.strip() + last.strip()):
        return full_name(first, last, username)
    return first.strip() or full_name(first, last, username)


def is_chinese(name: str) -> bool:
    """Return whether a name is written in Chinese characters alone."""
    return bool(name) and CHINESE.fullmatch(name) is not None


def initials(name: str) -> str:
    """Return one or two characters for a small round picture: AL, or 芳 of 王芳."""
    parts = [part for part in re.split(r"[\s.]+", name) if part]
    if not parts:
        return "?"
    if is_chinese(parts[0]):
        # a given name is called by its last character, a post by its first
        return parts[0][-1 if len(parts[0]) <= LONGEST_CHINESE else 0]
    return (parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")).upper()
