"""A part of what a record posted is taken back: once, and a cancel takes back only the rest.

Comes in: how much must be back by now. Goes out: the reversal of entries that are still open, and
an entry anew for what stays of the last one; nothing where as much is back already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rules.ledger import entries as rules
from rules.ledger.entries import Entry, Key
from runtime.operations._posting import or_refuse, post_within, posting_of
from runtime.operations._work import Draft, Work
from runtime.store import inserts
from runtime.store.ledger_statements import Book
from runtime.store.ledgers import AMENDED, GIVEN_BACK, REST
from runtime.store.posted import Cause
from runtime.store.titles import title_of


def entries(
    work: Work, draft: Draft, ledger: str, kinds: Iterable[str], key: Key, amount: int
) -> list[Entry]:
    """Return what is posted so that an amount of a key is back.

    Args:
        work: the request.
        draft: the record that posted.
        ledger: where.
        kinds: those of which entries are taken back, in this order.
        key: of the balance.
        amount: what must be back altogether, in the ledger's smallest unit.

    """
    book: Book = work.runtime.book(ledger)
    inserts.leave_now(work.connection)
    about = (draft.entity.name, str(draft.facts["id"]))
    left = amount - posting_of(work).given_back(book, *about, key)
    return _less(work, draft, ledger, kinds, key, left, (GIVEN_BACK, REST))


def amended(
    work: Work, draft: Draft, ledger: str, kinds: Iterable[str], key: Key, amount: int
) -> list[Entry]:
    """Return what is posted so that a record has taken so much less of a key from now on.

    Unlike what a refund gives back, it is no part of what the record takes again.
    """
    inserts.leave_now(work.connection)
    return _less(work, draft, ledger, kinds, key, amount, (AMENDED, f"{AMENDED}rest/"))


def _less(
    work: Work, draft: Draft, ledger: str, kinds: Iterable[str], key: Key, left: int,
    marks: tuple[str, str],
) -> list[Entry]:  # fmt: skip
    book: Book = work.runtime.book(ledger)
    posting, about = posting_of(work), (draft.entity.name, str(draft.facts["id"]))
    found = []
    for kind in dict.fromkeys(kinds):
        for past in posting.of_cause(book, kind, *about):
            if left <= 0 or past.key != key:
                continue
            taken = min(left, past.quantity)
            left -= taken
            back = rules.reversal(book.ledger, past, post_key=f"{marks[0]}{past.id}")
            found.append(or_refuse(back))
            if past.quantity > taken:
                rest = past.quantity - taken
                anew = rules.entry(book.ledger, kind, key, rest, post_key=f"{marks[1]}{past.id}")
                found.append(or_refuse(anew))
    return found


def post(work: Work, draft: Draft, made: Sequence[Entry]) -> None:
    """Post such entries for the record that they are about."""
    if made:
        inserts.leave_now(work.connection)
        title = title_of(work.connection, work.runtime, draft.entity, draft.facts)
        record_id = str(draft.facts["id"])
        cause = Cause(draft.entity.name, record_id, title, work.incoming.reason, work.actor_id)
        post_within(work, made, cause)
