"""The audit proves itself: whatever is altered, forged or removed past the back office is found."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from app import main
from generator.compile import compile_definitions
from runtime.runtime import new_id, utc_now
from runtime.store.audit_chain import last_anchor, seal_waiting
from runtime.store.audit_key import DEVELOPMENT_KEY, SIGNED, audit_key
from runtime.store.audit_verify import Verdict, verify
from runtime.store.engine import read, write
from runtime.store.migrate.apply import create_all
from runtime.store.system_tables import own_tables
from tests.shop import NOON, TINY, Shop

AUDIT, SEAL = own_tables().audit, own_tables().audit_seal
OTHER = {
    "at": NOON + timedelta(days=1),
    "actor_id": 77,
    "record_version": 9,
    "before": {"name": "nobody"},
    "after": {"name": "somebody else"},
}
"""Other values than those that stand there; other columns get a text."""


def busy_day(shop: Shop) -> list[str]:
    """Create, change, put away and bring back; return the ids of the customers."""
    names = ("李伟", "王芳", "Ada")
    ids = [
        str(shop.row(shop.done("create", "customer", {"code": f"C{at}", "name": name}))["id"])
        for at, name in enumerate(names)
    ]
    shop.done("update", "customer", {"name": "李小伟"}, record=ids[0], version=1)
    shop.done("update", "customer", {"vip": True}, record=ids[0], version=2)
    lines = [{"item": "帽子", "price": "3"}]
    shop.done("create", "order", {"customer": ids[1], "lines": lines})
    shop.done("delete", "customer", record=ids[2], version=1)
    return ids


def seal(shop: Shop) -> int:
    return seal_waiting(shop.runtime.engine, DEVELOPMENT_KEY, utc_now() + timedelta(minutes=2))


def judged(shop: Shop, anchor: str = "", keys: Any = (DEVELOPMENT_KEY,)) -> Verdict:
    return verify(shop.runtime.engine, shop.runtime.schema, keys, anchor)


def codes(shop: Shop, anchor: str = "") -> set[str]:
    return {one.code for one in judged(shop, anchor).findings}


def tamper(shop: Shop, statement: Any) -> None:
    """Write past the back office."""
    with shop.runtime.engine.begin() as connection:
        assert connection.execute(statement).rowcount


def rows_of(shop: Shop, record_id: str) -> list[str]:
    wanted = sa.select(AUDIT.c.id).where(AUDIT.c.record_id == record_id).order_by(AUDIT.c.id)
    with read(shop.runtime.engine) as connection:
        return [str(row.id) for row in connection.execute(wanted)]


def test_an_audit_that_nobody_touched_agrees_sealed_or_not(shop: Shop) -> None:
    busy_day(shop)
    fresh = judged(shop)
    assert (fresh.rows, fresh.sealed, fresh.findings) == (7, 0, [])
    assert seal(shop) == 1
    assert seal(shop) == 0
    busy = judged(shop)
    assert (busy.rows, busy.sealed, busy.seals, busy.findings) == (7, 7, 1, [])


@pytest.mark.parametrize("column", [name for name in SIGNED if name != "id"])
def test_a_row_altered_in_any_column_is_named(shop: Shop, column: str) -> None:
    first = rows_of(shop, busy_day(shop)[0])[1]
    value = OTHER.get(column, "forged")
    tamper(shop, AUDIT.update().where(AUDIT.c.id == first).values({column: value}))
    found = judged(shop).findings
    assert ("altered", first) in {(one.code, one.where) for one in found}


def test_a_row_removed_from_between_two_leaves_a_gap(shop: Shop) -> None:
    record = busy_day(shop)[0]
    tamper(shop, AUDIT.delete().where(AUDIT.c.id == rows_of(shop, record)[1]))
    assert codes(shop) == {"gap"}


def test_the_last_row_of_a_record_cannot_be_removed_unseen(shop: Shop) -> None:
    record = busy_day(shop)[0]
    tamper(shop, AUDIT.delete().where(AUDIT.c.id == rows_of(shop, record)[-1]))
    assert codes(shop) == {"unexplained"}


def test_a_record_changed_past_the_back_office_is_named(shop: Shop) -> None:
    record = busy_day(shop)[0]
    table = shop.runtime.schema.tables["customer"]
    tamper(shop, table.update().where(table.c.id == record).values(name="x", version=4))
    assert [one.where for one in judged(shop).findings] == [f"customer {record}"]


def test_a_record_removed_together_with_its_whole_story_breaks_the_seal(shop: Shop) -> None:
    record = busy_day(shop)[2]
    seal(shop)
    tamper(shop, AUDIT.delete().where(AUDIT.c.record_id == record))
    table = shop.runtime.schema.tables["customer"]
    tamper(shop, table.delete().where(table.c.id == record))
    (found,) = judged(shop).findings
    assert found.code == "seal_broken"
    assert "2 of them are missing" in found.message.text("en")


@pytest.mark.parametrize("signature", [None, f"{DEVELOPMENT_KEY.name}:00", "unknown:00"])
def test_a_forged_row_is_named_and_breaks_the_seal(shop: Shop, signature: str | None) -> None:
    record = busy_day(shop)[2]
    seal(shop)
    with read(shop.runtime.engine) as connection:
        one = sa.select(AUDIT).where(AUDIT.c.id == rows_of(shop, record)[0])
        row = dict(connection.execute(one).mappings().one())
    row["id"] = row["id"][:-4] + "ffff"
    tamper(shop, AUDIT.insert().values(**{**row, "record_version": 5, "signature": signature}))
    found = codes(shop)
    assert "seal_broken" in found
    assert found & {"unsigned", "altered", "unknown_key"}


def test_seals_cannot_be_removed_or_altered_unseen(shop: Shop) -> None:
    for _ in range(3):
        busy = {"code": new_id()[:20], "name": "x"}
        shop.done("create", "customer", busy)
        seal(shop)
    with read(shop.runtime.engine) as connection:
        anchor = last_anchor(connection)
    assert codes(shop, anchor) == set()
    tamper(shop, SEAL.delete().where(SEAL.c.number == 3))
    assert codes(shop) == set()
    assert codes(shop, anchor) == {"anchor_missing"}
    tamper(shop, SEAL.delete().where(SEAL.c.number == 1))
    assert {"seal_missing", "seal_broken"} <= codes(shop)


def test_an_old_secret_still_proves_what_it_signed(shop: Shop) -> None:
    busy_day(shop)
    seal(shop)
    new = audit_key("another secret of the shop")
    shop.runtime.audit_key = new
    shop.done("create", "customer", {"code": "N", "name": "New"})
    assert judged(shop, keys=(new, DEVELOPMENT_KEY)).findings == []
    assert {one.code for one in judged(shop, keys=(new,)).findings} == {
        "unknown_key",
        "seal_broken",
    }


@pytest.mark.parametrize(
    "value", [1e22, 0.1, -0.0, 3.0, 2**53 + 1, "帽\u2028子", [{"b": 1, "a": None}]]
)
def test_a_value_is_signed_as_both_databases_give_it_back(shop: Shop, value: Any) -> None:
    row = dict.fromkeys(SIGNED, None) | {
        "id": new_id(),
        "at": NOON,
        "actor_name": "x",
        "actor_kind": "user",
        "operation": "update",
        "entity": "thing",
        "source": "rest",
        "digest": "d",
        "after": {"value": value},
    }
    tamper(shop, AUDIT.insert().values(**row, signature=DEVELOPMENT_KEY.sign(row)))
    assert judged(shop).findings == []


def test_rows_of_a_transaction_that_still_runs_wait_for_a_later_seal(shop: Shop) -> None:
    if shop.runtime.engine.dialect.name == "sqlite":
        # one writer at a time: the sealer waits for it, so there is nothing to leave out
        busy_day(shop)
        assert seal(shop) == 1
        return
    with shop.runtime.engine.connect() as slow:
        with slow.begin():
            slow.execute(sa.text("SELECT 1"))
            busy_day(shop)
            assert seal(shop) == 0
        assert seal(shop) == 1
    assert codes(shop) == set()


def test_sealers_and_writers_at_once_leave_an_unbroken_chain(shop: Shop) -> None:
    def write_some(number: int) -> None:
        for at in range(8):
            shop.done("create", "customer", {"code": f"{number}-{at}", "name": "x"})

    def seal_some() -> None:
        for _ in range(8):
            seal_waiting(shop.runtime.engine, DEVELOPMENT_KEY, utc_now(), timedelta(0))

    work: list[Callable[[], None]] = [
        seal_some,
        seal_some,
        lambda: write_some(1),
        lambda: write_some(2),
    ]
    threads = [threading.Thread(target=each) for each in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seal(shop)
    verdict = judged(shop)
    assert (verdict.rows, verdict.sealed, verdict.findings) == (16, 16, [])


@pytest.mark.parametrize("table", ["sw_audit", "sw_audit_seal"])
@pytest.mark.parametrize("words", ["UPDATE {} SET digest = 'x'", "DELETE FROM {}"])
def test_the_database_itself_refuses_to_alter_the_audit(shop: Shop, table: str, words: str) -> None:
    with shop.runtime.engine.begin() as connection:
        for name in reversed(sa.inspect(connection).get_table_names()):
            cascade = " CASCADE" if connection.dialect.name == "postgresql" else ""
            connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{name}"{cascade}')
    create_all(shop.runtime.engine, compile_definitions(TINY), now=utc_now())
    busy_day(shop)
    seal(shop)
    statement = words.format(table).replace("digest", "day" if "seal" in table else "digest")
    with (
        pytest.raises(sa.exc.DBAPIError, match="the audit can only grow"),
        write(shop.runtime.engine) as connection,
    ):
        connection.exec_driver_sql(statement)
    assert judged(shop).findings == []


def test_the_command_tells_what_it_found_in_both_languages(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", str(shop.runtime.engine.url.render_as_string(False)))
    monkeypatch.setenv("SHOPWRIGHT_DEFINITIONS", str(TINY))
    record = busy_day(shop)[0]
    run = CliRunner()
    agreed = run.invoke(main, ["audit", "verify"])
    assert (agreed.exit_code, "7 rows" in agreed.output) == (0, True)
    tamper(shop, AUDIT.update().where(AUDIT.c.record_id == record).values(actor_name="Mallory"))
    found = run.invoke(main, ["audit", "verify"])
    assert found.exit_code == 1
    assert found.output.count("was altered after it was written") == 3
    chinese = run.invoke(main, ["audit", "verify", "--locale", "zh"])
    assert "3 处不符" in chinese.output
    assert '"code": "altered"' in run.invoke(main, ["audit", "verify", "--json"]).output


def test_a_seal_can_be_noted_elsewhere_by_a_command(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", str(shop.runtime.engine.url.render_as_string(False)))
    monkeypatch.setenv("SHOPWRIGHT_DEFINITIONS", str(TINY))
    run = CliRunner()
    none = run.invoke(main, ["audit", "anchor"])
    assert (none.exit_code, "Nothing is sealed yet" in none.output) == (1, True)
    busy_day(shop)
    seal(shop)
    noted = run.invoke(main, ["audit", "anchor"]).output.strip()
    assert run.invoke(main, ["audit", "verify", "--anchor", noted]).exit_code == 0
    assert run.invoke(main, ["audit", "verify", "--anchor", "1:none"]).exit_code == 1
