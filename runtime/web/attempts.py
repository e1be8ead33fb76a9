"""How often somebody may try to sign in; the form and the API spend from one budget.

Guessing is limited per address and account, more slowly per account (a spread attack), and per
address by its failures alone (one password against many accounts): an office shares an address.
Nobody is locked out: the owner signs in from elsewhere, and a success gives the budget back.
Processes count together in Redis; while it is away each counts for itself, so that people can still
sign in and guessing stays slow.
"""

from __future__ import annotations

import logging
import time

from limits import RateLimitItem, WindowStats, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter, RateLimiter

from generator.model.text import Label
from runtime.errors import TooMany

PER_PAIR = parse("10 per 5 minutes")
PER_ACCOUNT = parse("100 per hour")
PER_ADDRESS = parse("60 per minute")
TOLD = parse("1 per minute")
PER_CODE = (parse("5 per minute"), parse("10 per 15 minutes"), parse("30 per day"))
"""Codes of a second factor that may be wrong: whoever goes on waits longer and longer."""

ANSWERS_WITHIN = 2
"""Seconds; nobody waits longer for a Redis that hangs before they may sign in."""

log = logging.getLogger(__name__)


class PatientLimiter(RateLimiter):
    """A limiter on a shared storage that counts in this process while the storage is away."""

    def __init__(self, shared: RateLimiter) -> None:
        super().__init__(shared.storage)
        self._shared, self._own = shared, FixedWindowRateLimiter(MemoryStorage())

    def hit(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        try:
            return self._shared.hit(item, *identifiers, cost=cost)
        except StorageError as error:
            log.warning("attempts are counted in this process alone: %s", error.storage_error)
            return self._own.hit(item, *identifiers, cost=cost)

    def test(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        try:
            return self._shared.test(item, *identifiers, cost=cost)
        except StorageError:
            return self._own.test(item, *identifiers, cost=cost)

    def get_window_stats(self, item: RateLimitItem, *identifiers: str) -> WindowStats:
        try:
            return self._shared.get_window_stats(item, *identifiers)
        except StorageError:
            return self._own.get_window_stats(item, *identifiers)

    def clear(self, item: RateLimitItem, *identifiers: str) -> None:
        self._own.clear(item, *identifiers)
        try:
            self._shared.clear(item, *identifiers)
        except StorageError:
            log.warning("attempts of somebody who signed in could not be forgotten")


def make_limiter(storage: str) -> RateLimiter:
    """Return the limiter on a storage such as `memory://` or a Redis URL."""
    if storage.startswith("memory:"):
        return FixedWindowRateLimiter(MemoryStorage())
    times = {"socket_connect_timeout": ANSWERS_WITHIN, "socket_timeout": ANSWERS_WITHIN}
    shared = storage_from_string(storage, wrap_exceptions=True, **times)
    return PatientLimiter(FixedWindowRateLimiter(shared))


def spend(limiter: RateLimiter, address: str, account: str) -> None:
    """Count an attempt before the password is looked at.

    Raises:
        TooMany: the budget is used up; `retry_after` says for how many seconds.

    """
    for item, keys in (*_budgets(address, account), _failures(address)):
        ask = limiter.test if item is PER_ADDRESS else limiter.hit
        if not ask(item, *keys):
            raise _too_many(limiter, item, keys)


def spend_code(limiter: RateLimiter, user_id: int) -> None:
    """Count a code of a second factor before it is looked at.

    Raises:
        TooMany: the budget is used up; `retry_after` says for how many seconds.

    """
    for item in PER_CODE:
        keys = ("code", str(user_id))
        if not limiter.hit(item, *keys):
            raise _too_many(limiter, item, keys)


def give_back_code(limiter: RateLimiter, user_id: int) -> None:
    """Forget the codes of somebody who has just given a right one."""
    for item in PER_CODE:
        limiter.clear(item, "code", str(user_id))


def _too_many(limiter: RateLimiter, item: RateLimitItem, keys: tuple[str, ...]) -> TooMany:
    wait = max(1, int(limiter.get_window_stats(item, *keys).reset_time - time.time()))
    return TooMany(
        Label(
            {
                "en": f"Too many attempts to sign in. Try again in {wait} seconds.",
                "zh": f"登录尝试过于频繁，请在 {wait} 秒后重试。",
            }
        ),
        retry_after=wait,
    )


def is_told(limiter: RateLimiter, address: str, account: str) -> bool:
    """Return whether an attempt beyond the budget is worth a line: one a minute tells enough."""
    return limiter.hit(TOLD, "told", address, account.strip().casefold()[:200])


def note_failure(limiter: RateLimiter, address: str) -> None:
    """Count a failure against its address; a whole office may sign in from one."""
    item, keys = _failures(address)
    limiter.hit(item, *keys)


def give_back(limiter: RateLimiter, address: str, account: str) -> None:
    """Forget the attempts of somebody who has just signed in."""
    for item, keys in _budgets(address, account):
        limiter.clear(item, *keys)


def _budgets(address: str, account: str) -> list[tuple[RateLimitItem, tuple[str, ...]]]:
    name = account.strip().casefold()[:200]
    return [
        (PER_PAIR, ("pair", address, name)),
        (PER_ACCOUNT, ("account", name)),
    ]


def _failures(address: str) -> tuple[RateLimitItem, tuple[str, ...]]:
    return PER_ADDRESS, ("address", address)
