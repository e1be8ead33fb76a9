"""One look at an alert: what is seen is decided, kept, and told to people, in one transaction.

Two looks at once are kept apart by the open rows, of which a subject has one. Who is told must be
able to read the record that it is about, if it is about one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from generator.model.alert import EACH, Alert
from rules import alerts as rules
from rules.alerts import Decided, Seen, Standing
from rules.role_names import closure
from runtime.alerts.measuring import see, shown
from runtime.alerts.noticing import LOOK
from runtime.hooks.subscriptions import ALERTS, ENDED, OPENED
from runtime.jobs.outbox import Event, emit
from runtime.jobs.tables import LOG, RUN
from runtime.notifications import ALERT, BY_MAIL, Notice, notify
from runtime.operations import _talk
from runtime.runtime import Runtime
from runtime.store import accounts, inserts
from runtime.store.accounts import Account
from runtime.store.engine import write
from runtime.store.guard import system

KIND, UP = ALERT, "alert_escalated"
"""What a notice is called: the first one, and that nobody took it on."""
KEEP = timedelta(days=90)
"""How long ended alerts and looks are kept."""
KEEP_RUNS = timedelta(days=1)


def look(runtime: Runtime, alert: Alert) -> Decided:
    """Look at an alert and do what follows from it; return that."""
    seen = see(runtime, alert)
    with write(runtime.engine) as connection:
        decided = rules.decide(alert, seen, _known(connection, runtime, alert), runtime.clock())
        opened = _open(connection, runtime, alert, seen, decided)
        _settle(connection, runtime, alert, seen, decided)
        told = _tell(connection, runtime, alert, seen, decided, opened)
        _write_down(connection, runtime, alert, seen, decided, told)
    return decided


def forget(runtime: Runtime) -> None:
    """Forget looks and ended alerts that are too old to matter."""
    before, soon = runtime.clock() - KEEP, runtime.clock() - KEEP_RUNS
    with write(runtime.engine) as connection:
        one, looks = runtime.system.alert, runtime.system.alert_look
        connection.execute(one.delete().where(one.c.ended_at < before))
        connection.execute(looks.delete().where(looks.c.at < before))
        # what a look found stands in its row, so its run needs no keeping
        old = (RUN.c.job == LOOK, RUN.c.state == "succeeded", RUN.c.finished_at < soon)
        connection.execute(LOG.delete().where(LOG.c.run_id.in_(sa.select(RUN.c.id).where(*old))))
        connection.execute(RUN.delete().where(*old))


def _known(connection: sa.Connection, runtime: Runtime, alert: Alert) -> list[Standing]:
    table = runtime.system.alert
    since = runtime.clock() - timedelta(seconds=alert.again)
    names = Standing.__dataclass_fields__
    asked = (
        sa.select(*(table.c[name] for name in names))
        .where(
            table.c.alert == alert.name,
            sa.or_(table.c.ended_at.is_(None), table.c.ended_at > since),
        )
        .order_by(table.c.ended_at)
    )
    return [Standing(*row) for row in connection.execute(asked)]


def _open(
    connection: sa.Connection, runtime: Runtime, alert: Alert, seen: Seen, decided: Decided
) -> Mapping[str, str]:
    """Write the new ones; return ids by subject."""
    made = {subject: runtime.make_id() for subject in decided.open}
    now = runtime.clock()
    rows = [
        {
            "id": made[subject],
            "alert": alert.name,
            "subject": subject,
            "value": shown(seen.value) if alert.measure != EACH else None,
            "opened_at": now,
        }
        for subject in decided.open
    ]
    if rows:
        inserts.insert_many(connection, runtime.system.alert, rows)
        told = [(made[subject], subject) for subject in decided.open]
        _emit(connection, runtime, alert, seen, OPENED, told)
    return made


def _emit(
    connection: sa.Connection,
    runtime: Runtime,
    alert: Alert,
    seen: Seen,
    event: str,
    rows: Iterable[tuple[str, str]],
) -> None:
    """Tell webhooks, through the outbox, that something began or ended."""
    told = {"alert": alert.name, "value": shown(seen.value)}
    events = [
        Event(f"{ALERTS}.{event}", ALERTS, one, {**told, "record": subject})
        for one, subject in rows
    ]
    if events:
        emit(connection, events, runtime.clock(), runtime.make_id)


def _settle(
    connection: sa.Connection, runtime: Runtime, alert: Alert, seen: Seen, decided: Decided
) -> None:
    table, now = runtime.system.alert, runtime.clock()
    if decided.end:
        over = table.update().where(table.c.id.in_(decided.end), table.c.ended_at.is_(None))
        ended = over.values(ended_at=now).returning(table.c.id, table.c.subject)
        rows = [(row.id, row.subject) for row in connection.execute(ended)]
        _emit(connection, runtime, alert, seen, ENDED, rows)
    if decided.reopen:
        back = table.update().where(table.c.id.in_(decided.reopen))
        connection.execute(back.values(ended_at=None))


def _tell(
    connection: sa.Connection,
    runtime: Runtime,
    alert: Alert,
    seen: Seen,
    decided: Decided,
    opened: Mapping[str, str],
) -> int:
    """Tell people of what is new and of what nobody took on; return how many notices there are."""
    table, now = runtime.system.alert, runtime.clock()
    new = [*decided.tell, *(opened.values() if decided.tell_new else ())]
    count = 0
    steps: Iterable[tuple[str, Sequence[str], tuple[str, ...], str]] = (
        (KIND, new, alert.tell, "told_at"),
        (UP, decided.escalate, alert.escalation.roles if alert.escalation else (), "escalated_at"),
    )
    for kind, ids, roles, column in steps:
        if not ids:
            continue
        asked = sa.select(table.c.id, table.c.subject).where(table.c.id.in_(ids))
        rows = list(connection.execute(asked))
        notices = _notices(connection, runtime, alert, seen, kind, rows, roles)
        count += notify(connection, runtime, notices, now)
        connection.execute(table.update().where(table.c.id.in_(ids)).values({column: now}))
    return count


def _notices(
    connection: sa.Connection,
    runtime: Runtime,
    alert: Alert,
    seen: Seen,
    kind: str,
    rows: Sequence[Any],
    roles: tuple[str, ...],
) -> list[Notice]:
    known = runtime.app.roles
    holding = sorted(name for name in known if {*roles} & closure(name, known))
    people = accounts.holding(connection, holding)
    params: dict[str, Any] = {
        "alert": alert.name,
        "severity": alert.severity,
        "value": shown(seen.value),
    }
    if alert.mail:
        params[BY_MAIL] = True
    title = alert.label.text("en")
    if alert.measure != EACH:
        return [Notice(one.id, kind, title=title, params=params) for one in people]
    entity = runtime.app.entities[alert.entity]
    own = _named(connection, runtime, alert, [row.subject for row in rows])
    found = []
    for row in rows:
        mine = {one.id: one for one in (*people, *own.get(row.subject, ()))}
        allowed = _talk.readers(connection, runtime, entity, row.subject, tuple(mine.values()))
        found += [Notice(one.id, kind, alert.entity, row.subject, title, params) for one in allowed]
    return found


def _named(
    connection: sa.Connection, runtime: Runtime, alert: Alert, records: Sequence[str]
) -> Mapping[str, tuple[Account, ...]]:
    """Return by record the person that its field names."""
    if not alert.tell_field or not records:
        return {}
    table = runtime.schema.tables[alert.entity]
    asked = sa.select(table.c.id, table.c[alert.tell_field]).where(table.c.id.in_(records))
    who = {
        str(row[0]): int(row[1])
        for row in connection.execute(system(asked, "the alert names whom it tells"))
        if row[1] is not None
    }
    people = {one.id: one for one in accounts.by_ids(connection, set(who.values()))}
    return {record: (people[one],) for record, one in who.items() if one in people}


def _write_down(
    connection: sa.Connection,
    runtime: Runtime,
    alert: Alert,
    seen: Seen,
    decided: Decided,
    told: int,
) -> None:
    row = {
        "id": runtime.make_id(),
        "alert": alert.name,
        "at": runtime.clock(),
        "value": shown(seen.value),
        "verdict": decided.verdict,
        "why": {**decided.why, "people": told},
    }
    inserts.insert_many(connection, runtime.system.alert_look, [row])
