"""What pricing costs: carts of 1, 10 and 100 lines against 10, 200 and 2 000 promotions.

`python -m benchmarks.pricing` prints milliseconds of processor time, the median and the slowest of
some rounds; with `--carts 100000` how fast a backtest plays carts through two rule sets, and the
peak of memory of a thousand and of all of them.
Promotions are read once, as a shop does; what is timed is `price` alone, trace and fingerprint
included. One in eight promotions is about every line, the others about a label; half have a
threshold, so that some apply and some are refused with their reason.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from rules.pricing.amounts import Currencies
from rules.pricing.backtest import Tally
from rules.pricing.cart import Cart, Context, Customer, Line, Shipment
from rules.pricing.played import Played
from rules.pricing.price import price
from rules.pricing.promotion import Book, book
from rules.pricing.reading import read_promotion

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
EURO = Currencies({"EUR": 2}, "EUR")
LABELS = 40
ACTIONS: tuple[Mapping[str, Any], ...] = (
    {"type": "percent_off", "percent": "3", "apply": "each_line"},
    {"type": "amount_off", "value": "1.50", "apply": "spread"},
    {"type": "buy_get", "buy": {"quantity": 2}, "get": {"quantity": 1, "percent": "50"}},
    {"type": "tiered", "apply": "spread", "steps": [
        {"from_amount": "100", "percent": "1"}, {"from_amount": "500", "percent": "2"}]},
    {"type": "nth", "n": 3, "percent": "30"},
    {"type": "every_amount_off", "every": "100", "value": "0.40", "max_times": 5},
    {"type": "delivery_percent_off", "percent": "10"},
    {"type": "bundle_price", "quantity": 3, "price": "20"},
)  # fmt: skip


def promotions(count: int) -> Book:
    """Return so many promotions, half of them with a threshold."""
    found = []
    for at in range(count):
        written: dict[str, Any] = {
            "id": f"p{at:05}",
            "priority": at % 7,
            "then": [dict(ACTIONS[at % len(ACTIONS)])],
        }
        if at % 8:
            written["include"] = {"labels": {"category": [f"c{at % LABELS}"]}}
        if at % 2:
            written["when"] = [{"type": "amount", "value": f"{at % 9 * 50}.00"}]
        promotion, faults = read_promotion(written, EURO)
        assert promotion is not None, faults
        found.append(promotion)
    return book(found)


def cart(lines: int, quantity: int = 2) -> Cart:
    """Return a cart with so many different items."""
    return Cart(
        "EUR",
        tuple(
            Line(
                id=f"l{at}",
                item=f"i{at}",
                quantity=quantity + at % 3,
                price=499 + at * 37,
                labels={"category": (f"c{at % LABELS}", f"d{at % 5}")},
                tax=Fraction(19, 100),
            )
            for at in range(lines)
        ),
        (Shipment("parcel", "post", 490),),
    )


def timed(lines: int, count: int, quantity: int = 2) -> list[float]:
    """Return milliseconds of some rounds, the first left out."""
    goods, rules, context = cart(lines, quantity), promotions(count), Context(Customer("c"))
    rounds = max(5, min(200, 20_000 // (lines * count) + 5))
    out = []
    for _ in range(rounds + 1):
        begun = time.process_time()
        price(goods, rules, context, NOW)
        out.append((time.process_time() - begun) * 1000)
    return out[1:]


def applying(lines: int, count: int, quantity: int) -> int:
    """Return how many promotions take something off such a cart: more do where there is more."""
    result = price(cart(lines, quantity), promotions(count), Context(Customer("c")), NOW)
    return len({step.promotion for step in result.trace if step.verdict == "applied"})


def played(carts: int) -> tuple[float, float]:
    """Return carts a second that are played through two rule sets, and the peak of memory in MB.

    As a backtest does: 20 promotions beside the same with one more, counters and sums of both
    sides, four lines a cart. What reading the records takes comes on top.
    """
    books = [promotions(20), promotions(21)]
    counters, tally = [Played(one) for one in books], Tally()
    goods = [cart(4, quantity) for quantity in range(1, 6)]
    costs = {line.id: 300 for line in goods[0].lines}
    begun = time.process_time()
    for at in range(carts):
        customer, moment = Customer(f"c{at % 5000}"), NOW - timedelta(minutes=at)
        results = []
        for pages, used in zip(books, counters, strict=True):
            context = Context(customer, used=used.used(customer.key))
            results.append(price(goods[at % 5], pages, context, moment))
            used.take(customer.key, results[-1])
        tally.add(str(at), moment.date(), costs, results[0], results[1])
    rate = carts / (time.process_time() - begun)
    return rate, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print the tables; `--carts` says how many carts a backtest is measured with."""
    if "--carts" in sys.argv:
        for count in (1000, int(sys.argv[sys.argv.index("--carts") + 1])):
            rate, peak = played(count)
            print(f"backtest of {count} carts: {rate:.0f} a second, peak {peak:.0f} MB")
        return
    print(f"{'lines':>6} {'promotions':>11} {'median ms':>10} {'slowest ms':>11}")
    for lines in (1, 10, 100):
        for count in (10, 200, 2000):
            found = timed(lines, count)
            print(f"{lines:>6} {count:>11} {statistics.median(found):>10.3f} {max(found):>11.3f}")
    for quantity in (1, 60, 6000, 600_000):
        found, applied = timed(10, 200, quantity), applying(10, 200, quantity)
        print(f"10 lines x 200 promotions, {quantity} units a line: "
              f"{statistics.median(found):.3f} ms, {applied} promotions apply")  # fmt: skip


if __name__ == "__main__":
    main()
