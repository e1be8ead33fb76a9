"""What a record points at: it exists, the caller may see it and link it, the field may pick it.

One statement a reference field, however many records and children are saved; the same statement
brings the values behind the reference that expressions ask for. What is newly chosen is locked
until the commit, always in the order of ids, so that nobody puts it away in between.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from generator.expressions.python_values import record_ids
from generator.model.entity import FILES, THIS, Entity, Field
from generator.model.text import Label
from rules.permissions import Grant
from runtime.errors import FieldError
from runtime.messages import Incoming
from runtime.operations import _reading
from runtime.operations._work import Draft, Facts
from runtime.runtime import Runtime
from runtime.store.forms import form_of
from runtime.store.guard import system, system_grant
from runtime.store.paths import Path
from runtime.store.plan import QueryPlan, Sort
from runtime.store.rows import RowFunction, facts_function

NOT_FOUND = Label({"en": "There is no such record to choose.", "zh": "没有可选的这条记录。"})
CIRCLE = Label({"en": "A record cannot lie below itself.", "zh": "不能把记录放到它自己的下级。"})


@dataclass
class _Wanted:
    """The ids one reference field needs, and where they stand in the payload."""

    model: Field
    checked: dict[str, list[str]] = field(default_factory=dict)
    """Newly chosen ids → places; the caller must be allowed to choose them."""
    known: set[str] = field(default_factory=set)
    """Ids that were there before; only their values are needed."""
    this: Facts = field(default_factory=dict)
    """What the `pick` asks of the record that points."""


class Lookup:
    """Collects references of drafts, then looks them up all at once.

    With `fires`, what a transition's definition reads is looked up as well, and what its effects
    write may point at anything: the author of the definition chose it, not whoever fires.
    """

    def __init__(
        self,
        connection: sa.Connection,
        runtime: Runtime,
        incoming: Incoming,
        *,
        locks: bool = True,
        fires: bool = False,
    ) -> None:
        self.connection, self.runtime, self.incoming = connection, runtime, incoming
        self.locks, self.fires = locks, fires
        self.needs = runtime.firing_needs if fires else runtime.needs
        self.wanted: dict[tuple[str, str, tuple[Any, ...]], _Wanted] = {}
        self.files: dict[str, list[str]] = {}
        self.trees: list[tuple[Draft, Field]] = []
        self.found: dict[tuple[str, str], dict[str, Facts]] = {}

    def collect(self, draft: Draft) -> None:
        """Note what a draft points at."""
        entity = draft.entity
        needs = self.needs[entity.name]
        for model in form_of(self.runtime, entity).pointers:
            value = draft.facts.get(model.name)
            if value is not None:
                self._collect_value(draft, model, value)
        for name, ids in draft.linked.items():
            wanted = self._of(entity.fields[name], draft)
            was = draft.was_linked.get(name, ())
            for number, target in enumerate(ids):
                if target in was:
                    wanted.known.add(target)
                    continue
                wanted.checked.setdefault(target, []).append(draft.at(f"{name}.{number}"))
        for name in needs.links:
            if name not in draft.linked and needs.behind.get(name):
                self._of(entity.fields[name], draft).known |= set(
                    (draft.before or {}).get(name, ())
                )

    def _collect_value(self, draft: Draft, model: Field, value: Any) -> None:
        before = draft.before
        changed = before is None or any(
            before.get(name) != draft.facts.get(name) for name in (model.name, *model.picks_by)
        )
        if model.type in FILES and changed:
            self.files.setdefault(value, []).append(draft.at(model.name))
        if self.runtime.compiled.field_types[model.type].relation != "reference":
            return
        if changed and model.computed is None:
            self._of(model, draft).checked.setdefault(value, []).append(draft.at(model.name))
            if model.type == "tree" and draft.before is not None:
                self.trees.append((draft, model))
        elif self.needs[model.entity].behind.get(model.name):
            self._of(model, draft).known.add(value)

    def _of(self, model: Field, draft: Draft) -> _Wanted:
        """Return what a field needs; records that narrow its choice otherwise are asked apart."""
        this = {name: draft.facts.get(name) for name in model.picks_by}
        key = (model.entity, model.name, tuple(this.values()))
        found = self.wanted.get(key)
        if found is None:
            found = self.wanted[key] = _Wanted(model, this=this)
        return found

    @property
    def is_needed(self) -> bool:
        """Whether what was collected must be asked of the database."""
        return bool(self.wanted or self.files or self.trees)

    def resolve(self) -> list[FieldError]:
        """Look everything up; what is missing, hidden or not to be picked is an error there."""
        errors: list[FieldError] = []
        for key, wanted in self.wanted.items():
            rows: dict[str, Facts] = {}
            if wanted.checked:
                rows |= self._fetch(wanted, tuple(wanted.checked), as_actor=True)
                errors += [
                    FieldError(place, "not_found", NOT_FOUND)
                    for target, places in wanted.checked.items()
                    if target not in rows
                    for place in places
                ]
            left = tuple(wanted.known - rows.keys())
            if left:
                rows |= self._fetch(wanted, left, as_actor=False)
            self.found.setdefault(key[:2], {}).update(rows)
        errors += self._missing_files()
        errors += [
            FieldError(draft.at(model.name), "circular", CIRCLE)
            for draft, model in self.trees
            if self._turns_in_a_circle(draft, model)
        ]
        return errors

    def may_choose(self, model: Field, target: str) -> bool:
        """Return whether a record is there to be chosen by the caller; it is locked for them."""
        return target in self._fetch(_Wanted(model), (target,), as_actor=True)

    def behind(self, model: Field, value: Any) -> Any:
        """Return what expressions find in a field that an effect writes on the way.

        That is the value itself, but for a reference behind which some expression reads.
        """
        if not value or not self.needs[model.entity].behind.get(model.name):
            return value
        several = isinstance(value, (list, tuple))
        ids = tuple(record_ids(value if several else (value,)))
        rows = self._fetch(_Wanted(model), ids, as_actor=False)
        found = [rows[one] for one in ids if one in rows]
        return found if several else next(iter(found), None)

    def with_targets(self, draft: Draft) -> Facts:
        """Return a draft's facts with what lies behind its references in place of their ids."""
        seen = dict(draft.facts)
        needs = self.needs[draft.entity.name]
        for name in needs.behind:
            value = draft.facts.get(name)
            if value is not None:
                seen[name] = self.found.get((draft.entity.name, name), {}).get(value)
        for name in needs.links:
            ids = draft.linked.get(name, (draft.before or {}).get(name, ()))
            targets = self.found.get((draft.entity.name, name), {})
            walked = bool(needs.behind.get(name))
            seen[name] = [targets[one] for one in ids if one in targets] if walked else list(ids)
        return seen

    def _fetch(self, wanted: _Wanted, ids: tuple[str, ...], *, as_actor: bool) -> dict[str, Facts]:
        target = self.runtime.app.entities[wanted.model.target]
        actor = self.incoming.actor
        assert actor is not None
        grant = system_grant(target.name)
        if as_actor and not self.fires:
            granted = self.runtime.matrix.together(actor.roles, target.name, "read", "link")
            if granted is None:
                return {}
            grant = granted
        model = wanted.model
        # questions of several transitions may have one name and pick differently
        own = (model.entity, model.name, model.pick.text if model.pick is not None else "")
        known = ("lookup", *own, actor.roles, as_actor, self.locks, self.fires)
        plan, make = self.runtime.remembered.get(
            known, lambda: self._plan(wanted, target, grant, actor.roles, as_actor=as_actor)
        )
        facts = {**_reading.context(self.runtime, actor), THIS: wanted.this}
        plan = plan.with_values(ids=tuple(sorted(ids)), limit=len(ids), facts=facts)
        statements = self.runtime.statements
        rows = statements.page(plan).rows(self.connection, statements.values(plan))
        return {str(row[0]): make(row) for row in rows}

    def _plan(
        self,
        wanted: _Wanted,
        target: Entity,
        grant: Grant,
        roles: frozenset[str],
        *,
        as_actor: bool,
    ) -> tuple[QueryPlan, RowFunction]:
        paths = [Path("id", (target.fields["id"],))]
        for text in self.needs[wanted.model.entity].behind.get(wanted.model.name, ()):
            steps = self.runtime.app.walk(target.name, text)
            if steps is not None:
                paths += _with_parents(text, steps)
        pick = wanted.model.pick
        plan = QueryPlan(
            entity=target,
            grant=grant,
            roles=roles,
            paths=tuple({path.text: path for path in paths}.values()),
            where=(pick,) if pick is not None and as_actor else (),
            archived="no" if as_actor else "all",
            ids=(),
            sort=(Sort(Path("id", (target.fields["id"],)), descending=False),),
            lock="share" if as_actor and self.locks else "",
            for_engine=True,
        )
        return plan, facts_function(plan.paths, self.runtime.compiled.field_types)

    def _missing_files(self) -> list[FieldError]:
        if not self.files:
            return []
        table, actor = self.runtime.system.file, self.incoming.actor
        statement = sa.select(table.c.id).where(table.c.id.in_(list(self.files)))
        if actor is not None and actor.kind != "system":
            # an uploaded file is its uploader's until a record of theirs holds it
            statement = statement.where(table.c.created_by == actor.id)
        known = set(self.connection.execute(statement).scalars())
        return [
            FieldError(place, "not_found", NOT_FOUND)
            for file_id, places in self.files.items()
            if file_id not in known
            for place in places
        ]

    def _turns_in_a_circle(self, draft: Draft, model: Field) -> bool:
        """Return whether the new parent lies at or below the record itself."""
        table = self.runtime.schema.tables[model.entity]
        start = draft.facts[model.name]
        above = sa.select(table.c.id, table.c[model.name]).where(table.c.id == start)
        tree = above.cte("above", recursive=True)
        parent = table.alias()
        tree = tree.union(
            sa.select(parent.c.id, parent.c[model.name]).where(parent.c.id == tree.c[model.name])
        )
        ids = self.connection.execute(system(sa.select(tree.c.id), "circle")).scalars()
        return str(draft.facts["id"]) in {str(found) for found in ids}


def _with_parents(text: str, steps: tuple[Field, ...]) -> list[Path]:
    names = text.split(".")
    return [Path(".".join(names[:depth]), steps[:depth]) for depth in range(1, len(steps) + 1)]
