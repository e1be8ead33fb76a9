"""Records that are promotions: one shape with files, frozen as they go live, refused if wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from runtime import price_book
from runtime.messages import Incoming, Result
from runtime.operations.evaluate import Evaluated
from runtime.pipeline import handle
from runtime.runtime import Runtime
from runtime.store import fetch
from tests.databases import postgres_url, sqlite_url
from tests.shop import Shop, open_shop, person, write_folder

FILES = {
    "app.yaml": """
app: shop
label: Shop
currency: EUR
time_zone: Europe/Berlin
pricing:
  entity: deal
  currencies: {EUR: 2, USD: 2}
  item: {entity: ware, key: code, price: price, labels: {kind: kind.code}}
""",
    "roles.yaml": "roles: {boss: {label: Boss}}",
    "s/kind.entity.yaml": """
entity: kind
label: Kind
key: code
fields: {code: {type: code, required: true}}
""",
    "s/ware.entity.yaml": """
entity: ware
label: Ware
key: code
fields:
  code: {type: code, required: true}
  kind: {type: reference, to: kind}
  price: {type: money, required: true}
""",
    "s/deal.entity.yaml": """
entity: deal
label: Deal
key: code
fields:
  code: {type: code, required: true}
  name: {type: translated, required: true}
  rule: {type: rule, required: true}
  priority: {type: integer, default: 0}
  until: {type: datetime}
  least: {type: money}
  note: {type: text}
promotion:
  label: name
  rule: rule
  status: status
  says:
    priority: $?priority
    window: {until: $?until}
    when: [{type: amount, value: $least}]
""",
    "s/deal.workflow.yaml": """
entity: deal
workflows:
  status:
    label: Status
    initial: draft
    states:
      draft: {label: Draft}
      active: {label: Active}
      paused: {label: Paused}
      ended: {label: Ended, final: true}
    transitions:
      start: {label: Start, from: [draft, paused], to: active, roles: [boss]}
      pause: {label: Pause, from: active, to: paused, roles: [boss]}
      stop: {label: Stop, from: [active, paused], to: ended, roles: [boss]}
""",
    "s/rush.entity.yaml": """
entity: rush
label: Rush
key: code
fields:
  code: {type: code, required: true}
  open: {type: boolean, default: true, required: true}
  items: {type: children, of: rush_item, min: 1}
promotion:
  label: code
  status: "'active' if open else 'paused'"
  says:
    then:
      each: items
      of: {type: fixed_price, price: $price, per_customer: $?each, include: {items: [$ware.code]}}
""",
    "s/rush_item.entity.yaml": """
entity: rush_item
label: Item
child_of: rush
fields:
  ware: {type: reference, to: ware, required: true}
  price: {type: money, required: true}
  each: {type: integer, min: 0}
""",
    "s/all.access.yaml": """
access: all
grants:
  boss: {kind: all, ware: all, deal: [all, operate, evaluate], rush: all}
