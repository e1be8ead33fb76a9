"""Each specimen is a faulty definition with the exact text its author sees beside it.

`CODE_name.KIND.yaml` is one file (without its code it is what the author named it), a folder
`CODE_name/` is a folder of definitions; `CODE_name.txt` is what `check` prints for it, and
`CODE_name.zh.txt` what it prints in Chinese.
Faults of reading (D1xx) are asked of the reader alone; all others of the whole way, where `sound/`
supplies the files that a specimen does not bring itself.
`pytest tests/problems --update` rewrites the texts.
"""

import re
import shutil
from pathlib import Path

import pytest

from generator.compile import compile_definitions
from generator.problems import CODES, DefinitionError, Problem
from generator.report import as_text
from generator.saying import in_language
from generator.source import read_folder, read_sources

HERE = Path(__file__).parent
SPECIMENS = sorted(path for path in HERE.glob("D[0-9]*_*") if path.suffix != ".txt")
MADE_BY_TESTS = {"D113", "D114", "D123", "D402", "D470", "D513"}
"""Too large or impossible to keep as a file: tests below and in tests/generator/test_source.py make
them. D470 compares two versions (tests/rules). D513 wants a field that holds many records."""


def problems_of(specimen: Path, folder: Path) -> tuple[Problem, ...]:
    """What the author of a specimen is told."""
    if specimen.name.startswith("D1"):
        laid_out(specimen, folder)
        return read_folder(folder)[1]
    shutil.copytree(HERE / "sound", folder, dirs_exist_ok=True)
    laid_out(specimen, folder)
    return told(folder)


def told(folder: Path) -> tuple[Problem, ...]:
    """What `check` finds in a folder."""
    try:
        return compile_definitions(folder).warnings
    except DefinitionError as refusal:
        return refusal.problems


def laid_out(specimen: Path, folder: Path) -> None:
    """Copy a specimen to a folder, under the names its author gave."""
    if specimen.is_dir():
        shutil.copytree(specimen, folder, dirs_exist_ok=True)
    else:
        shutil.copy(specimen, folder / specimen.name.partition("_")[2])


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda path: path.name)
def test_a_specimen_is_reported_word_for_word(
    specimen: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    problems = problems_of(specimen, tmp_path)
    for locale, ending in (("en", "txt"), ("zh", "zh.txt")):
        text = as_text(problems, read_sources(tmp_path), locale=locale)
        expected = HERE / f"{specimen.name.partition('.')[0]}.{ending}"
        if request.config.getoption("--update"):
            expected.write_text(text, encoding="utf-8")
        assert text == expected.read_text(encoding="utf-8")
    assert specimen.name.partition("_")[0] in {problem.code for problem in problems}
    for problem in problems:
        assert problem.hint or not problem.code.startswith("D5"), problem
        for text in filter(None, (problem.message, problem.hint)):
            chinese = re.sub("'[^']*'|`[^`]*`", "", in_language(text, "zh"))
            assert re.search("[一-鿿]", chinese), text
            # what the library for JSON Schema says is quoted as it is
            assert "JSON Schema" in text or not re.search(r"\b(a|an|the) \w", chinese), text


def test_every_code_has_a_specimen() -> None:
    shown = {path.name.partition("_")[0] for path in SPECIMENS}
    assert shown | MADE_BY_TESTS == set(CODES)


def test_the_sound_definitions_have_no_fault() -> None:
    assert compile_definitions(HERE / "sound").warnings == ()


def test_a_folder_without_an_app_file_is_told_to_have_one(tmp_path: Path) -> None:
    folder = tmp_path / "definitions"
    shutil.copytree(HERE / "sound", folder)
    (folder / "app.yaml").unlink()
    assert [(one.code, one.span.file) for one in told(folder)] == [("D402", "app.yaml")]


def test_an_unreadable_file_makes_no_faults_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / "definitions"
    shutil.copytree(HERE / "sound", folder)
    (folder / "sales" / "customer.entity.yaml").write_text("entity: 'customer\n", encoding="utf-8")
    assert [one.code for one in told(folder)] == ["D101"]


def test_reading_and_shape_are_judged_together(tmp_path: Path) -> None:
    folder = tmp_path / "definitions"
    shutil.copytree(HERE / "sound", folder)
    (folder / "roles.yaml").write_text("role: 'clerk\n", encoding="utf-8")
    order = folder / "sales" / "order.entity.yaml"
    order.write_text("entity: order\nlabel:\ncolour: red\n", encoding="utf-8")
    assert [one.code for one in told(folder)] == ["D101", "D202", "D105", "D201"]


def test_every_text_belongs_to_a_specimen() -> None:
    names = {path.name.partition(".")[0] for path in SPECIMENS}
    texts = [path.name.partition(".") for path in HERE.glob("*.txt")]
    assert {name for name, _, ending in texts if ending == "txt"} == names
    assert {name for name, _, ending in texts if ending == "zh.txt"} == names


def test_every_code_in_a_specimen_is_in_the_table() -> None:
    for path in HERE.glob("*.txt"):
        for code in re.findall(r"^(D\d{3}) ", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert code in CODES, path.name
