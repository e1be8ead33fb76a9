"""`workflow simulate`: the state machines of the definitions as a table, before anything runs."""

from __future__ import annotations

import click

from generator.model.workflow import Workflow
from rules.workflow.simulating import Move, moves
from runtime.commands.context import compiled_of, settings_of
from runtime.commands.language import LOCALE, no_role, refusal, said, say


@click.group()
def workflow() -> None:
    """Look at the state machines of the definitions."""


@workflow.command()
@click.argument("entity", required=False)
@click.option("--role", default="", help="Only what this role can do.")
@LOCALE
@click.pass_context
def simulate(context: click.Context, entity: str | None, role: str, locale: str) -> None:
    """Print who can move what where: every state, its ways out, and who may take them."""
    app = compiled_of(settings_of(context), locale).app
    if entity is not None and entity not in app.workflows:
        raise refusal(
            locale,
            f"'{entity}' has no workflow. With one: {', '.join(app.workflows) or 'none'}.",
            f"“{entity}”没有流程。有流程的实体：{'、'.join(app.workflows) or '无'}。",
        )
    if role and role not in app.roles:
        raise no_role(role, app.roles, locale)
    for name in (entity,) if entity is not None else tuple(app.workflows):
        for machine in app.workflows[name].values():
            _print(machine, role, locale)


def _print(machine: Workflow, role: str, locale: str) -> None:
    name, first = f"{machine.entity}.{machine.name}", machine.initial
    say(locale, f"{name}: begins in {first}", f"{name}：初始状态 {first}")
    for move in moves(machine, role):
        click.echo(_line(move, locale))
    ends = ", ".join(machine.finals)
    say(locale, f"  ends in {ends or 'nothing'}", f"  终态 {ends or '无'}")


def _line(move: Move, locale: str) -> str:
    way = f"{move.state} → {', '.join(move.targets)}"
    number = move.conditions
    guard = said(locale, f" [{number} conditions]", f" [{number} 个条件]") if number else ""
    return f"  {way:<44} {move.transition:<24} {', '.join(move.who)}{guard}"
