"""The timeline of a record as data: what happened and what was said, in one stream.

Comes in: entries of `timeline`, already cut to what the reader may see. Goes out: events in words,
the place to write, the kinds to filter by, and the way to older ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from generator.field_types._times import local_text
from generator.model.entity import Entity
from runtime.messages import Result
from runtime.operations._comments import LONGEST, Comment
from runtime.operations._passages import Passage
from runtime.operations.history import Entry
from runtime.operations.timeline import KINDS, tells
from runtime.store.sealed import NEVER_KEPT, is_sealed
from runtime.tellings import Telling
from runtime.web.screens import doors, history, removed_entries
from runtime.web.screens.comment_text import Segment, segments
from runtime.web.screens.detail_parts import TabLink, record_facts
from runtime.web.screens.history import Event
from runtime.web.screens.passage_words import Taken, taken, wanted
from runtime.web.screens.telling_words import ToldOf, told_of
from runtime.web.screens.visit import Visit, caller, record_url


@dataclass(frozen=True, slots=True)
class CommentBox:
    """A comment, and how its writer changes it."""

    id: str
    segments: tuple[Segment, ...]
    text: str
    version: int
    edited: str
    """When it was last changed; empty when it never was."""
    url: str
    """Where a changed text is sent to; empty for everybody but its writer."""
    delete_url: str


@dataclass(frozen=True, slots=True)
class Said:
    """A comment as an event of the timeline."""

    who: str
    iso: str
    when: str
    exact: str
    comment: CommentBox
    id: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything the tab of the timeline draws."""

    events: tuple[Event | Said | Taken | ToldOf, ...]
    kinds: tuple[TabLink, ...]
    older_url: str
    comment_url: str
    """Where a new comment is sent to; empty where none may be written."""
    people_url: str
    longest: int
    removed: str
    """What is said of entries whose time was over; empty where none of this record went."""
    key: str
    """Makes a comment that is sent twice one comment."""


def timeline(
    visit: Visit, entity: Entity, record: Result, found: Result, kind: str, listed: str, key: str
) -> Timeline:
    """Return the timeline of a record."""
    record_id = str(record_facts(record, "id"))
    entries = [one for one in found.rows if isinstance(one, Entry)]
    steps = [one for one in found.rows if isinstance(one, Passage)]
    asked = {**history.wanted_titles(visit, entity, entries)}
    for target, ids in wanted(visit, entity, steps).items():
        asked[target] = (*asked.get(target, ()), *ids)
    titles = doors.titles_of(visit, asked)
    known = history.Known(titles, _texts(record))
    restoring = _restorable(visit, entity, record)
    begun = record_facts(record, "created_at")
    events: list[Event | Said | Taken | ToldOf] = []
    for one in found.rows:
        if isinstance(one, Comment):
            events.append(_said(visit, entity, record_id, one))
        elif isinstance(one, Passage):
            events.append(taken(visit, entity, one, known, begun))
        elif isinstance(one, Telling):
            events.append(told_of(visit, entity, record_id, one))
        else:
            (event,) = history.events(visit, entity, (one,), known)
            events.append(replace(event, id=one.id, restorable=restoring & _names(entity, one)))
    talks = visit.actor.scopes is None and visit.may("comment", entity.name)

    def url(**more: str) -> str:
        return record_url(entity.name, record_id, tab="history", list=listed, **more)

    return Timeline(
        events=tuple(events),
        kinds=_kinds(visit, entity, kind, url),
        older_url=url(kind=kind if kind != "all" else "", before=found.next_cursor)
        if found.next_cursor
        else "",
        comment_url=record_url(entity.name, record_id, "comments") if talks else "",
        people_url=record_url(entity.name, record_id, "people"),
        longest=LONGEST,
        removed=removed_entries.of_record(visit, begun)
        if not found.next_cursor and kind != "comments" and visit.may("history", entity.name)
        else "",
        key=key,
    )


def _kinds(visit: Visit, entity: Entity, kind: str, url: Any) -> tuple[TabLink, ...]:
    t = visit.t
    words = {
        "all": t("All", "timeline"),
        "comments": t("Comments", "timeline"),
        "steps": t("Steps", "timeline"),
        "messages": t("Messages", "timeline"),
        "changes": t("Changes", "timeline"),
        "files": t("Files", "timeline"),
    }
    return tuple(
        TabLink(name, words[name], url(kind=name if name != "all" else ""), name == kind)
        for name in KINDS
        if (name != "steps" or entity.name in visit.app.workflows)
        and (name != "messages" or tells(visit.runtime, entity.name))
    )


def named_in(found: Result) -> frozenset[int]:
    """Return the accounts that the entries of a timeline name."""
    return frozenset(
        number
        for one in found.rows
        for number in (
            (each.user_id for each in one.told) if isinstance(one, Telling) else (one.actor_id,)
        )
    )


def _names(entity: Entity, entry: Entry) -> frozenset[str]:
    """Return the fields of an entry that have an older value, as far as the log keeps it."""
    if entry.operation in {"create", "delete", "restore"}:
        return frozenset()
    return frozenset(
        name
        for name, value in entry.before.items()
        if name in entity.fields and not is_sealed(entity.fields[name], value)
    )


def _restorable(visit: Visit, entity: Entity, record: Result) -> frozenset[str]:
    """Return the fields that the reader may set back to an older value."""
    grant = visit.runtime.matrix.grant(visit.actor.roles, entity.name, "update")
    if grant is None or record_facts(record, "archived_at") is not None:
        return frozenset()
    return frozenset(
        name
        for name, field in entity.fields.items()
        if name in grant.write
        and not field.readonly
        and not field.immutable
        and field.computed is None
        and not visit.catalog[field.type].generated
        and field.type != "children"
        and field.sensitivity not in NEVER_KEPT
    )


def _said(visit: Visit, entity: Entity, record_id: str, one: Comment) -> Said:
    own = one.actor_id == visit.actor.id and visit.may("comment", entity.name)
    url = record_url(entity.name, record_id, f"comments/{one.id}")
    when = local_text(one.at, visit.viewer.locale, visit.viewer.time_zone)
    edited = one.edited_at
    return Said(
        who=caller(visit, one.actor_name, one.actor_id),
        iso=one.at.isoformat(),
        when=when,
        exact=when,
        comment=CommentBox(
            id=one.id,
            segments=segments(one.text, one.mentions),
            text=one.text,
            version=one.version,
            edited=local_text(edited, visit.viewer.locale, visit.viewer.time_zone)
            if edited
            else "",
            url=url if own else "",
            delete_url=f"{url}/delete" if own else "",
        ),
        id=one.id,
    )


def _texts(result: Result) -> Mapping[str, str]:
    """Return texts of the record as it is now: the currency its amounts are in."""
    paths: Sequence[Any] = result.plan.paths
    return {
        path.text: str(result.row[place] or "")
        for place, path in enumerate(paths)
        if not path.parents
    }
