"""A cart and the record it becomes speak of the same: prices of one channel are not another's.

Comes in: a placing, the cart as it was sent and the draft of its record. What the cart leaves open
is not asked, but for where it goes if taxes hang on that. Goes out: nothing, or a refusal at what
the cart said.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from generator.model.placing import CHANNEL, Placing
from runtime.errors import FieldError
from runtime.operations import _carts
from runtime.operations._carts import SentCart, fault
from runtime.operations._work import Draft, Work
from runtime.store.guard import system

WHY = "what a record that was placed says itself"


def hold(work: Work, placing: Placing, cart: SentCart, draft: Draft) -> None:
    """Refuse a record that says something else than its cart.

    Raises:
        Invalid: with everything that differs.

    """
    errors = list(_differing(work, placing, cart, draft))
    if errors:
        raise _carts.refused(*errors)


def _differing(work: Work, placing: Placing, cart: SentCart, draft: Draft) -> Iterator[FieldError]:
    for name, path in placing.agree.items():
        said = cart.channel if name == CHANNEL else cart.facts.get(name)
        if said in ("", None) and name != _of_taxes(work):
            continue
        found = _value(work, draft, path)
        if str(said or "") != found:
            at = f"cart.{name}" if name == CHANNEL else f"cart.facts.{name}"
            yield fault(
                at, "differs", f"The cart says '{said}', the record says '{found}'.",
                f"购物车为“{said}”，单据为“{found}”，两者不一致。",
            )  # fmt: skip


def _of_taxes(work: Work) -> str:
    """Return the fact by which taxes are found; '' for none. What is left open is asked, too."""
    pricing = work.runtime.app.pricing
    regions = pricing.taxes.regions if pricing is not None else None
    return regions.fact if regions is not None else ""


def _value(work: Work, draft: Draft, path: str) -> str:
    """Return what the record says, '' for nothing."""
    first, _, key = path.partition(".")
    value = draft.facts.get(first)
    if not key or value is None:
        return str(value or "")
    table = work.runtime.schema.tables[draft.entity.fields[first].target]
    target = str(value["id"]) if isinstance(value, dict) else str(value)
    asked = sa.select(table.c[key]).where(table.c.id == target)
    return str(work.connection.execute(system(asked, WHY)).scalar() or "")
