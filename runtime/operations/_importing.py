"""One batch of an import, inside a transaction: references → matches → drafts → rows → outcomes.

Everything a single create or update does is done here for many records with as many statements as
for one: what they point at, which of them exist, the rows, the links, the audit. When the database
refuses the batch (a value that is not unique, say), it is undone and its halves are tried, so a bad
record costs a few statements and not its neighbors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
import sqlalchemy.exc

from generator.model.text import Label
from runtime.errors import RequestError
from runtime.messages import Outcome
from runtime.operations import (
    _changing,
    _firing,
    _keys,
    _reading,
    _renewing,
    _revising,
    _rights,
    _saving,
    _sensitive,
    _unseen,
)
from runtime.operations._import_drafts import Drafts
from runtime.operations._import_item import ImportPlan, Item, blame, own_key, payload_place
from runtime.operations._import_references import SEVERAL, References
from runtime.operations._keys import Keys
from runtime.operations._work import Draft, Work
from runtime.runtime import Runtime
from runtime.store import audit

EXISTS = Label({"en": "A record with this key exists already.", "zh": "已存在相同编号的记录。"})
UNKNOWN = Label({"en": "There is no record with this key.", "zh": "没有该编号的记录。"})
ARCHIVED = Label(
    {
        "en": "The record with this key is archived; restore it first.",
        "zh": "该编号的记录已归档，请先恢复。",
    }
)
DENIED = Label({"en": "You may not change this record.", "zh": "您没有修改此记录的权限。"})
CIRCLE = Label({"en": "These records point at each other.", "zh": "这些记录互相引用。"})


def apply(
    connection: sa.Connection, plan: ImportPlan, runtime: Runtime, keys: Keys
) -> list[Outcome]:
    """Import the records of a call inside the caller's transaction; return an outcome for each.

    What is created because a record names it is there only with a record that is saved: when all
    that name it are refused, everything is undone and the others are imported without them.
    """
    items = {index: Item(index, dict(values)) for index, values in enumerate(plan.call.records)}
    again = list(items.values())
    while again:
        before = Counter(keys.made)
        batch = _Batch(connection, plan, runtime, keys)
        with _undoable(connection, needed=bool(plan.call.create)) as undo:
            batch.run(again)
            needless = batch.references.has_needless()
            if needless:
                undo()
        items |= {item.index: item for item in again}
        if not needless:
            break
        keys.undone(before)
        records = plan.call.records
        again = [Item(one.index, dict(records[one.index])) for one in again if not one.errors]
    return [_outcome(items[index]) for index in sorted(items)]


@contextmanager
def _undoable(connection: sa.Connection, *, needed: bool) -> Iterator[Callable[[], None]]:
    """Give what undoes everything within; nothing where there is no need of it."""
    if not needed:
        yield lambda: None
        return
    with connection.begin_nested() as point:
        yield point.rollback


def _outcome(item: Item) -> Outcome:
    if item.errors:
        return Outcome("", "invalid", errors=tuple(item.errors), message=item.errors[0].message)
    return Outcome(item.record_id, item.status, item.version)


class _Batch:
    """The records of one call."""

    def __init__(
        self, connection: sa.Connection, plan: ImportPlan, runtime: Runtime, keys: Keys
    ) -> None:
        self.connection, self.plan, self.runtime, self.keys = connection, plan, runtime, keys
        self.call = plan.call
        self.entity = plan.call.entity
        self.context = _reading.context(runtime, self.call.actor)
        self.references = References(connection, self.call, runtime, keys, apply)
        self.drafts = Drafts(plan, runtime, keys)

    def run(self, items: list[Item]) -> None:
        """Save records in waves: one that points at another of the batch comes after it."""
        waiting = items
        while waiting:
            self.references.resolve(waiting)
            ready = [item for item in waiting if not item.waits]
            later = [item for item in waiting if item.waits]
            if not ready:
                for item in later:
                    item.refuse("", "circular", CIRCLE)
                return
            for item in ready:
                if item.errors:
                    self.drafts.look_further(item)
            self._save([item for item in ready if not item.errors])
            waiting = later

    def _save(self, items: list[Item]) -> None:
        if not items:
            return
        try:
            with self.connection.begin_nested():
                self._save_at_once(items)
        except (sqlalchemy.exc.IntegrityError, sqlalchemy.exc.DataError, RequestError) as error:
            good = [item for item in items if not item.errors]
            if len(good) == 1:
                blame(good[0], error, self.entity, self.runtime)
                return
            middle = len(good) // 2
            self._save(good[:middle])
            self._save(good[middle:])

    def _save_at_once(self, items: list[Item]) -> None:
        work = Work(
            self.connection,
            self.runtime,
            self.call.incoming,
            self.context["now"],
            self.context,
        )
        before = self._match(work, items)
        drafts: list[tuple[Item, Draft]] = []
        for item in items:
            if not item.errors:
                draft = self.drafts.draft(work, item, before.get(item.record_id))
                if draft is not None:
                    drafts.append((item, draft))
        kept = [draft for _, draft in drafts if not draft.is_new]
        _unseen.note(work, self.plan.update, kept)
        _changing.forget_same_links(work, kept)
        self._tell(work, items)
        changed = []
        for item, draft in drafts:
            if item.errors:
                continue
            if draft.before is not None and not _revising.differs(draft, draft.before):
                item.status, item.version = "unchanged", draft.before["version"]
            else:
                changed.append((item, draft))
        lookup = _saving.look_up(work, [draft for _, draft in changed])
        self._tell(work, items)
        for item, draft in changed:
            if not item.errors:
                _saving.conclude(work, draft, lookup)
                self._ask(work, item, draft)
        self._tell(work, items)
        right = [(item, draft) for item, draft in changed if not item.errors]
        self._write(work, [draft for _, draft in right])
        audit.record_all(
            work, [("create" if draft.is_new else "update", draft) for _, draft in right]
        )
        _renewing.follow(work, [draft for _, draft in right])
        _firing.settle_all(work)
        for item, draft in right:
            item.status = "created" if draft.is_new else "updated"
            item.record_id, item.version = str(draft.facts["id"]), draft.facts["version"]

    def _ask(self, work: Work, item: Item, draft: Draft) -> None:
        """Refuse a row that is sensitive: nobody can be asked about it here."""
        try:
            _sensitive.ask_about(work, "create" if draft.is_new else "update", draft)
        except RequestError as refusal:
            item.refuse("", "sensitive", refusal.message)

    def _write(self, work: Work, drafts: list[Draft]) -> None:
        """Write drafts inside the importer's rights; a record outside of them undoes the batch."""
        made = [draft for draft in drafts if draft.is_new]
        kept = [draft for draft in drafts if not draft.is_new]
        covered: Mapping[str, frozenset[int]] = {}
        if kept and self.plan.update is not None:
            ids = [str(draft.facts["id"]) for draft in kept]
            covered = _rights.before(work, self.entity, ids, self.plan.update)
            _rights.guard_fields(work, self.plan.update, kept)
        _saving.write_all(work, drafts)
        if made and self.plan.create is not None:
            _rights.hold(work, self.plan.create, made, {})
        if kept and self.plan.update is not None:
            _rights.hold(work, self.plan.update, kept, covered)

    def _tell(self, work: Work, items: list[Item]) -> None:
        """Hand the errors of the work to the records they belong to."""
        by_index = {item.index: item for item in items}
        for error in work.errors:
            number, _, place = error.field.partition(".")
            item = by_index[int(number)]
            item.errors.append(replace(error, field=payload_place(item, place)))
        work.errors.clear()

    def _match(self, work: Work, items: list[Item]) -> dict[str, Mapping[str, Any]]:
        """Find which records exist already, and return those as they are stored, by id."""
        own = {item.index: own_key(self.call, self.runtime, item) for item in items}
        found: dict[tuple[Any, ...], list[_keys.Found]] = {}
        wanted = [key for key in dict.fromkeys(own.values()) if key is not None]
        for one in _keys.find(
            self.connection, self.runtime, self.call.actor, self.entity, self.call.key, wanted
        ):
            found.setdefault(one.key, []).append(one)
        for item in items:
            key = own[item.index]
            item.record_id = self._matched(item, found.get(key, []) if key else [])
        ids = tuple(item.record_id for item in items if item.record_id and not item.errors)
        if not ids or self.plan.update is None:
            return {}
        before = _changing.load_many(work, self.entity, ids, self.plan.update)
        for item in items:
            if item.record_id and not item.errors and item.record_id not in before:
                item.refuse("", "forbidden", DENIED)
        return dict(before)

    def _matched(self, item: Item, found: list[_keys.Found]) -> str:
        """Return the id of the record to change; empty for a new one or a refusal."""
        name = self.call.key[0] if self.call.key else ""
        if len(found) > 1:
            item.refuse(name, "ambiguous", SEVERAL)
        elif not found:
            if self.call.mode == "update":
                item.refuse(name, "not_found", UNKNOWN)
        elif self.call.mode == "create":
            item.refuse(name, "exists", EXISTS)
        elif found[0].archived:
            item.refuse(name, "archived", ARCHIVED)
        else:
            return found[0].id
        return ""
