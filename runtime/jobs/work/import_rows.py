"""A job: the rows of an upload, through the pipeline, in the name of whoever sent it.

Each batch is a transaction that says how far it came and which rows it refused, so a run that was
killed goes on where it stopped and nothing is twice or missing. A dry run and all-or-nothing are
one transaction, and say it at their end; a dry run on SQLite has a copy of the database to itself.
Pictures that rows name are fetched first, each once, while nothing is locked; a run that was killed
does not fetch again what it has. What was refused stands in `sw_job_row` by line, with the column
and the value beside the reason, and as a file that can be mended and sent again.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from generator.model.text import Label
from runtime import alarms
from runtime.errors import Forbidden, RequestError
from runtime.files import FileStore
from runtime.importing import mending
from runtime.importing.asked import Asked, asked_of, opened
from runtime.importing.choosing import Chosen, choose, without_states
from runtime.importing.faults import FileFault
from runtime.importing.loading import Loading, Reached, gather, load
from runtime.importing.picture_archive import PictureArchive
from runtime.importing.pictures import Pictures
from runtime.importing.report import LONGEST_VALUE, Tally, Verdict
from runtime.importing.tables import Table
from runtime.importing.trial import trial
from runtime.jobs import results
from runtime.jobs.many import person_of
from runtime.jobs.results import Made
from runtime.jobs.tables import ROW
from runtime.jobs.worker import JobRuntime
from runtime.messages import Actor
from runtime.runtime import Runtime
from runtime.store import inserts
from runtime.store.engine import read, write

NAME = "import_rows"
QUEUE = "bulk"
TIMEOUT = 6 * 3600
TRIALS = "trials"
"""The folder of copies to try in, beside that of results."""
NOTES = "pictures"
"""The folder of what runs have fetched, beside that of results."""
FILES = "files"
"""The folder of uploads, beside that of results."""
KEPT = timedelta(days=14)
EVERY_SECONDS = 1.0
CHUNK = 1000
CHANGED = Label(
    {
        "en": "Your rights changed while the file was imported.",
        "zh": "导入过程中您的权限发生了变化。",
    }
)
COUNTS = ("created", "updated", "unchanged", "skipped", "refused")


def run(run_id: str, runtime: JobRuntime) -> None:
    """Import what the run was asked for; a file that makes no sense ends it with the reason."""
    importing = _Importing(run_id, runtime)
    try:
        importing.everything()
    except (FileFault, RequestError) as fault:
        importing.end(fault.message)


class _Importing:
    """One run on its way."""

    def __init__(self, run_id: str, runtime: JobRuntime) -> None:
        self.run_id, self.working = run_id, runtime
        self.office: Runtime = runtime.application
        self.asked: Asked = asked_of(runtime.run.input)
        self.begin, self.position = _begun(runtime.run.checkpoint)
        self.reached = self.begin
        self.actor: Actor
        """Who sent the file; what they may do stays the same, or the import ends."""
        self.held: list[Verdict] = []
        """Verdicts that no transaction has written yet."""
        self.total = 0
        self.hidden = 0
        """Rows of a workbook that nobody sees there."""
        self.pictures: Pictures | None = None
        self.is_apart = False
        """Whether the rows go into a copy, so that the shop's own database is free."""
        self.last = time.monotonic()

    def everything(self) -> None:
        """Read, import, and write down what became of it."""
        assert self.working.results is not None, "a worker has a folder for results"
        office = self.office
        files = FileStore(
            self.working.results.parent / FILES,
            office.engine,
            office.system.file,
            office.clock,
            office.make_id,
        )
        with opened(files, self.asked.file) as path:
            chosen = choose(self.asked.wish, path, office)
            # the whole file is read once before anything is written: a torn end is told at once
            seen = Counter(row.line in chosen.table.hidden for row in chosen.table.rows())
            self.total, self.hidden = seen.total() * len(chosen.targets), seen[True]
            types = office.compiled.field_types
            targets = without_states(chosen.targets, office.app, types)
            with self._place() as place, self._pictures(files) as pictures:
                self.is_apart = place is not office
                loading = self._loading(chosen, place)
                if not self.asked.dry_run:
                    alarms.note_first_use(office, loading.actor, self.asked.entity, ("import",))
                if pictures is not None:
                    gather(loading, pictures, chosen.table, targets)
                    pictures.fetch_all(self._fetched)
                    loading = replace(loading, attachments=pictures)
                tallies = load(loading, chosen.table, targets)
            self.reached = Reached(tallies=tuple(tallies))
            with write(office.engine) as connection:
                self._write_held(connection)
            self._fix_file(chosen.table)
            self.end()

    def end(self, fault: Label | None = None) -> None:
        """Finish the run; `fault` is why the file as a whole was not taken, or not to its end."""
        told: dict[str, Any] = {
            "dry_run": self.asked.dry_run,
            "counts": self._counts(),
            "made": dict(sum((Counter(one.made) for one in self.reached.tallies), Counter())),
        }
        if self.pictures is not None:
            told["pictures"] = self.pictures.counts.told()
        if self.hidden:
            told["hidden"] = self.hidden
        if fault is not None:
            told["fault"] = dict(fault.texts)
        elif self.asked.whole and told["counts"].get("refused"):
            told["undone"] = True
        with write(self.office.engine) as connection:
            self._write_held(connection)
            self.working.run.advance(
                connection, done=self._rows(), total=self.total or None, counts=told["counts"]
            )
            self.working.run.succeed(connection, {"import": told})

    @contextmanager
    def _place(self) -> Iterator[Runtime]:
        """Give where the rows go: a copy that is thrown away when they are only tried."""
        assert self.working.results is not None
        if not self.asked.dry_run:
            yield self.office
            return
        with trial(self.office, self.working.results.parent / TRIALS / self.run_id) as office:
            yield office

    @contextmanager
    def _pictures(self, files: FileStore) -> Iterator[Pictures | None]:
        """Give what takes the files that rows name; None where they are not taken."""
        if not self.asked.pictures:
            yield None
            return
        assert self.working.results is not None
        notes = self.working.results.parent / NOTES / f"{self.run_id}.jsonl"
        by, allowed = self._person().id, self.office.outside.allowed
        with ExitStack() as held:
            archive = None
            if self.asked.archive:
                archive = PictureArchive(held.enter_context(opened(files, self.asked.archive)))
                held.callback(archive.close)
            self.pictures = Pictures(
                files, by, allowed, archive=archive, dry_run=self.asked.dry_run, notes=notes
            )
            yield self.pictures
        notes.unlink(missing_ok=True)

    def _fetched(self, done: int, total: int) -> None:
        """Tell that the run goes on; one that is stopped fetches no more."""
        self.working.run.progress(0, self.total)

    def _loading(self, chosen: Chosen, place: Runtime) -> Loading:
        self.actor = self._person()
        return Loading(
            place,
            self.actor,
            self.held.append,
            self._progress,
            dry_run=self.asked.dry_run,
            all_or_nothing=self.asked.whole,
            time_zone=chosen.time_zone or self.asked.time_zone,
            locale=chosen.locale or self.asked.locale,
            request_id=self.run_id,
            begin=self.begin,
            keep=self._keep,
        )

    def _keep(self, connection: sa.Connection, reached: Reached) -> None:
        """Write down a batch: how far it came and what it refused, in its transaction."""
        self.reached = Reached(
            reached.target, reached.documents, tuple(replace(one) for one in reached.tallies)
        )
        self._write_held(connection)
        self.working.run.advance(
            connection,
            done=self._rows(),
            total=self.total,
            counts=self._counts(),
            checkpoint={**_plain(self.reached), "position": self.position},
        )

    def _progress(self, tally: Tally) -> None:
        """Tell how far it is where no batch can; SQLite has one writer, which a real one is."""
        self.working.run.pause_point()
        now = self._person()
        if (now.roles, now.person) != (self.actor.roles, self.actor.person):
            raise Forbidden(CHANGED)
        in_one = self.asked.dry_run or self.asked.whole
        can_tell = self.is_apart or self.office.engine.dialect.name != "sqlite"
        at = time.monotonic()
        if in_one and can_tell and at - self.last >= EVERY_SECONDS:
            self.last = at
            self.working.run.progress(tally.rows, self.total)

    def _person(self) -> Actor:
        """Return who sent the file, as they are now.

        Raises:
            Forbidden: they may not sign in any more.

        """
        run = self.working.run
        found = person_of(self.office, run.input, run.claim.created_by)
        if found is None:
            raise Forbidden()
        return found

    def _write_held(self, connection: sa.Connection) -> None:
        held, self.held[:] = list(self.held), []
        first, self.position = self.position, self.position + len(held)
        for start in range(0, len(held), CHUNK):
            rows = [
                _row(self.run_id, self.asked.entity, first + start + number, one)
                for number, one in enumerate(held[start : start + CHUNK])
            ]
            inserts.insert_many(connection, ROW, rows)

    def _fix_file(self, table: Table) -> None:
        reasons = _reasons(self.office, self.run_id, self.asked.locale)
        if not reasons:
            return
        made = Made(
            mending.fix_name(self.asked.name, table),
            mending.media_type(table),
            mending.fix_rows(table, reasons, self.asked.locale),
            # these are the person's own rows, as they sent them: nothing of the shop is in it
            "",
            lambda: len(reasons),
            KEPT,
        )
        results.keep(self.working, self.run_id, made)

    def _rows(self) -> int:
        return sum(one.rows for one in self.reached.tallies)

    def _counts(self) -> dict[str, int]:
        counts = dict.fromkeys(COUNTS, 0)
        for one in self.reached.tallies:
            counts["created"] += one.created
            counts["updated"] += one.updated
            counts["unchanged"] += one.unchanged
            counts["skipped"] += one.skipped
            counts["refused"] += one.rejected
        return {name: count for name, count in counts.items() if count}


