"""`Doing`: a run of a declared job as its steps see it.

A step asks for records in pages, does something to each through the door everybody uses, and hands
back what became of them. Page, outcomes and checkpoint are one transaction, so a step that is begun
again goes on after the last page that was written down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path as FilePath
from typing import Any

import marshmallow as ma
import sqlalchemy as sa

from generator.expressions.compile import Expression
from generator.model.entity import Field
from generator.model.job import Job
from rules.permissions import Grant
from runtime.errors import Forbidden
from runtime.jobs import results
from runtime.jobs.rows import write_rows
from runtime.jobs.worker import JobRuntime
from runtime.messages import Actor, Incoming, Outcome
from runtime.operations import _reading
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.cursor import read_cursor
from runtime.store.engine import read, write
from runtime.store.guard import system_grant
from runtime.store.paths import Path
from runtime.store.plan import QueryPlan, Sort

CHUNK = 100
"""Records between two looks at whether somebody stopped it."""
WORD = "job"
END = "end"
"""The place behind the last record of a step."""

Page = Sequence[tuple[str, int]]
"""Ids of records, with their versions."""


@dataclass
class Doing:
    """A run of a declared job; what is mutable in it is its checkpoint."""

    job: Job
    run_id: str
    working: JobRuntime
    office: Runtime
    actor: Actor
    """The job's role, and nobody's person."""
    input: Mapping[str, Any]
    """The parameters in stored form, and `record`."""
    step: int = 0
    """Which step is being done."""
    place: str = ""
    """Where in its records it is: the cursor of the next page."""
    counts: Counter[str] = field(default_factory=Counter)
    position: int = 0
    told: dict[str, Any] = field(default_factory=dict)
    """What the steps found, for the result."""

    @classmethod
    def of(cls, job: Job, run_id: str, working: JobRuntime) -> Doing:
        """Return the run where its last checkpoint left it."""
        office: Runtime = working.application
        kept = dict(working.run.checkpoint or {})
        actor = Actor(0, job.name, frozenset({job.role}), kind=WORD, time_zone=office.app.time_zone)
        return cls(
            job,
            run_id,
            working,
            office,
            actor,
            given(office, job, working.run.input),
            kept.get("step", 0),
            kept.get("place", ""),
            Counter(kept.get("counts", {})),
            kept.get("position", 0),
            dict(kept.get("told", {})),
        )

    @property
    def facts(self) -> Mapping[str, Any]:
        """What expressions of the steps may ask."""
        return {**_reading.context(self.office, self.actor), "input": self.input}

    def incoming(self, operation: str, entity: str, **options: Any) -> Incoming:
        """Return a request in the name of the job's role."""
        options = {"reason": self.job.name, **options}
        return Incoming(
            operation, entity, self.actor, source="job", request_id=self.run_id, **options
        )

    def begin(self, number: int) -> None:
        """Note which step is begun."""
        if number != self.step:
            self.step, self.place = number, ""
        word, every = self.job.steps[number].word, len(self.job.steps)
        params = {"step": number + 1, "of": every, "word": word}
        text = f"Step {number + 1} of {every}: {word}."
        self.working.run.note(text, code="step", params=params)

    def pages(
        self, entity: str, where: Expression | None, *, by_system: bool = False
    ) -> Iterator[Page]:
        """Yield ids and versions of the records that match now, a page at a time.

        What is made after the run was asked for is not among them. `by_system` reads every record,
        for what the engine does itself; otherwise those the role may list.
        """
        grant = (
            system_grant(entity)
            if by_system
            else self.office.matrix.grant(self.actor.roles, entity, "list")
        )
        if grant is None:
            raise Forbidden()
        if by_system:
            plan = self._every(entity, grant)
        else:
            asked = _reading.parse_read(self.incoming("list", entity), grant, self.office)
            asked = replace(asked, fields=("id", "version"), includes=(), sort=("id",))
            plan = _reading.plan_read(asked, grant, self.office)
        if where is not None:
            plan = replace(plan, where=(*plan.where, where))
        plan = replace(plan, facts={**plan.facts, "input": self.input}, limit=CHUNK)
        places = [path.text for path in plan.paths]
        id_at, version_at = places.index("id"), places.index("version")
        while self.place != END:
            self.working.run.pause_point()
            here = plan
            if self.place:
                cursor = read_cursor(self.place, plan.sort, backwards=False)
                here = replace(plan, cursor=cursor)
            with read(self.office.engine) as connection:
                page = fetch.page(connection, self.office.statements, here)
            found = [(str(row[id_at]), int(row[version_at])) for row in page.rows]
            kept = [one for one in found if one[0] <= self.run_id]
            is_last = not page.next_cursor or len(kept) < len(found)
            # what is written down with this page is where the next one begins
            self.place = END if is_last else page.next_cursor
            if kept:
                yield kept

    def _every(self, entity: str, grant: Grant) -> QueryPlan:
        """Return a plan of every record, for the engine."""
        paths = []
        for name in ("id", "version"):
            steps = self.office.app.walk(entity, name)
            assert steps is not None
            paths.append(Path(name, steps))
        return QueryPlan(
            entity=self.office.app.entities[entity],
            grant=grant,
            roles=frozenset(),
            paths=tuple(paths),
            sort=(Sort(paths[0], False),),
            facts=self.facts,
            for_engine=True,
        )

    def each(
        self,
        entity: str,
        where: Expression | None,
        do: Callable[[Page], Iterable[Outcome]],
        *,
        by_system: bool = False,
    ) -> None:
        """Do something to every record that matches; what became of each is kept.

        A page that was cut short is done again: whoever does it passes over what is done already.
        """
        for page in self.pages(entity, where, by_system=by_system):
            self.keep(entity, list(do(page)))

    def keep(self, entity: str, outcomes: Sequence[Outcome]) -> None:
        """Write down what became of records, with the checkpoint, in one transaction."""
        for one in outcomes:
            self.counts[one.status] += 1
        first, self.position = self.position, self.position + len(outcomes)
        with write(self.office.engine) as connection:
            write_rows(connection, self.run_id, entity, first, outcomes)
            self.checkpoint(connection)

    def checkpoint(self, connection: sa.Connection) -> None:
        """Write down how far it is."""
        self.working.run.advance(
            connection,
            done=self.position,
            counts=dict(self.counts) or None,
            checkpoint={
                "step": self.step,
                "place": self.place,
                "counts": dict(self.counts),
                "position": self.position,
                "told": self.told,
            },
        )

    def tell(self, **found: Any) -> None:
        """Add small facts to the result, with the checkpoint."""
        self.told.update(found)
        with write(self.office.engine) as connection:
            self.checkpoint(connection)

    def make_file(
        self,
        name: str,
        media_type: str,
        pieces: Iterator[bytes],
        *,
        entity: str,
        rows: Callable[[], int],
    ) -> None:
        """Keep a file that the run made, for as long as the job says."""
        assert self.working.results is not None, "a worker has a folder for results"
        results.keep(
            self.working,
            self.run_id,
            results.Made(name, media_type, pieces, entity, rows, timedelta(seconds=self.job.keep)),
        )

    def end(self) -> None:
        """Finish the run."""
        told = {**self.told, "counts": dict(self.counts)} if self.counts else dict(self.told)
        with write(self.office.engine) as connection:
            self.working.run.succeed(connection, told)

    @property
    def folder(self) -> FilePath | None:
        """Where the files of runs are."""
        return self.working.results


def given(office: Runtime, job: Job, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run was told as expressions read it.

    What somebody typed (`parameters`) is in API form; what a workflow gave is stored already, but
    for what JSON has no form for.
    """
    typed = told.get("parameters")
    found: dict[str, Any] = {"record": told.get("record")}
    for name, one in job.parameters.items():
        if isinstance(typed, Mapping) and name in typed:
            found[name] = stored(office, one, typed[name])
        elif name in told:
            value = told[name]
            found[name] = value if isinstance(value, (int, bool)) else stored(office, one, value)
        else:
            found[name] = stored(office, one, one.default)
    return found


def stored(office: Runtime, one: Field, value: Any) -> Any:
    """Return a value in its stored form; None where it says nothing or cannot be read."""
    if value is None or value == "":
        return None
    try:
        return office.compiled.field_types[one.type].schema(one).deserialize(value)
    except ma.ValidationError:
        return None
