"""`scope`: lines that a promotion speaks of and that cannot be: what is in is out again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.lints import Finding, Lint, Offered
from generator.saying import say
from rules.lints import amount, live, matches

BOUNDS = (("price_from", "price_to"), ("list_from", "list_to"))


class Scope(Lint):
    def find(self, offered: Offered) -> Iterator[Finding]:
        for one, _ in live(offered):
            for path, holder in matches(one):
                include, exclude = holder.get("include"), holder.get("exclude")
                if isinstance(include, Mapping) and (
                    _empty(include) or _gone(include, exclude) or _crossed(include, offered)
                ):
                    message = say("No line can be in here: the promotion takes nothing off.")
                    hint = say("Name an item or a label that is not excluded, and bounds that fit.")
                    yield Finding("D810", one.name, (*path, "include"), message, hint)


def _empty(include: Mapping[str, Any]) -> bool:
    """Return whether a list names nothing, which no line is in."""
    labels = include.get("labels") or {}
    return include.get("items") in ([], ()) or any(values in ([], ()) for values in labels.values())


def _gone(include: Mapping[str, Any], exclude: Any) -> bool:
    """Return whether everything that is named is excluded by the same name."""
    if not isinstance(exclude, Mapping) or len(exclude) != 1:
        return False
    if "items" in exclude and include.get("items"):
        return set(include["items"]) <= set(exclude["items"])
    outs, ins = exclude.get("labels") or {}, include.get("labels") or {}
    return len(outs) == 1 and any(
        facet in outs and values and set(values) <= set(outs[facet])
        for facet, values in ins.items()
    )


def _crossed(include: Mapping[str, Any], offered: Offered) -> bool:
    home = offered.pricing.home
    for low, high in BOUNDS:
        if low in include and high in include:
            least = amount(offered, include[low]).values.get(home, 0)
            if least > amount(offered, include[high]).values.get(home, least):
                return True
    return False
