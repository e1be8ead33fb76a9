"""Lines of the matrix that cannot mean what they say, open too much, or do nothing.

Comes in: the resolved model. Goes out: errors for what would fail at every request (D461 to D463,
D467, D469, D474, D484) and warnings for what its author will hardly have meant (D464 to D466,
D468, D494, D495).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from generator.kinds import Catalog
from generator.model.access import GrantRule, Guardrail
from generator.model.app import App
from generator.model.entity import Entity, Field
from generator.model.text import Span
from generator.model.workflow import ANY_ROLE
from generator.places import Places
from generator.problems import Problem, listed, unknown_name
from generator.saying import say
from generator.shapes.access import TRANSITION

FEW = frozenset({"boolean", "choice", "choices", "state"})
"""Types of so few values that an index finds hardly less than the whole table."""
WRITES = {"create", "update", "import"}
READS = {"list", "read"}
USUALLY = {"sensitive": "masked", "secret": "hidden"}
"""How a class is seen where a role says nothing; as `rules/matrix.py` has it."""


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield what is wrong with lines and guardrails."""
    for rule in app.grants:
        entity = app.entities.get(rule.entity)
        if entity is not None:
            yield from _cells(rule, entity)
            yield from _part(rule, entity)
            yield from _creator(rule, entity, app, catalogs["field_types"])
            yield from _dead(rule, app)
            yield from _rows(rule, entity)
            yield from _firing(rule, app)
            named = (*(rule.write or ()), *rule.force, *rule.default)
            yield from _engines(named, rule.span, entity)
        yield from _days(rule)
        yield from _blind(rule, app)
        yield from _contained(rule, app)
        yield from _escalation(rule, app)
    for guard in {guard.name: guard for guard in app.guardrails}.values():
        yield from _idle(guard)
    for guard in app.guardrails:
        yield from _engines(guard.force, guard.span, app.entities[guard.entity])


def _cells(rule: GrantRule, entity: Entity) -> Iterator[Problem]:
    """A secret is never shown, and a mask has nothing to show of a relation."""
    for name in (*(rule.read or ()), *rule.masked):
        field = entity.fields[name]
        if field.sensitivity == "secret":
            hint = "It can be written. Whether it is set can be a field of its own."
            said = say("'{name}' is secret: nobody ever sees it.", name=name)
            yield Problem("D461", rule.span, said, hint)
        elif name in rule.masked and field.target:
            hint = "Hide it, or mask the fields of the record it leads to."
            said = say("'{name}' leads to records: it has no mask.", name=name)
            yield Problem("D461", rule.span, said, hint)


def _firing(rule: GrantRule, app: App) -> Iterator[Problem]:
    """A line says where a role fires a transition; that it may at all, the transition says."""
    for action in rule.actions:
        head, colon, name = action.partition(":")
        if head != TRANSITION or not colon:
            continue
        own = app.workflows.get(rule.entity, {})
        roles = {
            f"{workflow.name}.{edge.name}": set[str]()
            for workflow in own.values()
            for edge in workflow.transitions
        }
        for workflow in own.values():
            for edge in workflow.transitions:
                roles[f"{workflow.name}.{edge.name}"] |= set(edge.roles)
        if name not in roles:
            where = say("entity '{entity}'", entity=rule.entity)
            yield unknown_name("transition", name, rule.span, roles, defined_in=where)
        elif not roles[name] & {rule.role, ANY_ROLE}:
            said = say("'{name}' is not for the role '{role}'.", name=name, role=rule.role)
            hint = "Write the role under `roles:` of the transition; a line only narrows it."
            yield Problem("D474", rule.span, said, hint)


def _part(rule: GrantRule, entity: Entity) -> Iterator[Problem]:
    if entity.child_of and (rule.rows or rule.check or rule.force or rule.default):
        yield Problem(
            "D462",
            rule.span,
            say(
                "'{entity}' is a part of '{whole}': its rows go with their whole.",
                entity=entity.name,
                whole=entity.child_of,
            ),
            say(
                "Say it in the line for '{whole}'; a line for a part names only fields.",
                whole=entity.child_of,
            ),
        )


def _creator(rule: GrantRule, entity: Entity, app: App, catalog: Catalog[Any]) -> Iterator[Problem]:
    """Whoever creates must be able to fill in what a record cannot be without."""
    if "create" not in rule.actions or entity.child_of:
        return
    lines = [
        one
        for one in app.grants
        if one.role == rule.role and one.entity in (entity.name, "*") and "create" in one.actions
    ]
    if lines[0] is not rule:
        return
    missing = [
        field.name
        for field in entity.fields.values()
        if _must_be_sent(field, catalog) and not any(fills(one, field, app) for one in lines)
    ]
    if missing:
        yield Problem(
            "D463",
            rule.span,
            say(
                "'{role}' creates '{entity}' and cannot set {names}.",
                role=rule.role,
                entity=entity.name,
                names=listed(missing),
            ),
            "A record cannot be saved without it: name it in 'write', 'force' or 'default'.",
        )


def _must_be_sent(field: Field, catalog: Catalog[Any]) -> bool:
    return (
        field.required
        and not field.readonly
        and field.default is None
        and field.default_expression is None
        and field.computed is None
        and not catalog[field.type].generated
    )


def fills(rule: GrantRule, field: Field, app: App) -> bool:
    """Return whether a line lets somebody set a field, or sets it for them."""
    if field.name in rule.force or field.name in rule.default:
        return True
    if rule.write is not None:
        return field.name in rule.write
    if field.name in rule.hidden or field.name in rule.masked:
        return False
    if rule.read is not None:
        return field.name in rule.read
    sees = {**USUALLY, **app.roles[rule.role].sees}
    return field.sensitivity == "secret" or sees.get(field.sensitivity, "clear") == "clear"


