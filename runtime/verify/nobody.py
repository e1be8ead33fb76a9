"""The tables of accounts on the stage, empty: its people have none.

Whoever is to be told of something is looked for among accounts. Comes in: the engine of the stage.
"""

import sqlalchemy as sa

from runtime.store.engine import write

ACCOUNTS = (
    "ab_user (id integer, username text, first_name text, last_name text, email text,"
    " active boolean)",
    "ab_role (id integer, name text)",
    "ab_user_role (user_id integer, role_id integer)",
    "ab_user_group (user_id integer, group_id integer)",
    "ab_group_role (group_id integer, role_id integer)",
)


def make_accounts(engine: sa.Engine) -> None:
    """Make the tables; nobody is in them."""
    with write(engine) as connection:
        for table in ACCOUNTS:
            connection.execute(sa.text(f"create table {table}"))
