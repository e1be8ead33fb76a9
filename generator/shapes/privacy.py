"""The shape of `privacy:` of an entity: whose data its records are."""

from __future__ import annotations

from generator.kinds import Arg, Shape

PRIVACY = Shape(
    "privacy",
    "Whose data the records are: for the copy of all their data that a person asks for.",
    {
        "about": Arg(
            "path",
            "`this` where each record is a person; else the references that lead to one, such as "
            "`order.customer`. A part about which nothing is said is about whom its whole is.",
            required=True,
        ),
    },
)
