"""The shape of `NAME.promotion.yaml`: what customers get, when, and beside what else.

`BODY` is what a promotion says wherever it is written: in a file, or as a row on a screen. The
words after `type:` are files of `rules/conditions` and `rules/actions`; `condition` and `action`
stand for them, `amount` for money by currency and `percent` for an exact share of a hundred.
"""

from __future__ import annotations

from generator.kinds import Arg, Shape

MATCH = Shape(
    "match",
    "Which lines: one of every list that is given, within every bound.",
    {
        "items": Arg("list", of=Arg("text"), help="Keys of items."),
        "labels": Arg(
            "map",
            of=Arg("list", of=Arg("text")),
            help="Facet and values, such as category: [shoes]; what lies below a value is in.",
        ),
        "methods": Arg("list", of=Arg("text"), help="Ways of delivery; for shipments only."),
        "price_from": Arg("amount", help="One unit sells for at least this."),
        "price_to": Arg("amount", help="One unit sells for at most this."),
        "list_from": Arg("amount", help="One unit is listed at no less than this."),
        "list_to": Arg("amount", help="One unit is listed at no more than this."),
        "reduced": Arg("boolean", help="Whether it is sold below its list price already."),
    },
)
INCLUDE = Arg("shape", shape=MATCH, help="Only these lines; everything when left out.")
EXCLUDE = Arg("shape", shape=MATCH, help="Never these lines, whatever includes them.")

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ZONE = Arg("text", help="The time zone that times without one are in; the shop's if missing.")
HOURS = Shape(
    "hours",
    "Wall time; hours that cross midnight belong to the day they begin on.",
    {
        "from": Arg("text", required=True, help="Such as 20:00."),
        "until": Arg("text", required=True, help="Such as 02:00; this minute is not in it."),
    },
)
BODY = {
    "status": Arg(
        "choice",
        options=("draft", "review", "shadow", "scheduled", "active", "paused", "ended"),
        default="active",
        help="Only scheduled and active ones take effect.",
    ),
    "priority": Arg("integer", default=0, help="Higher ones come first."),
    "lane": Arg("text", help="For all its actions; each has a usual one."),
    "target": Arg(
        "choice",
        options=("lines", "order", "shipping"),
        help="What it is about; the usual one follows from its actions.",
    ),
    "window": Arg(
        "shape",
        shape=Shape(
            "window",
            "From a moment until another.",
            {
                "from": Arg("text", help="ISO 8601; this moment is in it."),
                "until": Arg("text", help="ISO 8601; this moment is not."),
                "zone": ZONE,
            },
        ),
        help="When it runs.",
    ),
    "recurs": Arg(
        "shape",
        shape=Shape(
            "recurrence",
            "On which days and hours of its window.",
            {
                "weekdays": Arg("list", of=Arg("choice", options=WEEKDAYS)),
                "days": Arg("list", of=Arg("integer", minimum=1, maximum=31)),
                "dates": Arg("list", of=Arg("text")),
                "hours": Arg("list", of=Arg("shape", shape=HOURS)),
                "zone": ZONE,
            },
        ),
        help="Days and hours.",
    ),
    "channels": Arg("list", of=Arg("text"), help="Only there."),
    "currencies": Arg("list", of=Arg("text"), help="Only in these."),
    "needs_code": Arg("boolean", default=False, help="Only with a code."),
    "codes": Arg("list", of=Arg("text"), help="Codes that anybody may use."),
    "when": Arg("list", of=Arg("condition"), help="Conditions; all must hold."),
    "then": Arg("list", of=Arg("action"), required=True, help="Actions, in this order."),
    "include": INCLUDE,
    "exclude": EXCLUDE,
    "group": Arg(
        "shape",
        shape=Shape(
            "group",
            "Promotions of which only some may take effect.",
            {
                "name": Arg("text", required=True),
                "most": Arg("integer", default=1, minimum=1),
                "policy": Arg("choice", options=("best", "priority", "stack"), default="best"),
            },
        ),
    ),
    "exclusive": Arg("choice", options=("lane", "all"), help="Nothing beside it there."),
    "exclusive_policy": Arg("choice", options=("best", "priority"), default="best"),
    "combines_with": Arg(
        "shape",
        shape=Shape(
            "combination",
            "Only with these, and only if they allow it, too.",
            {
                "targets": Arg("list", of=Arg("choice", options=("lines", "order", "shipping"))),
                "promotions": Arg("list", of=Arg("text")),
            },
        ),
    ),
    "limits": Arg(
        "shape",
        shape=Shape(
            "limits",
            "How often it may be used.",
            {
                "total": Arg("integer", minimum=0),
                "per_customer": Arg("integer", minimum=0),
                "per_code": Arg("integer", minimum=0),
                "release_on_cancel": Arg("boolean", default=True),
                "within": Arg(
                    "list",
                    help="How often in a short time; what is cancelled counts, too.",
                    of=Arg(
                        "shape",
                        shape=Shape(
                            "pace",
                            "So many uses in so many minutes.",
                            {
                                "by": Arg(
                                    "text",
                                    required=True,
                                    help="By `customer`, or by a fact of the cart such as a "
                                    "device; a cart without it gets nothing.",
                                ),
                                "most": Arg("integer", required=True, minimum=1),
                                "minutes": Arg("integer", required=True, minimum=1),
                            },
                        ),
                    ),
                ),
            },
        ),
    ),
    "shares": Arg(
        "text",
        help="The budget that it shares with others: the key of its record (`budgets:` of "
        "`pricing:`).",
    ),
    "budget": Arg(
        "shape",
        shape=Shape(
            "budget",
            "What it may cost: an amount or a number of uses.",
            {
                "amount": Arg("amount"),
                "uses": Arg("integer", minimum=0),
                "overrun": Arg("choice", options=("cap", "refuse"), default="cap"),
                "refund": Arg(
                    "boolean",
                    default=False,
                    help="What refunds take back goes back to it, and to the one it shares; with "
                    "`shares:` alone no amount is needed.",
                ),
            },
        ),
    ),
    "refund": Arg(
        "shape",
        shape=Shape(
            "refund",
            "What a return means.",
            {
                "on_break": Arg(
                    "choice",
                    options=("keep", "clawback"),
                    default="keep",
                    help="What becomes of the discount where what stays would not get it.",
                ),
                "gift": Arg(
                    "choice",
                    options=("return", "charge", "keep"),
                    default="keep",
                    help="What becomes of a gift that what stays would not get: it must come back, "
                    "its worth is taken off the refund, or it is kept.",
                ),
                "code": Arg(
                    "choice",
                    options=("never", "reissue_on_full_return"),
                    default="never",
                    help="Whether a used code is made up for when everything comes back.",
                ),
            },
        ),
    ),
}
"""What a promotion says wherever it is written."""

