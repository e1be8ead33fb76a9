"""What changed lately, for the start page.

Only of records that the person may read without exception.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from generator.field_types._times import local_text
from runtime.operations._columns import is_titled
from runtime.store import fetch
from runtime.web.screens.home_views import listed
from runtime.web.screens.titles_now import titles_now
from runtime.web.screens.visit import Visit, record_url

RECENT = 10
CHANGES = ("create", "update", "delete", "restore")


@dataclass(frozen=True, slots=True)
class Recent:
    """Something that somebody changed."""

    who: str
    words: str
    title: str
    url: str
    iso: str
    when: str


def recent_changes(visit: Visit) -> Sequence[Any]:
    """Return the latest changes of records that the person may read without exception."""
    grants = {
        entity.name: visit.runtime.matrix.grant(visit.actor.roles, entity.name, "read")
        for entity in listed(visit)
    }
    readable = [
        name
        for name, grant in grants.items()
        if grant is not None and grant.is_wide and is_titled(name, visit.reads)
    ]
    if not readable:
        return ()
    audit = visit.runtime.system.audit
    statement = (
        sa.select(
            audit.c.at,
            audit.c.actor_id,
            audit.c.actor_name,
            audit.c.operation,
            audit.c.entity,
            audit.c.record_id,
            audit.c.record_title,
        )
        .where(
            audit.c.entity.in_(readable),
            audit.c.source.in_(("screen", "rest")),
            audit.c.operation.in_(CHANGES),
        )
        .order_by(audit.c.id.desc())
        .limit(RECENT)
    )
    with fetch.connection(visit.runtime.engine) as connection:
        return connection.execute(statement).all()


def shown_changes(
    visit: Visit, rows: Sequence[Any], names: Mapping[int, str]
) -> tuple[Recent, ...]:
    """Return rows of `recent_changes` in words."""
    now = titles_now(visit, ((row.entity, str(row.record_id)) for row in rows))
    return tuple(_shown(visit, row, names, now) for row in rows)


def _shown(
    visit: Visit, row: Any, names: Mapping[int, str], now: Mapping[tuple[str, str], str]
) -> Recent:
    t, entity = visit.t, visit.app.entities[row.entity]
    words = {
        "create": t("created", "recent"),
        "update": t("changed", "recent"),
        "delete": t("archived", "recent") if entity.archive else t("deleted", "recent"),
        "restore": t("restored", "recent"),
    }[row.operation]
    title = now.get((row.entity, str(row.record_id)), row.record_title or "")
    gone = row.operation == "delete" and not entity.archive
    return Recent(
        who=names.get(row.actor_id, row.actor_name),
        words=words,
        title=f"{visit.text(entity.label)} {title}".strip(),
        url="" if gone else record_url(row.entity, str(row.record_id)),
        iso=row.at.isoformat(),
        when=local_text(row.at, visit.viewer.locale, visit.viewer.time_zone),
    )
