"""Each specimen is a faulty definition with the exact text its author sees beside it.

`CODE_name.KIND.yaml` is one file (without its code it is what the author named it), a folder
`CODE_name/` is a folder of definitions; `CODE_name.txt` is what `check` prints for it.
Faults of reading (D1xx) are asked of the reader alone; all others of the whole way, where `sound/`
supplies the files that a specimen does not bring itself.
`pytest tests/problems --update` rewrites the texts.
"""

import re
import shutil
from pathlib import Path

import pytest

from generator.problems import CODES, DefinitionError, Problem
from generator.report import as_text
from generator.source import read_folder, read_sources

HERE = Path(__file__).parent
SPECIMENS = sorted(path for path in HERE.glob("D[0-9]*_*") if path.suffix != ".txt")
MADE_BY_TESTS = {"D113", "D114", "D123"}
"""Too large or impossible to keep as a file; tests/generator/test_source.py makes them."""


def problems_of(specimen: Path, folder: Path) -> tuple[Problem, ...]:
    """What the author of a specimen is told."""
    if specimen.name.startswith("D1"):
        laid_out(specimen, folder)
        return read_folder(folder)[1]
    from generator.compile import compile_definitions

    shutil.copytree(HERE / "sound", folder, dirs_exist_ok=True)
    laid_out(specimen, folder)
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
    text = as_text(problems, read_sources(tmp_path))
    expected = HERE / f"{specimen.name.partition('.')[0]}.txt"
    if request.config.getoption("--update"):
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
    assert specimen.name.partition("_")[0] in {problem.code for problem in problems}


def test_every_code_of_reading_has_a_specimen() -> None:
    shown = {path.name.partition("_")[0] for path in SPECIMENS}
    assert {code for code in CODES if code.startswith("D1")} <= shown | MADE_BY_TESTS


def test_every_text_belongs_to_a_specimen() -> None:
    names = {path.name.partition(".")[0] for path in SPECIMENS}
    assert {path.stem for path in HERE.glob("*.txt")} == names


def test_every_code_in_a_specimen_is_in_the_table() -> None:
    for path in HERE.glob("*.txt"):
        for code in re.findall(r"^(D\d{3}) ", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert code in CODES, path.name
