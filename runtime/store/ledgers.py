"""Posting: entries are written, balances change, guards are asked, all in the caller's transaction.

Comes in: entries that `rules/ledger` made. Goes out: what was written, or `Refused` with the
reasons, after which the caller's transaction must be undone. Balances are changed in the order of
their keys, so that two writers never wait for each other; lots are touched after that, under the
lock of their balance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import sqlalchemy.exc

from generator.model.ledger import OPEN, Guard
from generator.resolve.ledger_records import AFTER
from rules.blockers import Blocker, both
from rules.ledger.entries import Entry, Held, Key, Past, place
from runtime.store.ledger_lots import Lots
from runtime.store.ledger_statements import Book
from runtime.store.ledger_writer import Writer
from runtime.store.posted import Cause, Posted, Refused
from runtime.store.prepared import Prepared, ask_together


class Posting(Writer):
    """One transaction's hand on balances and entries."""

    def post(self, entries: Iterable[Entry], cause: Cause) -> list[Posted]:
        """Write entries, all or none; each in the answer at the place it had.

        Raises:
            Refused: a guard does not hold, a lot is short, a key was used for something else.

        """
        asked = list(entries)
        order = sorted(range(len(asked)), key=lambda at: place(asked[at]))
        sorted_ = [asked[at] for at in order]
        written = self._together(sorted_, cause) or [self._one(one, cause) for one in sorted_]
        done = dict(zip(order, written, strict=True))
        posted = [done[at] for at in range(len(asked))]
        of_lots = [one for one in posted if self.books(one.entry.ledger).ledger.lots is not None]
        if of_lots:
            keeper = Lots(self.connection, self.books, self.now, self.make_id)
            keeper.follow([one for one in of_lots if not one.replayed])
        return posted

    def _together(self, entries: Sequence[Entry], cause: Cause) -> list[Posted] | None:
        """Write several in one round trip; None when none was, and each is to be asked by itself.

        A balance that nobody here has seen yet is made on the way, unless it is there.
        """
        dialect = self.connection.dialect
        if len(entries) < SEVERAL or dialect.name != "postgresql":
            return None
        sent: list[tuple[Prepared, Mapping[str, Any]]] = []
        places, ids = [], [self.make_id() for _ in entries]
        for entry, entry_id in zip(entries, ids, strict=True):
            book = self.books(entry.ledger)
            if entry.key not in book.known:
                sent.append((book.opening(dialect), self._empty(book, entry, cause.actor_id)))
            form = (tuple(entry.changes), entry.guards, tuple(entry.most))
            keyed = entry.post_key is not None
            statement = book.posting(dialect, *form, keyed=keyed, surely=True)
            places.append(len(sent))
            sent.append((statement, self.values_of(book, entry, entry_id, cause)))
        try:
            rows = ask_together(self.connection, sent)
        except (sqlalchemy.exc.DataError, sqlalchemy.exc.IntegrityError):
            for entry in entries:
                self.books(entry.ledger).known.pop(entry.key, None)
            return None
        done = []
        for entry, entry_id, at in zip(entries, ids, places, strict=True):
            book = self.books(entry.ledger)
            balance, version, *numbers = rows[at][0][:-1]
            after = dict(zip(book.numbers, numbers, strict=True))
            book.remember(entry.key, str(balance))
            done.append(Posted(entry_id, entry, str(balance), version, after))
        return done

    def _one(self, entry: Entry, cause: Cause) -> Posted:
        book, dialect = self.books(entry.ledger), self.connection.dialect
        changed = tuple(entry.changes)
        keyed = entry.post_key is not None
        statement = book.posting(dialect, changed, entry.guards, tuple(entry.most), keyed=keyed)
        entry_id = self.make_id()
        values = self.values_of(book, entry, entry_id, cause)
        rows = statement.rows(self.connection, values)
        for _ in range(ATTEMPTS):
            if rows:
                break
            earlier = self._earlier(book, entry)
            if earlier is not None:
                return earlier
            refused = self._refused(book, entry, values)
            if refused is not None:
                raise refused
            # there was no balance yet, or somebody made room since
            rows = statement.rows(self.connection, values)
        if not rows:
            raise Refused((LOST,), entry)
        (balance, version, *numbers) = rows[0]
        after = dict(zip(book.numbers, numbers, strict=True))
        if dialect.name != "postgresql":
            own = {f"entry_{name}{AFTER}": after[name] for name in book.ledger.buckets}
            written = {**values, **own, "entry_balance": balance}
            book.writing(dialect).send(self.connection, written)
        return Posted(entry_id, entry, str(balance), version, after)

    def values_of(self, book: Book, entry: Entry, entry_id: str, cause: Cause) -> dict[str, Any]:
        """Return what the statement of an entry binds."""
        ledger = book.ledger
        keys = dict(zip(ledger.key, entry.key, strict=True))
        values: dict[str, Any] = {f"key_{name}": one for name, one in keys.items()}
        values |= {f"change_{name}": change for name, change in entry.changes.items()}
        values |= {f"most_{name}": most for name, most in entry.most.items()}
        values |= {"at": self.now, "by": cause.actor_id, "post_key": entry.post_key}
        row = {
            "id": entry_id,
            **keys,
            **{name: entry.changes.get(name, 0) for name in ledger.buckets},
            "kind": entry.kind,
            "quantity": entry.quantity,
            "cause": cause.entity or None,
            "cause_id": cause.record_id or None,
            "cause_title": cause.title or None,
            "reason": cause.reason or None,
            "transfer": entry.transfer,
            "reverses": entry.reverses,
            "hold": entry.hold,
            **self.stamps(cause),
        }
        return values | {f"entry_{name}": value for name, value in row.items()}

    def _earlier(self, book: Book, entry: Entry) -> Posted | None:
        """Return what was posted under the same key.

        Raises:
            Refused: it was something else.

        """
        if entry.post_key is None:
            return None
        past = self.past(book, book.entries.c.post_key == entry.post_key)
        if past is None:
            return None
        same = (past.kind, past.key, past.quantity) == (entry.kind, entry.key, entry.quantity)
        if not same:
            raise Refused((OTHER_POST,), entry)
        table = book.balances
        names = [table.c[name] for name in book.numbers]
        of_key = [
            table.c[name] == one for name, one in zip(book.ledger.key, entry.key, strict=True)
        ]
        row = self.ask(sa.select(table.c.id, table.c.version, *names).where(*of_key))[0]
        after = dict(zip(book.numbers, row[2:], strict=True))
        return Posted(past.id, entry, str(row[0]), row[1], after, replayed=True)

    def _open(self, book: Book, entry: Entry, values: Mapping[str, Any]) -> None:
        """Make the balance of a key, of nothing, unless it is there."""
        empty = self._empty(book, entry, values["by"])
        book.opening(self.connection.dialect).send(self.connection, empty)

    def _empty(self, book: Book, entry: Entry, by: int) -> dict[str, Any]:
        """Return what the statement binds that makes a balance of nothing."""
        ledger = book.ledger
        empty = dict.fromkeys(ledger.buckets, 0)
        formulas = {name: one.function(empty, {}) for name, one in ledger.formulas.items()}
        row: dict[str, Any] = {
            "id": self.make_id(),
            **dict(zip(ledger.key, entry.key, strict=True)),
        }
        row |= {**empty, **formulas, **self.stamps(Cause(actor_id=by))}
        return {f"new_{name}": value for name, value in row.items()}

    def _refused(self, book: Book, entry: Entry, values: Mapping[str, Any]) -> Refused | None:
        """Return why nothing was posted; None when it may be tried again."""
        most = tuple(entry.most)
        asking = book.refusing(self.connection.dialect, tuple(entry.changes), entry.guards, most)
        rows = asking.rows(self.connection, values)
        if not rows:
            self._open(book, entry, values)
            return None
        numbers = dict(zip(book.numbers, rows[0][1:], strict=False))
        kept = rows[0][1 + len(book.numbers) :]
        asked: tuple[Guard | str, ...] = (*entry.guards, *most)
        broken = [one for one, holds in zip(asked, kept, strict=True) if not holds]
        blockers = tuple(_blocker(one, entry, numbers) for one in broken)
        return Refused(blockers, entry) if blockers else None

    def balance_of(self, book: Book, key: Key, actor_id: int) -> str:
        """Return the id of a key's balance, which is made of nothing if there is none."""
        values = {f"key_{name}": one for name, one in zip(book.ledger.key, key, strict=True)}
        finding = book.finding(self.connection.dialect)
        rows = finding.rows(self.connection, values)
        if not rows:
            self._open(book, Entry(book.ledger.name, "", key, 0, {}), {"by": actor_id})
            rows = finding.rows(self.connection, values)
        return str(rows[0][0])

    def past(self, book: Book, *where: sa.ColumnElement[bool]) -> Past | None:
        """Return an entry that was written, or None."""
        table, ledger = book.entries, book.ledger
        names = ("id", "kind", *ledger.key, "quantity", *ledger.buckets, "reverses", "transfer")
        names += ("hold",) if ledger.holds is not None else ()
        rows = self.ask(sa.select(*(table.c[name] for name in names)).where(*where))
        if not rows:
            return None
        row = dict(zip(names, rows[0], strict=True))
        return Past(
            row["id"],
            row["kind"],
            tuple(str(row[name]) for name in ledger.key),
            row["quantity"],
            {name: row[name] for name in ledger.buckets},
            row["reverses"],
            row.get("hold"),
            row["transfer"],
        )

    def together_with(self, book: Book, entry_id: str) -> list[Past]:
        """Return an entry with the other side of its transfer; nothing when there is none."""
        table = book.entries
        first = self.past(book, table.c.id == entry_id)
        if first is None or first.transfer is None:
            return [] if first is None else [first]
        same = (table.c.transfer == first.transfer, table.c.id != entry_id)
        others = [self.past(book, *same, table.c.reverses.is_(None))]
        return [first, *(one for one in others if one is not None)]

    def of_cause(self, book: Book, kind: str, entity: str, record_id: str) -> list[Past]:
        """Return what a record posted of one kind and nobody has taken back."""
        table, back = book.entries, book.entries.alias()
        open_ = ~sa.select(back.c.id).where(back.c.reverses == table.c.id).exists()
        asked = sa.select(table.c.id).where(
            table.c.cause_id == record_id,
            table.c.cause == entity,
            table.c.kind == kind,
            table.c.reverses.is_(None),
            open_,
        )
        found = [
            self.past(book, table.c.id == row[0]) for row in self.ask(asked.order_by(table.c.id))
        ]
        return [one for one in found if one is not None]

    def taken_back(self, book: Book, kind: str, entity: str, record_id: str) -> list[Past]:
        """Return what a record posted of one kind, was taken back, and was not posted again."""
        table, back, anew = book.entries, book.entries.alias(), book.entries.alias()
        again = sa.literal(AGAIN, sa.String) + sa.cast(table.c.id, sa.String)
        asked = sa.select(table.c.id).where(
            table.c.cause_id == record_id,
            table.c.cause == entity,
            table.c.kind == kind,
            table.c.reverses.is_(None),
            sa.select(back.c.id).where(back.c.reverses == table.c.id, ~_for_good(back)).exists(),
            ~sa.select(anew.c.id).where(anew.c.post_key.like(again + "/%")).exists(),
        )
        found = [
            self.past(book, table.c.id == row[0]) for row in self.ask(asked.order_by(table.c.id))
        ]
        return [one for one in found if one is not None]

    def given_back(self, book: Book, entity: str, record_id: str, key: Key) -> int:
        """Return how much refunds gave back of what a record took."""
        table = book.entries
        of_key = [table.c[name] == one for name, one in zip(book.ledger.key, key, strict=True)]
        asked = sa.select(sa.func.coalesce(sa.func.sum(table.c.quantity), 0)).where(
            table.c.cause_id == record_id, table.c.cause == entity, *of_key, _by_refunds(table)
        )
        return -int(self.ask(asked)[0][0])

    def is_reversed(self, book: Book, entry_id: str) -> bool:
        """Return whether an entry was taken back."""
        return self.past(book, book.entries.c.reverses == entry_id) is not None

    def open_hold(
        self, book: Book, key: Key, quantity: int, due_at: datetime | None, cause: Cause
    ) -> str:
        """Write the hold of a quantity that is about to be set aside; return its id."""
        hold_id = self.make_id()
        row = {
            "id": hold_id,
            "balance": self.balance_of(book, key, cause.actor_id),
            **dict(zip(book.ledger.key, key, strict=True)),
            "state": OPEN,
            "quantity": quantity,
            "remaining": quantity,
            "due_at": due_at,
            "cause": cause.entity or None,
            "cause_id": cause.record_id or None,
            "cause_title": cause.title or None,
            **self.stamps(cause),
        }
        self.insert(book.holds, [row])
        return hold_id

    def hold_of(self, book: Book, hold_id: str) -> Held | None:
        """Return a hold, locked until the end of the transaction; None when there is none."""
        found = self._held(book, book.holds.c.id == hold_id)
        return found[0] if found else None

    def holds_by(self, book: Book, ids: Sequence[str]) -> list[Held]:
        """Return holds, locked until the end of the transaction.

        On PostgreSQL those that somebody else has locked are left out.
        """
        return self._held(book, book.holds.c.id.in_(ids), waits=False)

    def holds_over(self, book: Book, count: int, besides: Sequence[str]) -> list[Held]:
        """Return so many open holds whose time is over, locked until the end of the transaction.

        Those of `besides` are left out, and on PostgreSQL those that somebody else has locked.
        """
        table = book.holds
        over = (table.c.state == OPEN, table.c.due_at <= self.now, table.c.id.not_in(besides))
        return self._held(book, *over, waits=False, first=(table.c.due_at, count))

    def holds_of(self, book: Book, entity: str, record_id: str) -> list[Held]:
        """Return the open holds of a record, locked until the end of the transaction."""
        table = book.holds
        own = (table.c.cause_id == record_id, table.c.cause == entity)
        return self._held(book, *own, table.c.state == OPEN)

    def _held(
        self,
        book: Book,
        *where: sa.ColumnElement[bool],
        waits: bool = True,
        first: tuple[sa.Column[Any], int] | None = None,
    ) -> list[Held]:
        """Return locked holds by their ids, or so many by a column."""
        table = book.holds
        names = ("id", *book.ledger.key, "remaining", "state", "due_at")
        asked = sa.select(*(table.c[name] for name in names)).where(*where)
        asked = asked.order_by(first[0]).limit(first[1]) if first else asked.order_by(table.c.id)
        rows = self.ask(asked.with_for_update(skip_locked=not waits))
        found = [dict(zip(names, row, strict=True)) for row in rows]
        return [
            Held(
                row["id"],
                tuple(str(row[name]) for name in book.ledger.key),
                row["remaining"],
                row["state"],
                row["due_at"],
            )
            for row in found
        ]

    def close_holds(self, book: Book, ids: Sequence[str], state: str, by: int) -> None:
        """Write that nothing is left of locked holds."""
        self._change_holds(book, book.holds.c.id.in_(ids), 0, state, by)

    def settle_hold(self, book: Book, held: Held, quantity: int, state: str, by: int) -> str:
        """Write what is left of a locked hold; return its state then."""
        left = held.remaining - quantity
        after = state if left == 0 else OPEN
        self._change_holds(book, book.holds.c.id == held.id, left, after, by)
        return after

    def _change_holds(
        self, book: Book, which: sa.ColumnElement[bool], left: int, state: str, by: int
    ) -> None:
        table = book.holds
        stamps = {"version": table.c.version + 1, "updated_at": self.now, "updated_by": by}
        self.do(table.update().where(which).values(remaining=left, state=state, **stamps))


