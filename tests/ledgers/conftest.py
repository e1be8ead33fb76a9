"""A shop that counts, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import postgres_url, sqlite_url
from tests.ledgers.counting import Counting, open_counting


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Counting]:
    url = sqlite_url(tmp_path) if request.param == "sqlite" else postgres_url()
    opened = open_counting(url)
    yield opened
    opened.runtime.engine.dispose()
