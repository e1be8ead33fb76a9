"""What the first `run` finds: an empty database becomes a back office with rows and people."""

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from werkzeug.security import check_password_hash

from generator.compile import Compiled, compile_definitions
from runtime.commands.context import engine_of, make_runtime
from runtime.commands.demo import prepare_demo
from runtime.jobs import runs
from runtime.jobs.registry import find_kinds
from runtime.jobs.tables import RUN
from runtime.jobs.worker import LEASE, JobRuntime, RunningRun, WorkerSetup
from runtime.messages import Actor, Incoming, Result
from runtime.pipeline import handle
from runtime.runtime import utc_now
from runtime.seed import SeedRefused
from runtime.settings import Settings, read_settings

CLINIC = Path(__file__).parents[1] / "domains" / "clinic"
ALL = Actor(1, "Test", frozenset({"administrator"}))
ROOMS = "code,floor,wing_of.code\nW,1,\nW1,1,W\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "definitions"
    shutil.copytree(CLINIC, folder)
    (folder / "data" / "later").mkdir(parents=True)
    (folder / "data" / "room.csv").write_text(ROOMS, encoding="utf-8")
    return read_settings(
        {"SHOPWRIGHT_DEFINITIONS": str(folder), "SHOPWRIGHT_DATA": str(tmp_path / "var")}
    )


@pytest.fixture
def clinic() -> Compiled:
    return compile_definitions(CLINIC)


def rooms(settings: Settings, compiled: Compiled) -> int:
    with engine_of(settings) as engine:
        answer = handle(Incoming("list", "room", ALL), make_runtime(compiled, engine))
    assert isinstance(answer, Result)
    return len(answer.rows)


def test_an_empty_database_gets_rows_and_one_person_a_role(
    settings: Settings, clinic: Compiled
) -> None:
    logins = prepare_demo(settings, clinic, with_rows=True)
    assert [login.name for login in logins] == ["administrator", "doctor", "assistant"]
    assert rooms(settings, clinic) == 2
    with engine_of(settings) as engine, engine.connect() as connection:
        hashed = connection.execute(sa.text("SELECT password FROM ab_user LIMIT 1")).scalar_one()
        queued = connection.execute(sa.select(RUN.c.job)).scalars().all()
    assert check_password_hash(hashed, logins[0].password)
    assert queued == ["seed_rows"]


def test_a_second_start_brings_nothing_back_that_somebody_removed(
    settings: Settings, clinic: Compiled
) -> None:
    first = prepare_demo(settings, clinic, with_rows=True)
    with engine_of(settings) as engine:
        runtime = make_runtime(clinic, engine)
        room = handle(Incoming("list", "room", ALL, query={"code": ("W1",)}), runtime)
        assert isinstance(room, Result)
        gone = handle(
            Incoming("delete", "room", ALL, record_id=str(room.rows[0][0]), version=1), runtime
        )
        assert isinstance(gone, Result)
    assert prepare_demo(settings, clinic, with_rows=True) == first
    assert rooms(settings, clinic) == 1


def test_a_start_that_was_interrupted_goes_on(settings: Settings, clinic: Compiled) -> None:
    file = settings.definitions / "data" / "room.csv"
    file.write_text(ROOMS + "W2,999,W\n", encoding="utf-8")
    with pytest.raises(SeedRefused, match=r"room\.csv, line 4: floor"):
        prepare_demo(settings, clinic, with_rows=True)
    file.write_text(ROOMS + "W2,2,W\n", encoding="utf-8")
    assert prepare_demo(settings, clinic, with_rows=True)
    assert rooms(settings, clinic) == 3


def test_without_rows_there_are_tables_and_roles_but_nobody(
    settings: Settings, clinic: Compiled
) -> None:
    assert prepare_demo(settings, clinic, with_rows=False) == ()
    assert rooms(settings, clinic) == 0


def test_a_database_that_nobody_was_let_into_is_as_good_as_new(
    settings: Settings, clinic: Compiled
) -> None:
    prepare_demo(settings, clinic, with_rows=False)
    assert prepare_demo(settings, clinic, with_rows=True) != ()
    assert rooms(settings, clinic) > 0


def test_the_rest_of_the_rows_is_seeded_by_a_job(settings: Settings, clinic: Compiled) -> None:
    later = settings.definitions / "data" / "later" / "room.csv"
    later.write_text("code,floor,wing_of.code\nE,1,\n", encoding="utf-8")
    prepare_demo(settings, clinic, with_rows=True)
    with engine_of(settings) as engine:
        setup = WorkerSetup(engine, utc_now, find_kinds(), make_runtime(clinic, engine))
        with engine.begin() as connection:
            run_id = str(connection.execute(sa.select(RUN.c.id)).scalar_one())
            held = runs.claim(connection, run_id, "seed_rows", "test", utc_now(), LEASE)
        assert held is not None
        job = JobRuntime(engine, utc_now, setup.application, RunningRun(setup, held))
        setup.kinds["seed_rows"].run(run_id, job)
        with engine.connect() as connection:
            ended = connection.execute(sa.select(RUN.c.state, RUN.c.result)).one()
    assert tuple(ended) == ("succeeded", {"created": 1})
    assert rooms(settings, clinic) == 3
