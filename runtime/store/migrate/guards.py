"""What the database itself refuses: nobody alters or deletes what the audit says happened.

That is its rows, their seals, and the log of the workflows. The one change it lets through is that
an erasure takes a person's values out of a row: only columns that can hold some, and only together
with the erasure's name. Whether it is one, the second signature of the row tells (`audit verify`).

Put in place by every apply, after its steps, because SQLite forgets triggers of a table it copies.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from runtime.store.system_tables import own_tables

SAID = "the audit can only grow"

FUNCTION = f"""
CREATE OR REPLACE FUNCTION sw_only_grows() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{SAID}' USING ERRCODE = 'restrict_violation'; END $$
"""

ERASED: Mapping[str, tuple[str, ...]] = {
    "sw_audit": ("before", "after", "record_title", "reason", "erased_by", "erased_signature"),
    "sw_workflow_log": ("input", "read", "before", "after", "reason", "erased_by"),
}
"""By table: what an erasure may change."""


def put_guards(connection: sa.Connection) -> None:
    """Let the tables of the audit only grow, inside the caller's transaction."""
    tables = own_tables()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(FUNCTION)
    for table in (tables.audit, tables.audit_seal, tables.workflow_log):
        for statement in _statements(table, connection.dialect.name):
            connection.exec_driver_sql(statement)


def _statements(table: sa.Table, dialect: str) -> tuple[str, ...]:
    name = table.name
    if dialect == "postgresql":
        if name not in ERASED:
            return (_refusing(name, "UPDATE OR DELETE OR TRUNCATE"),)
        return (_refusing(name, "DELETE OR TRUNCATE"), *_erasing_only(table))
    condition = f" WHEN {_is_no_erasure(table, 'IS NOT')}" if name in ERASED else ""
    return (
        f"DROP TRIGGER IF EXISTS {name}_no_update",
        f"CREATE TRIGGER {name}_no_update BEFORE UPDATE ON {name}{condition}"
        f" BEGIN SELECT RAISE(ABORT, '{SAID}'); END",
        f"CREATE TRIGGER IF NOT EXISTS {name}_no_delete BEFORE DELETE ON {name}"
        f" BEGIN SELECT RAISE(ABORT, '{SAID}'); END",
    )


def _refusing(name: str, verbs: str) -> str:
    return (
        f"CREATE OR REPLACE TRIGGER {name}_only_grows BEFORE {verbs}"
        f" ON {name} FOR EACH STATEMENT EXECUTE FUNCTION sw_only_grows()"
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
