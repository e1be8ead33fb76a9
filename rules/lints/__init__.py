"""Words for what is warned of before a promotion goes live. One lint, one file.

What comes in are promotions as they are written and the shop's vocabulary; what goes out names the
key to blame. A lint says only what is certain from the definitions alone: it looks at no record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from generator.lints import Offered
from generator.model.pricing import Promotion as Written
from rules.pricing.amounts import Amount
from rules.pricing.arguments import Fault
from rules.pricing.gates import LIVE
from rules.pricing.offered import currencies_of, lanes_of
from rules.pricing.promotion import Promotion
from rules.pricing.reading import read_promotion

STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
Path = tuple[str | int, ...]


def read(offered: Offered, one: Written) -> tuple[Promotion | None, tuple[Fault, ...]]:
    """Return a promotion ready to price with, or its faults."""
    words = (offered.conditions, offered.actions)
    pricing = offered.pricing
    return read_promotion(one.written, currencies_of(pricing), lanes_of(pricing), words)


def live(offered: Offered) -> Iterator[tuple[Written, Promotion]]:
    """Yield the promotions that can take effect and have no faults, as written and as read."""
    for one in offered.promotions:
        found, _ = read(offered, one)
        if found is not None and found.status in LIVE:
            yield one, found


def path_of(text: str) -> Path:
    """Return `then[0].steps[1]` as the steps it is made of."""
    return tuple(name or int(number) for name, number in STEP.findall(text))


def amount(offered: Offered, written: Any) -> Amount:
    """Return an amount that was read without a fault before."""
    return currencies_of(offered.pricing).read(written)


def actions(one: Written, word: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the actions of a promotion that are of a word, with their places."""
    for at, action in enumerate(one.written["then"]):
        if action["type"] == word:
            yield at, action


def conditions(written: Any, path: Path = ("when",)) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield every condition, those inside others too, each with where it stands."""
    for at, condition in enumerate(written or ()):
        here = (*path, at)
        yield here, condition
        inner = condition.get("of")
        if isinstance(inner, Mapping):
            yield (*here, "of"), inner
            yield from conditions(inner.get("of") if _holds(inner) else (), (*here, "of", "of"))
        elif isinstance(inner, Sequence) and not isinstance(inner, str):
            yield from conditions(inner, (*here, "of"))


def _holds(condition: Mapping[str, Any]) -> bool:
    return isinstance(condition.get("of"), Sequence)


def matches(one: Written) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield every mapping of a promotion that may hold `include` and `exclude`."""
    yield (), one.written
    yield from conditions(one.written.get("when"))
    for at, action in enumerate(one.written["then"]):
        yield ("then", at), action
        for key in ("buy", "get"):
            if isinstance(action.get(key), Mapping):
                yield ("then", at, key), action[key]


def together(first: Promotion, other: Promotion) -> bool:
    """Return whether there is a moment in the windows of both."""
    a, b = first.window, other.window
    return not (
        (a.until is not None and b.begins is not None and a.until <= b.begins)
        or (b.until is not None and a.begins is not None and b.until <= a.begins)
    )
