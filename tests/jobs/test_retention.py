"""How long a person's data is kept: a job erases what is past its time, and tells what stayed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.jobs.starting import start_run
from tests.databases import url_of
from tests.jobs.office import CHIEF, FILES, Office, open_office

MORE = {
    "work/client.entity.yaml": """
entity: client
label: {en: Client, zh: 客户}
title: "{name}"
privacy: {about: this, wait: doing}
fields:
  name: {type: text, required: true, class: personal, label: {en: Name, zh: 姓名}}
  phone: {type: phone, class: personal, region: CN, label: {en: Phone, zh: 电话}}
  seen_on: {type: date, label: {en: Seen, zh: 最近来访}}
  vip: {type: boolean, required: true, default: false, label: {en: VIP, zh: 贵宾}}
""",
    "work/client.workflow.yaml": """
entity: client
workflows:
  doing:
    field: standing
    label: {en: Standing, zh: 状态}
    initial: left
    states:
      left: {label: {en: Left, zh: 已离开}, category: closed}
      here: {label: {en: Here, zh: 在店}}
    transitions:
      come: {label: {en: Come, zh: 到店}, from: left, to: here, roles: any}
      leave: {label: {en: Leave, zh: 离店}, from: here, to: left, roles: any}
""",
    "work/clients.access.yaml": """
access: clients
grants:
  clerk: {client: all}
  chief: {client: [all, approve]}
  robot: {client: [list, erase]}
sensitive:
  famous:
    entities: client
    actions: erase
    ask: approve
    when: vip
    message: {en: Somebody else approves it., zh: 需由他人审批。}
""",
    "work/forget.job.yaml": """
job: forget
label: {en: Forget old clients, zh: 清除久未来访客户}
schedule: "0 4 * * *"
role: robot
operators: chief
do:
  - erase: client
    where: "seen_on < today - days(1095) and phone is not null"
    because: Nobody came for three years.
""",
}
OLD, YOUNG = date(2020, 1, 1), date(2026, 1, 1)
PHONE = "+8613812345678"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def office(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    for name, text in MORE.items():
        monkeypatch.setitem(FILES, name, text)
    opened = open_office(url_of(request.param, tmp_path), tmp_path)
    yield opened
    opened.runtime.engine.dispose()


def client(office: Office, name: str, seen: date = OLD, **values: Any) -> str:
    told = {"name": name, "phone": PHONE, "seen_on": seen.isoformat(), **values}
    return str(office.row(office.done("create", "client", told))["id"])


def names(office: Office) -> dict[str, tuple[str, str | None]]:
    table = office.runtime.schema.tables["client"]
    with office.runtime.engine.connect() as connection:
        rows = connection.execute(sa.select(table.c.id, table.c.name, table.c.phone))
        return {str(one): (name, phone) for one, name, phone in rows}


def forget(office: Office) -> dict[str, Any]:
    run = start_run(office.runtime, "forget", {}, by=CHIEF)
    assert office.work() == ["succeeded"]
    found: dict[str, Any] | None = office.run(run)["counts"]
    return found or {}


def test_who_was_not_seen_for_so_long_is_erased_and_nobody_else(office: Office) -> None:
    gone, stays = client(office, "Ann Lee"), client(office, "Bo Wu", YOUNG)
    assert forget(office) == {"ok": 1}
    now = names(office)
    assert now[stays] == ("Bo Wu", PHONE)
    assert now[gone][1] is None
    assert "Ann" not in now[gone][0]
    (told,) = [one for one in office.stored("audit") if one["operation"] == "person_erased"]
    assert (told["record_id"], told["reason"]) == (gone, "Nobody came for three years.")
    assert told["source"] == "job"


def test_the_next_run_finds_nobody_twice(office: Office) -> None:
    client(office, "Ann Lee")
    forget(office)
    before = office.stored("audit")
    assert forget(office) == {}
    after = [one for one in office.stored("audit") if one not in before]
    assert [one["operation"] for one in after if one["entity"] == "client"] == []


def test_who_has_something_under_way_is_told_and_stops_nobody(office: Office) -> None:
    busy, gone = client(office, "Cy Xu"), client(office, "Ann Lee")
    asked = {"workflow": "doing", "transition": "come"}
    office.done("transition", "client", asked, record=busy)
    assert forget(office) == {"blocked": 1, "ok": 1}
    assert names(office)[busy] == ("Cy Xu", PHONE)
    rows = {one["record_id"]: one for one in office.stored("job_row")}
    assert (rows[busy]["status"], rows[gone]["status"]) == ("blocked", "ok")


def test_what_waits_for_approval_is_asked_for_once(office: Office) -> None:
    famous = client(office, "Di Ma", vip=True)
    assert forget(office) == {"blocked": 1}
    assert forget(office) == {"blocked": 1}
    (waits,) = office.stored("approval")
    assert (waits["record_id"], waits["operation"], waits["state"]) == (famous, "erase", "pending")
    assert names(office)[famous] == ("Di Ma", PHONE)
