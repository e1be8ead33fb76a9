"""`explain`: what a request would do, step by step, without doing it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import click

from generator.expressions.words import words
from rules.permissions import Grant, Line
from runtime.commands.context import compiled_of, engine_of, make_runtime, settings_of
from runtime.errors import RequestError
from runtime.messages import Actor, Incoming
from runtime.pipeline import authorize
from runtime.runtime import Runtime
from runtime.store.plan import QueryPlan

METHODS = {"GET": ("list", "read"), "POST": ("create", ""), "DELETE": ("", "delete")}


@click.command()
@click.argument("request")
@click.option("--as", "role", required=True, help="The role that asks.")
@click.pass_context
def explain(context: click.Context, request: str, role: str) -> None:
    """Show Grant, Call, Plan and SQL of a request such as "GET /api/v1/order?status=paid"."""
    settings = settings_of(context)
    compiled = compiled_of(settings)
    if role not in compiled.app.roles:
        known = ", ".join(compiled.app.roles)
        raise click.ClickException(f"There is no role '{role}'. The roles are: {known}.")
    with engine_of(settings) as engine:
        runtime = make_runtime(compiled, engine)
        incoming = understand(request, Actor(0, role, frozenset({role})))
        try:
            for line in steps(incoming, runtime):
                click.echo(line)
        except RequestError as refusal:
            click.echo(f"refused  {refusal.status} {refusal.code}: {refusal.message}")
            for error in refusal.errors:
                click.echo(f"         {error.field}: {error.message}")


def understand(request: str, actor: Actor) -> Incoming:
    """Return the message that an HTTP request line becomes."""
    method, _, target = request.strip().partition(" ")
    if method.upper() not in METHODS or not target:
        raise click.ClickException('Write a request such as "GET /api/v1/order?status=paid".')
    parts = urlsplit(target.strip())
    path = parts.path.removeprefix("/api").removeprefix("/v1").strip("/").split("/")
    entity, record_id = path[0], path[1] if len(path) > 1 else ""
    many, one = METHODS[method.upper()]
    query = {
        key: tuple(texts) for key, texts in parse_qs(parts.query, keep_blank_values=True).items()
    }
    return Incoming(one if record_id else many, entity, actor, record_id, query=query, version=1)


def steps(incoming: Incoming, runtime: Runtime) -> list[str]:
    """Return the lines that tell what each step makes of a request."""
    grant = authorize(incoming, runtime)
    held = ", ".join(dict.fromkeys(line.role for line in grant.lines))
    lines = [f"grant    {held} may {grant.action} {grant.entity}"]
    for line in grant.lines:
        lines += [f"         {text}" for text in line_in_words(line, grant, runtime)]
    lines += [f"         for everyone: {text}" for text in guards_in_words(grant, runtime)]
    operation = runtime.operations[incoming.operation]
    if incoming.operation not in {"list", "read"}:
        return lines
    call = operation.parse(incoming, grant, runtime)
    lines.append(f"call     {incoming.operation} {incoming.entity} {dict(incoming.query)}")
    plan = operation.plan(call, grant, runtime).query
    lines.append(f"plan     columns: {', '.join(path.text for path in plan.paths)}")
    for clause in plan.clauses:
        lines.append(f"         where {clause.path.text} {clause.operator} {clause.values}")
    order = ", ".join(("-" if key.descending else "") + key.path.text for key in plan.sort)
    lines.append(f"         order: {order}; at most {plan.limit}")
    lines.append(f"sql      {sql_text(plan, runtime)}")
    return lines


@dataclass(frozen=True)
class ModelLabels:
    """What fields and choices are called, for conditions in words."""

    runtime: Runtime

    def field(self, entity: str, name: str, locale: str) -> str:
        """Return the label of a field."""
        found = self.runtime.app.field(entity, name)
        return found.label.text(locale) if found is not None else name

    def value(self, entity: str, name: str, value: str, locale: str) -> str:
        """Return the label of one value of a choice."""
        found = self.runtime.app.field(entity, name)
        kind = self.runtime.compiled.field_types[found.type] if found is not None else None
        options = kind.input(found).options if kind is not None and found is not None else ()
        return next((one.label.text(locale) for one in options if one.value == value), value)


def line_in_words(line: Line, grant: Grant, runtime: Runtime) -> list[str]:
    """Return what one line of the matrix gives: where it stands, rows, cells, what it sets."""
    labels = ModelLabels(runtime)
    place = f" ({line.span.file}:{line.span.line})" if line.span is not None else ""
    rows = "all" if line.rows is None else words(line.rows, "en", labels)
    found = [f"{line.role}{place}", f"  rows: {rows}", f"  reads: {_listed(line.clear)}"]
    masks = [f"{name} ({kind})" for name, kind in sorted(line.masked.items())]
    hidden = runtime.app.entities[grant.entity].fields.keys() - line.clear - line.masked.keys()
    found += [f"  masked: {', '.join(masks)}"] if masks else []
    found += [f"  hidden: {_listed(hidden)}"] if hidden else []
    found.append(f"  writes: {_listed(line.write)}")
    found += [f"  sets: {name} to {one.text}" for name, one in sorted(line.force.items())]
    found += [f"  fills: {name} with {one.text}" for name, one in sorted(line.default.items())]
    found += [f"  check: {words(line.check, 'en', labels)}"] if line.check is not None else []
    found += [f"  at most: {number} a {name}" for name, number in sorted(line.limits.items())]
    return found


def guards_in_words(grant: Grant, runtime: Runtime) -> list[str]:
    """Return what the guardrails of an entity say about an action."""
    labels = ModelLabels(runtime)
    found = [f"only where {words(one, 'en', labels)}" for one in grant.require]
    return found + [f"not where {words(one, 'en', labels)}" for one in grant.forbid]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


def sql_text(plan: QueryPlan, runtime: Runtime) -> str:
    """Return the statement of a plan with its values beside it."""
    selection = runtime.statements.page(plan)
    compiled = selection.statement.compile(
        runtime.engine, compile_kwargs={"render_postcompile": False}
    )
    values = runtime.statements.values(plan)
    return f"{compiled}\n         {values}"
