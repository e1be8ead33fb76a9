"""The permission matrix as a function: roles × entity × action → `Grant`, or nothing.

Default is deny. Guardrails are apart: they hold for everyone and no line opens them. A part of a
record (`child_of`) about which nothing is said follows the record it is a part of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta

from generator.expressions.behind import behind
from generator.expressions.compile import Expression
from generator.model.access import GrantRule, Guardrail
from generator.model.app import App
from generator.model.entity import FILES, Entity, Field
from generator.model.workflow import ANY_ROLE, PEOPLE
from generator.shapes.access import TRANSITION
from rules.joining import narrowed, with_files
from rules.permissions import ALWAYS, Grant, Line
from rules.role_names import ANY, PART, closure, in_scopes
from rules.uniting import denies, sight, united, without_contained, writable
from rules.unmasking import EXPORT_PLAIN, unmasked

FILE = "file"
"""The action of opening files, without which no field shows or takes one."""
EXPORT = "export"
AUTO = "auto"
"""The mask of the field's type."""
DAY = timedelta(days=1)
OF_WRITERS = frozenset({"create", "update", "delete", "restore", "import", "bulk"})
"""What nobody does to records of a ledger, whatever a line for every entity says."""
PLACE = "position"
"""Where a part stands in its record; whoever sees the part sees its place."""
USUALLY = {"sensitive": "masked", "secret": "hidden"}
"""How a class of fields is seen where a role says nothing; all others are clear."""


