"""A record read page first, with its related tabs, its timeline and what stands beside it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl

from flask import Blueprint, redirect, render_template, request

from generator.model.entity import Entity
from runtime.errors import RequestError, UnknownStoredState
from runtime.messages import Result
from runtime.operations.neighbours import Neighbours
from runtime.store.engine import reading_together
from runtime.web.screens import doors
from runtime.web.screens.desk import (
    Addresses,
    Answer,
    Desk,
    entity_of,
    listed_query,
)
from runtime.web.screens.detail_files import file_boxes
from runtime.web.screens.detail_page import Around, detail_page
from runtime.web.screens.detail_parts import Table, record_facts
from runtime.web.screens.detail_plan import DetailPlan, detail_plan
from runtime.web.screens.detail_tables import child_table, related_query, related_table
from runtime.web.screens.detail_tabs import TIMELINE, related_counts
from runtime.web.screens.list_sums import related_sums
from runtime.web.screens.list_url import pipeline_query, read_url
from runtime.web.screens.panels import panel_boxes
from runtime.web.screens.pointing import pointing
from runtime.web.screens.progress_page import progress
from runtime.web.screens.steps_page import steps
from runtime.web.screens.timeline_page import Timeline, named_in, timeline
from runtime.web.screens.visit import Visit, record_url
from runtime.web.screens.workflow_page import machines_of


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Records(desk)
    screens.add_url_rule(at.record, "detail", views.detail)
    screens.add_url_rule(at.record + "/history", "history", views.history)


class Records:
    """One record."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def detail(self, entity: str, record_id: str) -> Answer:
        """Show a record."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        with reading_together(visit.runtime.engine):
            return self.page(visit, model, record_id, request.args.get("tab", ""))

    def page(self, visit: Visit, model: Entity, record_id: str, tab: str) -> str:
        """Return the page of a record with one of its tabs open."""
        entity, listed = model.name, listed_query(model.name)
        plan = detail_plan(visit, model, tab)
        query = {"fields": (",".join(dict.fromkeys(("id", *plan.fields))),)}
        if plan.includes:
            query["include"] = (",".join(plan.includes),)
        result = doors.ask(visit, "read", entity, record_id, query)
        visit = self.desk.with_names(visit, result.plan.paths, result.rows)
        beside = doors.ask(visit, "beside", entity, record_id).row
        known = self.desk.knowing(visit, (file.actor_id for file in beside.files))
        is_there = record_facts(result, "archived_at") is None
        changes = is_there and visit.may("update", entity) and visit.may("file", entity)
        by = pointing(visit, plan, result, record_id)
        around = Around(
            listed=listed,
            table=self._table(visit, plan, result, by),
            timeline=self._timeline(visit, plan, result, record_id, listed),
            neighbours=_neighbours(visit, model, record_id, listed),
            counts=related_counts(visit, plan, record_id, by),
            files=file_boxes(known, entity, record_id, beside.files, changes=changes),
            follows=beside.follows,
            panels=panel_boxes(visit, model, result, self.desk.around.templates),
        )
        around = self._with_steps(visit, model, record_id, around)
        page = detail_page(visit, plan, result, around)
        return render_template(self.desk.template(entity, "detail.html"), page=page)

    def history(self, entity: str, record_id: str) -> Answer:
        """Open a record at its timeline."""
        entity_of(self.desk.visit(), entity)
        return redirect(record_url(entity, record_id, tab=TIMELINE, list=listed_query(entity)))

    def _timeline(
        self, visit: Visit, plan: DetailPlan, result: Result, record_id: str, listed: str
    ) -> Timeline | None:
        if plan.tab != TIMELINE:
            return None
        kind = request.args.get("kind", "") or "all"
        query = {"before": (request.args.get("before", ""),), "kind": (kind,)}
        found = doors.ask(visit, "timeline", plan.entity.name, record_id, query)
        visit = self.desk.knowing(visit, named_in(found))
        return timeline(visit, plan.entity, result, found, kind, listed, str(uuid.uuid4()))

    def _with_steps(self, visit: Visit, model: Entity, record_id: str, around: Around) -> Around:
        """Return the surroundings with the steps of a record that has workflows."""
        if not machines_of(visit, model.name):
            return around
        story = doors.ask(visit, "passages", model.name, record_id).row
        visit = self.desk.knowing(visit, (one.actor_id for one in story.steps))
        try:
            standing = doors.ask(visit, "transitions", model.name, record_id).row
        except UnknownStoredState as refusal:
            told = visit.t("An operator finds it among the incidents.")
            return replace(around, trouble=f"{visit.text(refusal.message)} {told}")
        return replace(
            around,
            steps=steps(visit, model, standing, str(uuid.uuid4()), around.listed),
            progress=progress(visit, model, tuple(standing.states.items()), story, record_id),
        )

    def _table(
        self, visit: Visit, plan: DetailPlan, result: Result, by: Mapping[str, str]
    ) -> Table | None:
        """Return the table of the open tab; None for the timeline and without tabs."""
        if not plan.tab or plan.tab == TIMELINE:
            return None
        if "." not in plan.tab:
            return child_table(visit, plan.entity, plan.tab, result)
        other = plan.tab.split(".", 1)[0]
        value = by[plan.tab]
        found = doors.ask(visit, "list", other, query=related_query(visit, plan.tab, value))
        visit = self.desk.with_names(visit, found.plan.paths, found.rows)
        return related_table(visit, plan.tab, value, found, related_sums(visit, plan.tab, value))


def _neighbours(visit: Visit, model: Entity, record_id: str, listed: str) -> Neighbours:
    """Return the records beside this one in the list one came from; none where it is no list."""
    if not visit.may("list", model.name) or model.child_of:
        return Neighbours("", "")
    path = record_url(model.name)
    query = pipeline_query(read_url(path, parse_qsl(listed)), model.name, visit)
    try:
        found: Neighbours = doors.ask(visit, "neighbours", model.name, record_id, query).row
    except RequestError:
        return Neighbours("", "")
    return found
