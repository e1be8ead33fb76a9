"""Commands about ledgers: do the balances follow from the entries?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import click
import orjson

from runtime.commands.context import compiled_of, engine_of, make_runtime, settings_of
from runtime.commands.language import LOCALE, refusal
from runtime.store.engine import read
from runtime.store.ledger_verify import Drift, Replayed, replay

BY = {"entries": "流水", "holds": "预留", "lots": "批次", "formula": "公式"}


@click.group()
def ledger() -> None:
    """Prove that what is counted is what was posted."""


@ledger.command(name="verify")
@click.argument("names", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Every drift as JSON.")
@LOCALE
@click.pass_context
def verify_ledgers(
    context: click.Context, names: Sequence[str], as_json: bool, locale: str
) -> None:
    """Replay the entries of ledgers, all of them if none is named, against their balances."""
    settings = settings_of(context)
    with engine_of(settings) as engine:
        runtime = make_runtime(compiled_of(settings, locale), engine, settings.secret_key)
        known = runtime.app.ledgers
        for name in names:
            if name not in known:
                raise refusal(
                    locale,
                    f"There is no ledger '{name}'. Try: {', '.join(known) or 'none is defined'}.",
                    f"没有账本“{name}”。现有：{'、'.join(known) or '无'}。",
                )
        with read(engine) as connection:
            found = [replay(connection, runtime.book(name)) for name in names or known]
    if as_json:
        told = {"ledgers": [asdict(one) for one in found]}
        click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
    else:
        for one in found:
            for line in _lines(one, locale):
                click.echo(line)
    if any(one.drifts for one in found):
        raise click.exceptions.Exit(1)


def _lines(found: Replayed, locale: str) -> list[str]:
    lines = [_drift(one, locale) for one in found.drifts]
    count = len(found.drifts)
    if locale == "zh":
        verdict = f"{count} 处不符" if count else "全部相符"
        told = f"{found.ledger}：{found.balances} 个余额，{found.entries} 条流水；{verdict}。"
    else:
        verdict = f"{count} do not agree" if count else "all agree"
        told = f"{found.ledger}: {found.balances} balances, {found.entries} entries; {verdict}."
    return [*lines, told]


def _drift(one: Drift, locale: str) -> str:
    if locale == "zh":
        should = f"按{BY[one.by]}应为 {one.should}"
        return f"{one.ledger} {one.balance}：{one.number} 为 {one.kept}，{should}"
    return (
        f"{one.ledger} {one.balance}: {one.number} is {one.kept}, "
        f"by its {one.by} it should be {one.should}"
    )
