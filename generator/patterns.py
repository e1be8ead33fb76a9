r"""Regular expressions of authors: whether one can be read, and whether it can be run safely.

Comes in: a pattern. Goes out: why it is refused, or nothing. Python's engine tries every way in
which a text could match; a pattern such as `(a+)+` has exponentially many, so thirty characters
from a stranger would stop a worker. Two shapes cause it and are refused: inside a repeated part,
something repeated (or a choice) that can swallow what separates one round from the next; and three
repeated parts in a row that take the same characters. `[a-z]+(-[a-z]+)*` is neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from re import _constants as sign  # type: ignore[attr-defined]  # the only names of its opcodes
from re import _parser as grammar  # type: ignore[attr-defined]  # the only parse tree there is
from typing import Any

from generator.saying import say

ALPHABET = frozenset(map(chr, range(32, 127))) | frozenset("\té中")
"""The characters by which two parts of a pattern are compared: ASCII and two that are not."""
MANY = 10
"""So many rounds count as endless."""
IN_A_ROW = 3
"""So many endless parts of the same characters are too slow for a thousand characters."""

Letters = frozenset[str]


def why_not(pattern: str) -> str:
    """Return why a pattern is refused, in words that follow its quotation; '' when it is good."""
    try:
        re.compile(pattern)
        tree = grammar.parse(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return say("is no regular expression: {error}", error=error)
    if _is_slow(list(tree)):
        return "can take for ever: a repeated part can match the same text in many ways"
    return ""


def _is_slow(items: list[Any]) -> bool:
    if _in_a_row(items) >= IN_A_ROW:
        return True
    for op, value in items:
        if op in _REPEATS and _is_endless(value):
            body = list(value[2])
            if _ambiguous(body):
                return True
        if any(_is_slow(part) for part in _inside(op, value)):
            return True
    return False


def _ambiguous(body: list[Any]) -> bool:
    """Say whether rounds of a repeated body can be divided in more than one way."""
    flat = list(_flat(body))
    for place, (op, value) in enumerate(flat):
        if op is sign.BRANCH and _overlap([list(branch) for branch in value[1]]):
            return True
        if _varies(op, value):
            inner = _letters([(op, value)])
            rest = [one for other, one in enumerate(flat) if other != place]
            if not any(_must(one) and not _letters([one]) & inner for one in rest):
                return True
    return False


def _overlap(branches: list[list[Any]]) -> bool:
    """Say whether two branches can begin alike, or both be empty."""
    seen: Letters = frozenset()
    empty = 0
    for branch in branches:
        first = _first(branch)
        empty += not any(_must(item) for item in branch)
        if first & seen or empty > 1:
            return True
        seen |= first
    return False


def _in_a_row(items: list[Any]) -> int:
    """Return how many endless parts of the same characters follow each other, at most."""
    most, count = 0, 0
    shared: Letters = ALPHABET
    for op, value in _flat(items):
        if op in _REPEATS and _is_endless(value):
            letters = _letters(list(value[2]))
            count, shared = (count + 1, shared & letters) if shared & letters else (1, letters)
        elif _must((op, value)) and not _letters([(op, value)]) & shared:
            count, shared = 0, ALPHABET
        most = max(most, count)
    return most


_REPEATS = (sign.MAX_REPEAT, sign.MIN_REPEAT)


def _is_endless(value: Any) -> bool:
    return bool(value[1] >= MANY)


def _varies(op: Any, value: Any) -> bool:
    """Say whether a part takes now fewer, now more characters."""
    if op is sign.BRANCH:
        return not all(any(_must(item) for item in branch) for branch in value[1])
    return op in _REPEATS and bool(value[0] != value[1])


def _flat(items: list[Any]) -> Iterator[Any]:
    """Yield the parts of a sequence, groups opened."""
    for op, value in items:
        if op is sign.SUBPATTERN:
            yield from _flat(list(value[3]))
        elif op is sign.ATOMIC_GROUP if hasattr(sign, "ATOMIC_GROUP") else False:
            yield from _flat(list(value))
        else:
            yield op, value


def _inside(op: Any, value: Any) -> Iterator[list[Any]]:
    if op in _REPEATS:
        yield list(value[2])
    elif op is sign.SUBPATTERN:
        yield list(value[3])
    elif op is sign.BRANCH:
        yield from (list(branch) for branch in value[1])
    elif op in (sign.ASSERT, sign.ASSERT_NOT):
        yield list(value[1])


def _must(item: Any) -> bool:
    """Say whether a part takes at least one character whatever the text."""
    op, value = item
    if op in _REPEATS:
        return bool(value[0] > 0) and any(_must(one) for one in value[2])
    if op is sign.SUBPATTERN:
        return any(_must(one) for one in value[3])
    if op is sign.BRANCH:
        return all(any(_must(one) for one in branch) for branch in value[1])
    return op in (sign.LITERAL, sign.NOT_LITERAL, sign.IN, sign.ANY)


def _first(items: list[Any]) -> Letters:
    """Return the characters a sequence may begin with."""
    found: Letters = frozenset()
    for item in items:
        op, value = item
        parts = list(_inside(op, value)) if op is not sign.ASSERT_NOT else []
        heads = [_first(part) for part in parts] if parts else [_letters([item])]
        found = found.union(*heads)
        if _must(item):
            break
    return found


def _letters(items: list[Any]) -> Letters:
    """Return the characters that parts may take, anywhere in them."""
    found: Letters = frozenset()
    for op, value in items:
        if op is sign.LITERAL:
            found |= {chr(value)}
        elif op is sign.NOT_LITERAL:
            found |= ALPHABET - {chr(value)}
        elif op is sign.ANY:
            found |= ALPHABET
        elif op is sign.IN:
            found |= _class(value)
        elif op is sign.GROUPREF:
            found |= ALPHABET
        for part in _inside(op, value):
            found |= _letters(part)
    return found


def _class(parts: Any) -> Letters:
    """Return the characters of `[…]`."""
    found: Letters = frozenset()
    negated = False
    for op, value in parts:
        if op is sign.NEGATE:
            negated = True
        elif op is sign.LITERAL:
            found |= {chr(value)}
        elif op is sign.RANGE:
            found |= {letter for letter in ALPHABET if value[0] <= ord(letter) <= value[1]}
        elif op is sign.CATEGORY:
            found |= {letter for letter in ALPHABET if _CATEGORIES[value].match(letter)}
    return ALPHABET - found if negated else found


_CATEGORIES = {
    sign.CATEGORY_DIGIT: re.compile(r"\d"),
    sign.CATEGORY_NOT_DIGIT: re.compile(r"\D"),
    sign.CATEGORY_SPACE: re.compile(r"\s"),
    sign.CATEGORY_NOT_SPACE: re.compile(r"\S"),
    sign.CATEGORY_WORD: re.compile(r"\w"),
    sign.CATEGORY_NOT_WORD: re.compile(r"\W"),
}
