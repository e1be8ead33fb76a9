"""The tables of a model, made once a process and kind of database: hundreds of shops open on the
same few folders, and describing a hundred tables took a tenth of the time of all tests.

Shared is what one process of the product shares too: a model's tables and the statements that were
prepared on them. Another model, were it only by one grant, has tables of its own.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import sqlalchemy as sa

from generator.build.tables import NAMING
from generator.compile import Compiled
from runtime.store.schema import Schema, build_schema
from runtime.store.system_tables import SystemTables, system_tables

MOST = 24
"""Models kept, as many as `compiling` keeps."""


@dataclass(frozen=True)
class Tables:
    """What a runtime is opened with beside its model and its database."""

    compiled: Compiled
    """Held, so that no other model can come to its place in memory."""
    metadata: sa.MetaData
    system: SystemTables
    schema: Schema


_kept: OrderedDict[tuple[int, str], Tables] = OrderedDict()


def tables_of(compiled: Compiled, engine: sa.Engine) -> Tables:
    """Return the tables of a model, the same ones for the same model and kind of database."""
    key = (id(compiled), engine.dialect.name)
    found = _kept.pop(key, None) or _made(compiled, engine.dialect.name)
    _kept[key] = found
    if len(_kept) > MOST:
        _kept.popitem(last=False)
    return found


def _made(compiled: Compiled, dialect: str) -> Tables:
    metadata = sa.MetaData(naming_convention=NAMING)
    system = system_tables(metadata)
    return Tables(compiled, metadata, system, build_schema(compiled, dialect, metadata))
