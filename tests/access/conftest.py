"""The shop of two stores on both databases; a test that writes asks for `fresh`."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.compile import compile_definitions
from tests.access.branches import FOLDER, Branches, open_branches
from tests.access.canaries import Filled
from tests.access.counter import open_counter
from tests.databases import postgres_url, sqlite_url
from tests.shop import write_folder
from tests.web.desk import Desk

TELLING = """
entity: order
workflows:
  handling:
    label: {en: Handling, zh: 处理}
    field: stage
    initial: fresh
    states: {fresh: {en: Fresh, zh: 新}, sent: {label: {en: Sent, zh: 已发}, final: true}}
    transitions:
      send:
        label: {en: Send, zh: 发出}
        from: fresh
        to: sent
        roles: any
        bulk: {max: 50}
        guard:
          - if: "discount > 1"
            code: TOLD
            message:
              en: "{number} {cost} {note} {tax} {total} {worth} {name} {phone} {amounts}"
              zh: "{number} {cost} {note} {tax} {total} {worth} {name} {phone} {amounts}"
            params:
              number: number
              cost: cost
              note: note
              tax: tax_id
              total: total
              worth: worth
              name: customer.name
              phone: customer.phone
              amounts: sum(lines.amount)
"""
"""A guard that no order passes and whose reason tells everything of it."""


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
    folder = tmp_path_factory.mktemp("definitions") / "branches"
    shutil.copytree(FOLDER, folder)
    write_folder(folder, {"trade/order.workflow.yaml": TELLING})
    opened = open_counter(tmp_path_factory.mktemp("counter"), compile_definitions(folder))
    yield opened
    opened[0].runtime.engine.dispose()
