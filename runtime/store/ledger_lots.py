"""Lots follow their balances: what came in is put into lots, what went out is taken from them.

Comes in: what was posted, each balance locked by its post. Goes out: lots with what remains of
each, and what every entry did to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from rules.blockers import Blocker
from rules.ledger.entries import Entry
from rules.ledger.lots import Draw, Lot, take, take_back
from runtime.store.ledger_statements import Book
from runtime.store.ledger_writer import Writer
from runtime.store.posted import Cause, Posted, Refused


class Lots(Writer):
    """One transaction's hand on lots."""

    def follow(self, posted: Sequence[Posted]) -> None:
        """Put what came in into lots and take what went out; what leaves before what arrives."""
        left: dict[str, list[Draw]] = {}
        with_lots = [one for one in posted if self._in_lots(one)]
        for one in sorted(with_lots, key=lambda one: self._in_lots(one) > 0):
            book, change = self.books(one.entry.ledger), self._in_lots(one)
            number = one.entry.transfer
            if one.entry.reverses is not None:
                draws = _or_refuse(take_back(self._drawn(book, one.entry.reverses)), one.entry)
            elif change < 0:
                draws = self._taken(book, one, -change)
                if number is not None:
                    left[number] = list(draws)
            else:
                draws = self._arrived(book, one, change, left.get(number or "", ()))
            self._write_draws(book, one, draws)

    def _in_lots(self, one: Posted) -> int:
        lots = self.books(one.entry.ledger).ledger.lots
        return one.entry.changes.get(lots.bucket, 0) if lots is not None else 0

    def _taken(self, book: Book, one: Posted, quantity: int) -> tuple[Draw, ...]:
        table = book.lots
        if one.entry.only_lot is not None:
            lots = self._found_lots(book, table.c.id == one.entry.only_lot)
            return tuple(Draw(lot, -quantity) for lot in lots)
        lots = self._found_lots(book, table.c.balance == one.balance, table.c.remaining > 0)
        return _or_refuse(take(lots, quantity, self.now), one.entry)

    def _arrived(
        self, book: Book, one: Posted, quantity: int, left: Sequence[Draw]
    ) -> tuple[Draw, ...]:
        """Make the lots of what came in; those of a transfer keep their names and their ends."""
        entry, lots = one.entry, book.ledger.lots
        assert lots is not None
        expires_at = entry.expires_at
        if expires_at is None and lots.seconds is not None:
            expires_at = self.now + timedelta(seconds=lots.seconds)
        new = [
            Lot(self.make_id(), -draw.quantity, 0, draw.lot.expires_at, draw.lot.code)
            for draw in left
        ] or [Lot(self.make_id(), quantity, 0, expires_at, entry.lot)]
        stamps = self.stamps(Cause())
        rows = [
            {
                "id": lot.id,
                "balance": one.balance,
                **dict(zip(book.ledger.key, entry.key, strict=True)),
                "code": lot.code or None,
                "expires_at": lot.expires_at,
                "quantity": lot.quantity,
                "remaining": lot.remaining,
                **stamps,
            }
            for lot in new
        ]
        self.insert(book.lots, rows)
        return tuple(Draw(lot, lot.quantity) for lot in new)

    def _write_draws(self, book: Book, one: Posted, draws: Sequence[Draw]) -> None:
        table = book.lots
        for draw in draws:
            self.do(
                table.update()
                .where(table.c.id == draw.lot.id)
                .values(remaining=table.c.remaining + draw.quantity, updated_at=self.now)
            )
        stamps = self.stamps(Cause())
        rows = [
            {
                "id": self.make_id(),
                "entry": one.id,
                "lot": draw.lot.id,
                "quantity": draw.quantity,
                **stamps,
            }
            for draw in draws
        ]
        self.insert(book.draws, rows)

    def _drawn(self, book: Book, entry_id: str) -> tuple[Draw, ...]:
        draws, found = book.draws, []
        asked = sa.select(draws.c.lot, draws.c.quantity).where(draws.c.entry == entry_id)
        for lot_id, quantity in self.ask(asked):
            (lot,) = self._found_lots(book, book.lots.c.id == lot_id)
            found.append(Draw(lot, quantity))
        return tuple(found)

    def _found_lots(self, book: Book, *where: sa.ColumnElement[bool]) -> list[Lot]:
        table = book.lots
        columns = [table.c[name] for name in ("id", "quantity", "remaining", "expires_at", "code")]
        order = (table.c.expires_at.asc().nulls_last(), table.c.id)
        rows = self.ask(sa.select(*columns).where(*where).order_by(*order))
        return [Lot(str(row[0]), row[1], row[2], row[3], row[4] or "") for row in rows]


def _or_refuse(found: tuple[Draw, ...] | Blocker, entry: Entry) -> tuple[Draw, ...]:
    if isinstance(found, Blocker):
        raise Refused((found,), entry)
    return found
