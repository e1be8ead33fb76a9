"""The desk that tells, made once a file and emptied for each test; on both where SQL is tested."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hooks.shop import Teller, open_teller

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module", params=BOTH)
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Teller]:
    with open_teller(request.param, tmp_path_factory.mktemp("teller")) as found:
        yield found


@pytest.fixture
def teller(opened: Teller) -> Teller:
    opened.empty()
    return opened


@pytest.fixture(scope="module")
def opened_small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Teller]:
    with open_teller("sqlite", tmp_path_factory.mktemp("small")) as found:
        yield found


@pytest.fixture
def small(opened_small: Teller) -> Teller:
    opened_small.empty()
    return opened_small