class Matrix:
    """Every grant of an app on one day; decisions are made once per set of roles and remembered."""

    def __init__(self, app: App, today: date | None = None) -> None:
        """Make the matrix of a day; without one, every line holds, whatever its dates."""
        self.app = app
        self.rules = tuple(rule for rule in app.grants if _holds_on(rule, today))
        self._number = {id(rule): number for number, rule in enumerate(app.grants)}
        self._closure = {name: closure(name, app.roles) for name in app.roles}
        self._grants: dict[tuple[frozenset[str], str, str], Grant | None] = {}
        self._parts: dict[tuple[int, tuple[str, ...]], GrantRule] = {}
        self._joined: dict[tuple[frozenset[str], str, tuple[str, ...]], Grant | None] = {}

    def grant(self, roles: frozenset[str], entity: str, action: str) -> Grant | None:
        """Return what the roles may do, or None when they may not do it at all."""
        place = (roles, entity, action)
        if place not in self._grants:
            if len(self._grants) > 20_000:
                self._grants.clear()
            self._grants[place] = self._decide(roles, entity, action)
        return self._grants[place]

    def together(self, roles: frozenset[str], entity: str, *actions: str) -> Grant | None:
        """Return what the roles may do by the first action where they may do all of them."""
        if len(set(actions)) == 1:
            return self.grant(roles, entity, actions[0])
        place = (roles, entity, actions)
        if place not in self._joined:
            if len(self._joined) > 20_000:
                self._joined.clear()
            self._joined[place] = self._join(roles, entity, *actions)
        return self._joined[place]

    def _join(self, roles: frozenset[str], entity: str, *actions: str) -> Grant | None:
        found = self.grant(roles, entity, actions[0])
        for action in actions[1:]:
            other = self.grant(roles, entity, action)
            if found is None or other is None:
                return None
            if (actions[0], action) == (EXPORT, EXPORT_PLAIN):
                lines = unmasked(found, other)
            else:
                lines = narrowed(found.lines, other, found.forbid)
            if lines != found.lines:
                model = self.app.entities[entity]
                key = f"{found.key}&{action}:{other.key}"
                found = united(model, actions[0], key, lines, found.guards)
        return found

    def actions(self, roles: frozenset[str], entity: str) -> frozenset[str]:
        """Return every action the roles may do on an entity."""
        found = frozenset(
            action for rule, _ in self._rules(roles, entity) for action in rule.actions
        )
        model = self.app.entities.get(entity)
        return found - OF_WRITERS if model is not None and model.ledger else found

    def rules_for(self, roles: frozenset[str], entity: str, action: str) -> tuple[GrantRule, ...]:
        """Return the rules that give the roles an action, as they are written."""
        return tuple(rule for rule, _ in self._rules(roles, entity) if action in rule.actions)

    def rules_about(self, roles: frozenset[str], entity: str) -> tuple[GrantRule, ...]:
        """Return every rule that speaks to the roles about an entity."""
        return tuple(rule for rule, _ in self._rules(roles, entity))

    def number(self, rule: GrantRule) -> int:
        """Return the place of a rule among all grants of the app."""
        return self._number[id(rule)]

    def _decide(self, roles: frozenset[str], entity: str, action: str) -> Grant | None:
        model = self.app.entities.get(entity)
        if model is None or not in_scopes(roles, self._whole(model), action):
            return None
        if model.ledger and action in OF_WRITERS:
            return None
        guards = self._guards(model)
        if any(
            denies(guard, action) and guard.when is None and not guard.fields for guard in guards
        ):
            return None
        rules = self._giving(roles, entity, action)
        lines = tuple(self._line(rule, model, part) for rule, part in rules)
        if not lines:
            return None
        key = ",".join(str(self._number[id(rule)]) for rule, _ in rules)
        files = frozenset(one.name for one in model.fields.values() if one.type in FILES)
        if files and action != FILE:
            opens = self.grant(roles, entity, FILE)
            known = [
                one.when
                for one in guards
                if one.when is not None and not one.fields and denies(one, action)
            ]
            told = with_files(lines, files, opens, known)
            if told != lines:
                lines, key = told, f"{key}+{FILE}:{opens.key if opens is not None else '-'}"
        lines = without_contained(lines)
        return united(model, action, key, lines, guards)

    def _giving(
        self, roles: frozenset[str], entity: str, action: str
    ) -> list[tuple[GrantRule, Entity | None]]:
        """Return the rules that give an action to these roles."""
        head, colon, name = action.partition(":")
        if head == TRANSITION and colon:
            return self._firing(roles, entity, name)
        return [(rule, part) for rule, part in self._rules(roles, entity) if action in rule.actions]

    def _firing(
        self, roles: frozenset[str], entity: str, name: str
    ) -> list[tuple[GrantRule, Entity | None]]:
        """Return the rules that let these roles fire a transition.

        Its own list of roles is the grant: on the rows that they may read, unless lines of the
        role name the transition, which then say on which. No line gives it to another role.
        """
        workflow, _, edge = name.partition(".")
        found = self.app.workflows.get(entity, {}).get(workflow)
        named = {
            role
            for one in (found.named(edge) if found else ())
            if PEOPLE & set(one.triggers)
            for role in one.roles
        }
        held = sorted({one for role in roles for one in self._closure.get(role, ())})
        giving: dict[int, tuple[GrantRule, Entity | None]] = {}
        for role in held:
            if role not in named and ANY_ROLE not in named:
                continue
            about = self._rules(frozenset({role}), entity)
            said = [one for one in about if f"{TRANSITION}:{name}" in one[0].actions]
            for one in said or [one for one in about if "read" in one[0].actions]:
                giving[id(one[0])] = one
        return list(giving.values())

    def _line(self, rule: GrantRule, model: Entity, parent: Entity | None) -> Line:
        """Return a rule as it applies to an entity; for a part of a record, that of its parent."""
        if parent is not None:
            rows = rule.rows
            for part in reversed(self._parts_below(parent, model)):
                rows = _behind(rows, part)
            rule = GrantRule(rule.role, model.name, rule.actions, rule.span, rows=rows)
        sees = self._sees(rule.role)
        clear, masked = set(ALWAYS), {}
        if model.child_of:
            clear |= {model.child_of, PLACE}
        for name, cell in model.fields.items():
            seen = sight(rule, cell, sees)
            if seen == "clear":
                clear.add(name)
            elif seen != "hidden" and not cell.target:
                masked[name] = rule.masked.get(name) or self._mask(cell)
        return Line(
            role=rule.role,
            rows=rule.rows,
            clear=frozenset(clear),
            masked=masked,
            write=writable(rule, model, clear) - rule.force.keys(),
            force=rule.force,
            default=rule.default,
            check=rule.check,
            limits=rule.limits,
            kinds=rule.kinds,
            span=rule.span,
        )

    def _mask(self, cell: Field) -> str:
        kind = self.app.masks.get(cell.sensitivity, AUTO)
        return cell.mask if kind == AUTO else kind

    def _sees(self, role: str) -> Mapping[str, str]:
        found = self.app.roles.get(role)
        return {**USUALLY, **(found.sees if found is not None else {})}

    def _rules(self, roles: frozenset[str], entity: str) -> list[tuple[GrantRule, Entity | None]]:
        """Return the rules that speak about an entity to these roles.

        A part of a record (`child_of`) about which no rule of the role speaks follows its parent:
        who may change an order may change its lines, and nobody else may.
        """
        held = {name for role in roles for name in self._closure.get(role, ())}
        named = [rule for rule in self.rules if rule.role in held and rule.entity in (entity, ANY)]
        named += self._of_parts(roles, held, entity)
        found: list[tuple[GrantRule, Entity | None]] = [(rule, None) for rule in named]
        parent = self.app.entities[entity].child_of if entity in self.app.entities else ""
        if not parent:
            return found
        spoken = {rule.role for rule in named}
        model = self.app.entities[parent]
        return found + [
            (rule, above or model)
            for rule, above in self._rules(roles, parent)
            if rule.role not in spoken
        ]

    def _parts_below(self, whole: Entity, part: Entity) -> list[Entity]:
        """Return a part and what it is a part of, up to but without the whole."""
        chain = [part]
        while chain[-1].child_of != whole.name:
            chain.append(self.app.entities[chain[-1].child_of])
        return chain

    def _whole(self, model: Entity) -> str:
        """Return what a part is in the end a part of; of a record by itself its own name."""
        while model.child_of:
            model = self.app.entities[model.child_of]
        return model.name

    def _of_parts(self, roles: frozenset[str], held: set[str], entity: str) -> list[GrantRule]:
        """Return the lines of which somebody holds only some actions, with no more than those."""
        found: dict[int, GrantRule] = {}
        for role in roles:
            name, sign, part = role.partition(PART)
            action, _, about = part.partition(":")
            if not sign or about not in (entity, ANY) or name in held:
                continue
            for rule in self.rules:
                if rule.role not in self._closure.get(name, ()) or rule.role in held:
                    continue
                if rule.entity not in (entity, ANY):
                    continue
                actions = rule.actions if action == ANY else tuple({*rule.actions} & {action})
                number = self._number[id(rule)]
                before = found[number].actions if number in found else ()
                if actions:
                    found[number] = self._narrow(rule, (*before, *actions))
        return list(found.values())

    def _narrow(self, rule: GrantRule, actions: Iterable[str]) -> GrantRule:
        """Return a rule with fewer actions; it keeps its number, and is made once."""
        wanted = tuple(sorted(set(actions)))
        number = self._number[id(rule)]
        made = self._parts.get((number, wanted))
        if made is None:
            made = self._parts[number, wanted] = replace(rule, actions=wanted)
            self._number[id(made)] = number
        return made

    def _guards(self, model: Entity) -> tuple[Guardrail, ...]:
        """Return the guardrails of an entity; those on the rows of a record bind its parts."""
        own = tuple(guard for guard in self.app.guardrails if guard.entity == model.name)
        if not model.child_of:
            return own
        parents = self._guards(self.app.entities[model.child_of])
        return own + tuple(
            replace(guard, where=_behind(guard.where, model), when=_behind(guard.when, model))
            for guard in parents
            if not guard.fields and (guard.where is not None or guard.deny)
        )


def turning_days(app: App) -> tuple[date, ...]:
    """Return the days on which some line begins to hold, or no longer holds, in order."""
    begins = {rule.since for rule in app.grants if rule.since is not None}
    ends = {rule.until + DAY for rule in app.grants if rule.until is not None}
    return tuple(sorted(begins | ends))


def _holds_on(rule: GrantRule, today: date | None) -> bool:
    if today is None:
        return True
    return (rule.since is None or rule.since <= today) and (
        rule.until is None or today <= rule.until
    )


def _behind(expression: Expression | None, part: Entity) -> Expression | None:
    return None if expression is None else behind(expression, part.name, part.child_of)
