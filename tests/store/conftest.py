"""An empty database of each kind, as the product opens it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from runtime.store.engine import make_engine
from tests.databases import postgres_url, sqlite_url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    url = sqlite_url(tmp_path) if request.param == "sqlite" else postgres_url()
    engine = make_engine(url)
    yield engine
    engine.dispose()
