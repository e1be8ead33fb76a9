"""What an administrator enters for a connector: its mode, addresses and credentials, sealed.

A mode is a set of settings of its own, so a provider's sandbox and the real thing are never mixed
up: `simulator` is ours and needs none, `sandbox` and `live` are the provider's. What is entered can
be replaced and taken away, and is never shown again. The audit says who changed which name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import sqlalchemy as sa

from generator.model.connector import Connector
from runtime.outside.addresses import PrivateAddress, addresses
from runtime.runtime import Runtime
from runtime.store.engine import read
from runtime.store.trail import Note, Trail

SIMULATOR, SANDBOX, LIVE, OFF = "simulator", "sandbox", "live", "off"
MODES = (OFF, SIMULATOR, SANDBOX, LIVE)
BASE_URL = "base_url"
CONNECTOR = "@connector"
"""What the audit calls a connector."""
LONGEST = 10_000


@dataclass(frozen=True)
class Reach:
    """A connector ready to be asked, or why it is not."""

    mode: str
    settings: Mapping[str, str]
    missing: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    """What lies inside and may be asked all the same."""

    @property
    def is_ready(self) -> bool:
        """Whether it can be asked."""
        return self.mode != OFF and not self.missing


@dataclass(frozen=True)
class Standing:
    """How a connector is used and how it fares; nothing of it is secret."""

    name: str
    mode: str
    entered: Mapping[str, datetime]
    """By setting of this mode: when it was entered."""
    missing: tuple[str, ...]
    failures: int
    open_until: datetime | None
    last_at: datetime | None
    last_code: str


def reach(runtime: Runtime, connection: sa.Connection, connector: Connector) -> Reach:
    """Return the settings of a connector in clear; for one call, never to be kept."""
    mode = mode_of(runtime, connection, connector.name)
    if mode == SIMULATOR:
        own = urlsplit(runtime.outside.simulator_url).netloc
        return Reach(mode, simulated(runtime, connector), allowed=(own,))
    if mode == OFF:
        return Reach(mode, {})
    table = runtime.system.connector_setting
    asked = sa.select(table.c.name, table.c.sealed).where(
        table.c.connector == connector.name, table.c.mode == mode
    )
    opened = {row.name: runtime.outside.box.open(row.sealed) for row in connection.execute(asked)}
    found = {name: text for name, text in opened.items() if text is not None}
    missing = tuple(name for name in connector.settings if name not in found)
    return Reach(mode, found, missing, runtime.outside.allowed)


def simulated(runtime: Runtime, connector: Connector) -> Mapping[str, str]:
    """Return what the simulator and we agree on without anybody entering it."""
    found = {
        name: runtime.outside.box.shared(f"{connector.name}:{name}") for name in connector.settings
    }
    return {**found, BASE_URL: f"{runtime.outside.simulator_url}/{connector.name}"}


def mode_of(runtime: Runtime, connection: sa.Connection, name: str) -> str:
    """Return the mode of a connector; where nobody chose, the simulator if there is one."""
    table = runtime.system.connector
    chosen = connection.execute(sa.select(table.c.mode).where(table.c.name == name)).scalar()
    if chosen is None:
        return SIMULATOR if runtime.outside.simulator_url else OFF
    if chosen == SIMULATOR and not runtime.outside.simulator_url:
        return OFF
    return str(chosen)


def standing(runtime: Runtime, connector: Connector) -> Standing:
    """Return how a connector is used, for an administrator."""
    table, entered = runtime.system.connector, runtime.system.connector_setting
    with read(runtime.engine) as connection:
        mode = mode_of(runtime, connection, connector.name)
        row = connection.execute(sa.select(table).where(table.c.name == connector.name)).first()
        asked = sa.select(entered.c.name, entered.c.updated_at).where(
            entered.c.connector == connector.name, entered.c.mode == mode
        )
        known = {one.name: one.updated_at for one in connection.execute(asked)}
    wanted = connector.settings if mode in (SANDBOX, LIVE) else {}
    return Standing(
        connector.name,
        mode,
        known,
        tuple(name for name in wanted if name not in known),
        row.failures if row is not None else 0,
        row.open_until if row is not None else None,
        row.last_at if row is not None else None,
        (row.last_code or "") if row is not None else "",
    )


def entered(runtime: Runtime, connector: Connector, mode: str) -> Mapping[str, datetime]:
    """Return since when each setting of a mode is entered; nothing of it is secret."""
    table = runtime.system.connector_setting
    asked = sa.select(table.c.name, table.c.updated_at).where(
        table.c.connector == connector.name, table.c.mode == mode
    )
    with read(runtime.engine) as connection:
        return {row.name: row.updated_at for row in connection.execute(asked)}


def choose_mode(connection: sa.Connection, trail: Trail, connector: Connector, mode: str) -> None:
    """Use a connector in another mode from now on.

    Raises:
        ValueError: there is no such mode.

    """
    if mode not in MODES:
        raise ValueError(mode)
    before = mode_of(trail.runtime, connection, connector.name)
    _touch(connection, trail.runtime, connector.name)
    table = trail.runtime.system.connector
    connection.execute(
        table.update()
        .where(table.c.name == connector.name)
        .values(mode=mode, failures=0, open_until=None, **_by(trail))
    )
    trail.write(
        connection,
        Note(
            "connector_mode",
            CONNECTOR,
            connector.name,
            str(connector.label),
            {"mode": before},
            {"mode": mode},
        ),
    )


def enter(
    connection: sa.Connection,
    trail: Trail,
    connector: Connector,
    mode: str,
    name: str,
    text: str,
) -> None:
    """Keep a setting, sealed; an empty one is taken away. The audit tells its name only.

    Raises:
        ValueError: no such mode or setting, or no address where one is needed.

    """
    if mode not in (SANDBOX, LIVE) or name not in connector.settings or len(text) > LONGEST:
        raise ValueError(name)
    if name == BASE_URL and text:
        check_address(trail.runtime, text)
    table = trail.runtime.system.connector_setting
    place = sa.and_(table.c.connector == connector.name, table.c.mode == mode, table.c.name == name)
    connection.execute(table.delete().where(place))
    if text:
        row = {
            "connector": connector.name,
            "mode": mode,
            "name": name,
            "sealed": trail.runtime.outside.box.seal(text),
            **_by(trail),
        }
        connection.execute(table.insert().values(row))
    done = "connector_setting" if text else "connector_setting_removed"
    told = {"mode": mode, "setting": name}
    trail.write(connection, Note(done, CONNECTOR, connector.name, str(connector.label), after=told))


def check_address(runtime: Runtime, text: str) -> None:
    """Refuse what is no address, one that leads inside, and one where credentials go in clear."""
    parts = urlsplit(text)
    plain = {"https"} if runtime.outside.production else {"https", "http"}
    if parts.scheme not in plain or not parts.hostname or parts.username or parts.fragment:
        raise ValueError(BASE_URL)
    try:
        addresses(text, runtime.outside.allowed)
    except PrivateAddress as error:
        raise ValueError(BASE_URL) from error
    except OSError:
        # what answers to no name yet is checked when it is asked
        return


def note_answer(
    connection: sa.Connection,
    runtime: Runtime,
    connector: Connector,
    code: str,
    now: datetime,
    *,
    reached: bool,
) -> None:
    """Count a failure to reach a provider, or forget them; too many in a row open the breaker."""
    table = runtime.system.connector
    _touch(connection, runtime, connector.name)
    values: dict[str, object] = {"last_at": now, "last_code": code[:100] or None}
    if reached:
        values |= {"failures": 0, "open_until": None}
    else:
        until = now + timedelta(seconds=connector.breaker.pause)
        many = table.c.failures + 1 >= connector.breaker.failures
        values |= {
            "failures": table.c.failures + 1,
            "open_until": sa.case(
                (many, sa.literal(until, table.c.open_until.type)), else_=table.c.open_until
            ),
        }
    connection.execute(table.update().where(table.c.name == connector.name).values(values))


def closed_until(runtime: Runtime, connection: sa.Connection, name: str) -> datetime | None:
    """Return until when nothing is asked of a connector, because nothing answered."""
    table = runtime.system.connector
    found: datetime | None = connection.execute(
        sa.select(table.c.open_until).where(table.c.name == name)
    ).scalar()
    return found


def _touch(connection: sa.Connection, runtime: Runtime, name: str) -> None:
    table = runtime.system.connector
    known = connection.execute(sa.select(table.c.name).where(table.c.name == name)).first()
    if known is None:
        savepoint = connection.begin_nested()
        try:
            connection.execute(table.insert().values(name=name, failures=0))
        except sa.exc.IntegrityError:
            # another process made the row between the two statements
            savepoint.rollback()
        else:
            savepoint.commit()


def _by(trail: Trail) -> dict[str, object]:
    name = trail.actor.name if trail.actor is not None else ""
    return {"updated_at": trail.runtime.clock(), "updated_by": name}