""",
}
TENTH = {"then": [{"type": "percent_off", "percent": 10}]}
NAME = {"en": "A tenth", "zh": "九折"}


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """A shop with a cup of 10.00 and a lamp of 50.00."""
    url = sqlite_url(tmp_path) if request.param == "sqlite" else postgres_url()
    opened = open_shop(url, write_folder(tmp_path / "shop", FILES), "boss")
    kind = opened.row(opened.done("create", "kind", {"code": "light"}))["id"]
    opened.done("create", "ware", {"code": "CUP", "price": "10.00"})
    opened.done("create", "ware", {"code": "LAMP", "price": "50.00", "kind": kind})
    yield opened
    opened.runtime.engine.dispose()


def deal(shop: Shop, code: str = "T", **values: Any) -> dict[str, Any]:
    given = {"code": code, "name": NAME, "rule": TENTH, **values}
    return shop.row(shop.done("create", "deal", given))


def moved(shop: Shop, name: str, record: str) -> None:
    values = {"workflow": "status", "transition": name, "input": {}}
    asked = Incoming("transition", "deal", person("boss"), record, values, source="screen")
    found = handle(asked, shop.runtime)
    assert isinstance(found, Result), found


def priced(shop: Shop, **lines: int) -> Evaluated:
    cart = {"lines": [{"item": item, "quantity": count} for item, count in lines.items()]}
    found = shop.done("evaluate", "deal", cart).row
    assert isinstance(found, Evaluated)
    return found


def applied(found: Evaluated) -> list[tuple[str, int, int]]:
    return [
        (one.promotion, one.version, one.amount)
        for line in found.priced.lines
        for one in line.allocations
    ]


def test_a_record_takes_effect_while_its_workflow_says_that_it_is_live(shop: Shop) -> None:
    one = deal(shop)
    assert applied(priced(shop, LAMP=1)) == []
    moved(shop, "start", one["id"])
    assert applied(priced(shop, LAMP=1)) == [("deal:T", 1, 500)]
    moved(shop, "pause", one["id"])
    paused = priced(shop, LAMP=1)
    assert applied(paused) == []
    assert [(step.promotion, step.miss.have) for step in paused.priced.trace if step.miss] == [
        ("deal:T", "paused")
    ]
    moved(shop, "start", one["id"])
    assert applied(priced(shop, LAMP=1)) == [("deal:T", 1, 500)]
    moved(shop, "stop", one["id"])
    assert priced(shop, LAMP=1).priced.trace == ()


def test_a_change_of_what_is_live_is_a_new_version_and_another_value_is_none(shop: Shop) -> None:
    one = deal(shop)
    moved(shop, "start", one["id"])
    now = shop.row(shop.done("read", "deal", record=one["id"]))
    noted = shop.row(
        shop.done("update", "deal", {"note": "!"}, record=one["id"], version=now["version"])
    )
    assert applied(priced(shop, LAMP=1)) == [("deal:T", 1, 500)]
    half = {"rule": {"then": [{"type": "percent_off", "percent": "50"}]}}
    shop.done("update", "deal", half, record=one["id"], version=noted["version"])
    assert applied(priced(shop, LAMP=1)) == [("deal:T", 2, 2500)]
    assert shop.count("sw_promotion") == 2


def test_values_of_the_record_fill_the_template(shop: Shop) -> None:
    one = deal(shop, least="60.00")
    moved(shop, "start", one["id"])
    step = priced(shop, LAMP=1).priced.trace[0]
    assert (step.miss.have, step.miss.need) == (5000, 6000) if step.miss else False
    assert applied(priced(shop, LAMP=1, CUP=1)) == [("deal:T", 1, 500), ("deal:T", 1, 100)]


def test_the_parts_of_a_record_are_actions_of_one_promotion(shop: Shop) -> None:
    wares = {row["code"]: row["id"] for row in shop.rows(shop.done("list", "ware"))}
    items = [
        {"ware": wares["CUP"], "price": "4.00", "each": 1},
        {"ware": wares["LAMP"], "price": "45.00"},
    ]
    made = shop.row(shop.done("create", "rush", {"code": "R", "items": items}))
    assert applied(priced(shop, CUP=2, LAMP=2)) == [("rush:R", 1, 600), ("rush:R", 1, 1000)]
    shop.done("update", "rush", {"open": False}, record=made["id"], version=made["version"])
    assert applied(priced(shop, CUP=2, LAMP=2)) == []


PERCENT = "rule.then.0.percent"
STEPS = [{"from_amount": 9, "amount": 2}, {"from_amount": 5, "amount": 3}]


def percent(written: Any) -> dict[str, Any]:
    return {"then": [{"type": "percent_off", "percent": written}]}


def only(**include: Any) -> dict[str, Any]:
    return {**TENTH, "include": include}


@pytest.mark.parametrize(
    ("rule", "field", "code"),
    [
        (percent(110), PERCENT, "D801"),
        (percent("1e999999999"), PERCENT, "D801"),
        ({"then": []}, "rule.then", "D802"),
        ({"when": [7], **TENTH}, "rule.when.0", "D802"),
        (only(labels={"kind": ["none"]}), "rule.include.labels.kind.0", "not_found"),
        (only(items=["NONE"]), "rule.include.items.0", "not_found"),
        (only(labels={"colour": ["red"]}), "rule.include.labels.colour", "D806"),
        (
            {
                **TENTH,
                "recurs": {"dates": ["2020-01-01"]},
                "window": {"from": "2026-01-01T00:00", "until": "2026-02-01T00:00"},
            },
            "rule.recurs",
            "D804",
        ),
        (
            {"then": [{"type": "amount_off", "value": 5}], "currencies": ["EUR", "USD"]},
            "rule.then.0.value",
            "D809",
        ),
        ({"then": [{"type": "tiered", "steps": STEPS}]}, "rule.then.0.steps.1", "D803"),
        ({"then": [{"type": "gift", "item": "NONE"}]}, "rule.then.0.item", "not_found"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(
    shop: Shop, rule: dict[str, Any], field: str, code: str
) -> None:
    given = {"code": "T", "name": NAME, "rule": rule}
    refused = shop.refused("create", "deal", given)
    assert (refused.errors[0].field, refused.errors[0].code) == (field, code)
    assert refused.errors[0].message.text("zh") != refused.errors[0].message.text("en")


def test_a_window_that_never_opens_is_told_at_the_field_it_comes_from(shop: Shop) -> None:
    rule = {**TENTH, "window": {"from": "2027-01-01T00:00"}}
    deal(shop, rule=rule)
    given = {"code": "U", "name": NAME, "rule": rule, "until": "2026-12-01T00:00:00Z"}
    refused = shop.refused("create", "deal", given)
    assert [(one.field, one.code) for one in refused.errors] == [("until", "D804")]


def test_an_archived_record_takes_no_effect_and_a_restored_one_does(shop: Shop) -> None:
    one = deal(shop)
    moved(shop, "start", one["id"])
    now = shop.row(shop.done("read", "deal", record=one["id"]))["version"]
    shop.done("delete", "deal", record=one["id"], version=now)
    assert applied(priced(shop, LAMP=1)) == []
    shop.done("restore", "deal", record=one["id"])
    assert applied(priced(shop, LAMP=1)) == [("deal:T", 1, 500)]


def statements(runtime: Runtime) -> int:
    """Return how many statements it takes to know the promotions."""
    seen: list[str] = []
    with fetch.connection(runtime.engine) as connection:
        sa.event.listen(connection, "before_cursor_execute", lambda *args: seen.append(args[2]))
        price_book.current(connection, runtime)
    return sum(1 for text in seen if text.startswith("SELECT"))


def test_promotions_are_known_by_one_statement_while_nothing_changed(shop: Shop) -> None:
    for number in range(5):
        one = deal(shop, code=f"T{number}")
        moved(shop, "start", one["id"])
    assert statements(shop.runtime) == 2
    assert statements(shop.runtime) == 1
