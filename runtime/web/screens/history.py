"""The timeline of a record: audit entries in words, with every changed field before and after."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import marshmallow as ma

from generator.field_types._times import local_text
from generator.field_types.money import Money
from generator.model.entity import Entity, Field
from runtime.operations._talk import FILE, TIMER
from runtime.operations.history import Entry
from runtime.store.sealed import MASKED, is_sealed
from runtime.web.screens.doors import Titles
from runtime.web.screens.visit import Visit, caller

ICONS = {
    "create": "plus",
    "update": "edit",
    "delete": "archive",
    "restore": "restore",
    "attach": "paperclip",
    "detach": "paperclip",
    "delete_comment": "message",
    "reveal": "eye",
    "person_copied": "id",
    "person_erased": "eye-off",
    "erase": "eye-off",
    "post": "arrows-exchange",
    "extend": "clock",
}
QUIET = {"id", "position", "archived_at"}
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Known:
    """What the entries do not say themselves."""

    titles: Titles
    values: Mapping[str, str]
    """Texts of the record as it is now, by field: the currency its amounts are in."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field, before and after; empty texts mean no value."""

    label: str
    before: str
    after: str
    name: str = ""
    """The field, where the older value can be brought back."""
    is_masked: bool = False
    """The log keeps no more than the mask."""
    note: str = ""
    """What the two texts do not tell."""


@dataclass(frozen=True, slots=True)
class RowChange:
    """What became of one child row."""

    words: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the timeline."""

    icon: str
    who: str
    words: str
    reason: str
    iso: str
    when: str
    exact: str
    changes: tuple[Change, ...]
    rows: tuple[RowChange, ...]
    folded: bool = False
    """The values of a new record are many and rarely asked for."""
    id: str = ""
    restorable: frozenset[str] = frozenset()
    """The fields whose older value the reader may bring back."""

    @property
    def is_masked(self) -> bool:
        """Whether the log keeps only masks of something told here."""
        every = (*self.changes, *(one for row in self.rows for one in row.changes))
        return any(one.is_masked for one in every)


def events(
    visit: Visit, entity: Entity, entries: Iterable[Entry], known: Known
) -> tuple[Event, ...]:
    """Return the entries as they are read."""
    return tuple(_event(visit, entity, entry, known) for entry in entries)


def _event(visit: Visit, entity: Entity, entry: Entry, known: Known) -> Event:
    made = entity.fields["created_at"]
    cell = visit.catalog[made.type].cell(entry.at, made, visit.viewer)
    single, rows = [], []
    for name, field in _in_order(entity, entry.before, entry.after):
        before, after = entry.before.get(name), entry.after.get(name)
        if field.type == "children":
            rows += _rows(visit, field, before or {}, after or {}, known)
        elif entry.operation != "create" or after is not None:
            single.append(_change(visit, field, before, after, known))
    return Event(
        icon=ICONS.get(entry.operation, "clock"),
        who=caller(visit, entry.actor_name, entry.actor_id),
        words=_words(visit, entity, entry),
        reason=entry.reason,
        iso=entry.at.isoformat(),
        when=local_text(entry.at, visit.viewer.locale, visit.viewer.time_zone),
        exact=cell.title or cell.text,
        changes=tuple(single) if entry.operation != "delete" or entity.archive else (),
        rows=tuple(rows),
        folded=entry.operation == "create",
    )


def _in_order(
    entity: Entity, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[tuple[str, Field]]:
    """Return the changed fields in the author's order; a database keeps none."""
    return [
        (name, field)
        for name, field in entity.fields.items()
        if name not in QUIET and (name in before or name in after)
    ]


def _moved_due(visit: Visit, entity: Entity, entry: Entry) -> str:
    """Return which due time was moved, from when to when; both stand in the zone of the reader."""
    found = next(((n, one) for n, one in entry.after.items() if n.startswith(TIMER)), None)
    if found is None:
        return visit.t("moved a due time", "history")
    name, now = found
    edges = [
        edge
        for workflow in visit.app.workflows.get(entity.name, {}).values()
        if workflow.field == name[len(TIMER) :]
        for edge in workflow.named(now["step"])
    ]
    times = [
        local_text(dt.datetime.fromisoformat(one), visit.viewer.locale, visit.viewer.time_zone)
        for one in (entry.before[name]["due_at"], now["due_at"])
    ]
    return visit.t(
        "moved {step} from {before} to {after}",
        "history",
        step=visit.text(edges[0].label) if edges else visit.t("a due time", "history"),
        before=times[0],
        after=times[1],
    )


