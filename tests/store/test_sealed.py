"""What no log may hold: of a sensitive or secret value the audit keeps a mark, never the value, and
of a personal one its mask."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.operations.history import Entry
from runtime.store.audit_key import DEVELOPMENT_KEY, audit_key
from runtime.store.audit_verify import verify
from tests.databases import url_of
from tests.shop import Shop, open_shop, reopen_shop, write_folder

PATIENT = """entity: patient
label: {en: Patient, zh: 患者}
title: "{name}"
fields:
  name: {type: text, required: true, label: {en: Name, zh: 姓名}, class: personal}
  phone: {type: phone, label: {en: Phone, zh: 电话}, class: personal}
  born: {type: date, label: {en: Born, zh: 生日}, class: personal}
  fee: {type: decimal, places: 2, label: {en: Fee, zh: 费用}, class: personal}
  stays_in: {type: reference, to: unit, label: {en: Unit, zh: 病区}, class: personal}
  bed: {type: text, label: {en: Bed, zh: 床位}, bulk_edit: true}
  card: {type: text, label: {en: Card, zh: 证件}, class: sensitive}
  code: {type: text, label: {en: Code, zh: 口令}, class: secret}
  visits: {type: children, of: visit, label: {en: Visits, zh: 就诊}}
"""
VISIT = """entity: visit
label: {en: Visit, zh: 就诊}
child_of: patient
title: "{room}"
fields:
  room: {type: text, label: {en: Room, zh: 诊室}}
  finding: {type: text, label: {en: Finding, zh: 诊断}, class: sensitive}
"""
UNIT = """entity: unit
label: {en: Unit, zh: 病区}
title: "{code}"
fields:
  code: {type: code, required: true, label: {en: Code, zh: 编号}}
"""
ACCESS = """access: ward
grants:
  clerk:
    patient: all
    visit: all
    unit: all
