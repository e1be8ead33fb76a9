"""The permission matrix as a function: roles × entity × action → `Grant`, or nothing.

Default is deny. The lines of several roles unite per cell, not rows with rows and fields with
fields: who sees a row by one role and a field by another sees that field only in the rows that the
other role opens. Guardrails are apart: they hold for everyone and no line opens them. A `Grant`
holds everything a plan needs to stay inside the rights: rows, cells, forced values, checks, limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from generator.expressions.behind import behind
from generator.expressions.compile import Expression
from generator.model.access import GrantRule, Guardrail, Role
from generator.model.app import App
from generator.model.entity import Entity, Field
from generator.model.text import Span
from generator.model.workflow import ANY_ROLE, PEOPLE
from generator.shapes.access import TRANSITION

ANY = "*"
SCOPE = "scope:"
"""Begins a mark that stands among somebody's roles and narrows them; no role is called so."""
PART = "@"
"""Stands between a role and the part of it that somebody holds: `clerk@export:order`."""
AUTO = "auto"
"""The mask of the field's type."""
DAY = timedelta(days=1)
ALWAYS = frozenset({"id", "version"})
"""Fields that whoever reaches a record may read."""
OF_WRITERS = frozenset({"create", "update", "delete", "restore", "import", "bulk"})
"""What nobody does to records of a ledger, whatever a line for every entity says."""
PLACE = "position"
"""Where a part stands in its record; whoever sees the part sees its place."""
USUALLY = {"sensitive": "masked", "secret": "hidden"}
"""How a class of fields is seen where a role says nothing; all others are clear."""


@dataclass(frozen=True)
class Line:
    """One rule, applied to one entity: which rows, and what may be done with their cells."""

    role: str
    rows: Expression | None
    """A condition; None means every row."""
    clear: frozenset[str]
    masked: Mapping[str, str] = field(default_factory=dict)
    """Field → kind of mask."""
    write: frozenset[str] = frozenset()
    force: Mapping[str, Expression] = field(default_factory=dict)
    default: Mapping[str, Expression] = field(default_factory=dict)
    check: Expression | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    kinds: tuple[str, ...] | None = None
    """Of a ledger: the kinds of entry it lets somebody post; None means all."""
    span: Span | None = None
    """Where it is written."""

    def holds(self, facts: Any, context: Any) -> bool:
        """Return whether the line covers a record; false and unknown do not."""
        return self.rows is None or self.rows.passes(facts, context)


