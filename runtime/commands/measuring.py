"""`benchmark`: run what `benchmarks/` measures; it is part of the repository, not of the wheel."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "run.py"


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def benchmark(context: click.Context, arguments: tuple[str, ...]) -> None:
    """Measure this machine; arguments go to benchmarks/run.py, try --help."""
    if not SCRIPT.is_file():
        raise click.ClickException(
            "The benchmarks are not installed with the package; run this in a clone."
        )
    context.exit(subprocess.run([sys.executable, str(SCRIPT), *arguments], check=False).returncode)
