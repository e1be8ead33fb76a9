"""What the database itself refuses: nobody alters or deletes what the audit says happened.

That is its rows, their seals, what says which were removed, and the log of the workflows. It lets
two things through. An erasure takes a person's values out of a row: only columns that can hold
some, and only together with the erasure's name. And rows go when their time is over: only those of
a seal that is marked as removed, and none younger than half a year by the database's own clock,
whatever it is marked as. Whether it is an erasure or a removal, the signatures tell (`audit
verify`).

Put in place by every apply, after its steps, because SQLite forgets triggers of a table it copies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from runtime.audit_keep import NEVER_PAST
from runtime.store.system_tables import own_tables

SAID = "the audit can only grow"
FLOOR_DAYS = NEVER_PAST.days

FUNCTION = f"""
CREATE OR REPLACE FUNCTION sw_only_grows() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{SAID}' USING ERRCODE = 'restrict_violation'; END $$
"""

UNLESS = """
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, {schema}, pg_temp AS
$$ BEGIN
IF {allowed} THEN RETURN {row}; END IF;
RAISE EXCEPTION '{said}' USING ERRCODE = 'restrict_violation';
END $$
"""
"""A function that lets a row through; tables of that name made for a session alone come last."""

ERASED: Mapping[str, tuple[str, ...]] = {
    "sw_audit": ("before", "after", "record_title", "reason", "erased_by", "erased_signature"),
    "sw_workflow_log": ("input", "read", "before", "after", "reason", "erased_by"),
}
"""By table: what an erasure may change."""

OLD_DAY: Mapping[str, str] = {
    "postgresql": f"to_char((now() AT TIME ZONE 'UTC')::date - {FLOOR_DAYS}, 'YYYY-MM-DD')",
    "sqlite": f"strftime('%Y-%m-%d', 'now', '-{FLOOR_DAYS} days')",
}
OLD_MOMENT: Mapping[str, str] = {
    "postgresql": f"now() - interval '{FLOOR_DAYS} days'",
    "sqlite": OLD_DAY["sqlite"],
}
"""By dialect: what an old row's moment is less than; SQLite compares it as a text."""


def put_guards(connection: sa.Connection) -> None:
    """Let the tables of the audit only grow, inside the caller's transaction."""
    tables = own_tables()
    dialect = connection.dialect.name
    if dialect == "postgresql":
        connection.exec_driver_sql(FUNCTION)
        for statement in _functions(connection):
            connection.exec_driver_sql(statement)
    for table in (tables.audit, tables.audit_seal, tables.audit_removal, tables.workflow_log):
        for statement in _statements(table, dialect):
            connection.exec_driver_sql(statement)


def lift_guards(connection: sa.Connection) -> None:
    """Take away what would stand in the way of a step: on SQLite triggers that name other tables.

    `put_guards` puts them back, in the same transaction.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("DROP TRIGGER IF EXISTS sw_audit_no_delete")
        connection.exec_driver_sql("DROP TRIGGER IF EXISTS sw_audit_removal_fits")


def _functions(connection: sa.Connection) -> Iterator[str]:
    quote = connection.dialect.identifier_preparer.quote
    schema = quote(str(connection.execute(sa.select(sa.func.current_schema())).scalar_one()))
    for name, allowed, row in (
        ("sw_removes_what_is_marked", _is_marked("postgresql", f"{schema}."), "OLD"),
        ("sw_marks_what_is_old", _is_old_seal("postgresql", f"{schema}."), "NEW"),
    ):
        yield UNLESS.format(name=name, schema=schema, allowed=allowed, row=row, said=SAID)


def _is_marked(dialect: str, schema: str = "") -> str:
    """Return the condition that a row of the audit lies in what is marked, and is old enough."""
    first = (
        f"(SELECT first_id FROM {schema}sw_audit_removal WHERE last_id >= OLD.id"
        " ORDER BY last_id LIMIT 1)"
    )
    return f"OLD.at < {OLD_MOMENT[dialect]} AND COALESCE({first} <= OLD.id, 1 = 0)"


def _is_old_seal(dialect: str, schema: str = "") -> str:
    """Return the condition that a removal is of a seal that is there, and that is old enough."""
    same = " AND ".join(
        f'seal."{one}" = NEW."{one}"' for one in ("number", "day", "first_id", "last_id", "rows")
    )
    old = f"seal.day < {OLD_DAY[dialect]}"
    return f"EXISTS (SELECT 1 FROM {schema}sw_audit_seal AS seal WHERE {same} AND {old})"


def _statements(table: sa.Table, dialect: str) -> tuple[str, ...]:
    name = table.name
    if dialect == "sqlite":
        return tuple(_of_sqlite(table))
    if name == "sw_audit":
        deletes = _each_row(f"{name}_only_removes", "DELETE", name, "sw_removes_what_is_marked")
        return (_refusing(name, "TRUNCATE"), deletes, *_erasing_only(table))
    if name in ERASED:
        return (_refusing(name, "DELETE OR TRUNCATE"), *_erasing_only(table))
    grows = _refusing(name, "UPDATE OR DELETE OR TRUNCATE")
    if name == "sw_audit_removal":
        return (grows, _each_row(f"{name}_fits", "INSERT", name, "sw_marks_what_is_old"))
    return (grows,)


def _of_sqlite(table: sa.Table) -> Iterator[str]:
    name = table.name
    unless = {"UPDATE": "", "DELETE": ""}
    if name in ERASED:
        unless["UPDATE"] = f" WHEN {_is_no_erasure(table, 'IS NOT')}"
    if name == "sw_audit":
        unless["DELETE"] = f" WHEN NOT ({_is_marked('sqlite')})"
    triggers = {f"{name}_no_{verb.lower()}": (verb, when) for verb, when in unless.items()}
    if name == "sw_audit_removal":
        triggers[f"{name}_fits"] = ("INSERT", f" WHEN NOT {_is_old_seal('sqlite')}")
    for trigger, (verb, when) in triggers.items():
        yield f"DROP TRIGGER IF EXISTS {trigger}"
        yield (
            f"CREATE TRIGGER {trigger} BEFORE {verb} ON {name}{when}"
            f" BEGIN SELECT RAISE(ABORT, '{SAID}'); END"
        )


def _refusing(name: str, verbs: str) -> str:
    return (
        f"CREATE OR REPLACE TRIGGER {name}_only_grows BEFORE {verbs}"
        f" ON {name} FOR EACH STATEMENT EXECUTE FUNCTION sw_only_grows()"
    )


def _each_row(trigger: str, verb: str, name: str, function: str) -> str:
    return (
        f"CREATE OR REPLACE TRIGGER {trigger} BEFORE {verb}"
        f" ON {name} FOR EACH ROW EXECUTE FUNCTION {function}()"
    )


def _erasing_only(table: sa.Table) -> tuple[str, ...]:
    name = table.name
    condition = _is_no_erasure(table, "IS DISTINCT FROM")
    return (
        f"CREATE OR REPLACE TRIGGER {name}_only_erases BEFORE UPDATE ON {name}"
        f" FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION sw_only_grows()",
    )


def _is_no_erasure(table: sa.Table, differs: str) -> str:
    """Return the condition that a change of a row is another one than an erasure makes."""
    fixed = [column.name for column in table.columns if column.name not in ERASED[table.name]]
    others = " OR ".join(f'NEW."{one}" {differs} OLD."{one}"' for one in fixed)
    return f"NEW.erased_by IS NULL OR NOT (NEW.erased_by {differs} OLD.erased_by) OR {others}"
