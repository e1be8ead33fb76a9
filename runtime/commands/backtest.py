"""`backtest`: what two rule sets would have given on the carts of the past."""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import Any

import click
import orjson
from babel.numbers import format_currency, format_decimal

from generator.model.text import Label
from runtime.backtest import Wanted, backtest, read_rule_set
from runtime.commands.context import compiled_of, engine_of, make_runtime, settings_of
from runtime.commands.language import LOCALE
from runtime.errors import Invalid


@click.command("backtest")
@click.option("--left", default="now", show_default=True, metavar="RULES",
              help="Rules: now, none, with:NAME, with:NAME@2 or without:NAME.")  # fmt: skip
@click.option("--right", default="none", show_default=True, metavar="RULES", help="The other.")
@click.option("--last", default=1000, show_default=True, type=click.IntRange(1, 1_000_000),
              help="How many of the latest carts.")  # fmt: skip
@click.option("--currency", default="", help="Only carts in it; the shop's own if missing.")
@click.option("--json", "in_json", is_flag=True, help="Print the whole report.")
@LOCALE
@click.pass_context
def replay(
    context: click.Context,
    left: str,
    right: str,
    last: int,
    currency: str,
    in_json: bool,
    locale: str,
) -> None:
    """Play the latest carts through two sets of rules and say what each would have given.

    Nothing is written. NAME is what prices call a promotion: the name of a file, or
    `promotion:CODE` of a record, a draft too.
    """
    settings = settings_of(context)
    compiled = compiled_of(settings, locale)
    with engine_of(settings) as engine:
        runtime = make_runtime(compiled, engine)
        try:
            wanted = Wanted(read_rule_set(left), read_rule_set(right), last, currency)
            report = backtest(runtime, wanted, _telling(last, in_json))
        except Invalid as refused:
            raise click.ClickException(refused.message.text(locale)) from refused
    if in_json:
        click.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2))
        return
    for line in _lines(report, locale):
        click.echo(line)


def _telling(last: int, in_json: bool) -> Any:
    """Return what tells progress on a terminal; nothing where somebody reads the answer."""
    if in_json or not sys.stderr.isatty():
        return lambda done: None
    return lambda done: click.echo(f"\r{done} / {last}", nl=False, err=True)


def _lines(report: dict[str, Any], locale: str) -> list[str]:
    def say(en: str, zh: str) -> str:
        return Label({"en": en, "zh": zh}).text(locale)

    def money(minor: int) -> str:
        value = Decimal(minor).scaleb(-report["places"])
        return str(format_currency(value, report["currency"], locale=locale))

    def number(value: int) -> str:
        return str(format_decimal(value, locale=locale))

    def both(name: str) -> str:
        return f"{money(report['left'][name])}  →  {money(report['right'][name])}"

    def label(name: str) -> str:
        return Label(report["labels"].get(name) or {"": name}).text(locale)

    carts, changed = number(report["carts"]), number(report["changed"])
    out = [
        f"{report['sets'][0]}  →  {report['sets'][1]}",
        say(f"{carts} carts, {changed} of them differ", f"共 {carts} 单，其中 {changed} 单有变化"),
        f"{say('Goods', '商品金额')}: {both('goods')}",
        f"{say('Discount', '优惠金额')}: {both('off')}",
        f"{say('To pay', '应付')}: {both('total')}",
        f"{say('Margin where the cost is known', '毛利（仅含已知成本）')}: {both('margin')}",
    ]
    for one in report["promotions"]:
        sides = [report_side(one[side], money, number, say) for side in ("left", "right")]
        out.append(f"  {label(one['promotion'])}: {sides[0]}  →  {sides[1]}")
    for one in report["largest"]:
        out.append(f"  {one['record']}: {money(one['left'])}  →  {money(one['right'])}")
    return [*out, say(*UNCHANGED)]


UNCHANGED = (
    "Shoppers are taken to have bought the same.",
    "以上结果假定顾客的购买行为不变。",
)


def report_side(side: dict[str, int], money: Any, number: Any, say: Any) -> str:
    """Return what one promotion did in one set of rules."""
    uses = number(side["carts"])
    text = say(f"{uses} carts, {money(side['off'])}", f"{uses} 单，{money(side['off'])}")
    if side["floors"]:
        hits = number(side["floors"])
        text += say(f", cut at the least price {hits} times", f"，{hits} 单触及最低价")
    return str(text)
