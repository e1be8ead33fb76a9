"""The edge of the command line: an exception comes in, a sentence with what to do goes out.

A person at a terminal never gets a traceback; with SHOPWRIGHT_LOG_LEVEL=DEBUG the log has it.
"""

from __future__ import annotations

import logging

import sqlalchemy as sa
from sqlalchemy import exc

from generator.problems import DefinitionError
from generator.report import as_text
from runtime.errors import RequestError
from runtime.settings import Settings
from runtime.store.migrate.faults import MigrationError

NO_TABLES = ("no such table", "undefinedtable", "does not exist")

log = logging.getLogger(__name__)


def sentence(error: Exception, settings: Settings) -> str:
    """Return what a person is told about a failed command."""
    log.debug("the command failed", exc_info=error)
    if isinstance(error, DefinitionError):
        return as_text(error.problems, {}).rstrip()
    if isinstance(error, MigrationError):
        return error.message.text("en")
    if isinstance(error, RequestError):
        details = "".join(f"\n  {one.field}: {one.message}" for one in error.errors)
        return f"{error.message}{details}"
    if isinstance(error, exc.SQLAlchemyError):
        return _about_database(error, settings)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}."
    return (
        f"This is a fault of Shopwright itself: {type(error).__name__}: {error}\n"
        "SHOPWRIGHT_LOG_LEVEL=DEBUG before the command shows where it happened."
    )


def _about_database(error: exc.SQLAlchemyError, settings: Settings) -> str:
    if isinstance(error, exc.ArgumentError):
        return (
            "DATABASE_URL is not a database's address; write sqlite:////path/shop.db or "
            "postgresql://user:password@host/name."
        )
    where = sa.make_url(settings.database_url).render_as_string(hide_password=True)
    first = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    kind = type(getattr(error, "orig", None)).__name__.lower()
    if any(word in first or word in kind for word in NO_TABLES):
        return f"The database {where} lacks tables ({first}). Run `apply` first."
    if isinstance(error, exc.OperationalError):
        return f"The database {where} does not answer: {first}. DATABASE_URL says which it is."
    return f"The database {where} refused: {first}."
