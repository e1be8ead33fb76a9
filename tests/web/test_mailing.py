"""What people want by e-mail reaches a mail server: once, in their words, within their rights."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
import sqlalchemy as sa

from runtime.alerts import looking
from runtime.jobs.outbox import relay_once
from runtime.jobs.registry import find_kinds
from runtime.jobs.tables import RUN
from runtime.jobs.watching import watch_jobs
from runtime.jobs.worker import WorkerSetup, work_on
from runtime.mailing import sending
from runtime.mailing.server import Mail
from runtime.notifications import Notice, notify
from runtime.outside.relay import TOPICS, deliver_outside
from runtime.settings import SettingsError, read_settings
from runtime.store.engine import write
from tests import databases
from tests.letterbox import Letterbox, letterbox
from tests.web.desk import NOW, Desk, open_desk, open_desk_with, token

OFFICE = "https://desk.example"


class Post:
    """The desk's background work, done by hand at a time of one's own."""

    def __init__(self, desk: Desk, box: Letterbox) -> None:
        self.desk, self.box, self.now = desk, box, NOW
        desk.runtime.mail = Mail(box.url, "The desk <desk@desk.example>", OFFICE)
        desk.runtime.clock = lambda: self.now
        self.kinds = find_kinds()

    def wants(self, name: str, locale: str = "en", **kinds: str) -> None:
        """Choose as a person does, on their own page."""
        browser = self.desk.browser(name, locale)
        page = browser.get("/preferences")
        told = re.findall(r'name="tell" value="(\w+)"', page.text)
        given = {"csrf_token": token(page), "news": "1", "tell": told, "locale": locale}
        given |= {key.replace("_", "-", 1) if key != "hour" else key: v for key, v in kinds.items()}
        assert browser.client.post("/preferences", data=given).status_code == 303

    def tell(self, name: str, kind: str, record: str, **params: str) -> None:
        """Tell somebody something that kim did."""
        runtime = self.desk.runtime
        by = self.desk.people["kim"]
        notice = Notice(self.desk.people[name], kind, "member", record, "", params, by, "kim")
        with write(runtime.engine) as connection:
            notify(connection, runtime, [notice], self.now)

    def work(self, *, dies: bool = False) -> list[str]:
        """Relay, make what the clock wants, and do every run that is due; return their states."""
        runtime = self.desk.runtime
        deliver = deliver_outside(runtime, self.kinds)
        relay_once(runtime.engine, deliver, 100, topics=TOPICS, now=self.now)
        sending.queue_digests(runtime)
        due = sa.select(RUN).where(RUN.c.state == "queued", RUN.c.due_at <= self.now)
        with runtime.engine.connect() as connection:
            waiting = connection.execute(due.order_by(RUN.c.id)).all()
        clock = lambda: self.now  # noqa: E731 (the hour is changed meanwhile)
        setup = WorkerSetup(runtime.engine, clock, self.kinds, runtime)
        return [str(work_on(setup, run.job, run.id, "test")) for run in waiting]

    def letters(self) -> list[EmailMessage]:
        """Return what arrived since the last time."""
        found, self.box.letters = self.box.letters, []
        return found

    def restart(self) -> None:
        """Let every run that ended look as if its worker had died just before its end."""
        again = {"state": "queued", "lease_until": None, "lease_token": None, "finished_at": None}
        with self.desk.runtime.engine.begin() as connection:
            connection.execute(RUN.update().values(again))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def post(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Post]:
    desk = open_desk(databases.url_of(request.param, tmp_path), tmp_path / "files")
    with letterbox() as box:
        yield Post(desk, box)
    desk.runtime.engine.dispose()


def text_of(letter: EmailMessage, kind: str = "plain") -> str:
    body = letter.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def test_what_somebody_wants_at_once_arrives_once_in_their_language(post: Post) -> None:
    record = post.desk.make("member", code="P1", name="Nora <Noted>")
    post.wants("ron", "zh", mail_mention="now", mail_comment="daily")
    post.tell("ron", "mention", record, text="Look at @ron <b>this</b>")
    post.tell("ron", "comment", record, text="not at once")
    post.tell("ron", "change", record)
    assert post.work() == ["succeeded"]
    (letter,) = post.letters()
    assert (letter["To"], letter["Content-Language"]) == ("Ron <ron@desk.example>", "zh")
    assert "Kim" in letter["Subject"]
    assert "提到" in letter["Subject"]
    assert letter["List-Unsubscribe"] == f"<{OFFICE}/preferences#notifications>"
    plain, page = text_of(letter), text_of(letter, "html")
    assert "Ron，您好：" in plain
    assert "Look at @ron <b>this</b>" in plain
    assert "Nora &lt;Noted&gt;" in page
    assert "&lt;b&gt;this" in page
    assert 'lang="zh-CN"' in page
    address = re.search(rf"{OFFICE}(/me/notifications/[0-9a-f-]{{36}})", plain)
    assert address is not None
    opened = post.desk.browser("ron").get(address[1])
    assert opened.headers["Location"] == f"/member/{record}"
    assert post.work() == []
    post.restart()  # under the same key, and nothing: it has been read meanwhile
    assert post.work() == ["succeeded"]
    assert post.letters() == []


ACCESS = """
access: desk
grants:
  keeper: {"*": all}
  reader: {member: {allow: [view, create, edit]}}
