"""What the trace of a price may tell of a customer: rules see what is there, readers their cells.

Comes in: a priced cart, and what of its customer was looked up. Goes out: the same prices; a step
whose condition looked at what the caller may not read says what it takes, and not what there is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TypeVar

from rules.pricing.result import Listing, Step
from rules.pricing.result import Result as Priced
from runtime.messages import Actor
from runtime.runtime import Runtime

GROUPS = frozenset({"customer.groups", "customer.not_groups"})
ORDERS = "order_number"
Told = TypeVar("Told", Step, Listing)


def told(priced: Priced, runtime: Runtime, actor: Actor, looked_up: Collection[str]) -> Priced:
    """Return the price as the caller may read it.

    Args:
        priced: what it comes to.
        runtime: the back office.
        actor: who asks; the system itself is told everything.
        looked_up: `groups` and `orders`, where the shop knew them and the caller did not say them.

    """
    pricing = runtime.app.pricing
    facts = pricing.customer if pricing is not None else None
    if facts is None or actor.kind == "system":
        return priced
    kept: set[str] = set()
    if "groups" in looked_up and not reads(runtime, actor, facts.entity, facts.groups or ""):
        kept |= GROUPS
    if "orders" in looked_up and facts.orders is not None:
        grant = runtime.matrix.grant(actor.roles, facts.orders[0], "list")
        if grant is None or not grant.is_wide:
            kept.add(ORDERS)
    if not kept:
        return priced
    return replace(
        priced,
        trace=tuple(_without(step, kept) for step in priced.trace),
        listings=tuple(_without(one, kept) for one in priced.listings),
    )


def _without(step: Told, kept: Collection[str]) -> Told:
    if step.miss is None or step.miss.path not in kept:
        return step
    return replace(step, miss=replace(step.miss, have=None))


def reads(runtime: Runtime, actor: Actor, entity: str, path: str) -> bool:
    """Return whether somebody reads what a path leads to in clear, in every record they reach."""
    for step in runtime.app.walk(entity, path) or ():
        grant = runtime.matrix.grant(actor.roles, entity, "read")
        if grant is None or step.name not in grant.open:
            return False
        entity = step.target
    return bool(path)
