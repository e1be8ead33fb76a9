"""Messages: the entity, the paths of their variables, and the names in braces of their texts.

Comes in: what authors gave. Goes out: `Message`s by name, and what is wrong with a name. Whether a
path has one value that may be told is asked in `generator/checks/messages.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from generator.model.entity import Entity
from generator.model.message import ALWAYS, Message, Outside, places
from generator.model.text import Label, Span
from generator.problems import Problem, defined_twice, reserved_name, unknown_name
from generator.resolve.fields import humanize
from generator.resolve.reading import JobWords, Reading
from generator.saying import say
from generator.shape import Given, Written
from generator.shapes.message import MESSAGE
from generator.source_nodes import Source


def resolve_messages(
    files: Iterable[tuple[Source, Given]], words: JobWords
) -> tuple[dict[str, Message], list[Problem]]:
    """Return the messages by name and what is wrong with them."""
    problems: list[Problem] = []
    found: dict[str, Message] = {}
    for _, given in files:
        name = given.get("message")
        if name is None:
            continue
        if name in found:
            problems.append(defined_twice("message", name, given.at("message"), found[name].span))
            continue
        message = _Reader(given, words, problems).message(name)
        if message is not None:
            found[name] = message
    return found, problems


class _Reader(Reading):
    """Reads one file; what is wrong is collected and the rest goes on."""

    shape = MESSAGE

    def message(self, name: str) -> Message | None:
        """Return the message; None where nobody knows what it tells of, or it says nothing."""
        given = self.given
        entity = self.entity(given.get("of"))
        inbox = given.get("inbox")
        if entity is None or inbox is None:
            return None
        spans: dict[str, Span] = {key: given.at(key) for key in given.values}
        label = given.get("label") or Label({"": humanize(name)})
        mail: Given | None = given.get("mail")
        if mail is not None:
            spans |= {key: mail.at(key) for key in mail.values}
        read: Mapping[str, Any] = mail.values if mail is not None else {}
        message = Message(
            name=name,
            label=label,
            entity=entity.name,
            variables=self._variables(given.get("variables", {}), entity, spans),
            inbox=inbox,
            subject=read.get("subject") or label,
            mail=read.get("text") or inbox,
            to=self._outside(given.get("to"), entity, spans),
            span=given.at("message"),
            spans=spans,
            always=frozenset(given.get("always", ())),
        )
        self._named(message, given.get("variables", {}))
        return message

    def _outside(
        self, given: Given | None, entity: Entity, spans: dict[str, Span]
    ) -> Outside | None:
        if given is None or given.get("address") is None or given.get("role") is None:
            return None
        found = {}
        for key in ("address", "name", "language"):
            path = given.get(key)
            led = isinstance(path, Written) and self._leads(path, entity)
            found[key] = path.text if led else ""
            spans[f"to.{key}"] = given.at(key)
        spans["to.role"] = given.at("role")
        role = next(iter(self.roles([given.get("role")])), "")
        return Outside(**found, role=role) if found["address"] and role else None

    def _variables(
        self, given: Mapping[Written, Any], entity: Entity, spans: dict[str, Span]
    ) -> dict[str, str]:
        found = {}
        for name, path in given.items():
            if name.text in ALWAYS:
                why = "every message has it"
                self.problems.append(reserved_name("a variable", name.text, name.span, why))
            elif isinstance(path, Written) and self._leads(path, entity):
                found[name.text] = path.text
                spans[f"variables.{name.text}"] = path.span
        return found

    def _leads(self, path: Written, entity: Entity) -> bool:
        """Return whether every step of a path is there."""
        here = entity
        entities = self.known.words.entities
        steps = path.text.split(".")
        for number, step in enumerate(steps):
            if not self.fields((replace(path, text=step),), here):
                return False
            target = here.fields[step].target
            if number + 1 < len(steps):
                if target not in entities:
                    message = say("'{step}' leads to no other record.", step=step)
                    hint = say("Write '{step}' alone, or a link to a record.", step=step)
                    self.problems.append(Problem("D301", path.span, message, hint))
                    return False
                here = entities[target]
        return True

    def _named(self, message: Message, given: Mapping[Written, Any]) -> None:
        """Report names in braces that are no variable, once for each text."""
        known = (*(name.text for name in given), *ALWAYS)
        where = say("message '{name}'", name=message.name)
        for key, label in message.texts():
            for name in dict.fromkeys(places(label)):
                if name not in known:
                    self.problems.append(
                        unknown_name("variable", name, message.spans[key], known, defined_in=where)
                    )
