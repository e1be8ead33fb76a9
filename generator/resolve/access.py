"""Roles and grants: the matrix, with the groups of actions spelled out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from generator.expressions import types
from generator.expressions.compile import Expression, parse
from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.access import (
    BreakGlass,
    Conflict,
    GrantRule,
    Guardrail,
    LogRule,
    PersonFact,
    Reviews,
    Role,
    Sensitive,
)
from generator.model.entity import Entity, Field
from generator.model.ledger import Ledger
from generator.model.text import Label, Span
from generator.problems import Problem, defined_twice, reserved_name, unknown_name
from generator.resolve.scope import ACTOR, ModelScope, person_types
from generator.resolve.unread import Unread
from generator.saying import say
from generator.shape import Given, Written
from generator.shapes.access import GROUPS, TRANSITION

ANY = "*"
"""In a grant: every entity of the back office."""
AUTO = "auto"
"""The mask of the field's type."""


def resolve_roles(given: Given) -> tuple[dict[str, Role], list[Problem]]:
    """Return the roles by name; what they include must exist and must not turn in a circle."""
    problems: list[Problem] = []
    written: Mapping[object, Given] = given.get("roles", {})
    names = {str(name) for name in written}
    roles: dict[str, Role] = {}
    for name, body in written.items():
        includes = _known(body.get("includes", ()), names, problems)
        roles[str(name)] = Role(
            str(name),
            body.get("label") or Label({"": str(name)}),
            includes,
            body.get("help"),
            body.span,
            {str(one): sight for one, sight in body.get("sees", {}).items()},
            body.get("second_factor", False),
            _known(body.get("owner", ()), names, problems),
            _break_glass(body.get("break_glass"), names, problems),
            body.get("administers") or "",
        )
    for name, body in written.items():
        problems += _circle(roles[str(name)], roles, body)
    return roles, problems


def _known(
    given: Iterable[Written], known: Collection[str], problems: list[Problem]
) -> tuple[str, ...]:
    """Return the roles that are there; of the others a problem is noted."""
    problems += [
        unknown_name("role", one.text, one.span, known, defined_in="roles.yaml")
        for one in given
        if one.text not in known
    ]
    return tuple(one.text for one in given if one.text in known)


def _break_glass(
    body: Given | None, names: Collection[str], problems: list[Problem]
) -> BreakGlass | None:
    """Return how a role is taken in an emergency; None where it says nothing of it."""
    if body is None:
        return None
    by, tells = (_known(body.get(key, ()), names, problems) for key in ("by", "tells"))
    return BreakGlass(by, tells, body.get("minutes", 30))


def resolve_conflicts(
    given: Given, roles: Mapping[str, Role]
) -> tuple[dict[str, Conflict], list[Problem]]:
    """Return which roles do not go together, by name; each must be there."""
    problems: list[Problem] = []
    found = {}
    for name, body in given.get("conflicts", {}).items():
        held = _known(body.get("roles", ()), roles, problems)
        found[name.text] = Conflict(name.text, held, name.span, body.get("message"))
    return found, problems


def resolve_reviews(given: Given) -> Reviews | None:
    """Return how often rights are reviewed; None where nothing is said of it."""
    body = given.get("reviews")
    months = None if body is None else body.get("every_months")
    return None if body is None or months is None else Reviews(months, body.get("days", 21))


def resolve_log(given: Given) -> dict[str, LogRule]:
    """Return what the logs keep of the values of a class, where the roles file says it."""
    return {
        name.text: LogRule(body.get("keep"), name.span, body.get("why", ""))
        for name, body in given.get("log", {}).items()
        if body.get("keep") is not None
    }


def _reach(role: Role, roles: Mapping[str, Role]) -> set[str]:
    """Return every role that a role includes, directly or through others."""
    found: set[str] = set()
    open_ends = list(role.includes)
    while open_ends:
        name = open_ends.pop()
        if name not in found and name in roles:
            found.add(name)
            open_ends += roles[name].includes
    return found


def _circle(role: Role, roles: Mapping[str, Role], body: Given) -> Iterator[Problem]:
    """Yield the includes of a role that lead back to it."""
    for include in body.get("includes", ()):
        other = roles.get(include.text)
        if other is not None and role.name in {other.name, *_reach(other, roles)}:
            yield Problem(
                "D401",
                include.span,
                say(
                    "The role '{role}' includes itself, directly or through others.", role=role.name
                ),
                "Remove one 'includes' of the circle.",
            )


def resolve_person(
    given: Given, entities: Mapping[str, Entity]
) -> tuple[dict[str, PersonFact], list[Problem]]:
    """Return what expressions may ask of a person; every name in it must be there."""
    problems: list[Problem] = []
    found: dict[str, PersonFact] = {}
    for name, body in given.get("person", {}).items():
        if name.text in ACTOR:
            why = "every person has a fact of that name"
            problems.append(reserved_name("a fact", name.text, name.span, why))
            continue
        if not all(key in body for key in ("of", "person", "value")):
            continue
        source = body.get("of")
        entity = entities.get(source.text)
        if entity is None:
            problems.append(_no_entity(source, entities))
            continue
        unknown = [
            body.get(k) for k in ("person", "value") if body.get(k).text not in entity.fields
        ]
        problems += [_no_field(one, entity) for one in unknown]
        if not unknown:
            found[name.text] = PersonFact(
                name.text, entity.name, body.get("person").text, body.get("value").text, name.span
            )
    return found, problems


