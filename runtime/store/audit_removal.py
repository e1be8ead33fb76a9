"""Rows of the audit whose time is over go: whole seals, the oldest first, a transaction each.

Comes in: how long the audit is kept. Goes out: what was removed. Before the rows of a seal go, each
is proved by its signature and all of them by the seal: what was tampered with is evidence and
stays, and so does all that came after it. The seal itself stays for good, and a row beside it says,
under the key of the shop, what went and when. The audit tells of each removal as of any other deed.

The database refuses to let go of any other row, and of rows younger than half a year whatever they
are marked as (`migrate/guards.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from generator.model.text import Label
from runtime.audit_keep import Keep
from runtime.store.audit_chain import moment_of, seal_of
from runtime.store.audit_key import LATER, SIGNED, AuditKey
from runtime.store.audit_proof import Keys, is_true, key_of, mark_of
from runtime.store.system_tables import SystemTables

LOCK = 7_305_807_215_411_203
"""The advisory lock of PostgreSQL of who removes, shared by those who prove what is there; any
number no other program uses."""
PROVED = ("signature", "erased_by", "erased_signature")
"""The columns that prove a row."""


class BeingProved(Exception):
    """Somebody reads the whole audit to prove it, or removes from it; nothing may go meanwhile."""


class NotProved(Exception):
    """What should go is not what was written; it stays until somebody looked into it."""

    def __init__(self, number: int, day: str) -> None:
        super().__init__(
            f"The entries of seal {number} of {day} do not agree with it; they and all later ones "
            "stay. `audit verify` says what does not agree."
        )
        self.label = Label(
            {
                "en": str(self),
                "zh": f"{day} 的第 {number} 号封印与其记录不符：该段及其后的记录一律保留。"
                "请运行 audit verify 查看不符之处。",
            }
        )


@dataclass(frozen=True)
class Removed:
    """Rows that went together."""

    number: int
    """Their seal."""
    day: str
    rows: int
    total: int
    """All rows that ever went, these among them."""
    first_id: str
    last_id: str

    @property
    def until(self) -> datetime:
        """When the last of them was written, to the millisecond."""
        return moment_of(self.last_id) + timedelta(milliseconds=1)


@contextmanager
def held_still(connection: sa.Connection) -> Iterator[None]:
    """Let nothing be removed inside, by any process; writers and sealers go on.

    On SQLite a reader sees one state anyway.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    # of the session, not of a transaction: one that is open for long would hold the sealers up
    connection.execute(sa.select(sa.func.pg_advisory_lock_shared(LOCK)))
    try:
        yield
    finally:
        connection.execute(sa.select(sa.func.pg_advisory_unlock_shared(LOCK)))


def last_removed(connection: sa.Connection, system: SystemTables) -> Removed | None:
    """Return the newest removal; None where everything is still there. One small statement."""
    row = _newest(connection, system)
    return None if row is None else _removed(row)


def remove_next(
    connection: sa.Connection,
    system: SystemTables,
    keys: Sequence[AuditKey],
    keep: Keep,
    now: datetime,
    tell: Callable[[Removed], str],
    about: Mapping[str, str],
) -> Removed | None:
    """Remove the rows of the oldest seal whose day is past; None where none is.

    Args:
        connection: a transaction.
        system: the engine's tables.
        keys: the key in use first, then those used before.
        keep: how long rows are kept.
        now: the moment.
        tell: writes what happens into the audit and returns the id of that row.
        about: by entity whose records tell of a person: the reference that leads there. Of those
            that were deleted it is noted on, so that an erasure still finds what stands beside.

    Raises:
        NotProved: a row or the seal is not what was written; nothing is removed.
        BeingProved: not now.

    """
    if connection.dialect.name == "postgresql":
        free = sa.select(sa.func.pg_try_advisory_xact_lock(LOCK))
        if not connection.execute(free).scalar_one():
            raise BeingProved
    last = _newest(connection, system)
    seal = _seal_after(connection, system, 0 if last is None else int(last["number"]))
    if seal is None or date.fromisoformat(str(seal["day"])) >= keep.first_kept(now):
        return None
    known = {key.name: key for key in keys}
    before, rows = _proved(connection, system, known, seal)
    total = int(seal["rows"]) + (0 if last is None else int(last["total"]))
    said = {name: seal[name] for name in ("number", "day", "first_id", "last_id", "rows")}
    found = _removed({**said, "total": total})
    removal = {
        **said, "total": total, "keep": keep.text, "removed_at": now, "told": tell(found)
    }  # fmt: skip
    removal["mark"] = mark_of(keys[0], removal, before["seal"], seal["seal"])
    connection.execute(system.audit_removal.insert(), removal)
    _note_gone(connection, system, rows, about)
    gone = connection.execute(system.audit.delete().where(*_within(system, before, seal)))
    if gone.rowcount != found.rows:
        raise NotProved(found.number, found.day)
    return found


