"""What a refusal tells: the words of its author, and no value that its reader may not read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from runtime.errors import GuardBlocked, RequestError, VersionConflict
from runtime.messages import Actor, Incoming, Result
from runtime.operations import _firing
from runtime.operations._firing import Wanted, fire_inside
from runtime.operations._unfired import said
from runtime.pipeline import handle
from runtime.store.engine import write
from tests.databases import sqlite_url
from tests.shop import Shop, open_shop, person, write_folder

FILES = {
    "app.yaml": """
app: trade
label: Trade
currency: EUR
modules: {desk: {label: Desk}}
""",
    "roles.yaml": """
roles:
  owner: {label: Owner}
  clerk: {label: Clerk}
  near: {label: Near}
  masked: {label: Masked}
""",
    "desk/maker.entity.yaml": """
entity: maker
label: Maker
title: "{name}"
fields:
  name: {type: text, required: true}
  floor: {type: integer}
""",
    "desk/order.entity.yaml": """
entity: order
label: Order
title: "{name}"
fields:
  name: {type: text, required: true}
  cost: {type: integer}
  open: {type: money}
  maker: {type: reference, to: maker}
  lines: {type: children, of: order_line}
""",
    "desk/order_line.entity.yaml": """
entity: order_line
label: Line
title: "{count}"
child_of: order
fields:
  count: {type: integer}
""",
    "desk/order.workflow.yaml": """
entity: order
workflows:
  life:
    field: status
    initial: new
    states: {new: New, sent: {label: Sent, final: true}}
    transitions:
      send:
        label: Send
        from: new
        to: sent
        roles: [clerk, owner]
        trigger: [user, system]
        bulk: {max: 10}
        guard:
          - if: "cost < 100"
            code: DEAR
            message: {en: "It cost {cost}, {ours} is open, {floor} is the floor, {lines} in it.",
                      zh: "成本 {cost}，未结 {ours}，底价 {floor}，共 {lines}。"}
            params: {cost: cost, ours: open, floor: maker.floor, lines: "sum(lines.count)"}
""",
    "desk/desk.access.yaml": """
access: desk
grants:
  owner: {"*": all}
  clerk:
    order: {allow: [view, bulk], fields: {hidden: [cost]}}
    order_line: {allow: view, fields: {hidden: [count]}}
    maker: {allow: view, fields: {hidden: [floor]}}
  near:
    order: {allow: view, rows: "name == 'Ours'", fields: {read: [name, cost, status]}}
    maker: {allow: view, rows: "name == 'Ours'"}
  masked:
    order: {allow: view, fields: {hidden: [status], masked: {cost: full, open: full}}}
    order_line: {allow: view, fields: {hidden: [count]}}
