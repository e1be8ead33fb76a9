"""`python app.py import`: what a person sees on the terminal, and how the command ends."""

from __future__ import annotations

from pathlib import Path

import openpyxl
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


def test_a_file_with_mistakes_ends_with_three_and_lists_them(settings: Settings) -> None:
    report = settings.data / "rejected.csv"
    done = run(settings, ROWS, "--entity", "good", "--report", str(report))
    assert done.exit_code == 3, done.output
    assert "Refused: 1 of 2 records; the rest is in (exit code 3)." in done.output
    assert "Rejected" in done.output
    assert "rows.csv:3 price '-1': At least 0." in done.output
    assert "不能小于 0" in report.read_text(encoding="utf-8-sig")


def test_the_same_in_chinese(settings: Settings) -> None:
    done = run(settings, ROWS, "--entity", "good", "--locale", "zh")
    assert "拒绝" in done.output
    assert "不能小于 0" in done.output
    assert "共 2 条记录，1 条被拒绝，其余已导入（退出码 3）。" in done.output


def test_a_file_without_mistakes_ends_with_nothing_and_says_so(settings: Settings) -> None:
    done = run(settings, "code,name.en\nA,a\n", "--entity", "good")
    assert (done.exit_code, "Everything was taken." in done.output) == (0, True)


def test_a_file_of_mistakes_ends_with_one(settings: Settings) -> None:
    done = run(settings, "code,name.en,price\nA,a,-1\n", "--entity", "good")
    assert (done.exit_code, "Nothing was taken" in done.output) == (1, True)
    told = run(settings, "code,name.en,price\nA,a,-1\n", "--entity", "good", "--locale", "zh")
    assert (told.exit_code, "未导入任何记录：共 1 条，1 条被拒绝" in told.output) == (1, True)


def test_a_file_that_breaks_off_says_what_was_taken_before(settings: Settings) -> None:
    rows = "".join(f"C{number},{'x' * 60}\n" for number in range(1400))
    file = settings.data / "rows.csv"
    # far behind what is read with the header, and behind the first batch
    file.write_bytes(("code,name.en\n" + rows).encode() + b"\xff\xfe,x\n")
    words = [str(file), "--entity", "good", "--encoding", "utf-8"]
    done = CliRunner().invoke(import_file, words, obj=settings)
    assert (done.exit_code, "1,000 records were taken before (exit code 3)" in done.output) == (
        3,
        True,
    )
    tried = CliRunner().invoke(import_file, [*words, "--dry-run"], obj=settings)
    assert (tried.exit_code, "taken before" in tried.output) == (1, False)


def test_a_row_of_other_cells_than_the_header_is_refused_with_its_line(settings: Settings) -> None:
    rows = "code,name.en,price\nA,a,1\nB,Cup, blue,2\nC\n"
    report = settings.data / "rejected.csv"
    done = run(settings, rows, "--entity", "good", "--report", str(report))
    assert done.exit_code == 3, done.output
    assert "rows.csv:3  '2': The row has 4 cells, the header 3." in done.output
    assert "rows.csv:4 : The row has 1 cell, the header 3." in done.output
    written = report.read_text(encoding="utf-8-sig")
    assert "too_many_cells" in written
    assert "too_few_cells" in written
    told = run(settings, rows, "--entity", "good", "--locale", "zh").output
    assert "本行有 4 个单元格，表头有 3 个。" in told


def test_refused_rows_are_listed_in_the_order_of_their_lines(settings: Settings) -> None:
    rows = "code,name.en,price\nA,a,-1\nB,b\nC,c,-1\nA,a,1\nD,d,-1\n"
    report = settings.data / "rejected.csv"
    done = run(settings, rows, "--entity", "good", "--report", str(report))
    shown = [line for line in done.output.splitlines() if "rows.csv:" in line]
    assert [line.split(":")[1].split()[0] for line in shown] == ["2", "3", "4", "5", "6"]
    written = report.read_text(encoding="utf-8-sig").splitlines()[1:]
    kinds = ("too_few", "duplicate")
    assert [next((kind for kind in kinds if kind in one), "") for one in written] == [
        "",
        "too_few",
        "",
        "duplicate",
        "",
    ]


def test_nothing_to_read_ends_badly_and_says_why(settings: Settings) -> None:
    empty = run(settings, "", "--entity", "good")
    assert (empty.exit_code, "is empty" in empty.output) == (1, True)
    unknown = run(settings, "code,prise\nA,1\n", "--entity", "good")
    assert (unknown.exit_code, "Did you mean 'price'" in unknown.output) == (1, True)


def test_a_dry_run_and_all_or_nothing_say_what_they_did_not_do(settings: Settings) -> None:
    tried = run(settings, ROWS, "--entity", "good", "--dry-run")
    assert (tried.exit_code, "nothing was written" in tried.output) == (3, True)
    would = "Would be refused: 1 of 2 records; the rest would be taken (exit code 3)."
    assert (would in tried.output, "is in" in tried.output) == (True, False)
    told = run(settings, ROWS, "--entity", "good", "--dry-run", "--locale", "zh").output
    assert "共 2 条记录，1 条将被拒绝，其余可导入（退出码 3）。" in told
    well = run(settings, "code,name.en\nA,a\n", "--entity", "good", "--dry-run")
    assert (well.exit_code, "Everything would be taken." in well.output) == (0, True)
    badly = run(settings, "code,name.en,price\nA,a,-1\n", "--entity", "good", "--dry-run")
    assert (badly.exit_code, "Nothing would be taken: 1 of 1" in badly.output) == (1, True)
    refused = run(settings, ROWS, "--entity", "good", "--all-or-nothing")
    assert (refused.exit_code, "Nothing was taken" in refused.output) == (1, True)
    assert "Created" in run(settings, "code,name.en\nA,a\n", "--entity", "good").output


def test_hidden_rows_of_a_workbook_are_told(settings: Settings) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["code", "name.en"], ["A", "a"], ["B", "b"]):
        sheet.append(row)
    sheet.row_dimensions[3].hidden = True
    book.save(settings.data / "rows.xlsx")
    words = [str(settings.data / "rows.xlsx"), "--entity", "good", "--dry-run"]
    told = CliRunner().invoke(import_file, words, obj=settings).output
    assert "Hidden rows are included: 1." in told
    chinese = CliRunner().invoke(import_file, [*words, "--locale", "zh"], obj=settings).output
    assert "包含隐藏行：1 行。" in chinese
