"""A back office to import into, on both databases; and files written for a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from runtime.importing.choosing import Wish, choose
from runtime.importing.loading import Loading, load
from runtime.importing.report import Tally, Verdict
from runtime.importing.tables import Reading
from tests.databases import postgres_url, sqlite_url
from tests.shop import Shop, open_shop

OFFICE = Path(__file__).parent / "shop"


@dataclass
class Imported:
    """What an import did."""

    tallies: list[Tally]
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def tally(self) -> Tally:
        """The only tally."""
        (one,) = self.tallies
        return one

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Created, updated, unchanged, rejected."""
        one = self.tally
        return one.created, one.updated, one.unchanged, one.rejected

    @property
    def reasons(self) -> list[tuple[int, str, str, str]]:
        """Line, column, value and code of every verdict."""
        return [(one.line, one.column, one.value, one.code) for one in self.verdicts]


@dataclass
class Desk:
    """A shop and the folder its files come from."""

    shop: Shop
    folder: Path

    def file(self, content: str | bytes, name: str = "rows.csv") -> Path:
        """Write a file."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def load(
        self,
        content: str | bytes | Path,
        entity: str = "",
        *,
        name: str = "rows.csv",
        map_name: str = "",
        mode: str = "",
        key: Sequence[str] = (),
        reading: Reading = Reading(),  # noqa: B008 (frozen)
        **options: Any,
    ) -> Imported:
        """Import a file or its content."""
        path = content if isinstance(content, Path) else self.file(content, name)
        wish = Wish(entity, map_name, mode, tuple(key), reading)
        done = Imported([])
        chosen = choose(wish, path, self.shop.runtime)
        options.setdefault("actor", self.shop.actor)
        loading = Loading(
            self.shop.runtime,
            verdicts=done.verdicts.append,
            progress=lambda tally: None,
            time_zone=chosen.time_zone,
            **options,
        )
        done.tallies = load(loading, chosen.table, chosen.targets)
        return done

    def rows(self, entity: str, fields: str, include: str = "") -> list[dict[str, Any]]:
        """Return the records of an entity as a program sees them."""
        query = {"fields": fields, "sort": "id", "limit": "200"}
        if include:
            query["include"] = include
        rows = self.shop.rows(self.shop.done("list", entity, query=query))
        wanted = {*fields.replace(".", ",").split(","), *filter(None, [include])}
        return [{key: value for key, value in row.items() if key in wanted} for row in rows]


OpenDesk = Callable[[], Desk]


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    url = sqlite_url(tmp_path) if request.param == "sqlite" else postgres_url()
    shop = open_shop(url, OFFICE, "owner")
    files = tmp_path / "files"
    files.mkdir()
    yield Desk(shop, files)
    shop.runtime.engine.dispose()
