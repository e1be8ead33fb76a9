"""The shape of `NAME.ledger.yaml`: what is counted, for whom, in which buckets, by which moves."""

from __future__ import annotations

from generator.kinds import Arg, Shape
from generator.shapes.entity import DETAIL, LIST

CODE = r"[A-Z][A-Z0-9_]{1,59}"
SIGN = r"[+-]q"
BACK = r"-?[a-z][a-z0-9_]{0,39}"
UNITS = ("integer", "quantity", "money")

KEY = Shape(
    "key",
    "One record that a balance belongs to; just the entity's name is enough. Or a text.",
    {
        "to": Arg("name", "The entity; either this or `type`.", to="entity"),
        "type": Arg("choice", "A text in place of a record, such as a code.", options=("text",)),
        "label": Arg("label", "What the record is called here; the entity's label if missing."),
    },
)

UNIT = Shape(
    "unit",
    "What is counted; just `integer`, `quantity` or `money` is enough.",
    {
        "type": Arg("choice", "The kind of number.", required=True, options=UNITS),
        "places": Arg("integer", "Decimals kept of a quantity.", minimum=0, maximum=6),
        "unit": Arg("label", "The unit people see after a quantity, such as kg."),
        "currency": Arg(
            "text", "The currency of money; the app's if missing.", pattern=r"[A-Z]{3}"
        ),
    },
)

BUCKET = Shape(
    "bucket",
    "One number of a balance, changed by entries alone; a plain label is enough.",
    {"label": Arg("label", "What people read.", required=True)},
)

BALANCE = Shape(
    "balance",
    "A number that follows from the buckets.",
    {
        "label": Arg("label", "What people read; made from the name if missing."),
        "is": Arg("expression", "The formula over buckets.", required=True),
    },
)


def _move(help: str) -> Arg:
    return Arg("map", help, of=Arg("text", "Write `+q` or `-q`.", pattern=SIGN))


MOVE = Shape(
    "movement",
    "One kind of entry: what a quantity q does to the buckets.",
    {
        "label": Arg("label", "What people read; made from the name if missing."),
        "move": _move("By bucket: `+q` or `-q`."),
        "from": _move("Of a transfer: what it does where the quantity leaves."),
        "to": _move("Of a transfer: what it does where the quantity arrives."),
        "signed": Arg("boolean", "The quantity may be negative.", default=False),
        "reason": Arg("boolean", "Whoever posts it must say why.", default=False),
    },
)

GUARD = Shape(
    "guard",
    "A condition on the balance as it would be after; checked in the statement that changes it.",
    {
        "that": Arg(
            "expression",
            "What must be true, over buckets, balances and fields of the key's records.",
            required=True,
        ),
        "kinds": Arg(
            "list",
            "The kinds it stops; `-kind` is the reversal of one.",
            required=True,
            one=True,
            minimum=1,
            of=Arg("text", "A kind, or `-kind` for its reversal.", pattern=BACK),
        ),
        "code": Arg(
            "text", "A stable code for programs, in capitals.", required=True, pattern=CODE
        ),
        "message": Arg("label", "What people read when it does not hold.", required=True),
    },
)

HOLDS = Shape(
    "holds",
    "Quantities set aside for a time, and what then becomes of them.",
    {
        "bucket": Arg("name", "Where they stand meanwhile.", required=True, to="bucket"),
        "hold": Arg("name", "The kind that sets aside.", required=True, to="kind of entry"),
        "commit": Arg(
            "name", "The kind that uses what was set aside.", required=True, to="kind of entry"
        ),
        "release": Arg("name", "The kind that gives it back.", required=True, to="kind of entry"),
        "for": Arg("text", "How long it lasts, such as PT30M; without end if missing."),
    },
)

LOTS = Shape(
    "lots",
    "What comes in stays apart and goes out in the order in which it expires.",
    {
        "bucket": Arg("name", "The bucket that consists of lots.", required=True, to="bucket"),
        "expire": Arg("name", "The kind that takes out what has expired.", to="kind of entry"),
        "for": Arg("text", "How long a lot lasts when whoever posts says nothing, such as P365D."),
    },
)

LEDGER = Shape(
    "ledger",
    "A counter that cannot be wrong: balances that only entries change. The balances are records "
    "called as the ledger, its entries `NAME_entry`, its holds `NAME_hold`, its lots `NAME_lot`; "
    "lines of access files speak about them, and `post` in a line for the ledger lets a role post.",
    {
        "ledger": Arg("identifier", "The name, for machines.", required=True),
        "label": Arg("label", "What one balance is called.", required=True),
        "plural": Arg("label", "What many are called; the label if missing."),
        "icon": Arg("icon", "The name of a Tabler icon.", default="stack-2"),
        "help": Arg("label", "What it counts; shown when there is nothing yet."),
        "key": Arg(
            "map",
            "The records that a balance belongs to, by name.",
            required=True,
            of=Arg("shape", "", shape=KEY, or_word="to"),
        ),
        "unit": Arg("shape", "What is counted.", required=True, shape=UNIT, or_word="type"),
        "buckets": Arg(
            "map",
            "The numbers of a balance by name.",
            required=True,
            of=Arg("shape", "", shape=BUCKET, or_label="label"),
        ),
        "balances": Arg(
            "map",
            "Numbers that follow from them, by name.",
            default={},
            of=Arg("shape", "", shape=BALANCE),
        ),
        "kinds": Arg(
            "map", "The kinds of entry by name.", required=True, of=Arg("shape", "", shape=MOVE)
        ),
        "guards": Arg(
            "list", "What no entry may break.", default=(), of=Arg("shape", "", shape=GUARD)
        ),
        "holds": Arg("shape", "Quantities set aside for a time.", shape=HOLDS),
        "lots": Arg("shape", "Lots with an end.", shape=LOTS),
        "list": Arg("shape", "The list of the balances.", shape=LIST),
        "detail": Arg("shape", "The page of one balance.", shape=DETAIL),
        "menu": Arg("boolean", "Balances and entries are shown in the menu.", default=True),
    },
)
"""No `hot` key: one balance takes some hundred posts a second on two cores (benchmarks/ledger.py);
who needs more makes several balances, with a key of their own to spread over."""
