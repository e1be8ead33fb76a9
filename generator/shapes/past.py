"""The shape of `past:` in `pricing:`: which records were carts, to try rules on them."""

from __future__ import annotations

from generator.kinds import Arg, Shape

PAST = Shape(
    "past carts",
    "Which records tell what was bought, so that rules can be tried on it.",
    {
        "entity": Arg("name", "The entity.", required=True, to="entity"),
        "where": Arg("expression", "Only of these records."),
        "at": Arg("path", "The moment it was bought: a field of its own.", required=True),
        "currency": Arg("path", "The currency of its amounts; the shop's if missing."),
        "customer": Arg("path", "The key of the customer."),
        "channel": Arg("path", "The channel."),
        "code": Arg("path", "Codes that were typed: a field of parts, and the path from there."),
        "lines": Arg("name", "The field of its lines.", required=True, to="field"),
        "item": Arg("path", "From a line: what carts call the item.", required=True),
        "quantity": Arg("path", "From a line: how many.", required=True),
        "price": Arg(
            "path", "From a line: what one unit cost before any promotion.", required=True
        ),
        "cost": Arg("path", "From a line: what one unit costs the shop."),
    },
)
