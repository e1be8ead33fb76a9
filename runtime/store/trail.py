"""What people do beside records, in the audit: sign-ins, accounts, refusals, exports, reveals.

Comes in: who, from where, and a `Note`. Goes out: a row of `sw_audit`, signed and sealed as those
of records are, but with no version, because nothing of a record changed. What is not an entity of
the definitions stands there under a name that no entity can have: `@person`, `@group`, `@token`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from runtime.messages import Actor
from runtime.store import inserts
from runtime.store.engine import write
from runtime.store.titles import is_masked_in_log

if TYPE_CHECKING:
    from runtime.runtime import Runtime

PERSON, GROUP, TOKEN = "@person", "@group", "@token"
LONGEST_TITLE = 500
LONGEST_REASON = 2000

SIGN_IN, SIGN_OUT, REFUSED_SIGN_IN = "sign_in", "sign_out", "sign_in_refused"
DENIED = "denied"
EXPORT, EXPORT_ENDED = "export", "export_ended"
BESIDE_RECORDS = (DENIED,)
"""What stands in the log under a record and is no part of its own story."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that happened."""

    operation: str
    entity: str = PERSON
    record_id: str = ""
    title: str = ""
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Trail:
    """Writes notes for one request."""

    runtime: Runtime
    actor: Actor | None
    """None: somebody who did not prove who they are."""
    source: str = "screen"
    request_id: str = ""
    address: str = ""

    def write(self, connection: sa.Connection, *notes: Note) -> tuple[str, ...]:
        """Write notes inside the caller's transaction; return the ids of their rows."""
        rows = [self._row(note) for note in notes]
        if rows:
            inserts.insert_many(connection, self.runtime.system.audit, rows)
        return tuple(str(row["id"]) for row in rows)

    def alone(self, *notes: Note) -> None:
        """Write notes in a transaction of their own."""
        with write(self.runtime.engine) as connection:
            self.write(connection, *notes)

    def _row(self, note: Note) -> dict[str, Any]:
        row = {
            "id": self.runtime.make_id(),
            "at": self.runtime.clock(),
            **about(self.actor),
            "operation": note.operation,
            "entity": note.entity,
            "record_id": plain_text(note.record_id, 64) or None,
            "record_title": plain_text(self._title(note), LONGEST_TITLE) or None,
            "record_version": None,
            "before": note.before,
            "after": note.after,
            "reason": plain_text(note.reason, LONGEST_REASON) or None,
            "source": self.source,
            "request_id": self.request_id or None,
            "address": self.address[:64] or None,
            "digest": self.runtime.app.digest,
        }
        row["signature"] = self.runtime.audit_key.sign(row)
        return row

    def _title(self, note: Note) -> str:
        """Return the title of what a note is about; none where it says what no log may hold."""
        entity = self.runtime.app.entities.get(note.entity)
        is_masked = entity is not None and is_masked_in_log(self.runtime, entity)
        return "" if is_masked else note.title


def about(actor: Actor | None) -> dict[str, Any]:
    """Return who acts as a row of the audit says it, who is really at the keyboard, and whether
    they act in an emergency."""
    if actor is None:
        return {
            "actor_id": None,
            "actor_name": "",
            "actor_kind": "nobody",
            "real_id": None,
            "real_name": None,
            "emergency": None,
        }
    return {
        "actor_id": actor.id,
        "actor_name": actor.name,
        "actor_kind": actor.kind,
        "real_id": actor.real_id or None,
        "real_name": actor.real_name or None,
        "emergency": actor.emergency.id if actor.emergency is not None else None,
    }


def plain_text(text: str, longest: int) -> str:
    """Return a text without control characters: a log line is one line, whatever was typed."""
    return "".join(" " if ord(sign) < 32 or ord(sign) == 127 else sign for sign in text)[:longest]
