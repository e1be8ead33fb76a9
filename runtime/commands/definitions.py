"""Commands about definitions: check them, show the model, publish schemas and the reference."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from generator.build.json_schema import json_schema, reference
from generator.compile import compile_definitions, load_catalogs
from generator.problems import DefinitionError, Problem, in_order
from generator.resolve.app import SHAPES
from generator.saying import worded
from rules.comparing import Change
from runtime.commands.comparing import sentence, widened, widened_since_head
from runtime.commands.context import compiled_of, problems_json, problems_text, settings_of
from runtime.commands.language import LOCALE, refusal, said, say


@click.command()
@click.option("--json", "in_json", is_flag=True, help="Print the problems as JSON.")
@click.option("--strict", is_flag=True, help="Fail on warnings and unapproved rights too.")
@click.option(
    "--since",
    help="With --strict: a git revision or folder to compare rights to, in place of HEAD.",
)
@LOCALE
@click.pass_context
def check(
    context: click.Context, in_json: bool, strict: bool, since: str | None, locale: str
) -> None:
    """Check the definitions and print every problem with its place and what to write instead.

    With --strict, whoever may do more than at --since must be approved by a line `approve:`.
    """
    folder = settings_of(context).definitions
    try:
        compiled = compile_definitions(folder)
        problems, app = compiled.warnings, compiled.app
        if strict:
            if since is None:
                wide = widened_since_head(folder, compiled)
            else:
                wide = widened(folder, compiled, since, locale)
            problems = in_order((*problems, *(_unapproved(one) for one in wide)))
        failed = strict and any(problem.severity != "info" for problem in problems)
    except DefinitionError as error:
        problems, failed, app = error.problems, True, None
    if in_json:
        click.echo(problems_json(problems))
    elif problems:
        click.echo(problems_text(problems, folder, locale))
    elif app is not None:
        fields = sum(1 for e in app.entities.values() for f in e.fields.values() if f.span.line)
        click.echo(f"{folder}: {_summary(len(app.entities), fields, len(app.roles), locale)}")
    if failed:
        raise click.exceptions.Exit(1)


def _unapproved(change: Change) -> Problem:
    """Return a widening as `check` tells it, at the line that widens."""
    place = f"{change.role}.{change.entity}"
    said_of = worded(
        f"'{change.role}' may do more with '{change.entity}': {sentence(change, 'en')}.",
        f"'{change.role}' 对 '{change.entity}' 的权限放宽了：{sentence(change, 'zh')}。",
    )
    hint = worded(
        f"Add 'approve: {{{place}: who agreed, and why}}' to the access file, or take it back.",
        f"请在授权文件中加上 'approve: {{{place}: 谁同意、为什么}}'，或撤回改动。",
    )
    return Problem("D470", change.span, said_of, hint, "warning")


@click.command()
@click.argument("entity", required=False)
@LOCALE
@click.pass_context
def show(context: click.Context, entity: str | None, locale: str) -> None:
    """Show the model: every entity, or one with its fields, checks and grants."""
    app = compiled_of(settings_of(context), locale).app
    if entity is None:
        for module in app.modules.values():
            click.echo(f"{module.label.text(locale)} ({module.name})")
            for one in app.entities.values():
                if one.module == module.name:
                    click.echo(f"  {one.name:<24} {one.label.text(locale)}")
        return
    if entity not in app.entities:
        raise refusal(
            locale,
            f"There is no entity '{entity}'. Try: {', '.join(app.entities)}.",
            f"没有实体“{entity}”。现有：{'、'.join(app.entities)}。",
        )
    found = app.entities[entity]
    label = found.label.text(locale)
    say(
        locale,
        f"{found.name}: {label}, titled {found.title}",
        f"{found.name}：{label}，标题 {found.title}",
    )
    for field in found.fields.values():
        marks = [
            word
            for word, holds in (
                (said(locale, "required", "必填"), field.required),
                (said(locale, "unique", "唯一"), field.unique),
                (said(locale, "computed", "计算"), field.computed is not None),
                (field.sensitivity, field.sensitivity != "public"),
                (f"→ {field.target}", bool(field.target)),
            )
            if holds
        ]
        click.echo(f"  {field.name:<24} {field.type:<12} {', '.join(marks)}")
    for rule in app.grants:
        if rule.entity in (entity, "*"):
            actions = ", ".join(rule.actions)
            say(locale, f"  {rule.role} may {actions}", f"  {rule.role} 可以 {actions}")


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@LOCALE
def schemas(directory: Path, locale: str) -> None:
    """Write the JSON Schema of every kind of definition file, for editors."""
    directory.mkdir(parents=True, exist_ok=True)
    catalogs = load_catalogs()
    for kind, shape in SHAPES.items():
        body = orjson.dumps(json_schema(shape, catalogs), option=orjson.OPT_INDENT_2)
        (directory / f"{kind}.schema.json").write_bytes(body + b"\n")
    say(
        locale,
        f"{len(SHAPES)} schemas in {directory}.",
        f"已在 {directory} 写入 {len(SHAPES)} 个模式文件。",
    )


@click.command(name="reference")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
def write_reference(file: Path | None) -> None:
    """Print the reference of the definition language, or write it to a file."""
    text = reference(SHAPES, load_catalogs())
    if file is None:
        click.echo(text, nl=False)
    else:
        file.write_text(text, encoding="utf-8")


def _summary(entities: int, fields: int, roles: int, locale: str) -> str:
    if locale == "zh":
        return f"{entities} 个实体、{fields} 个字段、{roles} 个角色，没有问题。"
    counts = (
        _counted(entities, "entity", "entities"),
        _counted(fields, "field", "fields"),
        _counted(roles, "role", "roles"),
    )
    return f"{', '.join(counts)}. No problems."


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