@dataclass(frozen=True)
class Words:
    """What lines of the matrix may refer to."""

    roles: Mapping[str, Role]
    entities: Mapping[str, Entity]
    catalog: Catalog[FieldType]
    person: Mapping[str, PersonFact]
    unread: Unread
    ledgers: Mapping[str, Ledger] = field(default_factory=dict)

    def fields(self) -> dict[str, Mapping[str, Field]]:
        """Return the fields of every entity."""
        return {name: entity.fields for name, entity in self.entities.items()}

    def scope(self, entity: str) -> ModelScope:
        """Return what expressions about an entity may name."""
        fields = self.fields()
        actor = types.Record(person_types(self.person, fields, self.catalog))
        names = {"actor": actor, "now": types.DateTime(), "today": types.Date()}
        return ModelScope(entity, fields, self.catalog, names)


def resolve_grants(
    files: Iterable[Given], words: Words
) -> tuple[tuple[GrantRule, ...], list[Problem]]:
    """Return the grants, one or more rules for a cell of the matrix."""
    reading = _Reading(words)
    places: dict[tuple[str, str], Span] = {}
    rules: list[GrantRule] = []
    for given in files:
        for role, cells in given.get("grants", {}).items():
            if role.text not in words.roles:
                known = words.roles
                reading.problems.append(
                    unknown_name("role", role.text, role.span, known, defined_in="roles.yaml")
                )
                continue
            for entity, lines in cells.items():
                if entity.text != ANY and entity.text not in words.entities:
                    reading.problems.append(_no_entity(entity, words.entities))
                    continue
                place = (role.text, entity.text)
                if place in places:
                    reading.problems.append(
                        defined_twice("grant", f"{role} × {entity}", entity.span, places[place])
                    )
                    continue
                places[place] = entity.span
                rules += reading.rules(role.text, entity, lines)
    return tuple(rules), reading.problems


def resolve_guardrails(
    files: Iterable[Given], words: Words
) -> tuple[tuple[Guardrail, ...], list[Problem]]:
    """Return what holds for everyone, a guardrail an entity it speaks about."""
    reading = _Reading(words)
    found: dict[str, list[Guardrail]] = {}
    first: dict[str, Span] = {}
    for given in files:
        for name, body in given.get("guardrails", {}).items():
            if name.text in first:
                problem = defined_twice("guardrail", name.text, name.span, first[name.text])
                reading.problems.append(problem)
                continue
            first[name.text] = name.span
            found[name.text] = reading.guardrails(name, body)
    return tuple(one for some in found.values() for one in some), reading.problems


def resolve_sensitive(
    files: Iterable[Given], words: Words
) -> tuple[tuple[Sensitive, ...], list[Problem]]:
    """Return what asks for more than a click, one an entity it speaks about."""
    reading = _Reading(words)
    found: list[Sensitive] = []
    first: dict[str, Span] = {}
    for given in files:
        for name, body in given.get("sensitive", {}).items():
            if name.text in first:
                twice = defined_twice("sensitive operation", name.text, name.span, first[name.text])
                reading.problems.append(twice)
                continue
            first[name.text] = name.span
            if "ask" in body:
                found += reading.sensitive(name, body)
    return tuple(found), reading.problems


def resolve_approvals(files: Iterable[Given], words: Words) -> tuple[dict[str, str], list[Problem]]:
    """Return why roles may do more than before; the role and the entity must be there."""
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for given in files:
        for name, reason in given.get("approve", {}).items():
            role, _, entity = name.text.partition(".")
            if role not in words.roles:
                known = words.roles
                problems.append(
                    unknown_name("role", role, name.span, known, defined_in="roles.yaml")
                )
            elif entity not in (*words.entities, ANY):
                problems.append(_no_entity(Written(entity, name.span), words.entities))
            else:
                found[name.text] = reason
    return found, problems


