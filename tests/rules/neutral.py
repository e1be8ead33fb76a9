"""The neutral format of promotion vectors, put into our shape.

A vector states a cart, promotions and what other engines make of them. This file knows their words
(`sku`, `item_total`, `nth_line_unit`) and says ours; it computes nothing. What a vector names and
we do not know is a failure, never left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from rules.pricing.amounts import Currencies
from rules.pricing.cart import Cart, Context, Customer, Line, Rate, Settings, Shipment, Used
from rules.pricing.promotion import Book, Promotion, book
from rules.pricing.reading import read_promotion

OTHER_DECIMALS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "KWD": 3, "BHD": 3, "OMR": 3, "TND": 3}
LANES = (
    "price", "deposit", "pre", "line", "order", "post", "shipping", "gift", "manual",
)  # fmt: skip
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
FOREIGN = {
    "line_floor=none",
    "unit_alloc=sap_group_threshold",
    "max_units=subtract_line_discount",
}
"""Switches that only another engine has; such vectors are skipped, by name."""
SPLITS = {
    "alloc=round_each_last_takes_rest": "rounded_last_rest",
    "alloc=floor_then_first": "floor_first",
    "alloc=round_half_down_then_first": "half_down_first",
    "alloc=last_takes_rest": "floor_last_rest",
    "alloc=largest_remainder": "largest_remainder",
}
SWITCHES: Mapping[str, Mapping[str, Any]] = {
    **{name: {"split": way} for name, way in SPLITS.items()},
    "alloc_weight=tax_inclusive": {"split_by": "gross"},
    "unit_alloc=last": {"units_first": False},
    "round=down": {"rounding": "down"},
    "round=half_toward_shop": {"rounding": "half_down"},
    "round_at=unit": {"round_at": "unit"},
    "round_target=price": {"round_price": True},
    "order_discount=after_tax": {"tax_before_order": True},
}
ELSEWHERE = (
    "percent_base=", "condition_base=", "alloc_base=", "exclusive_policy=", "line_policy=",
    "pick=", "reserve=", "group_fill=", "budget_overrun=", "order_lane=", "refund_policy=",
    "max_units=per_line", "line_floor=zero", "round=half_up", "round_at=line", "max_units=",
    "alloc_weight=net", "unit_alloc=first", "round_target=discount", "order_discount=before_tax",
)  # fmt: skip
"""Switches that are arguments of a promotion, or repeat what a vector or a default says."""
SPREADS = {"order", "order_spread", "scope", "spread", "across", "scope_spread"}
BASES = {"current": "current", "lane_start": "lane_start", "list": "list"}
OPS = {"=": "==", "eq": "==", "ne": "!=", "gte": ">=", "gt": ">", "lte": "<=", "lt": "<"}


@dataclass(frozen=True)
class Case:
    """One vector in our shape."""

    cart: Cart
    book: Book
    context: Context
    now: datetime
    decimals: int
    owner: Mapping[str, str] = field(default_factory=dict)
    """Their promotion → ours, where several of theirs are one."""

    def minor(self, written: Any) -> int:
        return minor(written, self.decimals)


class Foreign(Exception):
    """A vector rests on what only another engine does."""


class Unknown(Exception):
    """A vector says something this file does not know."""


def minor(written: Any, decimals: int) -> int:
    """Return an amount in smallest units."""
    scaled = Decimal(str(written)).scaleb(decimals)
    if scaled != scaled.to_integral_value():
        raise Unknown(f"{written} has more than {decimals} decimals")
    return int(scaled)


def case(vector: Mapping[str, Any]) -> Case:
    """Return a vector as something to price.

    Raises:
        Foreign: it needs a switch of `FOREIGN`.
        Unknown: it holds a word that has no counterpart here.

    """
    switches = set(vector.get("semantics", ()))
    if switches & FOREIGN:
        raise Foreign(", ".join(sorted(switches & FOREIGN)))
    options: dict[str, Any] = {}
    for switch in switches:
        if switch in SWITCHES:
            options |= SWITCHES[switch]
        elif not switch.startswith(ELSEWHERE):
            raise Unknown(f"switch {switch}")
    cart = vector["cart"]
    decimals = int(cart.get("exponent", OTHER_DECIMALS.get(cart["currency"], 2)))
    ours, used = _promotions(vector, switches, decimals)
    lines = tuple(_line(at, line, decimals) for at, line in enumerate(cart["lines"]))
    customer = cart.get("customer") or {}
    names = {theirs["id"]: theirs.get("bundle") or theirs["id"] for theirs in vector["promotions"]}
    return Case(
        cart=Cart(
            cart["currency"],
            lines,
            _shipments(cart, decimals),
            tuple(cart.get("coupons", ())),
            gross=bool(cart.get("prices_include_tax")),
        ),
        book=book(ours, *LANES),
        context=Context(
            customer=Customer(
                str(customer.get("id") or customer.get("email") or ""),
                tuple(customer.get("groups", ())),
                customer.get("placed_orders"),
            ),
            channel=str(cart.get("channel", "")),
            facts=_facts(cart, customer),
            used={
                name: replace(facts, units={line.item: facts.units.get("", 0) for line in lines},
                              units_by_customer={
                                  line.item: facts.units_by_customer.get("", 0) for line in lines
                              })
                for name, facts in used.items()
            },
            settings=Settings(**options),
        ),
        now=moment(cart["now"]) if cart.get("now") else NOW,
        decimals=decimals,
        owner=names,
    )  # fmt: skip


def moment(written: str) -> datetime:
    found = datetime.fromisoformat(written)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _facts(cart: Mapping[str, Any], customer: Mapping[str, Any]) -> dict[str, Any]:
    known = {"lines", "shipments", "shipping_tiers", "customer", "returns", "coupons"}
    facts = {key: value for key, value in cart.items() if key not in known}
    named = {f"customer_{key}": value for key, value in customer.items()}
    who = [customer[key] for key in ("id", "email") if customer.get(key)]
    nested = {
        name: value
        for part in facts.values()
        if isinstance(part, Mapping)
        for name, value in part.items()
    }
    known_by = {"customer": who, "user": who} if who else {}
    return {**nested, **facts, **customer, **named, **known_by}


def _percent(written: Any) -> Fraction:
    return Fraction(Decimal(str(written or 0))) / 100


def _line(at: int, line: Mapping[str, Any], decimals: int) -> Line:
    known = {
        "sku", "qty", "unit_price", "min_unit_price", "list_unit_price", "on_sale", "tax_rate",
        "presale", "tags", "id",
    }  # fmt: skip
    labels = {key: _texts(value) for key, value in line.items() if key not in known}
    labels["tag"] = _texts(line.get("tags", ()))
    presale = line.get("presale") or {}
    return Line(
        id=str(at),
        item=line["sku"],
        quantity=int(line["qty"]),
        price=minor(line["unit_price"], decimals),
        labels=labels,
        was=_maybe(line.get("list_unit_price"), decimals),
        least=minor(line.get("min_unit_price") or 0, decimals),
        tax=_percent(line.get("tax_rate")),
        reduced=bool(line.get("on_sale")),
        deposit=minor(presale.get("deposit", 0), decimals),
        deposit_worth=minor(presale.get("deposit_counts_as", 0), decimals),
    )


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, list | tuple):
        return tuple(map(str, value))
    return (str(value),)


def _maybe(written: Any, decimals: int) -> int | None:
    return None if written is None else minor(written, decimals)


def _shipments(cart: Mapping[str, Any], decimals: int) -> tuple[Shipment, ...]:
    tax, method = _percent(cart.get("shipping_tax_rate")), str(cart.get("shipping_method", ""))
    if "shipments" in cart:
        return tuple(
            Shipment(
                each["id"],
                each.get("method", each["id"]),
                minor(each["cost"], decimals),
                tax=_percent(each["tax_rate"]) if "tax_rate" in each else tax,
            )
            for each in cart["shipments"]
        )
    if "shipping_tiers" in cart:
        rates = tuple(
            Rate(minor(tier["cost"], decimals), _maybe(tier.get("below"), decimals))
            for tier in cart["shipping_tiers"]
        )
        return (Shipment("shipping", method, rates=rates, tax=tax),)
    if cart.get("shipping") is None and not method:
        return ()
    return (Shipment("shipping", method, minor(cart.get("shipping", 0), decimals), tax=tax),)


def _promotions(
    vector: Mapping[str, Any], switches: set[str], decimals: int
) -> tuple[list[Promotion], dict[str, Used]]:
    currency = vector["cart"]["currency"]
    bundles: dict[str, list[Mapping[str, Any]]] = {}
    for theirs in vector["promotions"]:
        bundles.setdefault(theirs.get("bundle") or theirs["id"], []).append(theirs)
    mixed = _mixed(vector["promotions"])
    promotions, used = [], {}
    for name, parts in bundles.items():
        written = _written(name, parts, switches, mixed)
        known = {currency, *_currencies(written)}
        places = {each: OTHER_DECIMALS.get(each, 2) for each in known} | {currency: decimals}
        promotion, faults = read_promotion(written, Currencies(places, currency), LANES)
        if promotion is None:
            raise Unknown(f"{name}: {faults}")
        promotions.append(promotion)
        used[name] = _used(parts, decimals)
    return promotions, used


def _currencies(written: Any) -> set[str]:
    """Return every key that looks like a currency."""
    if isinstance(written, Mapping):
        own = {key for key in written if len(key) == 3 and key.isupper() and key.isalpha()}
        return own.union(*(_currencies(value) for value in written.values()), set())
    if isinstance(written, list):
        return set().union(*map(_currencies, written))
    return set()


def _mixed(promotions: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return groups with members about lines and members about the order: all meet in `order`."""
    lanes: dict[str, set[str]] = {}
    for theirs in promotions:
        if theirs.get("competes"):
            gift = theirs["action"]["type"] == "gift"
            lanes.setdefault(theirs["competes"], set()).add("gift" if gift else _lane(theirs))
    return {name for name, found in lanes.items() if found > {"order"} and found <= TOGETHER}


