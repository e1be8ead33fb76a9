"""Names that the database or the address bar already uses, and names too long for a table.

Comes in: the resolved model. Goes out: D303 and D417.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.kinds import Catalog
from generator.model.app import App
from generator.problems import Problem, reserved_name

PREFIXES = ("sw_", "ab_", "pg_", "sqlite_", "alembic_")
ADDRESSES = {
    "api",
    "security",
    "bulk",
    "static",
    "assets",
    "login",
    "logout",
    "lang",
    "search",
    "settings",
    "files",
    "healthz",
    "readyz",
    "metrics",
    "swagger",
    "users",
    "roles",
    "groups",
    "home",
    "jobs",
    "me",
}
LONGEST = 63
"""Characters of a table name that PostgreSQL keeps."""


def check(app: App, catalogs: Mapping[str, Catalog[Any]]) -> Iterator[Problem]:
    """Yield a problem for every name that is taken or too long."""
    for entity in app.entities.values():
        if entity.name.startswith(PREFIXES):
            why = "tables of that prefix belong to the engine or the database"
            yield reserved_name("an entity", entity.name, entity.span, why)
        if entity.name in ADDRESSES:
            why = f"the address /{entity.name} is the engine's"
            yield reserved_name("an entity", entity.name, entity.span, why)
        for field in entity.fields.values():
            link = f"{entity.name}__{field.name}"
            if field.type == "references" and len(link) > LONGEST:
                yield Problem(
                    "D417",
                    field.span,
                    f"The link table would be called '{link}', longer than {LONGEST} characters.",
                    "Shorten the name of the entity or of the field.",
                )
