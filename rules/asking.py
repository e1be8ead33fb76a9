"""Questions to a matrix: who can do something, and why somebody cannot."""

from __future__ import annotations

from dataclasses import dataclass

from generator.model.access import GrantRule, Guardrail
from rules.matrix import Matrix
from rules.uniting import denies


@dataclass(frozen=True)
class Reason:
    """Why roles may not do something with an entity at all."""

    guard: Guardrail | None
    """The guardrail that closes it for everyone."""
    lines: tuple[GrantRule, ...] = ()
    """Lines that speak to the roles about the entity and do not give the action."""
    others: tuple[GrantRule, ...] = ()
    """Lines that give it to other roles."""


def who_can(matrix: Matrix, entity: str, action: str) -> tuple[str, ...]:
    """Return the roles that may do something with some record of an entity."""
    roles = matrix.app.roles
    return tuple(
        name for name in roles if matrix.grant(frozenset({name}), entity, action) is not None
    )


def why_not(matrix: Matrix, roles: frozenset[str], entity: str, action: str) -> Reason | None:
    """Return why roles may not do something at all; None if they may, at least with some record."""
    if matrix.grant(roles, entity, action) is not None:
        return None
    for guard in matrix.app.guardrails:
        closes = denies(guard, action) and guard.when is None and not guard.fields
        if guard.entity == entity and closes:
            return Reason(guard)
    own = matrix.rules_about(roles, entity)
    everybody = matrix.rules_for(frozenset(matrix.app.roles), entity, action)
    return Reason(None, own, everybody)
