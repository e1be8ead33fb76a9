"""What the log of what happened says goes when its time is over, and the rest proves it."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from app import main
from generator.compile import compile_definitions
from runtime.audit_keep import THREE_YEARS, Keep, read_keep
from runtime.jobs import runs, scheduler
from runtime.jobs.own import own_schedules
from runtime.jobs.starting import every_kind
from runtime.jobs.work import trim_log
from runtime.settings import SettingsError, read_settings
from runtime.store import audit_chain
from runtime.store.audit_key import audit_key
from runtime.store.audit_proof import mark_of
from runtime.store.audit_removal import LOCK, held_still
from runtime.store.engine import read
from runtime.store.migrate.apply import apply, create_all
from runtime.store.migrate.make import make_plan
from tests.killing import killed_at, stuck_after
from tests.runtime.long_ago import AUDIT, REMOVAL, SEAL, LongAgo
from tests.shop import TINY, Shop

TODAY = "2026-11-22"
SIX_MONTHS = Keep(months=6)


@pytest.fixture
def past(shop: Shop) -> LongAgo:
    there = LongAgo(shop)
    there.guard()
    return there


@pytest.fixture
def old(past: LongAgo, monkeypatch: pytest.MonkeyPatch) -> LongAgo:
    """Two days that are past, in three seals, and two that are not."""
    monkeypatch.setattr(audit_chain, "MOST_ROWS", 2)
    past.busy("2020-03-01", 3)
    past.busy("2023-11-21", 2)
    past.busy("2023-11-22", 2)
    past.busy("2024-01-01", 1)
    past.on(TODAY)
    return past


# --- how long


def test_the_log_is_kept_for_three_years_where_nobody_says_otherwise() -> None:
    assert read_settings({}).audit_keep == THREE_YEARS


@pytest.mark.parametrize(
    ("written", "text", "zh", "first"),
    [
        ("3 years", "3 years", "3 年", date(2023, 11, 22)),
        ("3y", "3 years", "3 年", date(2023, 11, 22)),
        ("1 Year", "1 year", "1 年", date(2025, 11, 22)),
        ("18 months", "18 months", "18 个月", date(2025, 5, 22)),
        ("6 months", "6 months", "6 个月", date(2026, 5, 22)),
        ("184 days", "184 days", "184 天", date(2026, 5, 22)),
        ("400d", "400 days", "400 天", date(2025, 10, 18)),
        ("100 years", "100 years", "100 年", date(1926, 11, 22)),
        ("forever", "forever", "永久", date.min),
    ],
)
def test_it_is_kept_as_long_as_an_installation_says(
    past: LongAgo, written: str, text: str, zh: str, first: date
) -> None:
    keep = read_settings({"SHOPWRIGHT_AUDIT_RETENTION": written}).audit_keep
    past.on(TODAY)
    assert (keep.text, keep.label.text("zh"), keep.first_kept(past.now)) == (text, zh, first)
    assert read_keep(keep.text) == keep


def test_a_month_without_such_a_day_ends_with_its_last(past: LongAgo) -> None:
    past.on("2026-08-31")
    assert SIX_MONTHS.first_kept(past.now) == date(2026, 2, 28)


@pytest.mark.parametrize("written", ["5 months", "183 days", "1 day", "1 month"])
def test_less_than_six_months_is_refused_by_name(written: str) -> None:
    with pytest.raises(SettingsError, match="SHOPWRIGHT_AUDIT_RETENTION") as refused:
        read_settings({"SHOPWRIGHT_AUDIT_RETENTION": written})
    assert "6 months" in str(refused.value)


@pytest.mark.parametrize("written", ["soon", "3", "3 m", "0 days", "-1 year", "101 years", "2000y"])
def test_what_is_no_length_of_time_is_refused_by_name(written: str) -> None:
    with pytest.raises(SettingsError, match="SHOPWRIGHT_AUDIT_RETENTION is"):
        read_settings({"SHOPWRIGHT_AUDIT_RETENTION": written})


# --- what goes


def test_whole_ranges_that_are_past_go_and_the_rest_proves_it(old: LongAgo) -> None:
    before = old.judged()
    assert (before.rows, before.seals, before.removed, before.findings) == (8, 5, 0, [])
    assert old.trim() == "succeeded"
    assert old.days() == ["2023-11-22", "2024-01-01", TODAY]
    after = old.judged()
    assert (after.removed, after.removed_seals, after.findings) == (5, 3, [])
    assert after.removed_until is not None
    assert f"{after.removed_until:%Y-%m-%d}" == "2023-11-21"
    assert len(old.rows(SEAL)) == 5
    assert [row["total"] for row in old.rows(REMOVAL)] == [2, 3, 5]
    old.seal()
    assert old.judged().findings == []


def test_the_log_tells_of_each_range_who_removed_it_and_what(old: LongAgo) -> None:
    old.trim()
    told = [row for row in old.rows(AUDIT) if row["operation"] == "log_removed"]
    assert {row["actor_kind"] for row in told} == {"job"}
    assert {row["actor_name"] for row in told} == {"trim_log"}
    said = [(row["after"]["day"], row["after"]["rows"], row["after"]["seal"]) for row in told]
    assert said == [("2020-03-01", 2, 1), ("2020-03-01", 1, 2), ("2023-11-21", 2, 3)]
    assert {row["after"]["kept"] for row in told} == {"3 years"}
    assert [row["told"] for row in old.rows(REMOVAL)] == [row["id"] for row in told]


def test_a_run_tells_what_it_did_and_the_next_has_nothing_to_do(old: LongAgo) -> None:
    first = old.start()
    old.work(first)
    run = next(row for row in old.rows(old.runtime.system.job_run) if row["id"] == first)
    assert (run["done"], run["result"]["ranges"], run["result"]["rows"]) == (5, 3, 5)
    (line,) = old.rows(old.runtime.system.job_log)
    assert line["text"].startswith("Removed 5 entries up to 2023-11-21")
    assert old.trim() == "succeeded"
    assert len(old.rows(REMOVAL)) == 3


def test_the_scheduler_starts_it_once_a_day(past: LongAgo) -> None:
    engine, app = past.runtime.engine, past.runtime.app
    every = own_schedules(app, THREE_YEARS)
    past.on(TODAY)
    found = []
    for _ in range(5):
        found.append(scheduler.tick(engine, every, every_kind(app), past.now))
        past.now += timedelta(hours=12)
    assert sum(found) == 2
    (first, second) = past.rows(past.runtime.system.job_run)
    assert {first["job"], second["job"]} == {"trim_log"}
    assert second["slot_at"] - first["slot_at"] == timedelta(days=1)
    assert own_schedules(app, Keep()) == ()


def test_nothing_goes_where_the_log_is_kept_for_ever(old: LongAgo) -> None:
    assert old.trim(Keep()) == "succeeded"
    assert len(old.rows(AUDIT)) == 8


def test_what_was_removed_long_ago_is_proved_after_more_was(old: LongAgo) -> None:
    old.trim()
    old.seal()
    old.on("2026-12-31")
    assert old.trim(SIX_MONTHS) == "succeeded"
    found = old.judged()
    assert (found.removed, found.findings) == (8, [])
    assert old.days() == [TODAY, "2026-12-31"]


def test_rows_that_no_seal_covers_yet_stay(past: LongAgo) -> None:
    past.on("2020-01-01")
    past.customer()
    past.on(TODAY)
    past.trim()
    assert past.days() == ["2020-01-01"]


# --- records whose story is no longer there


def test_a_record_whose_whole_story_went_is_explained(past: LongAgo) -> None:
    (gone,) = past.busy("2020-03-01")
    (kept,) = past.busy("2021-03-01")
    past.on("2025-01-01")
    past.shop.done("update", "customer", {"name": "Bea"}, record=kept, version=1)
    past.seal()
    past.on(TODAY)
    past.trim()
    assert past.judged().findings == []
    table = past.runtime.schema.tables["customer"]
    past.tamper(table.update().where(table.c.id == kept).values(version=7))
    assert [one.where for one in past.judged().findings] == [f"customer {kept}"]
    past.tamper(
        table.update().where(table.c.id == kept).values(version=2),
        table.update().where(table.c.id == gone).values(version=2, updated_at=past.now),
    )
    assert [(one.code, one.where) for one in past.judged().findings] == [
        ("unexplained", f"customer {gone}")
    ]


# --- what somebody does past the back office


def without_guards(past: LongAgo) -> None:
    """Be somebody who owns the database: the triggers go first."""
    with past.runtime.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            for table in (AUDIT, SEAL, REMOVAL):
                connection.exec_driver_sql(f"ALTER TABLE {table.name} DISABLE TRIGGER USER")
            return
        named = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for (name,) in connection.exec_driver_sql(named).fetchall():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")


@pytest.fixture
def trimmed(old: LongAgo) -> LongAgo:
    """A log of which three seals were removed, open to whoever owns the database."""
    old.trim()
    old.seal()
    assert old.judged().findings == []
    without_guards(old)
    return old


def kept_row(past: LongAgo) -> dict[str, Any]:
    return next(row for row in past.rows(AUDIT) if f"{row['at']:%Y-%m-%d}" == "2023-11-22")


def marked(past: LongAgo, number: int, **said: Any) -> dict[str, Any]:
    """Return a removal as the key of the shop marks it."""
    seals = {row["number"]: row for row in past.rows(SEAL)}
    seal = seals[number]
    removal = {name: seal[name] for name in ("number", "day", "first_id", "last_id", "rows")}
    removal |= {"total": 7, "keep": "3 years", "removed_at": past.now, **said}
    removal["told"] = past.runtime.make_id()
    key = removal.pop("key", past.runtime.audit_key)
    return {**removal, "mark": mark_of(key, removal, seals[number - 1]["seal"], seal["seal"])}


def test_a_row_that_went_without_a_mark_is_found(trimmed: LongAgo) -> None:
    trimmed.tamper(AUDIT.delete().where(AUDIT.c.id == kept_row(trimmed)["id"]))
    assert "seal_broken" in trimmed.codes_found()


def test_a_mark_that_somebody_else_made_is_found(trimmed: LongAgo) -> None:
    forged = marked(trimmed, 4, key=audit_key("a guess"))
    trimmed.tamper(
        REMOVAL.insert().values(forged),
        AUDIT.delete().where(AUDIT.c.id >= forged["first_id"], AUDIT.c.id <= forged["last_id"]),
    )
    assert "removal_forged" in trimmed.codes_found()


@pytest.mark.parametrize(
    "change",
    [
        {"total": 1},
        {"keep": "1 year"},
        {"told": "x"},
        {"rows": 9},
        {"mark": "none"},
        {"day": "2019-01-01"},
    ],
)
def test_a_mark_that_was_altered_is_found(trimmed: LongAgo, change: dict[str, Any]) -> None:
    trimmed.tamper(REMOVAL.update().where(REMOVAL.c.number == 2).values(change))
    assert "removal_forged" in trimmed.codes_found()


def test_the_mark_of_another_seal_proves_nothing(trimmed: LongAgo) -> None:
    other = next(row for row in trimmed.rows(REMOVAL) if row["number"] == 3)
    seal = next(row for row in trimmed.rows(SEAL) if row["number"] == 4)
    same = {name: seal[name] for name in ("number", "day", "first_id", "last_id", "rows")}
    trimmed.tamper(REMOVAL.insert().values({**other, **same}))
    assert "removal_forged" in trimmed.codes_found()


@pytest.mark.parametrize("keep", ["3 years", "5 months", "nonsense"])
def test_a_mark_on_a_range_that_was_not_past_is_found(trimmed: LongAgo, keep: str) -> None:
    early = marked(trimmed, 4, keep=keep)
    trimmed.tamper(
        REMOVAL.insert().values(early),
        AUDIT.delete().where(AUDIT.c.id >= early["first_id"], AUDIT.c.id <= early["last_id"]),
    )
    assert "removed_early" in trimmed.codes_found()


def test_rows_left_or_slipped_into_a_removed_range_are_found(trimmed: LongAgo) -> None:
    gone = next(row for row in trimmed.rows(REMOVAL) if row["number"] == 3)
    row = {**kept_row(trimmed), "id": gone["last_id"]}
    row["signature"] = trimmed.runtime.audit_key.sign(row)
    trimmed.tamper(AUDIT.insert().values(row))
    assert "left_behind" in trimmed.codes_found()


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_seal_whose_rows_went_must_stay(trimmed: LongAgo, number: int) -> None:
    trimmed.tamper(SEAL.delete().where(SEAL.c.number == number))
    assert {"seal_missing", "removal_forged"} <= trimmed.codes_found()


def test_seals_and_marks_that_went_together_are_found(trimmed: LongAgo) -> None:
    trimmed.tamper(
        SEAL.delete().where(SEAL.c.number < 3), REMOVAL.delete().where(REMOVAL.c.number < 3)
    )
    assert "seal_missing" in trimmed.codes_found()


def test_a_mark_that_went_is_found(trimmed: LongAgo) -> None:
    trimmed.tamper(REMOVAL.delete().where(REMOVAL.c.number == 2))
    assert "seal_broken" in trimmed.codes_found()


def test_a_removal_that_the_log_does_not_tell_of_is_found(past: LongAgo) -> None:
    past.busy("2020-03-01")
    past.on(TODAY)
    past.trim()
    assert past.judged().findings == []
    without_guards(past)
    past.tamper(AUDIT.delete().where(AUDIT.c.operation == "log_removed"))
    assert past.codes_found() == {"removal_untold"}


def test_what_was_tampered_with_is_evidence_and_stays_with_all_that_came_later(
    old: LongAgo,
) -> None:
    without_guards(old)
    second = old.rows(AUDIT)[2]
    old.tamper(AUDIT.update().where(AUDIT.c.id == second["id"]).values(actor_name="Mallory"))
    run_id = old.start()
    assert old.work(run_id) in ("queued", "failed")
    assert len(old.rows(REMOVAL)) == 1
    assert old.days()[:2] == ["2020-03-01", "2023-11-21"]
    (line,) = old.rows(old.runtime.system.job_log)
    assert (line["level"], "seal 2 of 2020-03-01" in line["text"]) == ("error", True)
    assert "第 2 号封印" in line["params"]["texts"]["zh"]
    assert old.codes_found() == {"altered"}


def test_a_row_that_was_taken_from_a_range_keeps_the_range_from_going(old: LongAgo) -> None:
    without_guards(old)
    old.tamper(AUDIT.delete().where(AUDIT.c.id == old.rows(AUDIT)[0]["id"]))
    old.trim()
    assert old.rows(REMOVAL) == []


# --- what the database itself refuses


REFUSED = "the audit can only grow"


def refused(past: LongAgo, *statements: Any) -> None:
    *before, last = (sa.text(one) if isinstance(one, str) else one for one in statements)
    with past.runtime.engine.connect() as connection:
        for one in before:
            connection.execute(one)
        with pytest.raises(sa.exc.DBAPIError, match=REFUSED):
            connection.execute(last)
        connection.rollback()


def test_the_database_lets_no_row_go_that_no_removal_covers(old: LongAgo) -> None:
    for table in (AUDIT, SEAL):
        refused(old, table.delete())
    old.trim()
    refused(old, AUDIT.delete().where(AUDIT.c.id == kept_row(old)["id"]))
    refused(old, REMOVAL.delete())
    refused(old, REMOVAL.update().values(total=0))
    refused(old, SEAL.update().values(day="2020-01-01"))
    assert old.judged().findings == []


def test_the_database_takes_no_mark_for_a_range_that_is_young_or_not_there(
    past: LongAgo,
) -> None:
    past.busy("2020-03-01")
    past.busy("2020-03-02")
    past.busy(TODAY)
    young = marked(past, 3)
    refused(past, REMOVAL.insert().values(young))
    refused(past, REMOVAL.insert().values({**marked(past, 2), "last_id": young["last_id"]}))
    refused(past, REMOVAL.insert().values({**marked(past, 2), "number": 9}))


def test_the_database_keeps_young_rows_whatever_seals_and_marks_somebody_forges(
    past: LongAgo,
) -> None:
    past.busy("2020-03-01")
    past.busy(TODAY)
    first, last = past.rows(AUDIT)[0]["id"], past.rows(AUDIT)[-1]["id"]
    seal = {
        "number": 9, "day": "2020-03-02", "first_id": first, "last_id": last, "rows": 2,
        "at": past.now, "seal": "forged",
    }  # fmt: skip
    forged = {name: seal[name] for name in ("number", "day", "first_id", "last_id", "rows")}
    forged |= {"total": 2, "keep": "3 years", "removed_at": past.now, "told": last, "mark": "x"}
    refused(
        past,
        SEAL.insert().values(seal),
        REMOVAL.insert().values(forged),
        AUDIT.delete().where(AUDIT.c.id == last),
    )
    assert past.judged().findings == []


def test_a_table_of_the_same_name_made_for_a_session_opens_nothing(old: LongAgo) -> None:
    refused(
        old,
        "CREATE TEMP TABLE sw_audit_removal (first_id text, last_id text)",
        "INSERT INTO sw_audit_removal VALUES ('0', 'f')",
        AUDIT.delete().where(AUDIT.c.id == kept_row(old)["id"]),
    )


# --- a run that is killed


def test_a_run_that_is_killed_amid_a_range_goes_on_with_it(
    old: LongAgo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, advance = tmp_path / "reached", runs.advance
    run_id = old.start()

    def stuck(*given: Any) -> Any:
        # the second range is gone, in a transaction that never commits
        return stuck_after(reached, advance)(*given) if given[4]["done"] == 3 else advance(*given)

    with monkeypatch.context() as there:
        there.setattr(runs, "advance", stuck)
        killed_at(reached, old.runtime.engine, lambda: old.work(run_id))
    assert len(old.rows(REMOVAL)) == 1
    found = old.judged()
    assert (found.removed, found.findings) == (2, [])
    old.tamper(old.runtime.system.job_run.update().values(lease_until=old.now))
    assert runs.requeue_lost(old.runtime.engine, old.now) == 1
    old.now += timedelta(hours=1)
    assert old.work(run_id) == "succeeded"
    assert [row["number"] for row in old.rows(REMOVAL)] == [1, 2, 3]
    run = next(row for row in old.rows(old.runtime.system.job_run) if row["id"] == run_id)
    assert run["result"]["rows"] == 5
    assert old.judged().findings == []


def test_nothing_goes_while_somebody_proves_the_log(
    old: LongAgo, monkeypatch: pytest.MonkeyPatch
) -> None:
    if old.runtime.engine.dialect.name == "sqlite":
        # who reads sees one state, whatever goes meanwhile
        assert old.trim() == "succeeded"
        return
    monkeypatch.setattr(trim_log, "WAIT_SECONDS", 0.0)
    monkeypatch.setattr(trim_log, "PATIENCE", 3)
    run_id = old.start()
    with read(old.runtime.engine) as connection, held_still(connection):
        assert old.work(run_id) == "queued"
    assert old.rows(REMOVAL) == []
    waits, prover = iter(range(2)), old.runtime.engine.connect()
    prover.execute(sa.select(sa.func.pg_advisory_lock_shared(LOCK)))

    def wait(seconds: float) -> None:
        if next(waits) == 1:
            prover.execute(sa.select(sa.func.pg_advisory_unlock_shared(LOCK)))
            prover.close()

    monkeypatch.setattr(trim_log.time, "sleep", wait)
    assert old.trim() == "succeeded"
    assert len(old.rows(REMOVAL)) == 3


# --- any log at all


@pytest.mark.parametrize("seed", range(6))
def test_whatever_days_ranges_and_rules_there_are_only_what_is_past_goes(
    past: LongAgo, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(audit_chain, "MOST_ROWS", chance.randint(1, 4))
    day, today = date(2019, 1, 1) + timedelta(chance.randrange(300)), date.fromisoformat(TODAY)
    known: list[str] = []
    while day < date(2026, 1, 1):
        past.on(day.isoformat())
        for _ in range(chance.randint(1, 4)):
            if known and chance.random() < 0.4:
                record = chance.choice(known)
                (row,) = past.shop.done("read", "customer", record=record).rows
                version = past.shop.row(past.shop.done("read", "customer", record=record))[
                    "version"
                ]
                name = f"{row}"[:9] + str(version)
                past.shop.done("update", "customer", {"name": name}, record=record, version=version)
            else:
                known.append(past.customer())
        if chance.random() < 0.9:
            past.seal()
        day += timedelta(chance.randint(1, 250))
    past.on(TODAY)
    past.seal()
    every = {row["id"]: row["at"].date() for row in past.rows(AUDIT)}
    for keep in (Keep(days=2000), Keep(months=48), Keep(days=900), SIX_MONTHS):
        assert past.trim(keep) == "succeeded"
        there = {row["id"] for row in past.rows(AUDIT)}
        first = keep.first_kept(past.now)
        assert {one for one, at in every.items() if at >= first} == there & every.keys()
        found = past.judged()
        assert (found.findings, found.removed) == ([], len(every.keys() - there))
    assert today > first


# --- what people run, and databases from before


def test_the_command_says_how_much_was_removed_and_up_to_when(
    old: LongAgo, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = old.runtime.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("SHOPWRIGHT_DEFINITIONS", str(TINY))
    old.trim()
    run = CliRunner()
    told = run.invoke(main, ["audit", "verify"])
    assert told.exit_code == 0
    assert "5 rows up to 2023-11-21 12:00 UTC were removed" in told.output
    assert "as 3 seals prove" in told.output
    chinese = run.invoke(main, ["audit", "verify", "--locale", "zh"]).output
    assert "截至 2023-11-21 12:00 UTC 的 5 条记录已到期删除，有 3 个封印为证" in chinese
    assert '"removed": 5' in run.invoke(main, ["audit", "verify", "--json"]).output
    short = run.invoke(main, ["audit", "verify"], env={"SHOPWRIGHT_AUDIT_RETENTION": "1 month"})
    assert short.exit_code == 1
    assert "SHOPWRIGHT_AUDIT_RETENTION is '1 month'" in short.output


def test_a_database_from_before_is_brought_forward(shop: Shop) -> None:
    engine, compiled = shop.runtime.engine, compile_definitions(TINY)
    past = LongAgo(shop)
    with engine.begin() as connection:
        for name in reversed(sa.inspect(connection).get_table_names()):
            cascade = " CASCADE" if connection.dialect.name == "postgresql" else ""
            connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{name}"{cascade}')
    create_all(engine, compiled, now=past.now)
    as_before(engine)
    past.busy("2020-03-01")
    past.on(TODAY)
    plan = make_plan(engine, compiled)
    assert not plan.is_empty
    apply(engine, compiled, plan, now=past.now)
    assert make_plan(engine, compiled).is_empty
    refused(past, AUDIT.delete())
    assert past.trim() == "succeeded"
    found = past.judged()
    assert (found.removed, found.findings) == (1, [])
    refused(past, AUDIT.delete())


def as_before(engine: sa.Engine) -> None:
    """Take away what the database got for removals, and refuse every deletion as it did."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER sw_audit_no_delete")
            connection.exec_driver_sql("DROP TABLE sw_audit_removal")
            connection.exec_driver_sql(
                "CREATE TRIGGER sw_audit_no_delete BEFORE DELETE ON sw_audit"
                f" BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
            )
            return
        connection.exec_driver_sql("DROP TABLE sw_audit_removal")
        connection.exec_driver_sql("DROP TRIGGER sw_audit_only_removes ON sw_audit")
        connection.exec_driver_sql("DROP FUNCTION sw_removes_what_is_marked")
        connection.exec_driver_sql("DROP FUNCTION sw_marks_what_is_old")
        connection.exec_driver_sql(
            "CREATE OR REPLACE TRIGGER sw_audit_only_grows BEFORE DELETE OR TRUNCATE ON sw_audit"
            " FOR EACH STATEMENT EXECUTE FUNCTION sw_only_grows()"
        )
