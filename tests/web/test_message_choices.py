"""What people choose of single messages holds in the bell, at once and in the summary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from runtime.mailing.server import Mail
from runtime.outside.relay import tell
from runtime.store.engine import write
from tests.letterbox import letterbox
from tests.web.desk import DESK, NOW, Desk, open_desk_with, token
from tests.web.test_mailing import OFFICE, Post, text_of

ACCESS = """
access: desk
grants:
  keeper: {"*": all}
  reader: {member: view}
"""
TOLD = """
message: NAME
label: {en: Word of NAME, zh: 消息 NAME}
of: member
inbox: {en: "{record} as NAME", zh: "{record} NAME"}
"""
STANDING = """
entity: member
workflows:
  standing:
    field: standing
    initial: asked
    states:
      asked:
        label: {en: Asked, zh: 已申请}
        reminders: [{remind: grave, for: reader, after: P1D}]
      in:
        label: {en: Joined, zh: 已加入}
        final: true
        enter: [{notify: joined, for: reader}, {notify: posted, for: reader}]
    transitions:
      join:
        {label: {en: Join, zh: 加入}, from: asked, to: in, roles: keeper,
        then: [{notify: kept, for: keeper}]}
"""
FILES = {
    **{f"{name}__message": TOLD.replace("NAME", name) for name in ("joined", "kept")},
    "grave__message": TOLD.replace("NAME", "grave") + "always: inbox\n",
    "posted__message": TOLD.replace("NAME", "posted") + "always: [mail]\n",
    "member__entity": (DESK / "desk" / "member.entity.yaml").read_text("utf-8"),
    "member__workflow": STANDING,
}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    opened = open_desk_with(request.param, tmp_path, ACCESS, **FILES)
    yield opened
    opened.runtime.engine.dispose()


def tells(desk: Desk, record: str, *names: str) -> None:
    """Tell ron of a member, as a workflow does."""
    with write(desk.runtime.engine) as connection:
        for name in names:
            told = {"name": name, "roles": ["reader"], "workflow": "standing", "state": "in"}
            assert tell(connection, desk.runtime, ("member", record), told)


def choose(desk: Desk, name: str = "ron", *, steps: bool = True, **given: str) -> None:
    """Fill in the preferences as they are shown; `bell_joined="off"` is one message."""
    browser = desk.browser(name)
    page = browser.get("/preferences")
    kinds = set(re.findall(r'name="tell" value="(\w+)"', page.text))
    sent: dict[str, object] = {"csrf_token": token(page), "news": "1"}
    sent["tell"] = sorted(kinds if steps else kinds - {"workflow"})
    for field, value in given.items():
        channel, _, message = field.partition("_")
        sent[f"{channel}-workflow.{message}" if message != "kind" else "mail-workflow"] = value
    assert browser.client.post("/preferences", data=sent).status_code == 303


def bell(desk: Desk) -> list[str]:
    """Return the messages that ron's bell shows, which counts as many."""
    browser = desk.browser("ron")
    found = re.findall(r" as (joined|grave|posted)\b", browser.get("/me/notifications/panel").text)
    assert browser.get("/me/unread").json["unread"] == len(found)
    return sorted(found)


def test_a_message_is_switched_in_the_bell_unlike_its_kind(desk: Desk) -> None:
    tells(desk, desk.make("member", code="M1", name="One"), "joined", "grave", "posted")
    assert bell(desk) == ["grave", "joined", "posted"]
    choose(desk, bell_joined="off", bell_grave="off")
    assert bell(desk) == ["grave", "posted"], "what is declared so is told in any case"
    choose(desk, steps=False, bell_joined="on")
    assert bell(desk) == ["grave", "joined"], "one is told though its kind is off"
    choose(desk, steps=False, bell_joined="")
    assert bell(desk) == ["grave"]
    choose(desk)
    assert bell(desk) == ["grave", "joined", "posted"], "nothing was lost meanwhile"


def test_the_page_shows_what_concerns_one_and_what_nobody_switches_off(desk: Desk) -> None:
    choose(desk, bell_joined="off")
    page = desk.browser("ron").get("/preferences").text
    rows = page.partition('id="one-by-one"')[2].partition("</table>")[0].split("<tr>")[2:]
    said = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]
    assert [one.split(" Member ")[0] for one in said] == [
        "Word of grave",
        "Word of joined",
        "Word of posted",
    ]
    assert said[0].endswith("Member always")
    assert 'value="off" selected' in rows[1]
    assert "By e-mail" not in page, "there is no mail server"
    assert "Word of kept" in desk.browser("kim").get("/preferences").text
    assert "消息 joined" in desk.browser("ron", "zh").get("/preferences").text
    (grave,) = [
        one
        for one in desk.browser("ron").get("/api/v1/messages").json["data"]
        if one["name"] == "grave"
    ]
    assert grave["always"] == ["inbox"]
    assert "nobody switches it off" in desk.browser("ron").get("/messages/").text


