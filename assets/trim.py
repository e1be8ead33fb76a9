"""Leave out of a style sheet the rules that no page can use; a list sends half as many bytes.

In: a style sheet as npm brings it, and every word that our templates and scripts contain. Out: the
same sheet without the selectors that need a class nobody writes. A word is enough to keep a class,
wherever it stands, so that a class put together from a condition is found too; what cannot be
found is a name put together from halves, which we do not do. Rules without a class, animations and
variables stay as they are. Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

_WORD = re.compile(r"[A-Za-z_][\w-]*")
_CLASS = re.compile(r"\.(-?[A-Za-z_](?:[\w-]|\\.)*)")
_HELD = ("@media", "@supports", "@layer", "@container")
"""Rules that hold rules."""


def words(texts: Collection[str]) -> frozenset[str]:
    """Return every word that could be the name of a class."""
    return frozenset(found for text in texts for found in _WORD.findall(text))


def classes(css: str) -> frozenset[str]:
    """Return the names of the classes that a style sheet speaks of."""
    return frozenset(found.replace("\\", "") for found in _CLASS.findall(css))


def trimmed(css: str, is_used: Callable[[str], bool]) -> str:
    """Return a style sheet without what needs a class that is not used."""
    return "".join(_rules(css, is_used))


def _rules(css: str, is_used: Callable[[str], bool]) -> Iterator[str]:
    for head, body in _blocks(css):
        if body is None:
            yield head
        elif head.lstrip().startswith(_HELD):
            inner = "".join(_rules(body, is_used))
            if inner.strip():
                yield f"{head}{{{inner}}}"
        elif head.lstrip().startswith("@"):
            yield f"{head}{{{body}}}"
        else:
            kept = [one for one in _parts(head) if _is_kept(one, is_used)]
            if kept:
                yield f"{','.join(kept)}{{{body}}}"


def _is_kept(selector: str, is_used: Callable[[str], bool]) -> bool:
    wanted = _without_not(selector)
    return all(is_used(name.replace("\\", "")) for name in _CLASS.findall(wanted))


def _blocks(css: str) -> Iterator[tuple[str, str | None]]:
    """Return each rule's head and what it holds; None for a comment or a statement."""
    start = place = 0
    while place < len(css):
        sign = css[place]
        if css.startswith("/*", place):
            end = css.index("*/", place) + 2
            yield css[start:end], None
            start = place = end
        elif sign in "\"'":
            place = _past_text(css, place)
        elif sign == ";":
            yield css[start : place + 1], None
            start = place = place + 1
        elif sign == "{":
            end = _past_block(css, place)
            yield css[start:place], css[place + 1 : end - 1]
            start = place = end
        else:
            place += 1
    if css[start:].strip():
        yield css[start:], None


def _past_block(css: str, place: int) -> int:
    depth = 0
    while True:
        sign = css[place]
        if sign in "\"'":
            place = _past_text(css, place)
            continue
        depth += {"{": 1, "}": -1}.get(sign, 0)
        place += 1
        if not depth:
            return place


def _past_text(css: str, place: int) -> int:
    quote, place = css[place], place + 1
    while css[place] != quote:
        place += 2 if css[place] == "\\" else 1
    return place + 1


def _parts(selectors: str) -> Iterator[str]:
    """Split at the commas that stand in no bracket."""
    depth = start = 0
    for place, sign in enumerate(selectors):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(sign, 0)
        if sign == "," and not depth:
            yield selectors[start:place]
            start = place + 1
    yield selectors[start:]


def _without_not(selector: str) -> str:
    """Leave out what must not be there, and what is one of several."""
    out, depth, place = [], 0, 0
    while place < len(selector):
        opened = re.match(r":(?:not|is|where|has)\(", selector[place:])
        if opened is not None and not depth:
            depth, place = 1, place + opened.end()
            continue
        if depth:
            depth += {"(": 1, ")": -1}.get(selector[place], 0)
        else:
            out.append(selector[place])
        place += 1
    return "".join(out)