def _newest(connection: sa.Connection, system: SystemTables) -> Mapping[str, Any] | None:
    table = system.audit_removal
    return _one(connection, sa.select(table).order_by(table.c.number.desc()).limit(1))


def _seal_after(
    connection: sa.Connection, system: SystemTables, number: int
) -> Mapping[str, Any] | None:
    table = system.audit_seal
    following = sa.select(table).where(table.c.number > number).order_by(table.c.number)
    return _one(connection, following.limit(1))


def _one(connection: sa.Connection, asked: sa.Select[Any]) -> Mapping[str, Any] | None:
    row = connection.execute(asked).mappings().first()
    return None if row is None else dict(row)


NOTHING_BEFORE: Mapping[str, Any] = {"number": 0, "last_id": "", "seal": ""}


def _proved(
    connection: sa.Connection,
    system: SystemTables,
    keys: Keys,
    seal: Mapping[str, Any],
) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]:
    """Return the seal before one, and its rows, which are all as they were written.

    Raises:
        NotProved: they are not.

    """
    table, number = system.audit_seal, int(seal["number"])
    before = _one(connection, sa.select(table).where(table.c.number == number - 1))
    wrong = NotProved(number, str(seal["day"]))
    if before is None and number > 1:
        raise wrong
    before = before or NOTHING_BEFORE
    columns = [system.audit.c[name] for name in (*SIGNED, *LATER, *PROVED)]
    mine = sa.select(*columns).where(*_within(system, before, seal)).order_by(system.audit.c.id)
    rows = [dict(row) for row in connection.execute(mine).mappings()]
    key = key_of(str(seal["seal"]), keys)
    signatures = [str(row["signature"] or "") for row in rows]
    if key is None or seal_of(key, str(before["seal"]), seal, signatures) != seal["seal"]:
        raise wrong
    if not all(is_true(row, keys) for row in rows if row["signature"]):
        raise wrong
    return before, rows


def _note_gone(
    connection: sa.Connection,
    system: SystemTables,
    rows: Sequence[Mapping[str, Any]],
    about: Mapping[str, str],
) -> None:
    found: dict[tuple[str, str], Any] = {}
    for row in rows:
        above = (row["before"] or {}).get(about.get(row["entity"], ""))
        if row["operation"] == "delete" and above is not None:
            found[row["entity"], row["record_id"]] = above
    if found:
        told = [{"entity": one, "record_id": of, "above": up} for (one, of), up in found.items()]
        connection.execute(system.audit_gone.insert(), told)


def _within(
    system: SystemTables, before: Mapping[str, Any], seal: Mapping[str, Any]
) -> tuple[sa.ColumnElement[bool], ...]:
    audit = system.audit.c
    return audit.id > before["last_id"], audit.id <= seal["last_id"]


def _removed(row: Mapping[str, Any]) -> Removed:
    return Removed(
        int(row["number"]),
        str(row["day"]),
        int(row["rows"]),
        int(row["total"]),
        str(row["first_id"]),
        str(row["last_id"]),
    )
