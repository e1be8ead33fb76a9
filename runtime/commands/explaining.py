"""`explain`: what a request would do, step by step, without doing it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import click

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
    rows = "all" if grant.rows is None else " or ".join(rule.text for rule in grant.rows)
    lines = [
        f"grant    {grant.key} may {grant.action} {grant.entity}",
        f"         rows: {rows}",
        f"         reads: {', '.join(sorted(grant.read))}",
    ]
    operation = runtime.operations[incoming.operation]
    if incoming.operation not in {"list", "read"}:
        return [*lines, f"         writes: {', '.join(sorted(grant.write))}"]
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


def sql_text(plan: QueryPlan, runtime: Runtime) -> str:
    """Return the statement of a plan with its values beside it."""
    selection = runtime.statements.page(plan)
    compiled = selection.statement.compile(
        runtime.engine, compile_kwargs={"render_postcompile": False}
    )
    values = runtime.statements.values(plan)
    return f"{compiled}\n         {values}"
