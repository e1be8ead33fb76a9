"""Attempts to sign in are counted over all processes, with a real Redis, and without it."""

from __future__ import annotations

from pathlib import Path

import pytest
from limits.strategies import RateLimiter

from runtime.errors import TooMany
from runtime.jobs.redis_server import RedisServer
from runtime.settings import read_settings
from runtime.web import attempts
from runtime.web.process import web_settings


def limiter_of_a_process(redis_url: str, tmp_path: Path) -> RateLimiter:
    """Return the limiter as a web process of an installation with this Redis makes it."""
    told = {"SHOPWRIGHT_DATA": str(tmp_path), "REDIS_URL": redis_url}
    return attempts.make_limiter(web_settings(read_settings(told)).limiter_storage)


def test_guesses_are_counted_over_all_processes(tmp_path: Path) -> None:
    with RedisServer(tmp_path / "redis") as redis:
        one, other = (limiter_of_a_process(redis.url, tmp_path) for _ in range(2))
        for _ in range(5):
            attempts.spend(one, "203.0.113.9", "mei")
            attempts.spend(other, "203.0.113.9", "Mei ")
        for limiter in (one, other):
            with pytest.raises(TooMany):
                attempts.spend(limiter, "203.0.113.9", "mei")
        attempts.give_back(other, "203.0.113.9", "mei")
        attempts.spend(one, "203.0.113.9", "mei")


def test_without_its_redis_a_process_lets_people_in_and_counts_for_itself(tmp_path: Path) -> None:
    with RedisServer(tmp_path / "redis") as redis:
        limiter = limiter_of_a_process(redis.url, tmp_path)
        attempts.spend(limiter, "203.0.113.9", "mei")
    for _ in range(10):
        attempts.spend(limiter, "203.0.113.9", "mei")
    with pytest.raises(TooMany) as refusal:
        attempts.spend(limiter, "203.0.113.9", "mei")
    assert 0 < refusal.value.params["retry_after"] <= 300
    attempts.give_back(limiter, "203.0.113.9", "mei")
    attempts.note_failure(limiter, "203.0.113.9")
    attempts.spend(limiter, "203.0.113.9", "mei")


def test_a_redis_that_is_not_there_yet_does_not_keep_a_process_from_starting(
    tmp_path: Path,
) -> None:
    limiter = limiter_of_a_process("redis://127.0.0.1:1/0", tmp_path)
    attempts.spend(limiter, "203.0.113.9", "mei")
