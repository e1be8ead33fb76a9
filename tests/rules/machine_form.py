"""The neutral form of a state machine → YAML of our language → the real machine, and its driver.

Nothing here decides anything: names are made to fit, rows of one id become branches, and the
definition goes through `compile_definitions` like every other.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from generator.compile import compile_definitions
from generator.problems import DefinitionError, Problem, snake
from rules.workflow.asking import Ask, Asker, Deed, Done, Machines, Refused, Situation
from rules.workflow.firing import fire, settle
from rules.workflow.offers import offers

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
THING, FLOW, COLUMN = "thing", "flow", "status"
PLACES = 4
GENERAL = {
    "D102": "duplicate_key",
    "D104": "non_string_key",
    "D105": "empty_value",
    "D201": "unknown_key",
    "D504": "unknown_name_in_guard",
}
"""What the neutral form calls problems that are not about workflows only."""


def called(problem: Problem) -> str:
    """A problem by the name that the neutral form has for it."""
    if problem.finding:
        return problem.finding
    usual = "expression_not_allowed" if problem.code.startswith("D5") else problem.code
    return GENERAL.get(problem.code, usual)


@dataclass
class Names:
    """Names of the neutral form as names of ours, and back; no two become one."""

    ours: dict[str, str] = field(default_factory=dict)
    prefix: str = ""

    def __getitem__(self, name: str) -> str:
        if name not in self.ours:
            base = (self.prefix + (snake(name) or "n"))[:36]
            found, number = base, 1
            while found in self.ours.values():
                number += 1
                found = f"{base}_{number}"
            self.ours[name] = found
        return self.ours[name]

    def back(self, ours: str) -> str:
        """The neutral name of one of ours."""
        return next((name for name, one in self.ours.items() if one == ours), ours)


@dataclass
class Neutral:
    """One machine of the neutral form, translated and loaded."""

    definition: Mapping[str, Any]
    env: Mapping[str, Any] = field(default_factory=dict)
    """Values that conditions read, of every step."""
    roles: frozenset[str] = frozenset()
    more: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By id: keys of ours for a transition, such as a guard that a vector forces."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Keys of ours for the whole machine."""
    legacy: bool = False
    lenient: bool = False
    """A state that nothing leaves is final: the definition is to be run and not to be judged."""

    def __post_init__(self) -> None:
        self.states, self.edges = Names(), Names()
        self.values, self.people = Names(prefix="x_"), Names()
        self.problems: tuple[Problem, ...] = ()
        self.machines: Machines | None = None
        self.types = self._types()

    # --- translation

    def _rows(self) -> list[Mapping[str, Any]]:
        rows = []
        for number, row in enumerate(self.definition["transitions"]):
            rows.append({**row, "id": row["id"] if row.get("id") else f"auto_{number}"})
        return rows

    def _types(self) -> dict[str, str]:
        known = self.definition.get("known_names")
        names = {name: _kind(value) for name, value in self.env.items() if value is not None}
        for row in self.definition["transitions"]:
            for text in (row.get("guard"), row.get("effect"), row.get("validate")):
                for name, kind in _used(text or ""):
                    names.setdefault(name, kind)
        for name in self.env:
            names.setdefault(name, "boolean")
        if known is not None:
            names = dict.fromkeys(known, "boolean")
        return names

    def condition(self, text: str) -> str:
        """A condition with our names in it."""
        for name in sorted(self.types, key=len, reverse=True):
            text = re.sub(rf"\b{re.escape(name)}\b", self.values[name], text)
        return text

    @property
    def finals(self) -> set[str]:
        """The final states; where the neutral form does not say, those that nothing leaves."""
        left = {state for row in self.definition["transitions"] for state in row["from"]}
        sinks = set(self.definition["states"]) - left
        if "final" not in self.definition:
            return sinks
        return set(self.definition["final"]) | (sinks if self.lenient else set())

    def machine(self) -> dict[str, Any]:
        """The machine in our language."""
        definition = self.definition
        initial = definition.get("initial")
        found: dict[str, Any] = {
            "field": COLUMN,
            "states": {
                self.states[state]: {"final": state in self.finals}
                for state in definition["states"]
            },
            "transitions": {
                self.edges[name]: rows[0] if len(rows) == 1 else rows
                for name, rows in self._transitions().items()
            },
            **self.extra,
        }
        if initial:
            named = [self.states[state] for state in initial]
            found["initial"] = named[0] if len(named) == 1 else named
        if definition.get("kind") == "petri":
            found["parallel"] = True
        if self.legacy or "final" not in definition:
            found["legacy"] = True
        return found

    def _transitions(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        rows = self._rows()
        for name in dict.fromkeys(row["id"] for row in rows):
            own = [row for row in rows if row["id"] == name]
            groups: dict[tuple[int, ...], list[str]] = {}
            for state in dict.fromkeys(state for row in own for state in row["from"]):
                here = tuple(n for n, row in enumerate(own) if state in row["from"])
                groups.setdefault(here, []).append(state)
            made: list[dict[str, Any]] = []
            for here, sources in groups.items():
                made += self._edges([own[n] for n in here], sources)
            found[name] = [{**edge, **self._own(name)} for edge in made]
        return found

    def _own(self, name: str) -> Mapping[str, Any]:
        return self.more.get(name, {})

    def _edges(self, rows: list[Mapping[str, Any]], sources: list[str]) -> list[dict[str, Any]]:
        """One edge of ours for rows that share id and place: branches, in their order."""
        states = [self.states[state] for state in sources]
        usual = self._usual(rows[0], states)
        if len(rows) == 1:
            guard = rows[0].get("guard")
            if "validate" in rows[0]:
                usual |= self._asked(rows[0])
            if guard is not None:
                usual["guard"] = [{"if": self.condition(guard)}]
            return [{**usual, "to": self._to(rows[0])}]
        conditions = [self._branch(row) for row in rows]
        if any(condition is None for condition in conditions[:-1]):
            return [{**usual, "to": self._to(row)} for row in rows]
        for row in rows:
            if "validate" in row:
                usual |= self._asked(row)
        if conditions[-1] is not None:
            usual["guard"] = [{"if": " or ".join(f"({one})" for one in conditions)}]
        branches: list[dict[str, Any]] = [
            {"if": condition, "to": self._to(row)}
            for condition, row in zip(conditions[:-1], rows[:-1], strict=True)
        ]
        return [{**usual, "branches": [*branches, {"else": True, "to": self._to(rows[-1])}]}]

    def _branch(self, row: Mapping[str, Any]) -> str | None:
        if "validate" in row:
            return f"input.{self.values[row['validate']]}"
        return self.condition(row["guard"]) if "guard" in row else None

    def _asked(self, row: Mapping[str, Any]) -> dict[str, Any]:
        name = self.values[row["validate"]]
        question = {"type": "boolean", "required": True, "check": f"input.{name}"}
        return {"input": {name: question}}

    def _to(self, row: Mapping[str, Any]) -> Any:
        named = [self.states[state] for state in row["to"]]
        return named[0] if len(named) == 1 else named

    def _usual(self, row: Mapping[str, Any], states: list[str]) -> dict[str, Any]:
        found: dict[str, Any] = {"from": states}
        if row.get("auto"):
            found["trigger"] = "auto"
            found["order"] = len(self.edges.ours) + 1
        elif "after_ms" in row:
            found["trigger"] = "timer"
            found["timer"] = {"after": f"PT{row['after_ms']}M"}
        elif "trigger" in row:
            found["trigger"] = row["trigger"]
        if found.get("trigger", "user") == "user":
            named = [self.people[role] for role in row.get("roles", ())]
            found["roles"] = named or "any"
        if row.get("allow_self_approval") is False:
            found["not_actor"] = ["created_by"]
        if "effect" in row:
            name, _, value = row["effect"].partition("=")
            target = self.values[name.strip()]
            found["do"] = [{"set": {target: self.condition(value.strip())}}]
        if "raises" in row:
            found["then"] = [{"fire": self.edges[row["raises"]]}]
        return found

    # --- loading

    def load(self, folder: Path) -> Neutral:
        """Compile it in a folder; afterwards it has its machines, or its problems."""
        fields = {
            self.values[name]: {"type": kind, **({"places": PLACES} if kind == "decimal" else {})}
            for name, kind in self.types.items()
        }
        for role in sorted(self.roles):
            self.people[role]
        workflows = {FLOW: self.machine()}
        self.problems, self.machines = load(folder, fields, workflows, self.people.ours.values())
        return self

    @property
    def refused(self) -> set[str]:
        """The names of the problems that stop it from being loaded."""
        return {called(one) for one in self.problems if one.severity == "error"}

    @property
    def ready(self) -> Machines:
        """The machines; its problems when there are none."""
        assert self.machines is not None, [f"{one.code} {one.message}" for one in self.problems]
        return self.machines

    def facts(self, state: str | None, env: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A record in a state, with the values that conditions read."""
        workflow = self.ready.workflows[FLOW]
        values = {**self.env, **(env or {})}
        found = {self.values[name]: _stored(values.get(name)) for name in self.types}
        found[COLUMN] = workflow.initial if state is None else self.states[state]
        return found

    def asker(self, roles: Iterable[str] | None = None, source: str = "user") -> Asker:
        """Somebody with some roles; with all of them when nobody says which."""
        named = self.people.ours if roles is None else roles
        return Asker(source, frozenset(self.people[role] for role in named), id="somebody")


def load(
    folder: Path,
    fields: Mapping[str, Any],
    workflows: Mapping[str, Any],
    roles: Iterable[str] = (),
    *,
    more: Mapping[str, str] | None = None,
    parts: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[tuple[Problem, ...], Machines | None]:
    """Write a shop with one entity and these workflows, and compile it.

    `more` are further files by name; `parts` the fields of entities that are parts of the thing.
    """
    roles = ["clerk", *roles]
    parts = parts or {}
    grants = {role: dict.fromkeys((THING, *parts), "view") for role in roles}
    own = {**fields} or {"name": {"type": "text"}}
    held = {f"{name}s": {"type": "children", "of": name} for name in parts}
    files: dict[str, Any] = {
        "app.yaml": {"app": "shop", "label": "Shop", "locales": ["en"]},
        "roles.yaml": {"roles": {role: {"label": role} for role in roles}},
        f"{THING}.entity.yaml": {"entity": THING, "label": "Thing", "fields": {**own, **held}},
        f"{THING}.workflow.yaml": {"entity": THING, "workflows": workflows},
        f"{THING}.access.yaml": {"access": THING, "grants": grants},
    }
    for name, body in parts.items():
        files[f"{name}.entity.yaml"] = {
            "entity": name,
            "label": name,
            "child_of": THING,
            "fields": body,
        }
    for name, operations in _asked_outside(workflows).items():
        files[f"{name}.connector.yaml"] = {
            "connector": name,
            "label": name,
            "type": "http",
            "operations": {one: {"path": f"/{one}"} for one in operations},
        }
    for name in _enqueued(workflows):
        files[f"{name}.job.yaml"] = {
            "job": name,
            "label": name,
            "role": "clerk",
            "operators": ["clerk"],
            "do": [{"notify": "clerk"}],
        }
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content, indent=1), encoding="utf-8")
    for name, text in (more or {}).items():
        (folder / name).write_text(text, encoding="utf-8")
    try:
        compiled = compile_definitions(folder)
    except DefinitionError as error:
        return error.problems, None
    app = compiled.app
    machines = Machines(
        app.entities[THING],
        app.workflows.get(THING, {}),
        app.derivations.get(THING, ()),
        compiled.catalogs["effects"],
    )
    return compiled.warnings, machines


def _enqueued(workflows: Any) -> set[str]:
    """The jobs that effects name."""
    found: set[str] = set()
    nodes = [workflows]
    while nodes:
        node = nodes.pop()
        if isinstance(node, Mapping):
            if isinstance(node.get("enqueue"), str):
                found.add(node["enqueue"])
            nodes += node.values()
        elif isinstance(node, (list, tuple)):
            nodes += node
    return found


def _asked_outside(workflows: Any) -> dict[str, set[str]]:
    """The operations that effects name, by connector."""
    found: dict[str, set[str]] = {}
    nodes = [workflows]
    while nodes:
        node = nodes.pop()
        if isinstance(node, Mapping):
            for key in ("call", "undo"):
                if isinstance(node.get(key), str):
                    connector, _, operation = node[key].rpartition(".")
                    found.setdefault(connector, set()).add(operation)
            nodes += node.values()
        elif isinstance(node, list):
            nodes += node
    return found


@dataclass
class Record:
    """A record on its way through a machine."""

    neutral: Neutral
    facts: dict[str, Any]
    now: datetime = NOON
    past: tuple[Deed, ...] = ()
    visited: tuple[str, ...] = ()
    entered: str = "entry-1"

    @property
    def situation(self) -> Situation:
        """The record as the engine sees it."""
        return Situation(
            self.facts,
            self.now,
            self.now.date(),
            self.past,
            {FLOW: self.visited},
            entered=self.entered,
        )

    @property
    def state(self) -> str:
        """Where it is, in the neutral form."""
        return self.neutral.states.back(self.facts[COLUMN])

    def fire(
        self,
        name: str,
        roles: Iterable[str] | None = None,
        input: Mapping[str, Any] | None = None,
        source: str = "",
    ) -> Done | Refused:
        """Fire a transition; the record follows it when it happens."""
        rows = self.neutral.ready.workflows[FLOW].named(self.neutral.edges[name])
        source = source or (rows[0].triggers[0] if rows else "user")
        answers = {self.neutral.values[key]: value for key, value in (input or {}).items()}
        by = self.neutral.asker(roles, source)
        return self.follow(
            fire(
                self.neutral.ready,
                Ask(FLOW, self.neutral.edges[name], by, answers),
                self.situation,
            )
        )

    def settle(self) -> Done | Refused:
        """Let what is automatic happen."""
        return self.follow(settle(self.neutral.ready, self.situation))

    def follow(self, outcome: Done | Refused) -> Done | Refused:
        """Take over what a transition did."""
        if isinstance(outcome, Done):
            for step in outcome.steps:
                self.visited = (*self.visited, step.before)
                self.past = (*self.past, Deed("somebody", step.transition))
                self.entered = f"entry-{len(self.visited) + 1}"
            self.facts = dict(outcome.facts)
        return outcome

    def allowed(self, roles: Iterable[str] | None = None) -> set[str]:
        """What could be fired here, guards aside."""
        found = offers(self.neutral.ready, self.neutral.asker(roles), self.situation)
        assert not isinstance(found, Refused), found
        return {self.neutral.edges.back(offer.edge.name) for offer in found}

    def later(self, minutes: int) -> None:
        """Let time pass since noon."""
        self.now = NOON + timedelta(minutes=minutes)


def _kind(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return "boolean"
    if isinstance(value, int):
        return "integer"
    return "decimal" if isinstance(value, float) else "text"


def _stored(value: Any) -> Any:
    return round(value * 10**PLACES) if isinstance(value, float) else value


def _used(text: str) -> Iterable[tuple[str, str]]:
    """The names in an expression, and what each seems to be."""
    try:
        tree = ast.parse(text.replace(" = ", " == ", 1) if " = " in text else text, mode="eval")
    except SyntaxError:
        return
    numbers = {
        node.id
        for parent in ast.walk(tree)
        if isinstance(parent, (ast.Compare, ast.BinOp))
        for node in ast.iter_child_nodes(parent)
        if isinstance(node, ast.Name)
    }
    called = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name) or node in called or node.id in ("null", "true", "false"):
            continue
        if not node.id.startswith("_"):
            yield node.id, "integer" if node.id in numbers else "boolean"
