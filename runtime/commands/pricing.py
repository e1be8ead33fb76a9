"""`price`: what a cart costs and why, asked of the definitions and the records that are there."""

from __future__ import annotations

import json
from typing import Any

import click
import orjson

from runtime.commands.context import (
    compiled_of,
    engine_of,
    make_runtime,
    settings_of,
    system_actor,
)
from runtime.commands.language import LOCALE, refusal
from runtime.errors import RequestError
from runtime.messages import Incoming
from runtime.pipeline import handle
from runtime.pricing_words import Words


@click.command()
@click.argument("cart", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--json", "in_json", is_flag=True, help="Print what the API answers.")
@LOCALE
@click.pass_context
def price(context: click.Context, cart: str, in_json: bool, locale: str) -> None:
    """Price the cart in a JSON file (`-` for standard input) and say why.

    It holds what POST /api/v1/pricing/evaluate takes: {"lines": [{"item": "A", "quantity": 2}]}.
    """
    settings = settings_of(context)
    compiled = compiled_of(settings, locale)
    if compiled.app.pricing is None:
        raise refusal(
            locale,
            "The definitions price nothing: write `pricing:` in app.yaml.",
            "定义中没有定价设置：请在 app.yaml 中写上 `pricing:`。",
        )
    values = _read(cart, locale)
    with engine_of(settings) as engine:
        runtime = make_runtime(compiled, engine)
        incoming = Incoming(
            "evaluate",
            compiled.app.pricing.entity,
            system_actor(compiled),
            values=values,
            source="command",
        )
        outcome = handle(incoming, runtime)
    if isinstance(outcome, RequestError):
        raise _refused(outcome, locale)
    words = Words(outcome.row, compiled.app, locale)
    if in_json:
        click.echo(orjson.dumps({"data": words.as_json()}, option=orjson.OPT_INDENT_2))
        return
    for line in words.as_text():
        click.echo(line)


def _read(name: str, locale: str) -> Any:
    """Return what a file of JSON holds, its numbers as exact as they are written."""
    try:
        with click.open_file(name, encoding="utf-8") as file:
            text = file.read()
        return json.loads(text, parse_float=str)
    except ValueError as error:
        raise refusal(
            locale, f"{name} holds no JSON: {error}.", f"{name} 不是有效的 JSON：{error}。"
        ) from error


def _refused(outcome: RequestError, locale: str) -> click.ClickException:
    lines = [outcome.message.text(locale)]
    lines += [
        f"  {error.field or '-'}: {error.message.text(locale)} ({error.code})"
        for error in outcome.errors
    ]
    return click.ClickException("\n".join(lines))
