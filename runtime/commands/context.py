"""What commands share: settings in, a compiled folder, an engine or a whole runtime out."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
import orjson
import sqlalchemy as sa

from generator.build.tables import NAMING
from generator.compile import Compiled, compile_definitions
from generator.problems import DefinitionError, Problem
from generator.report import as_json, as_text
from generator.source import read_sources
from runtime.audit_keep import THREE_YEARS, Keep
from runtime.mailing.server import NO_MAIL, Mail
from runtime.messages import Actor
from runtime.outside.box import NOBODY_OUTSIDE, Box, Outside
from runtime.runtime import Runtime
from runtime.settings import DEVELOPMENT_SECRET, Settings
from runtime.store.audit_key import audit_key
from runtime.store.engine import make_engine
from runtime.store.schema import build_schema
from runtime.store.system_tables import system_tables


def settings_of(context: click.Context) -> Settings:
    """Return the settings that `app.py` read."""
    found = context.find_object(Settings)
    assert found is not None
    return found


def compiled_of(settings: Settings, locale: str, *, in_json: bool = False) -> Compiled:
    """Return the model of the definitions, or end the command with every fault on the terminal.

    `in_json` says them on standard output as `check --json` does, for who reads a plan as JSON.
    """
    try:
        return compile_definitions(settings.definitions)
    except DefinitionError as error:
        if in_json:
            click.echo(problems_json(error.problems))
        else:
            click.echo(problems_text(error.problems, settings.definitions, locale), err=True)
        raise click.exceptions.Exit(1) from error


def problems_json(problems: tuple[Problem, ...]) -> bytes:
    """Return problems as programs read them, in both languages."""
    return orjson.dumps(as_json(problems), option=orjson.OPT_INDENT_2)


def problems_text(problems: tuple[Problem, ...], folder: Path, locale: str = "en") -> str:
    """Return problems as a terminal shows them."""
    sources = read_sources(folder)
    colored = sys.stderr.isatty()
    return as_text(problems, sources, colored, folder=f"{folder.name}/", locale=locale)


@contextmanager
def engine_of(settings: Settings) -> Iterator[sa.Engine]:
    """Open the database; its folder is made when it is the embedded one."""
    if settings.database_url.startswith("sqlite:///"):
        Path(settings.database_url.removeprefix("sqlite:///")).parent.mkdir(
            parents=True, exist_ok=True
        )
    engine = make_engine(settings.database_url)
    try:
        yield engine
    finally:
        engine.dispose()


def make_runtime(
    compiled: Compiled,
    engine: sa.Engine,
    secret: str = DEVELOPMENT_SECRET,
    outside: Outside | None = None,
    old_secrets: Sequence[str] = (),
    mail: Mail = NO_MAIL,
    audit_keep: Keep = THREE_YEARS,
) -> Runtime:
    """Return a back office over a database that has its tables; the secret signs its audit."""
    metadata = sa.MetaData(naming_convention=NAMING)
    system = system_tables(metadata)
    schema = build_schema(compiled, engine.dialect.name, metadata)
    return Runtime(
        compiled,
        engine,
        schema,
        system,
        audit_key=audit_key(secret),
        outside=outside or NOBODY_OUTSIDE,
        old_audit_keys=tuple(audit_key(one) for one in old_secrets),
        mail=mail,
        audit_keep=audit_keep,
    )


def outside_of(settings: Settings) -> Outside:
    """Return how other systems are reached by a process with these settings."""
    return Outside(
        Box(settings.secret_key, settings.old_secret_keys),
        settings.simulator_url,
        settings.production,
        settings.outside_allowed,
    )


def mail_of(settings: Settings) -> Mail:
    """Return how a process with these settings writes to people."""
    return Mail(settings.smtp_url, settings.mail_from, settings.address)


def system_actor(compiled: Compiled) -> Actor:
    """Return who acts on the command line: whoever may run commands on the server may do all."""
    return Actor(0, "command line", frozenset(compiled.app.roles), kind="system")
