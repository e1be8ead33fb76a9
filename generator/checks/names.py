"""Names that the database or the address bar already uses, and names too long for a table.

Comes in: the resolved model. Goes out: D303, D417 and, for a link table that would have the name of
another table, D440.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.kinds import Catalog
from generator.model.app import App
from generator.places import Places
from generator.problems import Problem, reserved_name
from generator.saying import say

PREFIXES = ("sw_", "ab_", "pg_", "sqlite_", "alembic_")
ADDRESSES = {
    "access",
    "alerts",
    "api",
    "approvals",
    "assets",
    "audit",
    "back",
    "bulk",
    "connectors",
    "emergencies",
    "exports",
    "files",
    "groups",
    "healthz",
    "home",
    "hooks",
    "incidents",
    "jobs",
    "lang",
    "login",
    "logout",
    "me",
    "messages",
    "metrics",
    "offline",
    "permissions",
    "preferences",
    "pricing",
    "prints",
    "readyz",
    "resetmypassword",
    "reviews",
    "roles",
    "search",
    "security",
    "settings",
    "sheets",
    "static",
    "swagger",
    "tasks",
    "tokens",
    "userinfoeditview",
    "users",
    "webhooks",
    "workflows",
}
LONGEST = 63
"""Characters of a table name that PostgreSQL keeps."""


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield a problem for every name that is taken or too long."""
    tables = dict.fromkeys(app.entities, "an entity")
    for entity in app.entities.values():
        at = places.at(entity.span.file, "entity")
        if entity.name.startswith(PREFIXES):
            why = "tables of that prefix belong to the engine or the database"
            yield reserved_name("an entity", entity.name, at, why)
        if entity.name in ADDRESSES:
            why = say("the address /{entity} is the engine's", entity=entity.name)
            yield reserved_name("an entity", entity.name, at, why)
        for field in entity.fields.values():
            link = f"{entity.name}__{field.name}"
            if field.type != "references":
                continue
            if link in tables:
                yield Problem(
                    "D440",
                    field.span,
                    say(
                        "The link table would be called '{link}', as {taken} is already.",
                        link=link,
                        taken=say(tables[link]),
                    ),
                    "Choose another name for the field or for the entity.",
                )
            tables[link] = say(
                "the link table of '{field}' in '{entity}'", field=field.name, entity=entity.name
            )
            if len(link) > LONGEST:
                yield Problem(
                    "D417",
                    field.span,
                    say(
                        "The link table would be called '{link}', longer than {most} characters.",
                        link=link,
                        most=LONGEST,
                    ),
                    "Shorten the name of the entity or of the field.",
                )
