"""Comments, follows and attachments belong to a record and obey its rights."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from rules.role_names import narrowed
from runtime.files import FileStore
from runtime.followers import tell
from runtime.jobs.outbox import OutboxRow, relay_once
from runtime.messages import Actor
from runtime.operations.beside import Beside
from runtime.operations.history import Entry
from runtime.store.engine import write
from runtime.tidying import tidy_files
from tests.shop import NOON, Shop, person


@pytest.fixture
def order(shop: Shop) -> str:
    return make_order(shop)


def make_order(shop: Shop) -> str:
    code = f"C{shop.count('customer')}"
    customer = shop.row(shop.done("create", "customer", {"code": code, "name": "Li"}))["id"]
    lines = [{"item": "Shirt", "price": "10.50"}]
    made = shop.done("create", "order", {"customer": customer, "lines": lines})
    return str(shop.row(made)["id"])


def add_accounts(shop: Shop) -> None:
    """Give the database people with roles, as the login keeps them."""
    with write(shop.runtime.engine) as connection:
        for table, columns in (
            (
                "ab_user",
                "id INTEGER, username TEXT, first_name TEXT, last_name TEXT, email TEXT,"
                " active BOOLEAN, password TEXT",
            ),
            ("ab_role", "id INTEGER, name TEXT"),
            ("ab_user_role", "user_id INTEGER, role_id INTEGER"),
            ("ab_user_group", "user_id INTEGER, group_id INTEGER"),
            ("ab_group_role", "group_id INTEGER, role_id INTEGER"),
        ):
            connection.execute(sa.text(f"CREATE TABLE {table} ({columns})"))
        for number, role in enumerate(("clerk", "guest"), start=1):
            connection.execute(
                sa.text("INSERT INTO ab_role VALUES (:n, :r)"), {"n": number, "r": role}
            )
        for number, name, role in ((11, "ann", 1), (12, "bob", 1), (13, "gus", 2)):
            connection.execute(
                sa.text("INSERT INTO ab_user VALUES (:n, :u, :u, 'X', :u, :a, '')"),
                {"n": number, "u": name, "a": True},
            )
            connection.execute(
                sa.text("INSERT INTO ab_user_role VALUES (:n, :r)"), {"n": number, "r": role}
            )


def notices(shop: Shop) -> list[tuple[int, str]]:
    table = shop.runtime.system.notification
    with shop.runtime.engine.connect() as connection:
        rows = connection.execute(sa.select(table.c.user_id, table.c.kind).order_by(table.c.id))
        return [(row.user_id, row.kind) for row in rows]


def test_a_comment_tells_those_it_names_who_may_read_the_record(shop: Shop, order: str) -> None:
    add_accounts(shop)
    text = "@bob please look; @Ann too, @gus and @nobody not. mail@ann.example"
    made = shop.done("comment", "order", {"text": text}, record=order).row
    assert (made.text, made.version, made.mentions) == (text, 1, {"ann": 11, "bob": 12})
    assert made.unheard == ("gus", "nobody")
    assert sorted(notices(shop)) == [(11, "mention"), (12, "mention")]
    (seen,) = shop.done("comments", "order", record=order).rows
    assert seen.id == made.id


def test_only_its_writer_changes_a_comment_and_only_the_version_they_read(
    shop: Shop, order: str
) -> None:
    made = shop.done("comment", "order", {"text": "First"}, record=order).row
    other = person("clerk", number=2)
    change = {"text": "Second"}
    options = {"record": order, "part": made.id, "version": 1}
    assert shop.refused("edit_comment", "order", change, actor=other, **options).status == 403
    done = shop.done("edit_comment", "order", change, **options).row
    assert (done.text, done.version, done.edited_at is not None) == ("Second", 2, True)
    assert shop.refused("edit_comment", "order", {"text": "Third"}, **options).status == 412
    assert shop.refused("delete_comment", "order", actor=other, **options).status == 403
    shop.done("delete_comment", "order", record=order, part=made.id)
    assert shop.done("comments", "order", record=order).rows == ()


def test_a_deleted_comment_takes_its_notices_along(shop: Shop, order: str) -> None:
    add_accounts(shop)
    kept = shop.done("comment", "order", {"text": "@bob stay"}, record=order).row
    gone = shop.done("comment", "order", {"text": "@bob go"}, record=order).row
    shop.done("delete_comment", "order", record=order, part=gone.id)
    assert notices(shop) == [(12, "mention")]
    assert shop.done("comments", "order", record=order).rows[0].id == kept.id


@pytest.mark.parametrize("text", ["", "  ", None, 7, "x" * 10_001])
def test_a_comment_says_something_and_not_too_much(shop: Shop, order: str, text: object) -> None:
    assert shop.refused("comment", "order", {"text": text}, record=order).status == 422


def test_what_turns_the_direction_of_a_comment_is_refused(shop: Shop, order: str) -> None:
    refusal = shop.refused("comment", "order", {"text": "invoice\u202egpj.exe"}, record=order)
    assert refusal.message.text("en") == "Control characters are not allowed."
    assert refusal.message.text("zh") == "不能包含控制字符。"
    shop.done("comment", "order", {"text": "a\n\u200fb\u200d"}, record=order)


def test_a_comment_sent_twice_is_written_once(shop: Shop, order: str) -> None:
    first = shop.done("comment", "order", {"text": "Once"}, record=order, key="k1")
    again = shop.done("comment", "order", {"text": "Once"}, record=order, key="k1")
    assert again.replayed
    assert again.row.id == first.row.id
    assert shop.count("sw_comment") == 1


def test_who_may_not_read_a_record_does_nothing_beside_it(shop: Shop, order: str) -> None:
    stranger = person("nobody")
    for operation in ("comment", "comments", "timeline", "follow", "attachments", "attach"):
        values = {"text": "x", "file": "x"}
        refusal = shop.refused(operation, "order", values, record=order, actor=stranger)
        assert refusal.status == 404, operation


def test_what_is_not_there_answers_alike(shop: Shop) -> None:
    nowhere = "00000000-0000-7000-8000-000000000000"
    for operation in ("comment", "comments", "timeline", "follow", "attachments", "attach"):
        refusal = shop.refused(operation, "order", {"text": "x", "file": "x"}, record=nowhere)
        assert refusal.status == 404, operation


def test_a_token_that_only_reads_does_not_talk(shop: Shop, order: str) -> None:
    scopes = frozenset({"read:order"})
    reader = Actor(1, "t", narrowed(frozenset({"clerk"}), scopes), kind="token", scopes=scopes)
    shop.done("comments", "order", record=order, actor=reader)
    assert shop.refused("comment", "order", {"text": "x"}, record=order, actor=reader).status == 403


def test_the_timeline_merges_changes_and_comments_and_filters_by_kind(
    shop: Shop, order: str
) -> None:
    shop.done("comment", "order", {"text": "Said"}, record=order)
    shop.done("update", "order", {"status": "paid"}, record=order, version=1)
    rows = shop.done("timeline", "order", record=order).rows
    assert [getattr(one, "operation", "said") for one in rows] == ["update", "said", "create"]
    for kind, count in (("comments", 1), ("changes", 2), ("files", 0)):
        found = shop.done("timeline", "order", record=order, query={"kind": kind}).rows
        assert len(found) == count, kind
    assert all(isinstance(one, Entry) for one in rows[::2])


def test_the_timeline_goes_on_where_a_page_ended(shop: Shop, order: str) -> None:
    for number in range(35):
        shop.done("comment", "order", {"text": str(number)}, record=order)
    first = shop.done("timeline", "order", record=order)
    rest = shop.done("timeline", "order", record=order, query={"before": first.next_cursor})
    ids = [one.id for one in (*first.rows, *rest.rows)]
    assert (len(first.rows), len(rest.rows), rest.next_cursor) == (30, 6, "")
    assert ids == sorted(ids, reverse=True)


def test_neighbours_follow_the_lists_filters_and_order(shop: Shop) -> None:
    orders = [make_order(shop) for _ in range(4)]
    shop.done("update", "order", {"status": "paid"}, record=orders[1], version=1)
    beside = shop.done("neighbours", "order", record=orders[2], query={"sort": "number"}).row
    assert (beside.previous, beside.next) == (orders[1], orders[3])
    query = {"sort": "-number", "status": "paid"}
    beside = shop.done("neighbours", "order", record=orders[3], query=query).row
    assert (beside.previous, beside.next) == ("", orders[1])


def relay(shop: Shop) -> None:
    """Take every event out, as the scheduler does each second."""

    def watch(connection: sa.Connection, rows: Sequence[OutboxRow]) -> None:
        tell(connection, shop.runtime, rows)

    def nobody(connection: sa.Connection, row: OutboxRow) -> None:
        raise AssertionError(row)

    later = NOON + timedelta(seconds=1)
    while relay_once(shop.runtime.engine, nobody, 100, topics=(), now=later, watch=watch):
        pass


def test_a_follower_is_told_of_what_others_do_and_not_twice_of_one_comment(
    shop: Shop, order: str
) -> None:
    add_accounts(shop)
    relay(shop)
    ann, bob = person("clerk", number=11), person("clerk", number=12)
    for follower in (ann, bob):
        shop.done("follow", "order", record=order, actor=follower)
        shop.done("follow", "order", record=order, actor=follower)
    shop.done("update", "order", {"status": "paid"}, record=order, version=1, actor=ann)
    shop.done("comment", "order", {"text": "@bob see"}, record=order, actor=ann)
    relay(shop)
    assert sorted(notices(shop)) == [(12, "change"), (12, "mention")]
    shop.done("comment", "order", {"text": "plain"}, record=order, actor=ann)
    shop.done("unfollow", "order", record=order, actor=ann)
    shop.done("delete", "order", record=order, version=2, actor=bob)
    relay(shop)
    assert sorted(notices(shop)) == [(12, "change"), (12, "comment"), (12, "mention")]


def test_a_follower_who_lost_the_right_to_read_hears_nothing(shop: Shop, order: str) -> None:
    add_accounts(shop)
    bob = person("clerk", number=12)
    shop.done("follow", "order", record=order, actor=bob)
    with write(shop.runtime.engine) as connection:
        connection.execute(sa.text("UPDATE ab_user_role SET role_id = 2 WHERE user_id = 12"))
    shop.done("update", "order", {"status": "paid"}, record=order, version=1)
    relay(shop)
    assert notices(shop) == []


@pytest.fixture
def files(shop: Shop, tmp_path: Path) -> FileStore:
    runtime = shop.runtime
    return FileStore(
        tmp_path / "files", runtime.engine, runtime.system.file, runtime.clock, runtime.make_id
    )


def test_a_file_is_attached_by_who_uploaded_it_and_taken_away(
    shop: Shop, order: str, files: FileStore
) -> None:
    kept = files.keep("plan.pdf", b"%PDF-1", shop.actor.id)
    other = files.keep("theirs.pdf", b"%PDF-2", 99)
    assert shop.refused("attach", "order", {"file": other.id}, record=order).status == 422
    made = shop.done("attach", "order", {"file": kept.id}, record=order).row
    assert (made.name, made.media_type, made.size) == ("plan.pdf", "application/pdf", 6)
    entries = shop.done("timeline", "order", record=order, query={"kind": "files"}).rows
    assert [(entry.operation, entry.after) for entry in entries] == [
        ("attach", {"$file": "plan.pdf"})
    ]
    elsewhere = make_order(shop)
    assert shop.refused("detach", "order", record=elsewhere, part=made.id).status == 404
    shop.done("detach", "order", record=order, part=made.id)
    assert shop.done("attachments", "order", record=order).rows == ()


def test_who_may_only_read_attaches_nothing(shop: Shop, files: FileStore) -> None:
    guest = person("guest", number=13)
    customer = shop.row(shop.done("create", "customer", {"code": "G", "name": "Li"}))["id"]
    kept = files.keep("plan.pdf", b"%PDF-1", guest.id)
    values = {"file": kept.id}
    assert shop.refused("attach", "customer", values, record=customer, actor=guest).status == 403


def test_an_upload_that_nothing_ever_held_is_forgotten_after_a_week(
    shop: Shop, order: str, files: FileStore
) -> None:
    lost = files.keep("lost.txt", b"lost", shop.actor.id)
    same = files.keep("same.txt", b"same", shop.actor.id)
    held = files.keep("held.txt", b"held", shop.actor.id)
    once = files.keep("same again.txt", b"same", shop.actor.id)
    for file in (held, once):
        made = shop.done("attach", "order", {"file": file.id}, record=order).row
    for path in files.folder.rglob("*"):
        if path.is_file():
            os.utime(path, (1, 1))
    assert tidy_files(shop.runtime, files) == 0
    shop.runtime.clock = lambda: NOON + timedelta(days=8)
    assert tidy_files(shop.runtime, files) == 2
    assert (files.find(lost.id), files.find(same.id)) == (None, None)
    assert not files.path(lost).exists()
    assert files.path(same).exists(), "another file has the same bytes"
    assert files.find(held.id) is not None
    assert made.name == "same again.txt"


def test_relations_are_counted_in_one_statement_inside_the_right_to_list(shop: Shop) -> None:
    first = make_order(shop)
    customer = shop.row(shop.done("read", "order", record=first))["customer"]
    asked = {"query": {"of": "order.customer"}, "record": customer}
    (count,) = shop.done("related_counts", "customer", **asked).row.values()
    assert (count.number, count.is_exact) == (1, True)
    guest = person("guest", number=13)
    assert shop.done("related_counts", "customer", actor=guest, **asked).row == {}


def test_what_stands_beside_a_record_comes_with_whether_one_follows_it(
    shop: Shop, order: str, files: FileStore
) -> None:
    assert shop.done("beside", "order", record=order).row == Beside((), follows=False)
    shop.done("follow", "order", record=order)
    kept = files.keep("plan.pdf", b"%PDF-1", shop.actor.id)
    shop.done("attach", "order", {"file": kept.id}, record=order)
    found = shop.done("beside", "order", record=order).row
    assert ([file.name for file in found.files], found.follows) == (["plan.pdf"], True)
