"""The edge of the command line: an exception comes in, a sentence with what to do goes out.

A person at a terminal never gets a traceback; with SHOPWRIGHT_LOG_LEVEL=DEBUG the log has it.
"""

from __future__ import annotations

import logging

import sqlalchemy as sa
from sqlalchemy import exc

from generator.problems import DefinitionError
from generator.report import as_text
from runtime.commands.language import said
from runtime.errors import RequestError
from runtime.settings import Settings
from runtime.store.migrate.faults import MigrationError

NO_TABLES = ("no such table", "undefinedtable", "does not exist")

log = logging.getLogger(__name__)


def sentence(error: Exception, settings: Settings, locale: str = "en") -> str:
    """Return what a person is told about a failed command, in the language it was asked in."""
    log.debug("the command failed", exc_info=error)
    if isinstance(error, DefinitionError):
        return as_text(error.problems, {}, locale=locale).rstrip()
    if isinstance(error, MigrationError):
        return error.message.text(locale)
    if isinstance(error, RequestError):
        details = [f"\n  {one.field}: {one.message.text(locale)}" for one in error.errors]
        return f"{error.message.text(locale)}{''.join(details)}"
    if isinstance(error, exc.SQLAlchemyError):
        return _about_database(error, settings, locale)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}."
    return said(
        locale,
        f"This is a fault of Shopwright itself: {type(error).__name__}: {error}\n"
        "SHOPWRIGHT_LOG_LEVEL=DEBUG before the command shows where it happened.",
        f"这是 Shopwright 自身的错误：{type(error).__name__}: {error}\n"
        "在命令前加 SHOPWRIGHT_LOG_LEVEL=DEBUG 可查看出错位置。",
    )


def _about_database(error: exc.SQLAlchemyError, settings: Settings, locale: str) -> str:
    if isinstance(error, exc.ArgumentError):
        return said(
            locale,
            "DATABASE_URL is not a database's address; write sqlite:////path/shop.db or "
            "postgresql://user:password@host/name.",
            "DATABASE_URL 不是数据库地址；请写 sqlite:////path/shop.db 或 "
            "postgresql://user:password@host/name。",
        )
    where = sa.make_url(settings.database_url).render_as_string(hide_password=True)
    first = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    kind = type(getattr(error, "orig", None)).__name__.lower()
    if any(word in first or word in kind for word in NO_TABLES):
        return said(
            locale,
            f"The database {where} lacks tables ({first}). Run `apply` first.",
            f"数据库 {where} 缺少数据表（{first}）。请先执行 `apply`。",
        )
    if isinstance(error, exc.OperationalError):
        return said(
            locale,
            f"The database {where} does not answer: {first}. DATABASE_URL says which it is.",
            f"数据库 {where} 没有响应：{first}。数据库地址由 DATABASE_URL 指定。",
        )
    return said(
        locale,
        f"The database {where} refused: {first}.",
        f"数据库 {where} 拒绝了请求：{first}。",
    )