@dataclass(frozen=True)
class Grant:
    """What a set of roles may do with one entity by one action.

    Several lines unite per cell: a row is open if one line opens it, and a cell of it shows what
    the lines that open this very row show. What is the same for every row stands in `read`,
    `masked` and `open`, so that most questions need no row.
    """

    entity: str
    action: str
    key: str
    """Equal for equal rights: keeps one caller's cached plan from another's."""
    rows: tuple[Expression, ...] | None
    """Conditions of which one must be true; None means every row."""
    read: frozenset[str]
    """Fields seen in some row, in clear or masked."""
    write: frozenset[str]
    masked: Mapping[str, str] = field(default_factory=dict)
    """Field → mask, where no row shows it in clear."""
    force: Mapping[str, Expression] = field(default_factory=dict)
    """What every line sets: it is no part of a payload."""
    default: Mapping[str, Expression] = field(default_factory=dict)
    checks: tuple[Expression, ...] = ()
    """Of some line; `lines` says which."""
    limits: Mapping[str, int] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    """Empty only for the engine's own reads, which see everything."""
    require: tuple[Expression, ...] = ()
    """Guardrails: each must be true of every row."""
    forbid: tuple[Expression, ...] = ()
    """Guardrails: each must be false of every row."""
    open: frozenset[str] = frozenset()
    """Fields seen in clear in every row: only these can be sorted and grouped by."""
    guards: tuple[Guardrail, ...] = ()
    """The guardrails behind `require` and `forbid`, and those on single fields."""

    @property
    def is_wide(self) -> bool:
        """Return whether every row is covered, whatever it holds."""
        return self.rows is None and not self.require and not self.forbid

    @cached_property
    def veiled(self) -> frozenset[str]:
        """Fields that some row hides or masks."""
        return self.read - self.open if self.lines else frozenset()

    @cached_property
    def by_row(self) -> frozenset[str]:
        """Fields of which one row shows more than another."""
        return frozenset(name for name in self.veiled if self._depends_on_row(name))

    def _depends_on_row(self, name: str) -> bool:
        if any(name in line.clear for line in self.lines):
            return True
        showing = [line for line in self.lines if name in line.masked]
        everywhere = self.rows is not None and len(showing) == len(self.lines)
        same = len({line.masked[name] for line in showing}) == 1
        return not (same and (everywhere or any(line.rows is None for line in showing)))

    @cached_property
    def needs_lines(self) -> bool:
        """Return whether a write must know which lines cover a record."""
        first = self.lines[0] if self.lines else None
        alone = len(self.lines) == 1 and first is not None and first.check is None
        same = all(line.write == self.write and line.check is None for line in self.lines)
        return bool(self.lines) and not (self.is_wide and (alone or same))

    @cached_property
    def expressions(self) -> tuple[Expression, ...]:
        """Everything its conditions ask, for the values they bind."""
        lines = [line.rows for line in self.lines if line.rows is not None]
        return (*(self.rows or ()), *lines, *self.checks, *self.require, *self.forbid)

    @cached_property
    def tests(self) -> tuple[Expression, ...]:
        """The different row conditions of the lines: each is asked once of a row."""
        found = {line.rows.text: line.rows for line in self.lines if line.rows is not None}
        return tuple(found.values())

    @property
    def tests_by_text(self) -> frozenset[str]:
        """The row conditions as they are written; equal for grants that open the same rows."""
        return frozenset("" if line.rows is None else line.rows.text for line in self.lines)

    @cached_property
    def _bits(self) -> tuple[int, ...]:
        """By line: the bits of `tests` of which it needs one; -1 for a line that needs none."""
        places = {test.text: 1 << number for number, test in enumerate(self.tests)}
        return tuple(-1 if line.rows is None else places[line.rows.text] for line in self.lines)

    def lines_open(self, bits: int) -> tuple[int, ...]:
        """Return the numbers of the lines that open a row of which these tests are true."""
        return tuple(n for n, bit in enumerate(self._bits) if bit < 0 or bit & bits)

    def covers(self, facts: Any, context: Any) -> tuple[int, ...]:
        """Return the numbers of the lines that open a record; none when a guardrail closes it.

        This is the decision in plain Python; the store asks the same of the database.
        """
        if not all(guard.passes(facts, context) for guard in self.require):
            return ()
        if not all(guard.function(facts, context) is False for guard in self.forbid):
            return ()
        return tuple(n for n, line in enumerate(self.lines) if line.holds(facts, context))

    def sight(self, name: str, lines: Iterable[int]) -> str:
        """Return `clear`, `hidden` or a kind of mask: what these lines show of a field."""
        found = "hidden"
        for number in lines:
            if name in self.lines[number].clear:
                return "clear"
            if found == "hidden":
                found = self.lines[number].masked.get(name, found)
        return found


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
        if model is None or not _in_scopes(roles, self._whole(model), action):
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
        lines = _without_contained(lines)
        key = ",".join(str(self._number[id(rule)]) for rule, _ in rules)
        return _united(model, action, key, lines, guards)

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
            sight = _sight(rule, cell, sees)
            if sight == "clear":
                clear.add(name)
            elif sight != "hidden" and not cell.target:
                masked[name] = rule.masked.get(name) or self._mask(cell)
        return Line(
            role=rule.role,
            rows=rule.rows,
            clear=frozenset(clear),
            masked=masked,
            write=_writable(rule, model, clear) - rule.force.keys(),
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


def _united(
    model: Entity,
    action: str,
    key: str,
    lines: tuple[Line, ...],
    guards: tuple[Guardrail, ...],
) -> Grant:
    """Return what several lines give together: per cell, inside the guardrails."""
    wide = [line for line in lines if line.rows is None]
    rows = None if wide else tuple(line.rows for line in lines if line.rows is not None)
    clear = frozenset().union(*(line.clear for line in lines))
    shown = clear.union(*(line.masked for line in lines))
    everywhere = frozenset.intersection(*(line.clear for line in lines))
    forced = {
        name: value
        for name, value in lines[0].force.items()
        if all(name in line.force and line.force[name].text == value.text for line in lines)
    }
    forced |= {name: value for guard in guards for name, value in guard.force.items()}
    return Grant(
        entity=model.name,
        action=action,
        key="!".join((key, *(guard.name for guard in guards if denies(guard, action)))),
        rows=rows,
        read=shown,
        write=frozenset().union(*(line.write for line in lines)) - forced.keys(),
        masked={
            name: kind
            for line in reversed(lines)
            for name, kind in line.masked.items()
            if name not in clear
        },
        force=forced,
        default={name: value for line in reversed(lines) for name, value in line.default.items()},
        checks=tuple(line.check for line in lines if line.check is not None),
        limits=_limits(lines),
        lines=lines,
        require=tuple(guard.where for guard in guards if guard.where is not None),
        forbid=tuple(
            guard.when
            for guard in guards
            if guard.when is not None and denies(guard, action) and not guard.fields
        ),
        open=everywhere.union(*(line.clear for line in wide)),
        guards=guards,
    )


def denies(guard: Guardrail, action: str) -> bool:
    """Return whether a guardrail is about an action; `transition` means every transition."""
    return action in guard.deny or action.partition(":")[0] in guard.deny


def _without_contained(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Return the lines without those that give nothing beyond one that covers every row.

    Whoever holds a wide role beside narrow ones then asks the database no more than without them.
    """
    for line in lines:
        asks = any(one is not None for one in (line.rows, line.check, line.kinds))
        if not (asks or line.force or line.limits) and all(
            _contains(line, other) for other in lines
        ):
            return (line,)
    return lines


def _contains(line: Line, other: Line) -> bool:
    return line.clear >= other.clear | other.masked.keys() and line.write >= other.write


def _holds_on(rule: GrantRule, today: date | None) -> bool:
    if today is None:
        return True
    return (rule.since is None or rule.since <= today) and (
        rule.until is None or today <= rule.until
    )


def transition_actions(app: App, entity: str) -> tuple[str, ...]:
    """Return the actions of every transition that people fire, in the order of the files."""
    return tuple(
        dict.fromkeys(
            transition_action(workflow.name, edge.name)
            for workflow in app.workflows.get(entity, {}).values()
            for edge in workflow.transitions
            if PEOPLE & set(edge.triggers)
        )
    )


def transition_action(workflow: str, name: str) -> str:
    """Return what the matrix calls the firing of a transition."""
    return f"{TRANSITION}:{workflow}.{name}"


def turning_days(app: App) -> tuple[date, ...]:
    """Return the days on which some line begins to hold, or no longer holds, in order."""
    begins = {rule.since for rule in app.grants if rule.since is not None}
    ends = {rule.until + DAY for rule in app.grants if rule.until is not None}
    return tuple(sorted(begins | ends))


def _behind(expression: Expression | None, part: Entity) -> Expression | None:
    return None if expression is None else behind(expression, part.name, part.child_of)


def _sight(rule: GrantRule, cell: Field, sees: Mapping[str, str]) -> str:
    """Return how much of a field a rule shows: what it says itself, else what the class says."""
    if cell.sensitivity == "secret" or cell.name in rule.hidden:
        return "hidden"
    if cell.name in rule.masked:
        return "masked"
    if rule.read is not None:
        return "clear" if cell.name in rule.read else "hidden"
    return sees.get(cell.sensitivity, "clear")


def _writable(rule: GrantRule, model: Entity, clear: Iterable[str]) -> frozenset[str]:
    """Return what a rule lets somebody set: what it names, else what they see, and secrets."""
    settable = frozenset(name for name, cell in model.fields.items() if not cell.readonly)
    if rule.write is not None:
        return settable & frozenset(rule.write)
    secrets = {name for name in settable if model.fields[name].sensitivity == "secret"}
    return settable & (frozenset(clear) | (secrets if rule.read is None else frozenset()))


def whole(role: str) -> str:
    """Return the role of which somebody may hold only a part."""
    return role.partition(PART)[0]


def narrowed(roles: frozenset[str], scopes: Iterable[str]) -> frozenset[str]:
    """Return roles that reach no further than scopes such as `read:order`, wherever they are asked.

    A part of a record goes with its parent: `read:order` includes its lines.
    """
    return roles | {SCOPE, *(SCOPE + scope for scope in scopes)}


def _in_scopes(roles: frozenset[str], entity: str, action: str) -> bool:
    if SCOPE not in roles:
        return True
    scopes = {role.removeprefix(SCOPE) for role in roles if role.startswith(SCOPE)}
    # a scope names no single transition: `transition:order` is every one of an order
    head = action.partition(":")[0]
    wanted = {f"{head}:{entity}", f"{head}:{ANY}", f"{ANY}:{entity}", f"{ANY}:{ANY}"}
    return bool(scopes & wanted)


def closure(name: str, roles: Mapping[str, Role]) -> frozenset[str]:
    """Return a role and every role it includes, directly or through others."""
    found: set[str] = set()
    open_ends = [name]
    while open_ends:
        here = open_ends.pop()
        if here not in found and here in roles:
            found.add(here)
            open_ends += roles[here].includes
    return frozenset(found)


def _limits(lines: tuple[Line, ...]) -> Mapping[str, int]:
    """Return the widest limit of each kind; a line without it sets none."""
    names = set.intersection(*(set(line.limits) for line in lines)) if lines else set()
    return {name: max(line.limits[name] for line in lines) for name in names}
