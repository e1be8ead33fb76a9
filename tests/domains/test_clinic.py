"""A clinic runs on definitions alone: records with parts, rights, checks, archive and history."""

from datetime import date
from pathlib import Path

import pytest

from runtime.errors import Forbidden, Invalid, RequestError
from runtime.messages import Result
from tests.offices import Office, open_office

CLINIC = Path(__file__).parent / "clinic"


@pytest.fixture
def clinic(url: str) -> Office:
    return open_office(CLINIC, url)


@pytest.fixture
def doctor(clinic: Office) -> str:
    values = {"license_number": "D-1", "name": "Ada Brandt", "specialty": "general"}
    return clinic.create("doctor", values)


@pytest.fixture
def patient(clinic: Office, doctor: str) -> str:
    values = {"name": "王小明", "born_on": "1990-05-04", "height": "181.5", "doctors": [doctor]}
    return clinic.create("patient", values)


def prescription(patient: str, doctor: str, days: int = 10) -> dict[str, object]:
    item = {"medicine": "Ibuprofen", "dose": "400", "per_day": 3, "days": days}
    return {"patient": patient, "doctor": doctor, "items": [item, {**item, "per_day": 1}]}


def codes_in(clinic: Office, wing: str) -> list[str]:
    return [row["code"] for row in clinic.all("room", "code", wing_of=wing)]


def test_a_patient_gets_a_record_number_and_keeps_exact_measures(
    clinic: Office, patient: str
) -> None:
    record = clinic.read("patient", patient)
    assert record["record_number"] == "P2026-00001"
    assert record["height"] == 1815
    assert record["born_on"] == date(1990, 5, 4)


def test_a_prescription_is_saved_with_its_medicines_and_counts_the_doses(
    clinic: Office, patient: str, doctor: str
) -> None:
    record = clinic.read(
        "prescription", clinic.create("prescription", prescription(patient, doctor))
    )
    assert record["doses"] == 40
    assert [row["doses"] for row in clinic.all("prescription_item", "doses", sort="position")] == [
        30,
        10,
    ]


def test_too_many_doses_are_refused_in_the_readers_language(
    clinic: Office, patient: str, doctor: str
) -> None:
    refusal = clinic.ask("create", "prescription", values=prescription(patient, doctor, days=100))
    assert isinstance(refusal, Invalid)
    assert refusal.errors[0].field == "items"
    assert refusal.errors[0].message.text("zh") == "单张处方最多 300 剂。"
    assert clinic.all("prescription_item", "doses") == []


def test_an_assistant_may_see_doctors_but_not_prescriptions(
    clinic: Office, patient: str, doctor: str
) -> None:
    assert isinstance(clinic.ask("list", "doctor", "assistant"), Result)
    refusal = clinic.ask("list", "prescription", "assistant")
    assert isinstance(refusal, RequestError)
    assert isinstance(clinic.ask("delete", "doctor", "assistant", record_id=doctor), Forbidden)


def test_a_doctor_has_what_an_assistant_has_and_prescribes(
    clinic: Office, patient: str, doctor: str
) -> None:
    clinic.create("prescription", prescription(patient, doctor), "doctor")
    assert len(clinic.done("list", "patient", "doctor").rows) == 1


def test_two_appointments_cannot_share_a_doctor_at_one_time(
    clinic: Office, patient: str, doctor: str
) -> None:
    values = {"patient": patient, "doctor": doctor, "starts_at": "2026-03-16T09:00:00+00:00"}
    appointment = clinic.create("appointment", values)
    assert clinic.read("appointment", appointment)["lasts"] == 20 * 60
    assert isinstance(clinic.ask("create", "appointment", values=values), RequestError)


def test_a_room_is_archived_and_comes_back(clinic: Office) -> None:
    wing = clinic.create("room", {"code": "W"})
    room = clinic.create("room", {"code": "W1", "wing_of": wing, "opens": "08:30"})
    clinic.done("delete", "room", record_id=room, version=1)
    assert codes_in(clinic, wing) == []
    clinic.done("restore", "room", record_id=room, version=2)
    assert clinic.read("room", room)["archived_at"] is None
    assert codes_in(clinic, wing) == ["W1"]
