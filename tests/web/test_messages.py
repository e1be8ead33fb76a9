"""Messages: what a workflow tells reaches each person in their words and within their rights."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from runtime.jobs.outbox import relay_once
from runtime.jobs.tables import RUN
from runtime.mailing import outsiders, sending, wishes
from runtime.mailing.server import Mail, NotSent
from runtime.messages import Actor, Incoming, Result
from runtime.outside.relay import deliver_outside, tell
from runtime.pipeline import handle
from runtime.store import notices
from runtime.store.engine import write
from tests.letterbox import letterbox
from tests.web.desk import DESK, Browser, Desk, open_desk_with, statements, token

OFFICE = "https://desk.example"
ACCESS = """
access: desk
grants:
  keeper:
    "*": all
  reader:
    loan: [list, read, print, comment, file, link]
    member: {allow: [list, read], rows: "active", fields: {hidden: [home], masked: {email: email}}}
"""
JOINED = """
message: joined
label: {en: Somebody joined, zh: 有新会员}
of: member
variables: {name: name, post: email, home: home, active: active}
inbox:
  en: "{recipient}: {name} joined, write to {post}. Lives in {home}. {active}"
  zh: "{recipient}：{name} 已加入，邮箱 {post}，住址 {home}。{active}"
mail:
  subject: {en: "[{shop}] {name}", zh: "【{shop}】{name} 加入"}
  text:
    en: |-
      Write to {post}.

      {link}
    zh: |-
      请联系 {post}。

      {link}
"""

MEMBERSHIP = """
entity: member
workflows:
  standing:
    label: {en: Standing, zh: 会籍}
    field: standing
    initial: asked
    states:
      asked: {label: {en: Asked, zh: 已申请}}
      in:
        label: {en: Joined, zh: 已加入}
        final: true
        enter: [{notify: joined, for: [reader]}, {notify: welcome}, {notify: hushed}]
    transitions:
      join: {label: {en: Join, zh: 加入}, from: asked, to: in, roles: keeper}
"""

WELCOME = """
message: welcome
label: {en: Welcome, zh: 欢迎}
of: member
variables: {code: code}
inbox: {en: "{recipient} was welcomed", zh: "已欢迎{recipient}"}
mail:
  subject: {en: "Welcome, {recipient}", zh: "{recipient}，欢迎"}
  text: {en: "Your number is {code}.", zh: "您的编号是 {code}。"}
