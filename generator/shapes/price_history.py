"""The shape of `history:` of a priced item: the prices it had."""

from __future__ import annotations

from generator.kinds import Arg, Shape

HISTORY = Shape(
    "price history",
    "Every price that an item had is kept as a part of it, whoever changes it and how; nobody "
    "writes these parts.",
    {
        "into": Arg("name", "The field of parts that they become.", required=True, to="field"),
        "at": Arg("name", "Of such a part: from when on.", required=True, to="field"),
        "price": Arg("name", "Of such a part: the price.", required=True, to="field"),
        "original": Arg(
            "name", "Of such a part: the list price it was a reduction of.", to="field"
        ),
        "lowest": Arg(
            "name",
            "A field of the item: the lowest price in the days before its reduction, empty while "
            "it is not reduced.",
            to="field",
        ),
        "days": Arg("integer", "How many days that looks back.", default=30, minimum=1),
        "first_step": Arg(
            "boolean",
            "It looks back from the first step of a running reduction, not from its latest.",
            default=False,
        ),
        "channels": Arg(
            "list",
            "Only in carts of these channels buyers are told; in all if missing.",
            of=Arg("text", "The channel, as carts say it."),
        ),
        "exclude": Arg(
            "map",
            "By facet of `labels`: values of items of which buyers are not told, such as "
            "{category: [books]}. What lies below one in a tree is left out, too.",
            default={},
            of=Arg("list", "The values.", of=Arg("text", "A value.")),
        ),
    },
)
