"""Processes that are killed where they stand: nothing is tidied up, no boundary is left."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.house.places import until


def stuck_after(reached: Path, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that does its work, says so, and never returns."""

    def stuck(*given: Any, **named: Any) -> Any:
        function(*given, **named)
        reached.touch()
        signal.pause()

    return stuck


def killed_at(reached: Path, engine: sa.Engine, body: Callable[[], object]) -> None:
    """Run something in a process of its own, and kill that where it is stuck."""
    reached.unlink(missing_ok=True)
    # no connection is shared with the child
    engine.dispose()
    child = multiprocessing.get_context("fork").Process(target=body)
    child.start()
    while not reached.exists():
        child.join(0.05)
        assert child.is_alive() or reached.exists(), "it ended by itself"
    child.kill()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    until_let_go(engine)


def until_let_go(engine: sa.Engine) -> None:
    """Wait until the database has noticed who is gone: PostgreSQL keeps their locks till then."""
    if engine.dialect.name == "postgresql":
        until(lambda: not _transactions(engine))


def _transactions(engine: sa.Engine) -> int:
    asked = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        " AND xact_start IS NOT NULL"
    )
    with engine.connect() as connection:
        return int(connection.execute(asked).scalar_one())
