"""Erasing a person's data: gone from every table, with what is kept, refused, proved and undone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from generator.compile import compile_definitions
from rules.proof import Proof
from runtime.erasing import DECISIONS
from runtime.errors import (
    BadRequest,
    Blocked,
    Conflict,
    Forbidden,
    Invalid,
    NeedsApproval,
    NotFound,
    RequestError,
    Stale,
    VersionRequired,
)
from runtime.messages import Actor, Result
from runtime.operations._erasing import Kind
from runtime.runtime import Runtime, utc_now
from runtime.store.audit_chain import seal_waiting
from runtime.store.audit_key import DEVELOPMENT_KEY
from runtime.store.audit_verify import verify
from runtime.store.engine import make_engine
from runtime.store.migrate.apply import create_all
from runtime.store.system_tables import SystemTables, own_tables
from tests.databases import fill, url_of
from tests.runtime.long_ago import LongAgo
from tests.shop import NOON, Shop, person, write_folder
from tests.tables import tables_of

WHY = "She asked for it by letter."
FILES = {
    "app.yaml": "app: practice\nlabel: Practice\ntime_zone: Asia/Shanghai",
    "roles.yaml": """
roles:
  owner: {label: Owner, sees: {sensitive: clear}}
  officer: {label: Officer}
  desk: {label: Desk}
""",
    "work/client.entity.yaml": """
entity: client
label: {en: Client, zh: 客户}
plural: {en: Clients, zh: 客户}
title: "{name}"
privacy: {about: this, also: [note]}
fields:
  code: {type: code, required: true, unique: true, label: {en: Code, zh: 编号}}
  name: {type: text, required: true, class: personal, label: {en: Name, zh: 姓名}}
  login: {type: text, required: true, unique: true, class: personal, label: {en: Login, zh: 登录名}}
  mail: {type: email, required: true, unique: true, class: personal, label: {en: Mail, zh: 邮箱}}
  phone: {type: phone, required: true, class: personal, label: {en: Phone, zh: 电话}}
  born: {type: date, required: true, class: personal, label: {en: Born, zh: 生日}}
  home: {type: address, required: true, class: personal, label: {en: Home, zh: 住址}}
  id_no: {type: text, class: sensitive, unique: true, label: {en: Identity, zh: 证件号}}
  pin: {type: text, class: secret, label: {en: PIN, zh: 密码}}
  photo: {type: image, class: personal, label: {en: Photo, zh: 照片}}
  note: {type: long_text, label: {en: Note, zh: 备注}}
  level: {type: text, label: {en: Level, zh: 等级}}
  badge: {type: text, label: {en: Badge, zh: 胸牌}, computed: "name + ' ' + code", stored: true}
  places: {type: children, of: place, label: {en: Places, zh: 地址}}
list: {columns: [name, code, phone], search: [name, phone, mail], filters: [name, phone, level]}
""",
    "work/place.entity.yaml": """
entity: place
label: {en: Place, zh: 地址}
child_of: client
title: "{street}"
fields:
  street: {type: text, required: true, class: personal, label: {en: Street, zh: 街道}}
  kind: {type: text, label: {en: Kind, zh: 类别}}
""",
    "work/visit.entity.yaml": """
entity: visit
label: {en: Visit, zh: 来访}
plural: {en: Visits, zh: 来访}
title: "{number} {client.name}"
privacy:
  about: client
  wait: handling
  keep:
    from: day
    years: 3
    because: {en: The tax law wants it., zh: 税法要求保留。}
fields:
  number: {type: text, required: true, label: {en: Number, zh: 编号}}
  client: {type: reference, to: client, label: {en: Client, zh: 客户}}
  day: {type: date, label: {en: Day, zh: 日期}}
  state: {type: state, label: {en: State, zh: 状态}}
  called: {type: text, class: personal, label: {en: Called, zh: 称呼}}
  amount: {type: integer, label: {en: Amount, zh: 金额}}
  notes: {type: children, of: line, label: {en: Notes, zh: 记录}}
""",
    "work/visit.workflow.yaml": """
entity: visit
workflows:
  handling:
    label: {en: Handling, zh: 处理}
    field: state
    initial: open
    states:
      open: {label: {en: Open, zh: 进行中}}
      paused: {label: {en: Done, zh: 办结}, category: closed}
      done: {label: {en: Done, zh: 完成}, category: closed, final: true}
    transitions:
      finish: {label: {en: Finish, zh: 完成}, from: open, to: done, roles: any}
      pause: {label: {en: Pause, zh: 办结}, from: open, to: paused, roles: any}
      resume: {label: {en: Resume, zh: 重开}, from: paused, to: open, roles: any}
