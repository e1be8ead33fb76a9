"""What the region of a cart says of taxes: rates of goods and deliveries, and if prices have them.

Comes in: the facts that were sent. Goes out: rates by class of goods; what is empty is said by the
goods and by the shop. Of what a region says nothing about the nearest one above it does. Two
statements, and none where no region is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from generator.field_types._scaled import Scaled
from generator.model.region_taxes import RegionTaxes
from runtime.operations._carts import fault, refused
from runtime.runtime import Runtime
from runtime.store.guard import system

WHY = "what taxes hold where something goes"
DEEPEST = 20
"""More regions above one another than any address has; a circle ends there."""


@dataclass(frozen=True)
class LocalTaxes:
    """What holds in one place."""

    rates: Mapping[str, Fraction] = field(default_factory=dict)
    """By class of goods, '' for deliveries."""
    included: bool | None = None

    def of_goods(self, tax_class: str, usual: Fraction) -> Fraction:
        """Return the rate of some goods; `usual` where no region says one of their class."""
        return self.rates.get(tax_class, usual) if tax_class else usual

    def of_delivery(self, usual: Fraction) -> Fraction:
        """Return the rate of deliveries."""
        return self.rates.get("", usual)


NOWHERE = LocalTaxes()


def local_taxes(
    connection: sa.Connection, runtime: Runtime, facts: Mapping[str, Any]
) -> LocalTaxes:
    """Return what the region that a cart names says.

    Raises:
        Invalid: there is no such region.

    """
    pricing = runtime.app.pricing
    regions = pricing.taxes.regions if pricing is not None else None
    named = facts.get(regions.fact) if regions is not None else None
    if regions is None or named in ("", None):
        return NOWHERE
    line = _line(connection, runtime, regions, str(named))
    if not line:
        raise refused(fault(f"facts.{regions.fact}", "not_found", f"There is no region '{named}'.",
                            f"没有地区“{named}”。"))  # fmt: skip
    included = next((one for _, one in line if one is not None), None)
    return LocalTaxes(_rates(connection, runtime, regions, [one for one, _ in line]), included)


def _line(
    connection: sa.Connection, runtime: Runtime, regions: RegionTaxes, named: str
) -> list[tuple[str, bool | None]]:
    """Return a region and all above it, each with whether prices there contain taxes."""
    table = runtime.schema.tables[regions.entity]
    said = table.c[regions.included] if regions.included else sa.literal(None, sa.Boolean)
    above = table.c[regions.above] if regions.above else sa.literal(None, table.c.id.type)
    first = sa.select(
        table.c.id, above.label("above"), said.label("said"), sa.literal(0).label("depth")
    ).where(table.c[regions.key] == named, table.c.archived_at.is_(None))
    line = first.cte("line", recursive=True)
    line = line.union_all(
        sa.select(table.c.id, above, said, line.c.depth + 1).where(
            table.c.id == line.c.above, line.c.depth < DEEPEST
        )
    )
    asked = sa.select(line.c.id, line.c.said).order_by(line.c.depth)
    rows = connection.execute(system(asked, WHY))
    return [(str(row[0]), None if row[1] is None else bool(row[1])) for row in rows]


def _rates(
    connection: sa.Connection, runtime: Runtime, regions: RegionTaxes, line: list[str]
) -> Mapping[str, Fraction]:
    """Return the nearest rate of each class."""
    table = runtime.schema.tables[regions.rates]
    first, _, key = regions.tax_class.partition(".")
    named: Any = table.c[first]
    source: Any = table
    if key:
        target = runtime.schema.tables[runtime.app.entities[regions.rates].fields[first].target]
        named, source = target.c[key], table.outerjoin(target, target.c.id == table.c[first])
    asked = (
        sa.select(table.c[regions.region], named, table.c[regions.rate])
        .select_from(source)
        .where(table.c[regions.region].in_(line), table.c.archived_at.is_(None))
    )
    model = runtime.app.entities[regions.rates].fields[regions.rate]
    kind = runtime.compiled.field_types[model.type]
    assert isinstance(kind, Scaled)
    found: dict[str, tuple[int, Fraction]] = {}
    for region, tax_class, rate in connection.execute(system(asked, WHY)):
        if rate is None:
            continue
        share = Fraction(Decimal(rate).scaleb(-kind.places(model))) / 100
        place = (line.index(str(region)), share)
        name = str(tax_class or "")
        found[name] = min(found.get(name, place), place)
    return {name: share for name, (_, share) in found.items()}
