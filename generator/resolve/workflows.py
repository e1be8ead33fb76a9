"""Workflows: every state, role, field and transition they name is found, every condition compiled.

What is wrong with single names and shapes is told here (D60x); what only the whole graph shows is
told by `generator/checks/workflows.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from generator.durations import seconds_of
from generator.effects import EffectWord
from generator.expressions import types
from generator.expressions.compile import Expression, parse
from generator.kinds import Catalog
from generator.model.access import Sensitive
from generator.model.connector import Connector, Operation
from generator.model.entity import Field
from generator.model.ledger import Ledger
from generator.model.text import Label, Span
from generator.model.workflow import (
    ANY_ROLE,
    PEOPLE,
    SECOND_PERSON,
    Branch,
    Case,
    Clause,
    Derivation,
    Effect,
    InputField,
    Previous,
    Reminder,
    State,
    Timer,
    Transition,
    Workflow,
)
from generator.problems import Problem, did_you_mean, missing_key, quoted, unknown_name
from generator.resolve.access import Words
from generator.resolve.fields import humanize, resolve_field
from generator.resolve.machines import Machine
from generator.resolve.scope import ModelScope
from generator.saying import say
from generator.shape import Given, Written

UNSUPPORTED = ("parallel", "regions", "states", "history")
ENTERED_AT = "entered_at"
FROM_STATE = "from_state"


def resolve_workflows(
    machines: Iterable[Machine],
    words: Words,
    catalogs: Mapping[str, Catalog[Any]],
    connectors: Mapping[str, Connector],
    from_app: Mapping[str, Any],
) -> tuple[dict[str, dict[str, Workflow]], dict[str, tuple[Derivation, ...]], list[Problem]]:
    """Return the workflows and the derived states of each entity, and what is wrong with them.

    `from_app` holds the values of `app.yaml` that questions fall back to, such as the currency.
    """
    machines = tuple(machines)
    problems: list[Problem] = []
    edges = {
        (machine.entity, machine.name): {name.text for name, _ in machine.transitions}
        for machine in machines
    }
    workflows: dict[str, dict[str, Workflow]] = {}
    derivations: dict[str, tuple[Derivation, ...]] = {}
    for machine in machines:
        resolver = _Resolver(machine, words, catalogs, edges, problems, connectors, from_app)
        if machine.is_derived:
            found = resolver.derivation()
            derivations[machine.entity] = (*derivations.get(machine.entity, ()), found)
        else:
            workflows.setdefault(machine.entity, {})[machine.name] = resolver.workflow()
    return workflows, derivations, problems


def waiting(workflows: Mapping[str, Mapping[str, Workflow]]) -> Iterator[Sensitive]:
    """Yield what waits for a second person: each transition that asks for one, once."""
    for entity, own in workflows.items():
        for workflow in own.values():
            asking = {
                edge.name: edge for edge in workflow.transitions if edge.confirm == SECOND_PERSON
            }
            for edge in asking.values():
                name = f"{workflow.name}.{edge.name}"
                yield Sensitive(name, entity, ("transition",), "approve", edge.span)


class _Resolver:
    """Resolves one machine; what is wrong is collected and the rest goes on."""

    def __init__(
        self,
        machine: Machine,
        words: Words,
        catalogs: Mapping[str, Catalog[Any]],
        edges: Mapping[tuple[str, str], set[str]],
        problems: list[Problem],
        connectors: Mapping[str, Connector],
        from_app: Mapping[str, Any],
    ) -> None:
        self.machine, self.words, self.catalogs = machine, words, catalogs
        self.connectors, self.from_app = connectors, from_app
        self.edges, self.problems = edges, problems
        self.states = {name.text for name in machine.states}
        self.finals = {n.text for n, body in machine.states.items() if body.get("final")}

    def workflow(self) -> Workflow:
        """Return a workflow that transitions move."""
        machine, given = self.machine, self.machine.given
        self._unsupported(given)
        initial = self._initial()
        states = {name.text: self._state(name, body) for name, body in machine.states.items()}
        transitions = tuple(self._transition(name, body) for name, body in machine.transitions)
        self._duplicates(transitions)
        return Workflow(
            name=machine.name,
            entity=machine.entity,
            label=machine.label,
            field=machine.field,
            version=given.get("version", 1),
            initial=initial,
            states=states,
            transitions=transitions,
            rank=given.get("rank", 0),
            legacy=given.get("legacy", False),
            accepted={name.text: reason for name, reason in given.get("accept", {}).items()},
            span=machine.span,
            mapped={
                old.text: new.text for old, new in given.get("map", {}).items() if self._known(new)
            },
        )

    def derivation(self) -> Derivation:
        """Return a state that follows from other fields."""
        machine, given = self.machine, self.machine.given
        self._unsupported(given)
        for key in ("initial", "transitions"):
            if key in given:
                message = say("'{name}' is derived, so nothing moves it.", name=machine.name)
                hint = say("Remove '{key}', or 'derive'.", key=key)
                self.problems.append(Problem("D625", given.at(key), message, hint))
        scope = self._scope({})
        cases = []
        written = given.get("derive")
        for position, case in enumerate(written):
            last = position == len(written) - 1
            if bool(case.get("else")) is not last or ("if" in case) is last:
                self.problems.append(_no_else(case.span, last=last))
            value = case.get("value")
            if value is not None and self._known(value):
                condition = self._condition(case.get("if"), scope)
                cases.append(Case(value.text, condition, case.span))
        if not written:
            self.problems.append(_no_else(given.at("derive"), last=True))
        self._covered(given, cases)
        return Derivation(
            machine.name,
            machine.entity,
            machine.label,
            machine.field,
            {name.text: self._state(name, body) for name, body in machine.states.items()},
            tuple(cases),
            given.get("of", ()),
            machine.span,
        )

    def _covered(self, given: Given, cases: Iterable[Case]) -> None:
        """A list of what it follows from must name everything that the cases read."""
        if "of" not in given:
            return
        named = tuple(given.get("of"))
        heads = {name.removesuffix(".*") for name in named}
        for case in cases:
            for path in case.when.paths if case.when else ():
                whole = ".".join(path)
                if not any(whole == head or whole.startswith(f"{head}.") for head in heads):
                    message = say(
                        "'of' does not name {path}, which a case reads.", path=quoted(whole)
                    )
                    hint = say("Add '{path}' to 'of', or remove 'of'.", path=whole)
                    self.problems.append(Problem("D625", given.at("of"), message, hint))

    def _unsupported(self, given: Given) -> None:
        for key in UNSUPPORTED:
            if key in given and (key != "states" or given.shape == "state"):
                self.problems.append(
                    Problem(
                        "D607",
                        given.at(key),
                        say("'{key}' is not offered: a record is in one state.", key=key),
                        _instead(key),
                    )
                )

    def _initial(self) -> str:
        given = self.machine.given
        written: tuple[Written, ...] = given.get("initial", ())
        if not self.machine.states:
            message = say("The workflow '{name}' has no states.", name=self.machine.name)
            hint = "Write them, such as `states: {open: {en: Open, zh: 未完成}}`."
            self.problems.append(Problem("D604", self.machine.span, message, hint))
        if not written:
            message = say("The workflow '{name}' has no initial state.", name=self.machine.name)
            hint = "Write `initial:` with the state of a new record."
            self.problems.append(Problem("D601", self.machine.span, message, hint))
            return ""
        if len(written) > 1:
            message = say(
                "The workflow '{name}' has several initial states.", name=self.machine.name
            )
            hint = "Name one; a transition leads to the others."
            self.problems.append(Problem("D602", given.at("initial"), message, hint))
        for state in written:
            if state.text not in self.states:
                message = say(
                    "There is no state {name}, so nothing begins there.", name=quoted(state.text)
                )
                hint = did_you_mean(state.text, self.states, otherwise="Write the states first.")
                self.problems.append(Problem("D603", state.span, message, hint))
        return written[0].text

    def _state(self, name: Written, given: Given) -> State:
        self._unsupported(given)
        scope = self._scope({})
        editable = given.get("editable")
        return State(
            name=name.text,
            label=given.get("label") or Label({"": humanize(name.text)}),
            tone=given.get("tone", "neutral"),
            category=given.get("category", "open"),
            final=given.get("final", False),
            editable=None if editable is None else tuple(self._fields(editable)),
            require=tuple(self._fields(given.get("require", ()))),
            enter=self._effects(given.get("enter", ()), scope),
            leave=self._effects(given.get("leave", ()), scope),
            watchdog=self._seconds(given, "watchdog"),
            span=name.span,
            reminders=tuple(self._reminder(one) for one in given.get("reminders", ())),
        )

    def _reminder(self, given: Given) -> Reminder:
        return Reminder(
            given.get("remind", ""),
            self.roles(given.get("for", ())),
            self._seconds(given, "after"),
            self._seconds(given, "every"),
            given.get("max", 10) if "every" in given else 1,
        )

    def _transition(self, name: Written, given: Given) -> Transition:
        questions = self._questions(given.get("input", {}))
        asked = {one: self._type(question.field) for one, question in questions.items()}
        scope = self._scope(asked)
        questions = {
            name.text: self._checked(questions[name.text], body, scope)
            for name, body in given.get("input", {}).items()
            if name.text in questions
        }
        branches, previous = self._targets(given, scope)
        triggers = given.get("trigger", ("user",))
        timer = given.get("timer")
        bulk = given.get("bulk")
        return Transition(
            name=name.text,
            label=given.get("label") or Label({"": humanize(name.text)}),
            sources=self._sources(given),
            branches=branches,
            previous=previous,
            triggers=triggers,
            roles=self._roles(given, triggers),
            not_actor=self._past(given),
            guards=self._clauses(given.get("guard", ()), "if", scope),
            input=questions,
            confirm=given.get("confirm", "none"),
            before=self._clauses(given.get("before", ()), "refuse", scope),
            do=self._effects(given.get("do", ()), scope),
            then=self._effects(given.get("then", ()), scope),
            after_commit=self._effects(given.get("after_commit", ()), scope),
            timer=self._timer(timer, scope) if timer is not None else None,
            bulk=bulk.get("max", 200) if bulk is not None else 0,
            order=given.get("order"),
            hide_blocked=given.get("when_blocked") == "hide",
            span=name.span,
            spans=given.spans,
        )

    # --- names

    def _known(self, state: Written) -> bool:
        if state.text in self.states:
            return True
        message = say(
            "There is no state {state} in workflow '{name}'.",
            state=quoted(state.text),
            name=self.machine.name,
        )
        hint = did_you_mean(state.text, self.states, otherwise="Write the states first.")
        self.problems.append(Problem("D605", state.span, message, hint))
        return False

    def _sources(self, given: Given) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for written in given.get("from", ()):
            if written.text == "*" or written.text.startswith("@"):
                found |= dict.fromkeys(self._several(written))
            elif self._known(written):
                found[written.text] = None
                if written.text in self.finals:
                    message = say(
                        "The state '{state}' is final, so nothing leaves it.", state=written
                    )
                    hint = "Leave it out, or write `category: closed` in place of `final: true`."
                    self.problems.append(Problem("D609", written.span, message, hint))
        return tuple(found)

    def _several(self, written: Written) -> Iterator[str]:
        """Yield the states that `*` or `@category` stand for: never a final one."""
        category = written.text[1:]
        names = [
            name.text
            for name, body in self.machine.states.items()
            if name.text not in self.finals
            and (written.text == "*" or body.get("category", "open") == category)
        ]
        if not names:
            message = say("No state is meant by {written}.", written=quoted(written.text))
            hint = "Write `category:` at the states, or name them."
            self.problems.append(Problem("D605", written.span, message, hint))
        yield from names

    def _targets(
        self, given: Given, scope: ModelScope
    ) -> tuple[tuple[Branch, ...], Previous | None]:
        written = given.get("to", ())
        if ("to" in given) is ("branches" in given):
            self.problems.append(
                missing_key("to", given.span, "a transition")
                if "to" not in given
                else Problem(
                    "D617",
                    given.at("branches"),
                    "A transition has both 'to' and 'branches'.",
                    "Remove one of the two.",
                )
            )
        if len(written) > 1:
            message = "A transition leads to several states at once."
            hint = "Write `branches:` to choose one, or a second workflow for the other column."
            self.problems.append(Problem("D606", given.at("to"), message, hint))
        if "branches" in given:
            return self._branches(given.get("branches"), given, scope), None
        target = written[0] if written else None
        if target is not None and "previous" in target:
            return (), self._previous(target)
        state = target.get("state") if target is not None else None
        for extra in written[1:]:
            if extra.get("state") is not None:
                self._known(extra.get("state"))
        if state is None or not self._known(state):
            return (), None
        return (Branch(state.text, None, state.span),), None

    def _previous(self, target: Given) -> Previous | None:
        among = [state.text for state in target.get("previous", ()) if self._known(state)]
        otherwise = target.get("else")
        if otherwise is None:
            self.problems.append(missing_key("else", target.span, "a target"))
            return None
        if not self._known(otherwise):
            return None
        return Previous(tuple(among), otherwise.text, target.span)

    def _branches(
        self, written: tuple[Given, ...], given: Given, scope: ModelScope
    ) -> tuple[Branch, ...]:
        found = []
        for position, branch in enumerate(written):
            last = position == len(written) - 1
            if bool(branch.get("else")) is not last or ("if" in branch) is last:
                self.problems.append(_no_else(branch.span, last=last))
            to = branch.get("to")
            condition = self._condition(branch.get("if"), scope)
            if to is not None and self._known(to):
                found.append(Branch(to.text, condition, branch.span))
        if not written:
            self.problems.append(_no_else(given.at("branches"), last=True))
        return tuple(found)

    def _roles(self, given: Given, triggers: tuple[str, ...]) -> tuple[str, ...]:
        if "roles" not in given:
            if PEOPLE & set(triggers):
                message = "Nothing says which roles may fire this transition."
                hint = "Add `roles:` with their names, or `roles: any`."
                self.problems.append(Problem("D623", given.span, message, hint))
            return ()
        written = [role for role in given.get("roles", ()) if role.text != ANY_ROLE]
        named = self.roles(written)
        return named if len(written) == len(given.get("roles", ())) else (ANY_ROLE, *named)

    def roles(self, written: Iterable[Written]) -> tuple[str, ...]:
        """Return the roles that exist of those written."""
        found = []
        for role in written:
            if role.text in self.words.roles:
                found.append(role.text)
            else:
                self.problems.append(
                    unknown_name(
                        "role", role.text, role.span, self.words.roles, defined_in="roles.yaml"
                    )
                )
        return tuple(found)

    def _past(self, given: Given) -> tuple[str, ...]:
        own = self.edges[self.machine.entity, self.machine.name]
        for member in given.get("not_actor", ()):
            _, colon, name = member.partition(":")
            if colon and name not in own:
                self.problems.append(self._no_edge(name, given.at("not_actor"), self.machine.name))
        return tuple(given.get("not_actor", ()))

    def _fields(self, written: Iterable[Written]) -> Iterator[str]:
        for name in written:
            found = self.field(name)
            if found is not None:
                yield found.name

    def field(self, written: Written, entity: str = "") -> Field | None:
        """Return a field of the record, or of another entity."""
        where = entity or self.machine.entity
        fields = self.words.entities[where].fields
        if written.text in fields:
            return fields[written.text]
        if self.words.unread.has(where, written.text):
            return None
        defined = say("entity '{entity}'", entity=where)
        self.problems.append(
            unknown_name("field", written.text, written.span, fields, defined_in=defined)
        )
        return None

    def entity(self, written: Written) -> str:
        """Return an entity's name, or nothing when there is none of it."""
        if written.text in self.words.entities:
            return written.text
        self.problems.append(
            unknown_name(
                "entity",
                written.text,
                written.span,
                self.words.entities,
                defined_in="the definitions",
            )
        )
        return ""

    def type_of(self, field: Field) -> types.Type:
        """Return what a field's value is in expressions."""
        return self._type(field)

    def _type(self, field: Field) -> types.Type:
        found: types.Type = self.words.catalog[field.type].expression_type(field)
        return found

    def movement(self, written: Any, *, transfers: bool) -> tuple[Ledger, str] | None:
        """Return the ledger and the name of a kind that effects may post."""
        if not isinstance(written, Written):
            return None
        name, _, kind = written.text.rpartition(".")
        ledger = self.words.ledgers.get(name)
        if ledger is None:
            known = self.words.ledgers
            self.problems.append(
                unknown_name("ledger", name, written.span, known, defined_in="the definitions")
            )
            return None
        if kind not in ledger.kinds:
            where = say("ledger '{name}'", name=name)
            self.problems.append(
                unknown_name("kind of entry", kind, written.span, ledger.kinds, defined_in=where)
            )
            return None
        held = ledger.holds is not None and ledger.holds.bucket in ledger.kinds[kind].move
        if held or (ledger.kinds[kind].is_transfer and not transfers):
            message = say("'{kind}' is not posted by an effect.", kind=kind)
            hint = "Effects post what changes one balance and holds nothing."
            self.problems.append(Problem("D911", written.span, message, hint))
            return None
        return ledger, kind

    def parts(self, written: Written) -> tuple[str, str]:
        """Return the entity of the parts in a field, and what they call their whole, or nothing."""
        field = self.field(written)
        if field is not None and field.type != "children":
            message = say("'{field}' holds no parts.", field=written.text)
            hint = "Name a field of type children, or leave 'each' out."
            self.problems.append(Problem("D911", written.span, message, hint))
            return "", ""
        part = self.words.entities.get(field.target) if field is not None else None
        return (part.name, part.child_of) if part is not None else ("", "")

    def exactly(self, given: Given, written: Mapping[str, Any], wanted: tuple[str, ...]) -> None:
        """Report what a key says too much or too little, and a quantity that is missing."""
        if set(written) != set(wanted):
            names = ", ".join(f"{name}: …" for name in wanted)
            message = say("The key is not that of the ledger: {names}.", names=", ".join(wanted))
            hint = say("Write `key: {{{names}}}`.", names=names)
            at = given.at("key") if "key" in given else given.span
            self.problems.append(Problem("D911", at, message, hint))
        if "quantity" not in given:
            self.problems.append(missing_key("quantity", given.span, "an effect"))

    def edge(self, written: Any, entity: str = "") -> tuple[str, str] | None:
        """Return the workflow and the name of a transition, written `workflow.transition`."""
        if not isinstance(written, Written):
            return None
        where = entity or self.machine.entity
        workflow, dot, name = written.text.rpartition(".")
        workflow = workflow if dot else self.machine.name
        own = self.edges.get((where, workflow))
        if own is None:
            known = [name for entity, name in self.edges if entity == where]
            defined = say("entity '{entity}'", entity=where)
            self.problems.append(
                unknown_name("workflow", workflow, written.span, known, defined_in=defined)
            )
            return None
        if name not in own:
            self.problems.append(self._no_edge(name, written.span, workflow, where))
            return None
        return workflow, name

    def way(self, written: Any) -> tuple[tuple[str, ...], str]:
        """Return the fields of a path to other records, and their entity; '' when it is none.

        Every step is a reference; the last may be a list of children.
        """
        if not isinstance(written, Written):
            return (), ""
        entity = self.machine.entity
        names = tuple(written.text.split("."))
        for place, name in enumerate(names):
            field = self.field(replace(written, text=name), entity)
            if field is None:
                return (), ""
            is_last = place == len(names) - 1
            if field.type != "reference" and not (is_last and field.type == "children"):
                message = say("'{field}' leads to no other record.", field=name)
                hint = "Name a reference, or a list of children at the end of the path."
                self.problems.append(Problem("D636", written.span, message, hint))
                return (), ""
            entity = field.target
        return names, entity

    def _no_edge(self, name: str, at: Span, workflow: str, entity: str = "") -> Problem:
        own = self.edges[entity or self.machine.entity, workflow]
        where = say("workflow '{name}'", name=workflow)
        return unknown_name("transition", name, at, own, defined_in=where)

    # --- conditions

    def _scope(self, asked: Mapping[str, types.Type]) -> ModelScope:
        base = self.words.scope(self.machine.entity)
        names = {
            **base.names,
            "input": types.Record(dict(asked)),
            FROM_STATE: types.Choice(tuple(name.text for name in self.machine.states)),
        }
        return ModelScope(base.entity, base.fields_by_entity, base.catalog, names)

    def _condition(self, written: Any, scope: ModelScope) -> Expression | None:
        return self._parse(written, scope, types.Boolean())

    def _parse(
        self, written: Any, scope: ModelScope, expected: types.Type | None = None
    ) -> Expression | None:
        if not isinstance(written, Written) or self.words.unread.doubts(written.text):
            return None
        expression, found = parse(written.text, written.span, scope, expected, written=written.raw)
        self.problems += found
        return expression

    def _clauses(self, written: Iterable[Given], key: str, scope: ModelScope) -> tuple[Clause, ...]:
        found = []
        for clause in written:
            condition = self._condition(clause.get(key), scope)
            params = {
                name.text: self._parse(body, scope)
                for name, body in clause.get("params", {}).items()
            }
            if condition is not None:
                found.append(
                    Clause(
                        condition,
                        clause.get("code", ""),
                        clause.get("message"),
                        {name: one for name, one in params.items() if one is not None},
                        clause.at(key),
                    )
                )
        return tuple(found)

    def _effects(self, written: Iterable[Given], scope: ModelScope) -> tuple[Effect, ...]:
        found = []
        for given in written:
            words: Catalog[EffectWord] = self.catalogs["effects"]
            name = next((key for key in given.values if key in words), None)
            if name is None:
                continue
            before = len(self.problems)
            resolved = words[name].resolve(given, _Names(self, scope))
            when = self._condition(given.get("if"), scope)
            if len(self.problems) == before:
                found.append(Effect(name, resolved, when, given.span))
        return tuple(found)

    def _questions(self, written: Mapping[Written, Given]) -> dict[str, InputField]:
        found = {}
        for name, body in written.items():
            field = resolve_field(
                name, body, self.machine.entity, self.words.catalog, self.from_app
            )
            if field is not None:
                found[name.text] = InputField(field, None, None)
        return found

    def _checked(self, question: InputField, body: Given, scope: ModelScope) -> InputField:
        return InputField(
            question.field, self._condition(body.get("check"), scope), body.get("message")
        )

    # --- time

    def _seconds(self, given: Given, key: str) -> int:
        if key not in given:
            return 0
        seconds = seconds_of(given.get(key))
        if seconds is None:
            message = say("{written} is no length of time.", written=quoted(given.get(key)))
            hint = "Write PT30M, P2D, 30m, 2h or 7d: more than nothing, at most 400 days."
            self.problems.append(Problem("D621", given.at(key), message, hint))
        return seconds or 0

    def _timer(self, given: Given, scope: ModelScope) -> Timer:
        start = given.get("from")
        if start is not None and start.text != ENTERED_AT:
            field = self.field(start)
            if field is not None and field.type not in {"date", "datetime"}:
                message = say("{field} is no date.", field=quoted(start.text))
                hint = "Write entered_at, or a field of type date or datetime."
                self.problems.append(Problem("D621", start.span, message, hint))
        return Timer(
            self._seconds(given, "after"),
            start.text if start is not None else ENTERED_AT,
            self._condition(given.get("if"), scope),
            self._seconds(given, "again"),
            given.span,
        )

    def _duplicates(self, transitions: tuple[Transition, ...]) -> None:
        """Two edges of one name from one state would leave it to chance which one is taken."""
        by_name = sorted(transitions, key=lambda edge: edge.name)
        for name, edges in groupby(by_name, key=lambda edge: edge.name):
            seen: set[str] = set()
            for edge in edges:
                for state in edge.sources:
                    if state in seen:
                        message = say(
                            "Two transitions '{name}' lead from '{state}'.", name=name, state=state
                        )
                        hint = "Write one with `branches:`, or give one of them another name."
                        at = edge.spans.get("from", edge.span)
                        self.problems.append(Problem("D608", at, message, hint))
                seen |= set(edge.sources)


