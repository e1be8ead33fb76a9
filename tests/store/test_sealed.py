"""What no log may hold: of a sensitive or secret value the audit keeps a mark, never the value."""

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
from tests.shop import Shop, open_shop, write_folder

PATIENT = """entity: patient
label: {en: Patient, zh: 患者}
title: "{name}"
fields:
  name: {type: text, required: true, label: {en: Name, zh: 姓名}, class: personal}
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
ACCESS = """access: ward
grants:
  clerk:
    patient: all
    visit: all
"""
FILES = {
    "app.yaml": "app: ward\nlabel: {en: Ward, zh: 病房}",
    "roles.yaml": "roles:\n  clerk: {label: {en: Clerk, zh: 职员}, sees: {sensitive: clear}}",
    "patient.entity.yaml": PATIENT,
    "visit.entity.yaml": VISIT,
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
    assert "Ann" in told
    assert [one for one in (CARD, OTHER, CODE, "again", FINDING) if one in told] == []


def test_its_history_tells_that_a_value_changed_and_whether_it_came_back(ward: Shop) -> None:
    patient = admit(ward)["id"]
    change(ward, patient, card=OTHER)
    change(ward, patient, card=CARD)
    made, there, back = history(ward, patient)
    assert made.after["name"] == "Ann"
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
