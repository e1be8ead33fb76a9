"""A priced cart in words: what programs get as JSON, and people as text, in both languages.

Every promotion that was considered says what became of it, with what it needs and what there is.
The short form is for shoppers: how much is missing of the nearest amount or number of units.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any

from babel.numbers import format_currency

from generator.model.app import App
from generator.model.text import Label
from rules.pricing.codes import public_state
from rules.pricing.gates import UNKNOWN
from rules.pricing.lists import LEAST
from rules.pricing.promotion import Promotion
from rules.pricing.result import Allocation, CodeState, Listing, Miss, Step
from runtime.operations.evaluate import Evaluated

Texts = tuple[str, str]
"""A sentence in English and in Chinese."""
MONEY = "money"

VERDICTS: Mapping[str, Texts] = {
    "applied": ("Applied: takes off {granted}.", "已享受：减 {granted}。"),
    "nothing_left": ("There is nothing left to take off.", "已无可优惠的金额。"),
    "suppressed": (
        "Not beside '{by}'; alone it would have taken off {granted}.",
        "不与“{by}”同享；单独使用可减 {granted}。",
    ),
    "budget": ("Its budget is used up.", "活动预算已用完。"),
    "code": ("Only with a code.", "需要输入优惠码。"),
    "currency": ("Not in {have}; it has amounts in {need}.", "不适用于 {have}，仅限 {need}。"),
}
MISSES: Mapping[str, Texts] = {
    "amount": ("Needs goods for {need}; there are {have}.", "需满 {need}，目前 {have}。"),
    "tier": ("Begins at {need}; there is {have}.", "门槛为 {need}，目前 {have}。"),
    "every": ("Begins at {need}; there is {have}.", "门槛为 {need}，目前 {have}。"),
    "quantity": ("Needs {need} units; there are {have}.", "需满 {need} 件，目前 {have} 件。"),
    "buy": ("Needs {need} units; there are {have}.", "需满 {need} 件，目前 {have} 件。"),
    "n": ("Needs {need} of them; there are {have}.", "需有 {need} 件，目前 {have} 件。"),
    "size": ("Needs {need} of them; there are {have}.", "需有 {need} 件，目前 {have} 件。"),
    "contains": (
        "Needs {need} units of certain items; there are {have}.",
        "需有指定商品 {need} 件，目前 {have} 件。",
    ),
    "scope": ("Nothing in the cart is meant by it.", "购物车中没有适用的商品。"),
    "stock": ("Its units are sold out.", "活动库存已售完。"),
    "customer.groups": (
        "Only for {need}; the customer is in {have}.",
        "仅限 {need}，该顾客属于 {have}。",
    ),
    "customer.not_groups": ("Not for {need}.", "不适用于 {need}。"),
    "customer.known": ("It matters who buys.", "需要顾客身份。"),
    "order_number": ("Only with order number {need}.", "仅限第 {need} 单。"),
    "method": ("Only with delivery by {need}.", "仅限配送方式 {need}。"),
    "channel": ("Only in {need}.", "仅限渠道 {need}。"),
    "status": ("It is not running: {have}.", "活动未生效：{have}。"),
    "recurrence": ("Not on this day or at this hour.", "当前日期或时段不参与。"),
    "limit_reached": ("Used up: {have} of {need}.", "已领完：{have}/{need}。"),
    "customer_limit": (
        "This customer has used it {have} times of {need}.",
        "该顾客已使用 {have} 次，最多 {need} 次。",
    ),
    "too_often": (
        "Too often in a short time: {have} of {need}; try later.",
        "短时间内使用过于频繁（{have}/{need}），请稍后再试。",
    ),
    "not": ("Something is there that must not be.", "存在不允许的条件。"),
    "any": ("None of its conditions holds.", "没有满足任何条件。"),
}
ONLY_FOR: Texts = ("Only for {need}.", "仅限 {need}。")
WINDOWS: Mapping[str, Texts] = {
    "not_started": ("It has not begun.", "活动尚未开始。"),
    "ended": ("It is over.", "活动已结束。"),
}
FACT: Texts = ("Needs another {name}: {need}.", "{name}须为 {need}。")
WHO: Texts = ("Only where it is known: {name}.", "需提供{name}。")
OTHER: Texts = ("A condition does not hold.", "有条件未满足。")
LISTINGS: Mapping[str, Texts] = {
    "applied": ("Price list {list}: {price}.", "价目表“{list}”：{price}。"),
    "applied_from": (
        "Price list {list} from {least}: {price}.",
        "价目表“{list}”满 {least} 件：{price}。",
    ),
    "suppressed": (
        "Price list {list} has {price}; price list {by} goes first.",
        "价目表“{list}”为 {price}；优先采用价目表“{by}”。",
    ),
    "from_quantity": (
        "Price list {list} from {need}: {price}; there are {have}.",
        "价目表“{list}”满 {need} 件为 {price}，目前 {have} 件。",
    ),
    "not_eligible": ("Price list {list} ({price}): {why}", "价目表“{list}”（{price}）：{why}"),
    "short": ("{price} each for {item} ({list})", "{item} 单价 {price}（{list}）"),
}
SHORT: Mapping[str, Texts] = {
    MONEY: ("Add {missing} more: {label}", "再买 {missing} 即可享受：{label}"),
    "count": ("Add {missing} more pieces: {label}", "再买 {missing} 件即可享受：{label}"),
    "one": ("Add one more piece: {label}", "再买 1 件即可享受：{label}"),
}
APPLIED: Texts = ("Applied.", "已生效。")
OFFER: Texts = (
    "{label}: add {item} for {price}, at most {most}",
    "{label}：可加 {price} 换购 {item}，最多 {most} 件",
)
CODES: Mapping[str, Texts] = {
    "applied": ("This code is applied.", "优惠码已生效。"),
    "not_started": ("This code does not hold yet.", "优惠码尚未生效。"),
    "ended": ("This code has expired.", "优惠码已过期。"),
    "limit_reached": ("This code is used up.", "优惠码已被领完。"),
    "customer_limit": ("You have used this code.", "您已使用过该优惠码。"),
    "too_often": (
        "This code was used too often in a short time; try later.",
        "该优惠码短时间内使用过于频繁，请稍后再试。",
    ),
    "condition_not_met": ("The cart does not meet its conditions.", "购物车未满足使用条件。"),
    "not_combinable": ("Not beside another code.", "不能与其他优惠码同用。"),
    "better_exists": ("Something better is applied.", "已为您使用更优惠的活动。"),
    "unknown": ("There is no such code.", "没有这个优惠码。"),
}


class Sentences:
    """Says in a language what became of promotions."""

    def __init__(
        self,
        app: App,
        locale: str,
        currency: str,
        places: int,
        labels: Mapping[str, Mapping[str, str]],
    ) -> None:
        self.app, self.locale = app, locale
        self.currency, self.places, self.labels = currency, places, labels

    def amount(self, minor: int) -> str:
        """Return an amount as programs read it: `12.50`."""
        return f"{Decimal(minor).scaleb(-self.places):f}"

    def money(self, minor: int) -> str:
        """Return an amount as people read it."""
        value = Decimal(minor).scaleb(-self.places)
        return str(format_currency(value, self.currency, locale=self.locale))

    def name(self, promotion: str) -> str:
        """Return what people call a promotion."""
        texts = self.labels.get(promotion)
        return Label(texts).text(self.locale) if texts else promotion

    def sentence(self, step: Step) -> str:
        """Return what became of one promotion."""
        miss = step.miss
        parts = {
            "granted": self.money(step.granted),
            "by": self.name(step.by),
            "have": self._value(miss, "have"),
            "need": self._value(miss, "need"),
        }
        if step.verdict == "applied" and not step.granted:  # a gift takes nothing off
            return self._say(APPLIED, parts)
        if step.verdict in VERDICTS:
            return self._say(VERDICTS[step.verdict], parts)
        return self._lack(miss, parts)

    def listing(self, one: Listing) -> str:
        """Return what became of one price list for one line."""
        parts = self._listed(one)
        parts |= {"have": self._value(one.miss, "have"), "need": self._value(one.miss, "need")}
        if one.verdict == "applied" and one.least > 1:
            return self._say(LISTINGS["applied_from"], parts)
        if one.miss is not None and one.miss.path == LEAST:
            return self._say(LISTINGS[LEAST], parts)
        if one.verdict == "not_eligible":
            parts["why"] = self._lack(one.miss, parts)
        return self._say(LISTINGS[one.verdict], parts)

    def _listed(self, one: Listing) -> dict[str, str]:
        label = Label(dict(one.labels)).text(self.locale) if one.labels else one.list
        return {
            "list": label,
            "least": str(one.least),
            "price": self.money(one.price),
            "by": one.by,
            "item": one.item,
        }

    def _lack(self, miss: Miss | None, parts: dict[str, str]) -> str:
        """Return which condition does not hold."""
        if miss is None:
            return self._say(OTHER, parts)
        if miss.path == "window":
            return self._say(WINDOWS.get(str(miss.have), OTHER), parts)
        for begins in ("fact.", UNKNOWN):
            if not miss.path.startswith(begins):
                continue
            name = miss.path.removeprefix(begins)
            pricing = self.app.pricing
            label = pricing.facts.get(name) if pricing is not None else None
            parts["name"] = label.text(self.locale) if label is not None else name
            return self._say(FACT if begins == "fact." else WHO, parts)
        if miss.path == "customer.groups" and not miss.have:
            # whoever buys is in none, or it is not kept in which
            return self._say(ONLY_FOR, parts)
        return self._say(MISSES.get(miss.path, OTHER), parts)

    def _say(self, texts: Texts, parts: Mapping[str, str]) -> str:
        return Label({"en": texts[0], "zh": texts[1]}).text(self.locale).format(**parts)

    def _value(self, miss: Miss | None, key: str) -> str:
        value = getattr(miss, key) if miss is not None else None
        if miss is not None and miss.measure == MONEY:
            return self.money(int(value or 0))
        if isinstance(value, tuple | list | frozenset):
            comma = "、" if self.locale.startswith("zh") else ", "
            return comma.join(str(one) for one in value) or "–"
        return "–" if value is None or value == "" else str(value)


class Words(Sentences):
    """Says a priced cart in a language."""

    def __init__(self, evaluated: Evaluated, app: App, locale: str) -> None:
        self.found = evaluated
        labels = {one.id: one.labels for one in evaluated.book.promotions}
        super().__init__(app, locale, evaluated.cart.currency, evaluated.places, labels)

    @cached_property
    def called(self) -> Mapping[str, Promotion]:
        """Return the promotions that were there, by their ids."""
        return {one.id: one for one in self.found.book.promotions}

    def version(self, promotion: str) -> int:
        """Return which version of a promotion was looked at."""
        known = self.called.get(promotion)
        return known.version if known is not None else 1

    def as_json(self) -> dict[str, Any]:
        """Return the whole: amounts as text, sentences in the caller's language."""
        found, priced = self.found, self.found.priced
        totals = priced.totals
        lines = {line.id: line for line in found.cart.lines}
        return {
            "currency": found.cart.currency,
            "at": found.at.isoformat(),
            "fingerprint": priced.fingerprint,
            "lines": [
                {
                    "id": one.id,
                    "item": lines[one.id].item,
                    "quantity": lines[one.id].quantity,
                    "unit_price": self.amount(lines[one.id].price),
                    **self._lowest(one.id),
                    "amount": self.amount(one.list),
                    "discount": self.amount(one.off),
                    "total": self.amount(one.paid),
                    "tax": self.amount(one.tax),
                    "units": [
                        {"quantity": count, "total": self.amount(paid)}
                        for count, paid in one.units
                    ],
                    "discounts": [self._allocation(each) for each in one.allocations],
                }
                for one in priced.lines
            ],
            "deliveries": [
                {
                    "id": one.id,
                    "amount": self.amount(one.list),
                    "discount": self.amount(one.list - one.paid),
                    "total": self.amount(one.paid),
                    "tax": self.amount(one.tax),
                    "discounts": [self._allocation(each) for each in one.allocations],
                }
                for one in priced.shipments
            ],
            "extras": [
                {"promotion": one.promotion, "item": one.item, "quantity": one.quantity,
                 "total": self.amount(one.charged)}
                for one in priced.extras
            ],
            "offers": [
                {"promotion": one.promotion, "item": one.item, "price": self.amount(one.price),
                 "most": one.most}
                for one in priced.offers
            ],
            "codes": [self._code(one) for one in priced.codes],
            "totals": {
                "goods": self.amount(totals.goods),
                "discount": self.amount(totals.off),
                "extras": self.amount(totals.extras),
                "delivery": self.amount(totals.shipping),
                "delivery_discount": self.amount(totals.shipping_off),
                "tax": self.amount(totals.tax),
                "total": self.amount(totals.total),
            },
            "tax_included": found.cart.gross,
            "prices": [self._price(one) for one in priced.listings],
            "trace": [self._step(step) for step in priced.trace],
            "hints": self.hints(),
        }  # fmt: skip

    def as_text(self) -> list[str]:
        """Return the lines a terminal shows."""

        def say(en: str, zh: str) -> str:
            return Label({"en": en, "zh": zh}).text(self.locale)

        found, priced = self.found, self.found.priced
        lines = {line.id: line for line in found.cart.lines}
        out = []
        for one in priced.lines:
            line = lines[one.id]
            off = f"  -{self.money(one.off)}" if one.off else ""
            out.append(
                f"{line.item}  {line.quantity} × {self.money(line.price)}{off}"
                f"  = {self.money(one.paid)}"
            )
            out += [
                f"    -{self.money(each.amount)}  {self.name(each.promotion)}"
                for each in one.allocations
            ]
        for ship in priced.shipments:
            off = f"  -{self.money(ship.list - ship.paid)}" if ship.list != ship.paid else ""
            out.append(f"{ship.id}  {self.money(ship.list)}{off}  = {self.money(ship.paid)}")
        for extra in priced.extras:
            out.append(f"{extra.item}  {extra.quantity} × {self.name(extra.promotion)}"
                       f"  = {self.money(extra.charged)}")  # fmt: skip
        total, off = self.money(priced.totals.total), self.money(priced.totals.off)
        out += [f"{one.item}  {self.listing(one)}" for one in priced.listings]
        out += [say(f"To pay: {total} ({off} off)", f"应付：{total}（已优惠 {off}）"), ""]
        out += self.codes()
        out.append(say("Promotions:", "促销："))
        out += [f"  {self.name(step.promotion)}: {self.sentence(step)}" for step in priced.trace]
        hints = self.hints()
        return [*out, "", *hints] if hints else out

    def offers(self) -> list[str]:
        """Return what may be added for less."""
        return [
            self._say(OFFER, {"label": self.name(one.promotion), "item": one.item,
                              "price": self.money(one.price), "most": str(one.most)})
            for one in self.found.priced.offers
        ]  # fmt: skip

    def hints(self) -> list[str]:
        """Return the short form of what was begun and is not reached, the nearest first."""
        near = []
        for step in self.found.priced.trace:
            missing = _missing(step.miss)
            if step.miss is not None and step.miss.have and missing is not None:
                money = step.miss.measure == MONEY
                parts = {
                    "missing": self.money(missing) if money else str(missing),
                    "label": self.name(step.promotion),
                }
                kind = "one" if missing == 1 and not money else step.miss.measure
                near.append((not money, missing, self._say(SHORT[kind], parts)))
        for one in self.found.priced.listings:
            if one.miss is not None and one.miss.path == LEAST:
                missing = one.miss.need - one.miss.have
                label = self._say(LISTINGS["short"], self._listed(one))
                parts = {"missing": str(missing), "label": label}
                kind = "one" if missing == 1 else "count"
                near.append((True, missing, self._say(SHORT[kind], parts)))
        return [text for _, _, text in sorted(near)]

    def codes(self) -> list[str]:
        """Return what became of each code that was typed."""
        return [f"{one.code}: {self._code(one)['message']}" for one in self.found.priced.codes]

    def _step(self, step: Step) -> dict[str, Any]:
        found: dict[str, Any] = {
            "promotion": step.promotion,
            "version": self.version(step.promotion),
            "label": self.name(step.promotion),
            "lane": step.lane,
            "verdict": step.verdict,
            "message": self.sentence(step),
            "granted": self.amount(step.granted),
        }
        if step.by:
            found["by"] = step.by
        if step.miss is not None:
            told = self._number if step.miss.measure == MONEY else _plain
            missing = _missing(step.miss)
            found["condition"] = step.miss.path
            found["have"], found["need"] = told(step.miss.have), told(step.miss.need)
            if missing is not None:
                found["missing"] = told(missing)
        if step.split:
            found["shares"] = [
                {"line": line, "base": self.amount(base), "amount": self.amount(share)}
                for line, base, share in step.split
            ]
        return found

    def _price(self, one: Listing) -> dict[str, Any]:
        found: dict[str, Any] = {
            "line": one.line,
            "item": one.item,
            "list": one.list,
            "verdict": one.verdict,
            "message": self.listing(one),
            "price": self.amount(one.price),
            "from_quantity": one.least,
        }
        if one.by:
            found["by"] = one.by
        if one.miss is not None:
            found["condition"] = one.miss.path
            found["have"], found["need"] = _plain(one.miss.have), _plain(one.miss.need)
        return found

    def _number(self, value: Any) -> str | None:
        return None if value is None else self.amount(int(value))

    def _lowest(self, line: str) -> dict[str, Any]:
        """Return the lowest price before a reduction, where there is one to be told."""
        known = self.found.lowest.get(line)
        return {} if known is None else {"lowest_before": self.amount(known)}

    def _allocation(self, one: Allocation) -> dict[str, Any]:
        return {
            "promotion": one.promotion,
            "version": one.version,
            "label": self.name(one.promotion),
            "lane": one.lane,
            "amount": self.amount(one.amount),
            "units": one.units,
            "code": one.code,
        }

    def _code(self, one: CodeState) -> dict[str, Any]:
        state = public_state(one.state)
        message = self._say(CODES.get(state, CODES["unknown"]), {})
        return {"code": one.code, "state": state, "message": message}


def _missing(miss: Miss | None) -> int | None:
    """Return how much is missing of an amount or a number of units; None where nothing is."""
    if miss is None or miss.measure not in SHORT:
        return None
    have, need = miss.have or 0, miss.need or 0
    return need - have if isinstance(need, int) and need > have else None


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list | frozenset):
        return [str(one) for one in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)
