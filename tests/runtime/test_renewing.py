"""A stored formula that reads another record follows that record, near or far, few or many."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.errors import BadRequest, Invalid
from runtime.jobs import runs
from runtime.jobs.registry import find_kinds
from runtime.jobs.tables import RUN
from runtime.jobs.worker import LEASE, JobRuntime, RunningRun, WorkerSetup
from runtime.operations import _renewing
from runtime.store.audit_key import DEVELOPMENT_KEY
from runtime.store.audit_verify import verify
from tests.databases import postgres_url, sqlite_url
from tests.shop import Shop, open_shop, write_folder

FILES = {
    "app.yaml": "app: hall\nlabel: Hall",
    "roles.yaml": "roles: {host: {label: Host}}",
    "hall/hall.access.yaml": 'access: hall\ngrants: {host: {"*": all}}',
    "hall/country.entity.yaml": """
entity: country
label: Country
fields:
  name: {type: text}
  rate: {type: integer, default: 1}
""",
    "hall/guest.entity.yaml": """
entity: guest
label: Guest
archive: false
fields:
  name: {type: text}
  age: {type: integer}
  country: {type: reference, to: country}
  weight: {type: integer, computed: "age * country.rate"}
""",
    "hall/dish.entity.yaml": """
entity: dish
label: Dish
fields:
  name: {type: text}
  price: {type: integer}
""",
    "hall/feast.entity.yaml": """
entity: feast
label: Feast
fields:
  name: {type: text}
  host: {type: reference, to: guest, on_delete: clear}
  guests: {type: references, to: guest}
  courses: {type: children, of: course}
  years: {type: integer, computed: "sum(guests.age)", stored: true}
  load: {type: integer, computed: "host.weight + 1", stored: true}
  cost: {type: integer, computed: "sum(courses.amount)", stored: true}
""",
    "hall/course.entity.yaml": """
entity: course
label: Course
child_of: feast
fields:
  dish: {type: reference, to: dish}
  number: {type: integer, default: 1}
  amount: {type: integer, computed: "number * dish.price", stored: true}
""",
    "hall/bill.entity.yaml": """
entity: bill
label: Bill
fields:
  feast: {type: reference, to: feast}
  due: {type: integer, computed: "feast.cost * 2", stored: true}
