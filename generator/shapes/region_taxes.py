"""The shape of `regions:` in `taxes:` of `pricing:`: rates by where something goes, as rows."""

from __future__ import annotations

from generator.kinds import Arg, Shape

RATES = Shape(
    "tax rates",
    "Which records are rates: each of one class of goods, or of deliveries where it names none, "
    "in one region and everything below it that has no rate of its own.",
    {
        "entity": Arg("name", "The entity.", required=True, to="entity"),
        "region": Arg("name", "Its field that leads to the region.", required=True, to="field"),
        "class": Arg("path", "The tax class, such as tax_class.code.", required=True),
        "rate": Arg("name", "The field with the rate, in percent.", required=True, to="field"),
    },
)
REGIONS = Shape(
    "taxes by region",
    "What a region says of taxes; of what it says nothing about the one above it does, and at last "
    "the shop and the goods themselves.",
    {
        "fact": Arg("name", "The fact of a cart that names its region.", required=True, to="fact"),
        "entity": Arg("name", "The entity of regions.", required=True, to="entity"),
        "key": Arg("name", "What carts call a region: a field.", required=True, to="field"),
        "above": Arg("name", "The field that leads to the region above it.", to="field"),
        "included": Arg(
            "name", "A field of a region: whether prices there contain taxes.", to="field"
        ),
        "rates": Arg("shape", "The rates.", required=True, shape=RATES),
    },
)