""",
    "work/line.entity.yaml": """
entity: line
label: {en: Line, zh: 明细}
child_of: visit
title: "{text}"
fields:
  text: {type: text, required: true, class: personal, label: {en: Text, zh: 内容}}
""",
    "work/letter.entity.yaml": """
entity: letter
label: {en: Letter, zh: 信件}
plural: {en: Letters, zh: 信件}
title: "{subject}"
privacy: {about: visit.client, erase: record}
fields:
  subject: {type: text, required: true, label: {en: Subject, zh: 主题}}
  visit: {type: reference, to: visit, on_delete: restrict, label: {en: Visit, zh: 来访}}
  text: {type: long_text, class: personal, label: {en: Text, zh: 正文}}
""",
    "work/team.entity.yaml": """
entity: team
label: {en: Team, zh: 团队}
plural: {en: Teams, zh: 团队}
title: "Team of {head.name}"
fields:
  number: {type: text, required: true, label: {en: Number, zh: 编号}}
  head: {type: reference, to: client, label: {en: Head, zh: 负责人}}
  shown: {type: text, label: {en: Shown, zh: 显示}, computed: "head.name", stored: true}
""",
    "work/work.access.yaml": """
access: work
grants:
  owner:
    "*": all
    client: [all, erase, approve]
  officer:
    client: {allow: [view, erase], rows: "level == 'vip'"}
    visit: view
  desk:
    client: edit
    visit: edit
