"""Facts in the neutral format: each vector of a file is one test, under its own name.

`pytest tests/rules/test_promotion_vectors.py --vectors FILE` runs any file of the format; without
it the facts kept here run. What rests on a switch that only another engine has is skipped with the
switch's name, and counted in the summary.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.rules.found import answer, wanted
from tests.rules.neutral import Foreign, case
from tests.rules.vector_files import named, read_vectors

OURS = Path(__file__).with_name("promotions.json")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    vectors = read_vectors(metafunc.config.getoption("--vectors") or OURS)
    metafunc.parametrize("vector", vectors, ids=named(vectors))


def test_a_cart_costs_what_the_fact_says(vector: Mapping[str, Any]) -> None:
    try:
        ours = case(vector)
    except Foreign as switch:
        pytest.skip(f"only in another engine: {switch}")
    found = answer(vector, ours)
    assert found == wanted(vector, ours, found)
