"""Codes of a placed record that gets other lines: those that fall away, and those that hold again.

Comes in: what was agreed and the prices that come out. Goes out: a `Fate` for each code, and what
follows from it. A code that falls away goes back to its owner: its use by the counters, and the
record that is the code by its transition `back`, as where everything is cancelled; a refusal of
that stops nothing. A promotion that gives no use back keeps it here, too. A code that holds again
later is a code like any other: it is looked up as it is then, and `use` takes it.

It is refused where nobody could give the code back: what was placed belongs to the code (`into`),
or the code has a workflow of which nobody says how it goes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from generator.model.entity import Entity
from generator.model.placing import NOBODY, PACE, USES, Fires, HandedOut
from generator.model.text import Label
from generator.model.workflow import SYSTEM, Transition
from rules.blockers import Blocker
from rules.commands import FireOther
from rules.ledger.entries import Key
from rules.pricing.agreed import Agreed
from rules.pricing.cart import CodeFact
from rules.pricing.codes import normalized
from rules.pricing.promotion import Promotion
from rules.pricing.result import CodeState
from rules.workflow import firing
from rules.workflow.asking import Ask, Asker, Refused
from runtime import price_book
from runtime.errors import RequestError
from runtime.operations import _cart_facts, _held
from runtime.operations._elsewhere import Asked
from runtime.operations._unfired import unfired
from runtime.operations._work import Draft, Work
from runtime.operations.evaluate import Evaluated
from runtime.runtime import Runtime
from runtime.store.guard import system, system_grant

WHY = "which codes other lines lead to"
OPEN = "open"
BELONGS = (
    "It belongs to what its code '{code}' leads to, which would not hold any more; cancel it and "
    "place it anew.",
    "该单据属于券码“{code}”所指的记录，更改后将不再适用，请取消后重新下单。",
)
NO_WAY_BACK = (
    "Its code '{code}' would not hold any more and cannot be given back by a change; cancel it and "
    "place it anew.",
    "更改后券码“{code}”将不再适用，且无法随更改退回，请取消后重新下单。",
)


@dataclass(frozen=True)
class Fate:
    """What becomes of one code that something was placed with."""

    code: str
    promotion: str
    """What it opens; '' where nothing is known of it any more."""
    state: CodeState
    before: bool
    """Whether it held for the lines there are."""
    after: bool
    released: bool
    """Whether its use is given back, or was before; not while it holds."""
    anew: bool = False
    """Whether it holds again after it was given back."""
    fact: CodeFact | None = None
    """What is known of one that was handed out singly."""

    @property
    def falls_away(self) -> bool:
        return self.before and not self.after


@dataclass(frozen=True)
class Outcome:
    """What a code that falls away is good for then."""

    given_back: bool
    """Its own record says so, too."""
    usable: bool
    state: Label | None = None
    """What its record says then; None where it says nothing, or not to this reader."""


def fates(work: Work, kept: Agreed, found: Evaluated) -> tuple[Fate, ...]:
    """Return what becomes of each code.

    Raises:
        GuardBlocked: one would fall away that nobody could give back.

    """
    states = {one.code: one for one in found.priced.codes}
    holds = {one.code for one in found.priced.usage if one.code}
    typed = sorted({normalized(code) for code in kept.cart.codes})
    gone = [code for code in typed if code not in holds]
    # with the rules of today it may be there no more: what it was placed with decides
    then = price_book.book_of(work.connection, work.runtime, kept).promotions if gone else ()
    out = []
    for code in typed:
        fact, state = found.context.codes.get(code), states.get(code, CodeState(code, "unknown"))
        fact = fact or kept.context.codes.get(code)
        opened = next((one for one in then if _opens(one, code, fact)), None)
        name = opened.id if opened is not None else state.promotion
        released = code not in holds and kept.lost.get(code, opened is None or _goes_back(opened))
        before, after = code not in kept.lost, code in holds
        anew = after and kept.lost.get(code, False)
        one = Fate(code, name, state, before, after, released, anew, fact)
        if one.falls_away and fact is not None:
            _fail_if_bound(work, one, fact)
        out.append(one)
    return tuple(out)


def lost(several: Iterable[Fate]) -> Mapping[str, bool]:
    """Return the codes that hold no more, and whether the use of each was given back."""
    return {one.code: one.released for one in several if not one.after}


def asked(
    work: Work, draft: Draft, several: Iterable[Fate], log_id: str
) -> list[tuple[Asked, str]]:
    """Return the transitions of codes that follow from what becomes of them."""
    found = []
    for one in several:
        handed = _handed(work.runtime, one.fact)
        if handed is None or one.fact is None:
            continue
        entity, record_id = one.fact.record
        if one.falls_away and one.released and handed.back is not None:
            fires, optional = handed.back, True
        elif one.anew and handed.use is not None:
            fires, optional = handed.use, False
        else:
            continue
        answers = _answers(work.runtime, entity, fires, draft)
        command = FireOther(entity, (), fires.workflow, fires.transition, optional, answers)
        found.append((Asked(command, log_id), record_id))
    return found


def outcome(work: Work, draft: Draft, fate: Fate) -> Outcome | None:
    """Return what a code that falls away is good for then; None of one that anybody may type."""
    handed = _handed(work.runtime, fate.fact)
    if handed is None or fate.fact is None:
        return None
    assert work.incoming.actor is not None
    facts = _cart_facts.Facts(work.connection, work.runtime, work.incoming.actor)
    known = facts.codes([fate.code], work.runtime.clock()).get(fate.code)
    if known is None or not fate.released:
        return Outcome(fate.released, usable=False)
    if handed.back is None:
        return Outcome(given_back=True, usable=known.state == OPEN)
    is_back, state = _tried(work, draft, handed, handed.back, fate.fact.record)
    usable = is_back and state in handed.usable and known.state not in ("ended", "not_started")
    return Outcome(is_back, usable, _label(work, handed, handed.back, state))


def led_to(
    work: Work, entity: Entity, record_id: str, edges: Iterable[Transition]
) -> list[tuple[str, str]]:
    """Return the records of codes that a change may fire, which are locked before what is changed.

    They are those that it was placed with, so that no lock is needed to know them.
    """
    pricing = work.runtime.app.pricing
    if pricing is None or pricing.placing is None or pricing.placing.creates != entity.name:
        return []
    if not any(effect.word == price_book.REPRICE for edge in edges for effect in edge.effects):
        return []
    moved = {one.entity for one in pricing.codes if one.back is not None}
    table = work.runtime.schema.tables[entity.name]
    basis = table.c[pricing.placing.filled_with("basis")]
    stored = work.connection.execute(
        system(sa.select(basis).where(table.c.id == record_id), WHY)
    ).scalar()
    agreed = (stored or {}).get(price_book.AGREED) or {}
    records = [tuple(one["record"]) for one in (agreed.get("known") or {}).values()]
    return [(name, key) for name, key in records if name in moved]


class Staying:
    """Says what is not given back by counters although less of it is taken."""

    def __init__(self, runtime: Runtime, several: Sequence[Fate]) -> None:
        assert runtime.app.pricing is not None
        counters = runtime.app.pricing.counters
        pace, uses = counters.get(PACE), counters.get(USES)
        self.pace = pace.ledger if pace is not None else ""
        self.uses = uses.ledger if uses is not None else ""
        self.parts = tuple(runtime.app.ledgers[self.uses].key) if self.uses else ()
        self.kept = {one.promotion for one in several if not one.after and not one.released}

    def __call__(self, ledger: str, key: Key) -> bool:
        if ledger == self.pace:
            # how often somebody was that quick is no less true because it was changed later
            return True
        if ledger != self.uses:
            return False
        about = dict(zip(self.parts, key, strict=True))
        return about["promotion"] in self.kept and about.get("item", NOBODY) == NOBODY


def _opens(promotion: Promotion, code: str, fact: CodeFact | None) -> bool:
    return promotion.id == fact.promotion if fact is not None else code in promotion.codes


def _goes_back(promotion: Promotion) -> bool:
    return promotion.limits.release_on_cancel


def _handed(runtime: Runtime, fact: CodeFact | None) -> HandedOut | None:
    """Return how codes like this one are handed out."""
    pricing = runtime.app.pricing
    assert pricing is not None
    name = fact.record[0] if fact is not None else ""
    return next((one for one in pricing.codes if one.entity == name), None)


def _fail_if_bound(work: Work, fate: Fate, fact: CodeFact) -> None:
    """Refuse what nobody could give back.

    Raises:
        GuardBlocked: it is such a code.

    """
    pricing = work.runtime.app.pricing
    assert pricing is not None
    assert pricing.placing is not None
    handed = _handed(work.runtime, fact)
    if fact.record[0] in pricing.placing.linked:
        raise _refused(BELONGS, fate)
    if handed is not None and handed.back is None and _is_moved(work, handed, fact.record[1]):
        raise _refused(NO_WAY_BACK, fate)


def _is_moved(work: Work, handed: HandedOut, record_id: str) -> bool:
    """Return whether a workflow of the code itself holds it where it cannot be used."""
    entity = work.runtime.app.entities[handed.entity]
    field = entity.fields.get(handed.state)
    if field is None or field.type != "state":
        return False
    table = work.runtime.schema.tables[entity.name]
    asked = sa.select(table.c[field.name]).where(table.c.id == record_id)
    return work.connection.execute(system(asked, WHY)).scalar() not in (None, *handed.usable)


def _refused(texts: tuple[str, str], fate: Fate) -> RequestError:
    words = Label({"en": texts[0].format(code=fate.code), "zh": texts[1].format(code=fate.code)})
    return unfired(Refused("guard_blocked", (Blocker("CODE_LOST", words),)))


def _answers(runtime: Runtime, entity: str, fires: Fires, draft: Draft) -> dict[str, Any]:
    """Return the answers to what a transition asks about what was placed."""
    return {
        name: str(draft.facts["id"])
        for edge in runtime.app.workflows[entity][fires.workflow].named(fires.transition)
        for name, one in edge.input.items()
        if one.field.type == "reference" and one.field.target == draft.entity.name
    }


def _tried(
    work: Work, draft: Draft, handed: HandedOut, fires: Fires, record: tuple[str, str]
) -> tuple[bool, str]:
    """Return whether the transition of a code would be taken, and the state after it."""
    machines = work.runtime.machines[handed.entity]
    workflow = machines.workflows[fires.workflow]
    held = _held.hold(work, machines.entity, record[1], system_grant(handed.entity), lock="")
    answers = _answers(work.runtime, handed.entity, fires, draft)
    by = Asker(SYSTEM, facts=work.context["actor"])
    ask = Ask(fires.workflow, fires.transition, by, answers)
    edges = workflow.named(fires.transition)
    done = firing.fire(machines, ask, _held.situation(work, held, edges, ""))
    if isinstance(done, Refused):
        return False, str(held.facts[workflow.field])
    return True, done.steps[0].after


def _label(work: Work, handed: HandedOut, fires: Fires, state: str) -> Label | None:
    """Return what a state is called, for whoever may read it."""
    workflow = work.runtime.machines[handed.entity].workflows[fires.workflow]
    actor = work.incoming.actor
    assert actor is not None
    read = work.runtime.matrix.grant(actor.roles, handed.entity, "read")
    if read is None or workflow.field not in read.open or state not in workflow.states:
        return None
    return workflow.states[state].label
