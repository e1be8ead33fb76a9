"""`overlaps`: two prices of their own for one item at one time; only the lower one would count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from generator.lints import Finding, Lint, Offered
from generator.saying import say
from rules.lints import actions, live, together


class Overlaps(Lint):
    def find(self, offered: Offered) -> Iterator[Finding]:
        priced = [
            (one, promotion, at, _items(one.written, action))
            for one, promotion in live(offered)
            for at, action in actions(one, "fixed_price")
        ]
        for (one, first, _, items), (other, second, at, others) in combinations(priced, 2):
            both = items & others
            if both and one is not other and together(first, second):
                message = say(
                    "'{other}' has a price of its own for {item}, too.",
                    other=one.name,
                    item=", ".join(sorted(both)[:3]),
                )
                hint = say("Let one end before the other begins, or take the item out of one.")
                yield Finding("D812", other.name, ("then", at), message, hint)


def _items(written: Mapping[str, Any], action: Mapping[str, Any]) -> frozenset[str]:
    include = action.get("include") or written.get("include") or {}
    exclude = action.get("exclude") or written.get("exclude") or {}
    return frozenset(include.get("items") or ()) - frozenset(exclude.get("items") or ())
