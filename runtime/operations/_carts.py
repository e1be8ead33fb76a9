"""A cart as it was sent → what it says, or every fault with its field.

Nothing is looked up here. A line names an item, whose price is then the shop's, or brings a price
of its own; amounts are exact, in smallest units of the cart's currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from generator.model.pricing import Pricing
from generator.model.text import Label
from rules.pricing.amounts import Currencies, number
from runtime.errors import FieldError, Invalid

MOST_LINES = 1000
MOST_UNITS = 1_000_000
MOST_CODES = 50
MOST_AMOUNT = 10**15
LONGEST = 200
MOST_TAX = 1000
"""In percent."""
KEYS = frozenset(
    {"currency", "lines", "customer", "contact", "at", "codes", "channel", "deliveries", "facts",
     "accept"}
)  # fmt: skip
LINE_KEYS = frozenset({"id", "item", "quantity", "price", "list_price", "least", "labels", "tax"})
CUSTOMER_KEYS = frozenset({"key", "groups", "orders"})
DELIVERY_KEYS = frozenset({"id", "method", "cost"})
ACCEPT_KEYS = frozenset({"promotion", "item", "quantity"})


@dataclass(frozen=True)
class SentLine:
    """One line; `price` is None where the item's own is meant."""

    id: str
    item: str
    quantity: int
    price: int | None
    list_price: int | None
    least: int
    labels: Mapping[str, tuple[str, ...]]
    tax: Fraction = Fraction(0)


@dataclass(frozen=True)
class Delivery:
    """One delivery."""

    id: str
    method: str
    cost: int


@dataclass(frozen=True)
class Wish:
    """An add-on that whoever buys takes of what a promotion offers."""

    promotion: str
    item: str
    quantity: int


