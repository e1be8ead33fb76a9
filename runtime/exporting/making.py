"""A run that writes a file: what somebody wished, in their name, with the rights they have now.

The file is read from one state of the database, a page at a time, and written to the disk as it is
read. A run that is killed begins anew: its half file is thrown away, and what the day allows is
counted once. While it works it asks now and then whether the person may still have all this; a
leaver's file ends there. What stands in the way (no right, too many rows today) ends the run with
the reason; trying again would not help.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from generator.field_types._locales import zone
from generator.model.text import Label
from rules.role_names import narrowed
from rules.unmasking import EXPORT_PLAIN
from runtime.errors import Forbidden, RequestError
from runtime.exporting import papers, rights
from runtime.exporting.wish import wish_of
from runtime.jobs import results
from runtime.jobs.results import Made
from runtime.jobs.worker import JobRuntime
from runtime.messages import Actor, Incoming, Result
from runtime.notifications import Notice, notify
from runtime.operations.export import JOB, PROVED, UNMASKED
from runtime.pipeline import handle
from runtime.runtime import Runtime
from runtime.store.engine import write
from runtime.web import parquet, readers, spreadsheets
from runtime.web.render import Renderer
from runtime.web.screens import export_columns, export_lines, export_page
from runtime.web.screens.list_url import pipeline_query, read_url
from runtime.web.screens.printing import PRINT, Paper, paper_of
from runtime.web.screens.visit import Visit, record_url

KEPT = timedelta(days=3)
"""How long a file can be fetched."""
EVERY_SECONDS = 2.0
"""Between two looks at whether somebody stopped it or may not have it any more."""
GONE = Label(
    {
        "en": "Whoever this is for may not sign in any more.",
        "zh": "该文件的接收人已不能登录。",
    }
)
NO_COLUMNS = Label(
    {
        "en": "None of the columns may be seen by whoever this is for.",
        "zh": "接收人无权查看任何一列。",
    }
)


def write_file(run_id: str, working: JobRuntime) -> None:
    """Write the file of a run, tell whoever it is for, and end the run."""
    making = _Making(run_id, working)
    try:
        making.everything()
    except RequestError as refusal:
        making.refuse(refusal.message)


@dataclass(frozen=True)
class _Asked:
    """What the pipeline is asked for, and how its rows become cells."""

    query: Mapping[str, tuple[str, ...]]
    heading: Sequence[str] = ()
    columns: Sequence[Any] = ()
    sheet: Paper | None = None
    """What a sheet shows of a record, where the file is one to print."""
    further: tuple[str, ...] = ()
    """What is in the file beside the columns: the rights to it are asked for as well."""

    @property
    def whole(self) -> Mapping[str, tuple[str, ...]]:
        """The query with everything that is in the file."""
        return {**self.query, "fields": (",".join(self.further),)} if self.further else self.query


class _Making:
    """One run on its way."""

    def __init__(self, run_id: str, working: JobRuntime) -> None:
        self.run_id, self.working = run_id, working
        self.office: Runtime = working.application
        self.given = working.run.input
        self.wish = wish_of(str(self.given["entity"]), self.given)
        self.rows = 0
        self.last = time.monotonic()

    def everything(self) -> None:
        """Read, write, and end the run."""
        actor = self._person()
        visit = Visit(self.office, actor, self.run_id).asking("export", self.wish.entity)
        asked = self._asked(visit)
        incoming = self._incoming(actor, asked.query)
        digest = rights.digest(self.office, replace(incoming, query=asked.whole))
        total = self._total(incoming)
        answer = handle(incoming, self.office)
        if isinstance(answer, RequestError):
            raise answer
        form = self.wish.form
        now = self.office.clock()
        mark = spreadsheets.marked(actor.name, now, self.run_id)
        local = now.astimezone(zone(actor.time_zone))
        glance = partial(self._glance, digest, total)
        if asked.sheet is not None:
            ids = self._ids(answer, glance)
            pieces, media = papers.pieces(visit, asked.sheet, ids, total), papers.MEDIA_TYPE
        else:
            pieces = self._pieces(visit, asked, answer, glance, mark)
            media = spreadsheets.MEDIA[form]
        name = spreadsheets.file_name(self.wish.entity, actor.name, local, form)
        made = Made(name, media, pieces, self.wish.entity, lambda: self.rows, KEPT)
        results.keep(self.working, self.run_id, made)
        told: dict[str, Any] = {"entity": self.wish.entity, "rights": digest}
        told["query"] = {key: list(texts) for key, texts in asked.whole.items()}
        told["also"] = list(incoming.also)
        self._end({"exported": self.rows, "export": told}, tell=actor)

    def refuse(self, why: Label) -> None:
        """End the run without a file."""
        self._end({"export": {"fault": dict(why.texts)}}, tell=None)

    def _end(self, result: Mapping[str, Any], tell: Actor | None) -> None:
        with write(self.office.engine) as connection:
            if tell is not None:
                self.working.run.advance(connection, done=self.rows, total=self.rows)
                params = {"run": self.run_id, "job": JOB, "name": self.wish.name}
                notice = Notice(tell.id, "job", title=self.wish.name, params=params)
                notify(connection, self.office, [notice], self.office.clock())
            self.working.run.succeed(connection, dict(result))

    def _person(self) -> Actor:
        """Return whoever the file is for, with the rights they have now.

        Raises:
            Forbidden: they may not sign in any more.

        """
        person = int(self.working.run.claim.created_by or 0)
        found = readers.reader_of(self.office, person)
        if found is None:
            raise Forbidden(GONE)
        scopes = self.given.get("scopes")
        roles = found.roles
        if scopes is not None:
            roles = narrowed(roles, frozenset(scopes))
        return replace(
            found,
            roles=roles,
            scopes=None if scopes is None else frozenset(scopes),
            time_zone=str(self.given.get("time_zone") or self.office.app.time_zone),
            locale=str(self.given.get("locale") or found.locale),
        )

    def _asked(self, visit: Visit) -> _Asked:
        wish, entity = self.wish, self.office.app.entities[self.wish.entity]
        if wish.query is None:
            url = read_url(record_url(entity.name), wish.pairs)
            query = dict(pipeline_query(url, entity.name, visit))
            for key in ("limit", "after", "before"):
                query.pop(key, None)
        else:
            query = dict(wish.query)
        if wish.form == papers.PAPER:
            sheet = paper_of(visit, entity, wish.label)
            wanted = ",".join(sheet.fields)
            further = papers.shown_of(visit, sheet)
            return _Asked({**query, "fields": (wanted,)}, sheet=sheet, further=further)
        columns = export_columns.readable(visit, entity.name, wish.columns)
        if not columns:
            raise Forbidden(NO_COLUMNS)
        if wish.by_fields:
            fields = tuple(path.text for path in columns)
            return _Asked({**query, "fields": (",".join(fields),)}, fields)
        needed = ("id", *export_columns.needs(visit, entity.name, columns))
        fields = tuple(dict.fromkeys(needed))
        heading = export_page.heading(visit, columns)
        return _Asked({**query, "fields": (",".join(fields),)}, heading, columns)

    def _incoming(self, actor: Actor, query: Mapping[str, tuple[str, ...]]) -> Incoming:
        return Incoming(
            "export",
            self.wish.entity,
            actor,
            query=query,
            values=PROVED if self.given.get(PROVED) is True else None,
            source="job",
            request_id=self.run_id,
            reason=str(self.given.get("reason") or self.wish.name),
            also=self._also,
        )

    @property
    def _also(self) -> tuple[str, ...]:
        """What must be allowed beside: the file of a saved wish is never one in clear."""
        if self.wish.form == papers.PAPER:
            return PRINT
        return (EXPORT_PLAIN,) if self.given.get(UNMASKED) is True else ()

    def _total(self, incoming: Incoming) -> int | None:
        query = {k: v for k, v in incoming.query.items() if k not in ("fields", "sort")}
        query["count"] = ("exact",)
        counted = handle(replace(incoming, operation="count", query=query), self.office)
        return None if isinstance(counted, RequestError) else counted.total

    def _pieces(
        self,
        visit: Visit,
        asked: _Asked,
        answer: Result,
        glance: Callable[[], None],
        mark: str,
    ) -> Iterator[bytes]:
        """Return the bytes of the file; of a CSV the database writes what it can."""
        form = self.wish.form
        if form == "csv" and not self.wish.by_fields:
            lines = export_lines.lines(visit, self.wish.entity, asked.columns, answer)
            if lines is not None:
                return spreadsheets.write_csv_lines(asked.heading, self._counted(lines, glance))
        heading, rows = self._rows(visit, asked, answer)
        kinds = parquet.kinds(visit.catalog, answer.plan, heading) if form == "parquet" else ()
        return spreadsheets.write(form, heading, self._watched(rows, glance), mark, kinds)

    def _rows(
        self, visit: Visit, asked: _Asked, answer: Result
    ) -> tuple[Sequence[str], Iterator[Sequence[Any]]]:
        if not self.wish.by_fields:
            return asked.heading, export_page.rows(visit, asked.columns, answer)
        heading, make = Renderer(visit.catalog).cells(answer.plan)
        wanted = [heading.index(text) for text in asked.heading]

        def rows() -> Iterator[Sequence[Any]]:
            for page in answer.pages:
                for row in page:
                    cells = make(row)
                    yield [cells[at] for at in wanted]

        return asked.heading, rows()

    def _ids(self, answer: Result, glance: Callable[[], None]) -> Iterator[str]:
        """Yield the records of a document; look now and then whether to go on."""
        place = [path.text for path in answer.plan.paths].index("id")
        for page in answer.pages:
            for row in page:
                if self.rows % papers.AT_ONCE == 0:
                    glance()
                self.rows += 1
                yield str(row[place])

    def _counted(
        self, lines: Iterator[Sequence[str]], glance: Callable[[], None]
    ) -> Iterator[Sequence[str]]:
        """Yield lines, some at once; look now and then whether to go on."""
        for some in lines:
            glance()
            self.rows += len(some)
            yield some

    def _watched(
        self, rows: Iterator[Sequence[Any]], glance: Callable[[], None]
    ) -> Iterator[Sequence[Any]]:
        """Yield the rows; look now and then whether to go on."""
        for row in rows:
            if self.rows % 500 == 0:
                glance()
            self.rows += 1
            yield row

    def _glance(self, digest: str, total: int | None) -> None:
        """Look whether to go on, unless that was a moment ago.

        Raises:
            Forbidden: their reader lost a right meanwhile.

        """
        if time.monotonic() - self.last > EVERY_SECONDS:
            self._look(digest, total)

    def _look(self, digest: str, total: int | None) -> None:
        self.working.run.progress(self.rows, total)
        actor = self._person()
        visit = Visit(self.office, actor, self.run_id).asking("export", self.wish.entity)
        rights.ask(self.office, self._incoming(actor, self._asked(visit).whole), digest)
        self.last = time.monotonic()
