"""The shape of `discounts:` and `lanes:` of `pricing:`: how, and in what order, prices fall."""

from __future__ import annotations

from generator.kinds import Arg, Shape

BEFORE = ("line", "order", "shipping", "gift", "manual")
"""The lanes before which a shop may put its own."""
USUAL = ("price", "deposit", *BEFORE)
"""Every lane there is without a shop's own."""

DISCOUNTS = Shape(
    "rounding of discounts",
    "How percents become whole amounts; the same in a cart, an order and a refund.",
    {
        "rounding": Arg(
            "choice",
            "A half of the smallest unit is taken off (half_up) or not (half_down), or every "
            "fraction stays with the shop (down).",
            default="half_up",
            options=("half_up", "half_down", "down"),
        ),
        "per": Arg(
            "choice",
            "Where a percent off lines is rounded: for each line, for one unit of it, or once for "
            "all that one action takes off, which is then shared out. A percent off the whole "
            "order is always rounded once.",
            default="line",
            options=("line", "unit", "order"),
        ),
    },
)
LANE = Shape(
    "lane of the shop",
    "A lane of the shop's own: promotions name it with `lane:`, and it works on what the lanes "
    "before it left.",
    {
        "before": Arg(
            "choice",
            "The lane that follows it. Of several before the same one the first written is first.",
            required=True,
            options=BEFORE,
        ),
    },
)
