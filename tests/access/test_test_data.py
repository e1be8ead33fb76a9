"""A copy for people who test: every record is there, related as it was, and nobody's data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from generator.model.privacy import ABOUT_PEOPLE
from runtime.runtime import Runtime
from runtime.store.engine import make_engine
from runtime.substituting import NotEmpty, copy_for_tests
from tests.access.branches import Branches
from tests.access.counter import open_counter
from tests.databases import url_of
from tests.shop import NOON, Shop

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=KINDS)
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    engine = make_engine(url_of(request.param, tmp_path))
    yield engine
    engine.dispose()


def held(engine: sa.Engine) -> dict[str, list[Mapping[str, Any]]]:
    """Return whatever a database holds, by table."""
    metadata = sa.MetaData()
    metadata.reflect(engine)
    with engine.connect() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for table in metadata.sorted_tables
        }


def shop_over(engine: sa.Engine, source: Runtime, shop: Shop) -> Shop:
    runtime = Runtime(source.compiled, engine, source.schema, source.system, clock=lambda: NOON)
    return Shop(runtime, shop.actor)


def test_no_value_about_a_person_comes_along_and_every_other_does(
    elsewhere: sa.Engine, tmp_path: Path
) -> None:
    desk, filled = open_counter(tmp_path)
    app = filled.shop.runtime.app
    (tmp_path / "before").write_text(json.dumps(held(desk.runtime.engine), default=str))
    made = copy_for_tests(desk.runtime, elsewhere, NOON)
    text = json.dumps(held(elsewhere), default=str)
    about = {
        one.text
        for one in filled.canaries
        if app.entities[one.entity].fields[one.field].sensitivity in ABOUT_PEOPLE
    }
    files = {
        one.text
        for one in filled.canaries
        if app.entities[one.entity].fields[one.field].type in {"file", "image"}
    }
    others = {one.text for one in filled.canaries} - about - files
    assert len(about) > 20
    assert [one for one in sorted(about | files) if one in text] == []
    # a formula over what was replaced is told from it, and so is no copy of it
    assert len([one for one in others if one not in text]) < len(others) / 10
    assert made.values >= len(about)
    before = json.loads((tmp_path / "before").read_text())
    assert {name: len(before[name]) for name in made.rows} == made.rows
    assert held(elsewhere)["sw_audit"] == held(elsewhere)["ab_user"] == []
    assert json.loads(json.dumps(held(desk.runtime.engine), default=str)) == before
    desk.runtime.engine.dispose()


def test_the_copy_is_a_shop_that_works_with_what_belonged_together(
    fresh: Branches, tmp_path: Path
) -> None:
    kind = fresh.shop.runtime.engine.dialect.name
    other = make_engine(url_of(kind, tmp_path))
    copy_for_tests(fresh.shop.runtime, other, NOON)
    shop = shop_over(other, fresh.shop.runtime, fresh.shop)

    def orders(of: Shop) -> list[tuple[str, str]]:
        found = of.rows(of.done("list", "order", query={"fields": "number,customer"}))
        return sorted((row["number"], str(row["customer"])) for row in found)

    def people(of: Shop) -> dict[str, dict[str, Any]]:
        return {row["code"]: row for row in of.rows(of.done("list", "customer"))}

    assert orders(shop) == orders(fresh.shop)
    was, now = people(fresh.shop), people(shop)
    assert was.keys() == now.keys()
    for code in was:
        assert was[code]["name"] != now[code]["name"]
        assert now[code]["phone"].startswith("+8613")
    # they had the same number, and have the same one again
    assert len({row["phone"] for row in was.values()}) == len(
        {row["phone"] for row in now.values()}
    )
    made = shop.done("create", "store", {"code": "S9", "name": "New"})
    assert shop.row(made)["code"] == "S9"
    other.dispose()


def test_nothing_is_written_over(fresh: Branches, elsewhere: sa.Engine) -> None:
    copy_for_tests(fresh.shop.runtime, elsewhere, NOON)
    before = held(elsewhere)
    with pytest.raises(NotEmpty):
        copy_for_tests(fresh.shop.runtime, elsewhere, NOON)
    assert held(elsewhere) == before


def test_two_copies_have_nothing_in_common_by_which_to_find_the_way_back(
    fresh: Branches, tmp_path: Path
) -> None:
    names = []
    for _ in range(2):
        other = make_engine(url_of("sqlite", tmp_path))
        copy_for_tests(fresh.shop.runtime, other, NOON)
        names.append({row["phone"] for row in held(other)["customer"]})
        other.dispose()
    assert not names[0] & names[1]
