"""A back office over an empty database, for measurements that make their own records."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from generator.compile import compile_definitions
from runtime.runtime import Runtime
from runtime.store.engine import make_engine
from runtime.store.migrate.apply import create_all
from runtime.store.schema import build_schema
from runtime.store.system_tables import system_tables


def open_shop(folder: Path, url: str) -> Runtime:
    """Return the back office that a folder defines, with its tables made."""
    compiled = compile_definitions(folder)
    engine = make_engine(url)
    create_all(engine, compiled, now=datetime(2026, 1, 1, tzinfo=UTC))
    schema = build_schema(compiled, engine.dialect.name)
    return Runtime(compiled, engine, schema, system_tables(sa.MetaData()))
