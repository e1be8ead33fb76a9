"""What every screen's routes share: who asks, their surroundings, and how a request is read.

A file of `routes` contributes addresses; this is all it needs of the web layer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as Folder
from typing import Any
from urllib.parse import parse_qsl

from flask import Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from generator.model.entity import Entity
from runtime.errors import NotFound, RequestError, Unauthenticated
from runtime.files import FileStore
from runtime.keeping import Upload
from runtime.messages import Actor
from runtime.runtime import Runtime
from runtime.store.paths import Path
from runtime.web.screens import settings_page as settings
from runtime.web.screens.cells import people_of
from runtime.web.screens.form_files import Sent
from runtime.web.screens.list_url import read_url
from runtime.web.screens.visit import Visit, record_url

Answer = Response | AnyResponse | str | tuple[str, int]
YEAR = 31_536_000


@dataclass(frozen=True)
class Surroundings:
    """What the screens need of the web layer; every function speaks of the present request."""

    runtime: Callable[[], Runtime]
    actor: Callable[[], Actor | None]
    request_id: Callable[[], str]
    names: Callable[[Collection[int]], Mapping[int, str]]
    """Names of accounts by their number in `ab_user`: one statement."""
    find_people: Callable[[str], Sequence[tuple[int, str, str]]]
    """Accounts that may sign in whose name or user name holds a text: number, name, user name."""
    files: Callable[[], FileStore]
    error_page: Callable[[RequestError], tuple[str, int]]
    sign_in: str = "/login/"
    https: bool = False
    templates: Folder | None = None
    """The folder of the shop's own templates."""
    export_now: int = 5000
    """Rows of an export that somebody waits for."""


@dataclass(frozen=True)
class Addresses:
    """Where the screens of an entity and of a record live, as Werkzeug rules."""

    entity: str
    """`/<entity>/`, only of entities that exist."""
    record: str
    """`/<entity>/<record_id>`."""


class Desk:
    """Who asks, and what the answer needs of the surroundings."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around

    def visit(self) -> Visit:
        """Return who asks, in the time zone they chose.

        Raises:
            Unauthenticated: nobody is signed in.

        """
        actor = self.around.actor()
        if actor is None:
            raise Unauthenticated
        chosen = request.cookies.get("time_zone", "")
        if chosen and chosen in settings.known_zones():
            actor = replace(actor, time_zone=chosen)
        address = request.remote_addr or ""
        return Visit(self.around.runtime(), actor, self.around.request_id(), address)

    def with_names(self, visit: Visit, paths: Sequence[Path], rows: Sequence[Any]) -> Visit:
        """Return the visit with the names of every account that rows mention."""
        return self.knowing(visit, people_of(paths, rows))

    def knowing(self, visit: Visit, people: Iterable[int]) -> Visit:
        """Return the visit with the names of these accounts; 0 is no account."""
        ids = set(people) - visit.people.keys() - {0}
        return replace(visit, people={**visit.people, **self.around.names(ids)}) if ids else visit

    def template(self, entity: str, name: str) -> str:
        """Return the shop's own template for an entity's page where it has one, else ours."""
        own, folder = f"{entity}/{name}", self.around.templates
        return own if folder is not None and (folder / own).is_file() else name

    def remember(self, answer: AnyResponse, name: str, value: str) -> None:
        """Put a preference into a cookie; the theme's and the rows' are read by script too."""
        answer.set_cookie(
            name,
            value,
            max_age=YEAR,
            secure=self.around.https,
            samesite="Lax",
            httponly=name not in settings.READ_BY_SCRIPT,
        )


def entity_of(visit: Visit, name: str) -> Entity:
    """Return an entity.

    Raises:
        NotFound: there is none of that name.

    """
    found = visit.app.entities.get(name)
    if found is None:
        raise NotFound
    return found


def listed_query(entity: str) -> str:
    """Return the query of the list the person came from: its filters, never another address."""
    text = request.form.get("list") or request.args.get("list", "")
    return read_url(record_url(entity), parse_qsl(text[:4000])).query


def texts_of(given: MultiDict[str, str]) -> dict[str, Sequence[str]]:
    """Return every text that was sent under a name, in order."""
    return {name: tuple(texts) for name, texts in given.lists()}


def sent_form() -> Sent:
    """Return what the browser sent; a file without a name is none."""
    files = {
        name: Upload(found.filename or "", found.stream.read())
        for name, found in request.files.items()
        if found.filename
    }
    return Sent(texts_of(request.form), files)
