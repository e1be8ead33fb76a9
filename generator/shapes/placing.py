"""The shape of `counters:` and `place:` in `pricing:`: what counts uses, what a cart becomes."""

from __future__ import annotations

from generator.kinds import Arg, Shape
from generator.model.placing import (
    DELIVERIES,
    DISCOUNTS,
    EXTRAS,
    FACTS,
    LINES,
    PARTS,
    TAXES,
    TRIALS,
    USED_CODES,
    WHOLE,
)

COUNTER = Shape(
    "counter",
    "A ledger whose key are texts called as what is counted: " + ", ".join(PARTS) + ".",
    {
        "take": Arg("path", "`ledger.kind` that takes.", required=True),
        "keep": Arg("path", "`ledger.kind` that takes what a cancelled record does not give back."),
    },
)
COUNTERS = Shape(
    "counters",
    "What limits, budgets and units of promotions are counted in.",
    {
        "uses": Arg("shape", "Counts uses and units.", shape=COUNTER),
        "money": Arg("shape", "Counts what budgets granted.", shape=COUNTER),
        "shared": Arg(
            "shape",
            "Counts what budgets granted that promotions share; the key is the budget's record.",
            shape=COUNTER,
        ),
        "pace": Arg(
            "shape",
            "Counts uses in a short time; the key is `promotion` and `by`: who, or from where.",
            shape=COUNTER,
        ),
    },
)
STOCK = Shape(
    "stock of what is added",
    "A ledger whose key is the record of an item; one without a balance is not counted.",
    {
        "take": Arg(
            "path",
            "`ledger.kind` that takes one. A guard of the ledger says when there is none left.",
            required=True,
        ),
        "left": Arg("name", "The bucket or the balance that says how many there are.",
                    required=True, to="bucket"),
    },
)  # fmt: skip


CODES = Shape(
    "codes",
    "Which records are codes that were handed out singly; each may be used once if nothing else is "
    "said.",
    {
        "entity": Arg("name", "The entity.", required=True, to="entity"),
        "key": Arg("path", "What people type.", required=True),
        "promotion": Arg(
            "path",
            "What it opens: the name of a promotion, or a record that is one.",
            required=True,
        ),
        "owner": Arg("path", "The key of the customer whom it belongs to."),
        "holder": Arg(
            "path", "The key of the customer whom it was handed to, where others may use it, too."
        ),
        "from": Arg("path", "The moment from which it holds."),
        "until": Arg("path", "The moment until which it holds."),
        "state": Arg("path", "A field whose value says whether it can be used."),
        "usable": Arg("list", "Values of `state` in which it can be.", of=Arg("text", "")),
        "limit": Arg("path", "How often it may be used."),
        "each_once": Arg("boolean", "One customer may use it once only.", default=False),
        "into": Arg("name", "The field of what is placed that leads to the one used.", to="field"),
        "back": Arg(
            "path",
            "`workflow.transition` that gives one back which does not hold any more when what was "
            "placed gets other lines (`reprice`); `trigger: system`, a refusal stops nothing. Its "
            "question for what was placed is answered.",
        ),
        "use": Arg(
            "path", "`workflow.transition` that uses one again which then holds again; with `back`."
        ),
    },
)


def _facts(part: str) -> str:
    return ", ".join(f"`{name}`" for name in FACTS[part])


def _filled(part: str, help: str) -> Arg:
    into = Arg("name", "The field of parts that they become.", required=True, to="field")
    creates = Arg("name", "The entity of the records.", required=True, to="entity")
    own = {} if part == WHOLE else {"creates": creates} if part == TRIALS else {"into": into}
    shape = Shape(
        f"placed {part}",
        help,
        {
            **own,
            "take": Arg(
                "map",
                f"By field: what it is filled with, of {_facts(part)}.",
                default={},
                of=Arg("choice", "", options=tuple(FACTS[part])),
            ),
            "with": Arg(
                "map",
                "By field: always this value, as the API takes it.",
                default={},
                of=Arg("value", ""),
            ),
        },
    )
    return Arg("shape", help, shape=shape)


PLACE = Shape(
    "placing",
    "What a priced cart becomes when it is placed, in one transaction with all that it takes.",
    {
        "creates": Arg("name", "The entity of the record.", required=True, to="entity"),
        WHOLE: _filled(WHOLE, "Its own fields."),
        "agree": Arg(
            "map",
            "By `channel` or a fact of a cart that names one: the path in the record that must "
            "say the same, such as {channel: channel.code}.",
            default={},
            of=Arg("path", "The path: a field, or a reference and a field of its record."),
        ),
        LINES: _filled(LINES, "A part for every line."),
        DISCOUNTS: _filled(DISCOUNTS, "A part for every share of a promotion in a line."),
        DELIVERIES: _filled(DELIVERIES, "A part for every delivery."),
        EXTRAS: _filled(EXTRAS, "A part for everything that a promotion adds."),
        TAXES: _filled(TAXES, "A part for every rate of tax that comes on top of prices."),
        USED_CODES: _filled(
            USED_CODES, "A part for every code that took effect, of those handed out singly."
        ),
        TRIALS: _filled(
            TRIALS, "A record for what each promotion that is only tried would have given."
        ),
    },
)
