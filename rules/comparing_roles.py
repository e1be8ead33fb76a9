"""Two versions of a role, and of what expressions ask of a person → what that opens and closes.

Comes in: both models. Goes out: what `comparing.py` tells of a role as a whole, whatever it may do:
whether its holders need a second factor, who decides about it, with what it does not go together,
and who takes it in an emergency. And of an action: which of its conditions ask for a fact of the
person that says something else than before. Who shall approve the one is `ROLE.*`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from generator.expressions.compile import Expression
from generator.model.access import BreakGlass
from generator.model.app import App
from rules.comparing_steps import NARROWS, OTHERWISE, WIDENS, Found
from rules.permissions import Grant
from rules.role_names import closure

ACTOR = "actor"


def of_role(role: str, old: App, new: App) -> Iterator[Found]:
    """Yield what changes about a role that both versions have."""
    if role not in old.roles or role not in new.roles:
        return
    factors = _demands(old, role), _demands(new, role)
    if factors[0] != factors[1]:
        yield NARROWS if factors[1] else WIDENS, "second_factor", (), ((), ())
    for kind, before, after in (
        ("owner", set(old.roles[role].owner), set(new.roles[role].owner)),
        ("taken_by", _taken(old, role), _taken(new, role)),
    ):
        if before != after:
            yield _more(before, after), kind, (), (_told(before), _told(after))
    duty = old.roles[role].administers, new.roles[role].administers
    if duty[0] != duty[1]:
        was, now = ({one} if one else set[str]() for one in duty)
        yield _more(was, now), "administers", (), (_told(was), _told(now))
    held = _apart(old, role), _apart(new, role)
    if held[0] != held[1]:
        yield _more(held[1], held[0]), "apart", (), (_told(held[0]), _told(held[1]))
    how = old.roles[role].break_glass, new.roles[role].break_glass
    if how[0] is not None and how[1] is not None:
        yield from _emergency(how[0], how[1])


def facts_of(old: App, new: App, was: Grant, now: Grant) -> Iterator[Found]:
    """Yield the facts of a person that conditions of an action ask for and that changed."""
    asked = {one for grant in (was, now) for one in _asked(grant)}
    for name in sorted(asked & old.person.keys() & new.person.keys()):
        texts = _fact(old, name), _fact(new, name)
        if texts[0] != texts[1]:
            yield OTHERWISE, "person", (name,), ((texts[0],), (texts[1],))


def _demands(app: App, role: str) -> bool:
    return any(app.roles[name].second_factor for name in closure(role, app.roles))


def _taken(app: App, role: str) -> set[str]:
    how = app.roles[role].break_glass
    return set(how.by) if how is not None else set()


def _apart(app: App, role: str) -> set[str]:
    """Return the roles that do not go together with one."""
    return {
        other
        for one in app.conflicts.values()
        if role in one.roles
        for other in one.roles
        if other != role
    }


def _emergency(before: BreakGlass, after: BreakGlass) -> Iterator[Found]:
    if before.minutes != after.minutes:
        texts = (f"{before.minutes} min",), (f"{after.minutes} min",)
        yield WIDENS if after.minutes > before.minutes else NARROWS, "taken_for", (), texts
    told = set(before.tells), set(after.tells)
    if told[0] != told[1]:
        yield _more(told[1], told[0]), "told", (), (_told(told[0]), _told(told[1]))


def _more(before: set[str], after: set[str]) -> str:
    """Say which way a list goes of which more is more freedom."""
    if after > before:
        return WIDENS
    return NARROWS if after < before else OTHERWISE


def _told(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


def _asked(grant: Grant) -> Iterator[str]:
    """Yield the facts of a person for which the conditions of a grant ask."""
    lines: list[Expression] = [*grant.expressions, *grant.force.values(), *grant.default.values()]
    for line in grant.lines:
        lines += [*line.force.values(), *line.default.values()]
    lines += [guard.when for guard in grant.guards if guard.when is not None]
    for one in lines:
        yield from (path[1] for path in one.context if path[0] == ACTOR and len(path) > 1)


def _fact(app: App, name: str) -> str:
    one = app.person[name]
    return f"{one.value} of {one.entity} where {one.person} is theirs"
