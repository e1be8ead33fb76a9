"""By what the rows of a related tab are found: records that point here, by the id of the record.

What was counted of a record as a promotion is a balance of a ledger; its key is a text, and says
what the record is called as a promotion.
"""

from __future__ import annotations

from collections.abc import Mapping

from generator.model.entity import Entity
from rules.pricing.rows import key_of
from runtime.messages import Result
from runtime.web.screens.detail_plan import DetailPlan
from runtime.web.screens.visit import Visit


def pointing(visit: Visit, plan: DetailPlan, result: Result, record_id: str) -> Mapping[str, str]:
    """Return by tab what its rows say of the record."""
    related = [tab for tab in plan.tabs if "." in tab]
    return {
        tab: called(plan.entity, result, record_id)
        if visit.app.is_counted(plan.entity.name, tab)
        else record_id
        for tab in related
    }


def called(entity: Entity, result: Result, record_id: str) -> str:
    """Return what a record is called as a promotion, which is how counters know it."""
    place = {path.text: number for number, path in enumerate(result.plan.paths)}
    named = [result.row[place[name]] for name in entity.key if name in place]
    return f"{entity.name}:{key_of(named, record_id)}"


def tried_as(entity: Entity, result: Result, record_id: str) -> str:
    """Return by what a backtest finds the record: a key of one part, else its id."""
    whole = len(entity.key) == 1
    return called(entity, result, record_id) if whole else f"{entity.name}:{record_id}"
