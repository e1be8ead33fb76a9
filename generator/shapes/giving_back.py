"""The shape of `give_back:` in `pricing:`: what returned units of a placed record pay back."""

from __future__ import annotations

from generator.kinds import Arg, Shape
from generator.model.giving_back import CASE, DELIVERIES_BACK, NEVER, PART, PAYMENT, TOLD


def _take(about: str) -> Arg:
    told = ", ".join(f"`{name}`" for name in TOLD[about])
    return Arg(
        "map",
        f"By field: what it is filled with, of {told}.",
        default={},
        of=Arg("choice", "", options=tuple(TOLD[about])),
    )


LINES = Shape(
    "returned lines",
    "The parts of a case: each so many units of one line.",
    {
        "into": Arg("name", "The field of a case with them.", required=True, to="field"),
        "item": Arg("name", "Its reference to the placed line.", required=True, to="field"),
        "units": Arg("name", "How many units of it.", required=True, to="field"),
        "take": _take(PART),
    },
)
PAID_OUT = Shape(
    "paying out",
    "The parts of a case by which it is paid: each says its part of the case's tax, the last takes "
    "the rest.",
    {
        "into": Arg("name", "The field of a case with them.", required=True, to="field"),
        "amount": Arg("name", "What one of them pays.", required=True, to="field"),
        "while": Arg("expression", "One counts while this holds; always if missing."),
        "take": _take(PAYMENT),
    },
)
GIVE_BACK = Shape(
    "giving back",
    "Where units of a placed record are given back, and which fields say what that pays: the share "
    "of what was paid, as it was frozen; the last unit takes the rest.",
    {
        "cases": Arg(
            "name",
            "The field of the placed record whose parts give units back.",
            required=True,
            to="field",
        ),
        "while": Arg("expression", "A case counts while this holds; always if missing."),
        "off": Arg(
            "name",
            "A field of the placed record: what was taken off all of it, beside its lines.",
            to="field",
        ),
        "returned": Arg(
            "name", "A field of a placed line: how many units were given back.", to="field"
        ),
        "worth": Arg(
            "choice",
            "What a unit is worth: the average of its line, or what this very unit cost.",
            options=("average", "by_unit"),
            default="average",
        ),
        "delivery": Arg(
            "choice",
            "What is paid back of deliveries: nothing, the share of the units that come back, or "
            "all of it with the last unit.",
            options=DELIVERIES_BACK,
            default=NEVER,
        ),
        "delivery_if": Arg(
            "expression", "A case pays delivery back while this holds; each does if missing."
        ),
        "for_good": Arg(
            "expression",
            "The units of a case are gone for good while this holds, always if missing; of those "
            "that are exchanged no gift is asked back and no discount is lost.",
        ),
        "settled": Arg(
            "expression",
            "A case is over and paid while this holds: budgets that ask for it (`refund: true`) "
            "then get back what it took back.",
        ),
        "to_stock": Arg(
            "expression",
            "While this holds of a case, what promotions added and it brings back, gifts and "
            "add-ons, lies in its stock again (`stock:`); never if missing.",
        ),
        "owed": Arg("name", "A field of the placed record: what it comes to now.", to="field"),
        "received": Arg(
            "name",
            "A field of the placed record: what was paid for it. With `owed`, a case without goods "
            "says its tax when it pays all that is left.",
            to="field",
        ),
        "changed": Arg(
            "expression",
            "A case pays back what is owed no more, because lines were changed (`reprice`), while "
            "this holds: its tax is what fell away. Wants `owed` and `received`, and `basis` of "
            "`place:`.",
        ),
        "paid_out": Arg("shape", "The parts of a case by which it is paid.", shape=PAID_OUT),
        "take": _take(CASE),
        "lines": Arg("shape", "The parts of a case.", required=True, shape=LINES),
    },
)