@dataclass(frozen=True)
class _Names:
    """What the word of an effect may ask, with the conditions of its own place."""

    resolver: _Resolver
    scope: ModelScope

    def expression(
        self, written: Any, expected: types.Type | None = None, entity: str = ""
    ) -> Expression | None:
        scope = replace(self.scope, entity=entity) if entity else self.scope
        return self.resolver._parse(written, scope, expected)

    def movement(self, written: Any, *, transfers: bool) -> tuple[Ledger, str] | None:
        return self.resolver.movement(written, transfers=transfers)

    def parts(self, written: Written) -> tuple[str, str]:
        return self.resolver.parts(written)

    def exactly(self, given: Given, written: Mapping[str, Any], wanted: Iterable[str]) -> None:
        self.resolver.exactly(given, written, tuple(wanted))

    def without(self, given: Given, keys: Iterable[str]) -> None:
        for key in keys:
            if key in given:
                message = say("'{key}' means nothing beside 'take_back'.", key=key)
                hint = say("Remove '{key}': all that was posted is taken back.", key=key)
                self.resolver.problems.append(Problem("D911", given.at(key), message, hint))

    def field(self, written: Written, entity: str = "") -> Field | None:
        return self.resolver.field(written, entity)

    def type_of(self, field: Field) -> types.Type:
        return self.resolver.type_of(field)

    def roles(self, written: Iterable[Written]) -> tuple[str, ...]:
        return self.resolver.roles(written)

    def edge(self, written: Any, entity: str = "") -> tuple[str, str] | None:
        return self.resolver.edge(written, entity)

    def way(self, written: Any) -> tuple[tuple[str, ...], str]:
        return self.resolver.way(written)

    def entity(self, written: Written) -> str:
        return self.resolver.entity(written)

    def operation(self, written: str) -> Operation | None:
        connector, _, name = written.rpartition(".")
        found = self.resolver.connectors.get(connector)
        return found.operations.get(name) if found is not None else None


def _no_else(at: Span, *, last: bool) -> Problem:
    if last:
        message = "The last of several ways must be taken when no other is."
        return Problem("D617", at, message, "Write `else: true` in place of `if`.")
    message = "Behind `else` nothing is ever reached."
    return Problem("D617", at, message, "Write `if:` here, and `else: true` only at the end.")


def _instead(key: str) -> str:
    if key == "history":
        return "Write `to: {previous: [a, b], else: a}` to lead back."
    return "Write a workflow of its own for each column, or a category for states that go together."
