"""Commands about other systems: how connectors stand, what is entered for them, the simulator."""

from __future__ import annotations

import click

from generator.compile import Compiled
from generator.model.connector import Connector
from runtime.commands.context import (
    compiled_of,
    engine_of,
    make_runtime,
    outside_of,
    settings_of,
    system_actor,
)
from runtime.commands.language import LOCALE, refusal, say
from runtime.commands.ports import told_address
from runtime.commands.serving import applied_release, end_at_next_release
from runtime.outside import settings as kept
from runtime.outside.box import Box
from runtime.processes import stop_on_signals
from runtime.runtime import Runtime
from runtime.simulator.ledger import Ledger
from runtime.simulator.playing import Player
from runtime.simulator.server import Stage, make_server
from runtime.store.engine import write
from runtime.store.migrate.rollback import release_definitions
from runtime.store.trail import Trail

MODE = click.Choice(kept.MODES)


@click.group()
def connector() -> None:
    """Say how other systems are reached; what is entered is kept encrypted."""


@connector.command(name="list")
@LOCALE
@click.pass_context
def list_all(context: click.Context, locale: str) -> None:
    """List the connectors, their modes and what is still to be entered."""
    settings = settings_of(context)
    compiled = compiled_of(settings, locale)
    with engine_of(settings) as engine:
        office = make_runtime(compiled, engine, settings.secret_key, outside_of(settings))
        for one in compiled.app.connectors.values():
            standing = kept.standing(office, one)
            missing = ", ".join(standing.missing)
            wanting = {"en": f"  missing: {missing}", "zh": f"  未填写：{missing}"}
            line = f"{one.name:<20} {standing.mode:<10} {one.label.text(locale)}"
            click.echo(
                line + (wanting["zh" if locale.startswith("zh") else "en"] if missing else "")
            )


@connector.command(name="mode")
@click.argument("name")
@click.argument("mode", type=MODE)
@LOCALE
@click.pass_context
def choose(context: click.Context, name: str, mode: str, locale: str) -> None:
    """Use a connector in a mode: off, simulator, sandbox or live."""
    settings = settings_of(context)
    compiled = compiled_of(settings, locale)
    chosen = _named(compiled, name, locale)
    with engine_of(settings) as engine:
        office = make_runtime(compiled, engine, settings.secret_key, outside_of(settings))
        with write(engine) as connection:
            kept.choose_mode(connection, _trail(office, compiled), chosen, mode)
    say(locale, f"{name} is used as: {mode}.", f"{name} 的使用方式：{mode}。")


@connector.command(name="set")
@click.argument("name")
@click.argument("setting")
@click.option("--mode", type=click.Choice((kept.SANDBOX, kept.LIVE)), default=kept.LIVE)
@click.password_option("--value", confirmation_prompt=False, help="Asked for when missing.")
@LOCALE
@click.pass_context
def enter(
    context: click.Context, name: str, setting: str, mode: str, value: str, locale: str
) -> None:
    """Enter a setting of a connector; it is asked for unseen, encrypted and never shown."""
    settings = settings_of(context)
    compiled = compiled_of(settings, locale)
    chosen = _named(compiled, name, locale)
    with engine_of(settings) as engine:
        office = make_runtime(compiled, engine, settings.secret_key, outside_of(settings))
        try:
            with write(engine) as connection:
                trail = _trail(office, compiled)
                kept.enter(connection, trail, chosen, mode, setting, value)
        except ValueError as error:
            known = ", ".join(chosen.settings)
            raise refusal(
                locale,
                f"'{setting}' of {name} cannot be that. Settings: {known}; "
                "base_url is a public address, https:// in production; "
                "SHOPWRIGHT_OUTSIDE_ALLOWED names others.",
                f"{name} 的“{setting}”不能这样填写。设置项：{known}；"
                "base_url 须为公网地址，生产环境须为 https://；"
                "其他地址在 SHOPWRIGHT_OUTSIDE_ALLOWED 中注明。",
            ) from error
    say(locale, f"{name}.{setting} is entered for {mode}.", f"已为 {mode} 填写 {name}.{setting}。")


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), required=True)
@LOCALE
@click.pass_context
def simulator(context: click.Context, port: int, locale: str) -> None:
    """Play the providers of all connectors on this machine; `run` starts it by itself."""
    settings = settings_of(context)
    if settings.production:
        raise refusal(locale, "There is no simulator in production.", "生产环境不提供模拟服务。")
    with engine_of(settings) as engine:
        release = applied_release(engine, locale)
    compiled = release_definitions(release)
    end_at_next_release(settings, release.number)
    settings.data.mkdir(parents=True, exist_ok=True)
    stage = Stage(
        compiled.app,
        Box(settings.secret_key),
        Player(Ledger(settings.data / "simulator.jsonl")),
        told_address(settings.host, settings.port),
        settings.start_token,
    )
    server = make_server(stage, port)
    stop = stop_on_signals()
    server.timeout = 0.5
    while not stop.is_set():
        server.handle_request()
    server.server_close()


def _named(compiled: Compiled, name: str, locale: str) -> Connector:
    found = compiled.app.connectors.get(name)
    if found is None:
        known = ", ".join(compiled.app.connectors) or "-"
        raise refusal(
            locale,
            f"There is no connector '{name}'. Known: {known}.",
            f"没有名为“{name}”的连接器。可用的有：{known}。",
        )
    return found


def _trail(office: Runtime, compiled: Compiled) -> Trail:
    return Trail(office, system_actor(compiled), source="command")
