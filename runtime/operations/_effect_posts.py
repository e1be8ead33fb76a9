"""What effects of a transition asked of ledgers, inside its transaction.

The transition's right covers them, as it covers every effect. A ledger's no is told as a guard's:
with its reasons, and nothing of the transition stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from generator.model.ledger import RELEASED, USED, Ledger
from rules.blockers import Blocker, both
from rules.commands import Hold, OfLedger, Post, Settle, TakeAgain, TakeBack
from rules.ledger import entries as rules
from rules.ledger.entries import Entry, Key, Past
from rules.workflow.asking import Refused as Unfired
from runtime.errors import RequestError
from runtime.operations import _counters, _rights
from runtime.operations._posting import (
    OWN,
    left_told,
    or_refuse,
    post_within,
    posting_of,
    reasons,
)
from runtime.operations._unfired import unfired
from runtime.operations._work import Draft, Work
from runtime.store import inserts
from runtime.store.ledger_statements import Book
from runtime.store.ledgers import AGAIN, Posting
from runtime.store.posted import Cause, Refused
from runtime.store.titles import title_of

NOTHING = Blocker("NOTHING_TO_POST", both("What is to be posted is empty.", "过账内容为空。"))
NOT_HELD = Blocker("NOTHING_HELD", both("Nothing is held for this.", "没有为此预留的数量。"))


def post_all(work: Work, draft: Draft, commands: Sequence[OfLedger]) -> None:
    """Carry posts out, each with the record as its cause.

    Raises:
        GuardBlocked: a ledger says no.

    """
    if not commands:
        return
    inserts.leave_now(work.connection)
    title = title_of(work.connection, work.runtime, draft.entity, draft.facts)
    cause = Cause(
        draft.entity.name, str(draft.facts["id"]), title, work.incoming.reason, work.actor_id
    )
    writer = _Writer(work, cause, posting_of(work), _counters.kept(work.runtime, draft))
    try:
        entries = [
            _kept_apart(entry, number)
            for number, one in enumerate(sorted(commands, key=_place))
            for entry in writer.entries(one)
        ]
        post_within(work, entries, cause)
    except Refused as refused:
        raise refusal(work, refused, commands[0].ledger) from refused


def refusal(work: Work, refused: Refused, otherwise: str) -> RequestError:
    """Return a ledger's no as a guard's; `otherwise` is the ledger where no entry says which."""
    name = refused.entry.ledger if refused.entry is not None else otherwise
    ledger = work.runtime.app.ledgers[name]
    told = reasons(work.runtime, ledger, refused, _shown(work, ledger, refused.entry))
    return unfired(Unfired("guard_blocked", told))


def _shown(work: Work, ledger: Ledger, entry: Entry | None) -> frozenset[str]:
    """Return the numbers of a balance that whoever fires may read; none when the system does."""
    actor = work.incoming.actor
    if actor is None or actor.kind == "system" or entry is None:
        return frozenset()
    reading = work.runtime.matrix.grant(actor.roles, ledger.name, "read")
    if reading is None:
        return frozenset()
    if not reading.is_wide:
        book = work.runtime.book(ledger.name)
        balance = posting_of(work).balance_of(book, entry.key, work.actor_id)
        inserts.leave_now(work.connection)
        if not _rights.reaches(work, work.runtime.app.entities[ledger.name], balance, reading):
            return frozenset()
    return reading.open | OWN | left_told(work.runtime, ledger, actor.roles)


def _place(command: OfLedger) -> tuple[str, tuple[str, ...]]:
    """Return by what commands are sorted: holds make balances, and all do so in one order."""
    return command.ledger, command.key if isinstance(command, Post | Hold) else ()


def _kept_apart(entry: Entry, number: int) -> Entry:
    """Return an entry under a key of its own: steps that follow one another share their key."""
    if entry.post_key is None:
        return entry
    return replace(entry, post_key=f"{entry.post_key}/{number}")


@dataclass(frozen=True)
class _Writer:
    """Turns commands into entries; holds are written and settled on the way."""

    work: Work
    cause: Cause
    posting: Posting
    most: Mapping[tuple[str, Key], Mapping[str, int]]
    """What balances may not exceed, as placing the record kept it."""

    def entries(self, command: OfLedger) -> Iterator[Entry]:
        ledger: Ledger = self.work.runtime.app.ledgers[command.ledger]
        book = self.work.runtime.book(ledger.name)
        match command:
            case Post():
                yield self._post(ledger, command)
            case TakeBack():
                about = (command.kind, self.cause.entity, self.cause.record_id)
                for past in self.posting.of_cause(book, *about):
                    yield or_refuse(rules.reversal(ledger, past))
            case TakeAgain():
                about = (command.kind, self.cause.entity, self.cause.record_id)
                for past in self.posting.taken_back(book, *about):
                    yield self._again(ledger, past)
            case Hold():
                yield self._hold(book, command)
            case Settle():
                yield from self._settle(book, command)

    def _post(self, ledger: Ledger, command: Post) -> Entry:
        if command.quantity is None or not all(command.key):
            raise Refused((NOTHING,))
        made: Entry = or_refuse(
            rules.entry(
                ledger,
                command.kind,
                command.key,
                command.quantity,
                reason=self.cause.reason or "-",
                post_key=command.post_key,
                most=command.most,
            )
        )
        return replace(made, says=command.says)

    def _again(self, ledger: Ledger, past: Past) -> Entry:
        made: Entry = or_refuse(
            rules.entry(
                ledger,
                past.kind,
                past.key,
                past.quantity,
                reason=self.cause.reason or "-",
                post_key=f"{AGAIN}{past.id}",
                most=self.most.get((ledger.name, past.key)),
            )
        )
        return made

    def _hold(self, book: Book, command: Hold) -> Entry:
        ledger, key, quantity = book.ledger, command.key, command.quantity
        if quantity is None or not all(key) or ledger.holds is None:
            raise Refused((NOTHING,))
        or_refuse(rules.hold(ledger, key, quantity, ""))
        seconds = ledger.holds.seconds if command.seconds is None else command.seconds
        due_at = None if seconds is None else self.work.now + timedelta(seconds=seconds)
        hold_id = self.posting.open_hold(book, key, quantity, due_at, self.cause)
        made: Entry = or_refuse(
            rules.hold(ledger, key, quantity, hold_id, post_key=command.post_key)
        )
        return made

    def _settle(self, book: Book, command: Settle) -> Iterator[Entry]:
        held = self.posting.holds_of(book, self.cause.entity, self.cause.record_id)
        if command.uses and not held:
            raise Refused((NOT_HELD,))
        state = USED if command.uses else RELEASED
        for one in held:
            made: Entry = or_refuse(
                rules.settle(
                    book.ledger,
                    one,
                    one.remaining,
                    self.work.now,
                    commit=command.uses,
                    post_key=None,
                )
            )
            self.posting.settle_hold(book, one, one.remaining, state, self.cause.actor_id)
            yield made