"""
ROLES = "roles:\n  clerk: {label: {en: Clerk, zh: 职员}, sees: {sensitive: clear}}"
FILES = {
    "app.yaml": "app: ward\nlabel: {en: Ward, zh: 病房}",
    "roles.yaml": ROLES,
    "patient.entity.yaml": PATIENT,
    "visit.entity.yaml": VISIT,
    "unit.entity.yaml": UNIT,
    "ward.access.yaml": ACCESS,
}
CARD, OTHER, CODE, FINDING = "CARD-81000001", "CARD-81000002", "open-sesame", "a broken arm"


@pytest.fixture(params=["sqlite", "postgresql"])
def ward(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(url_of(request.param, tmp_path), write_folder(tmp_path / "ward", FILES))
    yield opened
    opened.runtime.engine.dispose()


def admit(ward: Shop, card: str = CARD) -> dict[str, Any]:
    values = {
        "name": "Ann",
        "card": card,
        "code": CODE,
        "visits": [{"room": "7", "finding": FINDING}],
    }
    return ward.row(ward.done("create", "patient", values))


def change(ward: Shop, patient: str, **values: Any) -> None:
    version = ward.row(ward.done("read", "patient", record=patient))["version"]
    ward.done("update", "patient", values, record=patient, version=version)


def history(ward: Shop, patient: str) -> list[Entry]:
    """Return the entries of a record, the first one first."""
    found = ward.done("history", "patient", record=patient).rows
    return [one for one in reversed(found) if isinstance(one, Entry)]


def logged(ward: Shop) -> str:
    """Return all that the audit and the events hold."""
    with ward.runtime.engine.connect() as connection:
        rows = [
            dict(row)
            for table in (ward.runtime.system.audit, ward.runtime.system.outbox)
            for row in connection.execute(sa.select(table)).mappings()
        ]
    return json.dumps(rows, default=str)


def mark(values: Mapping[str, Any], name: str) -> str:
    (found,) = values[name].values()
    assert values[name] == {"sealed": found}
    assert len(found) == 16
    return str(found)


def test_no_log_holds_a_sensitive_or_secret_value_whatever_is_done(ward: Shop) -> None:
    patient = admit(ward)["id"]
    change(ward, patient, card=OTHER, code="again")
    change(ward, patient, visits=[])
    ward.done("delete", "patient", record=patient, version=3)
    told = logged(ward)
    assert "A****" in told
    assert [one for one in (CARD, OTHER, CODE, "again", FINDING, "Ann") if one in told] == []


def test_its_history_tells_that_a_value_changed_and_whether_it_came_back(ward: Shop) -> None:
    patient = admit(ward)["id"]
    change(ward, patient, card=OTHER)
    change(ward, patient, card=CARD)
    made, there, back = history(ward, patient)
    assert made.after["name"]["masked"] == "A****"
    assert mark(made.after, "card") == mark(there.before, "card") == mark(back.after, "card")
    assert mark(there.after, "card") == mark(back.before, "card") != mark(made.after, "card")


def test_a_value_that_was_empty_or_becomes_it_is_told_as_empty(ward: Shop) -> None:
    patient = admit(ward)["id"]
    change(ward, patient, card=None)
    change(ward, patient, card=CARD)
    _, emptied, filled = history(ward, patient)
    assert (emptied.after["card"], filled.before["card"]) == (None, None)
    assert mark(emptied.before, "card") == mark(filled.after, "card")


def test_parts_are_sealed_where_their_record_tells_of_them(ward: Shop) -> None:
    patient = admit(ward)
    (made,) = history(ward, patient["id"])
    ((_, cells),) = made.after["visits"].items()
    assert cells["room"] == "7"
    assert mark(cells, "finding")


def test_the_same_value_of_two_records_cannot_be_told_by_their_marks(ward: Shop) -> None:
    marks = {mark(history(ward, admit(ward)["id"])[0].after, "card") for _ in range(2)}
    assert len(marks) == 2


def test_another_shop_marks_the_same_value_differently(ward: Shop) -> None:
    patient = admit(ward)["id"]
    ward.runtime.audit_key = audit_key("another secret of thirty characters")
    change(ward, patient, card=OTHER)
    made, there = history(ward, patient)
    assert mark(made.after, "card") != mark(there.before, "card")


def test_the_audit_still_proves_that_nobody_touched_it(ward: Shop) -> None:
    change(ward, admit(ward)["id"], card=OTHER)
    assert verify(ward.runtime.engine, ward.runtime.schema, (DEVELOPMENT_KEY,)).findings == []


def masked(values: Mapping[str, Any], name: str) -> str:
    assert set(values[name]) == {"masked", "sealed"}
    return str(values[name]["masked"])


def test_a_personal_value_is_kept_masked_and_still_told_from_another(ward: Shop) -> None:
    patient = admit(ward)["id"]
    change(ward, patient, name="Amy", phone="+8613812345678", fee="1234.50")
    change(ward, patient, name="Ann", phone="+8613899995678")
    _, first, back = history(ward, patient)
    made = history(ward, patient)[0].after
    assert masked(first.after, "phone") == masked(back.after, "phone") == "138****5678"
    assert first.after["phone"]["sealed"] != back.after["phone"]["sealed"]
    assert masked(first.before, "name") == masked(first.after, "name") == "A****"
    assert first.before["name"] == made["name"] == back.after["name"] != first.after["name"]
    assert [
        one for one in ("Ann", "Amy", "1381234", "1389999", "1234.5") if one in logged(ward)
    ] == []


def test_where_a_mask_would_say_nothing_only_the_mark_stays(ward: Shop) -> None:
    patient = admit(ward)["id"]
    change(ward, patient, born="1990-05-17")
    change(ward, patient, born=None)
    _, there, gone = history(ward, patient)
    assert mark(there.after, "born") == mark(gone.before, "born")
    assert (there.before["born"], gone.after["born"]) == (None, None)
    assert "1990-05-17" not in logged(ward)


def test_what_a_record_points_at_stays_in_its_history(ward: Shop) -> None:
    place = ward.row(ward.done("create", "unit", {"code": "W7"}))["id"]
    patient = admit(ward)["id"]
    change(ward, patient, stays_in=place)
    assert history(ward, patient)[-1].after["stays_in"] == place


def test_the_title_of_a_row_says_no_more_than_its_values(ward: Shop) -> None:
    patient = admit(ward)["id"]
    change(ward, patient, bed="7")
    audit = ward.runtime.system.audit
    with ward.runtime.engine.connect() as connection:
        titles = connection.execute(sa.select(audit.c.record_title).order_by(audit.c.id)).scalars()
        assert list(titles) == ["A****", "A****"]


def test_many_at_once_and_one_by_one_obey_the_same_rule(ward: Shop) -> None:
    patients = [admit(ward)["id"] for _ in range(3)]
    wish = {"operation": "update", "ids": patients, "values": {"phone": "+8613812345678"}}
    assert {one.status for one in ward.done("bulk", "patient", wish).outcomes} == {"ok"}
    assert {masked(history(ward, one)[-1].after, "phone") for one in patients} == {"138****5678"}
    assert "13812345678" not in logged(ward)


def test_an_export_is_told_without_whom_it_looked_for(ward: Shop) -> None:
    admit(ward)
    for query in ({"name": "Ann"}, {"name": "Ann"}, {"name": "Amy"}, {"bed": "7"}):
        for _ in ward.done("export", "patient", query=query).pages:
            pass
    audit = ward.runtime.system.audit
    asked = sa.select(audit.c.after).where(audit.c.operation == "export").order_by(audit.c.id)
    with ward.runtime.engine.connect() as connection:
        queries = [one["query"] for one in connection.execute(asked).scalars()]
    first, again, other, open_ = queries
    assert first == again != other
    assert set(first["name"][0]) == {"sealed"}
    assert open_ == {"bed": ["7"]}
    assert "Ann" not in logged(ward)


def reopened(ward: Shop, folder: Path, rule: str) -> Shop:
    """Return the same database under a rule of its own."""
    files = {**FILES, "roles.yaml": f"{ROLES}\nlog: {{personal: {rule}}}"}
    url = ward.runtime.engine.url.render_as_string(hide_password=False)
    return reopen_shop(url, write_folder(folder / "again", files))


def test_an_owner_who_says_why_keeps_the_values(ward: Shop, tmp_path: Path) -> None:
    patient = admit(ward)["id"]
    kept = reopened(ward, tmp_path, "{keep: value, why: We call them back.}")
    change(kept, patient, name="Amy", card=OTHER)
    _, there = history(kept, patient)
    assert (there.before["name"], there.after["name"]) == ("Ann", "Amy")
    assert mark(there.after, "card")
    assert verify(kept.runtime.engine, kept.runtime.schema, (DEVELOPMENT_KEY,)).findings == []
    kept.runtime.engine.dispose()


def test_an_owner_may_keep_less_than_a_mask(ward: Shop, tmp_path: Path) -> None:
    kept = reopened(ward, tmp_path, "mark")
    place = kept.row(kept.done("create", "unit", {"code": "W7"}))["id"]
    patient = admit(kept)["id"]
    change(kept, patient, name="Amy", stays_in=place)
    _, there = history(kept, patient)
    assert mark(there.before, "name") != mark(there.after, "name")
    assert mark(there.after, "stays_in")
    assert "A****" not in logged(kept)
    kept.runtime.engine.dispose()
