"""The language a command answers in: one option for every command, and sentences in both languages.

`--locale` is read before a command runs and noted in click's context, so that the edge of the
command line, which catches what no command expected, speaks the same language. Nothing of the
terminal's own settings is asked: what a script reads stays the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable

import click

from generator.model.text import Label

NOTED = "shopwright.locale"
ENGLISH = "en"


def _note(context: click.Context, parameter: click.Parameter, given: str) -> str:
    context.meta[NOTED] = given
    return given


LOCALE = click.option(
    "--locale",
    type=click.Choice([ENGLISH, "zh"]),
    default=ENGLISH,
    show_default=True,
    callback=_note,
    is_eager=True,
    help="The language of the answer.",
)


def asked(context: click.Context) -> str:
    """Return the language that was asked for; English before any command was understood."""
    return str(context.meta.get(NOTED, ENGLISH))


def say(locale: str, en: str, zh: str) -> None:
    """Print a sentence in a language."""
    click.echo(said(locale, en, zh))


def said(locale: str, en: str, zh: str) -> str:
    """Return a sentence in a language."""
    return Label({"en": en, "zh": zh}).text(locale)


def refusal(locale: str, en: str, zh: str) -> click.ClickException:
    """Return what ends a command with a sentence and exit code 1."""
    return click.ClickException(said(locale, en, zh))


def no_role(name: str, known: Iterable[str], locale: str) -> click.ClickException:
    """Return what is said of a role that no definition names."""
    roles = list(known)
    return refusal(
        locale,
        f"There is no role '{name}'. The roles are: {', '.join(roles)}.",
        f"没有角色“{name}”。现有角色：{'、'.join(roles)}。",
    )
