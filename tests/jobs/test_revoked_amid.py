"""A role is taken back amid work on ten thousand records: none more is written or handed out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.exporting import making
from runtime.jobs import many
from runtime.jobs.work import changes, transitions
from runtime.operations import _bulk_firing, bulk
from runtime.store.engine import write
from runtime.store.guard import system
from tests.databases import postgres_url, sqlite_url
from tests.jobs.office import Office, open_office
from tests.shop import person

ANN = person("clerk", number=11)
MANY = 10_000
AT = 137
"""So many records were done when the role is taken back: amid a chunk, not at its end."""
FEW, FEW_AT = 100, 62
"""As many as are fired at once there."""
OURS = "the test looks for itself"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    url = postgres_url() if request.param == "postgres" else sqlite_url(tmp_path)
    opened = open_office(url, tmp_path)
    yield opened
    opened.runtime.engine.dispose()


def copies(office: Office, count: int) -> list[str]:
    """Return so many records, all like one that was made as people make them."""
    (first,) = office.errands(1)
    table = office.runtime.schema.tables["errand"]
    with write(office.runtime.engine) as connection:
        like = dict(connection.execute(system(sa.select(table), OURS)).mappings().one())
        ids = [first, *(office.runtime.make_id() for _ in range(count - 1))]
        more = [{**like, "id": one} for one in ids[1:]]
        connection.execute(system(table.insert(), OURS), more)
    return ids


def revoke(office: Office) -> None:
    with write(office.runtime.engine) as connection:
        connection.execute(sa.text("DELETE FROM ab_user_role WHERE user_id = 11"))


def leave(office: Office) -> None:
    with write(office.runtime.engine) as connection:
        connection.execute(sa.text("UPDATE ab_user SET active = false WHERE id = 11"))


def revoking(
    office: Office, really: Callable[..., Any], end: Callable[[Office], None], at: int = AT
) -> Any:
    """Return what does the same and takes the role back once `at` records are done."""
    seen: list[int] = []

    def instead(*args: Any) -> Any:
        outcome = really(*args)
        seen.append(1)
        if len(seen) == at:
            end(office)
        return outcome

    return instead


def counted(office: Office, column: str) -> Counter[Any]:
    table = office.runtime.schema.tables["errand"]
    asked = system(sa.select(table.c[column]), OURS)
    with office.runtime.engine.connect() as connection:
        return Counter(connection.execute(asked).scalars())


@pytest.mark.parametrize(("end", "status"), [(revoke, "gone"), (leave, "forbidden")])
def test_no_record_more_is_changed_and_every_one_is_counted(
    office: Office, monkeypatch: pytest.MonkeyPatch, end: Callable[[Office], None], status: str
) -> None:
    assert AT % many.CHUNK
    ids = copies(office, MANY)
    wish = {"operation": "update", "ids": ids, "background": True, "values": {"note": "new"}}
    run_id = str(office.done("bulk", "errand", wish, actor=ANN).row)
    monkeypatch.setattr(changes.bulk, "change_one", revoking(office, bulk.change_one, end))
    assert office.work() == ["succeeded"]
    assert counted(office, "note") == {"new": AT, "plain": MANY - AT}
    run = office.run(run_id)
    assert run["counts"] == {"ok": AT, status: MANY - AT}
    assert (run["done"], run["total"]) == (MANY, MANY)
    kept = [one for one in office.stored("job_row") if one["run_id"] == run_id]
    assert [one["status"] for one in kept] == ["ok"] * AT + [status] * (MANY - AT)
    assert [one["record_id"] for one in kept[:AT]] == ids[:AT]
    audit = [one for one in office.stored("audit") if one["operation"] == "update"]
    assert [one["record_id"] for one in audit] == ids[:AT]


def test_no_transition_more_is_fired(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = copies(office, FEW)
    body = {"operation": "transition", "workflow": "doing", "transition": "finish"}
    wish = {**body, "ids": ids, "background": True}
    run_id = str(office.done("bulk", "errand", wish, actor=ANN).row)
    instead = revoking(office, _bulk_firing.fire_one, revoke, FEW_AT)
    monkeypatch.setattr(transitions._bulk_firing, "fire_one", instead)
    assert office.work()[0] == "succeeded"
    assert counted(office, "status") == {"done": FEW_AT, "open": FEW - FEW_AT}
    assert office.run(run_id)["counts"] == {"ok": FEW_AT, "forbidden": FEW - FEW_AT}


def test_no_file_is_handed_out(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    copies(office, MANY)
    told = {"columns": ["name", "note"], "form": "csv"}
    run_id = str(office.done("export", "errand", told, actor=ANN).row)
    monkeypatch.setattr(making, "EVERY_SECONDS", -1.0)
    looks: list[int] = []
    really = making._Making._look

    def look(self: Any, digest: str, total: int | None) -> None:
        looks.append(self.rows)
        if len(looks) == 2:
            revoke(office)
        really(self, digest, total)

    monkeypatch.setattr(making._Making, "_look", look)
    assert office.work() == ["succeeded"]
    assert len(looks) == 2, "the look that finds the right gone is the last one"
    assert 0 < looks[1] < MANY
    assert "exported" not in office.run(run_id)["result"]
    assert office.run(run_id)["result"]["export"]["fault"]
    assert not office.stored("job_file")
    assert office.results is not None
    assert not [one for one in office.results.rglob("*") if one.is_file()]
