"""Every command, as somebody types it: answers, exit codes, and sentences instead of tracebacks."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

import app
from runtime.store.clock import database_clock
from runtime.store.engine import make_engine
from runtime.store.system_tables import own_tables
from tests.databases import postgres_url

CLINIC = Path(__file__).resolve().parents[1] / "domains" / "clinic"

NOTE = """
entity: note
label: {en: Note, zh: 便签}
title: "{text}"
fields:
  text: {type: text, label: {en: Text, zh: 内容}, required: true, max: 80}
list: {columns: [text, created_at], search: [text]}
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def shell(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person in an empty folder with one small back office; return the folder."""
    folder = tmp_path / "notes"
    (folder / "desk").mkdir(parents=True)
    (folder / "app.yaml").write_text(
        "app: notes\nlabel: {en: Notes, zh: 便签本}\nlocales: [en, zh]\n"
        "modules:\n  desk: {label: {en: Desk, zh: 桌面}, icon: notes}\n"
    )
    (folder / "roles.yaml").write_text("roles:\n  owner: {label: {en: Owner, zh: 所有者}}\n")
    (folder / "desk" / "note.entity.yaml").write_text(NOTE)
    (folder / "desk" / "desk.access.yaml").write_text(
        'access: desk\ngrants:\n  owner: {"*": all}\n'
    )
    for name in [name for name in os.environ if name.startswith("SHOPWRIGHT_")]:
        monkeypatch.delenv(name)
    url = f"sqlite:///{tmp_path / 'notes.db'}" if request.param == "sqlite" else postgres_url()
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("SHOPWRIGHT_DATA", str(tmp_path / "var"))
    monkeypatch.setenv("SHOPWRIGHT_DEFINITIONS", str(folder))
    return folder


def type_in(*words: str, answer: str | None = None) -> Result:
    """Run one command line; a traceback is never the answer."""
    done = CliRunner().invoke(app.main, words, input=answer, prog_name="python app.py")
    assert "Traceback" not in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def good(*words: str, answer: str | None = None) -> str:
    done = type_in(*words, answer=answer)
    assert done.exit_code == 0, done.output
    return done.output


def refused(*words: str, answer: str | None = None) -> str:
    done = type_in(*words, answer=answer)
    assert done.exit_code != 0, done.output
    return done.output


def test_a_copy_for_tests_is_made_once_in_a_database_that_is_empty(
    shell: Path, tmp_path: Path
) -> None:
    good("apply", "--yes")
    target = f"sqlite:///{tmp_path / 'copy.db'}"
    assert "Copied 0 records of" in good("test-data", target)
    assert "Not empty" in refused("test-data", target)
    assert "目标不为空" in refused("test-data", target, "--locale", "zh")
    assert "is not a database we know" in refused("test-data", "mysql://x/y")


def change(folder: Path, old: str, new: str) -> None:
    file = folder / "desk" / "note.entity.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_right_definitions_are_counted(shell: Path) -> None:
    assert "1 entity, 1 field, 1 role. No problems." in good("check")
    assert "1 个实体、1 个字段、1 个角色，没有问题。" in good("check", "--locale", "zh")
    assert json.loads(good("check", "--json")) == []


def test_every_fault_is_told_with_its_place_and_the_command_fails(shell: Path) -> None:
    change(shell, "required: true", "requird: true")
    said = refused("check")
    assert "notes/desk/note.entity.yaml:6:" in said
    assert "requird" in said
    assert "^" in said
    assert "字段中没有 'requird' 这个键。" in refused("check", "--locale", "zh")
    assert "这个键" in refused("plan", "--locale", "zh")
    found = json.loads(refused("check", "--json"))
    assert (found[0]["message"], found[0]["message_zh"]) == (
        "The key 'requird' is not known in a field.",
        "字段中没有 'requird' 这个键。",
    )
    assert [(one["code"], one["line"]) for one in found] == [("D201", 6)]
    assert "requird" in refused("plan")
    assert json.loads(refused("plan", "--json")) == found


def test_strict_refuses_what_is_only_doubtful(shell: Path) -> None:
    change(shell, "{en: Note, zh: 便签}", "{en: Note}")
    assert type_in("check").exit_code == 0
    assert "D416" in refused("check", "--strict")


def test_another_folder_is_named_before_the_command(shell: Path) -> None:
    assert "patient" in good("--definitions", str(CLINIC), "show")
    assert "does not exist" in refused("--definitions", str(shell / "none"), "show")


def test_the_model_is_shown(shell: Path) -> None:
    assert "note" in good("show")
    said = good("show", "note")
    assert "text" in said
    assert "required" in said
    assert "owner may" in said
    assert "There is no entity 'nota'. Try: note." in refused("show", "nota")


def test_schemas_and_the_reference_are_written(shell: Path, tmp_path: Path) -> None:
    good("schemas", str(tmp_path / "schemas"))
    kinds = sorted(file.name for file in (tmp_path / "schemas").iterdir())
    assert "entity.schema.json" in kinds
    good("reference", str(tmp_path / "reference.md"))
    assert (tmp_path / "reference.md").read_text() == good("reference")


def test_a_change_is_planned_applied_and_taken_back(shell: Path, tmp_path: Path) -> None:
    assert "Release 1 is applied." in good("apply", "--yes")
    assert "Release 1 is applied." in good("apply", "--yes")
    change(shell, "list:", "  done: {type: boolean, label: {en: Done, zh: 已完成}}\nlist:")
    said = good("plan")
    assert "adds the field 'done'" in said
    assert "ALTER TABLE" not in said
    assert "`plan --sql` prints them" in said
    assert "SQL 语句共" in good("plan", "--locale", "zh")
    in_full = good("plan", "--sql")
    assert in_full.index("adds the field 'done'") < in_full.index("ALTER TABLE")
    plan = tmp_path / "plan.json"
    plan.write_text(good("plan", "--json"))
    assert "pass --yes" in refused("apply")
    assert "Release 2 is applied." in good("apply", "--plan", str(plan))
    assert "out of date" in refused("apply", "--plan", str(plan))
    assert "--allow drop" in refused("rollback", "1", "--yes")
    old = tmp_path / "old"
    said = good("rollback", "1", "--yes", "--allow", "drop", "--files", str(old))
    assert "Release 3 is applied" in said
    assert (old / "desk" / "note.entity.yaml").read_text() == NOTE
    assert "is not empty" in refused("rollback", "2", "--yes", "--files", str(old))
    assert len(good("rollback").splitlines()) == 3
    assert "There is no release 9." in refused("rollback", "9", "--yes")
    assert "is not a consent" in refused("apply", "--yes", "--allow", "everything")


TIMED = """
entity: note
workflows:
  life:
    field: status
    initial: open
    states:
      open: {{en: Open, zh: 未处理}}
      gone: {{label: {{en: Gone, zh: 已过期}}, final: true}}
    transitions:
      drop:
        {{from: open, to: gone, trigger: [user, timer], roles: any, timer: {{after: {after}}}}}
"""


def test_apply_says_what_becomes_of_timers(shell: Path, tmp_path: Path) -> None:
    machine = shell / "desk" / "note.workflow.yaml"
    machine.write_text(TIMED.format(after="P2D"))
    good("apply", "--yes")
    (tmp_path / "rows").mkdir()
    names = ["a", "b", "c", "moved", "refused"]
    (tmp_path / "rows" / "note.csv").write_text("text\n" + "\n".join(names) + "\n")
    good("seed", str(tmp_path / "rows"))
    engine = make_engine(os.environ["DATABASE_URL"])
    timer, hour = own_tables().timer, timedelta(hours=1)
    with engine.begin() as connection:
        now = database_clock(connection)
        waiting = sa.select(timer.c.id).order_by(timer.c.record_id)
        for name, one in zip(names, connection.execute(waiting).scalars().all(), strict=True):
            past = now - (hour if name == "a" else 3 * hour)
            row = {"armed_at": past, "due_at": past + 48 * hour, "next_at": past + 48 * hour}
            if name == "moved":
                row["updated_by"] = 1
            if name == "refused":
                row |= {"due_at": now - hour, "next_at": now + hour, "attempts": 3}
            connection.execute(timer.update().where(timer.c.id == one).values(**row))

    def due() -> list[float]:
        """Return in how many hours each will be looked at."""
        asked = sa.select(timer.c.next_at).order_by(timer.c.record_id)
        with engine.connect() as connection:
            found = connection.execute(asked).scalars()
            return [round((at - now) / hour, 1) for at in found]

    old = [47, 45, 45, 45, 1]
    machine.write_text(TIMED.format(after="PT2H"))
    said = good("plan")
    assert "5 armed timers of Note wait for 'drop' of 'status', which is timed otherwise" in said
    assert "Timers: 5 armed, 2 would be due at once." in said
    assert "计时：5 个，其中 2 个会立即到时。" in good("plan", "--locale", "zh")
    told = json.loads(good("plan", "--json"))["timers"]
    assert (told["armed"], told["at_once"]) == (5, 2)
    assert "--timers stagger PT1H" in refused("apply", "--yes", "--timers", "stagger")
    assert "means nothing here" in refused("apply", "--yes", "--timers", "recompute", "PT1H")
    assert due() == old
    assert "Timers:" not in good("apply", "--yes").partition("Release")[2]
    assert due() == old
    machine.write_text(TIMED.format(after="PT2H30M"))
    assert "Timers: 4 timed anew, 0 armed" in good("apply", "--yes", "--timers", "recompute")
    assert due() == [1.5, -0.5, -0.5, 45, 1]
    machine.write_text(TIMED.format(after="PT30M"))
    plan = tmp_path / "plan.json"
    plan.write_text(good("plan", "--json"))
    said = good("apply", "--plan", str(plan), "--timers", "stagger", "PT6H")
    assert "Timers: 4 timed anew, 0 armed, 3 of them spread." in said
    assert due() == [6, 2, 4, 45, 1]
    said = good("rollback", "1", "--yes", "--timers", "recompute", "--locale", "zh")
    assert "计时：重算 4 个" in said
    assert due() == [47, 45, 45, 45, 45]
    engine.dispose()


def test_a_file_that_is_no_plan_is_refused(shell: Path, tmp_path: Path) -> None:
    for text in ("not a plan", "[]", "{}"):
        (tmp_path / "plan.json").write_text(text)
        assert "plan --json" in refused("apply", "--plan", str(tmp_path / "plan.json"))


def test_people_are_let_in(shell: Path) -> None:
    good("apply", "--yes")
    secret = "a long enough secret\n"
    given = ("--email", "li@example.com", "--role", "owner")
    assert "may sign in" in good("user", "add", "li", *given, answer=secret * 2)
    assert "owner" in good("user", "list")
    assert "already" in refused("user", "add", "li", *given, answer=secret * 2)
    wrong = ("--email", "wu@example.com", "--role", "king")
    assert "The roles are: owner." in refused("user", "add", "wu", *wrong, answer=secret * 2)
    other = ("--email", "wu@example.com", "--role", "owner")
    assert "12 characters" in refused("user", "add", "wu", *other, answer="short\n" * 2)
    assert "new password" in good("user", "password", "li", answer=secret * 2)
    assert "Nobody is called 'wu'" in refused("user", "password", "wu", answer=secret * 2)


def test_a_request_is_explained_for_a_role(shell: Path) -> None:
    said = good("explain", "GET /api/v1/note?text=hello", "--as", "owner")
    assert [line.split()[0] for line in said.splitlines() if line[:1].strip()][:4] == [
        "grant", "call", "plan", "sql",
    ]  # fmt: skip
    assert "There is no role" in refused("explain", "GET /api/v1/note", "--as", "king")
    assert "refused" in good("explain", "GET /api/v1/nothing", "--as", "owner")
    assert "Write a request" in refused("explain", "nonsense", "--as", "owner")


def test_without_tables_a_person_is_told_to_apply(shell: Path) -> None:
    assert "Run `apply` first." in refused("user", "list")


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("DATABASE_URL", "nonsense", "DATABASE_URL is not a database's address"),
        ("DATABASE_URL", "mysql://x/y", "not a database we know"),
        ("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none", "does not answer"),
        ("SHOPWRIGHT_PORT", "eighty", "SHOPWRIGHT_PORT is 'eighty'; write a whole number."),
        ("SHOPWRIGHT_PRODUCTION", "1", "SHOPWRIGHT_SECRET_KEY must be set"),
        ("SHOPWRIGHT_LOG_LEVEL", "LOUD", "SHOPWRIGHT_LOG_LEVEL"),
    ],
)
def test_a_setting_that_means_nothing_is_named(
    shell: Path, monkeypatch: pytest.MonkeyPatch, variable: str, text: str, said: str
) -> None:
    monkeypatch.setenv(variable, text)
    assert said in refused("plan")


def chinese(said: str) -> bool:
    return re.search("[一-鿿]", said) is not None


def test_every_command_can_answer_in_chinese() -> None:
    english_only = {"reference", "benchmark"}
    """The one writes a page in English, the other hands its words on to a script."""
    with click.Context(app.main) as context:
        lacking = {
            name
            for name in app.COMMANDS
            for one in leaves(app.main.get_command(context, name))
            if "locale" not in {option.name for option in one.params}
        }
    assert lacking == english_only


def leaves(command: click.Command | None) -> Iterator[click.Command]:
    """Yield a command, or those of a group."""
    assert command is not None
    if isinstance(command, click.Group):
        for one in command.commands.values():
            yield from leaves(one)
    else:
        yield command


@pytest.mark.parametrize(
    "words",
    [
        ("show",),
        ("plan",),
        ("apply", "--yes"),
        ("rollback", "1", "--yes"),
        ("explain", "GET /api/v1/note", "--as", "owner"),
        ("import", "rows.csv", "--entity", "note"),
        ("seed", "."),
        ("audit", "verify"),
        ("run",),
        ("serve",),
    ],
    ids=lambda words: words[0],
)
def test_faults_of_definitions_are_told_in_chinese_by_every_command(
    shell: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(shell)
    (shell / "rows.csv").write_text("text\nHello\n")
    good("apply", "--yes")
    change(shell, "required: true", "requird: true")
    if words[0] == "rollback":
        # the definitions of a release were right when it was applied: the fault is another one
        assert "不存在版本 9。" in refused("rollback", "9", "--locale", "zh")
        return
    assert "字段中没有 'requird' 这个键。" in refused(*words, "--locale", "zh")


def test_what_a_command_did_is_told_in_chinese(shell: Path, tmp_path: Path) -> None:
    def told(*words: str, answer: str | None = None) -> str:
        said = type_in(*words, "--locale", "zh", answer=answer).output
        assert chinese(said), said
        return said

    assert "请先执行 `apply`" in told("user", "list")
    assert "已应用版本 1。" in told("apply", "--yes")
    assert "已应用版本 1：内容为版本 1 的定义。" in told("rollback", "1", "--yes")
    assert "必填" in told("show", "note")
    assert "没有实体“nota”" in told("show", "nota")
    assert "没有角色“king”" in told("explain", "GET /api/v1/note", "--as", "king")
    explained = told("explain", "GET /api/v1/note", "--as", "owner")
    assert "owner 可以 list note" in explained
    assert "记录：全部" in explained
    assert "拒绝     404" in told("explain", "GET /api/v1/nothing", "--as", "owner")
    assert "请写一个请求" in told("explain", "nonsense", "--as", "owner")
    assert "不是计划文件" in told("apply", "--plan", str(shell / "app.yaml"))
    assert "不是有效的同意项" in told("apply", "--yes", "--allow", "everything")
    person = ("user", "add", "li", "--email", "li@example.com", "--role")
    assert "没有角色“king”" in told(*person, "king", answer="a long enough secret\n" * 2)
    assert "密码至少" in told(*person, "owner", answer="short\n" * 2)
    assert "可以登录了" in told(*person, "owner", answer="a long enough secret\n" * 2)
    assert "已被使用" in told(*person, "owner", answer="a long enough secret\n" * 2)
    assert "尚无封印" in told("audit", "anchor")
    rows = tmp_path / "seeds"
    rows.mkdir()
    (rows / "note.csv").write_text('text\n""\n Hello \n' + "x" * 90 + "\n")
    assert "note.csv，第 4 行: text:" in told("seed", str(rows))


def test_a_database_that_does_not_answer_is_told_in_chinese(
    shell: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    assert "没有响应" in refused("plan", "--locale", "zh")
    monkeypatch.setenv("DATABASE_URL", "nonsense")
    assert "不是数据库地址" in refused("plan", "--locale", "zh")


def test_what_keeps_a_server_from_starting_is_told_in_chinese(
    shell: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"端口 {port} 已被占用" in refused("serve", "--port", port, "--locale", "zh")
    monkeypatch.setenv("SHOPWRIGHT_PRODUCTION", "1")
    monkeypatch.setenv("SHOPWRIGHT_SECRET_KEY", "x" * 40)
    assert "SHOPWRIGHT_HOSTS 为空" in refused("serve", "--locale", "zh")


STORY = """
scenario: notes
label: {en: Notes, zh: 便签}
given:
  note:
    milk: {text: Buy milk}
cases:
  the_owner_sees_notes:
    as: owner
    when: {list: note}
    then: {rows: [milk]}
"""


def test_verify_plays_the_scenarios_and_says_what_nobody_tried(shell: Path) -> None:
    story = shell / "desk" / "notes.scenario.yaml"
    story.write_text(STORY, encoding="utf-8")
    said = good("verify")
    assert "holds  desk/notes.scenario.yaml:8  notes: the owner sees notes" in said
    assert "1 case, all hold" in said
    assert "grant  desk/desk.access.yaml:3  owner × *: create" in said
    assert "全部通过" in good("verify", "--locale", "zh")
    assert json.loads(good("verify", "--json"))["failed"] == 0
    assert type_in("verify", "--strict").exit_code == 1
    assert type_in("verify", "nothing").exit_code == 2
    story.write_text(STORY.replace("rows: [milk]", "rows: []"), encoding="utf-8")
    failed = type_in("verify")
    assert failed.exit_code == 1
    assert "FAILS  desk/notes.scenario.yaml:8" in failed.output
    assert "count: 1 instead of 0" in failed.output
    found = json.loads(type_in("verify", "--json").output)
    assert found["verdicts"][0]["faults"][0] == "list: shows milk instead of nothing"
