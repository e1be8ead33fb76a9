"""Each specimen is a faulty definition with the exact text its author sees beside it.

`CODE_name.KIND.yaml` is one file (without its code it is what the author named it), a folder
`CODE_name/` is a folder of definitions; `CODE_name.txt` is what `check` prints for it.
`pytest tests/problems --update` rewrites the texts.
"""

import importlib.util
import re
import shutil
from pathlib import Path

import pytest

from generator.problems import CODES, DefinitionError, Problem
from generator.report import as_text
from generator.source import read_folder, read_sources

HERE = Path(__file__).parent
SPECIMENS = sorted(path for path in HERE.glob("D[0-9]*_*") if path.suffix != ".txt")
COMPILES = importlib.util.find_spec("generator.compile") is not None


def problems_of(folder: Path) -> tuple[Problem, ...]:
    """What the author of a folder is told; reading alone is asked where nothing compiles yet."""
    if not COMPILES:
        return read_folder(folder)[1]
    from generator.compile import compile_definitions

    try:
        app = compile_definitions(folder)
    except DefinitionError as refusal:
        return refusal.problems
    return tuple(getattr(app, "warnings", ()))


def laid_out(specimen: Path, folder: Path) -> Path:
    """Copy a specimen to a folder of its own, as its author would have it."""
    if specimen.is_dir():
        shutil.copytree(specimen, folder, dirs_exist_ok=True)
    else:
        shutil.copy(specimen, folder / specimen.name.partition("_")[2])
    return folder


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda path: path.name)
def test_a_specimen_is_reported_word_for_word(
    specimen: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = laid_out(specimen, tmp_path)
    problems = problems_of(folder)
    text = as_text(problems, read_sources(folder))
    expected = HERE / f"{specimen.name.partition('.')[0]}.txt"
    if request.config.getoption("--update"):
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
    assert specimen.name.partition("_")[0] in {problem.code for problem in problems}


def test_every_code_has_a_specimen_and_every_specimen_a_code() -> None:
    shown = {path.name.partition("_")[0] for path in SPECIMENS}
    reached = {code for code in CODES if COMPILES or code.startswith("D1")}
    assert shown >= reached - WITHOUT_SPECIMEN
    assert shown <= set(CODES)


WITHOUT_SPECIMEN = {"D113", "D114", "D123"}
"""Too large or impossible to keep as a file; tests/generator/test_source.py makes them."""


def test_every_text_belongs_to_a_specimen() -> None:
    names = {path.name.partition(".")[0] for path in SPECIMENS}
    assert {path.stem for path in HERE.glob("*.txt")} == names


def test_every_code_in_a_text_is_in_the_table() -> None:
    for path in HERE.glob("*.txt"):
        for code in re.findall(r"^(D\d{3}) ", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert code in CODES, path.name
