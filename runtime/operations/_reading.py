"""From a query string to a `QueryPlan`: what every operation that reads rows has in common."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from generator.field_types._locales import zone
from generator.model.entity import Entity
from rules.permissions import Grant
from runtime.errors import BadRequest
from runtime.messages import Actor, Incoming
from runtime.operations._asked import asked_paths
from runtime.operations._asking import (
    MAX_FIELDS,
    MAX_INCLUDES,
    MAX_PAGE,
    MAX_SORTS,
    choice_of,
    ids_of,
    limit_of,
    names,
    one,
    refuse,
    search_of,
)
from runtime.operations._columns import (
    leads_to_many,
    own_columns,
    reader,
    search_paths,
    select_paths,
    sort_keys,
)
from runtime.operations._including import plan_includes
from runtime.runtime import Runtime
from runtime.store.cursor import open_cursor, read_cursor
from runtime.store.filters import Clause, parse_filters
from runtime.store.paths import Reader
from runtime.store.plan import QueryPlan

PLACES = {"after", "before", "ids"}
"""Keys that say which rows, not how they are read."""
FREE = frozenset({"after", "before", "fields", "include", "limit", "count"})
"""Keys that may be other ones on the next page."""


@dataclass(frozen=True)
class ReadCall:
    """What a request asks to read, understood but not yet decided."""

    entity: str
    actor: Actor
    fields: tuple[str, ...]
    includes: tuple[str, ...]
    clauses: tuple[Clause, ...]
    sort: tuple[str, ...]
    limit: int
    after: str
    before: str
    search: str
    view: str
    count: str
    archived: str
    match: str
    ids: tuple[str, ...] | None
    asked: str
    """Who asks, and for which rows: a page link leads on for nobody and nothing else."""
    looked: tuple[Clause, ...] = ()
    tells_asked: bool = False
    """Each record also says which of its fields are asked of it: a page leaves out the others."""

    @property
    def form(self) -> Hashable:
        """What decides the plan, without the values."""
        return (
            self.entity,
            self.actor.roles,
            self.fields,
            self.includes,
            tuple([clause.shape for clause in self.clauses]),
            self.sort,
            self.limit,
            bool(self.search),
            self.view,
            self.archived,
            self.match,
            self.ids is not None,
            tuple([clause.shape for clause in self.looked]),
            self.tells_asked,
        )

    def but(self, **values: Any) -> ReadCall:
        """Return the same call with other values; `replace` takes five times as long."""
        call = object.__new__(ReadCall)
        call.__dict__.update(self.__dict__, **values)
        return call


def context(runtime: Runtime, actor: Actor) -> Mapping[str, Any]:
    """Return what expressions may ask: who acts, and when in the shop's time zone."""
    now = runtime.clock()
    here = now.astimezone(runtime.time_zone)
    offset = here.utcoffset()
    return {
        "actor": {**runtime.no_person, **actor.facts},
        "now": now,
        "today": here.date(),
        "utc_offset": int(offset.total_seconds()) if offset else 0,
    }


def parse_read(
    incoming: Incoming, grant: Grant, runtime: Runtime, looking: Grant | None = None
) -> ReadCall:
    """Understand the query of a read; one that was understood before is not read again.

    `looking` is the right to ask for masked values, for an operation that counts and logs it.

    Raises:
        BadRequest: a key, an operator or a value that means nothing here.

    """
    query, actor = incoming.query, incoming.actor
    assert actor is not None
    asked = tuple([(key, tuple(texts)) for key, texts in query.items() if key not in PLACES])
    right = None if looking is None else looking.key
    known = ("call", incoming.entity, actor.roles, grant.action, asked, right)
    call = runtime.remembered.get(known, lambda: _parse(incoming, actor, grant, runtime, looking))
    after, before = one(query, "after"), one(query, "before")
    who = _who_asks(incoming, actor)
    if incoming.operation == "list":
        after = open_cursor(after, runtime.audit_key, who, backwards=False)
        before = open_cursor(before, runtime.audit_key, who, backwards=True)
    else:  # it begins at the beginning: of the address of a list no place is taken over
        after, before = after.partition(".")[0], before.partition(".")[0]
    return call.but(actor=actor, after=after, before=before, ids=ids_of(query), asked=who)


def _who_asks(incoming: Incoming, actor: Actor) -> str:
    """Return what a page link is sealed for: the person with their roles, and which rows."""
    query = sorted((key, list(texts)) for key, texts in incoming.query.items() if key not in FREE)
    return repr((incoming.entity, actor.kind, actor.id, actor.real_id, sorted(actor.roles), query))