""",
}
OWNER, CLERK = person("owner"), person("clerk")
NEITHER = "It cost ****, 73.02 is open, **** is the floor, **** in it."
CANARIES = ("7301", "73.02", "7303", "7304")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    folder = write_folder(tmp_path / "definitions", FILES)
    return open_shop(sqlite_url(tmp_path), folder, "owner")


def order(shop: Shop, name: str = "Theirs") -> str:
    maker = shop.row(shop.done("create", "maker", {"name": name, "floor": 7303}))["id"]
    values = {
        "name": name,
        "cost": 7301,
        "open": "73.02",
        "maker": maker,
        "lines": [{"count": 7304}],
    }
    return str(shop.row(shop.done("create", "order", values))["id"])


def fire(shop: Shop, record: str, actor: Actor, **more: Any) -> RequestError:
    values = {"workflow": "life", "transition": "send", "input": {}}
    answer = handle(Incoming("transition", "order", actor, record, values, **more), shop.runtime)
    assert isinstance(answer, RequestError)
    return answer


def told(refused: RequestError) -> tuple[str, Mapping[str, Any]]:
    (reason,) = refused.params["reasons"]
    return said(reason).text("en"), reason.params


def offered(shop: Shop, record: str, actor: Actor) -> tuple[str, Mapping[str, Any]]:
    answer = shop.ask("transitions", "order", record=record, actor=actor)
    assert isinstance(answer, Result)
    (reason,) = answer.row.offered[0].reasons
    return said(reason).text("en"), reason.params


def test_who_reads_everything_is_told_everything(shop: Shop) -> None:
    record = order(shop)
    words = "It cost 7301, 73.02 is open, 7303 is the floor, 7304 in it."
    assert told(fire(shop, record, OWNER))[0] == words
    assert offered(shop, record, OWNER)[0] == words


@pytest.mark.parametrize(
    ("roles", "name", "words"),
    [
        (("clerk",), "Theirs", NEITHER),
        (("clerk", "masked"), "Theirs", NEITHER),
        (("clerk", "near"), "Theirs", NEITHER),
        (("clerk", "near"), "Ours", "It cost 7301, 73.02 is open, 7303 is the floor, 7304 in it."),
    ],
)
def test_a_reason_tells_what_its_reader_reads_in_this_very_record(
    shop: Shop, roles: tuple[str, ...], name: str, words: str
) -> None:
    record, actor = order(shop, name), person(*roles)
    for text, params in (told(fire(shop, record, actor)), offered(shop, record, actor)):
        assert text == words
        assert {str(value) for value in params.values()} == {
            one for one in CANARIES if one in words
        }


def test_neither_many_at_once_nor_another_person_to_ask_tells_more(shop: Shop) -> None:
    record = order(shop)
    values = {
        "operation": "transition",
        "workflow": "life",
        "transition": "send",
        "ids": [record],
        "input": {},
    }
    answer = shop.ask("bulk", "order", values, actor=CLERK)
    assert isinstance(answer, Result)
    (one,) = answer.outcomes
    text = repr(one)
    assert "****" in text
    assert not [one for one in ("7301", "7303", "7304") if one in text]


def test_what_happens_by_itself_tells_no_value(shop: Shop) -> None:
    record = order(shop)
    wanted = Wanted("order", record, "life", "send", source="system")
    with write(shop.runtime.engine) as connection:
        work = _firing.work_of(connection, shop.runtime, "system")
        with pytest.raises(GuardBlocked) as refused:
            fire_inside(work, wanted)
    assert told(refused.value)[1] == {}


def test_who_may_not_read_a_state_is_not_told_it(shop: Shop) -> None:
    record = order(shop)
    hidden = person("masked")
    answer = shop.ask("transitions", "order", record=record, actor=hidden)
    assert isinstance(answer, Result)
    assert answer.row.states == {}
    assert shop.done("transitions", "order", record=record, actor=OWNER).row.states == {
        "life": "new"
    }
    stale = fire(shop, record, OWNER, version=9)
    assert isinstance(stale, VersionConflict)
    assert stale.params["current"] == "new"


STALL = {
    "app.yaml": """
app: stall
label: Stall
currency: EUR
pricing:
  entity: buyer
  currencies: {EUR: 2}
  item: {entity: ware, key: code, price: price}
  customer: {entity: buyer, key: code, groups: level, orders: sale.buyer}
""",
    "roles.yaml": "roles: {owner: {label: Owner}, clerk: {label: Clerk}}",
    "stall/ware.entity.yaml": """
entity: ware
label: Ware
title: "{code}"
fields:
  code: {type: code, required: true, unique: true}
  price: {type: money, required: true}
""",
    "stall/buyer.entity.yaml": """
entity: buyer
label: Buyer
title: "{code}"
fields:
  code: {type: code, required: true, unique: true}
  level: {type: text}
""",
    "stall/sale.entity.yaml": """
entity: sale
label: Sale
fields: {buyer: {type: reference, to: buyer}}
""",
    "stall/gold.promotion.yaml": """
promotion: gold
label: Gold
when: [{type: customer, groups: [gold]}, {type: amount, value: 10}]
then: [{type: amount_off, value: 1}]
""",
    "stall/stall.access.yaml": """
access: stall
grants:
  owner: {"*": [all, evaluate]}
  clerk: {buyer: {allow: [view, evaluate], fields: {hidden: [level]}}}
""",
}


def test_a_price_does_not_tell_what_its_asker_may_not_read_of_a_customer(tmp_path: Path) -> None:
    stall = open_shop(sqlite_url(tmp_path), write_folder(tmp_path / "stall", STALL), "owner")
    stall.done("create", "buyer", {"code": "B1", "level": "7401"})
    cart = {"currency": "EUR", "lines": [{"price": "60"}], "customer": "B1"}
    for actor, have in ((OWNER, ("7401",)), (CLERK, None)):
        found = stall.done("evaluate", "buyer", cart, actor=actor).row
        (step,) = found.priced.trace
        assert (step.miss.path, step.miss.have, step.miss.need) == (
            "customer.groups",
            have,
            ("gold",),
        )
