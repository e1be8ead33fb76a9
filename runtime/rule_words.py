"""A rule in words: what a written promotion says, as sentences in a language.

Comes in: plain values in the shape of promotions, as people are writing them, so anything may be
missing or wrong. Goes out: sentences; what is not understood is named and never fails. What is
wrong is told by the lints, not here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import format_currency

from generator.model.app import App
from runtime.rule_names import ARGS, OPTIONS, WORDS, called

Given = Mapping[str, Any]


class RuleWords:
    """Says rules in one language."""

    def __init__(self, app: App, locale: str) -> None:
        assert app.pricing is not None
        self.app, self.pricing, self.locale = app, app.pricing, locale
        self.chinese = locale.startswith("zh")

    def facet(self, name: str) -> str:
        """Return what a label of items is called: the records it leads to, or the field."""
        path = self.pricing.item.labels.get(name, "")
        steps = self.app.walk(self.pricing.item.entity, path) if path else None
        if not steps:
            return name
        named = self.app.entities[steps[-1].entity].label if len(steps) > 2 else steps[-1].label
        text = named.text(self.locale)
        return text if self.chinese else text[:1].lower() + text[1:]

    def sentences(self, written: Any) -> list[str]:
        """Return what a rule says, one thought a sentence."""
        if not isinstance(written, Mapping):
            return []
        found = []
        conditions = [self.condition(one) for one in _list(written.get("when"))]
        if conditions:
            found.append(self.both("When {what}:", "当{what}时：", what=self.join(conditions)))
        found += [self.action(one) for one in _list(written.get("then"))]
        found += list(self._rest(written))
        return [text[:1].upper() + text[1:] for text in found if text]

    def both(self, en: str, zh: str, **parts: str) -> str:
        """Return a sentence with its parts."""
        return (zh if self.chinese else en).format(**parts)

    def join(self, parts: list[str], other: bool = False) -> str:
        """Return parts as one enumeration."""
        word = ("或" if other else "且") if self.chinese else " or " if other else " and "
        return word.join(parts)

    def listed(self, values: Any) -> str:
        """Return names side by side."""
        return ("、" if self.chinese else ", ").join(str(one) for one in _list(values)) or "–"

    def money(self, written: Any) -> str:
        """Return an amount, in each of its currencies."""
        if isinstance(written, Mapping):
            return " / ".join(self._one(value, str(code)) for code, value in written.items()) or "–"
        return self._one(written, self.pricing.home)

    def _one(self, written: Any, currency: str) -> str:
        try:
            value = Decimal(str(written))
            return str(format_currency(value, currency, locale=self.locale))
        except (InvalidOperation, ValueError, LookupError, OverflowError):
            return "–" if written is None else str(written)[:40]

    def percent(self, written: Any) -> str:
        """Return a percent off; in Chinese as what is left of ten, where that is usual."""
        try:
            value = Decimal(str(written))
        except InvalidOperation:
            return str(written)[:40]
        if self.chinese and 0 < value < 100 and value.as_tuple().exponent == 0:  # 20 % off: 8 折
            left = (100 - value) / 10
            return f"{left.normalize():f} 折"
        return f"减 {value.normalize():f}%" if self.chinese else f"{value.normalize():f}% off"

    def effect(self, given: Given) -> str:
        """Return what one of `percent`, `amount` and `price` does."""
        if given.get("percent") is not None:
            return self.percent(given["percent"])
        if given.get("amount") is not None:
            return self.both("{x} off", "减 {x}", x=self.money(given["amount"]))
        if given.get("price") is not None:
            return self.both("for {x}", "{x}", x=self.money(given["price"]))
        return "–"

    def match(self, given: Given) -> str:
        """Return which items are meant, '' for all."""
        parts = []
        for key, en, zh in (
            ("include", "of {x}", "限{x}"),
            ("exclude", "except {x}", "{x}除外"),
        ):
            said = self._match(given.get(key))
            if said:
                parts.append(self.both(en, zh, x=said))
        return ("，" if self.chinese else " ").join(parts)

    def _match(self, match: Any) -> str:
        if not isinstance(match, Mapping):
            return ""
        parts = []
        if match.get("items"):
            parts.append(self.listed(match["items"]))
        labels = match.get("labels")
        for facet, values in labels.items() if isinstance(labels, Mapping) else ():
            parts.append(f"{self.facet(str(facet))} {self.listed(values)}")
        for key in ("price_from", "price_to", "list_from", "list_to"):
            if match.get(key) is not None:
                parts.append(f"{called(ARGS, key, self.chinese).lower()} {self.money(match[key])}")
        if match.get("reduced") is not None:
            reduced = self.both("reduced items", "已降价商品")
            whole = self.both("items that are not reduced", "未降价商品")
            parts.append(reduced if match["reduced"] else whole)
        return self.join(parts)

    def condition(self, given: Any) -> str:
        """Return one condition."""
        if not isinstance(given, Mapping):
            return "–"
        word = str(given.get("type", ""))
        say = _CONDITIONS.get(word)
        return say(self, given) if say else self.plainly(word, given)

    def action(self, given: Any) -> str:
        """Return one action as a sentence."""
        if not isinstance(given, Mapping):
            return "–"
        word = str(given.get("type", ""))
        say = _ACTIONS.get(word)
        said = say(self, given) if say else self.plainly(word, given)
        meant = self.match(given) if word not in ("gift",) else ""
        said = (
            f"{said}{'（' if self.chinese else ', '}{meant}{'）' if self.chinese else ''}"
            if meant
            else said
        )
        if given.get("cap") is not None:
            said += self.both(", at most {x}", "，最多 {x}", x=self.money(given["cap"]))
        return said + ("。" if self.chinese else ".")

    def plainly(self, word: str, given: Given) -> str:
        """Return a word that nobody words: its name and what is written with it."""
        rest = ", ".join(
            f"{called(ARGS, key, self.chinese).lower()} {value}"
            for key, value in given.items()
            if key not in ("type", "include", "exclude", "cap")
            and not isinstance(value, dict | list)
        )
        return f"{called(WORDS, word, self.chinese)}{': ' + rest if rest else ''}"

    def option(self, value: Any) -> str:
        """Return what an option is called."""
        return called(OPTIONS, str(value), self.chinese)

    def _rest(self, written: Given) -> Iterator[str]:
        meant = self._match(written.get("include"))
        if meant:
            yield self.both("Only for {x}.", "仅限{x}。", x=meant)
        meant = self._match(written.get("exclude"))
        if meant:
            yield self.both("Not for {x}.", "{x}不参加。", x=meant)
        if written.get("codes") or written.get("needs_code"):
            yield self.both("Only with a code.", "需要输入优惠码。")
        if written.get("channels"):
            yield self.both("Only in {x}.", "仅限渠道：{x}。", x=self.listed(written["channels"]))
        if written.get("currencies"):
            listed = self.listed(written["currencies"])
            yield self.both("Only in {x}.", "仅限币种：{x}。", x=listed)
        yield from self._bounds(written)
        group = written.get("group")
        if isinstance(group, Mapping):
            yield self.both(
                "Of the group '{name}' only {policy} holds.", "“{name}”组中仅{policy}的生效。",
                name=str(group.get("name", "–")), policy=self.option(group.get("policy", "best")),
            )  # fmt: skip
        if written.get("exclusive"):
            yield self.both("Not together with others.", "不与其他优惠同享。")

    def _who(self, by: str) -> str:
        """Return by what a pace counts."""
        known = self.pricing.facts.get(by)
        if known is not None:
            return known.text(self.locale)
        return self.both("customer", "顾客") if by == "customer" else by

    def _paces(self, paces: list[Any]) -> Iterator[str]:
        for pace in paces:
            if isinstance(pace, Mapping):
                yield self.both(
                    "{n} times in {m} minutes by {x}.", "每 {m} 分钟同一{x}最多 {n} 次。",
                    n=str(pace.get("most", "–")), m=str(pace.get("minutes", "–")),
                    x=self._who(str(pace.get("by", "–"))),
                )  # fmt: skip

    def _bounds(self, written: Given) -> Iterator[str]:
        limits, budget = written.get("limits"), written.get("budget")
        if isinstance(limits, Mapping):
            if limits.get("total") is not None:
                yield self.both("{n} times altogether.", "共 {n} 次。", n=str(limits["total"]))
            if limits.get("per_customer") is not None:
                n = str(limits["per_customer"])
                yield self.both("{n} times for each customer.", "每人 {n} 次。", n=n)
            yield from self._paces(_list(limits.get("within")))
        if written.get("shares"):
            shared = str(written["shares"])
            yield self.both("From the budget of {x}.", "使用 {x} 的预算。", x=shared)
        if isinstance(budget, Mapping):
            if budget.get("amount") is not None:
                yield self.both("It may cost {x}.", "预算 {x}。", x=self.money(budget["amount"]))
            elif budget.get("uses") is not None:
                yield self.both("{n} uses.", "预算 {n} 次。", n=str(budget["uses"]))
        recurs = written.get("recurs")
        if isinstance(recurs, Mapping) and recurs.get("weekdays"):
            days = self.listed([self.option(day) for day in _list(recurs["weekdays"])])
            yield self.both("Only on {x}.", "仅限{x}。", x=days)


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _goods(says: RuleWords, given: Given) -> str:
    op = says.option(given.get("op", ">="))
    meant = says.match(given)
    meant = f" {meant}" if meant and not says.chinese else f"（{meant}）" if meant else ""
    value = says.money(given.get("value"))
    return says.both(
        "the goods{m} come to {op} {x}", "商品金额{m}{op} {x} ", m=meant, op=op, x=value
    )


def _pieces(says: RuleWords, given: Given) -> str:
    op, meant = says.option(given.get("op", ">=")), says.match(given)
    meant = f" {meant}" if meant and not says.chinese else f"（{meant}）" if meant else ""
    n = str(given.get("value", "–"))
    return says.both("there are {op} {n} pieces{m}", "件数{m}{op} {n} ", op=op, n=n, m=meant)


def _contains(says: RuleWords, given: Given) -> str:
    which, meant = says.option(given.get("which", "any")), says.match(given)
    return says.both("the cart has {w} {m}", "购物车中有{w}{m}", w=which, m=meant).rstrip()


def _customer(says: RuleWords, given: Given) -> str:
    parts = []
    if given.get("groups"):
        listed = says.listed(given["groups"])
        parts.append(says.both("the customer is in {x}", "顾客属于 {x} ", x=listed))
    if given.get("not_groups"):
        listed = says.listed(given["not_groups"])
        parts.append(says.both("the customer is not in {x}", "顾客不属于 {x} ", x=listed))
    if given.get("known") is not None:
        yes = given["known"]
        parts.append(says.both("the customer is known" if yes else "the customer is a guest",
                               "顾客已登录" if yes else "顾客未登录"))  # fmt: skip
    return says.join(parts) or "–"


def _fact(says: RuleWords, given: Given) -> str:
    name = str(given.get("name", "–"))
    known = says.pricing.facts.get(name)
    label = known.text(says.locale) if known is not None else name
    if given.get("in"):
        return says.both("{n} is one of {x}", "{n}属于 {x} ", n=label, x=says.listed(given["in"]))
    if given.get("not_in"):
        listed = says.listed(given["not_in"])
        return says.both("{n} is none of {x}", "{n}不属于 {x} ", n=label, x=listed)
    op, value = says.option(given.get("op", "==")), str(given.get("value", "–"))
    return says.both("{n} is {op} {x}", "{n}{op} {x} ", n=label, op=op, x=value)


def _tiers(says: RuleWords, given: Given) -> str:
    steps = []
    for step in _list(given.get("steps")):
        if isinstance(step, Mapping):
            pieces = says.both("{n} pieces", "{n} 件", n=str(step.get("from_quantity")))
            amount = step.get("from_amount")
            start = says.money(amount) if amount is not None else pieces
            effect = says.effect(step)
            steps.append(says.both("from {a} {e}", "满 {a} {e}", a=start, e=effect))
    return ("；" if says.chinese else "; ").join(steps) or "–"


def _off(says: RuleWords, given: Given) -> str:
    what = (
        says.percent(given.get("percent"))
        if "percent" in given
        else says.both("{x} off", "减 {x}", x=says.money(given.get("value")))
    )
    apply = str(given.get("apply", "spread"))
    where = _PLACES.get(apply, apply) if says.chinese else says.option(apply)
    return says.both("{what}, {where}", "{where} {what}", what=what, where=where)


_PLACES = {
    "each_unit": "每件",
    "each_line": "每行商品",
    "spread": "整单",
    "with_delivery": "整单（含运费）",
}


def _buy_get(says: RuleWords, given: Given) -> str:
    buy, get = given.get("buy"), given.get("get")
    buy, get = (one if isinstance(one, Mapping) else {} for one in (buy, get))
    return says.both(
        "Buy {b} {bm}, get {g} {gm} {e}", "买 {b} 件{bm}，另 {g} 件{gm} {e}",
        b=str(buy.get("quantity", 1)), bm=says.match(buy), g=str(get.get("quantity", 1)),
        gm=says.match(get), e=says.effect(get),
    ).replace("  ", " ").replace(" ,", ",")  # fmt: skip


def _gift(says: RuleWords, given: Given) -> str:
    n, item = str(given.get("quantity", 1)), str(given.get("item", "–"))
    if given.get("every") is not None:
        every = str(given["every"])
        return says.both(
            "{n} × {i} as a gift for every {e} pieces",
            "每 {e} 件赠 {i} × {n}",
            n=n,
            i=item,
            e=every,
        )
    return says.both("{n} × {i} as a gift", "赠 {i} × {n}", n=n, i=item)


def _fixed_price(says: RuleWords, given: Given) -> str:
    price = says.money(given.get("price"))
    if given.get("holder_price") is None:
        return says.both("costs {x}", "特价 {x}", x=price)
    mine = says.money(given["holder_price"])
    return says.both(
        "costs {x}, and {y} for whoever the code was handed to", "特价 {x}，持码人 {y}", x=price,
        y=mine,
    )  # fmt: skip


Say = Callable[[RuleWords, Given], str]
_CONDITIONS: Mapping[str, Say] = {
    "amount": _goods,
    "quantity": _pieces,
    "contains": _contains,
    "customer": _customer,
    "fact": _fact,
    "method": lambda says, given: says.both(
        "delivery is by {x}", "配送方式为 {x} ", x=says.listed(given.get("in"))
    ),
    "order_number": lambda says, given: says.both(
        "it is order number {op} {n}", "下单次数{op} {n} ",
        op=says.option(given.get("op", "==")), n=str(given.get("value", 1)),
    ),
    "all": lambda says, given: says.join([says.condition(one) for one in _list(given.get("of"))]),
    "any": lambda says, given: says.join(
        [says.condition(one) for one in _list(given.get("of"))], other=True
    ),
    "not": lambda says, given: says.both(
        "it is not so that {x}", "不满足“{x}”", x=says.condition(given.get("of"))
    ),
}  # fmt: skip
_ACTIONS: Mapping[str, Say] = {
    "percent_off": _off,
    "amount_off": _off,
    "tiered": _tiers,
    "buy_get": _buy_get,
    "gift": _gift,
    "every_amount_off": lambda says, given: says.both(
        "{v} off for every {e}", "每满 {e} 减 {v}",
        v=says.money(given.get("value")), e=says.money(given.get("every")),
    ),
    "fixed_price": _fixed_price,
    "deposit_bonus": lambda says, given: says.both(
        "{x} is paid ahead and counts for {w}", "付定金 {x} 抵 {w}",
        x=says.money(given.get("deposit")),
        w=says.money(given.get("worth") or given.get("deposit")),
    ),
    "nth": lambda says, given: says.both(
        "of every {n} pieces one {e}", "第 {n} 件 {e}",
        n=str(given.get("n", "–")), e=says.effect(given),
    ),
    "bundle_price": lambda says, given: says.both(
        "{n} pieces for {x}", "任选 {n} 件 {x}",
        n=str(given.get("quantity", "–")), x=says.money(given.get("price")),
    ),
    "unit_groups": lambda says, given: says.both(
        "in groups of {n} pieces {e}", "每 {n} 件一组，每件 {e}",
        n=str(given.get("size", "–")), e=says.effect(given),
    ),
    "cheapest": lambda says, given: says.both(
        "the cheapest piece {e}", "最便宜的一件 {e}", e=says.effect(given)
    ),
    "delivery_percent_off": lambda says, given: says.both(
        "delivery {x}", "运费 {x}", x=says.percent(given.get("percent"))
    ),
    "delivery_amount_off": lambda says, given: says.both(
        "{x} off delivery", "运费减 {x}", x=says.money(given.get("value"))
    ),
    "delivery_price": lambda says, given: says.both(
        "delivery costs {x}", "运费 {x}", x=says.money(given.get("price"))
    ),
}  # fmt: skip
