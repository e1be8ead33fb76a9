"""The map of abuse cases names tests that are there, and every case of a file that is given."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
ROW = re.compile(r"^\| ([a-z]+-\d+) \| (.+?) \| (.+) \|$", re.MULTILINE)
CASES = ROW.findall((TESTS / "ATTACKS.md").read_text("utf-8"))


@cache
def functions(path: Path) -> frozenset[str]:
    """Return the names of the tests of a file."""
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_what_proves_a_case_is_there(case: tuple[str, str, str]) -> None:
    _, _, proof = case
    if proof.startswith("later: "):
        return
    named = re.findall(r"`([^`]+)`", proof)
    assert named, "name a test or say what is missing"
    for one in named:
        file, _, test = one.partition("::")
        assert (TESTS / file).is_file(), one
        assert not test or test in functions(TESTS / file), one


def test_every_case_has_one_line(request: pytest.FixtureRequest) -> None:
    numbers = [number for number, _, _ in CASES]
    assert len(numbers) == len(set(numbers)) > 100
    given = request.config.getoption("--vectors")
    if given:
        cases = json.loads(Path(given).read_text("utf-8"))["cases"]
        assert {one["id"] for one in cases} <= set(numbers)
