"""Abuse cases of rows, fields and oracles, by the numbers of the list the product is judged on.

Each is a request somebody sends and what it may be answered with; whatever it is, no record out of
their scope has changed and no canary of another store stands in the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from runtime.operations._reading import context
from tests.access.canaries import Filled, raw
from tests.access.counter import person
from tests.web.desk import Desk, token

MISSING = "01900000-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Case:
    """One case: `{mine}` and `{other}` stand for an order of the own and of another store."""

    number: str
    method: str
    path: str
    statuses: frozenset[int]
    who: str = "seller"
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    says: str = ""
    """A text the answer holds."""
    like_missing: bool = False
    """The answer is the same as for a record that does not exist."""


def case(number: str, method: str, path: str, *statuses: int, **more: Any) -> Case:
    return Case(number, method, path, frozenset(statuses), **more)


V1 = {"If-Match": '"1"'}
CASES = (
    case("bola-01", "GET", "order/{other}", 404, like_missing=True),
    case("bola-03", "DELETE", "order/{other}", 404, headers=V1, like_missing=True),
    case("bola-05", "POST", "order/{other}/restore", 404, headers=V1, like_missing=True),
    case("bola-07", "GET", "order/{other}/history", 404, like_missing=True),
    case("bola-11", "POST", "order/{other}/comments", 404, body={"text": "x"}, like_missing=True),
    case("bola-11", "PUT", "order/{other}/follow", 404, like_missing=True),
    case("bola-13", "GET", "order/{other}/attachments", 404, like_missing=True),
    case("bola-17", "GET", "order_line/{other_line}", 404),
    case("bola-17", "PATCH", "order/{mine}", 422, headers=V1,
         body={"lines": [{"id": "{other_line}"}]}),
    case("bola-19", "PATCH", "order/{mine}", 422, headers=V1,
         body={"customer": "{other_customer}"}),
    case("bola-19", "PATCH", "order/{mine}", 422, headers=V1,
         body={"watchers": ["{other_customer}"]}),
    case("bola-19", "PATCH", "order/{mine}", 422, 403, headers=V1, body={"store": "{other_store}"}),
    case("bola-21", "GET", "order", 200, headers={"X-Tenant": "2", "X-Store": "{other_store}"}),
    case("bola-21", "GET", "order?tenant=2", 400),
    case("bola-21", "PATCH", "order/{mine}", 422, headers=V1, body={"tenant": 2}),
    case("bola-23", "POST", "order", 422, body={"number": "{other_number}", "store": "{store}"}),
    case("bola-23", "POST", "order", 422, body={"id": "{other}", "number": "Z1"}),
    case("bola-25", "GET", "order?count=exact", 200, who="noshop", says='"total":0'),
    case("bola-25", "GET", "order/export", 403, 404, who="noshop"),
    case("bola-25", "POST", "order/bulk", 200, who="noshop", says='"data":[]',
         body={"operation": "delete", "all": True}),
    case("bopla-01", "PATCH", "order/{mine}", 422, headers=V1, body={
        "id": "{other}", "version": 9, "worth": "0", "created_by": 5, "is_deleted": True,
        "customer": {"level": "vip"}}),
    case("bopla-03", "GET", "order/{mine}?fields=cost", 400, says="unknown_field"),
    case("bopla-03", "GET", "order?fields=customer.id_no", 400, says="unknown_field"),
    case("bopla-03", "GET", "order/aggregate?sum=cost", 400, says="unknown_field"),
    case("bopla-05", "PATCH", "customer/{mine_customer}", 422, headers=V1,
         body={"phone": "138****0000"}),
    case("bopla-11", "PATCH", "order/{mine}", 422, headers=V1, body={"cost": "no number"},
         says="unknown_field"),
    case("oracle-01", "GET", "order?cost=81000001", 400, says="unknown_field"),
    case("oracle-01", "GET", "order?cost[gt]=1", 400, says="unknown_field"),
    case("oracle-01", "GET", "order?cost[empty]=false", 400, says="unknown_field"),
    case("oracle-03", "GET", "order?sort=cost", 400, says="unknown_field"),
    case("oracle-03", "GET", "order?sort=number,customer.id_no", 400, says="unknown_field"),
    case("oracle-07", "GET", "customer?phone=13812345678", 400, says="masked_field"),
    case("oracle-09", "GET", "order?total[gt]=abc", 400),
    case("oracle-09", "GET", "order?placed_on=2026-02-30", 400),
    case("oracle-09", "GET", "order?total[nonsense]=1", 400, says="unknown_operator"),
    case("oracle-11", "GET", "order?q=%25", 200, says='"data":[]'),
    case("oracle-11", "GET", "order?q=_", 200, says='"data":[]'),
    case("bfla-01", "GET", "order", 404, who="norole"),
    case("bfla-01", "GET", "customer/{mine_customer}", 404, who="norole"),
    case("bfla-05", "POST", "staff", 404, body={"account": "seller", "store": "{other_store}"}),
)  # fmt: skip


def names(filled: Filled) -> dict[str, str]:
    """Return what the places of a case stand for."""
    app = filled.shop.runtime.app
    orders = {str(row["id"]): row for row in raw(filled.shop.runtime, app.entities["order"])}
    lines = {
        str(r["order"]): str(r["id"]) for r in raw(filled.shop.runtime, app.entities["order_line"])
    }
    mine, other = filled.records["order"][:2]
    return {
        "mine": mine,
        "other": other,
        "other_line": lines[other],
        "other_number": str(orders[other]["number"]),
        "mine_customer": filled.records["customer"][0],
        "other_customer": filled.records["customer"][1],
        "store": filled.records["store"][0],
        "other_store": filled.records["store"][1],
    }


def written(value: Any, places: dict[str, str]) -> Any:
    """Return a text, or what holds texts, with its places filled in."""
    if isinstance(value, str):
        for name, text in places.items():
            value = value.replace("{" + name + "}", text)
        return value
    if isinstance(value, dict):
        return {key: written(one, places) for key, one in value.items()}
    return [written(one, places) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.number} {case.path}")
def test_an_abuse_is_refused_and_changes_nothing(desk: tuple[Desk, Filled], case: Case) -> None:
    here, filled = desk
    places = names(filled)
    browser = here.browser(case.who)
    csrf = token(browser.get("/preferences"))
    order = filled.shop.runtime.app.entities["order"]
    before = raw(filled.shop.runtime, order)

    def send(found: dict[str, str]) -> Any:
        return browser.client.open(
            "/api/v1/" + written(case.path, found),
            method=case.method,
            json=written(case.body, found) if case.body is not None else None,
            headers={"X-CSRF-Token": csrf, **written(case.headers, found)},
        )

    answer = send(places)
    assert answer.status_code in case.statuses, answer.text
    assert case.says in answer.text
    if case.like_missing:
        missing = send({**places, "other": MISSING})
        said = [one.text.replace(one.headers["X-Request-Id"], "") for one in (answer, missing)]
        assert (answer.status_code, said[0]) == (missing.status_code, said[1])
    assert raw(filled.shop.runtime, order) == before
    hidden = {one.text for one in filled.canaries if one.record == places["other"]}
    if case.number != "bola-23":
        assert not [text for text in hidden if text in answer.text]


def test_bola_27_no_cache_between_people_keeps_an_answer(desk: tuple[Desk, Filled]) -> None:
    here, _ = desk
    page = here.browser("seller").get("/api/v1/order")
    assert "private" in page.headers["Cache-Control"]
    assert {"Authorization", "Cookie"} <= {part.strip() for part in page.headers["Vary"].split(",")}
    assert "no-store" in here.browser("seller").get("/order/").headers["Cache-Control"]


def test_oracle_05_counts_of_relations_are_those_of_the_callers_rows(
    desk: tuple[Desk, Filled],
) -> None:
    here, filled = desk
    seller = person(here, filled, "seller")
    assert context(filled.shop.runtime, seller)["actor"]["stores"]
    for customer in filled.records["customer"]:
        seen = here.browser("seller").get(f"/api/v1/order?customer={customer}&count=exact").json
        assert seen is not None
        assert seen["page"]["total"] == len(seen["data"])
