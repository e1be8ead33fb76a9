"""Workflows: every state, role, field and transition they name is found, every condition compiled.

What is wrong with single names and shapes is told here (D60x); what only the whole graph shows is
told by `generator/checks/workflows.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from generator.kinds import Catalog
from generator.model.access import Sensitive
from generator.model.connector import Connector
from generator.model.text import Label
from generator.model.workflow import (
    ANY_ROLE,
    PEOPLE,
    SECOND_PERSON,
    Case,
    Derivation,
    Lapse,
    Reminder,
    State,
    Transition,
    Workflow,
)
from generator.problems import Problem, did_you_mean, quoted
from generator.resolve.access import Words
from generator.resolve.fields import humanize
from generator.resolve.machines import Machine
from generator.resolve.workflow_conditions import Conditions
from generator.resolve.workflow_names import MachineNames, WorkingClock
from generator.resolve.workflow_ways import Ways, duplicates, no_else
from generator.saying import say
from generator.shape import Given, Written

UNSUPPORTED = ("parallel", "regions", "states", "history")


def resolve_workflows(
    machines: Iterable[Machine],
    words: Words,
    catalogs: Mapping[str, Catalog[Any]],
    connectors: Mapping[str, Connector],
    from_app: Mapping[str, Any],
    clock: WorkingClock,
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
        names = MachineNames(machine, words, catalogs, edges, problems, connectors, from_app, clock)
        resolver = _Resolver(names)
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

    def __init__(self, names: MachineNames) -> None:
        self.names, self.machine, self.problems = names, names.machine, names.problems
        self.states = names.states
        self.conditions = Conditions(names)
        self.ways = Ways(names, self.conditions)

    def workflow(self) -> Workflow:
        """Return a workflow that transitions move."""
        machine, given = self.machine, self.machine.given
        self._unsupported(given)
        initial = self._initial()
        states = {name.text: self._state(name, body) for name, body in machine.states.items()}
        transitions = tuple(self._transition(name, body) for name, body in machine.transitions)
        self.problems += duplicates(transitions)
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
                old.text: new.text
                for old, new in given.get("map", {}).items()
                if self.names.known(new)
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
        scope = self.conditions.scope({})
        cases = []
        written = given.get("derive")
        for position, case in enumerate(written):
            last = position == len(written) - 1
            if bool(case.get("else")) is not last or ("if" in case) is last:
                self.problems.append(no_else(case.span, last=last))
            value = case.get("value")
            if value is not None and self.names.known(value):
                condition = self.conditions.condition(case.get("if"), scope)
                cases.append(Case(value.text, condition, case.span))
        if not written:
            self.problems.append(no_else(given.at("derive"), last=True))
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
        scope = self.conditions.scope({})
        editable = given.get("editable")
        return State(
            name=name.text,
            label=given.get("label") or Label({"": humanize(name.text)}),
            tone=given.get("tone", "neutral"),
            category=given.get("category", "open"),
            final=given.get("final", False),
            editable=None if editable is None else tuple(self.names.fields(editable)),
            require=tuple(self.names.fields(given.get("require", ()))),
            enter=self.conditions.effects(given.get("enter", ()), scope),
            leave=self.conditions.effects(given.get("leave", ()), scope),
            watchdog=self._watchdog(given.get("watchdog")),
            span=name.span,
            reminders=tuple(self._reminder(one) for one in given.get("reminders", ())),
        )

    def _watchdog(self, given: Given | None) -> Lapse | None:
        lapse = self.conditions.lapse(given) if given is not None else None
        return lapse if lapse is not None and lapse.seconds else None

    def _reminder(self, given: Given) -> Reminder:
        return Reminder(
            given.get("remind", ""),
            self.names.roles(given.get("for", ())),
            self.conditions.lapse(given),
            self.conditions.seconds(given, "every"),
            given.get("max", 10) if "every" in given else 1,
        )

    def _transition(self, name: Written, given: Given) -> Transition:
        questions = self.conditions.questions(given.get("input", {}))
        asked = {one: self.names.type_of(question.field) for one, question in questions.items()}
        scope = self.conditions.scope(asked)
        questions = {
            name.text: self.conditions.checked(questions[name.text], body, scope)
            for name, body in given.get("input", {}).items()
            if name.text in questions
        }
        branches, previous = self.ways.targets(given, scope)
        triggers = given.get("trigger", ("user",))
        timer = given.get("timer")
        bulk = given.get("bulk")
        return Transition(
            name=name.text,
            label=given.get("label") or Label({"": humanize(name.text)}),
            sources=self.ways.sources(given),
            branches=branches,
            previous=previous,
            triggers=triggers,
            roles=self._roles(given, triggers),
            not_actor=self.names.past(given),
            guards=self.conditions.clauses(given.get("guard", ()), "if", scope),
            input=questions,
            confirm=given.get("confirm", "none"),
            before=self.conditions.clauses(given.get("before", ()), "refuse", scope),
            do=self.conditions.effects(given.get("do", ()), scope),
            then=self.conditions.effects(given.get("then", ()), scope),
            after_commit=self.conditions.effects(given.get("after_commit", ()), scope),
            timer=self.conditions.timer(timer, scope) if timer is not None else None,
            bulk=bulk.get("max", 200) if bulk is not None else 0,
            order=given.get("order"),
            hide_blocked=given.get("when_blocked") == "hide",
            span=name.span,
            spans=given.spans,
        )

    def _roles(self, given: Given, triggers: tuple[str, ...]) -> tuple[str, ...]:
        if "roles" not in given:
            if PEOPLE & set(triggers):
                message = "Nothing says which roles may fire this transition."
                hint = "Add `roles:` with their names, or `roles: any`."
                self.problems.append(Problem("D623", given.span, message, hint))
            return ()
        written = [role for role in given.get("roles", ()) if role.text != ANY_ROLE]
        named = self.names.roles(written)
        return named if len(written) == len(given.get("roles", ())) else (ANY_ROLE, *named)


def _instead(key: str) -> str:
    if key == "history":
        return "Write `to: {previous: [a, b], else: a}` to lead back."
    return "Write a workflow of its own for each column, or a category for states that go together."
