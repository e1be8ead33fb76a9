"""What the files of jobs and of alerts say alike: schedules, lengths of time, names, conditions.

Comes in: what an author gave. Goes out: the value, or None where it cannot be, with the problem
collected, so that the rest of the file is read on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from generator.cron import read_cron
from generator.durations import seconds_of
from generator.expressions import types
from generator.expressions.compile import Expression, parse
from generator.kinds import Catalog, Shape
from generator.model.entity import Entity, Field
from generator.model.job import Calendar, Cron, Schedule
from generator.model.workflow import Workflow
from generator.problems import Problem, quoted, unknown_name
from generator.resolve.access import Words
from generator.resolve.scope import ModelScope
from generator.saying import say
from generator.shape import Given, Written
from generator.steps import StepWord

RECORD = "record"
"""The parameter that every job has: the record whose workflow started it."""


@dataclass(frozen=True)
class JobWords:
    """What jobs may refer to."""

    words: Words
    workflows: Mapping[str, Mapping[str, Workflow]]
    steps: Catalog[StepWord]
    calendars: Mapping[str, Calendar]
    zone: str
    from_app: Mapping[str, Any]


class Reading:
    """Reads one file; what is wrong is collected and the rest goes on."""

    shape: ClassVar[Shape]
    shortest: ClassVar[Mapping[str, int]] = {}
    """Seconds, by key; one where nothing is said."""
    longest: ClassVar[Mapping[str, int]] = {}
    is_told: ClassVar[bool] = True
    """Whether its conditions may read `input`."""

    def __init__(self, given: Given, words: JobWords, problems: list[Problem]) -> None:
        self.given, self.known, self.problems = given, words, problems
        self.parameters: dict[str, Field] = {}

    def schedule(self, given: Given | None) -> Schedule | None:
        """Return a schedule; None without one, or where it cannot be read."""
        if given is None:
            return None
        if ("cron" in given) is ("every" in given):
            message = "A schedule has one rule: 'cron' or 'every'."
            hint = "Write `cron: '30 2 * * *'` or `every: 15m`."
            self.problems.append(Problem("D921", given.span, message, hint))
            return None
        zone = self.zone(given)
        named = given.get("calendar")
        calendar = None
        if named is not None:
            calendar = self._name("calendar", named, self.known.calendars, "app.yaml")
        if "every" in given:
            every = self.seconds(given, "every")
            return Schedule(None, every, zone, calendar, given.get("every"))
        cron = self._cron(given)
        return Schedule(cron, 0, zone, calendar, given.get("cron")) if cron else None

    def zone(self, given: Given) -> str:
        """Return a time zone; the back office's where there is none of that name."""
        zone: str = given.get("zone", self.known.zone)
        if "zone" in given and not _is_zone(zone):
            message = say("There is no time zone {time_zone}.", time_zone=quoted(zone))
            hint = "Write an IANA name such as Asia/Shanghai or UTC."
            self.problems.append(Problem("D425", given.at("zone"), message, hint))
            return self.known.zone
        return zone

    def _cron(self, given: Given) -> Cron | None:
        read = read_cron(given.get("cron"))
        if isinstance(read, Cron):
            return read
        shown = quoted(given.get("cron"))
        if read:
            message = say(
                "The {part} of the rule {rule} cannot be read.", part=say(read), rule=shown
            )
        else:
            message = say("The rule {rule} does not have five fields.", rule=shown)
        hint = "Write minute, hour, day, month, weekday: `30 2 * * *`, `*/15 8-20 * * mon-fri`."
        self.problems.append(Problem("D922", given.at("cron"), message, hint))
        return None

    def seconds(self, given: Given, key: str) -> int:
        """Return a length of time; one that cannot be is reported."""
        arg = self.shape.args.get(key)
        written = given.get(key, arg.default if arg is not None else None)
        seconds = seconds_of(str(written)) or 0
        least, most = self.shortest.get(key, 1), self.longest.get(key)
        if seconds < least or (most is not None and seconds > most):
            message = say("{written} is no length of time here.", written=quoted(str(written)))
            hint = say("Write at least {seconds} seconds: 30s, 15m, 2h or PT1H.", seconds=least)
            if most is not None:
                between = "Write {least} to {most} seconds: 30s, 15m, 2h or PT1H."
                hint = say(between, least=least, most=most)
            self.problems.append(Problem("D923", given.at(key), message, hint))
        return max(seconds, least)

    def entity(self, written: Any) -> Entity | None:
        """Return an entity, None when there is none of it."""
        if not isinstance(written, Written):
            return None
        entities = self.known.words.entities
        found: Entity | None = self._name("entity", written, entities, "the definitions")
        return found

    def condition(self, written: Any, entity: str) -> Expression | None:
        """Return a condition on records of an entity."""
        words = self.known.words
        if not isinstance(written, Written) or words.unread.doubts(written.text):
            return None
        base = words.scope(entity)
        asked: dict[str, types.Type] = {
            name: words.catalog[field.type].expression_type(field)
            for name, field in self.parameters.items()
        }
        asked[RECORD] = types.Text()
        names = {**base.names, **({"input": types.Record(asked)} if self.is_told else {})}
        scope = ModelScope(base.entity, base.fields_by_entity, base.catalog, names)
        expected = types.Boolean()
        found, faults = parse(written.text, written.span, scope, expected, written=written.raw)
        self.problems += faults
        return found

    def edge(self, written: Any, entity: str) -> tuple[str, str] | None:
        """Return the workflow and the name of a transition."""
        if not isinstance(written, Written):
            return None
        workflow, _, name = written.text.rpartition(".")
        own = self.known.workflows.get(entity, {})
        where = say("entity '{entity}'", entity=entity)
        machine = self._name("workflow", replace(written, text=workflow), own, where)
        if machine is None:
            return None
        edges = {edge.name: edge for edge in machine.transitions}
        where = say("workflow '{name}'", name=workflow)
        if self._name("transition", replace(written, text=name), edges, where) is None:
            return None
        return workflow, name

    def fields(self, written: Iterable[Written], entity: Entity) -> tuple[str, ...]:
        """Return the fields that exist of those written."""
        where = say("entity '{entity}'", entity=entity.name)
        found = []
        for one in written:
            if self.known.words.unread.has(entity.name, one.text):
                continue
            if self._name("field", one, entity.fields, where) is not None:
                found.append(one.text)
        return tuple(found)

    def parameter(self, given: Given, key: str, types: tuple[str, ...]) -> str:
        """Return the name of a parameter of one of some types."""
        name = given.get(key, "")
        if not name:
            return ""
        written = Written(name, given.at(key))
        fit = {one.name: one for one in self.parameters.values() if one.type in types}
        return name if self._name("parameter", written, fit, "this job") is not None else ""

    def roles(self, written: Iterable[Written]) -> tuple[str, ...]:
        """Return the roles that exist of those written."""
        known = self.known.words.roles
        found = [self._name("role", one, known, "roles.yaml") for one in written]
        return tuple(one.name for one in found if one is not None)

    def _name(
        self, noun: str, written: Written, known: Mapping[str, Any], where: str
    ) -> Any | None:
        if written.text in known:
            return known[written.text]
        self.problems.append(
            unknown_name(noun, written.text, written.span, known, defined_in=where)
        )
        return None


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
