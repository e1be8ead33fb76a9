"""Commands about people: add somebody, give them roles, a new password."""

from __future__ import annotations

import click

from runtime.commands.context import compiled_of, engine_of, settings_of
from runtime.web.people import PersonError, create_user, list_users, set_password


@click.group()
def user() -> None:
    """Add people and let them in."""


@user.command(name="add")
@click.argument("username")
@click.option("--email", required=True)
@click.option("--name", default="", help="The full name; the username if missing.")
@click.option("--role", "roles", multiple=True, required=True)
@click.password_option()
@click.pass_context
def add(
    context: click.Context,
    username: str,
    email: str,
    name: str,
    roles: tuple[str, ...],
    password: str,
) -> None:
    """Add a person with roles of roles.yaml."""
    settings = settings_of(context)
    compiled = compiled_of(settings)
    with engine_of(settings) as engine:
        try:
            create_user(
                engine, compiled.app, username, password, roles, email=email, name=name or username
            )
        except PersonError as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"{username} may sign in.")


@user.command(name="password")
@click.argument("username")
@click.password_option()
@click.pass_context
def password(context: click.Context, username: str, password: str) -> None:
    """Give a person a new password; every session and token of theirs ends."""
    settings = settings_of(context)
    with engine_of(settings) as engine:
        try:
            set_password(engine, username, password)
        except PersonError as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"{username} has a new password.")


@user.command(name="list")
@click.pass_context
def list_people(context: click.Context) -> None:
    """List the people and their roles."""
    settings = settings_of(context)
    with engine_of(settings) as engine:
        for person in list_users(engine):
            state = "" if person.active else "  (inactive)"
            click.echo(f"{person.username:<24} {', '.join(person.roles)}{state}")


COMMANDS = (user,)
