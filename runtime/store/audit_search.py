"""A page of the audit by who, what, which record, when and in which request; newest first.

Comes in: what is asked, and which kinds of things the reader may hear of at all. Goes out: rows and
whether there are more. Ids sort by time, so a page ends at an id and the next begins after it: one
statement a page, however long the log is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from runtime.store.engine import read
from runtime.store.system_tables import SystemTables

PAGE = 50


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked; empty asks nothing."""

    actor: str = ""
    entity: str = ""
    record: str = ""
    operation: str = ""
    request: str = ""
    emergency: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """Up to and without this moment."""
    before: str = ""
    """The id of the last row seen."""


def search(
    engine: sa.Engine, system: SystemTables, asked: Search, kinds: Collection[str], beside: bool
) -> tuple[list[Any], bool]:
    """Return at most `PAGE` rows and whether more follow.

    Args:
        engine: the database.
        system: the engine's tables.
        asked: the filter.
        kinds: entities of which the reader may hear.
        beside: whether they hear of what happens beside records: sign-ins, accounts, refusals.

    """
    audit = system.audit.c
    seen: sa.ColumnElement[bool] = audit.entity.in_(sorted(kinds))
    if beside:
        seen = sa.or_(seen, audit.entity.like("@%"))
    wanted: list[sa.ColumnElement[bool]] = [seen]
    for column, text in (
        (audit.actor_name, asked.actor),
        (audit.entity, asked.entity),
        (audit.record_id, asked.record),
        (audit.operation, asked.operation),
        (audit.request_id, asked.request),
        (audit.emergency, asked.emergency),
    ):
        if text:
            wanted.append(column == text)
    if asked.since is not None:
        wanted.append(audit.at >= asked.since)
    if asked.until is not None:
        wanted.append(audit.at < asked.until)
    if asked.before:
        wanted.append(audit.id < asked.before)
    statement = sa.select(system.audit).where(*wanted).order_by(audit.id.desc()).limit(PAGE + 1)
    with read(engine) as connection:
        rows = list(connection.execute(statement).all())
    return rows[:PAGE], len(rows) > PAGE
