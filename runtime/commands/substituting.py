"""A command for a copy of the records in which nobody is to be found."""

from __future__ import annotations

import click

from runtime import substituting
from runtime.commands.context import compiled_of, engine_of, make_runtime, settings_of
from runtime.commands.language import LOCALE, refusal, say
from runtime.runtime import utc_now
from runtime.store.engine import make_engine


@click.command(name="test-data")
@click.argument("target", metavar="URL")
@LOCALE
@click.pass_context
def copy_for_tests(context: click.Context, target: str, locale: str) -> None:
    """Copy the records into an empty database, personal values replaced.

    URL is sqlite:///FILE or postgresql://…; accounts, logs, messages and files stay behind.
    """
    settings = settings_of(context)
    compiled = compiled_of(settings, locale)
    try:
        other = make_engine(target)
    except ValueError as error:
        raise refusal(
            locale, str(error), "请填写 sqlite:/// 或 postgresql:// 开头的数据库地址。"
        ) from error
    try:
        with engine_of(settings) as engine:
            made = substituting.copy_for_tests(make_runtime(compiled, engine), other, utc_now())
    except substituting.NotEmpty as error:
        raise refusal(
            locale,
            f"Not empty: {error}. Name an empty database; nothing is overwritten.",
            f"目标不为空：{error}。请指定空的数据库，不会覆盖任何内容。",
        ) from error
    except LookupError as error:
        raise refusal(
            locale,
            f"Nothing was copied: {error}.",
            f"未复制任何内容：唯一字段的替代值不足（{error}）。",
        ) from error
    finally:
        other.dispose()
    rows = sum(made.rows.values())
    say(
        locale,
        f"Copied {rows} records of {len(made.rows)} tables, {made.values} values replaced. "
        "Texts of fields without a class stand as they are.",
        f"已复制 {len(made.rows)} 张表共 {rows} 条记录，替换 {made.values} 个值。"
        "未标注 class 的字段文本保持原样。",
    )
