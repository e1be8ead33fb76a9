"""Notices become rows in the transaction of what they tell about."""

from __future__ import annotations

import sqlalchemy as sa

from runtime.notifications import LONGEST_EXCERPT, Notice, excerpt, notify
from runtime.store.engine import write
from tests.shop import NOON, Shop


def test_a_notice_is_kept_for_everybody_but_the_one_who_did_it(shop: Shop) -> None:
    table = shop.runtime.system.notification
    notices = [
        Notice(user, "mention", "order", "1", params={"text": "look"}, actor_id=91, actor_name="Li")
        for user in (91, 92, 93)
    ]
    with write(shop.runtime.engine) as connection:
        assert notify(connection, shop.runtime, notices, NOON) == 2
    with write(shop.runtime.engine) as connection:
        unread = sa.select(table).where(table.c.user_id == 92, table.c.read_at.is_(None))
        row = connection.execute(unread).one()
    assert (row.kind, row.record_id, row.params, row.actor_name) == (
        "mention",
        "1",
        {"text": "look"},
        "Li",
    )


def test_an_excerpt_is_one_short_line() -> None:
    assert excerpt("two\n lines") == "two lines"
    assert len(excerpt("x" * 1000)) == LONGEST_EXCERPT
