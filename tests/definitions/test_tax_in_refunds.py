"""Net, tax and gross of a refund through the public doors, or why nobody can say them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import databases
from tests.web.conftest import Shop, open_shop

DEFINITIONS = Path(__file__).resolve().parents[2] / "definitions"
API = "/api/v1"
PRICES = {"CUP": "30.00", "SPOON": "8.00"}
BY_HAND = {"en": "Amount by hand", "zh": "金额为人工填写"}


class Retail:
    """The shipped shop with cups of 13 % and spoons of 6 % in their prices."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.boss = shop, shop.client("ada")
        self.store = self.post("store", code="N", name={"en": "North", "zh": "北店"})["id"]
        for item, rate in (("CUP", "13"), ("SPOON", "6")):
            name = {"en": item, "zh": item}
            kind = self.post("tax_class", code=item, name=name, rate=rate)["id"]
            variants = [{"sku": item, "spec": item, "price": PRICES[item]}]
            more = {"tax_class": kind, "currency": "CNY", "variants": variants}
            self.post("product", code=item, name=name, **more)
        reason = {"code": "BROKEN", "name": {"en": "Broken", "zh": "破损"}, "domain": "return"}
        self.reason = self.post("reason", **reason)["id"]

    def post(self, address: str, **values: Any) -> dict[str, Any]:
        done = self.boss.post(f"{API}/{address}", json=values)
        assert done.status_code in (200, 201), done.text
        found: dict[str, Any] = done.json["data"]
        return found

    def row(self, address: str) -> dict[str, Any]:
        found: dict[str, Any] = self.boss.get(f"{API}/{address}").json["data"]
        return found

    def do(self, record: str, step: str, **given: Any) -> None:
        self.post(f"{record.replace('#', '/')}/transitions/status/{step}", input=given)

    def paid(self, **items: int) -> str:
        """Return an order that is paid."""
        lines = [{"item": item, "quantity": count} for item, count in items.items()]
        cart = {"lines": lines}
        mark = self.post("pricing/evaluate", **cart)["fingerprint"]
        order = self.post(
            "pricing/place", cart=cart, fingerprint=mark, record={"store": self.store}
        )
        self.pay(order["id"])
        return str(order["id"])

    def pay(self, order: str) -> None:
        self.do(f"order/{order}", "collect", method="cash")
        payments = self.row(f"order/{order}?include=payments")["payments"]
        (fresh,) = [one["id"] for one in payments if one["status"] == "new"]
        self.do(f"order_payment/{fresh}", "received")

    def change(self, order: str, **items: int) -> None:
        listed = [{"item": item, "quantity": count} for item, count in items.items()]
        address = f"order/{order}/transitions/status/change"
        seen = self.post(f"{address}/preview", input={"items": listed})["fingerprint"]
        self.post(address, input={"items": listed, "prices": seen})

    def cases(self, order: str) -> list[dict[str, Any]]:
        found = self.row(f"order/{order}?include=after_sales")["after_sales"]
        return [self.row(f"after_sale/{one['id']}?include=refunds,lines") for one in found]

    def page(self, address: str, language: str) -> str:
        shown = self.boss.get(f"/{address}", headers={"Accept-Language": language})
        assert shown.status_code == 200, shown.text
        return shown.text


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def retail(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Retail]:
    url = databases.url_of(request.param, tmp_path_factory.mktemp("refunds"))
    shop = open_shop(url, DEFINITIONS, {"ada": "administrator"})
    yield Retail(shop)
    shop.runtime.engine.dispose()


