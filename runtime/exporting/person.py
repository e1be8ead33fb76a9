"""A run that copies everything about one person: a table for each kind of record, in one archive.

Comes in: whose copy, and in which format. Goes out: a ZIP with a file for each kind of record that
tells of them and that the asker may export, archived records among it, and `left-out.txt` where
there are kinds that they may not. Every table is an export of its own: asked for through the
pipeline, written into the audit, counted into what the day allows. What is fetched later is asked
for again with the rights of that moment, table by table.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from generator.field_types._locales import zone
from generator.model.text import Label
from rules import privacy
from runtime.errors import Forbidden, NotFound, RequestError
from runtime.exporting import rights
from runtime.exporting.making import GONE, KEPT
from runtime.jobs import results
from runtime.jobs.many import person_of
from runtime.jobs.results import Made
from runtime.jobs.worker import JobRuntime
from runtime.messages import Actor, Incoming
from runtime.notifications import Notice, notify
from runtime.operations.copy_person import JOB
from runtime.operations.export import PROVED
from runtime.pipeline import handle
from runtime.runtime import Runtime
from runtime.store.engine import write
from runtime.web import spreadsheets
from runtime.web.screens import export_columns, export_page
from runtime.web.screens.visit import Visit, plural

PASSED = {"version", "position"}
"""Fields that tell nothing of anybody."""
PIECE = 64 * 1024
LEFT_OUT = "left-out.txt"


def write_copy(run_id: str, working: JobRuntime) -> None:
    """Write the archive of a run, tell whoever asked for it, and end the run."""
    copying = _Copying(run_id, working)
    try:
        copying.everything()
    except RequestError as refusal:
        copying.end({"export": {"fault": dict(refusal.message.texts)}}, tell=None)


@dataclass(frozen=True)
class _Table:
    """A kind of record that is in the archive, and with which rights."""

    entity: str
    query: Mapping[str, tuple[str, ...]]
    rights: str

    def told(self) -> dict[str, Any]:
        """Return it as the run keeps it."""
        query = {key: list(texts) for key, texts in self.query.items()}
        return {"entity": self.entity, "query": query, "rights": self.rights}


class _Copying:
    """One run on its way."""

    def __init__(self, run_id: str, working: JobRuntime) -> None:
        self.run_id, self.working = run_id, working
        self.office: Runtime = working.application
        self.given = working.run.input
        self.entity, self.record = str(self.given["entity"]), str(self.given["record"])
        self.rows = 0

    def everything(self) -> None:
        """Copy every kind, keep the archive, and end the run."""
        actor = self._person()
        made, left = [], []
        with tempfile.TemporaryFile() as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for entity, way in privacy.kinds_about(self.office.app, self.entity).items():
                    self.working.run.pause_point()
                    table = self._table(archive, entity, way)
                    if table is None:
                        left.append(entity)
                    else:
                        made.append(table)
                if left:
                    archive.writestr(LEFT_OUT, self._left_out(actor, left))
            self._keep(actor, file)
        tables = [one.told() for one in made]
        self.end({"exported": self.rows, "exports": tables, "left_out": left}, tell=actor)

    def _table(self, archive: zipfile.ZipFile, entity: str, way: Sequence[str]) -> _Table | None:
        """Write one kind of record; None where the asker may not export it.

        Raises:
            RequestError: it is the person's own record that they may not export, or too many today.

        """
        actor = self._person()
        if self.office.matrix.grant(actor.roles, entity, "export") is None:
            if not way:
                raise Forbidden()
            return None
        visit = Visit(self.office, actor, self.run_id).asking("export", entity)
        names = [name for name in self.office.app.entities[entity].fields if name not in PASSED]
        columns = export_columns.readable(visit, entity, names)
        needed = ("id", *export_columns.needs(visit, entity, columns))
        query = {
            **({".".join(way): (self.record,)} if way else {"ids": (self.record,)}),
            "fields": (",".join(dict.fromkeys(needed)),),
            "archived": ("all",),
        }
        incoming = self._incoming(actor, entity, query)
        try:
            digest = rights.digest(self.office, incoming)
        except RequestError:
            if not way:
                raise
            return None  # they do not see whom such a record is about
        answer = handle(incoming, self.office)
        if isinstance(answer, RequestError):
            raise answer
        form = str(self.given["form"])
        heading = export_page.heading(visit, columns)
        if form == "jsonl":
            heading = [path.text for path in columns]
        rows = self._counted(export_page.rows(visit, columns, answer))
        mark = spreadsheets.marked(actor.name, self.office.clock(), self.run_id)
        before = self.rows
        with archive.open(f"{entity}.{form}", "w", force_zip64=True) as out:
            for piece in spreadsheets.write(form, heading, rows, mark):
                out.write(piece)
        if not way and self.rows == before:
            raise NotFound()
        return _Table(entity, query, digest)

    def _counted(self, rows: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        for row in rows:
            if self.rows % 500 == 0:
                self.working.run.pause_point()
            self.rows += 1
            yield row

    def _incoming(
        self, actor: Actor, entity: str, query: Mapping[str, tuple[str, ...]]
    ) -> Incoming:
        return Incoming(
            "export",
            entity,
            actor,
            query=query,
            values=PROVED,
            source="job",
            request_id=self.run_id,
            reason=str(self.given["reason"]),
        )

    def _left_out(self, actor: Actor, left: Sequence[str]) -> str:
        said = Label(
            {
                "en": "Not in this copy, because whoever made it may not export them:",
                "zh": "以下内容未包含在此副本中，因为制作人无权导出：",
            }
        )
        visit = Visit(self.office, actor, self.run_id)
        names = [plural(visit, self.office.app.entities[one]) for one in left]
        return "\n".join([said.text(actor.locale), *names, ""])

    def _keep(self, actor: Actor, file: IO[bytes]) -> None:
        file.seek(0)
        local = self.office.clock().astimezone(zone(actor.time_zone))
        made = Made(
            spreadsheets.file_name(f"{self.entity}-copy", actor.name, local, "zip"),
            "application/zip",
            iter(lambda: file.read(PIECE), b""),
            self.entity,
            lambda: self.rows,
            KEPT,
        )
        results.keep(self.working, self.run_id, made)

    def _person(self) -> Actor:
        """Return whoever asked, with the rights they have now.

        Raises:
            Forbidden: they may not sign in any more.

        """
        found = person_of(self.office, self.given, self.working.run.claim.created_by)
        if found is None:
            raise Forbidden(GONE)
        return found

    def end(self, result: Mapping[str, Any], tell: Actor | None) -> None:
        """End the run; whoever asked is told that there is a file."""
        with write(self.office.engine) as connection:
            if tell is not None:
                self.working.run.advance(connection, done=self.rows, total=self.rows)
                params = {"run": self.run_id, "job": JOB}
                notice = Notice(tell.id, "job", params=params)
                notify(connection, self.office, [notice], self.office.clock())
            self.working.run.succeed(connection, dict(result))
