"""Letters to people who have no account: queued with what a workflow tells, sent by a worker.

Comes in: a telling. Goes out: an e-mail in the language that the record says, filled with what the
role of the message may read at that moment, and a note on the record of what became of it. Sent at
least once: a worker that dies after the server took it sends it again under the same `Message-ID`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from rules.masks import email
from runtime import tellings
from runtime.jobs import starting
from runtime.mailing import server
from runtime.mailing.server import NotSent
from runtime.runtime import Runtime
from runtime.store.engine import read, write

JOB = "mail_message"


def queue(
    connection: sa.Connection,
    runtime: Runtime,
    sending: str,
    record: tuple[str, str],
    about: Mapping[str, Any],
) -> None:
    """Queue the letter to whoever a record names, in the relay's transaction; once, ever."""
    why = "" if runtime.mail.is_open else tellings.NO_MAIL
    made = tellings.note_outside(connection, runtime, sending, record, about, why)
    if not why:
        starting.start_run(
            runtime, JOB, {"telling": made}, connection=connection, unique_key=f"letter-{made}"
        )


def send(runtime: Runtime, telling: str) -> bool:
    """Send one letter; return whether there was anything to send.

    Raises:
        NotSent: the mail server did not take it.

    """
    from runtime.web import outside_letters  # noqa: PLC0415 (a worker that sends nothing loads no pages)

    with read(runtime.engine) as connection:
        row = tellings.find(connection, runtime, telling)
    if row is None or row.state in (tellings.DELIVERED, tellings.LEFT):
        return False
    made = outside_letters.letter(runtime, row)
    if isinstance(made, str):
        _settle(runtime, row, tellings.LEFT, made)
        return False
    address = email(made["To"].addresses[0].addr_spec)
    try:
        server.send(runtime.mail, made)
    except NotSent:
        _settle(runtime, row, tellings.FAILED, "", address)
        raise
    _settle(runtime, row, tellings.DELIVERED, "", address)
    return True


def _settle(runtime: Runtime, row: Any, state: str, why: str, to: str = "") -> None:
    with write(runtime.engine) as connection:
        tellings.settle_one(connection, runtime, row, state, why, to)