AGAIN = "again/"
"""Begins the key of what is posted again after it was taken back; the id of the entry follows."""
GIVEN_BACK, REST = "back/", "rest/"
"""Begin the keys of what refunds reverse, and of what they take anew for it is still granted; the
id of the entry follows."""
AMENDED = "amended/"
"""Begins the keys of what a change of a placed record reverses, and of what it takes anew."""
SEVERAL = 2
"""From so many entries on they are sent together."""
ATTEMPTS = 3
"""How often a post is tried that lost against another one."""
LOST = Blocker("LOST")
"""The balance changed while the reasons were asked: whoever asks again will know."""
OTHER_POST = Blocker("OTHER_POST")
"""The key of the post was used for something else."""


def _by_refunds(table: Any) -> sa.ColumnElement[bool]:
    """Return whether an entry is one by which refunds gave something back."""
    key = sa.func.coalesce(table.c.post_key, "")
    return sa.or_(key.like(f"{GIVEN_BACK}%"), key.like(f"{REST}%"))


def _for_good(table: Any) -> sa.ColumnElement[bool]:
    """Return whether an entry gave back what the record never takes again."""
    key = sa.func.coalesce(table.c.post_key, "")
    return sa.or_(_by_refunds(table), key.like(f"{AMENDED}%"))


LIMIT = both("Only {left} of {most} are left.", "仅剩 {left}（上限 {most}）。")


def _blocker(guard: Guard | str, entry: Entry, numbers: Mapping[str, int]) -> Blocker:
    """Return why a guard or a bound stops an entry: what there is, and what it asks for."""
    if isinstance(guard, str):
        have, most = numbers[guard], entry.most[guard]
        left = max(0, most - have)
        code, message = entry.says or ("LIMIT_REACHED", LIMIT)
        return Blocker(
            code, message, {"have": have, "most": most, "left": left, "q": entry.quantity}
        )
    return Blocker(guard.code, guard.message, {**numbers, "q": entry.quantity}, guard.span)
