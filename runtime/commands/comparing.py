"""`access diff`: what a change of definitions gives and takes, per role, in words and in rows;
`access personal`: which fields say something about people, and who sees them."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import orjson
import sqlalchemy as sa

from generator.compile import Compiled, compile_definitions
from generator.field_types._locales import zone
from generator.model.privacy import ABOUT_PEOPLE
from generator.model.text import NOWHERE
from generator.problems import DefinitionError
from rules.comparing import Change, compare, unapproved
from rules.inventory import CLEAR, MASKED, SOME, inventory
from rules.matrix import Matrix
from runtime.commands.context import (
    compiled_of,
    engine_of,
    make_runtime,
    problems_text,
    settings_of,
)
from runtime.commands.language import LOCALE, refusal, said
from runtime.messages import Actor, Incoming, Result
from runtime.pipeline import handle
from runtime.runtime import Runtime, utc_now

SIGNS = {"widens": "+", "narrows": "-", "otherwise": "~", "new": "*"}
NOUNS = {
    "clear": ("sees {what} in clear", "可看到 {what} 明文"),
    "masked": ("sees {what} masked", "看到 {what} 的脱敏值"),
    "hidden": ("no longer sees {what}", "不再看到 {what}"),
}


@click.group()
def access() -> None:
    """Tell what the definitions let people see and do, and what a change of them would."""


@access.command(name="diff")
@click.argument("old")
@click.argument("new", required=False)
@click.option("--count", is_flag=True, help="Count in the database the rows that are opened.")
@click.option("--json", "in_json", is_flag=True, help="Every change as JSON.")
@click.option("--strict", is_flag=True, help="Fail if something widens that no line approves.")
@LOCALE
@click.pass_context
def diff(
    context: click.Context,
    old: str,
    new: str | None,
    count: bool,
    in_json: bool,
    strict: bool,
    locale: str,
) -> None:
    """Say what widens and narrows from OLD to NEW: folders, or git revisions of the definitions.

    Without NEW it is the definitions as they are now.
    """
    settings = settings_of(context)
    with (
        opened(old, settings.definitions, locale) as before,
        opened(new or str(settings.definitions), settings.definitions, locale) as after,
    ):
        changes = compare(before.app, after.app)
        counts: dict[Change, tuple[int, int]] = {}
        if count:
            with engine_of(settings) as engine:
                counts = dict(_counted(changes, before, after, engine))
        missing = unapproved(before.app, after.app)
    if in_json:
        click.echo(orjson.dumps([_json(one, counts, missing) for one in changes]))
    else:
        click.echo("\n".join(_text(changes, counts, missing, locale)))
    if strict and missing:
        raise click.exceptions.Exit(1)


@access.command(name="personal")
@click.option("--class", "kind", type=click.Choice(ABOUT_PEOPLE), help="Only fields of this class.")
@click.option("--json", "in_json", is_flag=True, help="Every field as JSON.")
@LOCALE
@click.pass_context
def personal(context: click.Context, kind: str | None, in_json: bool, locale: str) -> None:
    """List the fields that say something about people, and the roles that see each in clear."""
    compiled = compiled_of(settings_of(context), locale)
    matrix = Matrix(compiled.app, utc_now().astimezone(zone(compiled.app.time_zone)).date())
    found = inventory(matrix, (kind,) if kind else ABOUT_PEOPLE)
    if in_json:
        click.echo(orjson.dumps([asdict(one) for one in found]))
        return
    nobody, colon = said(locale, "nobody", "无人"), said(locale, ": ", "：")
    words = {
        CLEAR: said(locale, "in clear", "明文可见"),
        SOME: said(locale, "in clear in some records", "部分记录明文可见"),
        MASKED: said(locale, "masked", "脱敏可见"),
    }
    logged = {
        "value": said(locale, "the value", "原值"),
        "masked": said(locale, "its mask and a mark", "脱敏内容和标记"),
        "mark": said(locale, "a mark", "标记"),
    }
    for one in found:
        click.echo(f"{one.entity}.{one.field}  {one.sensitivity}")
        for sight, word in words.items():
            roles = [role for role, seen in one.seen.items() if seen == sight]
            if roles or sight == CLEAR:
                click.echo(f"  {word}{colon}{', '.join(roles) or nobody}")
        for word, others in (
            (said(locale, "revealed by", "可查看明文"), one.revealed),
            (said(locale, "taken out by", "可明文导出"), one.exported),
        ):
            if others:
                click.echo(f"  {word}{colon}{', '.join(others)}")
        click.echo(f"  {said(locale, 'in the log', '日志保留')}{colon}{logged[one.logged]}")


@contextmanager
def opened(where: str, definitions: Path, locale: str) -> Iterator[Compiled]:
    """Compile a folder, or a git revision of the folder of definitions."""
    if Path(where).is_dir():
        yield _compiled(Path(where), locale)
        return
    with TemporaryDirectory() as folder:
        if not at_revision(where, definitions, Path(folder)):
            raise refusal(
                locale,
                f"'{where}' is neither a folder nor a git revision of {definitions}.",
                f"“{where}”既不是文件夹，也不是 {definitions} 的 git 版本。",
            )
        yield _compiled(Path(folder), locale)


def at_revision(revision: str, definitions: Path, into: Path) -> bool:
    """Write the definitions of a git revision into a folder; False when there are none."""
    if revision.startswith("-"):
        return False
    command = ["git", "-C", str(definitions), "archive", "--format=tar", revision, "."]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    except OSError:
        return False
    if done.returncode or not done.stdout:
        return False
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(into, filter="data")
    return (into / "app.yaml").exists()


def _compiled(folder: Path, locale: str) -> Compiled:
    try:
        return compile_definitions(folder)
    except DefinitionError as error:
        click.echo(problems_text(error.problems, folder, locale), err=True)
        raise click.exceptions.Exit(1) from error


def _text(
    changes: list[Change],
    counts: dict[Change, tuple[int, int]],
    missing: list[Change],
    locale: str,
) -> Iterator[str]:
    if not changes:
        yield said(locale, "Nobody gains or loses anything.", "没有任何人的权限发生变化。")
        return
    place = None
    for one in changes:
        if (one.role, one.entity) != place:
            place = (one.role, one.entity)
            at = f"  ({one.span.file}:{one.span.line})" if one.span != NOWHERE else ""
            yield f"{one.role} × {one.entity}{at}"
        open_ = said(locale, "  NOT APPROVED", "  未批准") if one in missing else ""
        yield f"  {SIGNS[one.direction]} {sentence(one, locale)}{_rows(one, counts, locale)}{open_}"
    wide = sum(one.is_wide for one in changes)
    narrow = sum(one.direction == "narrows" for one in changes)
    yield ""
    yield said(
        locale,
        f"{wide} widen (+) or open other rows (~), {narrow} narrow (-), "
        f"{len(missing)} not approved.",
        f"{wide} 处放宽（+）或改变范围（~），{narrow} 处收紧（-），{len(missing)} 处未批准。",
    )


def _rows(one: Change, counts: dict[Change, tuple[int, int]], locale: str) -> str:
    if one not in counts:
        return ""
    before, after = counts[one]
    return said(locale, f": {before} → {after} rows", f"：{before} → {after} 条记录")


def sentence(one: Change, locale: str) -> str:
    """Return a change in words."""
    chinese = locale == "zh"
    actions = ("、" if chinese else ", ").join(one.actions)
    what = ("、" if chinese else ", ").join(one.what)
    gains = one.direction != "narrows"
    joined = " – ".join if one.kind == "days" else partial(_conditions, locale=locale)
    before, after = (joined(texts) for texts in (one.before, one.after))
    if one.kind == "action":
        return said(
            locale,
            f"{'may now' if gains else 'may no longer'} {actions}",
            f"{'可以' if gains else '不再可以'} {actions}",
        )
    if one.kind in NOUNS:
        text = NOUNS[one.kind][1 if chinese else 0].format(what=what)
        return f"{actions}{'：' if chinese else ': '}{text}"
    if one.kind == "write":
        return said(
            locale,
            f"{actions}: {'sets' if gains else 'no longer sets'} {what}",
            f"{actions}：{'可写' if gains else '不再可写'} {what}",
        )
    if one.kind == "second_factor":
        return said(
            locale,
            f"{'no longer needs' if gains else 'needs'} a second factor",
            f"{'不再要求' if gains else '要求'}两步验证",
        )
    nouns = {
        "owner": ("is given away by", "授予者"),
        "apart": ("does not go together with", "不能与之兼任"),
        "administers": ("administers", "管理"),
        "taken_by": ("is taken in an emergency by", "可紧急取用者"),
        "taken_for": ("is taken in an emergency for", "紧急取用时长"),
        "told": ("of an emergency are told", "紧急取用时通知"),
        "person": (f"actor.{what} is", f"actor.{what} 取自"),
        "days": ("days", "有效期"),
        "rows": ("rows", "记录范围"),
        "guard": ("guardrails", "护栏"),
        "ask": ("asks first for", "操作前须"),
        "check": ("check", "校验"),
        "kinds": ("kinds of entry", "过账类型"),
        "force": (f"{what} is set to", f"{what} 固定为"),
        "mask": (f"mask of {what}", f"{what} 脱敏方式"),
        "from": ("leads from", "可从以下状态执行"),
        "clauses": ("conditions", "条件"),
        "vetoes": ("what stops it", "阻止条件"),
        "others": ("must be somebody else than", "不得由同一人"),
        "confirm": ("is confirmed by", "确认方式"),
        "limit": (f"limit of {what}", f"{what} 上限"),
    }
    noun = nouns[one.kind][1 if chinese else 0]
    about = f"{actions}{'：' if chinese else ': '}" if actions else ""
    return f"{about}{noun} {before} → {after}"


def _conditions(texts: tuple[str, ...], locale: str) -> str:
    if not texts:
        return said(locale, "none", "无")
    if "" in texts:
        return said(locale, "all", "全部")
    return said(locale, " or ", " 或 ").join(f"[{text}]" for text in texts)


def _counted(
    changes: list[Change], before: Compiled, after: Compiled, engine: sa.Engine
) -> Iterator[tuple[Change, tuple[int, int]]]:
    """Yield how many rows a role reaches before and after, where the database can be asked.

    Conditions on the person count as nobody's: the role alone works nowhere.
    """
    runtimes = (make_runtime(before, engine), make_runtime(after, engine))
    known: dict[tuple[str, str], tuple[int, int] | None] = {}
    for one in changes:
        reads = {"list", "read"} & set(one.actions)
        if not reads:
            continue
        place = (one.role, one.entity)
        if place not in known:
            numbers = [_count(runtime, *place) for runtime in runtimes]
            gone = numbers[0] is None or numbers[1] is None
            known[place] = None if gone else (numbers[0] or 0, numbers[1] or 0)
        found = known[place]
        if found is not None:
            yield one, found


def _count(runtime: Runtime, role: str, entity: str) -> int | None:
    """Return how many rows somebody of a role lists; None where the database has no such table."""
    if entity not in runtime.app.entities:
        return None
    asks = Actor(0, role, frozenset({role}))
    try:
        found = handle(Incoming("count", entity, asks, query={"count": ("exact",)}), runtime)
    except sa.exc.DBAPIError:
        return None
    return found.total if isinstance(found, Result) else 0


def _json(
    one: Change, counts: dict[Change, tuple[int, int]], missing: list[Change]
) -> dict[str, Any]:
    told = asdict(one)
    told.pop("span")
    rows = counts.get(one)
    return {
        **told,
        "file": one.span.file,
        "line": one.span.line,
        "approved": one not in missing,
        "rows": None if rows is None else {"before": rows[0], "after": rows[1]},
        "words": sentence(one, "en"),
        "words_zh": sentence(one, "zh"),
    }


def widened(definitions: Path, compiled: Compiled, since: str, locale: str) -> list[Change]:
    """Return what widens since a git revision or a folder and is not approved.

    What cannot be read or compiled is told: no comparison never passes for one without a finding.
    """
    with opened(since, definitions, locale) as before:
        return unapproved(before.app, compiled.app)


def widened_since_head(definitions: Path, compiled: Compiled) -> list[Change]:
    """Return the same for what is not committed yet; nothing where no git keeps the folder."""
    with TemporaryDirectory() as folder:
        if not at_revision("HEAD", definitions, Path(folder)):
            return []
        try:
            return unapproved(compile_definitions(Path(folder)).app, compiled.app)
        except DefinitionError:
            return []
