"""`promotion:` of an entity: its template is read, and every `$EXPRESSION` in it is typed.

Comes in: the written template as plain data with its nodes, and a way to read an expression about
an entity. Goes out: an `Offering`, or the problems. What a promotion may say is asked
when a record is saved, and then told at the field that the value comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from generator.expressions import types
from generator.expressions.compile import Expression
from generator.model.entity import Field
from generator.model.pricing import Each, Offering, Slot
from generator.problems import Problem, did_you_mean, quoted
from generator.saying import say
from generator.shape import Given, Written
from generator.shapes.promotion import BODY
from generator.source_nodes import Items, Mapped, Node, Scalar, within

MARK = "$"
OPTIONAL = "?"
OURS = ("status",)
"""Keys of a promotion that the offering says elsewhere."""
TEXTS = ("text", "translated", "code", "sequence")
KEYS = frozenset({"each", "of"})
Read = Callable[[Written, str, types.Type | None], Expression | None]


def resolve_offering(
    given: Given, node: Node, entity: str, fields: Mapping[str, Mapping[str, Field]], read: Read
) -> tuple[Offering | None, list[Problem]]:
    """Return how the records of an entity are promotions, and what is wrong with it.

    Args:
        given: `promotion:` of the entity.
        node: the same as it stands in the file.
        entity: whose records they are.
        fields: of every entity.
        read: reads an expression about an entity; it reports problems itself.

    """
    reads = _Template(fields, read)
    label = reads.field(given.get("label"), entity, TEXTS)
    rule = reads.field(given.get("rule"), entity, ("rule",)) if "rule" in given else ""
    status = read(given.get("status"), entity, types.Text()) if "status" in given else None
    written = node.get("says") if isinstance(node, Mapped) else None
    says = reads.top(written, entity) if written is not None else {}
    if not rule and isinstance(says, Mapping) and "then" not in says and not reads.problems:
        message = "Nothing says what these promotions do."
        hint = "Write `rule:` with a field of type `rule`, or `then` among what it says."
        reads.problems.append(Problem("D815", given.span, message, hint))
    for name in given.get("stages", {}):
        if str(name) not in BODY["status"].options:
            known = BODY["status"].options
            message = say("There is no status {name} of a promotion.", name=quoted(str(name)))
            hint = did_you_mean(str(name), known, otherwise="")
            reads.problems.append(Problem("D815", given.at("stages"), message, hint))
    if status is None or not label or reads.problems:
        return None, reads.problems
    stages = {str(one): str(name) for name, ones in given.get("stages", {}).items() for one in ones}
    into = given.get("into").text if "into" in given else ""
    return Offering(entity, label, status, stages, rule, into, says, given.at("into")), []


class _Template:
    def __init__(self, fields: Mapping[str, Mapping[str, Field]], read: Read) -> None:
        self.fields, self.read = fields, read
        self.problems: list[Problem] = []

    def field(self, written: Written | None, entity: str, kinds: tuple[str, ...]) -> str:
        if written is None:
            return ""
        found = self.fields[entity].get(written.text)
        if found is None or found.type not in kinds:
            message = say("{name} is no field for this.", name=quoted(written.text))
            hint = say("Write a field of type {types}.", types=", ".join(kinds))
            self.problems.append(Problem("D815", written.span, message, hint))
            return ""
        return str(written.text)

    def top(self, node: Node, entity: str) -> Any:
        if not isinstance(node, Mapped):
            message = say("{name} holds keys of a promotion.", name="`says`")
            hint = "Write a mapping, such as `then: [...]`."
            self.problems.append(Problem("D815", node.span, message, hint))
            return {}
        known = [key for key in BODY if key not in OURS]
        for key, entry in node.entries.items():
            if key not in known:
                message = say("A promotion has no key {name}.", name=quoted(key))
                hint = did_you_mean(key, known, otherwise="")
                self.problems.append(Problem("D815", entry.key, message, hint))
        return self.value(node, entity)

    def value(self, node: Node, entity: str) -> Any:
        match node:
            case Scalar():
                return self.scalar(node, entity)
            case Items():
                return [self.value(item, entity) for item in node.items]
            case Mapped() if "each" in node.entries:
                return self.each(node, entity)
            case Mapped():
                found = {key: self.value(entry.node, entity) for key, entry in node.entries.items()}
                return {key: value for key, value in found.items() if value is not None}

    def scalar(self, node: Scalar, entity: str) -> Any:
        text = node.value
        if not isinstance(text, str) or not text.startswith(MARK):
            return text
        optional = text.startswith(MARK + OPTIONAL)
        begins = len(MARK + OPTIONAL) if optional else len(MARK)
        span = within(node.span, text, node.text, begins, len(text))
        expression = self.read(Written(text[begins:], span), entity, None)
        return None if expression is None else Slot(expression, optional)

    def each(self, node: Mapped, entity: str) -> Any:
        named, of = node.get("each"), node.get("of")
        name = str(named.value) if isinstance(named, Scalar) else ""
        field = self.fields[entity].get(name)
        if field is None or field.type != "children" or of is None or set(node.entries) != KEYS:
            parts = [one.name for one in self.fields[entity].values() if one.type == "children"]
            message = say("{name} does not name parts of the record.", name=quoted(name))
            hint = say("Write `each` and `of`; the parts of a record are: {names}.",
                       names=", ".join(parts) or "–")  # fmt: skip
            self.problems.append(Problem("D815", node.at("each"), message, hint))
            return None
        return Each(name, self.value(of, field.target))