PROMOTION = Shape(
    "promotion",
    "What customers get, when, and beside what else.",
    {
        "promotion": Arg("identifier", "The name of the promotion; breaks ties.", required=True),
        "label": Arg("label", "The name people see.", required=True),
        "version": Arg("integer", "Rises with every change.", default=1, minimum=1),
        **BODY,
    },
)

OFFERING = Shape(
    "promoting records",
    "Its records are promotions, beside those of files: one shape, one evaluator.",
    {
        "label": Arg("name", "The field with what people call it.", required=True, to="field"),
        "status": Arg(
            "expression",
            "Its status: draft, review, shadow, scheduled, active, paused or ended, as a text.",
            required=True,
        ),
        "stages": Arg(
            "map",
            "By status of a promotion: what the record calls it, such as `review: [in_review]`.",
            default={},
            of=Arg("list", of=Arg("text")),
        ),
        "rule": Arg("name", "The field of type `rule` in which people write it.", to="field"),
        "into": Arg(
            "name",
            "The field of what is placed that leads to the one that took effect.",
            to="field",
        ),
        "says": Arg(
            "value",
            "Keys of a promotion's file. `$EXPRESSION` is a value of the record: while it is "
            "empty, the item of the list around it is left out; with `$?EXPRESSION` only its own "
            "key. `{each: CHILDREN, of: ITEM}` is a list with an item for every part.",
            default={},
        ),
    },
)