def test_what_somebody_may_not_choose_is_not_kept(desk: Desk) -> None:
    choose(desk, bell_kept="off", bell_nothing="off", mail_joined="hourly")
    setting = desk.runtime.system.setting
    with desk.runtime.engine.connect() as connection:
        keys = connection.execute(sa.select(setting.c.key)).scalars().all()
    assert not [key for key in keys if "kept" in key or "nothing" in key or "mail:" in key]


def test_a_message_comes_by_e_mail_as_it_was_chosen(desk: Desk) -> None:
    record = desk.make("member", code="M2", name="Two")
    with letterbox() as box:
        post = Post(desk, box)
        desk.runtime.mail = Mail(box.url, "The desk <desk@desk.example>", OFFICE)
        choose(desk, mail_kind="now", mail_joined="never", hour="8")
        page = desk.browser("ron").get("/preferences").text
        assert 'value="never" selected' in page
        assert 'name="mail-workflow.posted"' not in page
        tells(desk, record, "joined", "grave")
        assert post.work() == ["succeeded"]
        (letter,) = post.letters()
        assert "as grave" in text_of(letter)
        choose(desk, mail_kind="", mail_joined="daily", mail_grave="never")
        tells(desk, record, "joined", "grave", "posted")
        assert post.work() == ["succeeded"], "one comes at once whatever they chose"
        (letter,) = post.letters()
        assert "as posted" in text_of(letter)
        post.now = NOW + timedelta(days=1)
        post.work()
        (summary,) = post.letters()
        found = re.findall(r" as (joined|grave|posted)\b", text_of(summary))
        assert set(found) == {"joined"}


def test_a_program_chooses_for_its_person_as_the_page_does(desk: Desk) -> None:
    ron, api = desk.browser("ron"), "/api/v1/messages/"
    csrf = {"X-CSRFToken": token(ron.get("/preferences"))}

    def chosen(name: str, **body: object) -> tuple[int, object]:
        answer = ron.client.patch(api + name, json=body, headers=csrf)
        found = answer.json["data"]["chosen"] if answer.status_code == 200 else answer.json
        return answer.status_code, found if answer.status_code == 200 else found["errors"][0]

    tells(desk, desk.make("member", code="M1", name="One"), "joined", "grave", "posted")
    assert chosen("joined", bell="off") == (200, {"bell": "off", "mail": None})
    assert bell(desk) == ["grave", "posted"]
    page = ron.get("/preferences").text
    assert re.search(r'name="bell-workflow.joined".*?value="off" selected', page, re.S)
    listed = {one["name"]: one["chosen"] for one in ron.get(api.rstrip("/")).json["data"]}
    assert listed["joined"] == {"bell": "off", "mail": None}
    assert listed["kept"] is None, "it tells another role"
    assert chosen("joined", bell=None) == (200, {"bell": None, "mail": None})
    assert bell(desk) == ["grave", "joined", "posted"]
    for name, body, field in (
        ("grave", {"bell": "off"}, "bell"),
        ("joined", {"bell": "loud"}, "bell"),
        ("joined", {"mail": "daily"}, "mail"),
        ("kept", {"bell": "off"}, "name"),
        ("joined", {"horn": "off"}, "horn"),
    ):
        status, error = chosen(name, **body)
        assert (status, error["field"]) == (422, field), (name, body)  # type: ignore[index]
    with letterbox() as box:
        post = Post(desk, box)
        desk.runtime.mail = Mail(box.url, "The desk <desk@desk.example>", OFFICE)
        assert chosen("joined", mail="now") == (200, {"bell": None, "mail": "now"})
        status, error = chosen("posted", mail="never")
        assert (status, error["field"]) == (422, "mail"), "it comes in any case"  # type: ignore[index]
        tells(desk, desk.make("member", code="M2", name="Two"), "joined", "grave")
        assert post.work() == ["succeeded"]
        (letter,) = post.letters()
        assert "as joined" in text_of(letter)
