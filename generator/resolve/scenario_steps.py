"""The steps of a case: each does one thing, with the keys that belong to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from generator.durations import seconds_of
from generator.model.entity import Entity
from generator.model.scenario import Somebody, Step
from generator.model.workflow import Workflow
from generator.problems import Problem, defined_twice, missing_key, quoted, unknown_name
from generator.resolve.scenario_names import (
    LINKS,
    ScenarioNames,
    several,
)
from generator.saying import say
from generator.shape import Given, Written

ACTIONS = (
    "list",
    "export",
    "read",
    "create",
    "update",
    "delete",
    "restore",
    "erase",
    "bulk",
    "transition",
    "post",
    "place",
    "run",
    "look",
    "wait",
    "time_passes",
    "answer",
    "event",
)
ON_RECORD = {"read", "update", "delete", "restore", "erase", "transition"}
NOBODY = Somebody("", ())
"""Who acts when only time passes or another system answers."""
A_DAY = 86_400
TAKES: Mapping[str, frozenset[str]] = {
    "called": frozenset({"create", "transition", "post", "place"}),
    "values": frozenset({"create", "update", "bulk", "place"}),
    "filter": frozenset({"list", "export"}),
    "records": frozenset({"bulk"}),
    "change": frozenset({"bulk"}),
    "name": frozenset({"transition"}),
    "input": frozenset({"transition", "run"}),
    "unconfirmed": frozenset({"transition"}),
    "key": frozenset({"post"}),
    "quantity": frozenset({"post"}),
    "unmasked": frozenset({"export"}),
    "reason": frozenset({"post", "erase", "export"}),
    "approved_by": frozenset({"update", "delete", "erase"}),
    "cart": frozenset({"place"}),
    "lines": frozenset({"place"}),
    "output": frozenset({"answer"}),
    "refused": frozenset({"answer"}),
    "body": frozenset({"event"}),
    "times": frozenset({"event"}),
}
"""By key of a step: the actions that it belongs to."""
TOLD: Mapping[str, tuple[str, ...]] = {
    "place": ("cart",),
    "erase": ("reason",),
    "export": ("unmasked", "reason"),
}
"""By action: keys that are told as they are written."""


@dataclass(frozen=True)
class Steps:
    """Reads the steps of one scenario."""

    names: ScenarioNames

    @property
    def _alone(self) -> Mapping[str, Callable[[Given], Step | None]]:
        """Return what reads the steps that nobody of the scenario does."""
        return {
            "wait": self._wait,
            "time_passes": self._time,
            "answer": self._answer,
            "event": self._event,
            "run": partial(self._backstage, "run"),
            "look": partial(self._backstage, "look"),
        }

    def step(self, body: Given, usual: Somebody | None, somebody: bool) -> Step | None:
        """Return a step, done by who is named at it or by who acts in the case."""
        actions = [action for action in ACTIONS if action in body]
        if len(actions) != 1:
            hint = say("Write one of: {names}.", names=", ".join(ACTIONS))
            said = "A step does just one thing."
            self.names.problems.append(Problem("D480", body.span, said, hint))
            return None
        action = actions[0]
        for key, belongs in TAKES.items():
            if key in body and action not in belongs:
                said = say("'{key}' says nothing about '{action}'.", key=key, action=action)
                hint = say("It belongs to: {names}.", names=", ".join(sorted(belongs)))
                self.names.problems.append(Problem("D481", body.at(key), said, hint))
        person = self.names.person(body.get("as")) or usual
        if action in self._alone:
            return self._alone[action](body)
        if person is None:
            if "as" not in body and not somebody:
                self.names.problems.append(missing_key("as", body.span, "a step"))
            return None
        return self._acted(action, body, person)

    def _posted(self, body: Given, person: Somebody) -> Step | None:
        """Return the post of one entry; the records of its key must be there."""
        written: Written = body.get("post")
        name, _, kind = written.text.rpartition(".")
        ledger = self.names.words.ledgers.get(name)
        if ledger is None:
            known, where = self.names.words.ledgers, "the definitions"
            problem = unknown_name("ledger", name, written.span, known, defined_in=where)
            self.names.problems.append(problem)
            return None
        if kind not in ledger.kinds:
            inside = say("ledger '{name}'", name=name)
            self.names.problems.append(
                unknown_name("kind of entry", kind, written.span, ledger.kinds, defined_in=inside)
            )
            return None
        entity = self.names.words.entities[ledger.name]
        key = self.names.values(body.get("key", {}), entity, body.span)
        more = {name: body.get(name) for name in ("quantity", "reason") if name in body}
        if "called" in body:
            self.names.records[body.get("called")] = entity.name
        return Step(
            "post",
            entity.name,
            person,
            body.span,
            values=key,
            edge=(name, kind),
            input=more,
            called=body.get("called", ""),
        )

    def _wait(self, body: Given) -> Step | None:
        return Step("wait", "", NOBODY, body.span, seconds=body.get("wait") * A_DAY)

    def _time(self, body: Given) -> Step | None:
        seconds = seconds_of(body.get("time_passes"))
        if seconds is None:
            said = say("{written} is no length of time.", written=quoted(body.get("time_passes")))
            hint = "Write PT30M, P2D, 30m, 2h or 7d: more than nothing, at most 400 days."
            self.names.problems.append(Problem("D621", body.at("time_passes"), said, hint))
            return None
        return Step("wait", "", NOBODY, body.span, seconds=seconds)

    def _backstage(self, action: str, body: Given) -> Step | None:
        """Return the run of a job, or a look at an alert."""
        words, written = self.names.words, body.get(action)
        noun, known = ("job", words.jobs) if action == "run" else ("alert", words.alerts)
        if written.text not in known:
            problem = unknown_name(
                noun, written.text, written.span, known, defined_in="the definitions"
            )
            self.names.problems.append(problem)
            return None
        given = {key.text: value for key, value in body.get("input", {}).items()}
        return Step(action, "", NOBODY, body.span, edge=(written.text, ""), input=given)

    def _answer(self, body: Given) -> Step | None:
        written: Written = body.get("answer")
        name, _, operation = written.text.rpartition(".")
        connector = self.names.words.connectors.get(name)
        if connector is None:
            known, where = self.names.words.connectors, "the definitions"
            problem = unknown_name("connector", name, written.span, known, defined_in=where)
            self.names.problems.append(problem)
            return None
        if operation not in connector.operations:
            inside = say("connector '{name}'", name=name)
            self.names.problems.append(
                unknown_name(
                    "operation", operation, written.span, connector.operations, defined_in=inside
                )
            )
            return None
        return Step(
            "answer",
            "",
            NOBODY,
            body.span,
            edge=(name, operation),
            input={key.text: value for key, value in body.get("output", {}).items()},
            refused=body.get("refused"),
        )

    def _event(self, body: Given) -> Step | None:
        written = Written(body.get("event"), body.at("event"))
        name, _, kind = written.text.partition(".")
        webhook = self.names.words.webhooks.get(name)
        if webhook is None:
            known, where = self.names.words.webhooks, "the definitions"
            problem = unknown_name("webhook", name, written.span, known, defined_in=where)
            self.names.problems.append(problem)
            return None
        if kind not in webhook.events:
            inside = say("webhook '{name}'", name=name)
            problem = unknown_name("event", kind, written.span, webhook.events, defined_in=inside)
            self.names.problems.append(problem)
            return None
        return Step(
            "event",
            "",
            NOBODY,
            body.span,
            edge=(name, kind),
            input={key.text: value for key, value in body.get("body", {}).items()},
            times=body.get("times", 1),
        )

    def _edge(self, body: Given, entity: Entity) -> tuple[str, str] | None:
        """Return the workflow and the name of a transition; the workflow may be left out."""
        written = body.get("name")
        if written is None:
            self.names.problems.append(missing_key("name", body.span, "a step"))
            return None
        workflow, _, name = written.text.rpartition(".")
        own = self.names.words.workflows.get(entity.name, {})
        found = [one.name for one in own.values() if workflow in ("", one.name) and one.named(name)]
        if len(found) == 1:
            return found[0], name
        known = sorted({edge.name for one in own.values() for edge in one.transitions})
        if len(found) > 1:
            known = [f"{one}.{name}" for one in found]
        where = say("entity '{entity}'", entity=entity.name)
        self.names.problems.append(
            unknown_name("transition", written.text, written.span, known, defined_in=where)
        )
        return None

    def _name_made(self, edge: tuple[str, str], entity: Entity, body: Given) -> None:
        """Note the name of the record that a transition makes."""
        if "called" not in body:
            return
        made = made_by(self.names.words.workflows[entity.name][edge[0]], edge[1])
        if made:
            self.names.records[body.get("called")] = made
            return
        said = say("'{name}' makes no record.", name=edge[1])
        hint = say("Remove '{key}'.", key="called")
        self.names.problems.append(Problem("D481", body.at("called"), said, hint))

    def _answers(self, edge: tuple[str, str], entity: Entity, body: Given) -> dict[str, Any]:
        """Return what a transition is told; relations among it must name records that are there."""
        fields = {
            name: question.field
            for one in self.names.words.workflows[entity.name][edge[0]].named(edge[1])
            for name, question in one.input.items()
        }
        found = {}
        for name, value in body.get("input", {}).items():
            model = fields.get(name.text)
            if model is not None and self.names.words.catalog[model.type].relation in LINKS:
                for one in several(value):
                    if str(one) not in self.names.records:
                        self.names.problems.append(self.names.no_record(str(one), name.span))
            found[name.text] = value
        return found

    def _acted(self, action: str, body: Given, person: Somebody) -> Step | None:
        if action == "post":
            return self._posted(body, person)
        subject: Written = body.get(action)
        record = ""
        if action in ON_RECORD:
            if not self.names.record(subject):
                return None
            record, entity = (
                subject.text,
                self.names.words.entities[self.names.records[subject.text]],
            )
        else:
            found = self.names.entity(subject)
            if found is None:
                return None
            entity = found
        values = self.names.values(body.get("values", {}), entity, body.span)
        if action == "erase" and not self._is_person(entity, subject):
            return None
        if action == "transition":
            edge = self._edge(body, entity)
            if edge is None:
                return None
            self._name_made(edge, entity, body)
            return Step(
                action,
                entity.name,
                person,
                body.span,
                record=record,
                edge=edge,
                input=self._answers(edge, entity, body),
                confirms=not body.get("unconfirmed", False),
                called=body.get("called", ""),
            )
        if action in ("create", "place"):
            record = body.get("called", "")
            if record in self.names.records:
                at = body.at("called")
                self.names.problems.append(defined_twice("record", record, at, body.span))
            self.names.records[record] = entity.name
        lines = self._lines(body, entity) if action == "place" else ()
        return Step(
            action,
            entity.name,
            person,
            body.span,
            record=record,
            values=values,
            input={name: body.get(name) for name in TOLD.get(action, ()) if name in body},
            approver=self.names.person(body.get("approved_by")),
            query={key.text: value for key, value in body.get("filter", {}).items()},
            records=self.names.names(body.get("records", ())),
            change=body.get("change", "update") if action == "bulk" else "",
            lines=lines,
        )

    def _is_person(self, entity: Entity, subject: Written) -> bool:
        """Tell whether records of an entity are people whose data can be erased."""
        if entity.privacy is not None and not entity.privacy.about:
            return True
        said = say("'{name}' is no person whose data could be erased.", name=subject.text)
        hint = "Erase a record of an entity with 'privacy: {about: this}'."
        self.names.problems.append(Problem("D481", subject.span, said, hint))
        return False

    def _lines(self, body: Given, entity: Entity) -> tuple[str, ...]:
        """Name the lines of what is placed, which are parts of it."""
        into = entity.fields.get(self.names.words.lines)
        if into is None:
            return ()
        found = []
        for name in body.get("lines", ()):
            if name in self.names.records:
                at = body.at("lines")
                self.names.problems.append(defined_twice("record", name, at, body.span))
            else:
                self.names.records[name] = into.target
                found.append(name)
        return tuple(found)


def made_by(workflow: Workflow, name: str) -> str:
    """Return the entity of which a transition makes a record; empty if it makes none."""
    for edge in workflow.named(name):
        for effect in edge.effects:
            if effect.word == "create":
                return str(effect.given["entity"])
    return ""
