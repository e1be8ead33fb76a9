"""Commands about the audit: is it what was written, and a note of its newest seal."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from runtime.commands.context import compiled_of, engine_of, make_runtime, settings_of
from runtime.commands.language import LOCALE, refusal
from runtime.runtime import utc_now
from runtime.settings import Settings
from runtime.store.audit_chain import last_anchor, seal_waiting
from runtime.store.audit_key import AuditKey, audit_key
from runtime.store.audit_verify import MOST_FINDINGS, Verdict, verify
from runtime.store.engine import read
from runtime.store.signed_files import NotSigned, proved


@click.group()
def audit() -> None:
    """Prove that nobody tampered with the log of what happened."""


@audit.command(name="verify")
@click.option("--anchor", default="", help="A seal noted earlier by `audit anchor`.")
@click.option("--json", "as_json", is_flag=True, help="Every finding as JSON.")
@LOCALE
@click.pass_context
def verify_audit(context: click.Context, anchor: str, as_json: bool, locale: str) -> None:
    """Read the whole audit and name every row that was altered, forged, removed or slipped in."""
    settings = settings_of(context)
    with engine_of(settings) as engine:
        runtime = make_runtime(compiled_of(settings, locale), engine, settings.secret_key)
        found = verify(engine, runtime.schema, _keys(settings), anchor)
    click.echo(_json(found, locale) if as_json else _text(found, locale))
    if found.count:
        raise click.exceptions.Exit(1)


@audit.command(name="anchor")
@LOCALE
@click.pass_context
def anchor(context: click.Context, locale: str) -> None:
    """Seal what waits and print the newest seal, to be kept where nobody of this shop can write."""
    settings = settings_of(context)
    with engine_of(settings) as engine:
        seal_waiting(engine, audit_key(settings.secret_key), utc_now())
        with read(engine) as connection:
            newest = last_anchor(connection)
    if not newest:
        raise refusal(
            locale,
            "Nothing is sealed yet; rows are sealed a minute after.",
            "尚无封印；记录写入一分钟后才会封印。",
        )
    click.echo(newest)


@audit.command(name="verify-report")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@LOCALE
@click.pass_context
def verify_report(context: click.Context, file: Path, locale: str) -> None:
    """Say whether the report of a review of rights is as it was taken out, by whom and when."""
    try:
        said, is_true = proved(_keys(settings_of(context)), file.read_bytes())
    except NotSigned as error:
        raise refusal(
            locale,
            f"{file.name} bears no signature: it is no report of a review, or was saved anew.",
            f"{file.name} 没有签名：它不是复核报告，或已被另行保存。",
        ) from error
    if not is_true:
        raise refusal(
            locale,
            f"{file.name} is not what was taken out: it was changed, or signed with another key.",
            f"{file.name} 与导出时不一致：文件被改动，或由其他密钥签名。",
        )
    told = [str(said.get(name, "")) for name in ("review", "began", "by", "at")]
    if locale == "zh":
        click.echo("文件未被改动：复核 {}（开始于 {}），由 {} 于 {} 导出。".format(*told))
    else:
        click.echo("Unchanged: the review {} begun {}, taken out by {} at {}.".format(*told))


def _keys(settings: Settings) -> tuple[AuditKey, ...]:
    return tuple(audit_key(secret) for secret in (settings.secret_key, *settings.old_secret_keys))


def _text(found: Verdict, locale: str) -> str:
    lines = [one.message.text(locale) for one in found.findings]
    if found.count > MOST_FINDINGS:
        more = found.count - MOST_FINDINGS
        lines.append(f"另有 {more} 处不符。" if locale == "zh" else f"And {more} more.")
    if locale == "zh":
        seen = f"共 {found.rows} 条记录，其中 {found.sealed} 条由 {found.seals} 个封印覆盖"
        judged = f"{found.count} 处不符" if found.count else "全部相符"
        lines.append(f"{seen}{_removed(found, locale)}；{judged}。")
        return "\n".join(lines)
    seen = f"{found.rows} rows, {found.sealed} of them under {found.seals} seals"
    if found.unsigned:
        seen += f", {found.unsigned} from before rows were signed"
    seen += _removed(found, locale)
    verdict = f"{found.count} do not agree" if found.count else "all as they were written"
    return "\n".join([*lines, f"{seen}: {verdict}."])


def _removed(found: Verdict, locale: str) -> str:
    """Return what is said of rows whose time was over."""
    if found.removed_until is None:
        return ""
    until = f"{found.removed_until:%Y-%m-%d %H:%M} UTC"
    if locale == "zh":
        proved = f"有 {found.removed_seals} 个封印为证"
        return f"；截至 {until} 的 {found.removed} 条记录已到期删除，{proved}"
    return (
        f"; {found.removed} rows up to {until} were removed when their time was over, as "
        f"{found.removed_seals} seals prove"
    )


def _json(found: Verdict, locale: str) -> str:
    told = {
        "rows": found.rows,
        "unsigned": found.unsigned,
        "sealed": found.sealed,
        "seals": found.seals,
        "removed": found.removed,
        "removed_seals": found.removed_seals,
        "removed_until": found.removed_until,
        "anchor": found.anchor,
        "count": found.count,
        "findings": [
            {"code": one.code, "where": one.where, "message": one.message.text(locale)}
            for one in found.findings
        ],
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()
