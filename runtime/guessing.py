"""Codes that were tried and are none: whoever goes on guessing waits longer and longer.

In: who asks, for which customer, and how many codes of a cart there were not. Out: nothing, or a
refusal that says for how long. A person spends from a budget of their own; a program that asks for
many customers has a large one, and each customer it names a small one, so one who guesses through
it is stopped and the others go on. A code that stays in a cart is one guess, however often the cart
is priced. Each process counts for itself: there are few of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from threading import Lock

from generator.model.text import Label
from runtime.errors import TooMany
from runtime.messages import Actor

BUDGET = ((60, 10), (15 * 60, 30), (24 * 3600, 100))
"""In so many seconds so many different codes may be none."""
WIDE = 50
"""So many times that is for a program, over all of its customers."""
UNTOLD = frozenset({"unknown", "wrong_customer"})
"""What became of a code that tells its asker that they guessed wrong: one answer for both."""
MOST = 20_000
"""Windows remembered; the oldest go first."""

Window = tuple[str, int, int]
"""Who, of how many seconds, and the how many-th of them."""


class Guesses:
    """Counts for one process."""

    def __init__(self) -> None:
        self._tried: dict[Window, set[int]] = {}
        self._lock = Lock()

    def ask(self, actor: Actor, customer: str, now: datetime) -> None:
        """Let somebody try codes, unless they tried too many that are none.

        Raises:
            TooMany: `retry_after` says for how many seconds.

        """
        at = int(now.timestamp())
        for who, times in _spenders(actor, customer):
            for seconds, most in reversed(BUDGET):
                if len(self._tried.get((who, seconds, at // seconds), ())) >= most * times:
                    raise _too_many(seconds - at % seconds)

    def note(self, actor: Actor, customer: str, wrong: Iterable[str], now: datetime) -> None:
        """Count codes that are none."""
        at, codes = int(now.timestamp()), {hash(one) for one in wrong}
        with self._lock:
            for who, _ in _spenders(actor, customer) if codes else ():
                for seconds, _ in BUDGET:
                    window = (who, seconds, at // seconds)
                    self._tried[window] = self._tried.pop(window, set()) | codes
            while len(self._tried) > MOST:
                self._tried.pop(next(iter(self._tried)))


def _spenders(actor: Actor, customer: str) -> tuple[tuple[str, int], ...]:
    """Return whose budgets are spent from, each with how many times it is the usual one."""
    if actor.kind not in ("user", "token"):
        return ()
    if actor.kind == "user":
        return ((f"person {actor.id}", 1),)
    whom = f"of {actor.id} {customer.strip().casefold()[:200]}"
    return ((f"program {actor.id}", WIDE), *(((whom, 1),) if customer else ()))


def _too_many(wait: int) -> TooMany:
    texts = {
        "en": f"Too many codes that are none. Try again in {wait} seconds.",
        "zh": f"无效优惠码尝试过多，请在 {wait} 秒后重试。",
    }
    return TooMany(Label(texts), retry_after=wait)
