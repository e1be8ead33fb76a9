"""Shopwright's composition root and command line: the only file that names every part.

It reads the environment once, makes settings of it, and hands them on; everything else takes what
it needs as arguments. `python app.py --help` lists the commands. A command's module is imported
when the command is called, so `check` answers without loading a web server.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runtime import logs
from runtime.settings import Settings, SettingsError, read_settings

# what is imported and compiled stays to the end: to look it over for cycles every seven hundred
# objects took a fifth of the time until a command answers
gc.set_threshold(50_000, 20, 20)

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

COMMANDS: Mapping[str, str] = {
    "check": "runtime.commands.definitions:check",
    "show": "runtime.commands.definitions:show",
    "workflow": "runtime.commands.workflows:workflow",
    "schemas": "runtime.commands.definitions:schemas",
    "reference": "runtime.commands.definitions:write_reference",
    "price": "runtime.commands.pricing:price",
    "backtest": "runtime.commands.backtest:replay",
    "explain": "runtime.commands.explaining:explain",
    "verify": "runtime.commands.verifying:verify",
    "access": "runtime.commands.comparing:access",
    "plan": "runtime.commands.database:plan",
    "apply": "runtime.commands.database:apply",
    "rollback": "runtime.commands.database:rollback",
    "audit": "runtime.commands.auditing:audit",
    "ledger": "runtime.commands.counting:ledger",
    "connector": "runtime.commands.connecting:connector",
    "user": "runtime.commands.people:user",
    "backup": "runtime.commands.backing:backup",
    "restore": "runtime.commands.backing:restore",
    "test-data": "runtime.commands.substituting:copy_for_tests",
    "import": "runtime.commands.importing:import_file",
    "seed": "runtime.commands.data:seed",
    "serve": "runtime.commands.serving:serve",
    "worker": "runtime.commands.serving:worker",
    "scheduler": "runtime.commands.serving:run_scheduler",
    "simulator": "runtime.commands.connecting:simulator",
    "run": "runtime.commands.serving:run",
    "benchmark": "runtime.commands.measuring:benchmark",
}
"""Every command and where it lives, in the order in which `--help` lists them."""


class Commands(click.Group):
    """The commands of the table above, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every name, in our order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found: click.Command = getattr(import_module(module), name)
        return found

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; whatever goes wrong becomes a sentence and an exit code."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            failures = import_module("runtime.commands.failures")
            language = import_module("runtime.commands.language")
            said = failures.sentence(error, ctx.find_object(Settings), language.asked(ctx))
            raise click.ClickException(said) from error


@click.group(cls=Commands)
@click.option(
    "--definitions",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Another back office's folder of YAML.",
)
@click.version_option(package_name="shopwright")
@click.pass_context
def main(context: click.Context, folder: Path | None) -> None:
    """Turn a folder of YAML definitions into a running back office."""
    if folder is not None:
        # servers and workers are processes of their own, which read it again
        os.environ["SHOPWRIGHT_DEFINITIONS"] = str(folder.resolve())
    context.obj = _settings()
    context.meta["environment"] = os.environ


def create_wsgi() -> WSGIApplication:
    """Return the web application; the WSGI server calls this in each of its processes."""
    from runtime.web.process import web_process  # noqa: PLC0415 (commands start without Flask)

    return web_process(_settings())


def _settings() -> Settings:
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    logs.configure("json" if settings.log_format == "json" else "human", settings.log_level)
    return settings


if __name__ == "__main__":
    main(prog_name="python app.py")