to: {address: email, name: name, language: tongue, role: keeper}
"""
HUSHED = WELCOME.replace("welcome", "hushed").replace("role: keeper", "role: reader")
TONGUE = "  tongue: {type: text, label: {en: Tongue, zh: 语言}}\n  name:"
MEMBER = (DESK / "desk" / "member.entity.yaml").read_text("utf-8")
FILES = {
    "member__entity": MEMBER.replace("  name:", TONGUE, 1),
    "joined__message": JOINED,
    "welcome__message": WELCOME,
    "hushed__message": HUSHED,
    "member__workflow": MEMBERSHIP,
}


@pytest.fixture(scope="module", params=["sqlite", pytest.param("pg", marks=pytest.mark.postgres)])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    kind = "sqlite" if request.param == "sqlite" else "postgresql"
    folder = tmp_path_factory.mktemp("messages")
    opened = open_desk_with(kind, folder, ACCESS, **FILES)
    yield opened
    opened.runtime.engine.dispose()


@pytest.fixture(autouse=True)
def empty(desk: Desk) -> None:
    """Begin every test with an empty bell."""
    with write(desk.runtime.engine) as connection:
        connection.execute(desk.runtime.system.notification.delete())


def tells(desk: Desk, record: str, name: str = "joined") -> None:
    """Tell both people of a member, as a workflow does."""
    told = {"name": name, "roles": ["keeper", "reader"], "workflow": "none", "state": "none"}
    with write(desk.runtime.engine) as connection:
        assert tell(connection, desk.runtime, ("member", record), told)


def bell(browser: Browser) -> str:
    """Return what the bell says, without its marks."""
    page = browser.get("/me/notifications").text
    told = page.partition("<main")[2].partition("<footer")[0].partition("Go to:")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", told).split())


def test_each_reader_sees_what_they_may_read_in_their_language(desk: Desk) -> None:
    record = desk.make("member", code="A1", name="{post} Anna", email="anna@x.example")
    tells(desk, record)
    kept, read = bell(desk.browser("kim", "zh")), bell(desk.browser("ron"))
    assert "有新会员" in kept
    assert "kim：{post} Anna 已加入，邮箱 anna@x.example，住址 —。" in kept, "a value is no text"
    assert "Somebody joined" in read
    assert "ron: {post} Anna joined, write to a****@x.example" in read
    assert "Lives in Not visible to you." in read
    assert "anna@" not in read


def test_what_is_told_follows_the_rights_and_the_record_of_the_day(desk: Desk) -> None:
    record = desk.make("member", code="A2", name="Bela", email="bela@x.example")
    tells(desk, record)
    desk.change("member", record, 1, name="Bela Two")
    assert "Bela Two joined" in bell(desk.browser("ron"))
    desk.change("member", record, 2, active=False)
    assert "Bela" not in bell(desk.browser("ron"))
    assert "About a record out of your reach" in bell(desk.browser("ron"))
    assert "Bela Two joined" in bell(desk.browser("kim"))


def test_an_e_mail_says_what_its_channel_says(desk: Desk, tmp_path: Path) -> None:
    record = desk.make("member", code="A3", name="Cleo", email="cleo@x.example")
    runtime = desk.runtime
    with letterbox() as box:
        desk.runtime.mail = Mail(box.url, "The desk <desk@desk.example>", OFFICE)
        with write(runtime.engine) as connection:
            wishes.keep(
                connection, runtime, desk.people["ron"], {"mail:workflow": "now", "locale": "zh"}
            )
        tells(desk, record)
        (told,) = notices.latest(runtime.engine, runtime.system, desk.people["ron"], 1)
        assert sending.send_notice(runtime, told.id)
        (letter,) = box.letters
    desk.runtime.mail = Mail()
    assert "Cleo 加入" in letter["Subject"]
    for kind in ("plain", "html"):
        body = letter.get_body((kind,))
        assert body is not None
        text = str(body.get_content())
        assert "请联系 c****@x.example。" in text
        assert f"{OFFICE}/member/{record}" in text
        assert "cleo@" not in text


def test_a_notice_without_a_message_says_the_state_as_before(desk: Desk) -> None:
    record = desk.make("member", code="A4", name="Dora")
    tells(desk, record, "unheard")
    assert "News" in bell(desk.browser("ron"))


def test_the_bell_costs_the_same_however_many_messages(desk: Desk) -> None:
    first = desk.make("member", code="A5", name="Emil", email="e@x.example")
    tells(desk, first)
    browser = desk.browser("ron")
    browser.get("/me/notifications")
    one = statements(desk, browser, "/me/notifications")
    for number in range(12):
        tells(desk, desk.make("member", code=f"B{number}", name=f"Member {number}"))
    assert len(statements(desk, browser, "/me/notifications")) == len(one)


def test_a_preview_is_filled_as_the_person_who_looks_would_read_it(desk: Desk) -> None:
    record = desk.make("member", code="A6", name="Finn", email="finn@x.example")
    gone = desk.make("member", code="A7", name="Gone", email="gone@x.example", active=False)
    kim, ron = desk.browser("kim"), desk.browser("ron")
    assert "/messages/joined" in ron.get("/messages/").text
    full, cut = (one.get(f"/messages/joined?record={record}").text for one in (kim, ron))
    assert "Finn joined, write to finn@x.example" in full
    assert "Finn 已加入，邮箱 finn@x.example" in full, "every language is shown"
    assert "write to f****@x.example" in cut
    assert "finn@" not in cut
    assert ron.get(f"/messages/joined?record={gone}").status_code == 404
    assert "gone@x.example" in kim.get(f"/messages/joined?record={gone}").text
    assert ron.get("/messages/unheard").status_code == 404
    assert "Finn" in ron.get("/messages/joined").text, "the newest record is shown first"


def test_programs_read_messages_as_their_person_would_be_told(desk: Desk) -> None:
    record = desk.make("member", code="A8", name="Gina", email="gina@x.example")
    gone = desk.make("member", code="A9", name="Away", email="away@x.example", active=False)
    kim, ron, base = desk.browser("kim"), desk.browser("ron"), "/api/v1/messages"
    (joined,) = [one for one in ron.get(base).json["data"] if one["name"] == "joined"]
    assert (joined["entity"], joined["label"]["zh"]) == ("member", "有新会员")
    written = ron.get(f"{base}/joined").json["data"]
    assert "{" in written["inbox"]["en"], "without a record it is as it was written"
    full, cut = (one.get(f"{base}/joined?record={record}").json["data"] for one in (kim, ron))
    assert "Gina joined, write to gina@x.example" in full["inbox"]["en"]
    assert "Gina 已加入，邮箱 gina@x.example" in full["inbox"]["zh"]
    assert "write to g****@x.example" in cut["inbox"]["en"]
    assert "gina@" not in str(cut)
    assert ron.get(f"{base}/joined?record={gone}").status_code == 404
    assert kim.get(f"{base}/joined?record={gone}").status_code == 200
    for address, status in (
        (f"{base}/unheard", 404),
        (f"{base}/joined/more", 404),
        (f"{base}/joined?record=x", 422),
        (f"{base}/joined?what=x", 422),
    ):
        assert ron.get(address).status_code == status
    assert desk.app.test_client().get(base).status_code == 401
    document = ron.get("/api/v1/openapi.json").json
    told = document["paths"][f"{base}/{{name}}"]["get"]
    assert "joined" in told["parameters"][0]["schema"]["enum"]
    method = kim.client.delete(
        f"{base}/joined", headers={"X-CSRFToken": token(kim.get("/messages/"))}
    )
    assert method.status_code == 405


def history(desk: Desk, name: str, record: str) -> str:
    """Return what the timeline of a record says of messages."""
    page = desk.browser(name).get(f"/member/{record}?tab=history&kind=messages").text
    told = page.partition('class="tl"')[2].partition("</ul>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", told).split())


def join(desk: Desk, record: str) -> list[str]:
    """Let a member join and relay what it tells; return the ids of letters to people outside."""
    runtime = desk.runtime
    actor = Actor(desk.people["kim"], "kim", frozenset({"keeper"}))
    asked = {"workflow": "standing", "transition": "join", "input": {}}
    step = Incoming("transition", "member", actor, record, values=asked, version=1)
    assert isinstance(handle(step, runtime), Result)
    later = runtime.clock() + timedelta(minutes=1)
    deliver = deliver_outside(runtime, {})
    relay_once(runtime.engine, deliver, 100, topics=["workflow.notify"], now=later)
    mine = sa.select(RUN.c.input).where(RUN.c.job == "mail_message").order_by(RUN.c.id)
    with write(runtime.engine) as connection:
        found = [dict(one)["telling"] for one in connection.execute(mine).scalars()]
        connection.execute(RUN.delete().where(RUN.c.job == "mail_message"))
    return found


def test_the_page_of_a_record_tells_who_was_told_and_what_became_of_it(desk: Desk) -> None:
    runtime, ron = desk.runtime, desk.people["ron"]
    record = desk.make("member", code="H1", name="Hanna", email="hanna@x.example")
    with letterbox() as box, write(runtime.engine) as connection:
        runtime.mail = Mail(box.url, "The desk <desk@desk.example>", OFFICE)
        wishes.keep(connection, runtime, ron, {"mail:workflow": "now", "locale": ""})
    join(desk, record)
    said = history(desk, "kim", record)
    assert "Message sent Somebody joined Inbox Ron not read yet E-mail Ron waits" in said
    (told,) = notices.latest(runtime.engine, runtime.system, ron, 1)
    with pytest.raises(NotSent):
        sending.send_notice(runtime, told.id)
    assert "E-mail Ron failed, is tried again" in history(desk, "kim", record)
    with letterbox() as box:
        runtime.mail = Mail(box.url, "The desk <desk@desk.example>", OFFICE)
        assert sending.send_notice(runtime, told.id)
    runtime.mail = Mail()
    desk.browser("ron").get(f"/me/notifications/{told.id}")
    assert not sending.send_notice(runtime, told.id), "a letter that is sent stays delivered"
    said = history(desk, "kim", record)
    assert "Inbox Ron read E-mail Ron delivered" in said
    assert "hanna@" not in said, "what was said is not told again"
    page = desk.browser("kim").get(f"/member/{record}?tab=history").text
    assert f"/messages/joined?record={record}" in page, "it stands among everything else as well"
    assert history(desk, "ron", record) == "", "who was told is part of the history"


def test_somebody_outside_is_written_to_in_their_language_and_the_role_s_rights(
    desk: Desk,
) -> None:
    runtime = desk.runtime
    record = desk.make("member", code="O1", name="Ola", email="ola@x.example", tongue="zh")
    with letterbox() as box:
        runtime.mail = Mail(box.url, "The desk <desk@desk.example>", OFFICE)
        first, hushed = join(desk, record)
        box.refuses = "451 try later"
        with pytest.raises(NotSent):
            outsiders.send(runtime, first)
        assert "Welcome E-mail o****@x.example failed" in history(desk, "kim", record)
        box.refuses = ""
        assert outsiders.send(runtime, first)
        assert not outsiders.send(runtime, first), "once it is taken it is not sent again"
        assert not outsiders.send(runtime, hushed)
        (letter,) = box.letters
    assert (letter["To"], letter["Subject"]) == ("Ola <ola@x.example>", "Ola，欢迎")
    for kind in ("plain", "html"):
        body = letter.get_body((kind,))
        assert body is not None
        assert "您的编号是 O1。" in str(body.get_content())
    said = history(desk, "kim", record)
    assert "Welcome E-mail o****@x.example delivered" in said
    assert "Recipient outside not sent: no address" in said, "a masked address is none"
    nobody = desk.make("member", code="O2", name="Nobody")
    runtime.mail = Mail()
    assert join(desk, nobody) == []
    assert "not sent: e-mail is not set up" in history(desk, "kim", nobody)
