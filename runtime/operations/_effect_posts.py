"""Posts that effects of a transition asked for, inside its transaction.

The transition's right covers them, as it covers every effect. A ledger's no is told as a guard's:
with its reasons, and nothing of the transition stays.
"""

from __future__ import annotations

from collections.abc import Sequence

from generator.model.ledger import Ledger
from rules.blockers import Blocker, both
from rules.commands import Post, TakeBack
from rules.ledger import entries as rules
from rules.ledger.entries import Entry
from rules.workflow.asking import Refused as Unfired
from runtime.operations._posting import or_refuse, post_within, posting_of, reasons
from runtime.operations._unfired import unfired
from runtime.operations._work import Draft, Work
from runtime.store import audit, inserts
from runtime.store.ledgers import Cause, Refused

NOTHING = Blocker("NOTHING_TO_POST", both("What is to be posted is empty.", "过账内容为空。"))


def post_all(work: Work, draft: Draft, commands: Sequence[Post | TakeBack]) -> None:
    """Carry posts out, each with the record as its cause.

    Raises:
        GuardBlocked: a ledger says no.

    """
    if not commands:
        return
    inserts.leave_now(work.connection)
    title = audit.title_of(draft.entity, draft.facts)
    cause = Cause(
        draft.entity.name, str(draft.facts["id"]), title, work.incoming.reason, work.actor_id
    )
    try:
        entries = [entry for one in commands for entry in _entries(work, cause, one)]
        post_within(work, entries, cause)
    except Refused as refused:
        name = refused.entry.ledger if refused.entry is not None else commands[0].ledger
        told = reasons(work.runtime, work.runtime.app.ledgers[name], refused)
        raise unfired(Unfired("guard_blocked", told)) from refused


def _entries(work: Work, cause: Cause, command: Post | TakeBack) -> list[Entry]:
    ledger: Ledger = work.runtime.app.ledgers[command.ledger]
    if isinstance(command, Post):
        if command.quantity is None or not all(command.key):
            raise Refused((NOTHING,))
        made = rules.entry(
            ledger,
            command.kind,
            command.key,
            command.quantity,
            reason=cause.reason or "-",
            post_key=command.post_key,
        )
        return [or_refuse(made)]
    book = work.runtime.book(ledger.name)
    pasts = posting_of(work).of_cause(book, command.kind, cause.entity, cause.record_id)
    return [or_refuse(rules.reversal(ledger, past)) for past in pasts]
