"""Exports nobody waits for: what is in a file, who may fetch it, what a kill changes."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import Model

from generator.field_types._locales import zone
from runtime.errors import Forbidden, NotFound, RequestError
from runtime.exporting import beginning, saved
from runtime.exporting.checking import Draft
from runtime.exporting.clock import tick
from runtime.exporting.wish import Schedule, Wish
from runtime.jobs import desk, results, runs, telling
from runtime.jobs.starting import every_kind
from runtime.jobs.worker import work_on
from runtime.messages import Actor
from runtime.store.engine import write
from runtime.store.trail import Trail
from runtime.web.users import create_user, sync_roles
from tests.databases import postgres_url, sqlite_url
from tests.jobs.office import Office
from tests.shop import open_shop, person, write_folder

FILES = {
    "app.yaml": "app: stall\nlabel: Stall\ntime_zone: Asia/Shanghai",
    "roles.yaml": """
roles:
  owner: {label: Owner}
  clerk: {label: Clerk}
  thrifty: {label: Thrifty}
  guest: {label: Guest}
""",
    "stall/sale.entity.yaml": """
entity: sale
label: {en: Sale, zh: 销售}
title: "{number}"
key: number
fields:
  number: {type: text, required: true, unique: true, index: true, label: {en: Number, zh: 编号}}
  branch: {type: text, label: {en: Branch, zh: 门店}}
  phone: {type: phone, label: {en: Phone, zh: 电话}}
  total: {type: money, currency: EUR, label: {en: Total, zh: 合计}}
  at: {type: datetime, label: {en: At, zh: 时间}}
  lines: {type: children, of: sale_line, label: {en: Lines, zh: 明细}}
list: {columns: [number, branch, total]}
""",
    "stall/sale_line.entity.yaml": """
entity: sale_line
label: {en: Line, zh: 明细行}
child_of: sale
title: "{ware}"
fields:
  ware: {type: text, required: true, label: {en: Ware, zh: 商品}}
  count: {type: integer, default: 1, label: {en: Count, zh: 数量}}
""",
    "stall/stall.access.yaml": """
access: stall
grants:
  owner: {"*": all}
  clerk:
    sale:
      allow: [view, export]
      rows: "branch == 'north'"
      fields: {masked: {phone: phone}}
    sale_line: {allow: view}
  thrifty: {sale: {allow: [view, export], limits: {export_day: 5}}}
  guest: {sale: {allow: view}}
