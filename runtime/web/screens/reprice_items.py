"""Which item a new line is of: chosen in the picker of a line's item, or its key typed.

Pickers hand back records and carts name items by their keys, so what was chosen is put into the
key here. Who may not look at items types the key, and so does whoever has no script.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from generator.field_types._ids import WRITTEN
from generator.model.entity import Entity
from generator.model.placing import LINES
from runtime.errors import RequestError
from runtime.operations._paid_lines import filled_with
from runtime.web.screens import doors
from runtime.web.screens.form_model import Control, ControlOption
from runtime.web.screens.visit import Visit

MOST_IDS = 100


def address(visit: Visit, entity: Entity) -> str:
    """Return where the picker searches for items; '' for somebody who is offered none."""
    pricing = visit.app.pricing
    assert pricing is not None
    assert pricing.placing is not None
    item = pricing.item.entity
    if not all(visit.may(action, item) for action in ("read", "list", "link")):
        return ""
    filled = pricing.placing.filled[LINES]
    line = visit.app.entities[entity.fields[filled.into].target]
    name = filled_with(filled.take, "item")
    is_picked = bool(name) and line.fields[name].target == item
    return f"/{item}/choices" + (f"?for={line.name}.{name}" if is_picked else "")


def keys_of(visit: Visit, chosen: Iterable[str]) -> Mapping[str, str]:
    """Return, by id, the keys of the items that were chosen and that the person may see."""
    pricing = visit.app.pricing
    assert pricing is not None
    ids = [one for one in dict.fromkeys(chosen) if WRITTEN.fullmatch(one)][:MOST_IDS]
    if not ids:
        return {}
    key = pricing.item.key
    query = {
        "ids": (",".join(ids),),
        "fields": (f"id,{key}",),
        "limit": (str(len(ids)),),
        "archived": ("all",),
    }
    try:
        found = doors.ask(visit, "list", pricing.item.entity, query=query)
    except RequestError:
        return {}
    place = {path.text: at for at, path in enumerate(found.plan.paths)}
    return {str(row[place["id"]]): str(row[place[key]]) for row in found.rows if row[place[key]]}


def picker(visit: Visit, url: str, number: int, chosen: str, called: str) -> Control:
    """Return the control of one row; `called` names what was chosen."""
    pricing = visit.app.pricing
    assert pricing is not None
    item = visit.text(visit.app.entities[pricing.item.entity].label)
    return Control(
        id=f"item{number}",
        name="item",
        label=visit.t("Another {item}", item=item),
        kind="picker",
        text=chosen,
        options=(ControlOption(chosen, called, chosen=True),) if chosen else (),
        picker_url=url,
    )