TOGETHER = {"line", "order", "gift"}
"""Members of one group that stand in several of these choose among each other."""


def _lane(theirs: Mapping[str, Any]) -> str:
    lane = theirs.get("lane")
    if lane in ("default", None):
        return {"lines": "line", "order": "order"}.get(theirs["scope"]["target"], "order")
    return {"presale": "deposit"}.get(lane, lane)


def _written(
    name: str, parts: Sequence[Mapping[str, Any]], switches: set[str], mixed: set[str]
) -> dict[str, Any]:
    """Return the promotion as somebody would write it here."""
    first = parts[0]
    lane, target = _lane(first), first["scope"]["target"]
    priority = int(first.get("priority", 0))
    if "order_lane=percent_before_fixed" in switches:
        priority = priority * 2 + (first["action"]["type"] == "percent_off")
    written: dict[str, Any] = {
        "id": name,
        "priority": priority,
        "target": target,
        "when": [_condition(each, switches) for each in first.get("conditions", ())],
        "then": [_action(part, switches, mixed) for part in parts],
        "window": _window(first),
        "limits": _limits(first.get("limits") or {}),
        "budget": _budget(first.get("budget"), switches),
    }
    if first.get("coupon"):
        written |= {"needs_code": True, "codes": list(_texts(first["coupon"]))}
    only = first.get("currency") or first.get("currencies") or first["action"].get("currency")
    if only:
        written["currencies"] = list(_texts(only))
    if first.get("competes"):
        policy = "priority" if "line_policy=priority" in switches else "best"
        written["group"] = {"name": first["competes"], "policy": policy}
    elif lane == "price":
        written["group"] = {"name": "stacking", "policy": "stack"}
    if first.get("exclusive"):
        written["exclusive"] = "lane" if lane == "price" else "all"
        policy = "priority" if "exclusive_policy=priority" in switches else "best"
        written["exclusive_policy"] = policy
    if "refund_policy=clawback" in switches:
        written["refund"] = {"on_break": "clawback"}
    return {key: value for key, value in written.items() if value not in (None, {})}


