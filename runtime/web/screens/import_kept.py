"""Mappings of columns that people kept: one setting a person and entity, found by its columns.

In: what somebody said of a file's columns, under a name. Out: the mappings whose columns a new file
has, the latest first. They are the person's own; what everybody needs is an import map of the
definitions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from generator.model.entity import Entity
from runtime.importing.asked import Asked
from runtime.store.engine import read, write
from runtime.web.screens.visit import Visit

MOST = 20
LONGEST_NAME = 60


@dataclass(frozen=True)
class Kept:
    """A mapping somebody kept."""

    name: str
    columns: Mapping[str, str]
    mode: str
    key: tuple[str, ...]
    numbers: str = ""
    days: str = ""

    def fits(self, columns: Sequence[str]) -> bool:
        """Return whether a file has all of its columns."""
        return self.columns.keys() <= {*columns}


def load(visit: Visit, entity: Entity) -> tuple[Kept, ...]:
    """Return the mappings of a person, the latest first: one statement."""
    table = visit.runtime.system.setting
    asked = sa.select(table.c.value).where(_place(visit, entity))
    with read(visit.runtime.engine) as connection:
        held = connection.execute(asked).scalar_one_or_none()
    return tuple(
        Kept(
            one["name"],
            one["columns"],
            one["mode"],
            tuple(one["key"]),
            one.get("numbers", ""),
            one.get("days", ""),
        )
        for one in (held or {}).get("mappings", ())
    )


def fitting(visit: Visit, entity: Entity, columns: Sequence[str]) -> Kept | None:
    """Return the latest mapping that a file fits."""
    return next((one for one in load(visit, entity) if one.fits(columns)), None)


def keep(visit: Visit, entity: Entity, name: str, asked: Asked) -> None:
    """Keep a mapping under a name; one of that name goes, and the oldest where there are many."""
    made = _told(name.strip()[:LONGEST_NAME], asked)
    others = [_told(one.name, one) for one in load(visit, entity) if one.name != made["name"]]
    table, place = visit.runtime.system.setting, _place(visit, entity)
    value = {"mappings": [made, *others][:MOST]}
    now = visit.runtime.clock()
    with write(visit.runtime.engine) as connection:
        done = connection.execute(
            table.update().where(place).values(value=value, updated_at=now).returning(table.c.key)
        )
        if done.first() is None:
            row = {"user_id": visit.actor.id, "key": _key(entity), "value": value}
            connection.execute(table.insert(), {**row, "updated_at": now})


def _told(name: str, one: Kept | Asked) -> dict[str, Any]:
    return {
        "name": name,
        "columns": dict(one.columns),
        "mode": one.mode,
        "key": list(one.key),
        "numbers": one.numbers,
        "days": one.days,
    }


def _place(visit: Visit, entity: Entity) -> sa.ColumnElement[bool]:
    table = visit.runtime.system.setting
    return sa.and_(table.c.user_id == visit.actor.id, table.c.key == _key(entity))


def _key(entity: Entity) -> str:
    return f"import:{entity.name}"
