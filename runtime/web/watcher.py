"""Changed definitions while serving: compile beside the requests, exchange when they are right.

In development what needs nobody's consent is applied at once. In production nothing is ever
applied here: changed definitions wait, and are told as waiting, until somebody runs `apply`; then
every process takes them. Whatever is wrong leaves the old office in service and stands on the
board, which every screen shows. Each web process watches for itself; applying twice does nothing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from watchfiles import Change, watch

from generator.compile import Compiled, compile_definitions
from generator.model.text import Label, in_both, plain
from generator.problems import DefinitionError
from generator.report import as_text
from generator.source import read_sources
from runtime import logs
from runtime.runtime import utc_now
from runtime.store.engine import read
from runtime.store.migrate.apply import apply
from runtime.store.migrate.faults import MigrationError
from runtime.store.migrate.make import make_plan
from runtime.store.migrate.releases import last_release
from runtime.store.migrate.render import render_plan
from runtime.store.migrate.rollback import release_definitions
from runtime.web.faults import Board, Fault
from runtime.web.switch import Office, Switch
from runtime.web.users import sync_roles

LOOK_AGAIN_MS = 2000
"""How often waiting definitions are compared with the last release."""

log = logging.getLogger(__name__)


class Watcher:
    """The watch on one folder; `first` says what to serve, `start` watches from then on."""

    def __init__(
        self,
        folder: Path,
        production: bool,
        board: Board,
        open_office: Callable[[Compiled], Office],
    ) -> None:
        self._folder, self._production, self._board = folder, production, board
        self._open = open_office
        self._waiting: Compiled | None = None
        self._stopping = threading.Event()

    def first(self, engine: sa.Engine) -> Compiled:
        """Return the definitions to begin with: the folder's, or the last release's.

        Raises:
            DefinitionError: the folder has faults, and nothing was ever applied.

        """
        try:
            try:
                compiled = compile_definitions(self._folder)
            except DefinitionError as error:
                self._tell(error)
                with read(engine) as connection:
                    release = last_release(connection)
                if release is None:
                    raise
                return release_definitions(release)
            return compiled if self._take(engine, compiled) else self._last(engine, compiled)
        finally:
            engine.dispose()

    def start(self, switch: Switch) -> None:
        """Watch in a thread that ends with the process, or with the switch."""
        thread = threading.Thread(
            target=self._watch, args=(switch,), name="definitions", daemon=True
        )
        thread.start()

        def stop() -> None:
            self._stopping.set()
            thread.join()

        switch.stop_watching = stop

    def _last(self, engine: sa.Engine, otherwise: Compiled) -> Compiled:
        with read(engine) as connection:
            release = last_release(connection)
        return release_definitions(release) if release else otherwise

    def _watch(self, switch: Switch) -> None:
        changes = watch(
            self._folder,
            stop_event=self._stopping,
            watch_filter=_is_definition,
            rust_timeout=LOOK_AGAIN_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            debounce=400,
        )
        # nobody saw what was changed after the folder was read and before this watch began
        unseen = True
        for found in changes:
            if found or unseen or self._waiting is not None:
                self.look(switch, changed=bool(found) or unseen)
            unseen = False

    def look(self, switch: Switch, *, changed: bool) -> None:
        """Compare the folder with what is served, and exchange it when that is right."""
        try:
            if changed or self._waiting is None:
                self._waiting = None
                compiled = compile_definitions(self._folder)
            else:
                compiled = self._waiting
            if compiled.app.digest == switch.office.digest:
                self._board.clear()
                self._waiting = None
            elif self._take(switch.office.engine, compiled):
                switch.exchange(self._open(compiled))
                self._board.clear()
                self._waiting = None
                logs.event(log, "definitions loaded", {"digest": compiled.app.digest[:12]})
        except DefinitionError as error:
            self._tell(error)
        except SQLAlchemyError as error:
            # the database is away for a moment; the next look finds it again
            log.warning("changed definitions wait for the database: %s", error)
        except Exception as error:
            # the watch must outlive whatever a half-written folder does to the build
            log.exception("changed definitions could not be loaded")
            told = plain(f"{type(error).__name__}: {error}")
            self._board.show(Fault("wrong", told, utc_now()))

    def _take(self, engine: sa.Engine, compiled: Compiled) -> bool:
        """Return whether the database is as these definitions ask, after doing what may be done."""
        if self._production:
            with read(engine) as connection:
                release = last_release(connection)
            if release is not None and release.digest == compiled.app.digest:
                return True
            self._wait(compiled, plain(""))
            return False
        plan = make_plan(engine, compiled)
        try:
            if plan.is_new_release:
                apply(engine, compiled, plan, now=utc_now(), by="watch")
            sync_roles(engine, compiled.app)
        except MigrationError as refusal:
            why = refusal.message
            self._wait(compiled, in_both(lambda at: f"{why.text(at)}\n\n{render_plan(plan, at)}"))
            return False
        return True

    def _wait(self, compiled: Compiled, why: Label) -> None:
        if self._waiting is None:
            log.warning("changed definitions wait to be applied")
        self._waiting = compiled
        self._board.show(Fault("waiting", why, utc_now()))

    def _tell(self, error: DefinitionError) -> None:
        sources, folder = read_sources(self._folder), f"{self._folder.name}/"
        text = in_both(lambda at: as_text(error.problems, sources, folder=folder, locale=at))
        log.error("changed definitions are not loaded\n%s", text)
        self._board.show(Fault("wrong", text, utc_now(), error.problems))


def _is_definition(change: Change, path: str) -> bool:
    return path.endswith(".yaml")
