"""What is told: to whom, of what, and never more than the owner may read at that moment."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from runtime.alerts import looking
from runtime.errors import Invalid
from runtime.hooks import desk as hooks
from runtime.hooks import showing, spreading
from runtime.store.engine import write
from tests import databases
from tests.hooks.shop import Teller
from tests.shop import Shop


def test_a_change_is_told_once_signed_and_by_an_id(teller: Teller) -> None:
    _, secret = teller.listen(fields=["name", "code"])
    record = teller.member(name="Ann")
    teller.ask("update", "member", record, values={"name": "Anne"}, version=1)
    teller.work()
    teller.work()
    assert teller.ear.types() == ["member.created", "member.updated"]
    first, last = teller.ear.every
    assert first.is_signed_by(secret)
    assert not first.is_signed_by("whsec_" + "A" * 43 + "=")
    assert first.id != last.id
    told = last.told
    assert (told["version"], told["data"]["entity"], told["data"]["id"]) == (1, "member", record)
    assert told["data"]["by"] == teller.desk.people["kim"]
    assert last.record == {"id": record, "version": 2, "name": "Anne", "code": "M1"}
    assert teller.statuses() == [("created", "sent", None), ("updated", "sent", None)]
    kept = (
        repr(teller.stored("hook"))
        + repr(teller.stored("audit"))
        + repr(teller.stored("hook_attempt"))
    )
    assert secret not in kept
    assert first.headers["webhook-signature"] not in kept


def test_a_change_costs_no_statement_more_whoever_listens(teller: Teller) -> None:
    teller.member(1)
    with databases.statements(teller.runtime.engine) as alone:
        teller.member(2)
    teller.listen()
    teller.listen("member", "ron")
    with databases.statements(teller.runtime.engine) as heard:
        teller.member(3)
    assert alone == heard
    teller.work()
    with databases.statements(teller.runtime.engine) as nothing:
        teller.relay()
    # an empty outbox is asked, and that is all
    assert len(nothing) == 1


def test_only_what_the_owner_may_read_now_is_told(teller: Teller) -> None:
    teller.listen(owner="ron")
    seen = teller.member(1, email="ann@mail.example")
    teller.member(2, active=False)
    teller.work()
    (heard,) = teller.ear.every
    whole = teller.ask("read", "member", seen)
    assert "ann@mail.example" in [str(value) for value in whole.row]
    shop = Shop(teller.runtime, teller.actor("ron"))
    assert heard.record == shop.row(shop.done("read", "member", record=seen))
    assert teller.statuses() == [("created", "sent", None), ("created", "left", "rights")]
    # a right that is taken counts for what was not told yet, also for what happened before
    teller.ask("update", "member", seen, values={"name": "New"}, version=1)
    teller.relay()
    with write(teller.runtime.engine) as connection:
        connection.execute(sa.text("UPDATE ab_role SET name = 'no more' WHERE name = 'reader'"))
        connection.execute(sa.text("UPDATE sw_epoch SET number = number + 1"))
    teller.later(seconds=5)
    teller.work()
    assert len(teller.ear.every) == 1
    assert teller.statuses()[-1] == ("updated", "left", "rights")
    with write(teller.runtime.engine) as connection:
        connection.execute(sa.text("UPDATE ab_role SET name = 'reader' WHERE name = 'no more'"))
        connection.execute(sa.text("UPDATE sw_epoch SET number = number + 1"))


def test_an_owner_who_may_not_sign_in_pauses_it_and_nothing_is_lost(teller: Teller) -> None:
    hook, _ = teller.listen(owner="ron")
    _active(teller, "ron", value=False)
    teller.member(1)
    teller.work()
    assert teller.ear.every == []
    assert (teller.hook(hook).state, teller.hook(hook).why) == ("paused", "owner")
    # whoever made it is told
    (notice,) = [
        one
        for one in teller.stored("notification")
        if one.kind == "webhook_paused" and one.user_id == teller.desk.people["kim"]
    ]
    assert notice.title == "Test"
    teller.member(2)
    _active(teller, "ron", value=True)
    hooks.put(teller.runtime, teller.trail(), teller.hook(hook), "on")
    teller.later(seconds=5)
    teller.work()
    assert teller.ear.types() == ["member.created"] * 2


def _active(teller: Teller, name: str, *, value: bool) -> None:
    with write(teller.runtime.engine) as connection:
        connection.execute(
            sa.text("UPDATE ab_user SET active = :v WHERE id = :n"),
            {"v": value, "n": teller.desk.people[name]},
        )
        connection.execute(sa.text("UPDATE sw_epoch SET number = number + 1"))
    teller.later(seconds=5)


def test_a_filter_says_which_records_and_skipping_leaves_out_the_echo(teller: Teller) -> None:
    teller.listen(filter="name[starts_with]=A")
    teller.listen(skips_own=True)
    teller.member(1, name="Ann")
    teller.member(2, name="Bob")
    teller.work()
    assert [one.record["name"] for one in teller.ear.every] == ["Ann"]
    assert teller.statuses() == [("created", "sent", None), ("created", "left", "filter")]


def test_steps_of_a_workflow_are_told_by_name_and_with_where_from(teller: Teller) -> None:
    teller.listen("parcel", events=["transitioned:trip.go"])
    everything, _ = teller.listen("parcel", events=["updated", "deleted", "restored"])
    record = teller.desk.make("parcel", name="P")
    for name in ("go", "arrive"):
        values = {"workflow": "trip", "transition": name, "input": {}}
        teller.ask("transition", "parcel", record, values=values)
    teller.work()
    ids = [one.hook_id for one in teller.stored("hook_delivery")]
    assert [
        ids.count(one) for one in (everything, next(one for one in ids if one != everything))
    ] == [2, 1]
    first = teller.ear.every[0].told
    assert first["type"] == "parcel.transitioned"
    assert first["data"]["transition"] == {
        "workflow": "trip",
        "transition": "go",
        "from": "here",
        "to": "under_way",
    }
    assert first["data"]["steps"] == ["trip.go"]


def test_a_message_of_a_workflow_is_told_in_every_language_as_its_owner_reads_it(
    teller: Teller,
) -> None:
    hook, _ = teller.listen("parcel", events=["told:parcel_lost"])
    teller.listen("parcel", owner="ron", events=["told:parcel_lost"], fields=["name"])
    record = teller.desk.make("parcel", name="P", weight=7)
    values = {"workflow": "trip", "transition": "lose", "input": {}}
    teller.ask("transition", "parcel", record, values=values)
    teller.work()
    assert teller.statuses() == [("told", "sent", None)] * 2
    (heard,) = [one for one in teller.ear.every if "weight" in one.record]
    (bare,) = [one for one in teller.ear.every if "weight" not in one.record]
    told = heard.told
    assert told["type"] == "parcel.told"
    assert (told["data"]["id"], told["data"]["record"]["place"]) == (record, "there")
    assert told["data"]["message"] == {
        "name": "parcel_lost",
        "subject": {"en": "Lost: P", "zh": "遗失：P"},
        "text": {"en": "P of 7 g is lost.", "zh": "P（7 克）已遗失。"},
    }
    assert bare.record == {"id": record, "version": 2, "name": "P"}
    # what a message says is its owner's to read, and of no other who looks into the log
    (delivery,) = [one for one in teller.stored("hook_delivery") if one.hook_id == hook]
    body = heard.body.decode()
    one = teller.hook(hook)
    assert showing.body_for(teller.runtime, teller.actor("kim"), one, delivery, body) == body
    assert showing.body_for(teller.runtime, teller.actor("ron"), one, delivery, body) is None
    # the same again from the past: the id is the same
    ids = {one.id for one in teller.ear.every}
    with write(teller.runtime.engine) as connection:
        span = teller.now[0] - timedelta(hours=1), teller.now[0] + timedelta(hours=1)
        assert spreading.replay(connection, teller.runtime, one, *span) == 1
    teller.work()
    assert {one.id for one in teller.ear.every} == ids


def test_a_message_that_is_none_is_refused_when_it_is_subscribed(teller: Teller) -> None:
    with pytest.raises(Invalid) as refusal:
        teller.listen("parcel", events=["told:parcel_found"])
    assert "no event 'told:parcel_found'" in refusal.value.errors[0].message.text("en")
    with pytest.raises(Invalid):
        teller.listen("member", events=["told:parcel_lost"])


def test_what_is_deleted_is_told_to_whom_it_was_known(teller: Teller) -> None:
    teller.listen("slip")
    teller.listen("slip", filter="name[starts_with]=A")
    first, second = teller.desk.make("slip", name="Ann"), teller.desk.make("slip", name="Bob")
    teller.work()
    assert len(teller.ear.every) == 3
    for record in (first, second):
        teller.ask("delete", "slip", record, version=1)
    teller.work()
    gone = [one.told["data"] for one in teller.ear.every[3:]]
    assert sorted(one["id"] for one in gone) == sorted([first, first, second])
    assert {one["record"] for one in gone} == {None}
    assert ("deleted", "left", "not_told_before") in teller.statuses()
    # what is only archived is there to be read
    teller.listen("parcel")
    parcel = teller.desk.make("parcel", name="P")
    teller.ask("delete", "parcel", parcel, version=1)
    teller.work()
    assert teller.ear.every[-1].told["type"] == "parcel.deleted"
    assert teller.ear.every[-1].record["archived_at"]


def test_an_alert_is_told_to_whom_it_concerns_and_of_a_record_they_may_read(small: Teller) -> None:
    small.listen("@alert", events=["opened", "ended"])
    small.listen("@alert", "ron", events=["opened"])
    record = small.member(1, active=False)
    looking.look(small.runtime, small.runtime.app.alerts["asleep"])
    small.ask("update", "member", record, values={"active": True}, version=1)
    looking.look(small.runtime, small.runtime.app.alerts["asleep"])
    small.work()
    assert small.ear.types() == ["alert.opened", "alert.ended"]
    data = small.ear.every[0].told["data"]
    assert (data["alert"], data["entity"], data["id"]) == ("asleep", "member", record)
    assert (data["severity"], data["label"]["zh"]) == ("critical", "沉睡会员")
    assert ("opened", "left", "rights") in small.statuses()