def _words(visit: Visit, entity: Entity, entry: Entry) -> str:
    t = visit.t
    file = str(entry.after.get(FILE) or entry.before.get(FILE) or "")
    found = {
        "create": t("created this record", "history"),
        "update": t("changed this record", "history"),
        "delete": t("archived this record", "history")
        if entity.archive
        else t("deleted this record", "history"),
        "restore": t("restored this record", "history"),
        "attach": t("attached {name}", "history", name=file),
        "detach": t("removed {name}", "history", name=file),
        "comment": t("commented", "history"),
        "edit_comment": t("changed a comment", "history"),
        "delete_comment": t("deleted a comment", "history"),
        "reveal": t("looked at a masked value", "history"),
        "person_copied": t("copied all their data", "history"),
        "person_erased": t("erased all their data", "history"),
        "erase": t("erased the personal data in it", "history"),
        "extend": _moved_due(visit, entity, entry),
        "incident_retry": t("let it be tried again", "history"),
        "incident_done": t("said that it was done outside", "history"),
        "incident_failed": t("said that it failed outside", "history"),
        "post": t("posted an entry", "history"),
        "approval_requested": t("asked for approval of a change", "history"),
        "approval_approved": t("approved a change", "history"),
        "approval_rejected": t("rejected a change", "history"),
        "approval_withdrawn": t("withdrew a change", "history"),
        "approval_void": t("found a request void", "history"),
        "approval_vote_void": t("took back the approval of somebody who left", "history"),
        "approval_expired": t("found a request too old", "history"),
        "approval_failed": t("could not carry out a change", "history"),
    }.get(entry.operation, entry.operation)
    source = {
        "rest": t("over the API", "history"),
        "import": t("by an import", "history"),
        "job": t("by a job", "history"),
        "seed": t("with the demo data", "history"),
        "approval": t("after approval", "history"),
    }.get(entry.source, "")
    return f"{found} {source}".strip() if not visit.chinese() else f"{source}{found}"


def _change(visit: Visit, field: Field, before: Any, after: Any, known: Known) -> Change:
    return Change(
        visit.text(field.label),
        shown(visit, field, before, known),
        shown(visit, field, after, known),
        field.name,
        any(is_sealed(field, one) and MASKED in one for one in (before, after)),
        visit.t("another value", "history") if look_alike(field, before, after) else "",
    )


def look_alike(field: Field, before: Any, after: Any) -> bool:
    """Return whether two values that differ are kept with the same mask."""
    both = is_sealed(field, before) and is_sealed(field, after)
    return both and before != after and before.get(MASKED) == after.get(MASKED, "")


def _rows(
    visit: Visit,
    field: Field,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    known: Known,
) -> list[RowChange]:
    child, t = visit.app.entities[field.target], visit.t
    label, found = visit.text(field.label), []
    for row_id in dict.fromkeys((*before, *after)):
        old, new = before.get(row_id), after.get(row_id)
        changes = tuple(
            _change(visit, inner, (old or {}).get(name), (new or {}).get(name), known)
            for name, inner in _in_order(child, old or {}, new or {})
            if name != child.child_of
        )
        if old is None:
            summary = _summary(changes, new_side=True)
            found.append(RowChange(t("{name}: row added", name=label) + summary))
        elif new is None:
            summary = _summary(changes, new_side=False)
            found.append(RowChange(t("{name}: row removed", name=label) + summary))
        elif changes:
            title = known.titles.get((child.name, row_id), "")
            said = t("{name}: row changed", name=label)
            found.append(RowChange(f"{said} – {title}" if title else said, changes))
    return found


def _summary(changes: Iterable[Change], *, new_side: bool) -> str:
    texts = [
        f"{change.label} {value}"
        for change in changes
        if (value := change.after if new_side else change.before)
    ]
    return f" ({', '.join(texts[:6])})" if texts else ""


def shown(visit: Visit, field: Field, value: Any, known: Known) -> str:
    """Return a value of the audit, which is in API form, as people see it."""
    if value is None or value == []:
        return ""
    if is_sealed(field, value):
        return str(value.get(MASKED) or "") or visit.t("kept in no log", "history")
    kind = visit.catalog[field.type]
    if kind.relation == "reference":
        return known.titles.get((field.target, str(value)), visit.t("another record", "history"))
    if kind.relation == "references":
        names = [known.titles.get((field.target, str(one)), str(one)[:8]) for one in value]
        return ", ".join(names)[:LONGEST]
    try:
        stored = kind.schema(field, allow_none=True).deserialize(value)
    except (ma.ValidationError, ValueError):
        return str(value)[:LONGEST]
    return written(visit, field, stored, known)


def written(visit: Visit, field: Field, stored: Any, known: Known) -> str:
    """Return a stored value as people see it."""
    kind = visit.catalog[field.type]
    if isinstance(kind, Money):
        written = str(field.args.get("currency") or "")
        code = "" if written.isupper() else known.values.get(written.rpartition(".")[2], "")
        cell = kind.cell(stored, field, visit.viewer, code)
    else:
        cell = kind.cell(stored, field, visit.viewer)
    if field.type in {"file", "image"}:
        return visit.t("a file", "history") if stored else ""
    if isinstance(stored, dt.datetime):
        return local_text(stored, visit.viewer.locale, visit.viewer.time_zone)
    text = f"{cell.text} {cell.unit}".strip()
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def wanted_titles(
    visit: Visit, entity: Entity, entries: Iterable[Entry]
) -> Mapping[str, tuple[str, ...]]:
    """Return the ids that entries name, by entity."""
    found: dict[str, dict[str, None]] = {}

    def note(model: Entity, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            field = model.fields.get(name)
            if field is None or value is None or is_sealed(field, value):
                continue
            relation = visit.catalog[field.type].relation
            if relation == "reference":
                found.setdefault(field.target, {})[str(value)] = None
            elif relation == "references":
                found.setdefault(field.target, {}).update(dict.fromkeys(map(str, value)))
            elif relation == "children" and isinstance(value, Mapping):
                for row in value.values():
                    note(visit.app.entities[field.target], row)

    for entry in entries:
        note(entity, entry.before)
        note(entity, entry.after)
    return {target: tuple(ids) for target, ids in found.items()}
