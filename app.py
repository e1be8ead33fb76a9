"""Shopwright's composition root and command line: the only file that names every part.

It reads the environment once, makes settings of it, and hands them on; everything else takes what
it needs as arguments. `python app.py --help` lists the commands.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runtime import logs
from runtime.commands import data, database, definitions, explaining, people, serving
from runtime.settings import SettingsError, read_settings

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

TOPICS = (definitions, database, data, people, explaining, serving)


@click.group()
@click.option(
    "--definitions",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Another back office's folder of YAML.",
)
@click.pass_context
def main(context: click.Context, folder: Path | None) -> None:
    """Turn a folder of YAML definitions into a running back office."""
    if folder is not None:
        os.environ["SHOPWRIGHT_DEFINITIONS"] = str(folder.resolve())
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    logs.configure("json" if settings.log_format == "json" else "human", settings.log_level)
    context.obj = settings
    context.meta["environment"] = os.environ


for topic in TOPICS:
    for command in topic.COMMANDS:
        main.add_command(command)


def create_wsgi() -> WSGIApplication:
    """Return the web application; the WSGI server calls this in each of its processes."""
    from runtime.web.process import web_process  # noqa: PLC0415 (commands start without Flask)

    settings = read_settings(os.environ)
    logs.configure("json" if settings.log_format == "json" else "human", settings.log_level)
    return web_process(settings)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    main(prog_name="python app.py")
