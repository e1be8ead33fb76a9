"""`exchange`: units that count as bought and are given away, too: `reserve_bought: false`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.lints import Finding, Lint, Offered
from generator.saying import say
from rules.lints import actions, live


class Exchange(Lint):
    def find(self, offered: Offered) -> Iterator[Finding]:
        for one, _ in live(offered):
            for at, action in actions(one, "buy_get"):
                if action.get("reserve_bought", True) or _apart(action["buy"], action["get"]):
                    continue
                message = say("A unit that was bought can be given away in the same exchange.")
                hint = say("Remove `reserve_bought: false`, or give only what is not bought.")
                yield Finding("D811", one.name, ("then", at, "reserve_bought"), message, hint)


def _apart(buy: Mapping[str, Any], get: Mapping[str, Any]) -> bool:
    """Return whether no item can be in both, as far as names tell."""
    first, second = buy.get("include") or {}, get.get("include") or {}
    return bool(
        first.get("items")
        and second.get("items")
        and not set(first["items"]) & set(second["items"])
    )
