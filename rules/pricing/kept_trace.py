"""A trace as plain values, to be kept with what was placed, and back.

What was applied comes first; of many that did not, only the first are kept. A promotion that waits
for a code nobody typed says nothing about this cart and is left out. What there is to know of the
customer is not kept: whoever reads the record later may not be allowed to read them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rules.pricing.result import Listing, Miss, Step

MOST = 100
SILENT = ("code",)
OF_CUSTOMER = ("customer.groups", "customer.not_groups", "customer.known", "order_number")
"""Conditions of which only what they need is kept."""


def kept(
    steps: Iterable[Step],
    labels: Mapping[str, Mapping[str, str]],
    currency: str,
    places: int,
    listings: Iterable[Listing] = (),
) -> dict[str, Any]:
    """Return a trace as plain values.

    Args:
        steps: the trace.
        labels: what promotions are called, by language.
        currency: of the amounts.
        places: its decimals.
        listings: what became of price lists; those that hold are kept.

    """
    prices = [_listing(one) for one in listings if one.verdict == "applied"][:MOST]
    told = sorted(
        (step for step in steps if step.verdict not in SILENT),
        key=lambda step: step.verdict != "applied",
    )[:MOST]
    named = {name for step in told for name in (step.promotion, step.by)}
    return {
        "currency": currency,
        "places": places,
        "labels": {name: dict(labels[name]) for name in sorted(named) if name in labels},
        "steps": [_plain(step) for step in told],
        **({"prices": prices} if prices else {}),
    }


def steps_of(told: Any) -> tuple[Step, ...]:
    """Return the steps of a trace that was kept; nothing of what is none."""
    found = told.get("steps") if isinstance(told, Mapping) else None
    return tuple(_step(one) for one in found or () if isinstance(one, Mapping))


def listings_of(told: Any) -> tuple[Listing, ...]:
    """Return the price lists of a trace that was kept; nothing of what is none."""
    found = told.get("prices") if isinstance(told, Mapping) else None
    return tuple(
        Listing(
            str(one.get("line", "")),
            str(one.get("item", "")),
            str(one.get("list", "")),
            "applied",
            int(one.get("price", 0)),
            int(one.get("least", 1)),
            labels=dict(one.get("labels") or {}),
        )
        for one in found or ()
        if isinstance(one, Mapping)
    )


def _listing(one: Listing) -> dict[str, Any]:
    return {
        "line": one.line,
        "item": one.item,
        "list": one.list,
        "price": one.price,
        "least": one.least,
        "labels": dict(one.labels),
    }


def _plain(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = {
        "promotion": step.promotion,
        "lane": step.lane,
        "verdict": step.verdict,
        "by": step.by,
        "granted": step.granted,
    }
    if step.miss is not None:
        found["miss"] = {
            "path": step.miss.path,
            "have": None if step.miss.path in OF_CUSTOMER else _value(step.miss.have),
            "need": _value(step.miss.need),
            "measure": step.miss.measure,
        }
    return found


def _value(value: Any) -> Any:
    if isinstance(value, tuple | list | frozenset):
        return [str(one) for one in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _step(one: Mapping[str, Any]) -> Step:
    miss = one.get("miss")
    return Step(
        str(one.get("promotion", "")),
        str(one.get("lane", "")),
        str(one.get("verdict", "")),
        Miss(str(miss["path"]), miss.get("have"), miss.get("need"), str(miss.get("measure", "")))
        if isinstance(miss, Mapping)
        else None,
        str(one.get("by", "")),
        granted=int(one.get("granted", 0)),
    )
