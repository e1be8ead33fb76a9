"""Commands about the database: what definitions would change, do it, go back."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import orjson
import sqlalchemy as sa

from generator.compile import Compiled
from generator.durations import seconds_of
from runtime.commands.context import compiled_of, engine_of, settings_of
from runtime.commands.language import LOCALE, asked, refusal, said, say
from runtime.runtime import utc_now
from runtime.store.migrate.apply import apply as apply_plan
from runtime.store.migrate.apply import apply_saved
from runtime.store.migrate.clocks import CHOICES, KEEP, STAGGER, Retiming
from runtime.store.migrate.faults import MigrationError
from runtime.store.migrate.make import make_plan
from runtime.store.migrate.plan import MigrationPlan
from runtime.store.migrate.releases import find_release, releases, retimed, write_release
from runtime.store.migrate.render import plan_json, render_plan
from runtime.store.migrate.rollback import plan_rollback
from runtime.web.users import sync_roles


def _consents(
    context: click.Context, parameter: click.Parameter, given: tuple[str, ...]
) -> frozenset[str]:
    words = frozenset(word.strip() for each in given for word in each.split(","))
    for word in words - {"drop", "narrow"}:
        raise click.BadParameter(
            said(
                asked(context),
                f"'{word}' is not a consent; write drop, narrow or drop,narrow.",
                f"“{word}”不是有效的同意项，请写 drop、narrow 或 drop,narrow。",
            )
        )
    return words


def _retiming(context: click.Context, choice: str, span: str | None) -> Retiming:
    """Return what becomes of timers, as asked: `--timers stagger PT1H`."""
    locale = asked(context)
    if choice != STAGGER:
        if span is not None:
            raise click.BadArgumentUsage(
                said(locale, f"'{span}' means nothing here.", f"此处不需要“{span}”。")
            )
        return Retiming(choice)
    seconds = seconds_of(span) if span is not None else None
    if seconds is None:
        raise click.BadArgumentUsage(
            said(
                locale,
                "Say over how long: --timers stagger PT1H.",
                "请写明分散到多长时间内：--timers stagger PT1H。",
            )
        )
    return Retiming(choice, seconds)


TIMERS = click.option(
    "--timers",
    "choice",
    type=click.Choice(CHOICES),
    default=KEEP,
    metavar="[keep|recompute|stagger PT1H]",
    help="What becomes of armed timers that are timed otherwise now: they keep their times; are "
    "timed anew; or so, with those due at once spread over a length of time.",
)
SPAN = click.argument("span", required=False, metavar="")

ALLOW = click.option(
    "--allow",
    "allowed",
    multiple=True,
    callback=_consents,
    help="Consent to lose data: drop (columns, tables), narrow (values) or both.",
)


@click.command()
@click.option("--json", "in_json", is_flag=True, help="Print the plan as JSON, for apply --plan.")
@click.option("--sql/--no-sql", default=False, help="Print every statement, not only their number.")
@LOCALE
@click.pass_context
def plan(context: click.Context, in_json: bool, sql: bool, locale: str) -> None:
    """Show what the definitions would change in the database, and what that does to the data."""
    settings = settings_of(context)
    compiled = compiled_of(settings, locale, in_json=in_json)
    with engine_of(settings) as engine:
        made = make_plan(engine, compiled)
    if in_json:
        click.echo(orjson.dumps(plan_json(made), option=orjson.OPT_INDENT_2))
    else:
        click.echo(render_plan(made, locale, sql=sql))


@click.command()
@click.option("--plan", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@TIMERS
@SPAN
@ALLOW
@LOCALE
@click.pass_context
def apply(
    context: click.Context,
    file: Path | None,
    yes: bool,
    choice: str,
    span: str | None,
    allowed: frozenset[str],
    locale: str,
) -> None:
    """Bring the database to the definitions: a sealed plan from a file, or one made now."""
    settings = settings_of(context)
    timers = _retiming(context, choice, span)
    compiled = compiled_of(settings, locale)
    with engine_of(settings) as engine:
        try:
            if file is not None:
                number = apply_saved(
                    engine,
                    compiled,
                    _saved_plan(file, locale),
                    now=utc_now(),
                    allow=allowed,
                    timers=timers,
                )
            else:
                made = make_plan(engine, compiled)
                consent = Consent(yes, allowed, timers)
                number = _confirm_and_apply(engine, compiled, made, consent, locale)
            sync_roles(engine, compiled.app)
        except MigrationError as error:
            raise click.ClickException(error.message.text(locale)) from error
        moved = retimed(engine, number)
    say(locale, f"Release {number} is applied.", f"已应用版本 {number}。")
    _tell_timers(moved, locale)


@click.command()
@click.argument("number", type=int, required=False)
@SPAN
@click.option("--yes", is_flag=True, help="Do not ask.")
@TIMERS
@click.option(
    "--files",
    type=click.Path(file_okay=False, path_type=Path),
    help="Also write the release's definition files to this folder.",
)
@ALLOW
@LOCALE
@click.pass_context
def rollback(
    context: click.Context,
    number: int | None,
    span: str | None,
    yes: bool,
    choice: str,
    files: Path | None,
    allowed: frozenset[str],
    locale: str,
) -> None:
    """Return to an applied release; without a number, list the releases."""
    settings = settings_of(context)
    timers = _retiming(context, choice, span)
    if files is not None and files.exists() and any(files.iterdir()):
        raise refusal(
            locale,
            f"{files} is not empty; name a new folder for the files.",
            f"{files} 不是空文件夹，请另写一个新文件夹。",
        )
    with engine_of(settings) as engine:
        if number is None:
            for one in releases(engine):
                click.echo(f"{one.number:>4}  {one.applied_at:%Y-%m-%d %H:%M}  {one.digest[:12]}")
            return
        try:
            compiled, made = plan_rollback(engine, number)
            applied = _confirm_and_apply(
                engine, compiled, made, Consent(yes, allowed, timers), locale
            )
            sync_roles(engine, compiled.app)
            if files is not None:
                write_release(find_release(engine, number), files)
        except MigrationError as error:
            raise click.ClickException(error.message.text(locale)) from error
        moved = retimed(engine, applied)
    _tell_timers(moved, locale)
    say(
        locale,
        f"Release {applied} is applied: the definitions of release {number}.",
        f"已应用版本 {applied}：内容为版本 {number} 的定义。",
    )
    if files is None:
        say(
            locale,
            "The folder of definitions is as it was; --files DIR writes the old ones.",
            "定义文件夹未改动；加 --files DIR 可写出旧的定义文件。",
        )


def _saved_plan(file: Path, locale: str) -> dict[str, Any]:
    try:
        saved = orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError:
        saved = None
    if not isinstance(saved, dict) or "seal" not in saved:
        raise refusal(
            locale,
            f"{file} is no plan; `plan --json > {file}` makes one.",
            f"{file} 不是计划文件；`plan --json > {file}` 可生成。",
        )
    return saved


def _tell_timers(moved: Mapping[str, Any], locale: str) -> None:
    """Say what became of timers, where anything did."""
    if moved.get("moved") or moved.get("armed"):
        say(
            locale,
            "Timers: {moved} timed anew, {armed} armed, {spread} of them spread.".format(**moved),
            "计时：重算 {moved} 个，新启动 {armed} 个，其中 {spread} 个已分散。".format(**moved),
        )


@dataclass(frozen=True)
class Consent:
    """What somebody agreed to on the command line."""

    yes: bool
    allowed: frozenset[str]
    timers: Retiming


def _confirm_and_apply(
    engine: sa.Engine, compiled: Compiled, made: MigrationPlan, given: Consent, locale: str
) -> int:
    """Show a plan, ask, and do it; what may not be done is refused without asking."""
    click.echo(render_plan(made, locale))
    may = not made.obstacles and made.consents <= given.allowed
    if may and made.is_new_release and not given.yes:
        if not sys.stdin.isatty():
            raise refusal(
                locale, "Nobody is there to ask; pass --yes.", "无人可确认，请加上 --yes。"
            )
        click.confirm(said(locale, "Apply this?", "确认应用？"), abort=True)
    return apply_plan(
        engine, compiled, made, now=utc_now(), allow=given.allowed, timers=given.timers
    )