def _parse(
    incoming: Incoming, actor: Actor, grant: Grant, runtime: Runtime, looking: Grant | None
) -> ReadCall:
    query, entity = incoming.query, runtime.app.entities[incoming.entity]
    match = choice_of(query, "match", ("all", "any"))
    reads = reader(runtime, actor, grant)
    if looking is not None and match == "all":
        reads = replace(reads, looking=looking)
    return ReadCall(
        entity=incoming.entity,
        actor=actor,
        fields=names(query, "fields", MAX_FIELDS),
        includes=names(query, "include", MAX_INCLUDES),
        clauses=parse_filters(query, incoming.entity, reads),
        sort=names(query, "sort", MAX_SORTS),
        limit=limit_of(query, entity.list.page_size),
        after="",
        before="",
        search=search_of(query),
        view=one(query, "view"),
        count=choice_of(query, "count", ("none", "capped", "exact")),
        archived=choice_of(query, "archived", ("no", "only", "all")),
        match=match,
        ids=None,
        asked="",
        looked=_looked_for(search_of(query), entity, reads),
    )


def _looked_for(text: str, entity: Entity, reads: Reader) -> tuple[Clause, ...]:
    """Return what a search box asks of masked fields: a whole value, where the text is one."""
    found = []
    for name in entity.list.search if text and reads.looking is not None else ():
        try:
            path = reads.path(entity.name, name)
        except BadRequest:
            continue
        through, kind = reads.looked_up(path), reads.catalog[path.field.type]
        value = kind.whole(text, path.field) if through is not None else None
        if value is not None:
            found.append(Clause(path, "eq", (value,), through=through))
    return tuple(found)


def plan_read(
    call: ReadCall, grant: Grant, runtime: Runtime, default_fields: tuple[str, ...] = ()
) -> QueryPlan:
    """Decide how rows are read: columns, order, conditions, all inside the grant.

    What depends on nothing but the form of the call is decided once; values are put in each time.
    """
    form = ("plan", call.form, grant.action, grant.key, default_fields)
    plan = runtime.remembered.get(form, lambda: _plan(call, grant, runtime, default_fields))
    facts = context(runtime, call.actor)
    clauses = call.clauses
    if any(clause.operator == "within" for clause in clauses):
        where = zone(call.actor.time_zone)
        clauses = tuple(clause.at(facts["now"], where) for clause in clauses)
    plan = plan.with_values(
        clauses=clauses, search=call.search, looked=call.looked, ids=call.ids, facts=facts
    )
    if plan.includes:
        plan = plan.with_values(includes=tuple(each.at(facts) for each in plan.includes))
    if call.after or call.before:
        backwards = bool(call.before)
        cursor = read_cursor(call.after or call.before, plan.sort, backwards=backwards)
        plan = plan.with_values(cursor=cursor)
    return plan


def _plan(
    call: ReadCall, grant: Grant, runtime: Runtime, default_fields: tuple[str, ...]
) -> QueryPlan:
    entity = runtime.app.entities[call.entity]
    reads = reader(runtime, call.actor, grant)
    view = _view(entity, call.view)
    fields = call.fields or default_fields or own_columns(entity, grant, runtime)
    sort_names = call.sort or (view.sort if view and view.sort else entity.list.sort)
    sort = sort_keys(sort_names, entity, reads, strict=bool(call.sort))
    single = tuple(name for name in call.includes if not leads_to_many(name, entity, reads))
    paths = select_paths(fields, single, entity, reads)
    sorted_by = {key.path.text: key.path for key in sort}
    every = {path.text: path for path in paths}
    every |= {text: path for text, path in sorted_by.items() if text not in every}
    if call.tells_asked:
        every |= {path.text: path for path in asked_paths(paths)}
    return QueryPlan(
        entity=entity,
        grant=grant,
        roles=call.actor.roles,
        paths=tuple(every.values()),
        hidden=len(every) - len(paths),
        clauses=call.clauses,
        match=call.match,
        where=(view.where,) if view and view.where else (),
        search=call.search,
        search_paths=search_paths(entity, reads),
        looked=call.looked,
        sort=sort,
        limit=min(call.limit, grant.limits.get("page", MAX_PAGE)),
        archived=call.archived,
        ids=call.ids,
        includes=plan_includes(call.includes, entity, call.actor, runtime),
    )


def _view(entity: Entity, name: str) -> Any:
    if not name:
        return None
    for view in entity.list.views:
        if view.name == name:
            return view
    raise refuse("view", f"There is no view '{name}'.", f"没有视图“{name}”。")
