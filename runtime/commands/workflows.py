"""`workflow`: the state machines as a table and as Mermaid text, and what of them has drifted."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import click

from generator.field_types.duration import api_text
from generator.model.app import App
from generator.model.workflow import Workflow
from rules.workflow.graph import Arrow, graph_of
from rules.workflow.mermaid import MARKS, mermaid
from rules.workflow.simulating import Move, moves
from runtime.commands.context import compiled_of, engine_of, settings_of
from runtime.commands.language import LOCALE, no_role, refusal, said, say
from runtime.store.engine import read
from runtime.store.formula_drift import drifted
from runtime.store.schema import build_schema


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
    if role and role not in app.roles:
        raise no_role(role, app.roles, locale)
    for machine in _machines(app, entity, locale):
        _print(machine, role, locale)


@workflow.command()
@click.argument("entity", required=False)
@LOCALE
@click.pass_context
def diagram(context: click.Context, entity: str | None, locale: str) -> None:
    """Print each workflow as a Mermaid diagram, the same text for the same definition."""
    app = compiled_of(settings_of(context), locale).app
    for machine in _machines(app, entity, locale):
        click.echo(f"%% {machine.entity}.{machine.name}")
        tell = partial(_at_way, app, locale)
        click.echo(mermaid(graph_of(machine), locale, tell))


def _machines(app: App, entity: str | None, locale: str) -> Iterator[Workflow]:
    if entity is not None and entity not in app.workflows:
        raise refusal(
            locale,
            f"'{entity}' has no workflow. With one: {', '.join(app.workflows) or 'none'}.",
            f"“{entity}”没有流程。有流程的实体：{'、'.join(app.workflows) or '无'}。",
        )
    for name in (entity,) if entity is not None else tuple(app.workflows):
        yield from app.workflows[name].values()


def _at_way(app: App, locale: str, arrow: Arrow) -> str:
    """Return what stands at a way: its name, who takes it, how much it asks."""
    roles = [app.roles[one].label.text(locale) if one in app.roles else one for one in arrow.roles]
    number = arrow.conditions
    parts = [MARKS.get(arrow.kind, ""), arrow.label.text(locale)]
    if arrow.seconds:
        parts.append(
            said(locale, f"after {api_text(arrow.seconds)}", f"{api_text(arrow.seconds)} 后")
        )
    parts.append(f"({', '.join(roles)})" if roles else "")
    parts.append(said(locale, f"[{number} conditions]", f"[{number} 个条件]") if number else "")
    return " ".join(part for part in parts if part)


@workflow.command()
@LOCALE
@click.pass_context
def drift(context: click.Context, locale: str) -> None:
    """Compare derived states and kept formulas with what they would be now; repair nothing."""
    settings = settings_of(context)
    compiled = compiled_of(settings, locale)
    with engine_of(settings) as engine, read(engine) as connection:
        found = list(drifted(connection, build_schema(compiled, engine.dialect.name)))
    for one in found:
        ids = ", ".join(one.ids)
        say(
            locale,
            f"{one.entity}.{one.field}: {one.count} records differ, such as {ids}",
            f"{one.entity}.{one.field}：{one.count} 条记录与计算结果不一致，例如 {ids}",
        )
    if found:
        raise SystemExit(1)
    say(locale, "Everything that is kept is as it follows.", "所有派生值均与计算结果一致。")


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
