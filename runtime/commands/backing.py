"""Commands that keep the whole shop in one archive and bring it back."""

from __future__ import annotations

from pathlib import Path

import click

from runtime.backup import taking
from runtime.backup.archive import BadArchive
from runtime.backup.restoring import NotEmpty
from runtime.backup.restoring import restore as restore_from
from runtime.commands.context import compiled_of, engine_of, settings_of
from runtime.commands.language import LOCALE, refusal, say
from runtime.runtime import utc_now
from runtime.store.copies import CopyDoesNotFit

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option("--try/--no-try", "proves", default=True, help="Load it beside the shop and count.")
@LOCALE
@click.pass_context
def backup(context: click.Context, folder: Path | None, proves: bool, locale: str) -> None:
    """Keep data, files and definitions in one archive, while the shop goes on.

    The secret of the installation is not in it; keep that elsewhere.
    """
    settings = settings_of(context)
    name = compiled_of(settings, locale).app.name
    place = folder or settings.data / taking.FOLDER
    with engine_of(settings) as engine:
        try:
            made = taking.take(engine, name, settings.data / "files", place, utc_now())
            if proves:
                taking.prove(engine, made.path)
        except BadArchive as error:
            raise refusal(
                locale,
                f"Nothing to keep: {error}.",
                "没有可备份的内容：此数据库尚未应用任何定义。",
            ) from error
        except CopyDoesNotFit as error:
            raise refusal(
                locale,
                f"The backup was written, but it cannot be loaded: {error}.",
                f"备份已写入，但试恢复失败：{error}。",
            ) from error
    say(
        locale,
        f"{made.path}: {made.rows} rows, {made.files} files, {made.size} bytes"
        + (", tried" if proves else ""),
        f"{made.path}：{made.rows} 行，{made.files} 个文件，{made.size} 字节"
        + ("，试恢复通过" if proves else ""),
    )


@click.command()
@click.argument("archive", type=FILE)
@click.option(
    "--definitions",
    "into",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the definitions of the archive to this empty folder.",
)
@LOCALE
@click.pass_context
def restore(context: click.Context, archive: Path, into: Path | None, locale: str) -> None:
    """Bring an archive into a database that holds nothing yet."""
    settings = settings_of(context)
    with engine_of(settings) as engine:
        try:
            held = restore_from(archive, engine, settings.data / "files", into, utc_now())
        except NotEmpty as error:
            raise refusal(
                locale,
                f"Not empty: {error}. Name an empty one; nothing is overwritten.",
                f"目标不为空：{error}。请指定空的目标，恢复不会覆盖任何内容。",
            ) from error
        except (BadArchive, CopyDoesNotFit) as error:
            raise refusal(
                locale,
                f"This is not restored: {error}.",
                f"无法恢复：{error}。",
            ) from error
    rows = sum(held.rows.values())
    say(
        locale,
        f"Restored {rows} rows in {len(held.rows)} tables, as of {held.made_at}.",
        f"已恢复 {len(held.rows)} 张表共 {rows} 行，数据截至 {held.made_at}。",
    )