def _window(theirs: Mapping[str, Any]) -> dict[str, str]:
    names = {"from": ("starts_at", "from"), "until": ("ends_at", "to", "until")}
    given = {**(theirs.get("window") or {}), **theirs}
    found = {ours: given[name] for ours, both in names.items() for name in both if given.get(name)}
    return {key: str(value) for key, value in found.items()}


def _limits(theirs: Mapping[str, Any]) -> dict[str, int]:
    names = {
        "once_per_customer": "per_customer",
        "total": "total",
        "per_customer": "per_customer",
        "per_user": "per_customer",
        "customer": "per_customer",
        "per_code": "per_code",
    }
    return {ours: int(theirs[name]) for name, ours in names.items() if theirs.get(name) is not None}


def _budget(theirs: Mapping[str, Any] | None, switches: set[str]) -> dict[str, Any] | None:
    if not theirs:
        return None
    overrun = "refuse" if "budget_overrun=refuse" in switches else "cap"
    if theirs["kind"] == "usage":
        return {"uses": int(Decimal(str(theirs["limit"]))), "overrun": overrun}
    return {"amount": theirs["limit"], "overrun": overrun}


def _used(parts: Sequence[Mapping[str, Any]], decimals: int) -> Used:
    limits, budget = parts[0].get("limits") or {}, parts[0].get("budget") or {}
    own = [value for key, value in limits.items() if "used" in key and key != "used"]
    total = int(limits.get("used", 0))
    if not own and _limits(limits).keys() == {"per_customer"}:
        own, total = [total], 0
    spent = 0
    if budget.get("kind") == "usage":
        total = max(total, int(Decimal(str(budget.get("used", 0)))))
    elif budget:
        spent = minor(budget.get("used", 0), decimals)
    action = parts[0]["action"]
    return Used(
        total=total,
        by_customer=int(own[0]) if own else 0,
        by_code={str(parts[0].get("coupon", "")).upper(): total},
        spent=spent,
        units={"": int((action.get("stock") or {}).get("sold", 0))},
        units_by_customer={"": int((action.get("per_user") or {}).get("bought", 0))},
    )