class _Reading:
    """Lines and guardrails being read; faults gather in `problems`."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.problems: list[Problem] = []

    def rules(self, role: str, entity: Written, lines: Iterable[Given]) -> list[GrantRule]:
        """Return the rules of one cell; plain words make one rule together."""
        plain: dict[str, None] = {}
        found: list[GrantRule] = []
        for line in lines:
            fired = (f"{TRANSITION}:{one.text}" for one in line.get("fire", ()))
            actions = (*_spell(line.get("allow", ())), *fired)
            if set(line.values) <= {"allow"}:
                plain |= dict.fromkeys(actions)
            elif entity.text == ANY:
                self.problems.append(_too_general(line.span))
            else:
                found.append(self._rule(role, self.words.entities[entity.text], actions, line))
        if plain:
            found.insert(0, GrantRule(role, entity.text, tuple(plain), entity.span))
        return found

    def _rule(self, role: str, entity: Entity, actions: tuple[str, ...], line: Given) -> GrantRule:
        cells = line.get("fields") or Given("cells", line.span, {})
        read, write = cells.get("read"), cells.get("write")
        masked = cells.get("masked", {})
        return GrantRule(
            role,
            entity.name,
            actions,
            line.span,
            rows=self.condition(line.get("rows"), entity.name),
            read=None if read is None else self.fields(read, entity),
            hidden=self.fields(cells.get("hidden", ()), entity),
            write=None if write is None else self.fields(write, entity),
            masked={
                name.text: self._mask(entity.fields[name.text], kind)
                for name, kind in masked.items()
                if name.text in self.fields((name,), entity)
            },
            force=self.values(line.get("force", {}), entity),
            default=self.values(line.get("default", {}), entity),
            check=self.condition(line.get("check"), entity.name),
            limits={str(name): number for name, number in line.get("limits", {}).items()},
            kinds=tuple(map(str, line.get("kinds"))) if "kinds" in line else None,
            since=line.get("from"),
            until=line.get("until"),
        )

    def _mask(self, field: Field, kind: str) -> str:
        return field.mask if kind == AUTO else kind

    def guardrails(self, name: Written, body: Given) -> list[Guardrail]:
        """Return one guardrail for each entity that it names."""
        found = []
        for entity in self._entities(body.get("entities", ())):
            found.append(
                Guardrail(
                    name.text,
                    entity.name,
                    name.span,
                    deny=tuple(body.get("deny", ())),
                    when=self.condition(body.get("when"), entity.name),
                    fields=self.fields(body.get("fields", ()), entity),
                    where=self.condition(body.get("where"), entity.name),
                    force=self.values(body.get("force", {}), entity),
                    message=body.get("message"),
                )
            )
        return found

    def sensitive(self, name: Written, body: Given) -> list[Sensitive]:
        """Return one for each entity that it names."""
        return [
            Sensitive(
                name.text,
                entity.name,
                tuple(body.get("actions", ())),
                body.get("ask"),
                name.span,
                fields=self.fields(body.get("fields", ()), entity),
                when=self.condition(body.get("when"), entity.name),
                days=body.get("days", 3),
                approvers=body.get("approvers", 1),
                message=body.get("message"),
            )
            for entity in self._entities(body.get("entities", ()))
        ]

    def _entities(self, names: Iterable[Written]) -> list[Entity]:
        found = []
        for name in names:
            if name.text == ANY:
                return list(self.words.entities.values())
            if name.text in self.words.entities:
                found.append(self.words.entities[name.text])
            else:
                self.problems.append(_no_entity(name, self.words.entities))
        return found

    def condition(self, written: Any, entity: str) -> Expression | None:
        """Return a condition on records of an entity; a fault of it is noted."""
        if not isinstance(written, Written):
            return None
        if self.words.unread.doubts(written.text):
            return None
        expression, found = parse(
            written.text,
            written.span,
            self.words.scope(entity),
            types.Boolean(),
            written=written.raw,
        )
        self.problems += found
        return expression

    def fields(self, names: Iterable[Written], entity: Entity) -> tuple[str, ...]:
        """Return names of fields; one that is not there is noted."""
        known = [name for name in names if name.text in entity.fields]
        for name in names:
            if name.text not in entity.fields:
                self._missing(name, entity)
        return tuple(name.text for name in known)

    def _missing(self, name: Written, entity: Entity) -> None:
        if not self.words.unread.has(entity.name, name.text):
            self.problems.append(_no_field(name, entity))

    def values(self, written: Mapping[Written, Any], entity: Entity) -> dict[str, Expression]:
        """Return expressions by the field they fill; they may read nothing of the record."""
        found: dict[str, Expression] = {}
        for name, value in written.items():
            field = entity.fields.get(name.text)
            if field is None:
                self._missing(name, entity)
                continue
            expected = self.words.catalog[field.type].expression_type(field)
            scope = replace(self.words.scope(entity.name), entity="")
            expression, faults = parse(value.text, value.span, scope, expected, written=value.raw)
            self.problems += faults
            if expression is not None:
                found[field.name] = expression
        return found


def _spell(actions: Iterable[str]) -> tuple[str, ...]:
    spelled: dict[str, None] = {}
    for action in actions:
        for name in GROUPS.get(action, (action,)):
            spelled[name] = None
    return tuple(spelled)


def _no_entity(name: Written, known: Iterable[str]) -> Problem:
    return unknown_name("entity", name.text, name.span, known, defined_in="the definitions")


def _no_field(name: Written, entity: Entity) -> Problem:
    where = say("entity '{entity}'", entity=entity.name)
    return unknown_name("field", name.text, name.span, entity.fields, defined_in=where)


def _too_general(at: Span) -> Problem:
    return Problem(
        "D460",
        at,
        "A line for every entity (`*`) names rows, fields or values.",
        "Write plain actions here, and a line of its own for each entity that needs more.",
    )
