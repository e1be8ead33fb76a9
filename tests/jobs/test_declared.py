"""Jobs of definitions: their schedule, their steps, what stops them, and who is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from generator.model.job import ENGINE_JOBS
from runtime.jobs import doing, registry, results, runs
from runtime.jobs.dispatch import _due
from runtime.jobs.scheduler import pause
from runtime.jobs.starting import start_run
from runtime.jobs.worker import JobRuntime, RunningRun
from runtime.store.engine import write
from tests.databases import postgres_url, sqlite_url
from tests.jobs.office import CHIEF, CLERK, Office, open_office
from tests.shop import NOON


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    url = postgres_url() if request.param == "postgres" else sqlite_url(tmp_path)
    opened = open_office(url, tmp_path)
    yield opened
    opened.runtime.engine.dispose()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Office]:
    """Give the office on one database, for what does not depend on it."""
    opened = open_office(sqlite_url(tmp_path), tmp_path)
    yield opened
    opened.runtime.engine.dispose()


def test_the_names_of_the_engines_own_jobs_are_known_to_definitions() -> None:
    assert set(ENGINE_JOBS) == set(registry.find_kinds())


def test_a_job_fires_at_its_time_what_its_role_may_and_tells_what_became_of_each(
    office: Office,
) -> None:
    aged = office.errands(3)
    (kept,) = office.errands(1, note="keep")
    (secret,) = office.errands(1, note="secret")
    (young,) = office.errands(1, days=2)
    assert office.tick() == 0
    office.now[0] = NOON.replace(hour=18, minute=31)
    assert [office.tick(), office.tick()] == [1, 0]
    assert office.work() == ["succeeded"]
    (run,) = office.stored("job_run")
    assert run["source"] == "schedule"
    assert run["slot_at"].replace(tzinfo=NOON.tzinfo) == NOON.replace(hour=18, minute=30)
    assert run["counts"] == {"ok": 3, "blocked": 1}
    rows = {one["record_id"]: one for one in office.stored("job_row")}
    assert {rows[one]["status"] for one in aged} == {"ok"}
    assert (rows[kept]["code"], rows[kept]["message"]["zh"]) == ("guard_blocked", "需保留。")
    # its role may not see this one, so it is not there for it
    assert secret not in rows
    states = [office.errand(one)["status"] for one in (*aged, kept, secret, young)]
    assert states == ["stale"] * 3 + ["open"] * 3
    assert [one["actor_name"] for one in office.stored("audit")][-1] == "age_all"


def test_a_run_whose_worker_is_killed_goes_on_where_it_was_and_does_nothing_twice(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doing, "CHUNK", 2)
    errands = here.errands(5)
    run_id = start_run(here.runtime, "age_all", {}, by=CHIEF)
    setup = here.setup()
    with write(here.runtime.engine) as connection:
        held = runs.claim(connection, run_id, "age_all", "w", here.now[0], timedelta(minutes=1))
    assert held is not None
    runtime = here.runtime
    working = JobRuntime(runtime.engine, runtime.clock, runtime, RunningRun(setup, held))
    half = doing.Doing.of(runtime.app.jobs["age_all"], run_id, working)
    pages = half.pages("errand", runtime.app.jobs["age_all"].steps[0].given["where"])
    word = runtime.compiled.catalogs["steps"]["fire"]
    step = runtime.app.jobs["age_all"].steps[0]

    # the second page is fired, and the worker dies before it is written down
    class Killed(BaseException):
        pass

    kept: list[object] = []

    def keep(entity: str, outcomes: object) -> None:
        if kept:
            raise Killed
        kept.append(outcomes)
        doing.Doing.keep(half, entity, outcomes)  # type: ignore[arg-type]

    assert len(next(pages)) == 2
    monkeypatch.setattr(half, "keep", keep)
    half.place = ""
    with pytest.raises(Killed):
        word.run(step, half)
    here.kill()
    assert runs.requeue_lost(runtime.engine, here.now[0]) == 1
    assert here.work() == ["succeeded"]
    assert [here.errand(one)["status"] for one in errands] == ["stale"] * 5
    log = [one["record_id"] for one in here.stored("workflow_log") if one["transition"] == "age"]
    assert sorted(log) == sorted(errands)
    assert [one["record_id"] for one in here.stored("job_row")] == errands
    assert here.stored("job_log")[0]["code"] == "worker_lost"


def test_a_parameter_is_what_somebody_says_and_otherwise_its_default(here: Office) -> None:
    (young,), (old,) = here.errands(1, days=10), here.errands(1, days=40)
    start_run(here.runtime, "sweep", {}, by=CHIEF)
    assert here.work() == ["succeeded"]
    assert here.ask("read", "errand", record=old) is not None
    assert [one["record_id"] for one in here.stored("job_row")] == [old]
    start_run(here.runtime, "sweep", {"parameters": {"days": 5}}, by=CHIEF)
    assert here.work() == ["succeeded"]
    assert [one["record_id"] for one in here.stored("job_row")] == [old, young]


def test_a_transition_starts_a_job_of_the_definitions(here: Office) -> None:
    (first, second) = here.errands(2, days=3)
    values = {"workflow": "doing", "transition": "finish"}
    version = int(here.errand(first)["version"])
    here.done("transition", "errand", values, record=first, version=version)
    here.relay()
    (run,) = here.stored("job_run")
    assert (run["job"], run["source"], run["alone"]) == ("sweep", "workflow", "sweep")
    assert here.work() == ["succeeded"]
    assert [one["record_id"] for one in here.stored("job_row")] == [second]


def test_a_job_writes_a_file_of_what_its_role_may_see_until_its_time_is_over(here: Office) -> None:
    here.errands(2)
    here.errands(1, note="secret")
    here.errands(1, days=0)
    run_id = start_run(here.runtime, "list_all", {}, by=CHIEF)
    assert here.work() == ["succeeded"]
    (made,) = here.stored("job_file")
    assert (made["name"], made["rows"], made["entity"]) == ("errand-20261122.csv", 2, "errand")
    assert here.results is not None
    path = results.path_of(here.results, run_id, made["id"])
    assert path.read_text("utf-8-sig").split() == ["name,days", "E1,10", "E0,10"]
    assert path.stat().st_size == made["size"]
    here.later(hours=1)
    assert results.forget(here.runtime.engine, here.results, here.now[0]) == 0
    assert path.exists()
    here.later(hours=1)
    assert results.forget(here.runtime.engine, here.results, here.now[0]) == 1
    assert not path.parent.exists()
    assert here.stored("job_file") == []


def test_of_two_runs_with_one_key_the_second_waits_until_the_first_has_ended(
    office: Office,
) -> None:
    first = start_run(office.runtime, "sweep", {}, by=CHIEF)
    second = start_run(office.runtime, "sweep", {}, by=CLERK)
    lease = timedelta(minutes=1)
    with write(office.runtime.engine) as connection:
        held = runs.claim(connection, first, "sweep", "w", office.now[0], lease)
        assert held is not None
        assert runs.claim(connection, second, "sweep", "w", office.now[0], lease) is None
    assert due(office, "bulk") == []
    with write(office.runtime.engine) as connection:
        runs.succeed(connection, held, office.now[0])
    assert due(office, "bulk") == [second]


def due(office: Office, queue: str, limit: int = 10) -> list[str]:
    asked = _due(queue, office.now[0], timedelta(seconds=30), limit)
    with office.runtime.engine.connect() as connection:
        return [str(row.id) for row in connection.execute(asked)]


def test_whoever_has_many_runs_is_not_served_before_one_who_has_a_single_run(
    office: Office,
) -> None:
    many = [start_run(office.runtime, "list_all", {}, by=CLERK) for _ in range(5)]
    single = start_run(office.runtime, "list_all", {}, by=CHIEF)
    own = start_run(office.runtime, "renew", {})
    assert due(office, "default") == [many[0], single, *many[1:]]
    assert due(office, "bulk") == [own]
    with write(office.runtime.engine) as connection:
        table = office.runtime.system.job_run
        connection.execute(
            table.update().where(table.c.id.in_(many[:1])).values(handed_at=office.now[0])
        )
    # one is ahead already, and there is room for two
    assert due(office, "default", limit=3) == [many[1], single]
    office.later(seconds=31)
    assert len(due(office, "default", limit=3)) == 3


def test_what_is_late_stuck_failed_or_never_runs_is_told_once_and_taken_back_when_it_is_over(
    office: Office,
) -> None:
    office.tick()
    office.later(days=1, hours=7)
    assert office.watch() == ["job_never_run"]
    assert [office.watch(), office.tick()] == [["job_never_run"], 1]
    assert office.watch() == []
    office.later(minutes=11)
    assert office.watch() == ["job_late"]
    (run,) = office.stored("job_run")
    with write(office.runtime.engine) as connection:
        held = runs.claim(connection, run["id"], "age_all", "w", office.now[0], timedelta(hours=9))
    assert held is not None
    assert office.watch() == []
    office.later(hours=1, minutes=6)
    assert office.watch() == ["job_stuck"]
    for attempt in (1, 2):
        with write(office.runtime.engine) as connection:
            runs.fail(connection, held, office.now[0], "Trace\nZeroDivisionError: no")
        office.later(minutes=2)
        if attempt == 1:
            with write(office.runtime.engine) as connection:
                held = runs.claim(
                    connection, run["id"], "age_all", "w", office.now[0], timedelta(hours=9)
                )
            assert held is not None
    assert office.watch() == ["job_failed"]
    told = office.stored("incident")[-1]
    assert told["facts"] == {"job": "age_all", "attempts": 2, "why": "ZeroDivisionError: no"}
    with write(office.runtime.engine) as connection:
        assert runs.retry(connection, run["id"], office.now[0])
    assert office.watch() == []
    with write(office.runtime.engine) as connection:
        pause(connection, "age_all", "mei", office.now[0])
    office.later(days=2)
    assert "job_never_run" not in office.watch()


def test_a_run_is_part_of_the_transaction_that_wants_it(here: Office) -> None:
    with write(here.runtime.engine) as connection:
        start_run(here.runtime, "sweep", {}, by=CHIEF, connection=connection)
        connection.rollback()
    assert here.stored("job_run") == []
    with pytest.raises(LookupError, match="swep"):
        start_run(here.runtime, "swep", {})
    first = start_run(here.runtime, "sweep", {}, unique_key="once")
    assert start_run(here.runtime, "sweep", {}, unique_key="once") == first
    assert here.count("sw_job_run") == 1
