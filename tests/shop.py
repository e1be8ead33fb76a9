"""A back office for tests: a folder of definitions over a fresh database, and people who use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from generator.compile import compile_definitions
from runtime.errors import RequestError
from runtime.messages import Actor, Incoming, Result
from runtime.pipeline import handle
from runtime.runtime import Runtime
from runtime.store.engine import make_engine
from runtime.store.rows import json_function
from tests.databases import fill
from tests.tables import tables_of

TINY = Path(__file__).parent / "shops" / "tiny"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass
class Shop:
    """One back office and the person who asks it by default."""

    runtime: Runtime
    actor: Actor

    def ask(
        self,
        operation: str,
        entity: str,
        values: Any = None,
        *,
        record: str = "",
        query: Mapping[str, str] | None = None,
        version: int | None = None,
        actor: Actor | None = None,
        key: str = "",
        part: str = "",
    ) -> Result | RequestError:
        """Send a request through the pipeline, as every transport does."""
        incoming = Incoming(
            operation,
            entity,
            actor or self.actor,
            record,
            values,
            {name: (text,) for name, text in (query or {}).items()},
            version,
            key,
            part=part,
        )
        return handle(incoming, self.runtime)

    def done(self, operation: str, entity: str, values: Any = None, **options: Any) -> Result:
        """Send a request that must succeed."""
        answer = self.ask(operation, entity, values, **options)
        assert isinstance(answer, Result), (answer, getattr(answer, "errors", ()))
        return answer

    def refused(
        self, operation: str, entity: str, values: Any = None, **options: Any
    ) -> RequestError:
        """Send a request that must be refused."""
        answer = self.ask(operation, entity, values, **options)
        assert isinstance(answer, RequestError), answer
        return answer

    def rows(self, result: Result) -> list[dict[str, Any]]:
        """Return the rows of an answer in API form, with what they include."""
        types = self.runtime.compiled.field_types
        make = json_function(result.plan.shown, types, result.plan.veiled)
        found = [make(row) for row in result.rows]
        for include in result.plan.includes:
            inner = json_function(include.plan.shown, types, include.plan.veiled)
            for row in found:
                rows: Sequence[Any] = result.included.get(include.name, {}).get(row["id"], ())
                row[include.name] = [inner(child) for child in rows]
        return found

    def row(self, result: Result) -> dict[str, Any]:
        """Return the one row of an answer in API form."""
        (row,) = self.rows(result)
        return row

    def count(self, table: str) -> int:
        """Return how many rows a table holds."""
        with self.runtime.engine.connect() as connection:
            statement = sa.select(sa.func.count()).select_from(sa.table(table))
            return int(connection.execute(statement).scalar_one())


def open_shop(url: str, folder: Path = TINY, role: str = "clerk") -> Shop:
    """Return a shop with its tables made in an empty database."""
    compiled = compile_definitions(folder)
    engine = make_engine(url)
    tables = tables_of(compiled, engine)
    fill(engine, (open_shop, compiled.app.digest), tables.metadata.create_all)
    runtime = Runtime(compiled, engine, tables.schema, tables.system, clock=lambda: NOON)
    return Shop(runtime, person(role))


def reopen_shop(url: str, folder: Path = TINY, role: str = "clerk") -> Shop:
    """Return a shop over a database that has its tables, as another process opens it."""
    compiled = compile_definitions(folder)
    engine = make_engine(url)
    tables = tables_of(compiled, engine)
    runtime = Runtime(compiled, engine, tables.schema, tables.system, clock=lambda: NOON)
    return Shop(runtime, person(role))


def write_folder(folder: Path, files: Mapping[str, str]) -> Path:
    """Write definitions, texts by file name, into a folder; return the folder."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n", encoding="utf-8")
    return folder


def person(*roles: str, number: int = 1) -> Actor:
    """Return somebody who holds these roles."""
    return Actor(number, f"Person {number}", frozenset(roles))
