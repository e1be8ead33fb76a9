"""`matched`: `include` and `exclude` of goods name goods, those of deliveries name deliveries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.lints import Finding, Lint, Offered
from generator.model.pricing import Promotion as Written
from generator.saying import say
from rules.lints import Path, matches
from rules.pricing.promotion import SHIPPING

METHODS = "methods"
KEYS = ("include", "exclude")


class Matched(Lint):
    def find(self, offered: Offered) -> Iterator[Finding]:
        for one in offered.promotions:
            delivers = [_delivers(offered, action) for action in one.written["then"]]
            for path, holder in matches(one):
                of_goods, of_deliveries = _speaks_of(path, delivers)
                for key in KEYS:
                    for name in holder.get(key) or {}:
                        if not (of_deliveries if name == METHODS else of_goods):
                            yield _finding(one, (*path, key, name), name)


def _delivers(offered: Offered, action: Mapping[str, Any]) -> bool:
    kind = offered.actions.words.get(str(action.get("type")))
    if kind is None:
        return False
    usual = {name: arg.default for name, arg in kind.args.items()}
    return bool(kind.lane({**usual, **action}) == SHIPPING)


def _speaks_of(path: Path, delivers: list[bool]) -> tuple[bool, bool]:
    """Return whether a place speaks of goods, and whether of deliveries."""
    match path:
        case ():
            return not all(delivers), any(delivers)
        case ("then", int(at)):
            return not delivers[at], delivers[at]
        case _:
            return True, False


def _finding(one: Written, path: Path, name: str) -> Finding:
    if name == METHODS:
        message = say("Nothing here speaks of deliveries.")
        hint = say("Write a condition of type method in `when`, or leave this out.")
    else:
        message = say("This is about deliveries, which are not told apart by goods.")
        hint = say("Write a condition of type contains in `when`, or leave this out.")
    return Finding("D821", one.name, path, message, hint, "error")
