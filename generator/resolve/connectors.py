"""Connectors: their operations with typed values, their times in seconds, every name found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from generator.connectors import OPERATION, RETRY, ConnectorType
from generator.durations import seconds_of
from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.connector import Breaker, Connector, Operation, Play, Retry, Setting
from generator.model.entity import Field
from generator.model.text import Label
from generator.problems import Problem, defined_twice, quoted, unknown_name
from generator.resolve.fields import humanize, resolve_field
from generator.saying import say
from generator.shape import Given, Written
from generator.shapes.connector import BREAKER, PLAY
from generator.source_nodes import Source

LONGEST_WAIT = 120
"""Seconds that an answer may be waited for: a worker does nothing else meanwhile."""


def resolve_connectors(
    files: Iterable[tuple[Source, Given]],
    fields: Catalog[FieldType],
    types: Catalog[ConnectorType],
) -> tuple[dict[str, Connector], list[Problem]]:
    """Return the connectors by name and what is wrong with them."""
    problems: list[Problem] = []
    found: dict[str, Connector] = {}
    for _, given in files:
        name, kind = given.get("connector"), given.get("type")
        if name is None or kind is None or kind.text not in types:
            continue
        if name in found:
            problems.append(
                defined_twice("connector", name, given.at("connector"), found[name].span)
            )
            continue
        found[name] = _Reader(given, fields, types[kind.text], problems).connector(name)
    return found, problems


class _Reader:
    """Reads one file; what is wrong is collected and the rest goes on."""

    def __init__(
        self,
        given: Given,
        fields: Catalog[FieldType],
        kind: ConnectorType,
        problems: list[Problem],
    ) -> None:
        self.given, self.fields, self.kind, self.problems = given, fields, kind, problems

    def connector(self, name: str) -> Connector:
        """Return the connector."""
        given = self.given
        settings = {
            **{key: Setting(key, label) for key, label in self.kind.settings.items()},
            **{
                key.text: Setting(key.text, body.get("label") or Label({"": humanize(key.text)}))
                for key, body in given.get("settings", {}).items()
            },
        }
        timeout = self.seconds(given, "timeout", "PT10S", LONGEST_WAIT)
        retry = self._retry(given.get("retry"))
        breaker = given.get("breaker") or Given("breaker", given.span, {})
        operations = {
            key.text: self._operation(key, body, timeout, retry)
            for key, body in given.get("operations", {}).items()
        }
        self._statuses(operations)
        return Connector(
            name=name,
            label=given.get("label") or Label({"": humanize(name)}),
            help=given.get("help"),
            type=self.kind.word,
            settings=settings,
            operations=operations,
            breaker=Breaker(
                breaker.get("failures", BREAKER.args["failures"].default),
                self.seconds(breaker, "pause", BREAKER.args["pause"].default),
            ),
            plays=tuple(self._play(one, operations) for one in given.get("simulate", ())),
            given=_own(given, {k: a for k, a in self.kind.args.items() if k != "operations"}),
            span=given.at("connector"),
        )

    def seconds(self, given: Given, key: str, default: str, longest: int = 0) -> int:
        """Return a length of time in seconds; one that cannot be is a problem."""
        written = given.get(key, default)
        seconds = seconds_of(written)
        if seconds is None or (longest and seconds > longest):
            message = say("{written} is no length of time here.", written=quoted(written))
            hint = (
                say("Write one of at most {seconds} seconds, such as PT10S.", seconds=longest)
                if longest
                else "Write PT10S, PT1M, 30m or 2h: more than nothing, at most 400 days."
            )
            self.problems.append(Problem("D702", given.at(key), message, hint))
        return seconds or 1

    def _retry(self, given: Given | None, otherwise: Retry | None = None) -> Retry:
        if given is None and otherwise is not None:
            return otherwise
        given = given or Given("retry", self.given.span, {})
        return Retry(
            given.get("max", RETRY.args["max"].default),
            self.seconds(given, "first", RETRY.args["first"].default),
            self.seconds(given, "cap", RETRY.args["cap"].default),
            given.get("backoff", RETRY.args["backoff"].default) == "exponential",
            tuple(given.get("give_up_on", ())),
        )

    def _operation(self, name: Written, given: Given, timeout: int, retry: Retry) -> Operation:
        status = given.get("status")
        own = self.kind.args["operations"].of
        assert own is not None
        assert own.shape is not None
        return Operation(
            name=name.text,
            label=given.get("label") or Label({"": humanize(name.text)}),
            input=self._values(given.get("input", {})),
            output=self._values(given.get("output", {})),
            status=status.text if status is not None else "",
            repeatable=given.get("repeatable", True),
            timeout=(
                self.seconds(given, "timeout", "PT10S", LONGEST_WAIT)
                if "timeout" in given
                else timeout
            ),
            retry=self._retry(given.get("retry"), retry),
            tells=given.get("tells", ""),
            given=_own(given, {k: a for k, a in own.shape.args.items() if k not in OPERATION}),
            span=name.span,
        )

    def _values(self, written: Mapping[Written, Given]) -> dict[str, Field]:
        found = {}
        for name, body in written.items():
            field = resolve_field(name, body, "", self.fields)
            if field is None:
                continue
            if self.fields[field.type].column(field) is None or field.target:
                message = say("{name} leads to other records.", name=quoted(name.text))
                hint = "What goes to another system is a plain value: write type: text and its id."
                self.problems.append(Problem("D703", name.span, message, hint))
                continue
            found[name.text] = field
        return found

    def _statuses(self, operations: Mapping[str, Operation]) -> None:
        for one in operations.values():
            if not one.status and not one.repeatable:
                message = say(
                    "Nobody can tell what became of '{name}' when its answer is lost.",
                    name=one.name,
                )
                hint = "Write `status:` with an operation that asks by `key`."
                self.problems.append(Problem("D704", one.span, message, hint))
            if not one.status:
                continue
            body = next(b for n, b in self.given.get("operations").items() if n.text == one.name)
            at = body.at("status")
            if one.status not in operations:
                where = say("connector '{name}'", name=self.given.get("connector"))
                self.problems.append(
                    unknown_name("operation", one.status, at, operations, defined_in=where)
                )
            elif one.status == one.name or operations[one.status].status:
                message = say("'{name}' cannot be asked about itself.", name=one.status)
                hint = "Write an operation that only tells, and has no `status:` of its own."
                self.problems.append(Problem("D704", at, message, hint))

    def _play(self, given: Given, operations: Mapping[str, Operation]) -> Play:
        named = given.get("operation")
        inputs: set[str] = set()
        if named is not None and named.text not in operations:
            where = say("connector '{name}'", name=self.given.get("connector"))
            self.problems.append(
                unknown_name("operation", named.text, named.span, operations, defined_in=where)
            )
        for one in operations.values():
            if named is None or named.text == one.name:
                inputs |= set(one.input)
        for key in given.get("when", {}):
            if key.text not in inputs and inputs:
                where = say("connector '{name}'", name=self.given.get("connector"))
                self.problems.append(
                    unknown_name("input", key.text, key.span, inputs, defined_in=where)
                )
        return Play(
            given.get("play", ""),
            named.text if named is not None else "",
            {key.text: form for key, form in given.get("when", {}).items()},
            given.get("code", PLAY.args["code"].default),
            given.get("seconds", PLAY.args["seconds"].default),
        )


def _own(given: Given, args: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was given for these keys, or their defaults, in plain values."""
    return {key: _plain(given.get(key, arg.default)) for key, arg in args.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Given):
        return {key: _plain(inner) for key, inner in value.values.items()}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, Written):
        return value.text
    return value
