"""What the database itself refuses: nobody alters or deletes what the audit says happened.

That is its rows, their seals, and the log of the workflows.

Put in place by every apply, after its steps, because SQLite forgets triggers of a table it copies.
"""

from __future__ import annotations

import sqlalchemy as sa

from runtime.store.system_tables import own_tables

SAID = "the audit can only grow"

FUNCTION = f"""
CREATE OR REPLACE FUNCTION sw_only_grows() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{SAID}' USING ERRCODE = 'restrict_violation'; END $$
"""


def put_guards(connection: sa.Connection) -> None:
    """Let the tables of the audit only grow, inside the caller's transaction."""
    tables = own_tables()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(FUNCTION)
    for table in (tables.audit.name, tables.audit_seal.name, tables.workflow_log.name):
        for statement in _statements(table, connection.dialect.name):
            connection.exec_driver_sql(statement)


def _statements(table: str, dialect: str) -> tuple[str, ...]:
    if dialect == "postgresql":
        return (
            f"CREATE OR REPLACE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE"
            f" ON {table} FOR EACH STATEMENT EXECUTE FUNCTION sw_only_grows()",
        )
    return tuple(
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, '{SAID}'); END"
        for verb in ("UPDATE", "DELETE")
    )
