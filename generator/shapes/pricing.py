"""The shape of `pricing:` in `app.yaml`: which fields are the facts that prices hang on."""

from __future__ import annotations

from generator.kinds import Arg, Shape
from generator.shapes.discounts import DISCOUNTS, LANE, USUAL
from generator.shapes.giving_back import GIVE_BACK
from generator.shapes.past import PAST
from generator.shapes.placing import CODES, COUNTERS, PLACE, STOCK
from generator.shapes.price_history import HISTORY
from generator.shapes.price_lists import LISTS
from generator.shapes.region_taxes import REGIONS

ITEM = Shape(
    "priced item",
    "Which records are sold, and where the facts of a cart's lines stand.",
    {
        "entity": Arg("name", "The entity.", required=True, to="entity"),
        "key": Arg("path", "What carts and promotions call an item.", required=True),
        "price": Arg("path", "What one unit costs.", required=True),
        "currency": Arg("path", "The currency of the price; the shop's if missing."),
        "list_price": Arg("path", "What it cost before it was reduced."),
        "least": Arg("path", "One unit is never sold below it."),
        "tax": Arg("path", "Its tax in percent, such as product.tax_class.rate; none if empty."),
        "tax_class": Arg(
            "path", "Its tax class, by which regions say its tax: product.tax_class.code."
        ),
        "labels": Arg(
            "map",
            "By facet: the path to its value. What lies above it in a tree counts, too.",
            default={},
            of=Arg("path", "The path."),
        ),
        "history": Arg("shape", "Where the prices it had are kept.", shape=HISTORY),
    },
)
BUYER = Shape(
    "priced customer",
    "Which records buy.",
    {
        "entity": Arg("name", "The entity.", required=True, to="entity"),
        "key": Arg("path", "What carts call a customer.", required=True),
        "groups": Arg("path", "The path to the group, such as level.code."),
        "contact": Arg(
            "path", "The path to an address that a guest gives, too, such as an e-mail."
        ),
        "orders": Arg("path", "What they bought and its field that leads to them: order.customer."),
    },
)
TAXES = Shape(
    "taxes",
    "How taxes are reckoned, of what is left after everything was taken off.",
    {
        "included": Arg("boolean", "Prices and costs of delivery contain them.", default=True),
        "delivery": Arg("decimal", "Of delivery, in percent.", default=0),
        "per": Arg(
            "choice",
            "Where they are rounded: of each line, of each unit, or of all of one rate.",
            default="line",
            options=("line", "unit", "rate"),
        ),
        "regions": Arg("shape", "What holds in some regions instead.", shape=REGIONS),
    },
)
BUDGETS = Shape(
    "shared budgets",
    "Which records hold budgets that promotions share (`shares:`), in the shop's currency.",
    {
        "entity": Arg("name", "The entity.", required=True, to="entity"),
        "key": Arg("path", "What promotions call a budget: a field.", required=True),
        "amount": Arg("path", "How much there is: a field; no bound while empty.", required=True),
    },
)
PRICING = Shape(
    "pricing",
    "Which fields are the facts that prices hang on.",
    {
        "entity": Arg(
            "name",
            "Whose grants say who may evaluate prices (the action `evaluate`).",
            required=True,
            to="entity",
        ),
        "currencies": Arg(
            "map",
            "The shop's currencies by code, each with its decimals, such as {EUR: 2, JPY: 0}.",
            default={},
            pattern="[A-Z]{3}",
            of=Arg("integer", "How many decimals.", minimum=0, maximum=4),
        ),
        "item": Arg("shape", "What is sold.", required=True, shape=ITEM),
        "customer": Arg("shape", "Who buys.", shape=BUYER),
        "lists": Arg("shape", "Prices beside those of the items.", shape=LISTS),
        "facts": Arg(
            "map",
            "By name: other facts that a cart may bring and conditions may ask for.",
            default={},
            of=Arg("label", "What people call it."),
        ),
        "codes": Arg(
            "list",
            "Codes that are handed out singly.",
            default=[],
            one=True,
            of=Arg("shape", "The records of one entity.", shape=CODES),
        ),
        "discounts": Arg("shape", "How discounts are rounded.", shape=DISCOUNTS),
        "lanes": Arg(
            "map",
            "By name: lanes of the shop's own, beside "
            + ", ".join(f"`{name}`" for name in USUAL)
            + ".",
            default={},
            of=Arg("shape", "Where it stands.", shape=LANE),
        ),
        "taxes": Arg("shape", "How taxes are reckoned.", shape=TAXES),
        "budgets": Arg("shape", "Budgets that promotions share.", shape=BUDGETS),
        "counters": Arg("shape", "What limits and budgets are counted in.", shape=COUNTERS),
        "stock": Arg(
            "shape", "What there is of items that promotions add: gifts and add-ons.", shape=STOCK
        ),
        "place": Arg("shape", "What a cart becomes.", shape=PLACE),
        "give_back": Arg("shape", "What returned units pay back.", shape=GIVE_BACK),
        "past": Arg("shape", "What was bought, to try rules on it.", shape=PAST),
    },
)