""",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def hall(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    folder = write_folder(tmp_path / "hall", FILES)
    url = sqlite_url(tmp_path) if request.param == "sqlite" else postgres_url()
    opened = open_shop(url, folder, "host")
    yield opened
    opened.runtime.engine.dispose()


def made(hall: Shop, entity: str, **values: Any) -> str:
    return str(hall.row(hall.done("create", entity, values))["id"])


def now(hall: Shop, entity: str, record: str) -> dict[str, Any]:
    return hall.row(hall.done("read", entity, record=record))


def change(hall: Shop, entity: str, record: str, **values: Any) -> None:
    hall.done("update", entity, values, record=record, version=now(hall, entity, record)["version"])


def test_a_formula_follows_a_record_two_links_away_and_through_another_formula(hall: Shop) -> None:
    country = made(hall, "country", rate=2)
    host = made(hall, "guest", age=30, country=country)
    feast = made(hall, "feast", host=host)
    assert now(hall, "feast", feast)["load"] == 61
    change(hall, "country", country, rate=3)
    assert (now(hall, "feast", feast)["load"], now(hall, "feast", feast)["version"]) == (91, 2)
    change(hall, "guest", host, age=10)
    assert now(hall, "feast", feast)["load"] == 31
    change(hall, "guest", host, country=made(hall, "country", rate=7))
    assert now(hall, "feast", feast)["load"] == 71


def test_a_sum_over_linked_records_follows_each_of_them(hall: Shop) -> None:
    guests = [made(hall, "guest", age=30), made(hall, "guest", age=40)]
    feast = made(hall, "feast", guests=guests)
    change(hall, "guest", guests[1], age=50)
    assert now(hall, "feast", feast)["years"] == 80


def test_parts_their_whole_and_who_reads_the_whole_follow_one_after_another(hall: Shop) -> None:
    soup, cake = made(hall, "dish", price=5), made(hall, "dish", price=7)
    courses = [{"dish": soup, "number": 2}, {"dish": cake}]
    feast = made(hall, "feast", courses=courses)
    bill = made(hall, "bill", feast=feast)
    assert now(hall, "bill", bill)["due"] == 34
    change(hall, "dish", soup, price=6)
    read = hall.row(hall.done("read", "feast", record=feast, query={"include": "courses"}))
    assert [course["amount"] for course in read["courses"]] == [12, 7]
    assert (read["cost"], read["version"]) == (19, 2)
    assert now(hall, "bill", bill)["due"] == 38
    entry = hall.done("history", "feast", record=feast).rows[0]
    assert (entry.after["cost"], entry.actor_name) == (19, "Person 1")


def test_a_change_that_no_formula_reads_touches_nobody(hall: Shop) -> None:
    host = made(hall, "guest", age=30)
    feast = made(hall, "feast", host=host)
    before = hall.count("sw_audit")
    change(hall, "guest", host, name="Ada")
    assert hall.count("sw_audit") == before + 1
    assert now(hall, "feast", feast)["version"] == 1


def test_a_deleted_record_leaves_the_formulas_that_read_it(hall: Shop) -> None:
    kept, gone = made(hall, "guest", age=30), made(hall, "guest", age=40)
    feast = made(hall, "feast", guests=[kept, gone], host=gone)
    hall.done("delete", "guest", record=gone, version=1)
    after = now(hall, "feast", feast)
    assert (after["years"], after["host"], after["load"]) == (30, None, None)
    assert verify(hall.runtime.engine, hall.runtime.schema, (DEVELOPMENT_KEY,)).findings == []


def test_an_outcome_too_large_to_be_kept_refuses_the_change_that_caused_it(hall: Shop) -> None:
    dish = made(hall, "dish", price=5)
    feast = made(hall, "feast", courses=[{"dish": dish, "number": 2**40}])
    refusal = hall.refused("update", "dish", {"price": 2**40}, record=dish, version=1)
    assert isinstance(refusal, Invalid)
    assert {error.code for error in refusal.errors} == {"out_of_range"}
    assert now(hall, "dish", dish)["price"] == 5
    assert now(hall, "feast", feast)["version"] == 1


def test_more_followers_than_a_request_takes_are_done_by_a_promised_job(
    hall: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_renewing, "AT_ONCE", 3)
    host = made(hall, "guest", age=30, country=made(hall, "country", rate=1))
    feasts = [made(hall, "feast", host=host) for _ in range(8)]
    change(hall, "guest", host, age=40)
    assert {now(hall, "feast", one)["load"] for one in feasts} == {31}
    with hall.runtime.engine.connect() as connection:
        (run,) = connection.execute(sa.select(RUN.c.id, RUN.c.job)).all()
    clock = hall.runtime.clock
    setup = WorkerSetup(hall.runtime.engine, clock, find_kinds(), hall.runtime)
    with hall.runtime.engine.begin() as connection:
        held = runs.claim(connection, run.id, run.job, "test", clock(), LEASE)
    assert held is not None
    job = JobRuntime(setup.engine, clock, setup.application, RunningRun(setup, held))
    setup.kinds[run.job].run(run.id, job)
    assert {now(hall, "feast", one)["load"] for one in feasts} == {41}


@pytest.mark.parametrize("operation", ["update", "delete", "restore", "bulk", "import"])
def test_a_part_is_never_written_without_its_whole(hall: Shop, operation: str) -> None:
    dish = made(hall, "dish", price=5)
    feast = made(hall, "feast", courses=[{"dish": dish}])
    read = hall.row(hall.done("read", "feast", record=feast, query={"include": "courses"}))
    values = {"number": 9, "operation": "delete", "all": True, "records": []}
    refusal = hall.refused(operation, "course", values, record=read["courses"][0]["id"], version=1)
    assert isinstance(refusal, BadRequest)
    assert "saved with their feast" in refusal.message.text("en")
    assert now(hall, "feast", feast)["cost"] == 5