@dataclass(frozen=True)
class SentCart:
    """What is to be priced, as far as the request says."""

    currency: str
    named_currency: bool
    lines: tuple[SentLine, ...]
    customer: str = ""
    groups: tuple[str, ...] | None = None
    orders: int | None = None
    at: datetime | None = None
    codes: tuple[str, ...] = ()
    channel: str = ""
    deliveries: tuple[Delivery, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    contact: str = ""
    """An address of whoever buys, such as an e-mail: how guests are known."""
    accept: tuple[Wish, ...] = ()


def read_cart(body: Any, pricing: Pricing) -> SentCart:
    """Return a cart.

    Raises:
        Invalid: with each field that is wrong and a code for it.

    """
    reads = _Reads(pricing)
    found = reads.cart(body)
    if reads.errors:
        raise refused(*reads.errors)
    return found


def refused(*errors: FieldError) -> Invalid:
    """Return the refusal of a cart."""
    message = Label({"en": "This cart cannot be priced.", "zh": "这个购物车无法计价。"})
    return Invalid(message, errors)


def fault(at: str, code: str, en: str, zh: str) -> FieldError:
    """Return what is wrong with one field."""
    return FieldError(at, code, Label({"en": en, "zh": zh}))


class _Reads:
    """Reads values and collects what is wrong with them."""

    def __init__(self, pricing: Pricing) -> None:
        self.pricing = pricing
        self.errors: list[FieldError] = []
        self.currency = pricing.home

    def wrong(self, at: str, code: str, en: str, zh: str) -> None:
        self.errors.append(fault(at, code, en, zh))

    def cart(self, body: Any) -> SentCart:
        empty = SentCart(self.pricing.home, False, ())
        if not isinstance(body, Mapping):
            self.wrong("", "invalid", "Send an object with `lines`.", "请提交包含 lines 的对象。")
            return empty
        self.keys(body, KEYS, "")
        named = body.get("currency")
        if named is not None and named not in self.pricing.currencies:
            known = ", ".join(self.pricing.currencies)
            self.wrong(
                "currency",
                "unknown_currency",
                f"The currencies are: {known}.",
                f"可用币种：{known}。",
            )
        elif named is not None:
            self.currency = named
        lines = self.many(body, "lines", MOST_LINES)
        if not lines and not self.errors:
            self.wrong("lines", "required", "Write at least one line.", "请至少填写一行商品。")
        key, groups, orders = self.customer(body.get("customer"))
        return SentCart(
            self.currency,
            named is not None,
            tuple(self.line(one, f"lines.{at}", at) for at, one in enumerate(lines)),
            key,
            groups,
            orders,
            self.moment(body.get("at")),
            self.texts(body, "codes", "codes"),
            self.text(body, "channel", "channel"),
            tuple(
                self.delivery(one, f"deliveries.{at}", at)
                for at, one in enumerate(self.many(body, "deliveries", MOST_CODES))
            ),
            self.facts(body.get("facts")),
            self.text(body, "contact", "contact"),
            tuple(
                self.wish(one, f"accept.{at}")
                for at, one in enumerate(self.many(body, "accept", MOST_CODES))
            ),
        )

    def keys(self, body: Mapping[str, Any], known: frozenset[str], at: str) -> None:
        for key in body:
            if key not in known:
                self.wrong(_at(at, str(key)), "unknown_field", f"There is no field '{key}' here.",
                           f"这里没有字段“{key}”。")  # fmt: skip

    def many(self, body: Mapping[str, Any], key: str, most: int) -> list[Any]:
        found = body.get(key)
        if found is None:
            return []
        if not isinstance(found, list):
            self.wrong(key, "invalid", "Write a list.", "请填写列表。")
            return []
        if len(found) > most:
            self.wrong(
                key, "too_many", f"At most {most} here, not {len(found)}.",
                f"最多 {most} 项，实际 {len(found)} 项。",
            )  # fmt: skip
            return []
        return found

    def line(self, one: Any, at: str, place: int) -> SentLine:
        if not isinstance(one, Mapping):
            self.wrong(at, "invalid", "Write an object.", "请填写对象。")
            return SentLine("", "", 1, 0, None, 0, {})
        self.keys(one, LINE_KEYS, at)
        item, price = self.text(one, "item", f"{at}.item"), self.amount(one, "price", at)
        if not item and one.get("price") is None:
            self.wrong(f"{at}.item", "required", "Name an item or write a price.",
                       "请填写商品或单价。")  # fmt: skip
        own = price is not None
        for key in ("list_price", "least", "labels", "tax"):
            if not own and one.get(key) is not None and one.get("price") is None:
                self.wrong(f"{at}.{key}", "invalid", "Only beside a price of its own.",
                           "仅在自填单价时可用。")  # fmt: skip
        return SentLine(
            self.text(one, "id", f"{at}.id") or str(place + 1),
            item,
            self.quantity(one, f"{at}.quantity"),
            price,
            self.amount(one, "list_price", at),
            self.amount(one, "least", at) or 0,
            self.labels(one.get("labels"), f"{at}.labels"),
            self.tax(one.get("tax"), f"{at}.tax"),
        )

    def tax(self, written: Any, at: str) -> Fraction:
        if written is None:
            return Fraction(0)
        try:
            found = number(written)
        except ValueError:
            found = Decimal(-1)
        if not 0 <= found <= MOST_TAX:
            self.wrong(at, "invalid", "Write percent as text, such as 13 or 5.5.",
                       "请以文本填写百分比，如 13 或 5.5。")  # fmt: skip
            return Fraction(0)
        return Fraction(found) / 100

    def quantity(self, one: Mapping[str, Any], at: str) -> int:
        found = one.get("quantity", 1)
        if isinstance(found, bool) or not isinstance(found, int) or not 1 <= found <= MOST_UNITS:
            self.wrong(at, "invalid", f"Write a whole number from 1 to {MOST_UNITS}.",
                       f"请填写 1 到 {MOST_UNITS} 的整数。")  # fmt: skip
            return 1
        return found

    def amount(self, one: Mapping[str, Any], key: str, at: str) -> int | None:
        written = one.get(key)
        if written is None:
            return None
        try:
            known = Currencies(self.pricing.currencies, self.currency)
            found = known.read(str(written) if isinstance(written, float) else written)
            value = found.values.get(self.currency)
        except (ValueError, OverflowError) as error:
            self.wrong(_at(at, key), f"bad_{error}", *_AMOUNTS.get(str(error), _AMOUNTS["amount"]))
            return None
        if value is None or value > MOST_AMOUNT:
            self.wrong(_at(at, key), "out_of_range", "This amount is too large.", "金额过大。")
            return None
        return value

    def labels(self, written: Any, at: str) -> Mapping[str, tuple[str, ...]]:
        if written is None:
            return {}
        if not isinstance(written, Mapping):
            self.wrong(at, "invalid", "Write values by label.", "请按标签填写取值。")
            return {}
        known = self.pricing.item.labels
        for facet in written:
            if facet not in known:
                self.wrong(f"{at}.{facet}", "unknown_label", f"Known: {', '.join(known)}.",
                           f"可用标签：{'、'.join(known)}。")  # fmt: skip
        return {
            str(facet): self.texts(written, facet, f"{at}.{facet}")
            for facet in written
            if facet in known
        }

    def customer(self, written: Any) -> tuple[str, tuple[str, ...] | None, int | None]:
        if written is None:
            return "", None, None
        if isinstance(written, str):
            return self.text({"customer": written}, "customer", "customer"), None, None
        if not isinstance(written, Mapping):
            self.wrong("customer", "invalid", "Write a key or an object.", "请填写编号或对象。")
            return "", None, None
        self.keys(written, CUSTOMER_KEYS, "customer")
        orders = written.get("orders")
        if orders is not None and (
            isinstance(orders, bool) or not isinstance(orders, int) or orders < 0
        ):
            self.wrong("customer.orders", "invalid", "Write a whole number.", "请填写整数。")
            orders = None
        groups = None
        if written.get("groups") is not None:
            groups = self.texts(written, "groups", "customer.groups")
        return self.text(written, "key", "customer.key"), groups, orders

    def delivery(self, one: Any, at: str, place: int) -> Delivery:
        if not isinstance(one, Mapping):
            self.wrong(at, "invalid", "Write an object.", "请填写对象。")
            return Delivery("", "", 0)
        self.keys(one, DELIVERY_KEYS, at)
        name = self.text(one, "id", f"{at}.id") or f"delivery{place + 1}"
        cost = self.amount(one, "cost", at) or 0
        return Delivery(name, self.text(one, "method", f"{at}.method"), cost)

    def wish(self, one: Any, at: str) -> Wish:
        if not isinstance(one, Mapping):
            self.wrong(at, "invalid", "Write an object.", "请填写对象。")
            return Wish("", "", 1)
        self.keys(one, ACCEPT_KEYS, at)
        for key in ("promotion", "item"):
            if one.get(key) is None:
                self.wrong(f"{at}.{key}", "required", "Say what is taken, and of which promotion.",
                           "请填写换购商品与所属促销。")  # fmt: skip
        return Wish(
            self.text(one, "promotion", f"{at}.promotion"),
            self.text(one, "item", f"{at}.item"),
            self.quantity(one, f"{at}.quantity"),
        )

    def facts(self, written: Any) -> Mapping[str, Any]:
        if written is None:
            return {}
        if not isinstance(written, Mapping):
            self.wrong("facts", "invalid", "Write values by fact.", "请按名称填写取值。")
            return {}
        for name, value in written.items():
            if name not in self.pricing.facts:
                known = ", ".join(self.pricing.facts)
                self.wrong(f"facts.{name}", "unknown_fact", f"Known: {known}.", f"可用：{known}。")
            elif not isinstance(value, str | int | bool):
                self.wrong(f"facts.{name}", "invalid", "Write a text or a whole number.",
                           "请填写文本或整数。")  # fmt: skip
        return dict(written)

    def moment(self, written: Any) -> datetime | None:
        if written is None:
            return None
        try:
            found = datetime.fromisoformat(written) if isinstance(written, str) else None
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            self.wrong(
                "at", "invalid", "Write a moment with its zone, such as 2026-11-11T20:00+08:00.",
                "请填写带时区的时刻，如 2026-11-11T20:00+08:00。",
            )  # fmt: skip
            return None
        return found

    def text(self, body: Mapping[str, Any], key: str, at: str) -> str:
        found = body.get(key)
        if found is None:
            return ""
        if not isinstance(found, str) or not 0 < len(found) <= LONGEST or "\x00" in found:
            self.wrong(at, "invalid", f"Write a text of at most {LONGEST} characters.",
                       f"请填写不超过 {LONGEST} 个字符的文本。")  # fmt: skip
            return ""
        return found

    def texts(self, body: Mapping[str, Any], key: str, at: str) -> tuple[str, ...]:
        found = body.get(key)
        if found is None:
            return ()
        if not isinstance(found, list) or len(found) > MOST_CODES:
            self.wrong(at, "invalid", f"Write a list of at most {MOST_CODES} texts.",
                       f"请填写不超过 {MOST_CODES} 项的文本列表。")  # fmt: skip
            return ()
        return tuple(self.text({key: one}, key, f"{at}.{n}") for n, one in enumerate(found))


_AMOUNTS = {
    "amount": ("Write an amount of zero or more as text, such as 12.50.",
               "请以文本填写不小于零的金额，如 12.50。"),
    "currency": ("The shop does not have this currency.", "本店没有这种币种。"),
    "decimals": ("The currency does not have so many decimals.", "该币种没有这么多位小数。"),
}  # fmt: skip


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
