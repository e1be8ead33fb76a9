"""Commands about records: seed a folder of rows."""

from __future__ import annotations

from pathlib import Path

import click

from runtime.commands.context import (
    compiled_of,
    engine_of,
    make_runtime,
    settings_of,
    system_actor,
)
from runtime.commands.demo import file_store
from runtime.commands.language import LOCALE, say
from runtime.seed import SeedRefused
from runtime.seed import seed as seed_folder


@click.command()
@click.argument(
    "folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@LOCALE
@click.pass_context
def seed(context: click.Context, folder: Path | None, locale: str) -> None:
    """Create the records of a folder of ENTITY.csv files; what is there already stays as it is."""
    settings = settings_of(context)
    compiled = compiled_of(settings, locale)
    with engine_of(settings) as engine:
        runtime = make_runtime(compiled, engine, settings.secret_key)
        files = file_store(runtime, settings)
        actor = system_actor(compiled)
        try:
            done = seed_folder(runtime, folder or settings.definitions / "data", actor, files)
        except SeedRefused as refusal:
            raise click.ClickException(refusal.message.text(locale)) from refusal
    for entity, count in done.created.items():
        say(locale, f"{entity:<24} {count} created", f"{entity:<24} 新建 {count}")
    for entity, count in done.skipped.items():
        say(locale, f"{entity:<24} {count} were there already", f"{entity:<24} 已有 {count}")
