"""The permission matrix as a function: roles × entity × action → `Grant`, or nothing.

Default is deny. The grants of several roles unite per cell: who may see a row by one role and a
field by another sees both. A `Grant` holds everything a plan needs to stay inside the rights:
rows, cells, forced values, checks and limits; it is final in shape, and the matrix of issue C
fills more of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from generator.model.access import GrantRule, Role
from generator.model.app import App
from generator.model.entity import Entity

if TYPE_CHECKING:
    from generator.expressions.compile import Expression

ANY = "*"
SCOPE = "scope:"
"""Begins a mark that stands among somebody's roles and narrows them; no role is called so."""
NONE: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Grant:
    """What a set of roles may do with one entity by one action."""

    entity: str
    action: str
    key: str
    """Equal for equal rights: keeps one caller's cached plan from another's."""
    rows: tuple[Expression, ...] | None
    """Conditions of which one must be true; None means every row."""
    read: frozenset[str]
    write: frozenset[str]
    masked: Mapping[str, str] = field(default_factory=dict)
    """Field → mask; a masked cell never leaves in clear."""
    force: Mapping[str, Any] = field(default_factory=dict)
    default: Mapping[str, Any] = field(default_factory=dict)
    checks: tuple[Expression, ...] = ()
    """Each must be true of the record before and after a write."""
    limits: Mapping[str, int] = field(default_factory=dict)


class Matrix:
    """Every grant of an app; decisions are made once per set of roles and remembered."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._closure = {name: _closure(name, app.roles) for name in app.roles}
        self._grants: dict[tuple[frozenset[str], str, str], Grant | None] = {}

    def grant(self, roles: frozenset[str], entity: str, action: str) -> Grant | None:
        """Return what the roles may do, or None when they may not do it at all."""
        place = (roles, entity, action)
        if place not in self._grants:
            if len(self._grants) > 20_000:
                self._grants.clear()
            self._grants[place] = self._decide(roles, entity, action)
        return self._grants[place]

    def actions(self, roles: frozenset[str], entity: str) -> frozenset[str]:
        """Return every action the roles may do on an entity."""
        return frozenset(action for rule in self._rules(roles, entity) for action in rule.actions)

    def _decide(self, roles: frozenset[str], entity: str, action: str) -> Grant | None:
        model = self.app.entities.get(entity)
        if model is None or not _in_scopes(roles, model.child_of or entity, action):
            return None
        rules = [rule for rule in self._rules(roles, entity) if action in rule.actions]
        if not rules:
            return None
        rows = (
            None
            if any(rule.rows is None for rule in rules)
            else tuple(rule.rows for rule in rules if rule.rows is not None)
        )
        return Grant(
            entity=entity,
            action=action,
            key=",".join(sorted({rule.role for rule in rules})),
            rows=rows,
            read=_cells(rules, model, "read"),
            write=_cells(rules, model, "write"),
            masked=_masks(rules),
            force={key: value for rule in rules for key, value in rule.force.items()},
            default={key: value for rule in rules for key, value in rule.default.items()},
            checks=tuple(rule.check for rule in rules if rule.check is not None),
            limits=_limits(rules),
        )

    def _rules(self, roles: frozenset[str], entity: str) -> list[GrantRule]:
        """Return the rules that speak about an entity to these roles.

        A part of a record (`child_of`) about which no rule of the role speaks follows its parent:
        who may change an order may change its lines, and nobody else may.
        """
        held = {name for role in roles for name in self._closure.get(role, ())}
        named = [
            rule for rule in self.app.grants if rule.role in held and rule.entity in (entity, ANY)
        ]
        parent = self.app.entities[entity].child_of if entity in self.app.entities else ""
        if not parent:
            return named
        spoken = {rule.role for rule in named}
        return named + [
            replace(rule, entity=entity, rows=None, read=None, write=None, masked={}, check=None)
            for rule in self._rules(roles, parent)
            if rule.role not in spoken and rule.rows is None
        ]


def narrowed(roles: frozenset[str], scopes: Iterable[str]) -> frozenset[str]:
    """Return roles that reach no further than scopes such as `read:order`, wherever they are asked.

    A part of a record goes with its parent: `read:order` includes its lines.
    """
    return roles | {SCOPE, *(SCOPE + scope for scope in scopes)}


def _in_scopes(roles: frozenset[str], entity: str, action: str) -> bool:
    if SCOPE not in roles:
        return True
    scopes = {role.removeprefix(SCOPE) for role in roles if role.startswith(SCOPE)}
    wanted = {f"{action}:{entity}", f"{action}:{ANY}", f"{ANY}:{entity}", f"{ANY}:{ANY}"}
    return bool(scopes & wanted)


def _closure(name: str, roles: Mapping[str, Role]) -> frozenset[str]:
    """Return a role and every role it includes, directly or through others."""
    found: set[str] = set()
    open_ends = [name]
    while open_ends:
        here = open_ends.pop()
        if here not in found and here in roles:
            found.add(here)
            open_ends += roles[here].includes
    return frozenset(found)


def _cells(rules: list[GrantRule], entity: Entity, which: str) -> frozenset[str]:
    """Return every field the rules give; a rule that names none gives all but secrets."""
    cells: set[str] = set()
    for rule in rules:
        named: tuple[str, ...] | None = getattr(rule, which)
        if named is None:
            cells |= {
                name
                for name, model in entity.fields.items()
                if (which == "read" and model.sensitivity != "secret")
                or (which == "write" and not model.readonly)
            }
        else:
            cells |= set(named)
    if which == "read":
        cells |= {"id", "version"}
    return frozenset(cells)


def _masks(rules: list[GrantRule]) -> Mapping[str, str]:
    """Return the masks that every rule agrees on: one rule that shows a cell in clear opens it."""
    masks: dict[str, str] = {}
    for rule in rules:
        for name, mask in rule.masked.items():
            if all(name in other.masked for other in rules):
                masks[name] = mask
    return masks


def _limits(rules: list[GrantRule]) -> Mapping[str, int]:
    """Return the widest limit of each kind; a rule without it sets none."""
    names = set.intersection(*(set(rule.limits) for rule in rules)) if rules else set()
    return {name: max(rule.limits[name] for rule in rules) for name in names}
