"""A constraint of the database that said no → the error at the field it protects.

Checks before the write find almost everything; what is left are races, and uniqueness, which only
the database can decide.
"""

from __future__ import annotations

import re

import sqlalchemy.exc

from generator.model.entity import Entity
from generator.model.text import Label
from runtime.errors import Conflict, FieldError, Invalid, RequestError

NOT_UNIQUE = Label({"en": "This value is not available.", "zh": "该值不可用。"})
STILL_USED = Label(
    {"en": "Other records still point at this one.", "zh": "仍有其他记录引用此记录。"}
)
PASSING = {"40001", "40P01", "55P03"}
"""PostgreSQL's states for what lost against another: serialization, deadlock, lock."""
OURS = ("sw_", "ab_")
"""How tables begin that are no record's: whoever sent the record can do nothing about those."""
POSTGRES_UNIQUE = re.compile(r"\(([^()]+)\)=\(")
"""The columns in the detail of an error, whatever language the server speaks."""
SQLITE_UNIQUE = re.compile(r"UNIQUE constraint failed: (.+)")


def translate(error: sqlalchemy.exc.IntegrityError, entity: Entity, dialect: str) -> RequestError:
    """Return the refusal for an integrity error; one we cannot name is a conflict all the same."""
    columns = _unique_columns(error, entity, dialect)
    if columns:
        return Invalid(
            NOT_UNIQUE, tuple(FieldError(name, "not_unique", NOT_UNIQUE) for name in columns)
        )
    return Conflict(STILL_USED, (FieldError("", "has_dependants", STILL_USED),))


def _unique_columns(
    error: sqlalchemy.exc.IntegrityError, entity: Entity, dialect: str
) -> tuple[str, ...]:
    """Return the columns of a violated unique constraint."""
    if dialect == "postgresql":
        diagnosis = getattr(error.orig, "diag", None)
        if getattr(error.orig, "sqlstate", "") != "23505" or diagnosis is None:
            return ()
        table = str(diagnosis.table_name or "")
        rest = str(diagnosis.constraint_name or "").removeprefix(f"uq_{table}_")
        known = [*((name,) for name in entity.fields), *entity.unique, entity.key]
        own = next((columns for columns in known if columns and "_".join(columns) == rest), ())
        # of a part, the server says it
        told = POSTGRES_UNIQUE.search(str(diagnosis.message_detail or ""))
        if own or told is None or table.startswith(OURS):
            return own
        return tuple(name.strip().strip('"') for name in told[1].split(","))
    found = SQLITE_UNIQUE.search(str(error.orig))
    if found is None:
        return ()
    return tuple(part.strip().rpartition(".")[2] for part in found[1].split(","))


def is_passing(error: sqlalchemy.exc.OperationalError) -> bool:
    """Return whether the same transaction may well succeed when it is tried again."""
    return (
        getattr(error.orig, "sqlstate", "") in PASSING
        or "database is locked" in str(error.orig)
        or "database table is locked" in str(error.orig)
    )