NEGATIONS = ("not_", "exclude_", "without_")


def _negated(theirs: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the part of a filter that says what it does not speak of."""
    found: dict[str, Any] = {}
    for key, value in (theirs or {}).items():
        for start in NEGATIONS:
            if key.startswith(start) and key != "not_on_sale":
                found[key.removeprefix(start)] = value
        if key.endswith("_not_in"):
            found[key.removesuffix("_not_in")] = value
    return found


def _both(include: Mapping[str, Any] | None, exclude: Any = None) -> dict[str, Any]:
    """Return a filter as what it speaks of and what it does not."""
    against = _negated(include) | (dict(exclude) if exclude else {})
    said = {
        key: value
        for key, value in (include or {}).items()
        if key == "not_on_sale" or not (key.startswith(NEGATIONS) or key.endswith("_not_in"))
    }
    found = {"include": _match(said), "exclude": _match(against)}
    return {key: value for key, value in found.items() if value}


def _match(theirs: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return a filter; every key that is not a price or a list of items is a label."""
    if not theirs:
        return None
    ours: dict[str, Any] = {}
    plain = {
        "sku": "items",
        "method": "methods",
        "min_unit_price": "price_from",
        "max_unit_price": "price_to",
        "min_list_unit_price": "list_from",
        "max_list_unit_price": "list_to",
    }
    for key, value in theirs.items():
        if key in plain:
            lists = key in ("sku", "method")
            ours[plain[key]] = list(_texts(value)) if lists else str(value)
        elif key in ("not_on_sale", "on_sale"):
            ours["reduced"] = (key == "on_sale") == bool(value)
        else:
            labels = ours.setdefault("labels", {})
            labels["tag" if key == "tags" else key] = list(_texts(value))
    return ours


def _scope(theirs: Mapping[str, Any]) -> dict[str, Any]:
    return _both(theirs.get("include"), theirs.get("exclude"))


def _money(theirs: Mapping[str, Any], *names: str) -> Any:
    if theirs.get("value_by_currency"):
        return dict(theirs["value_by_currency"])
    for name in names or ("value",):
        if theirs.get(name) is not None:
            return str(theirs[name])
    raise Unknown(f"no {names} in {theirs}")


def _condition(theirs: Mapping[str, Any], switches: set[str]) -> dict[str, Any]:
    for word in ("all", "any"):
        if isinstance(theirs.get(word), list):
            return {"type": word, "of": [_condition(each, switches) for each in theirs[word]]}
    if "not" in theirs:
        return {"type": "not", "of": _condition(theirs["not"], switches)}
    if theirs.get("op") in ("between", "in_range"):
        ends = zip((">=", "<="), theirs["value"], strict=True)
        both = [_condition({**theirs, "op": op, "value": end}, switches) for op, end in ends]
        return {"type": "all", "of": both}
    write = CONDITIONS.get(theirs["type"])
    if write is None:
        return _fact(theirs)
    ours = write(theirs, switches)
    return ours | (_both(theirs["match"], theirs.get("exclude")) if theirs.get("match") else {})


def _op(theirs: Mapping[str, Any], usual: str) -> str:
    op = theirs.get("op", usual)
    return OPS.get(op, op)


def _among(theirs: Mapping[str, Any]) -> tuple[list[Any], bool]:
    """Return the values of a list condition, and whether it is meant the other way round."""
    against = "not_in" in theirs or theirs.get("op") in ("not_in", "!=")
    values = theirs.get("not_in", theirs.get("in", theirs.get("value", [])))
    return (list(values) if isinstance(values, list | tuple) else [values]), against


def _total(theirs: Mapping[str, Any], switches: set[str]) -> dict[str, Any]:
    usual = next((s.partition("=")[2] for s in switches if s.startswith("condition_base=")), "")
    return {
        "type": "amount",
        "op": _op(theirs, ">="),
        "value": _money(theirs),
        "base": BASES[theirs.get("base") or usual or "current"],
        "delivery": theirs["type"] == "grand_total",
    }


def _quantity(theirs: Mapping[str, Any], switches: set[str]) -> dict[str, Any]:
    over = "line" if theirs["type"] == "line_quantity" else "cart"
    value = int(Decimal(str(theirs["value"])))
    return {"type": "quantity", "op": _op(theirs, ">="), "value": value, "over": over}


def _contains(theirs: Mapping[str, Any], switches: set[str]) -> dict[str, Any]:
    units = int(theirs.get("qty", theirs.get("value", 1)))
    said = next((theirs[key] for key in ("mode", "policy", "match_policy") if key in theirs), "")
    which = said or ("all" if theirs.get("all") else "any")
    return {"type": "contains", "units": units, "which": which}


def _customer_group(theirs: Mapping[str, Any], switches: set[str]) -> dict[str, Any]:
    values, against = _among(theirs)
    return {"type": "customer", "not_groups" if against else "groups": values}


def _nth_order(theirs: Mapping[str, Any], switches: set[str]) -> dict[str, Any]:
    value = int(theirs.get("value", 1))
    return {"type": "order_number", "op": _op(theirs, "=="), "value": value}


def _shipping_method(theirs: Mapping[str, Any], switches: set[str]) -> dict[str, Any]:
    values, against = _among(theirs)
    ours = {"type": "method", "in": values}
    return {"type": "not", "of": ours} if against else ours


def _fact(theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Return a condition on whatever else the cart or its customer says."""
    ours = {"type": "fact", "name": theirs["type"]}
    if {"in", "not_in"}.intersection((*theirs, theirs.get("op", ""))):
        values, against = _among(theirs)
        return ours | {"not_in" if against else "in": values}
    return ours | {"op": _op(theirs, "=="), "value": theirs.get("value", True)}


CONDITIONS = {
    "item_total": _total,
    "grand_total": _total,
    "quantity": _quantity,
    "line_quantity": _quantity,
    "contains": _contains,
    "customer_group": _customer_group,
    "nth_order": _nth_order,
    "first_order": _nth_order,
    "shipping_method": _shipping_method,
}


def _usual_base(action: Mapping[str, Any], switches: set[str]) -> str:
    """Return what a switch says an action looks at; percents have a switch of their own."""
    switch = "percent_base=" if "percent" in str(action) else "alloc_base="
    return next((s.partition("=")[2] for s in switches if s.startswith(switch)), "")


def _action(theirs: Mapping[str, Any], switches: set[str], mixed: set[str]) -> dict[str, Any]:
    action, target = theirs["action"], theirs["scope"]["target"]
    word = action["type"]
    if word not in ACTIONS:
        raise Unknown(f"action {word}")
    ours = {**_scope(theirs["scope"]), **ACTIONS[word](action, target)}
    if action.get("cap") is not None:
        ours["cap"] = str(action["cap"])
    if ours["type"] == "gift":
        return ours | ({"lane": "order"} if theirs.get("competes") in mixed else {})
    if ours["type"].startswith("delivery_"):
        return ours
    base = action.get("base") or _usual_base(action, switches)
    if base and ours["type"] in BASED:
        ours["base"] = BASES[base]
    if "reserve=get_first" in switches and ours["type"] == "buy_get":
        ours["get_first"] = True
    if "group_fill=largest_quantity_first" in switches and ours["type"] == "unit_groups":
        ours["fill"] = "largest_line"
    if ours.get("apply") != "with_delivery":
        lane = _lane(theirs)
        ours["lane"] = "order" if theirs.get("competes") in mixed else lane
    return ours


BASED = {
    "amount_off", "percent_off", "every_amount_off", "tiered", "cheapest", "unit_groups", "nth",
    "bundle_price",
}  # fmt: skip


def _apply(action: Mapping[str, Any], target: str) -> str:
    apply = action.get("apply") or ("order_spread" if target == "order" else "each_line")
    if apply.startswith("order_and_shipping"):
        return "with_delivery"
    if apply in SPREADS:
        return "spread"
    if apply not in ("each_unit", "each_line"):
        raise Unknown(f"apply {apply}")
    return str(apply)


def _some(action: Mapping[str, Any], **names: str) -> dict[str, Any]:
    """Return those of their keys that are there, under our names."""
    return {ours: action[key] for key, ours in names.items() if action.get(key) is not None}


def _effect(action: Mapping[str, Any]) -> dict[str, Any]:
    found = _some(action, percent="percent", amount="amount", unit_price="price", price="price")
    return {key: str(value) for key, value in found.items()}


def _amount_off(action: Mapping[str, Any], target: str) -> dict[str, Any]:
    extra = _some(action, max_units="max_units")
    return {"type": "amount_off", "value": _money(action), "apply": _apply(action, target), **extra}


def _percent_off(action: Mapping[str, Any], target: str) -> dict[str, Any]:
    extra = _some(action, max_units="max_units")
    percent = str(action["value"])
    return {"type": "percent_off", "percent": percent, "apply": _apply(action, target), **extra}


def _tiered(action: Mapping[str, Any], target: str) -> dict[str, Any]:
    quantity = action.get("measure", "amount") == "quantity"
    steps = []
    for step in sorted(action["steps"], key=lambda step: Decimal(str(step["from"]))):
        start = step["from"]
        at = {"from_quantity": int(Decimal(str(start)))} if quantity else {"from_amount": start}
        steps.append({**at, **_effect(step)})
    over = action.get("measure_over", "order" if target == "order" else "scope")
    return {"type": "tiered", "steps": steps, "over": over, "apply": _apply(action, target)}


def _buy_get(action: Mapping[str, Any], target: str) -> dict[str, Any]:
    buy, get = action["buy"], action["get"]
    times = 1 if action.get("repeat") is False else action.get("max_times")
    ours = {
        "type": "buy_get",
        "buy": {"quantity": int(buy.get("qty", 1))},
        "get": {"quantity": int(get.get("qty", 1)), **_effect(get)},
        "all_or_nothing": bool(action.get("all_or_nothing")),
        "reserve_bought": action.get("reserve_buy_units") is not False,
        **_some(action, pick="pick"),
    }
    for side, theirs in (("buy", buy), ("get", get)):
        if theirs.get("match"):
            ours[side] |= _both(theirs["match"], theirs.get("exclude"))
    return ours | ({"max_times": int(times)} if times is not None else {})


def _gift(action: Mapping[str, Any], target: str) -> dict[str, Any]:
    ours = {"type": "gift", "item": action["sku"], "quantity": int(action.get("qty", 1))}
    ours |= _some(action, every_qty="every", max_times="max_times")
    if action.get("unit_price") is not None:
        ours["worth"] = str(action["unit_price"])
    return ours | (_both(action["match"]) if action.get("match") else {})


def _fixed(action: Mapping[str, Any], target: str) -> dict[str, Any]:
    ours = {"type": "fixed_price", "price": _money(action, "value", "unit_price", "price")}
    if action.get("stock"):
        ours["stock"] = int(action["stock"]["limit"])
    if action.get("per_user"):
        ours["per_customer"] = int(action["per_user"]["limit"])
    return ours


def _times(word: str, **names: str) -> Any:
    def write(action: Mapping[str, Any], target: str) -> dict[str, Any]:
        found = _some(action, max_times="max_times", **names)
        return {"type": word, **_effect(action), **found}

    return write


def _cheapest(action: Mapping[str, Any], target: str) -> dict[str, Any]:
    units = next((action[key] for key in ("times", "max_times", "qty") if action.get(key)), 1)
    return {"type": "cheapest", **_effect(action), "units": int(units)}


def _nth(action: Mapping[str, Any], target: str) -> dict[str, Any]:
    found = _some(action, n="n", max_times="max_times")
    return {"type": "nth", "every": "line", **_effect(action), **found}


def _shipping_amount(action: Mapping[str, Any], target: str) -> dict[str, Any]:
    apply = "spread" if action.get("apply") in SPREADS else "each"
    return {"type": "delivery_amount_off", "value": _money(action), "apply": apply}


ACTIONS = {
    "amount_off": _amount_off,
    "percent_off": _percent_off,
    "every_amount_off": lambda action, target: {
        "type": "every_amount_off",
        "every": str(action["every"]),
        "value": _money(action),
        **_some(action, max_times="max_times"),
    },
    "tiered": _tiered,
    "flexi": lambda action, target: {
        "type": "first_and_next",
        "first": action["first"],
        "next": action["additional"],
        **_some(action, max_units="max_units"),
    },
    "cheapest_unit": _cheapest,
    "unit_groups": _times("unit_groups", size="size"),
    "bundle_price": _times("bundle_price", qty="quantity"),
    "buy_get": _buy_get,
    "nth_line_unit": _nth,
    "fixed_unit_price": _fixed,
    "gift": _gift,
    "shipping_percent_off": lambda action, target: {
        "type": "delivery_percent_off",
        "percent": str(action["value"]),
    },
    "shipping_amount_off": _shipping_amount,
    "shipping_fixed_price": lambda action, target: {
        "type": "delivery_price",
        "price": _money(action),
    },
    "deposit_expansion": lambda action, target: {"type": "deposit_bonus"},
}
