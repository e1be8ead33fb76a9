"""What our engine answers to a vector, in the vector's own words, for as much as it expects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from rules.pricing.codes import normalized
from rules.pricing.counters import Counter, give_back, spend, take
from rules.pricing.price import price
from rules.pricing.refunds import clawback, claws_back, freeze, refund_units
from rules.pricing.result import Result
from tests.rules.neutral import Case, Unknown, minor


def answer(vector: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """Return our side of everything a vector expects, in smallest units."""
    result = price(case.cart, case.book, case.context, case.now)
    expect = vector["expect"]
    counted = COUNTED.intersection(expect)
    found: dict[str, Any] = _counters(vector, case) if counted else {}
    for key in expect:
        if key in found:
            continue
        if key not in ANSWERS:
            raise Unknown(f"expectation {key}")
        found[key] = ANSWERS[key](vector, case, result)
    check_sums(result)
    return found


def wanted(vector: Mapping[str, Any], case: Case, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a vector expects, in smallest units; what it leaves open is as `found`."""
    return {
        key: _plain(key, value, case, found.get(key)) for key, value in vector["expect"].items()
    }


def check_sums(result: Result) -> None:
    """Whatever a vector says: rows add up to lines, units to lines, lines to the total."""
    totals = result.totals
    for line in result.lines:
        assert line.list - sum(row.amount for row in line.allocations) == line.paid >= 0
        assert sum(count * each for count, each in line.units) == line.paid
        assert min(each for _, each in line.units) >= 0
    for shipment in result.shipments:
        assert shipment.list - sum(row.amount for row in shipment.allocations) == shipment.paid >= 0
    assert totals.off == sum(line.off for line in result.lines)


COUNTED = {"ops", "ok", "sold", "remaining", "register", "budget_used"}
PLAIN = {"applied", "coupon_rejected", "budget_exceeded", "ops", "ok", "sold", "remaining"}


def _plain(key: str, value: Any, case: Case, found: Any) -> Any:
    if key == "applied":
        return sorted({case.owner.get(name, name) for name in value})
    if key in PLAIN:
        return sorted(value) if key.endswith(("rejected", "exceeded")) else value
    if key == "gifts":
        gifts = [{**gift, "charged": case.minor(gift.get("charged", 0))} for gift in value]
        return sorted(gifts, key=lambda gift: str(gift["sku"]))
    return _amounts(value, case, found)


def _amounts(value: Any, case: Case, found: Any) -> Any:
    if isinstance(value, list):
        alike = isinstance(found, list) and len(found) == len(value)
        ours = found if alike else [None] * len(value)
        return [_amounts(each, case, own) for each, own in zip(value, ours, strict=True)]
    return found if value is None else case.minor(value)


def _units(result: Result, at: int) -> list[int]:
    return [each for count, each in result.lines[at].units for _ in range(count)]


def _unit_prices(vector: Mapping[str, Any], case: Case, result: Result) -> list[list[int]]:
    return [_units(result, at) for at in range(len(result.lines))]


def _unit_discounts(vector: Mapping[str, Any], case: Case, result: Result) -> list[list[int]]:
    return [
        [line.price - each for each in _units(result, at)]
        for at, line in enumerate(case.cart.lines)
    ]


def _gifts(vector: Mapping[str, Any], case: Case, result: Result) -> list[dict[str, Any]]:
    return [
        {"sku": extra.item, "qty": extra.quantity, "charged": extra.charged}
        for extra in sorted(result.extras, key=lambda extra: extra.item)
    ]


def _exceeded(vector: Mapping[str, Any], case: Case, result: Result) -> list[str]:
    over = [s for s in result.trace if s.verdict == "budget" or s.by == "budget"]
    return sorted({step.promotion for step in over})


def _rejected(vector: Mapping[str, Any], case: Case, result: Result) -> list[str]:
    states = {state.code: state.state for state in result.codes}
    return sorted(
        code for code in vector["cart"].get("coupons", ()) if states[normalized(code)] != "applied"
    )


def _refunds(vector: Mapping[str, Any], case: Case, result: Result) -> list[int]:
    order = freeze(case.cart, result)
    back: dict[str, int] = {}
    paid: list[int] = []
    for each in vector["cart"]["returns"]:
        line, count = str(each["line"]), int(each["qty"])
        before = back.get(line, 0)
        back[line] = before + count
        if claws_back(result.applied, case.book):
            paid.append(clawback(case.cart, case.book, case.context, case.now, back, sum(paid)))
        else:
            refund = refund_units(order.line(line), before, count)
            assert refund is not None
            paid.append(refund.total(gross=case.cart.gross))
    return paid


def _counters(vector: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """Play operations on the counters of the vector's only promotion."""
    promotion = vector["promotions"][0]
    expect = vector["expect"]
    if "register" in expect:
        return _register(expect, promotion, case)
    stock = promotion["action"]["stock"]
    counter = Counter(int(stock.get("sold", 0)), int(stock["limit"]))
    done = []
    for word, *rest in expect["ops"]:
        if word in ("reserve", "take", "buy"):
            after = take(counter, int(rest[0]))
            done.append(after is not None)
            counter = after or counter
        elif word in ("release", "cancel", "give_back", "return", "refund", "expire"):
            counter = give_back(counter, int(rest[0]))
            done.append(True)
        else:
            raise Unknown(f"operation {word}")
    return {"ops": expect["ops"], "ok": done, "sold": counter.used, "remaining": counter.left}


def _register(
    expect: Mapping[str, Any], promotion: Mapping[str, Any], case: Case
) -> dict[str, Any]:
    """Count the adjustments of one order: money adds up, a use counts once an order."""
    budget = promotion["budget"]
    amounts: Sequence[int] = [case.minor(each) for each in expect["register"]]
    if budget["kind"] == "usage":
        used, limit = (int(Decimal(str(budget[key]))) for key in ("used", "limit"))
        after = take(Counter(used, limit), 1) if amounts else None
        counted = after.used if after is not None else used
        return {"register": amounts, "budget_used": minor(counted, case.decimals)}
    counter = Counter(case.minor(budget["used"]), case.minor(budget["limit"]))
    for amount in amounts:
        if amount < 0:
            counter = give_back(counter, -amount)
        else:
            counter, _ = spend(counter, amount)
    return {"register": amounts, "budget_used": counter.used}


Answer = Callable[[Mapping[str, Any], Case, Result], Any]
ANSWERS: dict[str, Answer] = {
    "order_discount": lambda vector, case, result: result.totals.off,
    "line_discounts": lambda vector, case, result: [line.off for line in result.lines],
    "shipping_discount": lambda vector, case, result: result.totals.shipping_off,
    "shipment_discounts": lambda vector, case, result: [s.list - s.paid for s in result.shipments],
    "shipping_cost": lambda vector, case, result: result.totals.shipping,
    "total": lambda vector, case, result: result.totals.total,
    "tax": lambda vector, case, result: result.totals.tax,
    "deposit": lambda vector, case, result: result.totals.deposit,
    "balance": lambda vector, case, result: result.totals.balance,
    "unit_prices": _unit_prices,
    "unit_discounts": _unit_discounts,
    "gifts": _gifts,
    "applied": lambda vector, case, result: sorted(result.applied),
    "coupon_rejected": _rejected,
    "budget_exceeded": _exceeded,
    "refunds": _refunds,
}
