"""Why a transition cannot fire: the place, the person, the past, the guards.

Each question is a function that returns every reason, never only the first. They are pure, so
that a screen asks them for a tooltip and the firing algorithm for its decision.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from generator.expressions.compile import Expression
from generator.expressions.types import Number
from generator.model.workflow import (
    ACTOR_OF,
    ANY_ACTOR,
    ANY_ROLE,
    BLOCKED,
    CREATED_BY,
    EDITORS_SINCE,
    LAST_EDITOR,
    PEOPLE,
    VETOED,
    Clause,
    Transition,
)
from rules.blockers import Blocker, both
from rules.workflow.asking import Asker, Deed

CREATE, EDIT = "create", "edit"

UNKNOWN = both("A value that this depends on is missing.", "所依据的值尚未填写。")
BROKEN = both("The condition could not be evaluated.", "条件无法计算。")
NO_ROLE = both("None of your roles may do this.", "您的角色无权执行此操作。")
SAME_PERSON = both(
    "Somebody else has to do this: whoever {did} may not.",
    "此操作须由他人完成：{did}的人不能执行。",
)
DID = {
    CREATED_BY: both("created the record", "创建了该记录"),
    LAST_EDITOR: both("changed it last", "最后修改过它"),
    ANY_ACTOR: both("took part before", "此前参与过"),
    ACTOR_OF: both("did the step before", "执行了前一步"),
    EDITORS_SINCE: both("changed it since", "之后修改过它"),
}


def role_missing(edge: Transition, asker: Asker) -> tuple[Blocker, ...]:
    """Return that no role of a person may fire an edge; machines need none."""
    if asker.source not in PEOPLE or ANY_ROLE in edge.roles:
        return ()
    return () if asker.roles & set(edge.roles) else (Blocker("FORBIDDEN", NO_ROLE),)


def same_person(edge: Transition, asker: Asker, past: tuple[Deed, ...]) -> tuple[Blocker, ...]:
    """Return which rules of the two pairs of eyes forbid it to this very person."""
    if not asker.id:
        return ()
    return tuple(
        Blocker("SAME_PERSON", SAME_PERSON, {"did": DID[_kind(member)], "rule": member})
        for member in edge.not_actor
        if asker.id in _people(member, past)
    )


def _kind(member: str) -> str:
    head, colon, _ = member.partition(":")
    return head + colon


def _people(member: str, past: tuple[Deed, ...]) -> frozenset[str]:
    """Return the people that a member of `not_actor` names."""
    kind, name = _kind(member), member.partition(":")[2]
    if kind == ANY_ACTOR:
        return frozenset(deed.actor for deed in past)
    if kind == CREATED_BY:
        return frozenset(deed.actor for deed in past if deed.did == CREATE)
    if kind == LAST_EDITOR:
        editors = [deed.actor for deed in past if deed.did in {CREATE, EDIT}]
        return frozenset(editors[-1:])
    passes = [place for place, deed in enumerate(past) if deed.did == name]
    if kind == ACTOR_OF:
        return frozenset(past[place].actor for place in passes[-1:])
    since = passes[-1] if passes else 0
    return frozenset(deed.actor for deed in past[since:] if deed.did == EDIT)


def blocked(
    clauses: tuple[Clause, ...], facts: Mapping[str, Any], beside: Mapping[str, Any]
) -> tuple[Blocker, ...]:
    """Return a reason for every clause of a guard that is not true."""
    return tuple(_stopped(clauses, facts, beside, wanted=True))


def vetoed(
    clauses: tuple[Clause, ...], facts: Mapping[str, Any], beside: Mapping[str, Any]
) -> tuple[Blocker, ...]:
    """Return a reason for every veto that is true, or that cannot be asked."""
    return tuple(_stopped(clauses, facts, beside, wanted=False))


def _told(one: Expression, facts: Mapping[str, Any], beside: Mapping[str, Any]) -> Any:
    """Return a value as a reason tells it: a number with decimals is written with them."""
    value = one.function(facts, beside)
    scale = one.type.scale if isinstance(one.type, Number) else 0
    if value is None or not scale:
        return value
    return f"{Decimal(value).scaleb(-scale):f}"


def _stopped(
    clauses: tuple[Clause, ...],
    facts: Mapping[str, Any],
    beside: Mapping[str, Any],
    *,
    wanted: bool,
) -> Iterator[Blocker]:
    for clause in clauses:
        usual = clause.code or (BLOCKED if wanted else VETOED)
        try:
            answer = clause.when.function(facts, beside)
            params = {name: _told(one, facts, beside) for name, one in clause.params.items()}
        except (KeyError, TypeError, ValueError, ArithmeticError):
            yield Blocker("GUARD_ERROR", BROKEN, {"clause": usual}, clause.span)
            continue
        if answer is wanted or (answer is None and not wanted):
            continue
        if answer is None:
            yield Blocker("UNKNOWN_VALUE", UNKNOWN, {"clause": usual}, clause.span)
        else:
            reads = {name: one.paths for name, one in clause.params.items()}
            yield Blocker(usual, clause.message, params, clause.span, reads)