def _blind(rule: GrantRule, app: App) -> Iterator[Problem]:
    """Somebody who changes records has to find them first."""
    if "update" not in rule.actions:
        return
    held = {rule.role, *app.roles[rule.role].includes}
    seen = {
        action
        for one in app.grants
        if one.role in held and one.entity in (rule.entity, "*")
        for action in one.actions
    }
    if not seen >= READS:
        yield Problem(
            "D464",
            rule.span,
            say(
                "'{role}' may change '{entity}' and not see it.",
                role=rule.role,
                entity=rule.entity,
            ),
            "Give 'view' as well; `edit` holds both.",
            "warning",
        )


def _contained(rule: GrantRule, app: App) -> Iterator[Problem]:
    """A line beside one that gives every row and field does nothing."""
    for other in app.grants:
        plain = other.rows is None and other.read is None and other.check is None
        wide = plain and not (other.hidden or other.masked or other.force or other.since)
        same = (other.role, other.entity) == (rule.role, rule.entity) and other is not rule
        if same and wide and other.write is None and other.until is None:
            more = set(rule.actions) - set(other.actions)
            kinds = other.kinds is None or set(rule.kinds or ("",)) <= set(other.kinds)
            if not more and not rule.force and kinds:
                yield Problem(
                    "D465",
                    rule.span,
                    say(
                        "Another line gives '{role}' all of this for every '{entity}'.",
                        role=rule.role,
                        entity=rule.entity,
                    ),
                    "Remove this line, or take its actions out of the other one.",
                    "warning",
                )
                return


def _dead(rule: GrantRule, app: App) -> Iterator[Problem]:
    denied = {
        action: guard.name
        for guard in app.guardrails
        if guard.entity == rule.entity and guard.when is None and not guard.fields
        for action in guard.deny
    }
    dead = [action for action in rule.actions if action in denied]
    if dead:
        names = listed(dict.fromkeys(denied[action] for action in dead))
        yield Problem(
            "D466",
            rule.span,
            say(
                "The guardrail {names} takes away what this line gives: {actions}.",
                names=names,
                actions=listed(dead),
            ),
            "Remove it here, or say with 'when' which records the guardrail means.",
            "warning",
        )


def _idle(guard: Guardrail) -> Iterator[Problem]:
    """Who writes a guardrail means to keep something; one that keeps nothing must not pass."""
    if guard.deny or ((guard.where or guard.force) and not (guard.when or guard.fields)):
        return
    yield Problem(
        "D469",
        guard.span,
        say("The guardrail '{name}' keeps nothing from anybody.", name=guard.name),
        "Write 'deny' with the actions it refuses; 'when' and 'fields' say of which ones.",
    )


def _engines(names: Iterable[str], span: Span, entity: Entity) -> Iterator[Problem]:
    """What the engine sets, nobody else does: no line gives it, and none forces it."""
    for name in dict.fromkeys(names):
        if entity.fields[name].readonly:
            yield Problem(
                "D484",
                span,
                say("'{name}' is set by the engine, and by nobody else.", name=name),
                say("Take '{name}' out of this line.", name=name),
            )


def _rows(rule: GrantRule, entity: Entity) -> Iterator[Problem]:
    """A condition on rows looks at the record, and at something the database finds by."""
    if rule.rows is None:
        return
    if not rule.rows.paths:
        yield Problem(
            "D494",
            rule.rows.span,
            "These rows do not depend on the record: it is all of them, or none.",
            "Name a field of the record, or leave 'rows' out and say what is meant.",
            "warning",
        )
    elif not any(_is_found_by(path[0], entity) for path in rule.rows.paths):
        names = listed(dict.fromkeys(path[0] for path in rule.rows.paths))
        yield Problem(
            "D495",
            rule.rows.span,
            say("No index helps to find these rows of '{entity}'.", entity=entity.name),
            say(
                "Every list of '{role}' reads the whole table; give {names} 'index: true'.",
                role=rule.role,
                names=names,
            ),
            "warning",
        )


def _is_found_by(name: str, entity: Entity) -> bool:
    field = entity.fields.get(name)
    if field is None or field.target or name == "id" or name in entity.key:
        return True
    if field.type in FEW:
        return True
    beside = [one[0] for one in entity.indexes if one] + [one[0] for one in entity.unique if one]
    return field.index or field.unique or name in beside or field.computed is not None


def _days(rule: GrantRule) -> Iterator[Problem]:
    if rule.since is not None and rule.until is not None and rule.until < rule.since:
        message = say(
            "The line ends on {until}, before it begins on {since}.",
            until=rule.until,
            since=rule.since,
        )
        yield Problem("D467", rule.span, message, "Exchange the two days.")


def _escalation(rule: GrantRule, app: App) -> Iterator[Problem]:
    """Who may write down where people work could widen their own rows."""
    facts = [fact for fact in app.person.values() if fact.entity == rule.entity]
    if not facts or not WRITES & set(rule.actions):
        return
    names = {("actor", fact.name) for fact in facts}
    for other in app.grants:
        if other.role == rule.role and other.rows is not None and names & set(other.rows.context):
            yield Problem(
                "D468",
                rule.span,
                say(
                    "'{role}' may change '{entity}', which says what '{role}' sees.",
                    role=rule.role,
                    entity=rule.entity,
                ),
                "Leave that to another role: whoever has this one could widen their own rights.",
                "warning",
            )
            return
