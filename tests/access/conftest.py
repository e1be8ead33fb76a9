"""The shop of two stores on both databases; a test that writes asks for `fresh`."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.compile import compile_definitions
from tests.access.branches import FOLDER, Branches, open_branches
from tests.access.canaries import Filled
from tests.access.canary_work import Work, definitions, do_work
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

TILL = """
ledger: till
label: {en: Till, zh: 钱箱}
key: {store: store}
unit: integer
buckets: {cash: {en: Cash, zh: 现金}}
kinds:
  take: {label: {en: Take, zh: 收款}, move: {cash: +q}}
  give: {label: {en: Give, zh: 付款}, move: {cash: -q}}
guards:
  - that: cash >= 0
    kinds: [give, -take]
    code: NO_CASH
    message: {en: "Only {cash} is there.", zh: "仅有 {cash}。"}
"""
WARE = """
entity: ware
label: {en: Ware, zh: 商品}
title: "{code}"
fields:
  code: {type: code, label: {en: Code, zh: 编码}, required: true, unique: true}
  price: {type: money, label: {en: Price, zh: 价格}, required: true}
  cost: {type: money, label: {en: Cost, zh: 成本}}
  origin: {type: text, label: {en: Origin, zh: 来源}}
  photo: {type: image, label: {en: Photo, zh: 照片}}
  plan: {type: image, label: {en: Plan, zh: 图纸}}
  store: {type: reference, to: store, label: {en: Store, zh: 门店}, index: true}
list: {columns: [code, price], layouts: {gallery: photo}}
"""
PRICING = """
pricing:
  entity: ware
  currencies: {CNY: 2}
  item: {entity: ware, key: code, price: price, labels: {origin: origin}}
  customer: {entity: customer, key: code, groups: level, contact: email}
"""
PAPER = """
print:
  labels:
    slip:
      label: {en: Slip, zh: 小票}
      lines: [number, customer.name, customer.phone, cost, total, tax_id]
      barcode: number
      qr: tax_id
"""
MORE = """
access: counter
grants:
  owner: {till: post, customer: erase}
  seller:
    till: {allow: view, rows: "store in actor.stores"}
    till_entry: {allow: view, rows: "store in actor.stores"}
    ware:
      - {allow: view, rows: "store in actor.stores", fields: {hidden: [cost, origin, plan]}}
      - evaluate
  lead: {customer: {allow: operate, rows: "store in actor.stores"}}
  reviewer: {order: [operate, export], customer: export, store: [operate, export]}
  taxes:
    till: {allow: view, fields: {hidden: [cash]}}
    ware: [{allow: view, fields: {read: [code]}}, evaluate]
"""
"""What more there is to look at: what is counted, prices, boards, paper."""


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
def worked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Filled, Work]]:
    """Give the shop behind its web layer, full of canaries, with work done by its owner."""
    folder = tmp_path_factory.mktemp("definitions") / "branches"
    shutil.copytree(FOLDER, folder)
    layouts = (
        "  bulk: [edit, delete]\n  layouts: {board: status, calendar: placed_on, cards: true}\n"
    )
    order = (folder / "trade/order.entity.yaml").read_text("utf-8")
    assert "  bulk: [edit, delete]\n" in order
    order = order.replace("  bulk: [edit, delete]\n", layouts) + PAPER
    more = {
        "app.yaml": (folder / "app.yaml").read_text("utf-8") + PRICING,
        "trade/order.entity.yaml": order,
        "trade/order.workflow.yaml": TELLING,
        "trade/till.ledger.yaml": TILL,
        "trade/ware.entity.yaml": WARE,
        "trade/counter.access.yaml": MORE,
    }
    write_folder(folder, more)
    write_folder(folder, definitions(compile_definitions(folder).app))
    home = tmp_path_factory.mktemp("counter")
    desk, filled = open_counter(home, compile_definitions(folder))
    yield desk, filled, do_work(filled, home / "results")
    desk.runtime.engine.dispose()


@pytest.fixture(scope="module")
def desk(worked: tuple[Desk, Filled, Work]) -> tuple[Desk, Filled]:
    return worked[:2]