""",
}
NAMES = ("Ann Leeward", "ann.leeward@example.com", "+8613812345678", "Canary Street", "王小芳")
"""What may stand nowhere afterwards."""
VALUES = {
    "code": "A1",
    "name": "Ann Leeward",
    "login": "ann-leeward-login",
    "mail": "ann.leeward@example.com",
    "phone": "+8613812345678",
    "born": "1990-05-17",
    "home": {"country": "CN", "city": "上海", "street": "Canary Street 1", "name": "王小芳"},
    "id_no": "canary-identity",
    "pin": "canary-pin",
    "note": "canary-note",
    "level": "vip",
    "places": [{"street": "Canary Street 2", "kind": "home"}],
}
LEFT = (*NAMES, "ann-leeward-login", "1990-05-17", "canary-identity", "canary-pin", "canary-note")


class Practice(Shop):
    """The practice, its database as an installation has it: guarded."""

    def make(self, entity: str, **values: Any) -> str:
        return str(self.row(self.done("create", entity, values))["id"])

    def ann(self, **values: Any) -> str:
        return self.make("client", **{**VALUES, **values})

    def version(self, record: str, entity: str = "client") -> int:
        table = self.runtime.schema.tables[entity]
        with self.runtime.engine.connect() as connection:
            asked = sa.select(table.c.version).where(table.c.id == record)
            return int(connection.execute(asked).scalar_one())

    def stored(self, entity: str, record: str) -> dict[str, Any]:
        table = self.runtime.schema.tables[entity]
        with self.runtime.engine.connect() as connection:
            row = connection.execute(sa.select(table).where(table.c.id == record)).mappings().one()
            return dict(row)

    def erase(self, record: str, **options: Any) -> Result | RequestError:
        options.setdefault("version", self.version(record))
        return self.ask("erase", "client", {"reason": WHY}, record=record, **options)

    def step(self, visit: str, name: str) -> None:
        asked = {"workflow": "handling", "transition": name}
        self.done("transition", "visit", asked, record=visit)

    def visit(self, client: str, **values: Any) -> str:
        made = self.make("visit", client=client, **{"number": "V1", "amount": 7, **values})
        self.step(made, "finish")
        return made

    def everything(self) -> dict[str, list[str]]:
        """Return every row of every table as text."""
        tables = [getattr(own_tables(), name) for name in SystemTables.__dataclass_fields__]
        names = {table.name for table in tables} | set(self.runtime.schema.tables)
        with self.runtime.engine.connect() as connection:
            found = {}
            for name in sorted(names):
                table = self.runtime.schema.tables.get(name)
                written = table.name if table is not None else name
                rows = connection.execute(sa.text(f'SELECT * FROM "{written}"')).all()
                found[name] = sorted(map(repr, rows))
            return found

    def holding(self, *texts: str) -> set[str]:
        """Return the tables in which one of these texts stands."""
        return {
            name
            for name, rows in self.everything().items()
            if any(text in row for row in rows for text in texts)
        }


def opened(kind: str, folder: Path, **files: str) -> Practice:
    written = {**FILES, **{f"work/{name.replace('__', '.')}.yaml": t for name, t in files.items()}}
    compiled = compile_definitions(write_folder(folder / "practice", written))
    engine = make_engine(url_of(kind, folder))
    fill(engine, (opened, compiled.app.digest), lambda new: create_all(new, compiled, now=NOON))
    tables = tables_of(compiled, engine)
    runtime = Runtime(compiled, engine, tables.schema, tables.system, clock=lambda: NOON)
    return Practice(runtime, person("owner"))


@pytest.fixture(params=["sqlite", "postgresql"])
def practice(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Practice]:
    made = opened(request.param, tmp_path)
    yield made
    made.runtime.engine.dispose()


def test_nothing_personal_is_left_in_any_table(practice: Practice) -> None:
    ann = practice.ann()
    visit = practice.visit(ann, called="Ann Leeward", notes=[{"text": "Ann Leeward was ill"}])
    letter = practice.make("letter", subject="Hello", visit=visit, text="Dear Ann Leeward")
    team = practice.make("team", number="T1", head=ann)
    practice.done("update", "client", {"phone": "+8613812345679"}, record=ann, version=1)
    practice.done(
        "comment", "client", {"text": "Ann Leeward called from +8613812345678"}, record=ann
    )
    practice.done("comment", "team", {"text": "Ask Ann Leeward"}, record=team)
    practice.done("update", "client", {"name": "Ann Windward"}, record=ann, version=2)
    practice.done("comment", "client", {"text": "Once Ann Windward, or 13812345679"}, record=ann)
    practice.done("update", "client", {"name": "Ann Leeward"}, record=ann, version=3)
    why = {"reason": "Ann Leeward asked for it."}
    assert practice.holding(*LEFT) >= {"client", "place", "visit", "letter", "team", "sw_audit"}

    practice.done("erase", "client", why, record=ann, version=practice.version(ann))

    assert practice.holding(*LEFT, "13812345679", "Windward", "A****") == set()
    left = practice.stored("client", ann)
    assert (left["code"], left["level"], left["name"]) == ("A1", "vip", "—")
    assert left["id_no"] is left["pin"] is left["note"] is None
    assert left["badge"] == "— A1"
    assert left["login"].startswith("erased-")
    assert left["mail"].endswith("@example.com")
    assert left["born"] == date(1900, 1, 1)
    assert practice.stored("visit", visit)["amount"] == 7
    assert practice.stored("team", team)["shown"] == "—"
    assert isinstance(practice.ask("read", "letter", record=letter), NotFound)


def test_the_audit_tells_that_it_was_done_by_whom_and_why_and_still_proves_itself(
    practice: Practice,
) -> None:
    ann = practice.ann()
    practice.visit(ann, called="Ann Leeward")
    seal_waiting(practice.runtime.engine, DEVELOPMENT_KEY, utc_now() + timedelta(days=1))
    practice.erase(ann)
    keys = (DEVELOPMENT_KEY,)
    found = verify(practice.runtime.engine, practice.runtime.schema, keys)
    assert found.findings == []
    assert found.sealed
    audit = practice.runtime.system.audit
    with practice.runtime.engine.connect() as connection:
        noted = connection.execute(sa.select(audit).where(audit.c.operation == "person_erased"))
        row = noted.mappings().one()
        own = connection.execute(sa.select(audit).where(audit.c.operation == "erase")).mappings()
        names = {one["entity"]: one["after"] for one in own}
        changed = connection.execute(sa.select(audit).where(audit.c.erased_by.is_not(None)))
        assert {one.erased_by for one in changed} == {row["after"]["erasure"]}
    assert row["reason"] == WHY
    assert row["actor_id"] == practice.actor.id
    assert row["after"]["records"] == 2
    assert "name" in names["client"]["$erased"]


def test_who_writes_past_the_back_office_cannot_pass_it_off_as_an_erasure(
    practice: Practice,
) -> None:
    ann = practice.ann()
    audit, engine = practice.runtime.system.audit, practice.runtime.engine
    forged = {"erased_by": "0" * 36, "after": None, "erased_signature": "x:y"}
    with engine.begin() as connection:
        connection.execute(audit.update().values(**forged))
    codes = {
        one.code for one in verify(engine, practice.runtime.schema, (DEVELOPMENT_KEY,)).findings
    }
    assert codes == {"altered"}
    for values in ({"after": None}, {"erased_by": "1" * 36, "actor_name": "nobody"}):
        with pytest.raises(sa.exc.DatabaseError), engine.begin() as connection:
            connection.execute(audit.update().values(**values))
    with pytest.raises(sa.exc.DatabaseError), engine.begin() as connection:
        connection.execute(audit.delete())
    assert practice.stored("client", ann)["name"] == "Ann Leeward"


def test_erasing_again_changes_nothing(practice: Practice) -> None:
    ann = practice.ann()
    practice.visit(ann, called="Ann Leeward")
    practice.erase(ann)
    before = practice.everything()
    assert isinstance(practice.erase(ann), Result)
    assert practice.everything() == before


def test_two_erased_people_stay_two(practice: Practice) -> None:
    first = practice.ann()
    second = practice.ann(code="A2", login="bob", mail="bob@example.com", id_no="other")
    practice.erase(first)
    practice.erase(second)
    one, other = practice.stored("client", first), practice.stored("client", second)
    assert one["login"] != other["login"]
    assert one["mail"] != other["mail"]


def test_nobody_finds_who_was_erased(practice: Practice) -> None:
    ann = practice.ann()
    practice.erase(ann)
    for query in ({"q": "Leeward"}, {"name": "Ann Leeward"}, {"phone": "+8613812345678"}):
        assert not practice.done("list", "client", query=query).rows
    assert len(practice.done("list", "client", query={"level": "vip"}).rows) == 1


def test_what_comes_back_from_the_archive_is_still_nobody(practice: Practice) -> None:
    ann = practice.ann()
    practice.done("delete", "client", record=ann, version=1)
    assert isinstance(practice.erase(ann), Result)
    practice.done("restore", "client", record=ann)
    assert practice.stored("client", ann)["name"] == "—"
    assert practice.holding(*LEFT) == set()


def test_a_deleted_record_is_erased_from_the_audit_too(tmp_path: Path) -> None:
    kept = FILES["work/visit.entity.yaml"].replace("privacy:", "archive: false\nprivacy:", 1)
    practice = opened("sqlite", tmp_path, visit__entity=kept)
    ann = practice.ann()
    visit = practice.visit(ann, called="Ann Leeward", notes=[{"text": "Canary Street again"}])
    practice.done("delete", "visit", record=visit, version=practice.version(visit, "visit"))
    practice.erase(ann)
    assert practice.holding(*LEFT) == set()
    assert (
        verify(practice.runtime.engine, practice.runtime.schema, (DEVELOPMENT_KEY,)).findings == []
    )


def test_what_stood_beside_a_deleted_record_is_erased_when_the_log_has_forgotten_it(
    tmp_path: Path,
) -> None:
    kept = FILES["work/visit.entity.yaml"].replace("privacy:", "archive: false\nprivacy:", 1)
    practice = opened("sqlite", tmp_path, visit__entity=kept)
    there = LongAgo(practice)
    there.on("2020-03-01")
    ann = practice.ann()
    visit = practice.visit(ann, called="Ann Leeward")
    practice.done("comment", "visit", {"text": "Ask Ann Leeward"}, record=visit)
    practice.done("delete", "visit", record=visit, version=practice.version(visit, "visit"))
    there.seal()
    there.on("2026-11-22")
    assert there.trim() == "succeeded"
    assert "Ann Leeward" in str(there.rows(practice.runtime.system.comment))
    assert practice.erase(ann)
    assert practice.holding("Ann Leeward") == set()
    assert there.judged().findings == []


def test_what_a_law_keeps_stays_until_its_day(practice: Practice) -> None:
    ann = practice.ann()
    old = practice.visit(ann, number="V1", day="2023-11-22", called="Ann Leeward")
    new = practice.visit(
        ann, number="V2", day="2023-11-23", called="Ann Leeward", notes=[{"text": "Ann Leeward"}]
    )
    kinds = {one.entity.name: one for one in practice.done("erasure", "client", record=ann).rows}
    assert isinstance(kinds["visit"], Kind)
    assert kinds["visit"].kept == {new}
    assert kinds["visit"].until == date(2026, 11, 23)
    practice.erase(ann)
    assert practice.stored("visit", old)["called"] is None
    assert practice.stored("visit", new)["called"] == "Ann Leeward"
    assert practice.holding("Ann Leeward") == {"visit", "line", "sw_audit", "sw_workflow_log"} & (
        practice.holding("Ann Leeward")
    )
    assert {"visit", "line"} <= practice.holding("Ann Leeward")

    practice.runtime.clock = lambda: datetime(2026, 11, 24, tzinfo=NOON.tzinfo)  # type: ignore[misc]
    assert isinstance(practice.erase(ann), Result)
    assert practice.holding(*LEFT) == set()


def test_only_some_fields_are_kept_where_the_definitions_name_them(tmp_path: Path) -> None:
    visit = FILES["work/visit.entity.yaml"].replace("years: 3", "years: 3\n    fields: [called]")
    visit = visit.replace("privacy:\n  about: client", "privacy:\n  about: client\n  also: [seen]")
    visit = visit.replace(
        "  amount:", "  seen: {type: text, label: {en: Seen, zh: 见闻}}\n  amount:"
    )
    practice = opened("sqlite", tmp_path, visit__entity=visit)
    ann = practice.ann()
    record = practice.visit(ann, day="2026-01-01", called="Ann Leeward", seen="a red hat")
    practice.erase(ann)
    left = practice.stored("visit", record)
    assert (left["called"], left["seen"]) == ("Ann Leeward", None)
    assert practice.holding("a red hat") == set()


def test_nothing_goes_while_something_is_under_way(practice: Practice) -> None:
    ann = practice.ann()
    visit = practice.make("visit", number="V1", client=ann)
    before = practice.everything()
    refusal = practice.erase(ann)
    assert isinstance(refusal, Blocked)
    assert "1 Visits" in refusal.message.text("en")
    assert refusal.errors[0].code == "under_way"
    assert practice.everything() == before
    practice.step(visit, "pause")
    assert isinstance(practice.erase(ann), Result)


def test_only_whom_a_line_lets_and_only_their_rows(practice: Practice) -> None:
    ann, other = (
        practice.ann(),
        practice.ann(code="A2", login="b", mail="b@example.com", id_no="b", level="x"),
    )
    officer, desk = person("officer", number=2), person("desk", number=3)
    assert isinstance(practice.erase(ann, actor=desk), Forbidden)
    assert isinstance(practice.ask("erasure", "client", record=ann, actor=desk), Forbidden)
    assert isinstance(practice.erase(other, actor=officer), (NotFound, Forbidden))
    assert isinstance(practice.ask("erasure", "client", record=other, actor=officer), NotFound)
    looking = Actor(9, "ann", frozenset({"owner"}), real_id=4, real_name="boss")
    assert isinstance(practice.erase(ann, actor=looking), Forbidden)
    assert practice.holding("Ann Leeward")
    assert isinstance(practice.erase(ann, actor=officer), Result)


def test_it_asks_for_a_version_a_reason_and_a_person(practice: Practice) -> None:
    ann = practice.ann()
    ask: Callable[..., RequestError] = practice.refused
    assert isinstance(ask("erase", "client", {"reason": WHY}, record=ann), VersionRequired)
    assert isinstance(ask("erase", "client", {"reason": WHY}, record=ann, version=7), Stale)
    for wrong in ({}, {"reason": ""}, {"reason": 7}, {"reason": "x" * 501}):
        assert isinstance(ask("erase", "client", wrong, record=ann, version=1), Invalid)
    more = {"reason": WHY, "fields": ["name"]}
    assert isinstance(ask("erase", "client", more, record=ann, version=1), (BadRequest, Invalid))
    visit = practice.make("visit", number="V1", client=ann)
    assert isinstance(
        ask("erase", "visit", {"reason": WHY}, record=visit, version=1), (NotFound, Forbidden)
    )
    nobody = "0190c4ea-0000-7000-8000-000000000000"
    assert isinstance(ask("erase", "client", {"reason": WHY}, record=nobody, version=1), NotFound)


def test_a_second_person_decides_where_the_definitions_say_so(tmp_path: Path) -> None:
    access = FILES["work/work.access.yaml"] + (
        "sensitive:\n  gone: {entities: client, actions: erase, ask: approve}\n"
    )
    practice = opened("sqlite", tmp_path, work__access=access)
    ann = practice.ann()
    waiting = practice.erase(ann)
    assert isinstance(waiting, NeedsApproval)
    assert practice.stored("client", ann)["name"] == "Ann Leeward"
    kept = waiting.params["approval"]
    assert (kept.before, kept.after, kept.reason) == (None, {}, WHY)
    proved = replace(practice.actor, proof=Proof(approval=kept.id))
    assert isinstance(practice.erase(ann, actor=proved), Result)
    assert practice.holding(*LEFT) == set()


def test_an_edit_at_the_same_time_is_refused_and_one_before_it_refuses_the_erasure(
    practice: Practice,
) -> None:
    ann = practice.ann()
    answers: list[Any] = []
    barrier = threading.Barrier(2)

    def run(*asked: Any, **options: Any) -> None:
        barrier.wait()
        answers.append(practice.ask(*asked, record=ann, version=1, **options))

    threads = [
        threading.Thread(target=run, args=("erase", "client", {"reason": WHY})),
        threading.Thread(target=run, args=("update", "client", {"name": "Ann Leeward II"})),
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    done = [one for one in answers if isinstance(one, Result)]
    refused = [one for one in answers if isinstance(one, Conflict)]
    assert (len(done), len(refused)) == (1, 1)
    assert practice.version(ann) == 2
    if practice.stored("client", ann)["name"] == "—":
        assert practice.holding(*LEFT) == set()


def test_a_record_made_while_it_is_erased_is_erased_too_or_comes_after(practice: Practice) -> None:
    ann = practice.ann()
    barrier = threading.Barrier(2)
    answers: list[Any] = []

    def make() -> None:
        barrier.wait()
        values = {"subject": "s", "text": "Canary Street"}
        answers.append(practice.ask("create", "letter", {**values, "visit": visit}))

    def erase() -> None:
        barrier.wait()
        answers.append(practice.erase(ann))

    visit = practice.visit(ann)
    threads = [threading.Thread(target=make), threading.Thread(target=erase)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert len([one for one in answers if isinstance(one, Result)]) == 2
    # whichever came first, the person is gone and no half of them is left
    assert practice.stored("client", ann)["name"] == "—"


def test_a_statement_that_fails_anywhere_leaves_nothing_half_erased(practice: Practice) -> None:
    ann = practice.ann()
    visit = practice.visit(ann, called="Ann Leeward", notes=[{"text": "Canary Street"}])
    practice.make("letter", subject="Hello", visit=visit, text="Dear Ann Leeward")
    practice.done("comment", "client", {"text": "Ann Leeward"}, record=ann)
    before, asked = practice.everything(), practice.version(ann)
    position = 0
    while True:
        position += 1
        with failing_at(practice, position) as seen:
            try:
                answer = practice.erase(ann, version=asked)
            except Lost:
                assert practice.everything() == before, seen[-1]
                continue
        assert isinstance(answer, Result)
        break
    assert position > 30
    assert practice.holding(*LEFT) == set()


def test_about_every_table_of_the_engine_something_is_decided() -> None:
    assert set(DECISIONS) == set(SystemTables.__dataclass_fields__)
    tables = own_tables()
    for name, decision in DECISIONS.items():
        columns = getattr(tables, name).c
        for one in (*getattr(decision, "columns", ()), getattr(decision, "title", "")):
            assert not one or one in columns, (name, one)
        if hasattr(decision, "columns"):
            assert {"entity", "record_id"} <= set(columns.keys())


class Lost(Exception):
    """What the test makes the database say."""


class failing_at:  # noqa: N801
    """Let the statement at a position fail, before it reaches the database."""

    def __init__(self, shop: Shop, position: int) -> None:
        self.engine, self.position, self.seen = shop.runtime.engine, position, list[str]()

    def __enter__(self) -> list[str]:
        sa.event.listen(self.engine, "before_cursor_execute", self.before)
        return self.seen

    def __exit__(self, *_: object) -> None:
        sa.event.remove(self.engine, "before_cursor_execute", self.before)

    def before(self, _c: Any, _u: Any, statement: str, *_: Any) -> None:
        self.seen.append(statement)
        if len(self.seen) == self.position:
            raise Lost(statement)