""",
}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def stall(request: pytest.FixtureRequest, tmp_path: Path) -> Office:
    url = postgres_url() if request.param == "postgres" else sqlite_url(tmp_path)
    opened = open_shop(url, write_folder(tmp_path / "stall", FILES), "owner")
    office = Office(opened.runtime, opened.actor, results=tmp_path / "results")
    Model.metadata.create_all(office.runtime.engine)
    sync_roles(office.runtime.engine, office.runtime.app)
    office.runtime.clock = lambda: office.now[0]
    for number in range(4):
        branch = "north" if number % 2 else "south"
        office.done(
            "create",
            "sale",
            {
                "number": f"S{number}",
                "branch": branch,
                "phone": f"+86138001380{number:02}",
                "total": f"{number}.50",
                "at": "2026-11-22T04:05:06Z",
                "lines": [{"ware": f"=W{n}", "count": n + 1} for n in range(number)],
            },
        )
    return office


LINES = ["Lines · Ware", "Lines · Count"]


def account(office: Office, name: str, *roles: str) -> Actor:
    number = create_user(office.runtime.engine, name, "correct horse battery", [*roles])
    return replace(person(*roles, number=number), name=name, time_zone="Asia/Shanghai")


def asked(office: Office, actor: Actor, columns: str, form: str = "csv", **query: str) -> str:
    told = {"columns": columns.split(","), "form": form}
    answer = office.done("export", "sale", told, actor=actor, query={"sort": "number", **query})
    return str(answer.row)


def fetched(office: Office, actor: Actor, run_id: str) -> bytes:
    (file,) = desk.files_of(office.runtime, run_id)
    telling.file_of(office.runtime, actor, run_id, file.id)
    assert office.results is not None
    return results.path_of(office.results, run_id, file.id).read_bytes()


def table(told: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(told.decode("utf-8-sig"))))


def test_a_file_holds_what_its_reader_may_see_and_tells_them(stall: Office) -> None:
    clerk = account(stall, "cleo", "clerk")
    run_id = asked(stall, clerk, "number,phone,total,at,lines.ware,lines.count,nothing")
    assert stall.work() == ["succeeded"]
    rows = table(fetched(stall, clerk, run_id))
    assert rows[0] == ["Number", "Phone", "Total", "At (Asia/Shanghai)", *LINES]
    # one row a part, the record's own cells repeated; formulas are texts, masks stay masks
    assert [row[:1] + row[2:] for row in rows[1:]] == [
        ["S1", "1.50", "2026-11-22 12:05:06", "'=W0", "1"],
        *[["S3", "3.50", "2026-11-22 12:05:06", f"'=W{n}", str(n + 1)] for n in range(3)],
    ]
    assert all("138001380" not in row[1] and "*" in row[1] for row in rows[1:])
    assert stall.run(run_id)["result"]["exported"] == 4
    told = [one for one in stall.stored("notification") if one["user_id"] == clerk.id]
    assert [(one["kind"], one["params"]["run"]) for one in told] == [("job", run_id)]
    ends = [one["after"] for one in stall.stored("audit") if one["operation"] == "export_ended"]
    assert ends == [{"rows": 4}]


@pytest.mark.parametrize("form", ["xlsx", "jsonl", "parquet"])
def test_every_format_holds_the_same_numbers(stall: Office, form: str, tmp_path: Path) -> None:
    owner = account(stall, "olga", "owner")
    run_id = asked(stall, owner, "number,total,at,lines.count", form, number="S2")
    assert stall.work() == ["succeeded"]
    told = fetched(stall, owner, run_id)
    if form == "xlsx":
        sheet = openpyxl.load_workbook(io.BytesIO(told)).active
        found = [[str(one.value) for one in row] for row in sheet.iter_rows(min_row=2)]
        assert found == [["S2", "2.5", "2026-11-22 12:05:06", n] for n in ("1", "2")]
    elif form == "jsonl":
        assert told.decode().splitlines() == [
            f'{{"number":"S2","total":"2.50","at":"2026-11-22T04:05:06Z","lines.count":{n}}}'
            for n in (1, 2)
        ]
    else:
        duckdb = pytest.importorskip("duckdb")
        (tmp_path / "one.parquet").write_bytes(told)
        found = duckdb.sql(f"""select number, total, epoch("at"), "lines.count"
            from '{tmp_path}/one.parquet'""").fetchall()
        assert [str(one) for one in found[0][:2]] == ["S2", "2.50"]
        assert [one[3] for one in found] == [1, 2]
        assert found[0][2] == 1795320306


def test_a_file_is_fetched_only_with_the_rights_it_was_made_with(stall: Office) -> None:
    clerk = account(stall, "cleo", "clerk")
    other = account(stall, "carl", "clerk")
    run_id = asked(stall, clerk, "number")
    stall.work()
    assert fetched(stall, clerk, run_id)
    for who, why in (
        (other, NotFound),
        (account(stall, "olga", "owner"), NotFound),
        (replace(clerk, roles=frozenset({"guest"})), Forbidden),
        (replace(clerk, roles=frozenset({"thrifty"})), Forbidden),
        (replace(clerk, person={"stores": ("1",)}), Forbidden),
    ):
        with pytest.raises(why):
            fetched(stall, who, run_id)
    stall.later(days=4)
    with pytest.raises(ValueError, match="not enough values"):
        fetched(stall, clerk, run_id)


def test_somebody_who_left_meanwhile_gets_no_file_and_trying_again_is_not_tried(
    stall: Office,
) -> None:
    clerk = account(stall, "cleo", "clerk")
    run_id = asked(stall, clerk, "number")
    leave(stall, clerk)
    assert stall.work() == ["succeeded"]
    assert "may not sign in" in stall.run(run_id)["result"]["export"]["fault"]["en"]
    assert not stall.stored("job_file")
    assert not [one for one in stall.stored("audit") if one["operation"] == "export"]


def leave(office: Office, actor: Actor) -> None:
    with write(office.runtime.engine) as connection:
        connection.execute(
            sa.text("update ab_user set active = false where id = :who"), {"who": actor.id}
        )


def test_a_run_whose_worker_is_killed_begins_anew_and_counts_once(
    stall: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    poor = account(stall, "theo", "thrifty")
    run_id = asked(stall, poor, "number")
    setup = stall.setup()

    class Killed(BaseException):
        """What no boundary catches: as when the process is gone."""

    def die() -> Any:
        raise Killed

    with monkeypatch.context() as one:
        one.setattr("runtime.jobs.results.os.fsync", lambda number: die())
        with pytest.raises(Killed):
            work_on(setup, "export_rows", run_id, "test")
    stall.kill()
    assert runs.requeue_lost(stall.runtime.engine, stall.now[0]) == 1
    assert stall.work() == ["succeeded"]
    assert len(table(fetched(stall, poor, run_id))) == 5
    assert len(stall.stored("job_file")) == 1
    # four of five rows are taken, once; one more row may leave and no two
    again = asked(stall, poor, "number", number="S1")
    more = asked(stall, poor, "number")
    assert stall.work() == ["succeeded"] * 2
    assert fetched(stall, poor, again)
    assert "0 of 5 a day" in stall.run(more)["result"]["export"]["fault"]["en"]


def test_one_that_waits_is_cancelled_and_tried_again_it_is_made(stall: Office) -> None:
    owner = account(stall, "olga", "owner")
    run_id = asked(stall, owner, "number")
    trail = Trail(stall.runtime, owner, "screen", "", "")
    assert desk.cancel(stall.runtime, trail, run_id) == "cancelled"
    assert stall.work() == []
    desk.retry(stall.runtime, trail, run_id)
    assert stall.work() == ["succeeded"]
    assert len(table(fetched(stall, owner, run_id))) == 5


def kept(office: Office, actor: Actor, schedule: Schedule | None, **more: Any) -> str:
    wish = Wish("sale", ("number", "phone", "total"), "csv", "sort=number", name="All sales")
    trail = Trail(office.runtime, actor, "screen", "", "")
    return saved.keep(office.runtime, trail, Draft(wish, schedule=schedule, **more))


def test_a_saved_export_is_made_with_the_rights_of_whoever_asks(stall: Office) -> None:
    owner, clerk = account(stall, "olga", "owner"), account(stall, "cleo", "clerk")
    export_id = kept(stall, owner, None)
    assert saved.seen_by(stall.runtime, clerk) == ()
    trail = Trail(stall.runtime, owner, "screen", "", "")
    found = saved.own(stall.runtime, owner, export_id)
    saved.keep(stall.runtime, trail, Draft(found.wish, shared=True, role="clerk"), export_id)
    shared = saved.one_seen(stall.runtime, clerk, export_id)
    assert saved.seen_by(stall.runtime, account(stall, "theo", "thrifty")) == ()
    run_id = beginning.begin(stall.runtime, Trail(stall.runtime, clerk, "screen", "", ""), shared)
    stall.work()
    assert [row[0] for row in table(fetched(stall, clerk, run_id))] == ["Number", "S1", "S3"]
    with pytest.raises(NotFound):
        saved.drop(stall.runtime, Trail(stall.runtime, clerk, "screen", "", ""), export_id)
    with pytest.raises(RequestError):
        kept(stall, clerk, None, shared=True)


def test_each_recipient_gets_what_their_own_rights_allow_and_a_leaver_nothing(
    stall: Office,
) -> None:
    owner, clerk = account(stall, "olga", "owner"), account(stall, "cleo", "clerk")
    guest, gone = account(stall, "gus", "guest"), account(stall, "lee", "clerk")
    people = (owner.id, guest.id, gone.id)
    daily = Schedule("0 8 * * *", "Asia/Shanghai", ("clerk",), people)
    kept(stall, owner, daily)
    leave(stall, gone)
    assert sent(stall) == []
    stall.now[0] = stall.now[0].astimezone(zone("Asia/Shanghai")).replace(hour=8, minute=1)
    stall.later(days=1)
    assert sent(stall) == ["send_export", "export_rows", "export_rows"]
    assert sent(stall) == []
    found = {one["created_by"]: one["id"] for one in stall.stored("job_run") if one["created_by"]}
    assert set(found) == {str(owner.id), str(clerk.id)}
    assert len(table(fetched(stall, owner, found[str(owner.id)]))) == 5
    mine = table(fetched(stall, clerk, found[str(clerk.id)]))
    assert [row[0] for row in mine] == ["Number", "S1", "S3"]
    assert "*" in mine[1][1]


def test_the_export_of_somebody_who_left_is_sent_to_nobody_and_told(stall: Office) -> None:
    owner, boss = account(stall, "olga", "owner"), account(stall, "bo", "owner")
    kept(stall, owner, Schedule("0 8 * * *", "Asia/Shanghai", (), (boss.id,)))
    sent(stall)
    leave(stall, owner)
    stall.later(days=1)
    assert sent(stall) == ["send_export"]
    assert not stall.stored("job_file")
    told = [(one["user_id"], one["kind"]) for one in stall.stored("notification")]
    assert told == [(boss.id, "export_ended")]
    stall.later(days=1)
    assert sent(stall) == []
    assert not stall.stored("schedule")


def sent(office: Office) -> list[str]:
    """Let the clock of saved exports look, and work on what it made; return the jobs."""
    before = {one["id"] for one in office.stored("job_run")}
    tick(office.runtime, every_kind(office.runtime.app))
    office.work()
    made: Mapping[str, Any] = {one["id"]: one["job"] for one in office.stored("job_run")}
    return [job for run_id, job in sorted(made.items()) if run_id not in before]
