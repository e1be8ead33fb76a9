"""`post` of one entry without a transaction: one statement writes it with all that goes beside it.

Comes in: the plan of a post. Goes out: its answer, or None where nothing was written and it must be
done in a transaction (`_posting.execute`), which also says what is refused: it knows whether the
request was done before. Each of these leads there:

- the database is SQLite, or the ledger has lots;
- the rights ask something of the balance, or there is no balance yet;
- a guard does not hold, or a key was used before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from runtime.errors import RequestError
from runtime.messages import Result
from runtime.operations import _posting, _reading
from runtime.operations._posting import Body, Desk, Plan
from runtime.operations._work import Work
from runtime.runtime import Runtime
from runtime.store import idempotency, inserts, lone_posts
from runtime.store.audit_chain import SOON, moment_of
from runtime.store.engine import prove, stepwise
from runtime.store.ledger_statements import Beside
from runtime.store.posted import Posted, Refused


def post(plan: Plan, runtime: Runtime, body: Body) -> Result | None:
    """Post one entry, made without asking the database; None when nothing was written."""
    if not lone_posts.may_be_alone(runtime.engine, runtime.book(plan.call.ledger.name)):
        return None
    prove()
    with stepwise(runtime.engine) as connection:
        return _post(connection, plan, runtime, body)


def _post(connection: sa.Connection, plan: Plan, runtime: Runtime, body: Body) -> Result | None:
    call, began = plan.call, runtime.make_id()
    context = _reading.context(runtime, call.actor)
    work = Work(connection, runtime, call.incoming, context["now"], context)
    book, posting = runtime.book(call.ledger.name), _posting.posting_of(work)
    try:
        desk = Desk(work, call, posting, book, _posting.cause_of(call))
        (entry,), told = body(desk)
        if not _posting.is_free(plan.grant, _posting.lines_for(plan.grant, entry)):
            return None
    except (RequestError, Refused):
        return None
    balance = lone_posts.known_balance(connection, book, entry.key)
    if not balance:
        return None
    about = Posted(runtime.make_id(), entry, balance)
    answer = {"entries": [_posting.shown(plan, runtime, about)], **told}
    beside = _beside(desk, plan, about, answer)
    until = moment_of(began) + SOON
    done = lone_posts.alone(posting, entry, desk.cause, about.id, balance, beside, until)
    if done is None:
        return None
    (known,) = answer["entries"]
    known["after"] = _posting.after(plan, runtime, done)
    return Result(row=answer, created=True)


def _beside(desk: Desk, plan: Plan, about: Posted, answer: Mapping[str, Any]) -> list[Beside]:
    """Return the row of the audit, the event, and the answer that is kept under the key."""
    work = desk.work
    with inserts.kept_back(work.connection) as batch:
        _posting.note(desk, [about])
    beside = [Beside(table, row) for table, rows in batch.rows for row in rows]
    kept = idempotency.kept(work.incoming, work.now, answer)
    if kept is not None:
        numbers = tuple(name for name in desk.book.numbers if name in plan.shown)
        beside.append(Beside(work.runtime.system.idempotency, kept, numbers))
    return beside
