"""What looks like somebody carrying data away, or trying doors, is told to those who read the log.

Comes in: an export that was refused because the day's rows are used up, that is one of too many in
an hour or that somebody asks for at night; masked values that one person had shown too often;
denials of one person that are too many for a minute; a try to change what only administrators
change; a sign-in from a country where somebody never was; a right of weight that somebody uses
for the first time. Goes out: a notice to each of them but
the one it is about, of each kind at most once an hour for each person, so that a flood is one line;
each first use once and never again.
The audit holds each of them by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from rules.administering import LOG, roles_with
from runtime.messages import Actor
from runtime.notifications import Notice, notify
from runtime.runtime import Runtime
from runtime.store import accounts, sessions
from runtime.store.engine import write

log = logging.getLogger(__name__)

EXPORTS, AT_NIGHT = "many_exports", "export_at_night"
REVEALS, DENIALS, TRIED = "many_reveals", "many_denials", "tried_to_administer"
ELSEWHERE, FIRST = "new_country", "first_use"
ALARMS = frozenset({EXPORTS, AT_NIGHT, REVEALS, DENIALS, TRIED, ELSEWHERE, FIRST})
"""Kinds of notices that are made here; nobody switches them off."""
MOST_AN_HOUR = 20
"""Exports of one person in an hour that nobody is told of."""
MOST_REVEALED = 10
"""Masked values shown to one person in an hour that nobody is told of."""
MOST_DENIED = 20
"""Denials of one person in a minute that nobody is told of; each process counts for itself."""
NIGHT, MORNING = 22, 6
"""Hours of the shop between which it is night."""
HOUR = timedelta(hours=1)
OF_WEIGHT = frozenset(
    {"export", "export_plain", "import", "reveal", "erase", "approve", "operate", "extend"}
)
"""Actions whose first use is told: what takes data out or in, and what stands for others."""
USED = "first:"
"""Begins the settings of a person that say what they used a right for."""
COUNTRY = "country:"
"""Begins the settings of a person that say where they signed in from."""


def count_exports(runtime: Runtime, actor: Actor | None, entity: str, *, refused: bool) -> None:
    """Tell of an export that was refused for its rows, and of too many in an hour."""
    if actor is None or not actor.id:
        return
    audit, now = runtime.system.audit.c, runtime.clock()
    lately = sa.select(sa.func.count()).where(
        audit.actor_id == actor.id, audit.operation == "export", audit.at > now - HOUR
    )
    with write(runtime.engine) as connection:
        many = int(connection.execute(lately).scalar_one())
        if refused or many > MOST_AN_HOUR:
            params = {"exports": many, "refused": refused}
            _tell(connection, runtime, actor, EXPORTS, entity, params)


def ask_at_night(runtime: Runtime, actor: Actor | None, entity: str) -> None:
    """Tell of an export that a person asks for while the shop sleeps."""
    hour = runtime.clock().astimezone(runtime.time_zone).hour
    if actor is not None and actor.id and not MORNING <= hour < NIGHT:
        tell(runtime, actor, AT_NIGHT, entity, {})


def count_reveals(runtime: Runtime, actor: Actor, entity: str, many: int) -> None:
    """Tell of masked values that somebody had shown, when they are too many for an hour."""
    if many > MOST_REVEALED:
        tell(runtime, actor, REVEALS, entity, {"reveals": many})


def count_denials(runtime: Runtime, actor: Actor) -> None:
    """Count one denial and tell when there were too many within a minute."""
    if actor.id and not actor.real_id:
        many = runtime.denials.count((DENIALS, actor.id), runtime.clock())
        if many == MOST_DENIED + 1:
            tell(runtime, actor, DENIALS, "", {"denials": many})


def note_country(runtime: Runtime, actor: Actor, said: str) -> None:
    """Keep from which country somebody signs in, and tell when they never came from there.

    The first one tells nothing: there is nothing to compare it with. What is no code of a country,
    such as `XX` or `T1` of some proxies for who knows where, is passed over.
    """
    code = said.strip().upper()
    if not actor.id or not (len(code) == 2 and code.isascii() and code.isalpha()) or code == "XX":
        return
    with write(runtime.engine) as connection:
        setting, now = runtime.system.setting, runtime.clock()
        mine = setting.c.user_id == actor.id, setting.c.key.startswith(COUNTRY)
        known = set(connection.execute(sa.select(setting.c.key).where(*mine)).scalars())
        if COUNTRY + code in known:
            return
        if not sessions.keep_once(connection, setting, actor.id, COUNTRY + code, now):
            return
        if known:
            _tell(connection, runtime, actor, ELSEWHERE, code, {"country": code})


def note_first_use(
    runtime: Runtime, actor: Actor | None, entity: str, actions: Iterable[str]
) -> None:
    """Keep that somebody used a right, and tell when it was for the first time.

    What is done in an emergency or with somebody else's eyes is told by itself. A use that could
    not be kept is logged, and the next one is told in its place.
    """
    if actor is None or not actor.id or actor.real_id or actor.emergency is not None:
        return
    for action in actions:
        place = (actor.id, action, entity)
        if action not in OF_WEIGHT or place in runtime.used:
            continue
        try:
            _keep_first_use(runtime, actor, action, entity)
        # what was asked is done and written: an alarm that fails must not make a failure of it
        except Exception:
            log.exception("the first use of a right was not told")
        else:
            runtime.used.add(place)


def _keep_first_use(runtime: Runtime, actor: Actor, action: str, entity: str) -> None:
    setting, params = runtime.system.setting, {"action": action, "entity": entity}
    with write(runtime.engine) as connection:
        key = f"{USED}{action}:{entity}"
        if sessions.keep_once(connection, setting, actor.id, key, runtime.clock()):
            _tell(connection, runtime, actor, FIRST, entity, params, each=True)


def tell(runtime: Runtime, actor: Actor, kind: str, title: str, params: Mapping[str, Any]) -> None:
    """Tell whoever administers of something that one person did, once an hour."""
    with write(runtime.engine) as connection:
        _tell(connection, runtime, actor, kind, title, params)


def _tell(
    connection: sa.Connection,
    runtime: Runtime,
    actor: Actor,
    kind: str,
    title: str,
    params: Mapping[str, Any],
    *,
    each: bool = False,
) -> None:
    told, now = runtime.system.notification, runtime.clock()
    requests, readers = runtime.system.role_request, roles_with(runtime.matrix, LOG)
    if not readers:
        return
    people = accounts.numbers_holding(connection, readers, requests, now)
    known = sa.select(told.c.user_id).where(
        told.c.user_id.in_(people),
        told.c.kind == kind,
        told.c.actor_id == actor.id,
        told.c.created_at > now - HOUR,
    )
    heard = set(connection.execute(known).scalars())
    notices = [
        Notice(one, kind, title=title, params=params, actor_id=actor.id, actor_name=actor.name)
        for one in people
        if each or one not in heard
    ]
    notify(connection, runtime, notices, now)
