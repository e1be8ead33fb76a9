"""From a query string to a `QueryPlan`: what every operation that reads rows has in common."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from generator.build.tables import has_column
from generator.field_types._ids import WRITTEN
from generator.field_types._locales import zone
from generator.model.entity import Entity
from generator.model.text import Label
from rules.permissions import Grant
from runtime.errors import BadRequest, FieldError
from runtime.messages import Actor, Incoming
from runtime.runtime import Runtime
from runtime.store.cursor import read_cursor
from runtime.store.filters import Clause, parse_filters
from runtime.store.paths import Path, Reader, title_paths, unknown_field
from runtime.store.plan import Include, QueryPlan, Sort

MAX_PAGE = 200
MAX_FIELDS = 100
MAX_SORTS = 5
MAX_INCLUDES = 5
MAX_SEARCH = 200
PLACES = {"after", "before", "ids"}
"""Keys that say which rows, not how they are read."""
INCLUDED_ROWS = 20_000
"""Records of one include; a page that would bring more is refused, never cut."""


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
        )

    def but(self, **values: Any) -> ReadCall:
        """Return the same call with other values; `replace` takes five times as long."""
        call = object.__new__(ReadCall)
        call.__dict__.update(self.__dict__, **values)
        return call


def reader(runtime: Runtime, actor: Actor, grant: Grant | None = None) -> Reader:
    """Return what an actor may read along paths; `grant` is that of the request, if there is."""
    return Reader(runtime.app, runtime.compiled.field_types, runtime.matrix, actor.roles, grant)


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


def parse_read(incoming: Incoming, grant: Grant, runtime: Runtime) -> ReadCall:
    """Understand the query of a read; one that was understood before is not read again.

    Raises:
        BadRequest: a key, an operator or a value that means nothing here.

    """
    query, actor = incoming.query, incoming.actor
    assert actor is not None
    asked = tuple([(key, tuple(texts)) for key, texts in query.items() if key not in PLACES])
    known = ("call", incoming.entity, actor.roles, grant.action, asked)
    call = runtime.remembered.get(known, lambda: _parse(incoming, actor, grant, runtime))
    return call.but(
        actor=actor, after=one(query, "after"), before=one(query, "before"), ids=_ids(query)
    )


def _parse(incoming: Incoming, actor: Actor, grant: Grant, runtime: Runtime) -> ReadCall:
    query = incoming.query
    return ReadCall(
        entity=incoming.entity,
        actor=actor,
        fields=names(query, "fields", MAX_FIELDS),
        includes=names(query, "include", MAX_INCLUDES),
        clauses=parse_filters(query, incoming.entity, reader(runtime, actor, grant)),
        sort=names(query, "sort", MAX_SORTS),
        limit=_limit(query, runtime.app.entities[incoming.entity].list.page_size),
        after="",
        before="",
        search=_search(query),
        view=one(query, "view"),
        count=choice_of(query, "count", ("none", "capped", "exact")),
        archived=choice_of(query, "archived", ("no", "only", "all")),
        match=choice_of(query, "match", ("all", "any")),
        ids=None,
    )


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
    plan = plan.with_values(clauses=clauses, search=call.search, ids=call.ids, facts=facts)
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
    paths = select_paths(fields, call.includes, entity, reads)
    sorted_by = {key.path.text: key.path for key in sort}
    every = {path.text: path for path in paths}
    every |= {text: path for text, path in sorted_by.items() if text not in every}
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
        sort=sort,
        limit=min(call.limit, grant.limits.get("page", MAX_PAGE)),
        archived=call.archived,
        ids=call.ids,
        includes=plan_includes(call.includes, entity, call.actor, runtime),
    )


def own_columns(entity: Entity, grant: Grant, runtime: Runtime) -> tuple[str, ...]:
    """Return every single value of a record that the grant lets read."""
    catalog = runtime.compiled.field_types
    return tuple(
        field.name
        for field in entity.fields.values()
        if field.name in grant.read
        and catalog[field.type].relation not in {"children", "references"}
        and (has_column(field, catalog) or field.computed is not None)
    )


def select_paths(
    fields: tuple[str, ...], includes: tuple[str, ...], entity: Entity, reads: Reader
) -> tuple[Path, ...]:
    """Return the columns for the fields asked for: ids of what is crossed, id and version always.

    A reference that is included brings every column of its target; one that is only named brings
    its id.
    """
    found: dict[str, Path] = {}

    def add(text: str) -> None:
        path = reads.path(entity.name, text)
        if reads.catalog[path.field.type].relation in {"children", "references"}:
            return
        for depth in range(1, len(path.steps)):
            names = text.split(".")[:depth]
            parent = Path(".".join(names), path.steps[:depth], path.sights[: depth - 1])
            found.setdefault(parent.text, parent)
        found.setdefault(text, path)

    for text in ("id", "version"):
        add(text)
    for text in fields:
        add(text)
    for text in includes:
        path = reads.path(entity.name, text)
        if reads.catalog[path.field.type].relation == "reference":
            if not reads.may_read(path.field.target):
                raise unknown_field(text)
            for name in readable_columns(path.field.target, reads):
                add(f"{text}.{name}")
    return tuple(found.values())


def readable_columns(entity: str, reads: Reader) -> tuple[str, ...]:
    """Return the single values of an entity that a reader may see."""
    grant = reads.matrix.grant(reads.roles, entity, "read")
    if grant is None:
        return ()
    return tuple(
        field.name
        for field in reads.app.entities[entity].fields.values()
        if field.name in grant.read and has_column(field, reads.catalog)
    )


def title_columns(entity: str, reads: Reader) -> tuple[str, ...]:
    """Return the paths of a record's title that the reader may see."""
    found = []
    for text in title_paths(reads.app, entity):
        try:
            reads.path(entity, text)
        except BadRequest:
            continue
        found.append(text)
    return tuple(found)


