"""The tabs of a record: its parts, records that point here, and its timeline, with their counts.

Parts are counted by what the record brought along; all records that point here together cost one
statement, cut off where the counts of lists are.
"""

from __future__ import annotations

from collections.abc import Mapping

from generator.model.entity import Entity
from runtime.messages import Result
from runtime.operations.related_counts import Count
from runtime.web.screens import doors
from runtime.web.screens.detail_parts import TabLink, include_of
from runtime.web.screens.detail_plan import DetailPlan
from runtime.web.screens.visit import Visit, record_url

TIMELINE = "history"
"""The name of the timeline's tab in definitions and addresses."""


def related_counts(
    visit: Visit, plan: DetailPlan, record_id: str, by: Mapping[str, str]
) -> Mapping[str, Count]:
    """Return how many records point here, by tab: one statement, none without such tabs."""
    if not by:
        return {}
    query = {"of": tuple(by), "by": tuple(by.values())}
    result = doors.ask(visit, "related_counts", plan.entity.name, record_id, query)
    found: Mapping[str, Count] = result.row
    return found


def tab_links(
    visit: Visit,
    plan: DetailPlan,
    result: Result,
    record_id: str,
    listed: str,
    counts: Mapping[str, Count],
) -> tuple[TabLink, ...]:
    """Return the tabs; each is a link, so it works without script."""
    found = []
    for name in plan.tabs:
        rows = result.included.get(name, {}).get(record_id, ()) if name in result.included else ()
        counted = counts.get(name)
        is_empty = counted is not None and not counted.number and name != plan.tab
        if is_empty and visit.app.is_counted(plan.entity.name, name):
            continue  # most promotions have no bound, and nothing is counted of them
        text = ""
        if counted is not None:
            text = f"{counted.number}{'' if counted.is_exact else '+'}"
        elif include_of(result, name) is not None:
            text = str(len(rows))
        found.append(
            TabLink(
                id=name.replace(".", "-"),
                label=tab_label(visit, plan.entity, name),
                url=record_url(plan.entity.name, record_id, tab=name, list=listed),
                current=name == plan.tab,
                count=text,
            )
        )
    return tuple(found)


def tab_label(visit: Visit, entity: Entity, name: str) -> str:
    """Return what a tab is called."""
    if name == TIMELINE:
        return visit.t("Timeline")
    if "." not in name:
        return visit.text(entity.fields[name].label)
    other, reference = name.split(".", 1)
    target = visit.app.entities[other]
    pointing = [tab for tab in entity.detail.tabs if tab.startswith(f"{other}.") and tab != name]
    label = visit.text(target.plural)
    if not pointing:
        return label
    return f"{label} · {visit.text(target.fields[reference].label)}"
