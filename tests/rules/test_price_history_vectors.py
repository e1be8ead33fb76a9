"""The lowest price before a reduction, by facts: `--vectors FILE` runs any file of the format."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rules.pricing.history import PriceChange, lowest_before
from tests.rules.vector_files import named, read_vectors

OURS = Path(__file__).with_name("price_history.json")
SCALE = 4


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    vectors = read_vectors(metafunc.config.getoption("--vectors") or OURS)
    metafunc.parametrize("vector", vectors, ids=named(vectors))


def test_the_lowest_price_before_is_what_the_fact_says(vector: Mapping[str, Any]) -> None:
    changes = [change(each) for each in sorted(vector["history"], key=lambda each: each["seq"])]
    first = vector.get("first_step", False)
    found = lowest_before(changes, timedelta(days=vector["window_days"]), first_step=first)
    assert found == scaled(vector["expect"]["lowest_prior_price"])


def change(written: Mapping[str, Any]) -> PriceChange:
    at = datetime.fromisoformat(written["at"])
    price = scaled(written["price"])
    assert price is not None
    return PriceChange(
        at if at.tzinfo else at.replace(tzinfo=UTC), price, scaled(written["original"])
    )


def scaled(written: str | None) -> int | None:
    return None if written is None else int(Decimal(written).scaleb(SCALE))