def _begun(checkpoint: Any) -> tuple[Reached, int]:
    """Return where an earlier attempt came to, and how many verdicts it wrote."""
    if not checkpoint:
        return Reached(), 0
    tallies = tuple(Tally(**one) for one in checkpoint["tallies"])
    return Reached(checkpoint["target"], checkpoint["documents"], tallies), checkpoint["position"]


def _plain(reached: Reached) -> dict[str, Any]:
    return {
        "target": reached.target,
        "documents": reached.documents,
        "tallies": [asdict(one) for one in reached.tallies],
    }


def _row(run_id: str, entity: str, position: int, verdict: Verdict) -> dict[str, Any]:
    told = {
        **verdict.message.texts,
        "column": verdict.column,
        "value": verdict.value[:LONGEST_VALUE],
    }
    return {
        "run_id": run_id,
        "position": position,
        "entity": entity,
        "record_id": str(verdict.line),
        "status": "invalid",
        "code": verdict.code[:100],
        "message": told,
        "version": None,
    }


def _reasons(office: Runtime, run_id: str, locale: str) -> dict[int, list[str]]:
    """Return by line why it was refused, as the fix file tells it."""
    asked = sa.select(ROW.c.record_id, ROW.c.message).where(ROW.c.run_id == run_id)
    reasons: dict[int, list[str]] = {}
    with read(office.engine) as connection:
        for line, message in connection.execute(asked.order_by(ROW.c.position)):
            why = Label(message).text(locale)
            column = message.get("column")
            reasons.setdefault(int(line), []).append(f"{column}: {why}" if column else why)
    return reasons
