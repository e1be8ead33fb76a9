"""E-mails as background work: queued by the relay and the clock, written and sent by a worker.

What is sent is looked up again when it is sent: whether the person is still active, still wants it,
has not read it meanwhile and may read the record today. A summary and the mark that it was sent are
one transaction; where a worker dies before it, the next one sends the same summary under the same
`Message-ID`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from generator.field_types._locales import zone
from runtime import tellings
from runtime.jobs import starting
from runtime.jobs.worker import RunningRun
from runtime.mailing import server, wishes
from runtime.mailing.server import NotSent
from runtime.mailing.wishes import DAILY, DAY, LAST, NOW, Wishes
from runtime.notifications import WORKFLOW, way
from runtime.runtime import Runtime
from runtime.store import notices
from runtime.store.engine import read, write
from runtime.store.notices import Told

NOTICE, DIGEST = "mail_notice", "mail_digest"
MOST = 200
"""Notices in one summary; what is beyond is in the bell."""
LOOKS_BACK = timedelta(days=2)
"""What is older when somebody's first summary is made is not news."""


def queue_notice(connection: sa.Connection, runtime: Runtime, notice_id: str) -> None:
    """Queue the e-mail of a notice in the relay's transaction; once, ever."""
    key = f"mail-{notice_id}"
    starting.start_run(
        runtime, NOTICE, {"notice": notice_id}, connection=connection, unique_key=key
    )


def queue_digests(runtime: Runtime) -> int:
    """Queue the summaries whose hour has come where their reader is; return how many."""
    if not runtime.mail.is_open:
        return 0
    now = runtime.clock()
    with read(runtime.engine) as connection:
        known = wishes.of_people(connection, runtime)
    due = [
        (number, f"{now.astimezone(zone(_zone(runtime, one))):%Y-%m-%d}")
        for number, one in known.items()
        if one.is_due(now, zone(_zone(runtime, one)))
    ]
    for number, day in due:
        with write(runtime.engine) as connection:
            starting.start_run(
                runtime,
                DIGEST,
                {"person": number, "day": day},
                connection=connection,
                unique_key=f"mail-{number}-{day}",
            )
            wishes.keep(connection, runtime, number, {DAY: day})
    return len(due)


def send_notice(runtime: Runtime, notice_id: str) -> bool:
    """Send one notice to its reader; return whether there was anything to send.

    Raises:
        NotSent: the mail server did not take it.

    """
    with read(runtime.engine) as connection:
        told = notices.whosever(connection, runtime.system, notice_id)
    if told is None:
        return False
    user_id, notice = told
    wanted = wishes.load(runtime, user_id)
    is_wanted = way(notice.kind, notice.params, wanted) == NOW
    if not notice.unread or not is_wanted:
        why = tellings.UNWANTED if notice.unread else tellings.READ
        _settle(runtime, (notice,), tellings.LEFT, why)
        return False
    return _sent(runtime, user_id, wanted, (notice,), notice_id)


def send_digest(runtime: Runtime, run: RunningRun, user_id: int, day: str) -> bool:
    """Send a person's summary and end the run; return whether there was anything to send.

    Raises:
        NotSent: the mail server did not take it.

    """
    wanted = wishes.load(runtime, user_id)
    since = wanted.last or _first_id(runtime.clock() - LOOKS_BACK)
    found = [
        one
        for one in notices.since(runtime.engine, runtime.system, user_id, since, MOST)
        # what went at once whatever they chose is not told twice
        if way(one.kind, one.params, wanted) == DAILY
    ]
    key = f"summary-{user_id}-{day}"
    sent = bool(found) and _sent(runtime, user_id, wanted, tuple(found), key, day)
    with write(runtime.engine) as connection:
        if found:
            wishes.keep(connection, runtime, user_id, {LAST: found[0].id})
        run.succeed(connection)
    return sent


def _sent(
    runtime: Runtime,
    user_id: int,
    wanted: Wishes,
    told: tuple[Told, ...],
    key: str,
    day: str = "",
) -> bool:
    """Send a letter and note what became of it, where it is part of a telling."""
    try:
        sent = _send(runtime, user_id, wanted, told, key, day)
    except NotSent:
        _settle(runtime, told, tellings.FAILED)
        raise
    why = "" if sent else tellings.OUT_OF_REACH
    _settle(runtime, told, tellings.DELIVERED if sent else tellings.LEFT, why)
    return sent


def _settle(runtime: Runtime, told: tuple[Told, ...], state: str, why: str = "") -> None:
    mine = [one.id for one in told if one.kind == WORKFLOW]
    if mine:
        with write(runtime.engine) as connection:
            tellings.settle(connection, runtime, mine, state, why)


def _send(
    runtime: Runtime,
    user_id: int,
    wanted: Wishes,
    told: tuple[Told, ...],
    key: str,
    day: str,
) -> bool:
    from runtime.web import letters, readers  # noqa: PLC0415 (a worker that sends nothing loads no pages)

    actor = readers.reader_of(runtime, user_id)
    if actor is None or not actor.email:
        return False
    locale = wanted.locale if wanted.locale in runtime.app.locales else runtime.app.locales[0]
    reader = replace(actor, locale=locale, time_zone=_zone(runtime, wanted))
    message = letters.letter(runtime, reader, told, key, is_summary=bool(day))
    if message is None:
        return False
    server.send(runtime.mail, message)
    return True


def _zone(runtime: Runtime, wanted: Wishes) -> str:
    return wanted.zone or runtime.app.time_zone


def _first_id(at: datetime) -> str:
    """Return the smallest id that could have been made at a time: ids begin with their time."""
    made = f"{int(at.timestamp() * 1000):012x}"
    return f"{made[:8]}-{made[8:]}-7000-8000-000000000000"