def split(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def of_case(row: dict[str, Any]) -> tuple[Any, ...]:
    return split(row, "amount", "net_back", "tax_back", "no_tax")


def of_refund(row: dict[str, Any]) -> tuple[Any, ...]:
    return split(row, "amount", "net", "tax", "no_tax")


def test_a_change_pays_the_tax_back_that_fell_away(retail: Retail) -> None:
    order = retail.paid(CUP=3, SPOON=1)
    retail.change(order, CUP=1, SPOON=2)
    (case,) = retail.cases(order)
    # 98.00 with 10.80 were paid, of 46.00 with 4.36 nothing goes back
    assert of_case(case) == ("52.00", "45.56", "6.44", None)
    assert split(retail.row(f"order/{order}"), "tax_total", "refunded_tax") == ("4.36", "6.44")
    retail.do(f"after_sale/{case['id']}", "approve")
    (refund,) = retail.cases(order)[0]["refunds"]
    assert of_refund(refund) == ("52.00", "45.56", "6.44", None)
    for language, net, tax in (
        ("en", "Without tax", "Tax in it"),
        ("zh", "不含税金额", "其中税额"),
    ):
        page = retail.page(f"refund/{refund['id']}", language)
        for text in (net, tax, "45.56", "6.44"):
            assert text in page, text
        assert "6.44" in retail.page(f"after_sale/{case['id']}", language)
        assert "6.44" in retail.page("refund/", language)


def test_what_was_rejected_of_a_change_is_in_the_next(retail: Retail) -> None:
    order = retail.paid(CUP=3)
    retail.change(order, CUP=2)
    (first,) = retail.cases(order)
    assert of_case(first) == ("30.00", "26.55", "3.45", None)
    retail.do(f"after_sale/{first['id']}", "reject", answer="Not agreed.")
    retail.change(order, CUP=1)
    second = retail.cases(order)[1]
    assert of_case(second) == ("60.00", "53.10", "6.90", None)
    retail.change(order, CUP=2)
    retail.pay(order)
    retail.change(order, CUP=1, SPOON=1)
    third = retail.cases(order)[2]
    # 60.00 with 6.90 are held, 38.00 with 3.90 are owed
    assert of_case(third) == ("22.00", "19.00", "3.00", None)


def test_what_came_in_before_a_refund_was_rejected_keeps_its_tax(retail: Retail) -> None:
    order = retail.paid(CUP=3)
    retail.change(order, CUP=2)
    (first,) = retail.cases(order)
    retail.change(order, SPOON=5)
    retail.pay(order)
    retail.do(f"after_sale/{first['id']}", "reject", answer="Not agreed.")
    retail.change(order, SPOON=1)
    second = retail.cases(order)[1]
    # 90.00 with 10.35 and 40.00 with 2.26 came in, 68.00 with 7.35 are owed
    assert of_case(second) == ("62.00", "56.74", "5.26", None)


def test_parts_of_a_refund_add_up_to_their_case(retail: Retail) -> None:
    order = retail.paid(CUP=1)
    line = retail.row(f"order/{order}?include=lines")["lines"][0]["id"]
    given = {"kind": "refund", "reason": retail.reason, "item": line}
    retail.do(f"order/{order}", "open_after_sale", **given)
    (case,) = retail.cases(order)
    retail.do(f"after_sale/{case['id']}", "approve")
    for amount in ("20.00", "9.99", "0.01"):
        largest = max(retail.cases(order)[0]["refunds"], key=lambda one: float(one["amount"]))
        retail.do(f"refund/{largest['id']}", "split", amount=amount)
    (case,) = retail.cases(order)
    parts = [of_refund(one) for one in case["refunds"]]
    assert of_case(case) == ("30.00", "26.55", "3.45", None)
    for at, whole in enumerate((3000, 2655, 345)):
        assert sum(int(one[at].replace(".", "")) for one in parts) == whole
        assert all(int(one[at].replace(".", "")) >= 0 for one in parts)
    assert len(parts) == 4


def test_an_amount_by_hand_says_why_it_has_no_tax(retail: Retail) -> None:
    order = retail.paid(CUP=2)
    given = {"kind": "refund", "reason": retail.reason, "amount": "5.00"}
    retail.do(f"order/{order}", "open_after_sale", **given)
    (case,) = retail.cases(order)
    assert of_case(case) == ("5.00", None, None, "by_hand")
    retail.do(f"after_sale/{case['id']}", "approve")
    (refund,) = retail.cases(order)[0]["refunds"]
    assert of_refund(refund) == ("5.00", None, None, "by_hand")
    for language, why in BY_HAND.items():
        for page in (f"after_sale/{case['id']}", f"refund/{refund['id']}"):
            assert why in retail.page(page, language), page


def test_nobody_writes_the_tax_of_a_refund(retail: Retail) -> None:
    order = retail.paid(CUP=2)
    given = {"kind": "refund", "reason": retail.reason, "amount": "5.00"}
    retail.do(f"order/{order}", "open_after_sale", **given)
    (case,) = retail.cases(order)
    read = retail.boss.get(f"{API}/order/{order}")
    sent = [{"id": case["id"], "tax_back": "4.00", "net_back": "1.00"}]
    told = retail.boss.patch(
        f"{API}/order/{order}",
        json={"after_sales": sent},
        headers={"If-Match": read.headers["ETag"]},
    )
    assert told.status_code in (200, 422), told.text
    assert of_case(retail.cases(order)[0]) == ("5.00", None, None, "by_hand")


def test_goods_added_over_rest_are_worked_out_anew(retail: Retail) -> None:
    order = retail.paid(CUP=2)
    line = retail.row(f"order/{order}?include=lines")["lines"][0]["id"]
    given = {"kind": "refund", "reason": retail.reason, "item": line}
    retail.do(f"order/{order}", "open_after_sale", **given)
    (case,) = retail.cases(order)
    read = retail.boss.get(f"{API}/order/{order}")
    own = [{"id": case["lines"][0]["id"], "item": line, "pieces": 2}]
    sent = {"after_sales": [{"id": case["id"], "lines": own}]}
    done = retail.boss.patch(
        f"{API}/order/{order}", json=sent, headers={"If-Match": read.headers["ETag"]}
    )
    assert done.status_code == 200, done.text
    assert of_case(retail.cases(order)[0]) == ("60.00", "53.10", "6.90", None)


def test_the_buttons_ask_and_are_there_in_both_languages(retail: Retail) -> None:
    order = retail.paid(CUP=2)
    given = {"kind": "refund", "reason": retail.reason, "amount": "5.00"}
    retail.do(f"order/{order}", "open_after_sale", **given)
    (case,) = retail.cases(order)
    retail.do(f"after_sale/{case['id']}", "approve")
    (refund,) = retail.cases(order)[0]["refunds"]
    for language, text in (("en", "Pay in two parts"), ("zh", "拆分退款")):
        assert text in retail.page(f"refund/{refund['id']}", language)
    retail.do(f"refund/{refund['id']}", "withdraw")
    for language, text in (("en", "Refund what is left"), ("zh", "补退余额")):
        assert text in retail.page(f"after_sale/{case['id']}", language)
    retail.do(f"after_sale/{case['id']}", "refund_rest")
    (_, again) = retail.cases(order)[0]["refunds"]
    assert of_refund(again) == ("5.00", None, None, "by_hand")