def is_titled(entity: str, reads: Reader) -> bool:
    """Return whether the reader sees the whole title of every record, as a log has it."""
    try:
        paths = [reads.path(entity, text) for text in title_paths(reads.app, entity)]
    except BadRequest:
        return False
    return all(reads.is_ordered(path) for path in paths) and not any(
        not grant.is_wide for path in paths for grant in path.sights
    )


def search_paths(entity: Entity, reads: Reader) -> tuple[Path, ...]:
    """Return where the search box looks: only where this caller may read."""
    names = entity.list.search or tuple(
        name
        for name in entity.list.columns
        if "." not in name and reads.catalog[entity.fields[name].type].searchable
    )
    found = []
    for text in names:
        try:
            found.append(reads.compared(entity.name, text))
        except BadRequest:
            continue
    return tuple(found)


def sort_keys(
    names: tuple[str, ...], entity: Entity, reads: Reader, *, strict: bool
) -> tuple[Sort, ...]:
    """Return the order; it always ends with the id, so that it is total.

    `strict` refuses what cannot be read or sorted; a default order leaves it out.
    """
    keys: list[Sort] = []
    for name in names:
        text = name.removeprefix("-")
        try:
            path = reads.ordered(entity.name, text)
        except BadRequest:
            if strict:
                raise
            continue
        kind = reads.catalog[path.field.type]
        if not kind.sortable or not (reads.is_column(path) or path.field.computed):
            if strict:
                raise _refuse("sort", f"'{text}' cannot be sorted by.", f"不能按“{text}”排序。")
            continue
        if all(key.path.text != text for key in keys):
            keys.append(Sort(path, name.startswith("-")))
    if all(key.path.text != "id" for key in keys):
        last = keys[-1].descending if keys else False
        keys.append(Sort(reads.path(entity.name, "id"), last))
    return tuple(keys)


def plan_includes(
    names: tuple[str, ...], entity: Entity, actor: Actor, runtime: Runtime
) -> tuple[Include, ...]:
    """Return the plans of included children and linked records, each inside its own grant."""
    reads = reader(runtime, actor)
    found = []
    for name in names:
        path = reads.path(entity.name, name)
        relation = reads.catalog[path.field.type].relation
        if relation == "reference":
            continue
        if relation not in {"children", "references"} or path.parents:
            raise unknown_field(name)
        found.append(include_plan(name, path.field.target, relation, entity, actor, runtime))
    return tuple(found)


