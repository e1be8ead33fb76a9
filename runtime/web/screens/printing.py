"""What is asked of records that go on paper: a document or a label, one record or chosen ones.

Comes in: who asks, an entity, the name of a label or none. Goes out: a `Paper`, the fields it
wants, and the records in the order they were chosen. Screens, REST and runs print the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from generator.model.entity import Entity, PrintLabel
from generator.model.text import Label
from runtime.errors import NotFound
from runtime.messages import Result
from runtime.operations.read import not_found
from runtime.web.screens import doors, labels_page
from runtime.web.screens.detail_plan import DetailPlan, detail_plan
from runtime.web.screens.print_page import MOST
from runtime.web.screens.visit import Visit

PRINT = ("print",)
"""What a record must allow beside being read."""
NO_LABEL = Label({"en": "There is no such label.", "zh": "没有这个标签。"})


@dataclass(frozen=True)
class Paper:
    """What is drawn of each record."""

    entity: Entity
    plan: DetailPlan
    label: PrintLabel | None
    fields: tuple[str, ...]
    """What is asked for of each record."""

    @property
    def query(self) -> Mapping[str, tuple[str, ...]]:
        """The fields as the pipeline is asked for them, and the parts of a document."""
        includes = self.plan.includes if self.label is None else ()
        asked = {"fields": (",".join(self.fields),)}
        return {**asked, **({"include": (",".join(includes),)} if includes else {})}


def paper_of(visit: Visit, entity: Entity, name: str = "") -> Paper:
    """Return what is drawn of each record for the person: its page, or the label of a name.

    Raises:
        NotFound: there is no such label.

    """
    plan = detail_plan(visit, entity, "")
    if not name:
        return Paper(entity, plan, None, _once("id", *plan.fields))
    label = next((one for one in entity.print_labels if one.name == name), None)
    if label is None:
        raise NotFound(NO_LABEL)
    return Paper(entity, plan, label, _once("id", *labels_page.wanted(visit, entity, label)))


def records(visit: Visit, paper: Paper, ids: tuple[str, ...]) -> Result:
    """Return the records, in the order they were chosen.

    Raises:
        NotFound: none of them is there for the person.

    """
    entity = paper.entity.name
    if len(ids) == 1:
        return doors.ask(visit, "read", entity, ids[0], paper.query, also=PRINT)
    some = {"ids": (",".join(ids),), "archived": ("all",), "limit": (str(MOST),)}
    result = doors.ask(visit, "list", entity, query={**paper.query, **some}, also=PRINT)
    place = [path.text for path in result.plan.paths].index("id")
    order = {record_id: number for number, record_id in enumerate(ids)}
    rows = sorted(result.rows, key=lambda row: order[str(row[place])])
    if not rows:
        raise not_found()
    return replace(result, rows=tuple(rows))


def _once(*fields: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fields))
