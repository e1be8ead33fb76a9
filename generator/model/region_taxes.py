"""Where regions say their taxes: `regions:` of `taxes:` of `pricing:`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RegionTaxes:
    """The records of regions and of rates, and the fields that are read of them."""

    fact: str
    """The fact of a cart that names its region."""
    entity: str
    key: str
    """What carts call a region."""
    rates: str
    """The entity of rates; the fields below are theirs."""
    region: str
    tax_class: str
    """A path to the class of goods; empty of a rate of deliveries."""
    rate: str
    above: str = ""
    """Of a region: the one above it."""
    included: str = ""
    """Of a region: whether prices there contain taxes; empty where the one above says it."""
