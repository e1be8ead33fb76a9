"""The shop of two stores on both databases; a test that writes asks for `fresh`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.access.branches import Branches, open_branches
from tests.access.canaries import Filled
from tests.access.counter import open_counter
from tests.databases import postgres_url, sqlite_url
from tests.web.desk import Desk


def _opened(dialect: str, folder: Path) -> Iterator[Branches]:
    url = sqlite_url(folder) if dialect == "sqlite" else postgres_url()
    opened = open_branches(url)
    yield opened
    opened.shop.runtime.engine.dispose()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def branches(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Branches]:
    yield from _opened(request.param, tmp_path_factory.mktemp("branches"))


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Branches]:
    yield from _opened(request.param, tmp_path)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Filled]]:
    opened = open_counter(tmp_path_factory.mktemp("counter"))
    yield opened
    opened[0].runtime.engine.dispose()