"""
ALERT = """
alert: {name}
label: {{en: {name}, zh: {name}}}
of: member
where: "not active"
role: keeper
tell: reader
mail: {mail}
"""


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_an_alert_that_goes_by_mail_arrives_whatever_its_readers_chose(
    kind: str, tmp_path: Path
) -> None:
    alerts = {
        "loud__alert": ALERT.format(name="loud", mail="true"),
        "quiet__alert": ALERT.format(name="quiet", mail="false"),
    }
    desk = open_desk_with(kind, tmp_path, ACCESS, **alerts)
    with letterbox() as box:
        post = Post(desk, box)
        post.wants("ron", mail_alert="daily", hour="8")
        desk.make("member", code="P1", name="Nora", active=False)
        for alert in desk.runtime.app.alerts.values():
            looking.look(desk.runtime, alert)
        assert post.work() == ["succeeded"]
        (letter,) = post.letters()
        assert letter["To"] == "Ron <ron@desk.example>"
        assert "loud" in text_of(letter)
        post.now += timedelta(days=1)
        post.work()
        (summary,) = post.letters()
        assert ("quiet" in text_of(summary), "loud" in text_of(summary)) == (True, False)
    desk.runtime.engine.dispose()


def test_no_text_of_a_person_or_a_record_becomes_a_header(post: Post) -> None:
    record = post.desk.make("member", code="P1", name="Nora")
    with post.desk.runtime.engine.begin() as connection:
        for table, column, key, number in (
            ("member", "name", "id", record),
            ("ab_user", "first_name", "id", post.desk.people["ron"]),
        ):
            connection.execute(
                sa.text(f"UPDATE {table} SET {column} = :text WHERE {key} = :number"),
                {"text": "Ron\r\nBcc: thief@x.example", "number": number},
            )
    post.wants("ron", mail_mention="now")
    post.tell("ron", "mention", record, text="Look")
    assert post.work() == ["succeeded"]
    (letter,) = post.letters()
    assert letter["Bcc"] is None
    assert "thief@x.example" in letter["Subject"], "told as text"


def test_a_worker_that_dies_after_the_server_s_yes_sends_the_same_letter_again(post: Post) -> None:
    record = post.desk.make("member", code="P2", name="Twice")
    post.wants("ron", mail_mention="now")
    post.tell("ron", "mention", record)
    post.work()
    post.restart()
    post.work()
    first, second = post.letters()
    assert first["Message-ID"] == second["Message-ID"]


def test_the_daily_summary_comes_at_the_person_s_hour_and_tells_nothing_twice(post: Post) -> None:
    record = post.desk.make("member", code="P3", name="Daily")
    post.wants("ron", mail_change="daily", hour="9", time_zone="Asia/Shanghai")
    other = post.desk.make("member", code="P4", name="Other")
    for one in (record, record, other):
        post.tell("ron", "change", one)
    assert post.work() == [], "it is evening in Shanghai: the first summary comes tomorrow"
    post.now = datetime(2026, 11, 23, 0, 59, tzinfo=NOW.tzinfo)
    assert post.work() == []
    post.now += timedelta(minutes=1)
    assert post.work() == ["succeeded"]
    (letter,) = post.letters()
    assert "2 notifications" in letter["Subject"]
    assert "and 1 more" in text_of(letter)
    post.now += timedelta(hours=5)
    assert post.work() == []
    post.now += timedelta(days=1)
    assert post.work() == ["succeeded"]
    assert post.letters() == [], "a day without news has no letter"


def test_of_what_is_out_of_reach_and_to_who_has_left_nothing_is_sent(post: Post) -> None:
    record = post.desk.make("member", code="P5", name="Secret")
    post.wants("ron", mail_mention="now", mail_change="daily", hour="0")
    post.tell("ron", "mention", record, text="confidential")
    post.tell("ron", "change", record)
    role = sa.table("ab_user_role", sa.column("user_id"))
    with post.desk.runtime.engine.begin() as connection:
        connection.execute(role.delete().where(role.c.user_id == post.desk.people["ron"]))
    post.work()
    post.now += timedelta(days=1)
    post.work()
    user = sa.table("ab_user", sa.column("id"), sa.column("active"))
    post.tell("ron", "mention", record)
    with post.desk.runtime.engine.begin() as connection:
        connection.execute(
            user.update().where(user.c.id == post.desk.people["ron"]).values(active=False)
        )
    assert post.work() == ["succeeded"]
    assert post.letters() == []


def test_a_server_that_refuses_is_asked_again_and_becomes_an_incident_in_the_end(
    post: Post,
) -> None:
    record = post.desk.make("member", code="P6", name="Refused")
    post.wants("ron", mail_mention="now")
    post.tell("ron", "mention", record)
    post.box.refuses = "451 not now for ron@desk.example"
    assert post.work() == ["queued"]
    assert post.work() == [], "not before its pause is over"
    post.box.refuses = ""
    post.now += timedelta(seconds=30)
    assert post.work() == ["succeeded"]
    assert len(post.letters()) == 1
    post.tell("ron", "mention", record)
    post.box.refuses, post.box.asked = "550 nobody here", 0
    for _ in range(8):
        post.now += timedelta(hours=1)
        last = post.work()
    assert (last, post.box.asked) == (["failed"], 8)
    runtime = post.desk.runtime
    watch_jobs(runtime, post.kinds, ())
    incident = runtime.system.incident
    with runtime.engine.connect() as connection:
        row = connection.execute(sa.select(incident).where(incident.c.kind == "job_failed")).one()
        error = connection.execute(sa.select(RUN.c.error).where(RUN.c.state == "failed")).scalar()
    assert "550" in row.facts["why"]
    assert "ron@" not in str(error)


def test_without_a_mail_server_nobody_is_asked_about_e_mails(post: Post) -> None:
    post.desk.runtime.mail = Mail()
    page = post.desk.browser("ron").get("/preferences").text
    assert 'name="mail-mention"' not in page
    assert 'value="mention"' in page


def test_a_mail_server_needs_a_sender_and_an_address_for_links() -> None:
    given = {"SHOPWRIGHT_SMTP_URL": "smtps://u:p@mail.example"}
    with pytest.raises(SettingsError, match="MAIL_FROM"):
        read_settings(given)
    given["SHOPWRIGHT_MAIL_FROM"] = "Desk <desk@desk.example>"
    with pytest.raises(SettingsError, match="ADDRESS"):
        read_settings(given)
    given["SHOPWRIGHT_ADDRESS"] = f"{OFFICE}/"
    assert read_settings(given).address == OFFICE
    with pytest.raises(SettingsError, match="smtps://"):
        read_settings({**given, "SHOPWRIGHT_SMTP_URL": "mail.example"})
