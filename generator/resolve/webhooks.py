"""Webhooks: every connector, entity, field, transition and role they name is found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from generator.durations import seconds_of
from generator.kinds import Shape
from generator.model.access import Role
from generator.model.connector import Connector, Handling, Pick, Verification, Webhook
from generator.model.entity import Entity
from generator.model.text import Label
from generator.model.workflow import Workflow
from generator.problems import Problem, defined_twice, missing_key, quoted, unknown_name
from generator.resolve.fields import humanize
from generator.resolve.unread import Unread
from generator.saying import say
from generator.shape import Given, Written
from generator.shapes.webhook import HANDLING, VERIFY, WEBHOOK
from generator.source_nodes import Source

DEEDS = ("create", "update", "transition", "answers")
"""What an event may do; one of them."""


@dataclass(frozen=True)
class Known:
    """What webhooks may refer to."""

    connectors: Mapping[str, Connector]
    entities: Mapping[str, Entity]
    workflows: Mapping[str, Mapping[str, Workflow]]
    roles: Mapping[str, Role]
    unread: Unread


def resolve_webhooks(
    files: Iterable[tuple[Source, Given]], known: Known
) -> tuple[dict[str, Webhook], list[Problem]]:
    """Return the webhooks by name and what is wrong with them."""
    problems: list[Problem] = []
    found: dict[str, Webhook] = {}
    for _, given in files:
        name = given.get("webhook")
        if name is None:
            continue
        if name in found:
            first = found[name].span
            assert first is not None
            problems.append(defined_twice("webhook", name, given.at("webhook"), first))
            continue
        found[name] = _Reader(given, known, problems).webhook(name)
    _addresses(found.values(), problems)
    return found, problems


def _addresses(webhooks: Iterable[Webhook], problems: list[Problem]) -> None:
    seen: dict[str, Webhook] = {}
    for one in webhooks:
        other = seen.setdefault(one.path, one)
        if other is not one and one.span is not None:
            message = say("'{name}' has the address of '{other}'.", name=one.name, other=other.name)
            hint = "Write another `path:`."
            problems.append(Problem("D707", one.span, message, hint))


class _Reader:
    """Reads one file; what is wrong is collected and the rest goes on."""

    def __init__(self, given: Given, known: Known, problems: list[Problem]) -> None:
        self.given, self.known, self.problems = given, known, problems

    def webhook(self, name: str) -> Webhook:
        """Return the webhook."""
        given = self.given
        named = given.get("connector")
        connector = None
        if named is not None:
            connector = self._name("connector", named, self.known.connectors, "the definitions")
        return Webhook(
            name=name,
            label=given.get("label") or Label({"": humanize(name)}),
            connector=named.text if named is not None else "",
            path=given.get("path", name.replace("_", "-")),
            verify=self._verification(given.get("verify"), connector),
            largest=given.get("max_bytes", WEBHOOK.args["max_bytes"].default),
            id=_pick(given.get("id")),
            type=_pick(given.get("type")),
            events={
                key.text: self._handling(key, body) for key, body in given.get("events", {}).items()
            },
            span=given.at("webhook"),
        )

    def _name(
        self, noun: str, written: Written, known: Mapping[str, Any], where: str
    ) -> Any | None:
        if written.text in known:
            return known[written.text]
        self.problems.append(
            unknown_name(noun, written.text, written.span, known, defined_in=where)
        )
        return None

    def _verification(self, given: Given | None, connector: Connector | None) -> Verification:
        given = given or Given("verify", self.given.span, {})
        secret = given.get("secret")
        if secret is not None and connector is not None:
            where = say("connector '{name}'", name=connector.name)
            self._name("setting", secret, connector.settings, where)
        values = {key: _value(given, key, VERIFY) for key in VERIFY.args if key != "secret"}
        tolerance = seconds_of(values["tolerance"])
        if tolerance is None:
            shown = quoted(values["tolerance"])
            message: str = say("{written} is no length of time here.", written=shown)
            hint = "Write PT10S, PT1M, 30m or 2h: more than nothing, at most 400 days."
            self.problems.append(Problem("D702", given.at("tolerance"), message, hint))
        timed = "{timestamp}" in f"{values['form']}{values['signed']}" or values["timestamp"]
        if "{signature}" not in values["form"] or "{body}" not in values["signed"]:
            message = "The signature or the body is missing in how an event proves itself."
            hint = "Write {signature} in 'form' and {body} in 'signed'."
            self.problems.append(Problem("D705", given.at("form"), message, hint))
        return Verification(
            secret.text if secret is not None else "",
            values["header"],
            values["form"],
            values["signed"],
            values["algorithm"],
            values["encoding"],
            values["timestamp"] or "",
            (tolerance or 1) if timed else 0,
        )

    def _handling(self, event: Written, given: Given) -> Handling:
        deeds = [key for key in DEEDS if key in given]
        if len(deeds) != 1:
            message = say("The event {event} does not do one thing.", event=quoted(event.text))
            one = say("Write one of: {names}.", names=", ".join(DEEDS))
            self.problems.append(Problem("D706", event.span, message, one))
        entity = self._entity(given, event) if deeds != ["answers"] else None
        transition = self._edge(given, entity) if "transition" in given and entity else None
        role = given.get("role")
        if role is not None:
            self._name("role", role, self.known.roles, "roles.yaml")
        elif deeds and deeds[0] in ("create", "update"):
            self.problems.append(missing_key("role", given.span, "a handling"))
        if deeds and deeds[0] in ("update", "transition") and "find" not in given:
            self.problems.append(missing_key("find", given.span, "a handling"))
        answers = given.get("answers")
        return Handling(
            event=event.text,
            entity=entity.name if entity else "",
            find=self._fields(given.get("find", {}), entity),
            create=self._fields(given.get("create", {}), entity),
            update=self._fields(given.get("update", {}), entity),
            transition=transition,
            input={key.text: _pick(body) for key, body in given.get("input", {}).items()},
            role=role.text if role is not None else "",
            answers=_pick(answers) if answers is not None else None,
            outcome=_value(given, "outcome", HANDLING),
            output={key.text: _pick(body) for key, body in given.get("output", {}).items()},
            span=event.span,
        )

    def _entity(self, given: Given, event: Written) -> Entity | None:
        named = given.get("entity")
        if named is None:
            self.problems.append(missing_key("entity", given.span, "a handling"))
            return None
        found: Entity | None = self._name("entity", named, self.known.entities, "the definitions")
        return found

    def _fields(self, written: Mapping[Written, Given], entity: Entity | None) -> dict[str, Pick]:
        if entity is None:
            return {}
        where = say("entity '{entity}'", entity=entity.name)
        for key in written:
            if not self.known.unread.has(entity.name, key.text):
                self._name("field", key, entity.fields, where)
        return {key.text: _pick(body) for key, body in written.items()}

    def _edge(self, given: Given, entity: Entity) -> tuple[str, str] | None:
        written = given.get("transition")
        workflow, _, name = written.text.rpartition(".")
        own = self.known.workflows.get(entity.name, {})
        where = say("entity '{entity}'", entity=entity.name)
        machine = self._name("workflow", Written(workflow, written.span), own, where)
        if machine is None:
            return None
        edges = {edge.name: edge for edge in machine.transitions}
        where = say("workflow '{name}'", name=workflow)
        edge = self._name("transition", Written(name, written.span), edges, where)
        if edge is None:
            return None
        for key in given.get("input", {}):
            where = say("transition '{name}'", name=name)
            self._name("question", key, edge.input, where)
        return workflow, name


def _value(given: Given, key: str, shape: Shape) -> Any:
    return given.get(key, shape.args[key].default)


def _pick(given: Given | None) -> Pick:
    if given is None:
        return Pick(())
    return Pick(tuple(given.get("at", "").split(".")), given.get("factor"))
