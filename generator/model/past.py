"""Where it stands what was bought: the records that carts of the past are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.expressions.compile import Expression


@dataclass(frozen=True)
class Past:
    """Which records were carts, and where their facts stand: `past:` of `pricing:`."""

    entity: str
    at: str
    """The field with the moment it was bought."""
    lines: str
    """The field of parts; the paths below begin at a part."""
    part: str
    """The entity of the parts."""
    item: str
    """What promotions call the item."""
    quantity: str
    price: str
    """What one unit cost before any promotion."""
    cost: str = ""
    """What one unit costs the shop; '' where nobody knows."""
    currency: str = ""
    customer: str = ""
    """What carts call the customer."""
    channel: str = ""
    code: tuple[str, str, str] | None = None
    """The field of parts that tell codes, their entity, and the path there."""
    where: Expression | None = None
    """Only of these records."""
