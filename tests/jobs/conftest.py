"""Job tests run on both databases, with the real embedded Redis and real worker processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from runtime.jobs.redis_server import RedisServer
from tests.databases import plain_engine, postgres_url, sqlite_url
from tests.jobs.shop import METADATA


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return postgres_url() if request.param == "postgres" else sqlite_url(tmp_path)


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    engine = plain_engine(url)
    METADATA.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path / "redis") as server:
        yield server
