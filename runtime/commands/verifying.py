"""`verify`: the scenarios of the definitions, played on a database that is thrown away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import orjson

from runtime.commands.context import compiled_of, settings_of
from runtime.commands.language import LOCALE, said
from runtime.verify.playing import CaseVerdict, Played, play
from runtime.verify.words import in_chinese

KINDS = {
    "grant": "授权",
    "check": "校验",
    "message": "提示",
    "transition": "流转",
    "guard": "条件",
    "course": "流程的经过",
}


@click.command()
@click.argument("scenarios", nargs=-1)
@click.option("--json", "in_json", is_flag=True, help="Everything as JSON.")
@click.option("--strict", is_flag=True, help="Fail if anything is untouched.")
@LOCALE
@click.pass_context
def verify(
    context: click.Context, scenarios: tuple[str, ...], in_json: bool, strict: bool, locale: str
) -> None:
    """Play the scenarios of the definitions, all or those named, and say which do not hold.

    Exit code 0 if all hold, 1 if not, 2 if there is no such scenario.
    """
    compiled = compiled_of(settings_of(context), locale)
    unknown = [name for name in scenarios if name not in compiled.app.scenarios]
    if unknown:
        known = ", ".join(compiled.app.scenarios) or said(locale, "none", "无")
        raise click.UsageError(
            said(
                locale,
                f"There is no scenario '{unknown[0]}'. There are: {known}.",
                f"没有场景 '{unknown[0]}'。现有：{known}。",
            )
        )
    with TemporaryDirectory() as folder:
        played = play(compiled, Path(folder), scenarios, locale)
    if in_json:
        click.echo(orjson.dumps(_json(played), option=orjson.OPT_INDENT_2))
    else:
        click.echo("\n".join(_text(played, locale, scenarios)))
    if played.failed or (strict and played.coverage.untouched()):
        raise click.exceptions.Exit(1)


def _text(played: Played, locale: str, only: tuple[str, ...]) -> Iterator[str]:
    chinese = locale == "zh"
    for one in played.verdicts:
        word = ("通过" if chinese else "holds") if one.holds else ("不符" if chinese else "FAILS")
        yield f"{word}  {_place(one)}  {one.scenario}: {one.case.replace('_', ' ')}"
        yield from (f"       {in_chinese(text) if chinese else text}" for text in one.faults)
    if not only:
        yield ""
        yield from _untouched(played, chinese)
    yield ""
    yield _summary(played, chinese)


def _untouched(played: Played, chinese: bool) -> Iterator[str]:
    """What nobody tried; lines of the matrix by action, because few are as long as a table."""
    left = played.coverage.untouched()
    if left:
        yield "没有场景涉及：" if chinese else "Touched by no scenario:"
    for one in left:
        kind = KINDS[one.kind] if chinese else one.kind
        more = f": {', '.join(one.actions)}" if one.actions else ""
        yield f"  {kind}  {one.span.file}:{one.span.line}  {one.name}{more}"


def _summary(played: Played, chinese: bool) -> str:
    cases, failed = len(played.verdicts), played.failed
    counts = played.coverage.counts
    if chinese:
        told = "、".join(f"{KINDS[kind]} {n}/{of}" for kind, (n, of) in counts.items())
        return f"{cases} 个案例，{f'{failed} 个不符' if failed else '全部通过'}；已涉及：{told}。"
    told = ", ".join(f"{n} of {of} {kind}s" for kind, (n, of) in counts.items())
    verdict = f"{failed} of them FAIL" if failed else "all hold"
    return f"{cases} {'case' if cases == 1 else 'cases'}, {verdict}; touched: {told}."


def _place(one: CaseVerdict) -> str:
    return f"{one.span.file}:{one.span.line}"


def _json(played: Played) -> dict[str, Any]:
    return {
        "cases": len(played.verdicts),
        "failed": played.failed,
        "verdicts": [
            {
                "scenario": one.scenario,
                "case": one.case,
                "file": one.span.file,
                "line": one.span.line,
                "holds": one.holds,
                "faults": list(one.faults),
            }
            for one in played.verdicts
        ],
        "touched": {
            kind: {"touched": number, "of": every}
            for kind, (number, every) in played.coverage.counts.items()
        },
        "untouched": [
            {
                "kind": left.kind,
                "name": left.name,
                "file": left.span.file,
                "line": left.span.line,
                "actions": list(left.actions),
            }
            for left in played.coverage.untouched()
        ],
    }
