"""Commands about people: add somebody, give them roles, a new password."""

from __future__ import annotations

import click
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from generator.compile import Compiled
from rules.administering import in_conflict
from runtime.commands.context import (
    compiled_of,
    engine_of,
    make_runtime,
    settings_of,
    system_actor,
)
from runtime.commands.language import LOCALE, no_role, refusal, said, say
from runtime.settings import Settings
from runtime.store import sessions
from runtime.store.trail import Note, Trail
from runtime.web.people.giving import TOGETHER
from runtime.web.users import (
    UnknownPerson,
    UnknownRole,
    WeakPassword,
    create_user,
    list_users,
    set_password,
    sync_roles,
)


@click.group()
def user() -> None:
    """Add people and let them in."""


@user.command(name="add")
@click.argument("username")
@click.option("--email", required=True)
@click.option("--name", default="", help="The full name; the user name if missing.")
@click.option("--role", "roles", multiple=True, required=True, help="May be given again.")
@click.password_option(help="Asked for when missing.")
@LOCALE
@click.pass_context
def add(
    context: click.Context,
    username: str,
    email: str,
    name: str,
    roles: tuple[str, ...],
    password: str,
    locale: str,
) -> None:
    """Add a person with roles of roles.yaml."""
    settings = settings_of(context)
    compiled = compiled_of(settings, locale)
    missing = [role for role in roles if role not in compiled.app.roles]
    if missing:
        raise no_role(missing[0], compiled.app.roles, locale)
    together = in_conflict(roles, compiled.app.roles, compiled.app.conflicts)
    if together:
        why = compiled.app.conflicts[together[0]].message or TOGETHER
        raise click.ClickException(why.text(locale))
    first, _, last = (name or username).partition(" ")
    with engine_of(settings) as engine:
        try:
            sync_roles(engine, compiled.app)
            made = create_user(
                engine, username, password, roles, first_name=first, last_name=last, email=email
            )
            told = {"email": email, "roles": sorted(roles)}
            note = Note("account_created", record_id=str(made), title=username, after=told)
            _trail(settings, compiled, engine).alone(note)
        except WeakPassword as error:
            raise click.ClickException(error.message.text(locale)) from error
        except UnknownRole as error:
            raise no_role(str(error), compiled.app.roles, locale) from error
        except IntegrityError as error:
            raise refusal(
                locale,
                f"Somebody is called '{username}' or has the e-mail {email} already. "
                "`user list` shows everybody.",
                f"用户名“{username}”或邮箱 {email} 已被使用。`user list` 列出所有人。",
            ) from error
    say(locale, f"{username} may sign in.", f"{username} 可以登录了。")


@user.command(name="password")
@click.argument("username")
@click.password_option(help="Asked for when missing.")
@LOCALE
@click.pass_context
def password(context: click.Context, username: str, password: str, locale: str) -> None:
    """Give a person a new password; every session and token of theirs ends."""
    settings = settings_of(context)
    compiled = compiled_of(settings, locale)
    with engine_of(settings) as engine:
        try:
            set_password(engine, username, password)
            trail = _trail(settings, compiled, engine)
            number = next(one.id for one in list_users(engine) if one.username == username)
            setting, now = trail.runtime.system.setting, trail.runtime.clock()
            sessions.end_all(engine, setting, number, now)
            trail.alone(Note("password_changed", record_id=str(number), title=username))
        except WeakPassword as error:
            raise click.ClickException(error.message.text(locale)) from error
        except UnknownPerson as error:
            raise refusal(
                locale,
                f"Nobody is called '{username}'. `user list` shows everybody.",
                f"没有用户“{username}”。`user list` 列出所有人。",
            ) from error
    say(locale, f"{username} has a new password.", f"{username} 的密码已更新。")


@user.command(name="list")
@LOCALE
@click.pass_context
def list_people(context: click.Context, locale: str) -> None:
    """List the people and their roles."""
    with engine_of(settings_of(context)) as engine:
        for person in list_users(engine):
            state = "" if person.active else said(locale, "  (inactive)", "  （已停用）")
            click.echo(f"{person.username:<24} {', '.join(person.roles)}{state}")


def _trail(settings: Settings, compiled: Compiled, engine: sa.Engine) -> Trail:
    """Return what writes notes of the command line."""
    runtime = make_runtime(compiled, engine, settings.secret_key)
    return Trail(runtime, system_actor(compiled), "command")
