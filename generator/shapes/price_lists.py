"""The shape of `lists:` in `pricing:`: which records hold prices beside those of the items."""

from __future__ import annotations

from generator.kinds import Arg, Shape
from generator.shapes.price_history import HISTORY

LISTS = Shape(
    "price lists",
    "Which records are lists of prices that take the place of the items' own before any promotion. "
    "Of the lists that hold for a cart the one with the lowest priority number goes first, of "
    "equal ones the lowest price.",
    {
        "entity": Arg("name", "The entity.", required=True, to="entity"),
        "key": Arg("path", "What a list is called by programs.", required=True),
        "label": Arg("path", "What people call it."),
        "where": Arg("expression", "Only these lists."),
        "currency": Arg("path", "The currency of its prices; the shop's if missing."),
        "priority": Arg("path", "The lowest number goes first."),
        "channels": Arg("path", "Only in these channels, if there are any: channels.code."),
        "groups": Arg("path", "Only for customers of these groups, if there are any."),
        "facts": Arg(
            "map",
            "By fact of a cart: only with these values, if there are any.",
            default={},
            of=Arg("path", "The path to the values."),
        ),
        "from": Arg("path", "The moment, or the first day, on which it holds."),
        "until": Arg("path", "The moment until which it holds, or the last day on which it does."),
        "prices": Arg("name", "The field of its prices.", required=True, to="field"),
        "item": Arg("path", "From a price: what carts call the item.", required=True),
        "price": Arg("path", "From a price: what one unit costs.", required=True),
        "from_quantity": Arg("path", "From a price: it takes so many units of the item in a cart."),
        "list_price": Arg("path", "From a price: what it cost before it was reduced."),
        "history": Arg("shape", "Where the prices that a list had are kept.", shape=HISTORY),
    },
)