def include_plan(
    name: str, target: str, relation: str, entity: Entity, actor: Actor, runtime: Runtime
) -> Include:
    """Return the plan of one include; its rows are limited and inside the target's own grant."""
    reads = reader(runtime, actor)
    grant = runtime.matrix.grant(actor.roles, target, "read")
    if grant is None:
        raise unknown_field(name)
    model = runtime.app.entities[target]
    texts = readable_columns(target, reads)
    computed = tuple(
        f.name
        for f in model.fields.values()
        if f.computed and not f.stored and f.name in grant.read
    )
    titles = tuple(
        f"{field.name}.{inner}"
        for field in model.fields.values()
        if reads.catalog[field.type].relation == "reference"
        and field.name in texts
        and field.target != entity.name
        and reads.may_read(field.target)
        for inner in title_columns(field.target, reads)
        if "." not in inner
    )
    order = ("position",) if relation == "children" else model.list.sort
    plan = QueryPlan(
        entity=model,
        grant=grant,
        roles=actor.roles,
        paths=select_paths((*texts, *computed, *titles), (), model, reads),
        sort=sort_keys(order, model, reads, strict=False),
        limit=INCLUDED_ROWS,
        archived="all",
        ids=() if relation == "references" else None,
        parent=(model.child_of, ()) if relation == "children" else None,
    )
    return Include(name, plan, relation)


def _view(entity: Entity, name: str) -> Any:
    if not name:
        return None
    for view in entity.list.views:
        if view.name == name:
            return view
    raise _refuse("view", f"There is no view '{name}'.", f"没有视图“{name}”。")


def one(query: Mapping[str, tuple[str, ...]], key: str) -> str:
    """Return the only value of a key, '' without one.

    Raises:
        BadRequest: the key is there twice; which of the two is meant nobody can tell.

    """
    values = query.get(key, ())
    if len(values) > 1:
        raise _refuse(key, "Give this only once.", "该参数只能出现一次。", "repeated")
    return values[0] if values else ""


def names(query: Mapping[str, tuple[str, ...]], key: str, most: int) -> tuple[str, ...]:
    """Return the names that a key of the query lists with commas.

    Raises:
        BadRequest: they are more than `most`.

    """
    found = tuple(part.strip() for text in query.get(key, ()) for part in text.split(","))
    found = tuple(dict.fromkeys(name for name in found if name))
    if len(found) > most:
        raise _refuse(key, f"At most {most} names.", f"最多 {most} 个。")
    return found


def _limit(query: Mapping[str, tuple[str, ...]], default: int) -> int:
    text = one(query, "limit")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= MAX_PAGE):
        raise _refuse("limit", f"Write a number from 1 to {MAX_PAGE}.", f"请填写 1 到 {MAX_PAGE}。")
    return int(text)


def _ids(query: Mapping[str, tuple[str, ...]]) -> tuple[str, ...] | None:
    if "ids" not in query:
        return None
    ids = tuple(one(query, "ids").split(","))
    if len(ids) > MAX_PAGE or not all(WRITTEN.fullmatch(each) for each in ids):
        raise _refuse(
            "ids",
            f"Write at most {MAX_PAGE} record ids with commas.",
            f"请填写以逗号分隔的记录 ID，最多 {MAX_PAGE} 个。",
        )
    return ids


def _search(query: Mapping[str, tuple[str, ...]]) -> str:
    text = one(query, "q").strip()
    if len(text) > MAX_SEARCH or "\x00" in text:
        raise _refuse("q", "At most 200 characters.", "最多 200 个字符。")
    return text


def choice_of(query: Mapping[str, tuple[str, ...]], key: str, options: tuple[str, ...]) -> str:
    """Return which of some options a query names; the first when it names none.

    Raises:
        BadRequest: it names another.

    """
    text = one(query, key) or options[0]
    if text not in options:
        known = ", ".join(options)
        raise _refuse(key, f"Write one of: {known}.", f"可用的值：{known}。")
    return text


def _refuse(key: str, en: str, zh: str, code: str = "invalid") -> BadRequest:
    message = Label({"en": en, "zh": zh})
    return BadRequest(message, (FieldError(key, code, message),))
