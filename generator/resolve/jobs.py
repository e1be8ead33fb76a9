"""Jobs and working calendars: rules read, lengths in seconds, every name found.

Comes in: what authors gave. Goes out: `Job`s by name, `Calendar`s by name, and what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import time
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from generator.cron import read_cron
from generator.durations import seconds_of
from generator.expressions import types
from generator.expressions.compile import Expression, parse
from generator.kinds import Catalog
from generator.model.entity import Entity, Field
from generator.model.job import ENGINE_JOBS, Calendar, Cron, Job, Schedule, Step
from generator.model.text import Label
from generator.model.workflow import Workflow
from generator.problems import Problem, defined_twice, quoted, reserved_name, unknown_name
from generator.resolve.access import Words
from generator.resolve.fields import humanize, resolve_field
from generator.resolve.scope import ModelScope
from generator.saying import say
from generator.shape import Given, Written
from generator.shapes.job import DAY_NAMES, JOB
from generator.source_nodes import Source
from generator.steps import StepWord

RECORD = "record"
"""The parameter that every job has: the record whose workflow started it."""
TOLD = ("entity", RECORD, "log", "slot")
"""What a run is told beside its parameters."""
SHORTEST = {"every": 10, "timeout": 1, "pause": 1, "late": 60, "keep": 60}
"""Seconds."""
LONGEST = {"timeout": 86_400, "pause": 3_600}


@dataclass(frozen=True)
class JobWords:
    """What jobs may refer to."""

    words: Words
    workflows: Mapping[str, Mapping[str, Workflow]]
    steps: Catalog[StepWord]
    calendars: Mapping[str, Calendar]
    zone: str
    from_app: Mapping[str, Any]


DAY_MINUTES = 24 * 60


def resolve_calendars(head: Given) -> tuple[dict[str, Calendar], list[Problem]]:
    """Return the working calendars of `app.yaml` by name, and what is wrong with their hours."""
    found: dict[str, Calendar] = {}
    problems: list[Problem] = []
    for name, body in head.get("calendars", {}).items():
        days = body.get("days", DAY_NAMES[:5])
        found[name.text] = Calendar(
            name.text,
            body.get("label") or Label({"": humanize(name.text)}),
            frozenset(DAY_NAMES.index(day) for day in days),
            frozenset(body.get("closed", ())),
            frozenset(body.get("open", ())),
            name.span,
            tuple(_hours(text) for text in body.get("hours", ())),
        )
        ends = [_minutes(one) for text in body.get("hours", ()) for one in text.split("-")]
        if any(later <= earlier for earlier, later in pairwise(ends)):
            message = say("The working hours of '{name}' are not in order.", name=name.text)
            hint = "Write each from early to late, such as ['09:00-12:00', '13:30-18:00']."
            problems.append(Problem("D928", body.at("hours"), message, hint))
    return found, problems


def _hours(text: str) -> tuple[time, time]:
    begins, ends = (_minutes(one) % DAY_MINUTES for one in text.split("-"))
    return time(*divmod(begins, 60)), time(*divmod(ends, 60))


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def resolve_jobs(
    files: Iterable[tuple[Source, Given]], words: JobWords
) -> tuple[dict[str, Job], list[Problem]]:
    """Return the jobs by name and what is wrong with them."""
    problems: list[Problem] = []
    found: dict[str, Job] = {}
    for _, given in files:
        name = given.get("job")
        if name is None:
            continue
        if name in found:
            problems.append(defined_twice("job", name, given.at("job"), found[name].span))
            continue
        if name in ENGINE_JOBS:
            why = "the engine has a job of that name"
            problems.append(reserved_name("a job", name, given.at("job"), why))
        found[name] = _Reader(given, words, problems).job(name)
    return found, problems


class _Reader:
    """Reads one file; what is wrong is collected and the rest goes on."""

    def __init__(self, given: Given, words: JobWords, problems: list[Problem]) -> None:
        self.given, self.known, self.problems = given, words, problems
        self.parameters: dict[str, Field] = {}

    def job(self, name: str) -> Job:
        """Return the job."""
        given = self.given
        self.parameters = self._parameters(given.get("parameters", {}))
        role = given.get("role")
        return Job(
            name=name,
            label=given.get("label") or Label({"": humanize(name)}),
            help=given.get("help"),
            schedule=self._schedule(given.get("schedule")),
            missed=_value(given, "missed"),
            queue=_value(given, "queue"),
            alone=given.get("alone", name),
            timeout=self._seconds(given, "timeout"),
            attempts=_value(given, "attempts"),
            pause=self._seconds(given, "pause"),
            late=self._seconds(given, "late"),
            role=next(iter(self.roles([role])), "") if role is not None else "",
            operators=self.roles(given.get("operators", ())),
            parameters=self.parameters,
            steps=tuple(self._steps(given.get("do", ()))),
            keep=self._seconds(given, "keep"),
            span=given.at("job"),
            spans={key: given.at(key) for key in given.values},
        )

    def _schedule(self, given: Given | None) -> Schedule | None:
        if given is None:
            return None
        if ("cron" in given) is ("every" in given):
            message = "A schedule has one rule: 'cron' or 'every'."
            hint = "Write `cron: '30 2 * * *'` or `every: 15m`."
            self.problems.append(Problem("D921", given.span, message, hint))
            return None
        zone = given.get("zone", self.known.zone)
        if "zone" in given and not _is_zone(zone):
            message = say("There is no time zone {time_zone}.", time_zone=quoted(zone))
            hint = "Write an IANA name such as Asia/Shanghai or UTC."
            self.problems.append(Problem("D425", given.at("zone"), message, hint))
            return None
        named = given.get("calendar")
        calendar = None
        if named is not None:
            calendar = self._name("calendar", named, self.known.calendars, "app.yaml")
        if "every" in given:
            every = self._seconds(given, "every")
            return Schedule(None, every, zone, calendar, given.get("every"))
        cron = self._cron(given)
        return Schedule(cron, 0, zone, calendar, given.get("cron")) if cron else None

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

    def _seconds(self, given: Given, key: str) -> int:
        arg = JOB.args.get(key)
        written = given.get(key, arg.default if arg is not None else None)
        seconds = seconds_of(str(written)) or 0
        least, most = SHORTEST[key], LONGEST.get(key)
        if seconds < least or (most is not None and seconds > most):
            message = say("{written} is no length of time here.", written=quoted(str(written)))
            hint = say("Write at least {seconds} seconds: 30s, 15m, 2h or PT1H.", seconds=least)
            if most is not None:
                between = "Write {least} to {most} seconds: 30s, 15m, 2h or PT1H."
                hint = say(between, least=least, most=most)
            self.problems.append(Problem("D923", given.at(key), message, hint))
        return max(seconds, least)

    def _parameters(self, written: Mapping[Written, Given]) -> dict[str, Field]:
        found = {}
        catalog = self.known.words.catalog
        for name, body in written.items():
            if name.text in TOLD:
                why = "every run is told something of that name"
                self.problems.append(reserved_name("a parameter", name.text, name.span, why))
                continue
            field = resolve_field(name, body, "", catalog, self.known.from_app)
            if field is None:
                continue
            if catalog[field.type].column(field) is None or field.target:
                message = say("{name} leads to other records.", name=quoted(name.text))
                hint = "A parameter is a plain value: write type: text and its id."
                self.problems.append(Problem("D703", name.span, message, hint))
                continue
            found[name.text] = field
        return found

    def _steps(self, written: Iterable[Given]) -> Iterable[Step]:
        for given in written:
            name = next((key for key in given.values if key in self.known.steps), None)
            if name is None:
                continue
            before = len(self.problems)
            resolved = self.known.steps[name].resolve(given, self)
            if len(self.problems) == before:
                yield Step(name, resolved, given.span)

    # --- what the words of steps ask

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
        names = {**base.names, "input": types.Record(asked)}
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


def _value(given: Given, key: str) -> Any:
    return given.get(key, JOB.args[key].default)
