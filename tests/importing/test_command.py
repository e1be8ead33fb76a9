"""`python app.py import`: what a person sees on the terminal, and how the command ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from generator.compile import compile_definitions
from runtime.commands.context import make_runtime
from runtime.commands.importing import import_file
from runtime.settings import Settings, read_settings
from runtime.store.engine import make_engine
from tests.importing.conftest import OFFICE

ROWS = "code,name.en,price\nA,a,1\nB,b,-1\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of a back office whose tables are there."""
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    environment = {"SHOPWRIGHT_DEFINITIONS": str(OFFICE), "DATABASE_URL": url}
    runtime = make_runtime(compile_definitions(OFFICE), make_engine(url))
    next(iter(runtime.schema.tables.values())).metadata.create_all(runtime.engine)
    runtime.engine.dispose()
    return read_settings({**environment, "SHOPWRIGHT_DATA": str(tmp_path)})


def run(settings: Settings, content: str, *arguments: str) -> Result:
    """Import a file as the command line does."""
    file = settings.data / "rows.csv"
    file.write_text(content, encoding="utf-8")
    return CliRunner().invoke(import_file, [str(file), *arguments], obj=settings)


def test_a_file_with_mistakes_ends_well_and_lists_them(settings: Settings) -> None:
    report = settings.data / "rejected.csv"
    done = run(settings, ROWS, "--entity", "good", "--report", str(report))
    assert done.exit_code == 0, done.output
    assert "Rejected" in done.output
    assert "rows.csv:3 price '-1': At least 0." in done.output
    assert "不能小于 0" in report.read_text(encoding="utf-8-sig")


def test_the_same_in_chinese(settings: Settings) -> None:
    done = run(settings, ROWS, "--entity", "good", "--locale", "zh")
    assert "拒绝" in done.output
    assert "不能小于 0" in done.output


def test_nothing_to_read_ends_badly_and_says_why(settings: Settings) -> None:
    empty = run(settings, "", "--entity", "good")
    assert (empty.exit_code, "is empty" in empty.output) == (1, True)
    unknown = run(settings, "code,prise\nA,1\n", "--entity", "good")
    assert (unknown.exit_code, "Did you mean 'price'" in unknown.output) == (1, True)


def test_a_dry_run_and_all_or_nothing_say_what_they_did_not_do(settings: Settings) -> None:
    tried = run(settings, ROWS, "--entity", "good", "--dry-run")
    assert (tried.exit_code, "nothing was written" in tried.output) == (0, True)
    refused = run(settings, ROWS, "--entity", "good", "--all-or-nothing")
    assert (refused.exit_code, "Nothing was written" in refused.output) == (1, True)
    assert "Created" in run(settings, "code,name.en\nA,a\n", "--entity", "good").output
