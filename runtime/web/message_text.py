"""What a message says to one reader: its texts filled with what they may read of the record today.

Comes in: a visit and records by message. Goes out: the texts in the reader's language. Values are
read through the reader's own grant and written as every screen writes them, so a mask stays a mask,
a field out of reach says so, and amounts, times and choices are as the reader knows them. A record
out of reach has no text at all. One statement a message, however many records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from generator.field_types import Cell
from generator.field_types._ids import WRITTEN
from generator.model.message import LINK, RECIPIENT, RECORD, SHOP, Message, filled
from generator.model.text import Label
from runtime.messages import Incoming
from runtime.operations import _asking, _columns, _reading
from runtime.store import fetch
from runtime.web.screens import cells
from runtime.web.screens.visit import Visit, record_url
from runtime.web.users import user_names

NOTHING = "—"
"""What stands for a value that is empty."""


@dataclass(frozen=True, slots=True)
class Worded:
    """A message about one record, for one reader."""

    message: Message
    values: Mapping[str, str]
    locale: str

    @property
    def inbox(self) -> str:
        """What the bell says."""
        return self._filled(self.message.inbox)

    @property
    def subject(self) -> str:
        """The subject of an e-mail."""
        return self._filled(self.message.subject)

    @property
    def mail(self) -> str:
        """What an e-mail says."""
        return self._filled(self.message.mail)

    def _filled(self, label: Label) -> str:
        return filled(label.text(self.locale), self.values).strip()


def worded(
    visit: Visit, wanted: Mapping[str, Iterable[str]], recipient: str = ""
) -> dict[tuple[str, str], Worded]:
    """Return what messages say, by name and record; without records that the reader may not read.

    Args:
        visit: the reader.
        wanted: ids of records by the name of a message; names nobody knows are passed over.
        recipient: the name the reader is called by; the account's own if empty.

    """
    found: dict[tuple[str, str], Worded] = {}
    for name, ids in wanted.items():
        message = visit.app.messages.get(name)
        if message is None:
            continue
        for record_id, values in _read(visit, message, tuple(dict.fromkeys(ids))).items():
            told = {
                **values,
                RECIPIENT: recipient or visit.actor.name,
                SHOP: visit.text(visit.app.label),
                LINK: visit.runtime.mail.address + record_url(message.entity, record_id),
            }
            found[name, record_id] = Worded(message, told, visit.actor.locale)
    return found


def in_every_language(visit: Visit, name: str, record_id: str) -> dict[str, Worded] | None:
    """Return what a message says of a record by language; None where it is out of reach."""
    found = {}
    for locale in visit.app.locales:
        there = replace(visit, actor=replace(visit.actor, locale=locale))
        one = worded(there, {name: (record_id,)}).get((name, record_id))
        if one is None:
            return None
        found[locale] = one
    return found


def _read(visit: Visit, message: Message, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return what stands for each variable, by record."""
    runtime, entity = visit.runtime, message.entity
    visit = visit.asking("read", entity)
    grant = visit.root
    ids = tuple(one for one in ids if WRITTEN.fullmatch(one))[: _asking.MAX_PAGE]
    if grant is None or not ids:
        return {}
    paths = {
        name: path
        for name, text in message.variables.items()
        for path in cells.readable(visit, entity, (text,))
    }
    titled = _columns.title_columns(entity, visit.reads)
    fields = dict.fromkeys(("id", *titled, *cells.needs(visit, entity, paths.values())))
    query = {"fields": (",".join(fields),)}
    call = _reading.parse_read(Incoming("read", entity, visit.actor, query=query), grant, runtime)
    plan = _reading.plan_read(call, grant, runtime)
    plan = replace(plan, ids=ids, limit=len(ids), archived="all")
    with fetch.connection(runtime.engine) as connection:
        rows = fetch.page(connection, runtime.statements, plan).rows
    shown = plan.shown
    people = user_names(runtime.engine, cells.people_of(shown, rows))
    visit = replace(visit, people={**visit.people, **people})
    title = cells.title(visit, entity, shown)
    draw = {name: cells.draw(visit, path, shown) for name, path in paths.items()}
    place = [path.text for path in shown].index("id")
    return {
        str(row[place]): {**_values(visit, message, draw, row), RECORD: title(row)} for row in rows
    }


def _values(
    visit: Visit, message: Message, draw: Mapping[str, Callable[[Any], Cell]], row: Any
) -> dict[str, str]:
    hidden = visit.t("Not visible to you")
    return {name: _text(draw[name](row)) if name in draw else hidden for name in message.variables}


def _text(cell: Cell) -> str:
    """Return a cell as plain text, as an export to people writes it."""
    text = cell.text or ", ".join(item.text for item in cell.items)
    if not text:
        return NOTHING
    return f"{text} {cell.unit}" if cell.unit else text
