"""`post`: posts to a ledger in the same transaction; a guard that says no undoes the transition.

With `most`, a bucket may not exceed what the record says; what does is refused with `code` and
`message`. With `each`, once for every part, and the expressions are then about the part. With
`take_back`, what the record posted of that kind before is taken back, whatever it was; with
`again`, what was taken back is posted once more, and refused where there is no room by now.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.effects import EffectFacts, EffectNames, EffectWord
from generator.expressions.compile import Expression
from generator.kinds import Arg
from generator.model.ledger import Ledger
from generator.model.workflow import Effect
from generator.shape import Given
from generator.shapes.workflow import CODE
from rules.commands import Post as PostCommand
from rules.commands import TakeAgain, TakeBack
from rules.effects._counting import ARGS, counted, resolve_counted


class Post(EffectWord):
    args = {
        "post": Arg("path", "`ledger.kind`.", required=True),
        **ARGS,
        "most": Arg(
            "map",
            "By bucket: what it may come to with this at most; no bound where it is empty.",
            default={},
            of=Arg("expression", ""),
        ),
        "code": Arg("text", "The code of what exceeds `most`, in capitals.", pattern=CODE),
        "message": Arg("label", "What is said of it."),
        "take_back": Arg(
            "boolean", "Takes back what the record posted of this kind.", default=False
        ),
        "again": Arg("boolean", "Posts again what was taken back of this kind.", default=False),
    }

    def resolve(self, given: Given, names: EffectNames) -> Mapping[str, Any]:
        take_back = given.get("take_back", False)
        place = names.movement(given.get("post"), transfers=take_back)
        if place is None:
            return {}
        ledger, kind = place
        again = given.get("again", False)
        told = {"ledger": ledger.name, "kind": kind, "take_back": take_back, "again": again}
        if take_back or again:
            names.without(given, (*ARGS, "most", *(("again",) if take_back else ())))
            return told
        about = resolve_counted(given, names, ledger)
        about |= {"most": _most(given, names, ledger), "says": None}
        if "code" in given and "message" in given:
            about["says"] = (given.get("code"), given.get("message"))
        return {**told, **about}

    def commands(
        self, effect: Effect, facts: EffectFacts
    ) -> tuple[PostCommand | TakeBack | TakeAgain, ...]:
        given = effect.given
        ledger, kind = given["ledger"], given["kind"]
        if given["take_back"]:
            return (TakeBack(ledger, kind),)
        if given["again"]:
            return (TakeAgain(ledger, kind),)
        bounds = {bucket: facts.value(one) for bucket, one in given["most"].items()}
        most = {bucket: bound for bucket, bound in bounds.items() if bound is not None}
        return tuple(
            PostCommand(
                ledger, kind, key, quantity, facts.key(f"{ledger}.{kind}.{number}"), most,
                given["says"],
            )
            for number, key, quantity in counted(given, facts)
        )  # fmt: skip


def _most(given: Given, names: EffectNames, ledger: Ledger) -> dict[str, Expression]:
    """Return the bounds of buckets with their expressions compiled."""
    found = {}
    for name, written in given.get("most", {}).items():
        field = names.field(name, ledger.name)
        if field is not None and field.name in ledger.buckets:
            value = names.expression(written, names.type_of(field))
            if value is not None:
                found[field.name] = value
    return found
