"""How it is sent: in order, again after a failure, never lost, never to an address inside."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from runtime.errors import Invalid
from runtime.hooks import deliveries, posting, sending
from runtime.hooks import desk as hooks
from runtime.outside.box import Outside
from runtime.store.engine import write
from tests.hooks.receiver import dripping
from tests.hooks.shop import BEGIN, Teller
from tests.outside.provider import BOX

ROOT = Path(__file__).resolve().parents[2]


def test_what_happened_to_a_record_is_told_in_order_and_no_other_waits(teller: Teller) -> None:
    teller.listen()
    bad, good = teller.member(1), teller.member(2)
    teller.ear.refused.add(bad)
    teller.ask("update", "member", bad, values={"name": "Later"}, version=1)
    teller.ask("update", "member", good, values={"name": "Later"}, version=1)
    teller.work()
    assert [one.told["data"]["id"] for one in teller.ear.taken()] == [good, good]
    assert [one.status for one in teller.ear.every if bad in one.body.decode()] == [500]
    teller.ear.refused.clear()
    teller.later(seconds=7)
    teller.work()
    of_bad = [one.told["type"] for one in teller.ear.every if bad in one.body.decode()]
    assert of_bad == ["member.created", "member.created", "member.updated"]
    first, again = [one for one in teller.ear.every if bad in one.body.decode()][:2]
    assert first.id == again.id
    log = teller.stored("hook_attempt")
    assert [one.code for one in log if one.status == 500] == ["http_500"]
    assert "not this one" in {one.got_body for one in log}


def test_after_its_last_try_it_is_dead_and_a_person_lets_it_go_again(small: Teller) -> None:
    hook, _ = small.listen()
    record = small.member(1)
    small.ear.refused.add(record)
    for _ in range(len(sending.PAUSES) + 1):
        # somebody else is told meanwhile, so the receiver is well
        small.later(days=2)
        small.member(len(small.ear.every) + 10)
        small.work()
    assert ("created", "dead", "http_500") in small.statuses()
    (incident,) = [one for one in small.stored("incident") if one.state == "open"]
    assert (incident.kind, incident.entity, incident.facts["webhook"]) == (
        "webhook_dead",
        "member",
        "Test",
    )
    tries = [one for one in small.ear.every if record in one.body.decode()]
    assert len(tries) == len(sending.PAUSES) + 1
    assert len({one.id for one in tries}) == 1
    small.ear.refused.clear()
    small.ask("settle_incident", "member", "", values={"incident": incident.id, "outcome": "retry"})
    small.work()
    assert small.ear.every[-1].id == tries[0].id
    assert small.statuses()[0] == ("created", "sent", None)
    # one that was taken can be told again as well
    hooks.again(small.runtime, small.trail(), small.hook(hook), tries[0].id.removeprefix("msg_"))
    small.work()
    assert small.ear.every[-1].id == tries[0].id


def test_who_cannot_be_reached_is_let_alone_then_paused_and_hears_all_of_it(
    teller: Teller,
) -> None:
    hook, _ = teller.listen()
    teller.ear.always = 503
    for number in range(3):
        teller.member(number)
    teller.work()
    assert len(teller.ear.every) == 1
    for _ in range(sending.MANY):
        teller.later(hours=3)
        teller.work()
    one = teller.hook(hook)
    assert (one.state, one.why) == ("paused", "failing")
    assert [each[1] for each in teller.statuses()] == ["waiting"] * 3
    assert [each.kind for each in teller.stored("notification")] == ["webhook_paused"]
    assert teller.stored("incident") == []
    teller.member(9)
    teller.ear.always = 204
    hooks.put(teller.runtime, teller.trail(), one, "on")
    teller.work()
    assert len(teller.ear.taken()) == 4


def test_a_receiver_says_how_long_to_wait_and_that_it_is_gone(small: Teller) -> None:
    hook, _ = small.listen()
    small.ear.answers = [(429, {"Retry-After": "1800"}, b"")]
    small.member(1)
    small.work()
    assert small.hook(hook).hold_until == BEGIN + timedelta(minutes=30)
    small.later(minutes=31)
    small.ear.answers = [(410, {}, b"")]
    small.work()
    assert (small.hook(hook).state, small.hook(hook).why) == ("paused", "gone")


def test_what_was_missed_is_told_by_a_replay_under_the_same_ids(teller: Teller) -> None:
    teller.member(1)
    teller.relay()
    teller.later(hours=1)
    hook, _ = teller.listen()
    teller.member(2)
    teller.work()
    assert len(teller.ear.every) == 1
    span = (teller.runtime, teller.trail(), teller.hook(hook), BEGIN, BEGIN + timedelta(days=1))
    assert hooks.replay(*span) == 2
    teller.work()
    ids = [one.id for one in teller.ear.every]
    assert (len(ids), len(set(ids))) == (3, 2)
    with pytest.raises(Invalid):
        hooks.replay(*span[:3], BEGIN, BEGIN)


def test_for_a_day_two_secrets_are_signed_with_and_neither_is_stored(small: Teller) -> None:
    hook, before = small.listen()
    after = hooks.rotate(small.runtime, small.trail(), small.hook(hook))
    small.member(1)
    small.work()
    (heard,) = small.ear.every
    assert heard.is_signed_by(before)
    assert heard.is_signed_by(after)
    small.later(hours=25)
    small.member(2)
    small.work()
    assert not small.ear.every[-1].is_signed_by(before)
    assert small.ear.every[-1].is_signed_by(after)
    assert before not in repr(small.stored("hook"))
    assert after not in repr(small.stored("hook"))


def test_a_test_is_sent_at_once_and_once(small: Teller) -> None:
    hook, secret = small.listen()
    hooks.test(small.runtime, small.trail(), small.hook(hook))
    assert small.ear.types() == ["webhook.test"]
    assert small.ear.every[0].is_signed_by(secret)
    small.ear.always = 500
    hooks.test(small.runtime, small.trail(), small.hook(hook))
    small.later(hours=1)
    small.work()
    assert small.statuses() == [("test", "sent", None), ("test", "dead", "http_500")]
    assert small.hook(hook).failures == 0


def test_no_address_inside_is_entered_or_reached(small: Teller) -> None:
    small.listen()
    small.runtime.outside = Outside(BOX)
    small.member(1)
    small.work()
    assert small.ear.every == []
    assert [one.code for one in small.stored("hook_attempt")] == [posting.INSIDE]
    for url in (
        small.ear.url,
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://10.0.0.8/",
        "ftp://shop.example/",
        "https://user:password@shop.example/",
    ):
        with pytest.raises(Invalid) as refused:
            small.listen(url=url)
        assert [one.field for one in refused.value.errors] == ["url"]
    small.runtime.outside = Outside(BOX, production=True, allowed=("127.0.0.1",))
    with pytest.raises(Invalid):
        small.listen()
    small.later(minutes=1)
    small.work()
    assert small.ear.every == []
    assert small.stored("hook_attempt")[-1].code == posting.NOT_HTTPS


def test_a_redirect_is_not_followed_and_a_long_answer_not_read(small: Teller) -> None:
    small.listen()
    small.ear.answers = [(307, {"Location": small.ear.url}, b"x" * 100_000)]
    small.member(1)
    small.work()
    assert len(small.ear.every) == 1
    (log,) = small.stored("hook_attempt")
    assert (log.code, len(log.got_body)) == ("http_307", posting.LARGEST)


def test_an_answer_that_repeats_the_proof_or_a_cookie_leaves_neither_in_the_log(
    small: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook, _ = small.listen()
    real = small.ear.answer

    def echo(headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        real(headers, body)
        return 200, {"Set-Cookie": "very=secret"}, headers["webhook-signature"].encode()

    monkeypatch.setattr(small.ear, "answer", echo)
    hooks.test(small.runtime, small.trail(), small.hook(hook))
    proof = small.ear.every[0].headers["webhook-signature"]
    log = repr(small.stored("hook_attempt"))
    assert proof.removeprefix("v1,") not in log
    assert "very=secret" not in log


def test_who_answers_byte_by_byte_is_not_waited_for() -> None:
    with dripping() as url:
        posted = posting.post(url, {}, b"{}", ("127.0.0.1",), whole=0.5)
    assert (posted.status, posted.code) == (0, posting.TOO_SLOW)


def test_a_killed_worker_loses_nothing_and_repeats_only_the_same_id(teller: Teller) -> None:
    hook, _ = teller.listen()
    teller.member(1)
    teller.relay()
    url = teller.runtime.engine.url.render_as_string(hide_password=False)
    argv = [sys.executable, "-m", "tests.hooks.children", url, hook, str(teller.folder)]
    child = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == "ready\n"
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    assert len(teller.ear.every) == 1
    assert sending.drain(teller.runtime, hook) == 0
    teller.later(seconds=61)
    teller.work()
    teller.work()
    first, again = teller.ear.every
    assert first.id == again.id
    assert [each[1] for each in teller.statuses()] == ["sent"]


def test_many_relays_and_senders_tell_each_thing_once_and_in_order(teller: Teller) -> None:
    hook, _ = teller.listen()
    records = [teller.member(number) for number in range(3)]
    for version in range(1, 9):
        for record in records:
            values = {"name": f"Name {version}"}
            teller.ask("update", "member", record, values=values, version=version)
    failed: list[BaseException] = []

    def work() -> None:
        try:
            while teller.relay() or sending.drain(teller.runtime, hook):
                pass
        except BaseException as error:  # noqa: BLE001 (told below, in the test's own thread)
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []
    teller.later(minutes=2)
    teller.work()
    assert [each[1] for each in teller.statuses()] == ["sent"] * 27
    sent = {one.id: one for one in teller.stored("hook_delivery")}
    for record in records:
        told = [
            sent[one.id.removeprefix("msg_")]
            for one in teller.ear.every
            if one.told["data"]["id"] == record
        ]
        order = [one.outbox_id for one in told]
        assert order == sorted(order)
        assert len(order) == 9


def test_what_was_settled_long_ago_is_forgotten(small: Teller) -> None:
    hook, _ = small.listen()
    small.member(1)
    small.work()
    small.later(days=31)
    small.member(2)
    small.relay()
    sending.forget(small.runtime)
    assert [each[1] for each in small.statuses()] == ["waiting"]
    assert small.stored("hook_attempt") == []
    with write(small.runtime.engine) as connection:
        assert not deliveries.again(connection, small.runtime, small.stored("hook_delivery")[0].id)
    hooks.remove(small.runtime, small.trail(), small.hook(hook))
    assert small.stored("hook_delivery") == []
