"""What the killed senders of these tests do up to the moment at which they are killed."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import sqlalchemy as sa

from generator.compile import compile_definitions
from runtime.hooks import sending
from runtime.outside.box import Outside
from runtime.runtime import Runtime
from runtime.store.engine import make_engine
from runtime.store.schema import build_schema
from runtime.store.system_tables import system_tables
from tests.hooks.shop import BEGIN
from tests.outside.provider import BOX


def main(url: str, hook: str, folder: str) -> None:
    """Send, and wait to be killed after it is posted and before that is written."""
    compiled, engine = compile_definitions(Path(folder)), make_engine(url)
    schema = build_schema(compiled, engine.dialect.name)
    runtime = Runtime(compiled, engine, schema, system_tables(sa.MetaData()), clock=lambda: BEGIN)
    runtime.outside = Outside(BOX, allowed=("127.0.0.1",))
    sending._settle = wait  # type: ignore[assignment]
    sending.drain(runtime, hook)


def wait(*args: object) -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    time.sleep(600)


if __name__ == "__main__":
    main(*sys.argv[1:])
