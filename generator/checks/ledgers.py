"""What only a whole ledger shows: a bucket nothing moves, guards that stop nothing, lines that lie.

Comes in: the resolved model. Goes out: D906 for a bucket that no kind moves, D908 for a line that
lets somebody write what only entries may, D909 for `post` where there is no ledger, D910 for a
ledger nobody may post to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.kinds import Catalog
from generator.model.app import App
from generator.model.ledger import POST, Ledger
from generator.places import Places
from generator.problems import Problem, unknown_name
from generator.saying import say

WRITES = frozenset({"create", "update", "delete", "restore", "import"})


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield what is wrong with ledgers and with lines about them."""
    for ledger in app.ledgers.values():
        yield from _idle(ledger, places)
        yield from _nobody(ledger, app)
    yield from _lines(app)


def _idle(ledger: Ledger, places: Places) -> Iterator[Problem]:
    moved = {name for kind in ledger.kinds.values() for name in (*kind.move, *kind.arrives)}
    for name in ledger.buckets:
        if name not in moved:
            yield Problem(
                "D906",
                places.key(ledger.span.file, "buckets", name),
                say("No kind moves '{bucket}'.", bucket=name),
                say("Write a kind with `move: {{{bucket}: +q}}`, or remove it.", bucket=name),
                "warning",
            )


def _nobody(ledger: Ledger, app: App) -> Iterator[Problem]:
    by_hand = set(ledger.kinds) - {ledger.lots.expire if ledger.lots else ""}
    if not by_hand or any(
        rule.entity == ledger.name and POST in rule.actions for rule in app.grants
    ):
        return
    yield Problem(
        "D910",
        ledger.span,
        say("No role may post to '{ledger}'.", ledger=ledger.name),
        say(
            "Write `{ledger}: [view, {{allow: post, kinds: [{kind}]}}]` for a role, unless only "
            "effects post to it.",
            ledger=ledger.name,
            kind=next(iter(ledger.kinds)),
        ),
        "warning",
    )


def _lines(app: App) -> Iterator[Problem]:
    for rule in app.grants:
        entity = app.entities.get(rule.entity)
        if entity is not None and entity.ledger and WRITES & set(rule.actions):
            yield Problem(
                "D908",
                rule.span,
                say("'{entity}' is written by entries alone.", entity=rule.entity),
                say("Give `view` to see it, and `post` for '{ledger}'.", ledger=entity.ledger),
            )
        if POST in rule.actions and rule.entity not in app.ledgers:
            yield Problem(
                "D909",
                rule.span,
                say("'{entity}' is no ledger: nothing is posted to it.", entity=rule.entity),
                "Write `post` in a line for a ledger.",
            )
        if rule.kinds is not None:
            kinds = app.ledgers[rule.entity].kinds if rule.entity in app.ledgers else {}
            where = say("ledger '{name}'", name=rule.entity)
            for name in rule.kinds:
                if name not in kinds:
                    yield unknown_name("kind of entry", name, rule.span, kinds, defined_in=where)
