"""One action on many records of a list: what is sent, and what became of each of them.

The chosen rows are sent by id; "all that match" is sent as the list's own query, which the pipeline
freezes to ids before it changes anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.model.entity import Entity
from runtime.messages import Outcome
from runtime.web.screens.doors import titles_of
from runtime.web.screens.list_url import ListUrl, pipeline_query
from runtime.web.screens.visit import Visit, plural, record_url

ACTIONS = ("delete", "restore")
SHOWN = 100


@dataclass(frozen=True, slots=True)
class BulkAction:
    """A button of the bulk bar."""

    name: str
    label: str
    icon: str
    question: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A record that stayed as it was, and why."""

    title: str
    url: str
    reason: str


@dataclass(frozen=True, slots=True)
class BulkPage:
    """Everything `bulk.html` draws."""

    title: str
    done: int
    failed: tuple[Failed, ...]
    more_failed: int
    back: str


def actions(
    visit: Visit, entity: Entity, *, archived: bool, edits: bool = False, steps: bool = False
) -> tuple[BulkAction, ...]:
    """Return what the person may do with chosen rows.

    `edits`: there are fields to be changed; `steps`: there are steps for several records at once.
    """
    found = _actions(visit, entity, archived=archived)
    if steps and not archived:
        found = (BulkAction("step", visit.t("Take a step…"), "route", ""), *found)
    if edits and not archived:
        found = (BulkAction("edit", visit.t("Edit"), "pencil", ""), *found)
    return found


def _actions(visit: Visit, entity: Entity, *, archived: bool) -> tuple[BulkAction, ...]:
    t, what = visit.t, plural(visit, entity)
    if not visit.may("bulk", entity.name) or entity.child_of:
        return ()
    if archived:
        question = t("Restore the chosen records? ({name})", name=what)
        found = BulkAction("restore", t("Restore"), "restore", question)
        return (found,) if visit.may("restore", entity.name) else ()
    if not visit.may("delete", entity.name):
        return ()
    if entity.archive:
        question = t("Archive the chosen records? ({name})", name=what)
        return (BulkAction("delete", t("Archive"), "archive", question),)
    question = t("Delete the chosen records for good? ({name})", name=what)
    return (BulkAction("delete", t("Delete"), "trash", question),)


def payload(
    visit: Visit, entity: Entity, action: str, ids: Sequence[str], url: ListUrl | None
) -> dict[str, Any]:
    """Return the body of the request: ids, or the filter of the list when all that match go."""
    if url is None:
        return {"operation": action, "ids": list(ids)}
    query: Mapping[str, tuple[str, ...]] = pipeline_query(url, entity.name, visit)
    dropped = {"sort", "limit", "after", "before"}
    asked = {name: list(texts) for name, texts in query.items() if name not in dropped}
    return {"operation": action, "filter": asked} if asked else {"operation": action, "all": True}


def bulk_page(visit: Visit, entity: Entity, outcomes: Sequence[Outcome], listed: str) -> BulkPage:
    """Return the page that tells what became of the records."""
    bad = [one for one in outcomes if one.status != "ok"]
    return BulkPage(
        title=plural(visit, entity),
        done=len(outcomes) - len(bad),
        failed=failures(visit, entity, bad),
        more_failed=max(0, len(bad) - SHOWN),
        back=record_url(entity.name) + (f"?{listed}" if listed else ""),
    )


def failures(visit: Visit, entity: Entity, bad: Sequence[Outcome]) -> tuple[Failed, ...]:
    """Return the records that stayed as they were, by name, each with its reason."""
    titles = titles_of(visit, {entity.name: [one.record_id for one in bad[:SHOWN]]})
    return tuple(
        Failed(
            titles.get((entity.name, one.record_id), one.record_id[:8]),
            record_url(entity.name, one.record_id),
            _reason(visit, one),
        )
        for one in bad[:SHOWN]
    )


def _reason(visit: Visit, outcome: Outcome) -> str:
    texts = [visit.text(error.message) for error in outcome.errors]
    if texts:
        return " ".join(dict.fromkeys(texts))
    return visit.text(outcome.message) if outcome.message else outcome.status
