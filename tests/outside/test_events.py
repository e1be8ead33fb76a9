"""What another system tells us is believed by its signature, stored, and done exactly once."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from generator.model.connector import Verification
from runtime.outside import events
from runtime.outside.box import Outside
from runtime.outside.proving import refusal
from runtime.simulator.telling import signed
from tests.outside.provider import BOX
from tests.outside.shop import Desk
from tests.shop import NOON

SECRET = BOX.shared("bank:signing")


def told(kind: str, number: str = "e1", **data: Any) -> bytes:
    return json.dumps({"id": number, "type": kind, "data": data}).encode()


def send(desk: Desk, body: bytes, at: datetime | None = None, **more: str) -> tuple[int, str]:
    """Send an event as the bank does; return status and code."""
    verify = desk.runtime.app.webhooks["bank_events"].verify
    now = int((at or desk.runtime.clock()).timestamp())
    headers = {name.lower(): text for name, text in signed(verify, SECRET, body, now).items()}
    answer = events.receive(desk.runtime, "bank", {**headers, **more}, body)
    return answer.status, answer.code


def status(desk: Desk) -> list[str]:
    return [one["status"] for one in desk.stored("event")]


def test_an_event_is_stored_and_answered_before_anything_is_done(desk: Desk) -> None:
    record = desk.make("N1")
    assert send(desk, told("payment.noticed", name="N1", reference="r1")) == (200, "stored")
    assert status(desk) == ["new"]
    assert desk.payment(record)["state"] == "open"
    desk.work()
    found = desk.payment(record)
    assert (found["state"], found["reference"]) == ("refunded", "r1")
    assert status(desk) == ["handled"]
    (log,) = desk.stored("workflow_log")
    assert (log["source"], log["cause"]) == ("event", "bank:e1")


def test_the_same_event_n_times_has_one_effect_and_n_good_answers(desk: Desk) -> None:
    desk.make("N1")
    body = told("payment.noticed", name="N1", reference="r1")
    answers = [send(desk, body) for _ in range(3)]
    desk.work()
    answers.append(send(desk, body))
    desk.work()
    assert answers == [(200, "stored"), (200, "known"), (200, "known"), (200, "known")]
    assert len(desk.stored("workflow_log")) == 1
    assert [one["deliveries"] for one in desk.stored("event")] == [4]


def test_an_id_with_another_body_is_refused(desk: Desk) -> None:
    send(desk, told("payment.noticed", name="N1"))
    assert send(desk, told("payment.noticed", name="N2")) == (409, "event_id_reused")
    assert len(desk.stored("event")) == 1


def test_what_is_not_signed_by_our_secret_is_not_believed(desk: Desk) -> None:
    body = told("payment.noticed", name="N1")
    assert send(desk, body, **{"x-signature": "t=1,v1=" + "0" * 64}) == (401, "bad_signature")
    assert send(desk, body, **{"x-signature": ""}) == (401, "bad_signature")
    answer = events.receive(desk.runtime, "bank", {}, body)
    assert (answer.status, answer.code) == (401, "bad_signature")
    assert status(desk) == []


def test_a_changed_body_is_not_believed(desk: Desk) -> None:
    verify = desk.runtime.app.webhooks["bank_events"].verify
    body = told("payment.noticed", name="N1")
    now = int(NOON.timestamp())
    headers = {name.lower(): text for name, text in signed(verify, SECRET, body, now).items()}
    answer = events.receive(desk.runtime, "bank", headers, body + b" ")
    assert answer.status == 401


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_event_is_not_believed_nor_one_of_the_future(desk: Desk, minutes: int) -> None:
    at = desk.runtime.clock() + timedelta(minutes=minutes)
    assert send(desk, told("payment.noticed", name="N1"), at) == (401, "too_old")
    assert status(desk) == []


def test_too_much_is_refused_before_it_is_read(desk: Desk) -> None:
    assert send(desk, told("payment.noticed", name="N" * 3000)) == (413, "too_large")


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"{", "not_json"), (b"[]", "no_event_id"), (b'{"id": {}, "type": "x"}', "no_event_id")],
)
def test_what_is_no_event_is_refused(desk: Desk, body: bytes, code: str) -> None:
    assert send(desk, body) == (400, code)


def test_nobody_listens_at_other_addresses(desk: Desk) -> None:
    answer = events.receive(desk.runtime, "nowhere", {}, b"{}")
    assert (answer.status, answer.code) == (404, "unknown_webhook")


def test_without_a_secret_the_provider_is_asked_to_come_again(desk: Desk) -> None:
    desk.runtime.outside = Outside(BOX)
    assert send(desk, told("payment.noticed", name="N1")) == (503, "not_configured")


def test_an_event_nobody_asked_for_is_stored_and_does_nothing(desk: Desk) -> None:
    assert send(desk, told("weather.changed")) == (200, "stored")
    desk.work()
    assert status(desk) == ["ignored"]


def test_an_event_that_comes_before_its_record_is_handled_later(desk: Desk) -> None:
    send(desk, told("payment.noticed", name="N1", reference="r1"))
    desk.work()
    assert status(desk) == ["new"]
    record = desk.make("N1")
    desk.later(seconds=5)
    desk.work()
    assert desk.payment(record)["state"] == "refunded"


def test_an_event_that_fits_nothing_becomes_an_incident(desk: Desk) -> None:
    send(desk, told("payment.noticed", name="gone"))
    for _ in range(7):
        desk.work()
        desk.later(hours=3)
    assert status(desk) == ["given_up"]
    assert desk.incidents() == ["event_refused"]


def test_an_event_creates_a_record_once_by_the_rights_of_its_role(desk: Desk) -> None:
    send(desk, told("payment.opened", name="N9", cents=1250))
    desk.work()
    send(desk, told("payment.opened", "e2", name="N9", cents=9999))
    desk.work()
    (row,) = desk.stored("payment")
    assert (row["name"], row["amount"]) == ("N9", 1250)
    assert status(desk) == ["handled", "handled"]


def test_an_event_updates_a_record(desk: Desk) -> None:
    record = desk.make("N1")
    send(desk, told("payment.changed", name="N1", why="checked"))
    desk.work()
    assert desk.payment(record)["why"] == "checked"


def test_a_create_that_was_cut_before_its_mark_is_not_made_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(desk, told("payment.opened", name="N9", cents=1250))
    (row,) = desk.stored("event")
    with monkeypatch.context() as patch:
        patch.setattr(events, "_settle", _die)
        with pytest.raises(KeyboardInterrupt):
            events.process(desk.runtime, row["id"])
    assert status(desk) == ["new"]
    desk.work()
    assert len(desk.stored("payment")) == 1
    assert status(desk) == ["handled"]


def test_an_event_may_answer_a_call_and_the_worker_finds_it_settled(desk: Desk) -> None:
    desk.bank.play("capture", "mute")
    record = desk.pay("P1")
    desk.work()
    (call,) = desk.stored("call")
    assert call["status"] == "waiting"
    send(desk, told("capture.made", key=call["key"], reference="r7"))
    desk.work()
    found = desk.payment(record)
    assert (found["state"], found["reference"], found["seen"]) == ("captured", "r7", 1)
    desk.later(minutes=5)
    desk.work()
    assert desk.payment(record)["seen"] == 1
    assert desk.incidents() == []
    assert len(desk.bank.deeds()) == 1


def test_an_event_that_comes_before_its_call_is_written_waits_for_it(desk: Desk) -> None:
    send(desk, told("capture.made", key="money:later:bank.capture", reference="r"))
    desk.work()
    assert status(desk) == ["new"]


def test_events_that_do_not_match_the_definition_any_more_are_left_alone(desk: Desk) -> None:
    send(desk, told("payment.noticed", name="N1"))
    with desk.runtime.engine.begin() as connection:
        connection.execute(desk.runtime.system.event.update().values(webhook="gone"))
    desk.work()
    assert status(desk) == ["ignored"]


@pytest.mark.parametrize(
    ("form", "words", "encoding", "header"),
    [
        ("t={timestamp},v1={signature}", "{timestamp}.{body}", "hex", ""),
        ("sha512={signature}", "{body}", "base64", ""),
        ("{signature}", "{timestamp}{body}", "hex", "X-Time"),
    ],
)
def test_signatures_are_written_in_several_ways(
    form: str, words: str, encoding: str, header: str
) -> None:
    timed = bool(header) or "{timestamp}" in form
    verify = Verification(
        "s", "X-Sign", form, words, "sha512", encoding, header, 300 if timed else 0
    )
    made = signed(verify, "secret", b"{}", int(NOON.timestamp()))
    headers = {name.lower(): text for name, text in made.items()}
    assert refusal(verify, "secret", headers, b"{}", NOON) == ""
    assert refusal(verify, "other", headers, b"{}", NOON) == "bad_signature"
    late = NOON + timedelta(minutes=6)
    assert refusal(verify, "secret", headers, b"{}", late) == ("too_old" if timed else "")


def test_bodies_are_forgotten_after_a_while_and_ids_are_not(desk: Desk) -> None:
    desk.make("N1")
    body = told("payment.noticed", name="N1", reference="r1")
    send(desk, body)
    desk.work()
    assert events.forget_bodies(desk.runtime) == 0
    desk.later(days=91)
    assert [events.forget_bodies(desk.runtime), events.forget_bodies(desk.runtime)] == [1, 0]
    assert [one["body"] for one in desk.stored("event")] == [{}]
    assert send(desk, body) == (200, "known")


def _die(*args: object) -> None:
    raise KeyboardInterrupt
