"""A back office for tests: definitions and an empty database in, a `Runtime` to ask out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from generator.compile import compile_definitions
from runtime.errors import RequestError
from runtime.messages import Actor, Incoming, Result
from runtime.pipeline import handle
from runtime.runtime import Runtime
from runtime.store.engine import make_engine
from runtime.store.migrate.apply import create_all
from tests.databases import fill
from tests.tables import tables_of

NOON = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Office:
    """A back office whose clock stands still."""

    runtime: Runtime

    def ask(
        self,
        operation: str,
        entity: str,
        role: str = "administrator",
        person: Mapping[str, Any] | None = None,
        **parts: Any,
    ) -> Result | RequestError:
        """Return what the pipeline answers a holder of a role, about whom `person` is recorded."""
        actor = Actor(1, "Test", frozenset({role}), person=person or {})
        return handle(Incoming(operation, entity, actor, **parts), self.runtime)

    def done(
        self, operation: str, entity: str, role: str = "administrator", **parts: Any
    ) -> Result:
        """Return the result of a request that must succeed."""
        answer = self.ask(operation, entity, role, **parts)
        assert isinstance(answer, Result), f"{answer}: {getattr(answer, 'errors', '')}"
        return answer

    def create(self, entity: str, values: Mapping[str, Any], role: str = "administrator") -> str:
        """Create a record; return its id."""
        return str(self.done("create", entity, role, values=values).row[0])

    def read(self, entity: str, record_id: str, role: str = "administrator") -> dict[str, Any]:
        """Return a record's stored values by path."""
        answer = self.done("read", entity, role, record_id=record_id)
        return named(answer, answer.row)

    def all(self, entity: str, fields: str, **query: str) -> list[dict[str, Any]]:
        """Return chosen fields of every record of a list."""
        found: list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            asked = {"fields": fields, "limit": "200", "after": after, **query}
            answer = self.done("list", entity, query={k: (v,) for k, v in asked.items()})
            found += [named(answer, row) for row in answer.rows]
            after = answer.next_cursor or None
        return found


def named(answer: Result, row: Any) -> dict[str, Any]:
    """Return a row of an answer by path."""
    return {path.text: value for path, value in zip(answer.plan.paths, row, strict=False)}


def open_office(folder: Path, url: str) -> Office:
    """Return the back office of a folder of definitions over an empty database."""
    compiled = compile_definitions(folder)
    engine = make_engine(url)
    fill(
        engine, (open_office, compiled.app.digest), lambda new: create_all(new, compiled, now=NOON)
    )
    tables = tables_of(compiled, engine)
    runtime = Runtime(compiled, engine, tables.schema, tables.system, clock=lambda: NOON)
    return Office(runtime)
