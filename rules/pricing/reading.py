"""A written promotion → a bound one, or everything that is wrong with it.

What is written in YAML and what an operator fills in on a screen have this one shape (`PROMOTION`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from generator.kinds import Arg, Catalog, Shape, load_catalog
from generator.shapes.promotion import BODY, WEEKDAYS
from rules.actions import Action
from rules.conditions import Condition
from rules.conditions.all import every
from rules.pricing.amounts import Amount, Currencies
from rules.pricing.arguments import Fault, Reading
from rules.pricing.codes import normalized
from rules.pricing.promotion import (
    CHARGED,
    GIFT,
    LANES,
    LINE,
    MANUAL,
    PRICE,
    RETURNED,
    SHIPPING,
    Budget,
    Combines,
    Deed,
    Group,
    Limits,
    Pace,
    Promotion,
    RefundPolicy,
)
from rules.pricing.scope import EVERYTHING, Scope
from rules.pricing.windows import UTC, Recurrence, Window

PROMOTION = Shape(
    "promotion",
    "One promotion.",
    {
        "id": Arg("text", required=True, help="Its name; breaks ties."),
        "version": Arg("integer", default=1, minimum=1, help="Rises with every change."),
        "label": Arg("map", of=Arg("text"), help="What it is called, by language."),
        **BODY,
    },
)


@cache
def words() -> tuple[Catalog[Any], Catalog[Any]]:
    """Return our own words for conditions and for actions."""
    return (
        load_catalog("conditions", Condition, ("rules",)),
        load_catalog("actions", Action, ("rules",)),
    )


def read_promotion(
    written: Mapping[str, Any],
    currencies: Currencies,
    lanes: tuple[str, ...] = LANES,
    catalogs: tuple[Catalog[Any], Catalog[Any]] | None = None,
) -> tuple[Promotion | None, tuple[Fault, ...]]:
    """Return a promotion ready to price with, or None and what is wrong.

    Args:
        written: plain values, as YAML or JSON has them; amounts and percents as text or integers.
        currencies: decimals by currency, and the one that amounts without a name are in.
        lanes: the shop's lanes in their order.
        catalogs: the words for conditions and for actions, where a shop adds some to ours.

    """
    conditions, actions = catalogs or words()
    reading = Reading(currencies, conditions, actions)
    values = reading.shape(PROMOTION.args, written, "")
    scope = reading.scope(values, EVERYTHING)
    deeds = _deeds(values, scope, lanes, reading)
    window, recurrence = _window(values["window"], reading), _recurrence(values["recurs"], reading)
    if values["needs_code"] is False and values["codes"]:
        values["needs_code"] = True
    budget = _budget(values, reading)
    _gifts(values, reading)
    if reading.faults:
        return None, tuple(reading.faults)
    tests = tuple(test for test in values["when"] or () if test is not None)
    first = deeds[0].lane
    usual = "shipping" if first == SHIPPING else "lines" if first in (PRICE, LINE) else "order"
    limits, refund = values["limits"], values["refund"]
    group, combines = values["group"], values["combines_with"]
    promotion = Promotion(
        id=values["id"],
        version=values["version"],
        priority=values["priority"],
        target=values["target"] or usual,
        deeds=tuple(deeds),
        lanes=frozenset(deed.lane for deed in deeds),
        status=values["status"],
        when=every(tests) if tests else None,
        scope=scope,
        window=window,
        recurrence=recurrence,
        channels=None if values["channels"] is None else frozenset(values["channels"]),
        currencies=_common(values["currencies"], reading.amounts),
        needs_code=values["needs_code"],
        codes=frozenset(normalized(code) for code in values["codes"] or ()),
        group=None if group is None else Group(group["name"], group["most"], group["policy"]),
        exclusive=values["exclusive"] or "",
        exclusive_policy=values["exclusive_policy"],
        combines=None
        if combines is None
        else Combines(
            frozenset(combines["targets"] or ()), frozenset(combines["promotions"] or ())
        ),
        limits=Limits() if limits is None else Limits(**{**limits, "within": _paces(limits)}),
        budget=budget,
        shares=values["shares"] or "",
        refills=bool(values["budget"] and values["budget"]["refund"]),
        refund=RefundPolicy() if refund is None else RefundPolicy(**refund),
        labels=dict(values["label"] or {}),
    )
    return promotion, ()


def _deeds(
    values: Mapping[str, Any], scope: Scope, lanes: tuple[str, ...], reading: Reading
) -> list[Deed]:
    deeds = []
    if not values["then"]:
        reading.fault("then", "no_action")
    for at, written in enumerate(values["then"] or ()):
        before = len(reading.faults)
        kind, given = reading.word(reading.actions, written, f"then[{at}]")
        if kind is None or len(reading.faults) > before:
            continue
        own, lane = reading.scope(given, scope), _lane_of(kind, given, values)
        if lane not in lanes:
            reading.fault(f"then[{at}].lane", "unknown_lane", lane=lane, known=list(lanes))
        work = kind.bind(given, own, reading)
        adds = kind.adds(given) if len(reading.faults) == before else ()
        deeds.append(Deed(kind.word, lane, own, work, given.get("cap"), kind.counts(given), adds))
        reading.faults[before:] = [
            fault
            if fault.path.startswith("then[")
            else Fault(f"then[{at}].{fault.path}".rstrip("."), fault.code, fault.about)
            for fault in reading.faults[before:]
        ]
    return deeds


def _lane_of(kind: Any, given: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """Return an action's lane: its own, the promotion's where that can be, or the usual one."""
    usual: str = kind.lane(given)
    if given["lane"] is not None:
        return str(given["lane"])
    return usual if usual in (SHIPPING, GIFT, MANUAL) else values["lane"] or usual


def _common(named: Any, amounts: list[Amount]) -> frozenset[str] | None:
    """Return the currencies in which every amount has a value; None when any will do."""
    found = None if named is None else frozenset(named)
    for amount in amounts:
        own = frozenset(amount.values)
        found = own if found is None else found & own
    return found


def _window(values: Mapping[str, Any] | None, reading: Reading) -> Window:
    if values is None:
        return Window()
    zone = _zone(values["zone"] or UTC, "window.zone", reading)
    window = Window(
        _moment(values["from"], zone, "window.from", reading),
        _moment(values["until"], zone, "window.until", reading),
    )
    if not window.opens:
        reading.fault("window.until", "window_never_opens")
    return window


def _recurrence(values: Mapping[str, Any] | None, reading: Reading) -> Recurrence | None:
    if values is None:
        return None
    zone = values["zone"] or UTC
    _zone(zone, "recurs.zone", reading)
    dates, hours = [], []
    for at, written in enumerate(values["dates"] or ()):
        try:
            dates.append(date.fromisoformat(str(written)))
        except ValueError:
            reading.fault(f"recurs.dates[{at}]", "bad_date")
    for at, pair in enumerate(values["hours"] or ()):
        try:
            begins, until = time.fromisoformat(pair["from"]), time.fromisoformat(pair["until"])
        except (TypeError, ValueError):
            reading.fault(f"recurs.hours[{at}]", "bad_time")
        else:
            hours.append((begins, until))
    return Recurrence(
        zone,
        frozenset(WEEKDAYS.index(day) for day in values["weekdays"] or () if day in WEEKDAYS),
        frozenset(day for day in values["days"] or () if day),
        frozenset(dates),
        tuple(hours),
    )


def _budget(promotion: Mapping[str, Any], reading: Reading) -> Budget | None:
    """Return the promotion's own budget; one that it shares stands elsewhere."""
    values = promotion["budget"]
    if values is None:
        return None
    amount, uses = values["amount"], values["uses"]
    if uses is not None and values["refund"]:
        reading.fault("budget.refund", "refund_of_uses")
    if amount is None and uses is None and values["refund"] and promotion["shares"]:
        return None
    if (amount is None) == (uses is None):
        reading.fault("budget", "budget_unclear")
        return None
    return Budget(amount if amount is not None else uses, values["overrun"])


def _gifts(values: Mapping[str, Any], reading: Reading) -> None:
    """Note what becomes of gifts that nobody gives, or whose worth nobody knows."""
    policy = (values["refund"] or {}).get("gift")
    if policy not in (RETURNED, CHARGED):
        return
    given = [
        (at, one)
        for at, one in enumerate(values["then"] or ())
        if isinstance(one, Mapping) and one.get("type") == GIFT
    ]
    if not given:
        reading.fault("refund.gift", "no_gift")
    for at, one in given:
        if policy == CHARGED and one.get("worth") is None:
            reading.fault(f"then[{at}]", "gift_without_worth")


def _paces(limits: Mapping[str, Any]) -> tuple[Pace, ...]:
    return tuple(
        Pace(one["by"], one["most"], one["minutes"] * 60) for one in limits["within"] or ()
    )


def _zone(name: str, path: str, reading: Reading) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        reading.fault(path, "unknown_zone", zone=name)
        return ZoneInfo(UTC)


def _moment(written: Any, zone: ZoneInfo, path: str, reading: Reading) -> datetime | None:
    if written is None:
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        reading.fault(path, "bad_moment")
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
