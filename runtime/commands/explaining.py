"""`explain`: what a request would do, step by step, without doing it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import click

from rules.asking import why_not
from rules.permissions import Grant, transition_action
from runtime.commands.context import compiled_of, engine_of, make_runtime, settings_of
from runtime.commands.language import LOCALE, no_role, refusal, said
from runtime.errors import NotYourRole, RequestError
from runtime.messages import Actor, Incoming
from runtime.pipeline import authorize
from runtime.rights_words import guards_in_words, line_in_words, reason_in_words
from runtime.runtime import Runtime
from runtime.store.plan import QueryPlan

METHODS = {"GET": ("list", "read"), "POST": ("create", ""), "DELETE": ("", "delete")}


@click.command()
@click.argument("request")
@click.option("--as", "role", required=True, help="The role that asks.")
@LOCALE
@click.pass_context
def explain(context: click.Context, request: str, role: str, locale: str) -> None:
    """Show Grant, Call, Plan and SQL of a request such as "GET /api/v1/order?status=paid"."""
    settings = settings_of(context)
    compiled = compiled_of(settings, locale)
    if role not in compiled.app.roles:
        raise no_role(role, compiled.app.roles, locale)
    with engine_of(settings) as engine:
        runtime = make_runtime(compiled, engine)
        incoming = understand(request, Actor(0, role, frozenset({role})), locale)
        try:
            for line in steps(incoming, runtime, locale):
                click.echo(line)
        except RequestError as no:
            word = said(locale, "refused  ", "拒绝     ")
            click.echo(f"{word}{no.status} {no.code}: {no.message.text(locale)}")
            for error in no.errors:
                click.echo(f"         {error.field}: {error.message.text(locale)}")
            for line in reasons(incoming, runtime, locale):
                click.echo(f"         {line}")


def reasons(incoming: Incoming, runtime: Runtime, locale: str) -> list[str]:
    """Return why the matrix does not give what is asked; [] if it does."""
    found = runtime.operations.get(incoming.operation)
    if found is None or incoming.entity not in runtime.app.entities or incoming.actor is None:
        return []
    action = _action(incoming) or found.ACTION
    reason = why_not(runtime.matrix, incoming.actor.roles, incoming.entity, action)
    return [] if reason is None else reason_in_words(reason, locale)


def understand(request: str, actor: Actor, locale: str) -> Incoming:
    """Return the message that an HTTP request line becomes."""
    method, _, target = request.strip().partition(" ")
    if method.upper() not in METHODS or not target:
        raise refusal(
            locale,
            'Write a request such as "GET /api/v1/order?status=paid".',
            '请写一个请求，例如 "GET /api/v1/order?status=paid"。',
        )
    parts = urlsplit(target.strip())
    path = parts.path.removeprefix("/api").removeprefix("/v1").strip("/").split("/")
    entity, record_id = path[0], path[1] if len(path) > 1 else ""
    if len(path) == 5 and path[2] == "transitions":
        named = {"workflow": path[3], "transition": path[4]}
        return Incoming("transition", entity, actor, record_id, values=named, version=1)
    many, one = METHODS[method.upper()]
    query = {
        key: tuple(texts) for key, texts in parse_qs(parts.query, keep_blank_values=True).items()
    }
    return Incoming(one if record_id else many, entity, actor, record_id, query=query, version=1)


def steps(incoming: Incoming, runtime: Runtime, locale: str) -> list[str]:
    """Return the lines that tell what each step makes of a request.

    The names of the steps are those of the house in every language: `grant`, `call`, `plan`, `sql`.
    """
    grant = _firing(incoming, runtime) or authorize(incoming, runtime)
    held = ", ".join(dict.fromkeys(line.role for line in grant.lines))
    may, everyone = said(locale, "may", "可以"), said(locale, "for everyone: ", "对所有人：")
    lines = [f"grant    {held} {may} {grant.action} {grant.entity}"]
    for line in grant.lines:
        lines += [f"         {text}" for text in line_in_words(line, grant, runtime, locale)]
    lines += [f"         {everyone}{text}" for text in guards_in_words(grant, runtime, locale)]
    operation = runtime.operations[incoming.operation]
    if incoming.operation not in {"list", "read"}:
        return lines
    call = operation.parse(incoming, grant, runtime)
    lines.append(f"call     {incoming.operation} {incoming.entity} {dict(incoming.query)}")
    plan = operation.plan(call, grant, runtime).query
    columns, where = said(locale, "columns: ", "列："), said(locale, "where", "条件")
    lines.append(f"plan     {columns}{', '.join(path.text for path in plan.paths)}")
    for clause in plan.clauses:
        lines.append(f"         {where} {clause.path.text} {clause.operator} {clause.values}")
    order = ", ".join(("-" if key.descending else "") + key.path.text for key in plan.sort)
    limit = said(
        locale, f"order: {order}; at most {plan.limit}", f"排序：{order}；最多 {plan.limit} 条"
    )
    lines.append(f"         {limit}")
    lines.append(f"sql      {sql_text(plan, runtime)}")
    return lines


def _action(incoming: Incoming) -> str:
    """Return what the matrix calls the transition that is asked for; empty when none is."""
    if incoming.operation != "transition":
        return ""
    return transition_action(incoming.values["workflow"], incoming.values["transition"])


def _firing(incoming: Incoming, runtime: Runtime) -> Grant | None:
    """Return the right to fire the transition that is asked for; None when none is asked for."""
    action = _action(incoming)
    if not action or incoming.actor is None:
        return None
    authorize(incoming, runtime)
    found = runtime.matrix.grant(incoming.actor.roles, incoming.entity, action)
    if found is None:
        raise NotYourRole(NotYourRole.title)
    return found


def sql_text(plan: QueryPlan, runtime: Runtime) -> str:
    """Return the statement of a plan with its values beside it."""
    selection = runtime.statements.page(plan)
    compiled = selection.statement.compile(
        runtime.engine, compile_kwargs={"render_postcompile": False}
    )
    values = runtime.statements.values(plan)
    return f"{compiled}\n         {values}"
