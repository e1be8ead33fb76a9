"""Every command, as somebody types it: answers, exit codes, and sentences instead of tracebacks."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import app
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
