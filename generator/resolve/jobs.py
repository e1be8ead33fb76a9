"""Jobs and working calendars: rules read, lengths in seconds, every name found.

Comes in: what authors gave. Goes out: `Job`s by name, `Calendar`s by name, and what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import time
from itertools import pairwise
from typing import Any

from generator.model.entity import Field
from generator.model.job import ENGINE_JOBS, Calendar, Job, Step
from generator.model.text import Label
from generator.problems import Problem, defined_twice, quoted, reserved_name
from generator.resolve.fields import humanize, resolve_field
from generator.resolve.reading import RECORD, JobWords, Reading
from generator.saying import say
from generator.shape import Given, Written
from generator.shapes.job import DAY_NAMES, JOB
from generator.source_nodes import Source

TOLD = ("entity", RECORD, "log", "slot")
"""What a run is told beside its parameters."""
SHORTEST = {"every": 10, "timeout": 1, "pause": 1, "late": 60, "keep": 60}
"""Seconds."""
LONGEST = {"timeout": 86_400, "pause": 3_600}


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


class _Reader(Reading):
    """Reads one file; what is wrong is collected and the rest goes on."""

    shape, shortest, longest = JOB, SHORTEST, LONGEST

    def job(self, name: str) -> Job:
        """Return the job."""
        given = self.given
        self.parameters = self._parameters(given.get("parameters", {}))
        role = given.get("role")
        return Job(
            name=name,
            label=given.get("label") or Label({"": humanize(name)}),
            help=given.get("help"),
            schedule=self.schedule(given.get("schedule")),
            missed=_value(given, "missed"),
            queue=_value(given, "queue"),
            alone=given.get("alone", name),
            timeout=self.seconds(given, "timeout"),
            attempts=_value(given, "attempts"),
            pause=self.seconds(given, "pause"),
            late=self.seconds(given, "late"),
            role=next(iter(self.roles([role])), "") if role is not None else "",
            operators=self.roles(given.get("operators", ())),
            parameters=self.parameters,
            steps=tuple(self._steps(given.get("do", ()))),
            keep=self.seconds(given, "keep"),
            span=given.at("job"),
            spans={key: given.at(key) for key in given.values},
        )

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


def _value(given: Given, key: str) -> Any:
    return given.get(key, JOB.args[key].default)
