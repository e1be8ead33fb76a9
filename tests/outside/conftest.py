"""The shop and its bank, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import postgres_url, sqlite_url
from tests.outside.shop import Desk, open_desk


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    url = postgres_url() if request.param == "postgres" else sqlite_url(tmp_path)
    with open_desk(url) as found:
        yield found
