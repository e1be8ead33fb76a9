"""`currencies`: an amount that is missing in a currency of the shop; nothing is ever converted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.lints import Finding, Lint, Offered
from generator.saying import say
from rules.lints import Path, live


class Currencies(Lint):
    def find(self, offered: Offered) -> Iterator[Finding]:
        shop = set(offered.pricing.currencies)
        for one, promotion in live(offered):
            wanted = set(one.written.get("currencies") or shop)
            missing = wanted - (promotion.currencies or wanted)
            if missing and (len(shop) > 1):
                path = _where(one.written, ()) or ("then",)
                message = say(
                    "In {codes} the promotion never applies: there is no amount in it.",
                    codes=", ".join(sorted(missing)),
                )
                hint = say("Write an amount for each, or the ones it has in `currencies:`.")
                yield Finding("D809", one.name, path, message, hint)


def _where(written: Any, path: Path) -> Path | None:
    """Return where the first amount stands."""
    if isinstance(written, Mapping):
        for key, value in written.items():
            if key in MONEY and not isinstance(value, str | bool):
                return (*path, key)
            found = _where(value, (*path, key))
            if found is not None:
                return found
    elif isinstance(written, list | tuple):
        for at, value in enumerate(written):
            found = _where(value, (*path, at))
            if found is not None:
                return found
    return None


MONEY = frozenset({"value", "amount", "price", "cap", "every", "first", "next", "from_amount"})
"""Keys under which amounts stand."""
