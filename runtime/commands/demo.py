"""What `run` does before it starts: bring the database up to date and open a believable shop.

The rows lie in the folder `data` of the definitions, and carts that are placed beside them
(`demo_carts`); those in `data/later` are seeded by a job, so that nobody waits for them. A note in
the database says how far it came: an interrupted start goes on, and a shop somebody has worked with
is never seeded again.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from generator.compile import Compiled
from runtime.commands.context import engine_of, make_runtime, system_actor
from runtime.commands.demo_carts import place_carts
from runtime.commands.language import refusal, say
from runtime.files import FileStore
from runtime.jobs import runs
from runtime.jobs.starting import start_run
from runtime.runtime import Runtime, utc_now
from runtime.seed import seed
from runtime.settings import Settings
from runtime.store.engine import read, write
from runtime.store.migrate.apply import apply
from runtime.store.migrate.faults import MigrationError
from runtime.store.migrate.make import make_plan
from runtime.web.users import create_user, sync_roles

PASSWORD = "demo-shop-2026"
"""Printed for everyone, so its people are never made in production."""
NOTE = "demo"
LOADING, READY = "loading", "ready"


class Login(NamedTuple):
    """One person of the demo, as `run` prints them."""

    name: str
    password: str
    role: str


def prepare_demo(
    settings: Settings, compiled: Compiled, *, with_rows: bool, locale: str = "en"
) -> tuple[Login, ...]:
    """Apply the definitions; load the demo into an empty database; return who may sign in.

    Raises:
        click.ClickException: the definitions ask for a change that needs a person's consent.

    """
    with engine_of(settings) as engine:
        is_new = _bring_up_to_date(engine, compiled, settings.production, locale)
        sync_roles(engine, compiled.app)
        runtime = make_runtime(compiled, engine, settings.secret_key)
        state = _read_note(runtime)
        # applied by hand and nobody in it yet is as good as new
        if with_rows and not settings.production and (is_new or not _usernames(runtime)):
            state = LOADING
            _write_note(runtime, LOADING)
        if state == LOADING:
            _load(runtime, settings, locale)
        return () if state is None or settings.production else _logins(runtime, locale)


def file_store(runtime: Runtime, settings: Settings) -> FileStore:
    """Return where this installation keeps its files."""
    return FileStore(
        settings.data / "files",
        runtime.engine,
        runtime.system.file,
        runtime.clock,
        runtime.make_id,
    )


def _bring_up_to_date(engine: sa.Engine, compiled: Compiled, production: bool, locale: str) -> bool:
    plan = make_plan(engine, compiled)
    if production and plan.is_new_release:
        raise refusal(
            locale,
            "The database is not as the definitions ask, and in production nothing is applied "
            "unasked. Look at `plan`, then run `apply`.",
            "数据库与定义不一致，而生产环境不会自动应用更改。请先查看 `plan`，再执行 `apply`。",
        )
    try:
        apply(engine, compiled, plan, now=utc_now(), by="run")
    except MigrationError as error:
        raise refusal(
            locale,
            f"{error.message.text('en')}\n`python app.py plan` shows what would change, "
            "`python app.py apply` does it.",
            f"{error.message.text('zh')}\n`python app.py plan` 显示将要更改的内容，"
            "`python app.py apply` 执行更改。",
        ) from error
    return plan.release == 0


def _load(runtime: Runtime, settings: Settings, locale: str) -> None:
    rows = settings.definitions / "data"
    files = file_store(runtime, settings)
    actor = replace(system_actor(runtime.compiled), name="system")
    say(locale, "  Loading the demo shop …", "  正在载入示例店铺 …")
    seed(runtime, rows, actor, files)
    place_carts(runtime, rows, actor)
    _people(runtime)
    _more_people(runtime, rows / "people" / "people.csv")
    with write(runtime.engine) as connection:
        later = runs.NewRun(
            "seed_rows", "bulk", {"folder": str(rows / "later")}, unique_key="demo:later"
        )
        if (rows / "later").is_dir():
            runs.create(connection, later, runtime.clock())
        for job in runtime.app.jobs.values():
            # once now, so that there is something to look at before their time comes
            if job.schedule is not None:
                key = f"demo:{job.name}"
                start_run(runtime, job.name, {}, connection=connection, unique_key=key)
    _write_note(runtime, READY)


def _people(runtime: Runtime) -> None:
    """Create one person a role, called like it."""
    known = _usernames(runtime)
    for role in runtime.app.roles.values():
        if role.name not in known:
            create_user(
                runtime.engine,
                role.name,
                PASSWORD,
                [role.name],
                first_name=role.label.text("zh"),
                last_name=role.label.text("en"),
                email=f"{role.name}@example.com",
            )


def _more_people(runtime: Runtime, file: Path) -> None:
    """Create the people a file names beside them, such as somebody of the same role elsewhere."""
    if not file.is_file():
        return
    known = _usernames(runtime)
    with file.open(encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            if row["login"] not in known:
                create_user(
                    runtime.engine,
                    row["login"],
                    PASSWORD,
                    [row["role"]],
                    first_name=row["given_name"],
                    last_name=row["family_name"],
                    email=f"{row['login']}@example.com",
                )


def _logins(runtime: Runtime, locale: str) -> tuple[Login, ...]:
    """Return everybody whose login begins with the name of their role."""
    known = _usernames(runtime)
    return tuple(
        Login(name, PASSWORD, role.label.text(locale))
        for role in runtime.app.roles.values()
        for name in sorted(known)
        if name == role.name or (name.startswith(role.name + "_") and name not in runtime.app.roles)
    )


def _usernames(runtime: Runtime) -> frozenset[str]:
    people = sa.table("ab_user", sa.column("username"))
    with read(runtime.engine) as connection:
        return frozenset(connection.execute(sa.select(people.c.username)).scalars())


def _read_note(runtime: Runtime) -> str | None:
    table = runtime.system.setting
    with read(runtime.engine) as connection:
        found = connection.execute(
            sa.select(table.c.value).where(table.c.user_id == 0, table.c.key == NOTE)
        ).scalar_one_or_none()
    return None if found is None else str(found)


def _write_note(runtime: Runtime, state: str) -> None:
    table = runtime.system.setting
    mine = (table.c.user_id == 0) & (table.c.key == NOTE)
    with write(runtime.engine) as connection:
        connection.execute(table.delete().where(mine))
        connection.execute(
            table.insert(),
            {"user_id": 0, "key": NOTE, "value": state, "updated_at": runtime.clock()},
        )
