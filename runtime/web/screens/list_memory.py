"""What people keep of a list: saved views, and which columns they like, each one statement to read.

Columns, widths and the view a list opens with are one setting a person and list, under the key
`list:ENTITY`; the one of user 0 holds for everybody who has none. Columns are kept by view, because
a view for shipping needs others than one for paying.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import sqlalchemy as sa

from generator.model.entity import Entity
from generator.model.text import Label
from runtime.errors import BadRequest, FieldError, Forbidden, Invalid, NotFound
from runtime.operations import _looking
from runtime.store.engine import read, write
from runtime.store.filters import CLAUSE
from runtime.web.screens.list_url import LONGEST, ListUrl, pipeline_query, read_url
from runtime.web.screens.visit import Visit, record_url

EVERYBODY = 0
MOST_VIEWS = 50
MOST_COLUMNS = 24
LONGEST_NAME = 60
WIDTHS = range(60, 621, 20)
"""Pixels a column may be wide: each has a class, because a page may carry no style of its own."""


@dataclass(frozen=True)
class SavedView:
    """A list as somebody arranged it."""

    id: str
    name: str
    query: str
    mine: bool
    shared: bool
    role: str

    def url(self, entity: str) -> ListUrl:
        """Return its address, which names it."""
        found = read_url(record_url(entity), parse_qsl(self.query))
        return ListUrl(found.path, (*found.pairs, ("saved", self.id)))


@dataclass(frozen=True)
class Arranged:
    """How a person likes a list; `of_all` is what holds for everybody."""

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By view; the plain list is ''."""
    widths: Mapping[str, int] = field(default_factory=dict)
    opens: str = ""
    """The view it opens with: a name of the definitions or the id of a saved one."""


@dataclass(frozen=True)
class Kept:
    """Everything that is kept of a list for one person."""

    views: tuple[SavedView, ...] = ()
    mine: Arranged = Arranged()
    of_all: Arranged = Arranged()

    def columns(self, view: str) -> tuple[str, ...]:
        """Return the columns kept for a view: one's own, else everybody's; empty for none."""
        return self.mine.columns.get(view) or self.of_all.columns.get(view) or ()

    @property
    def widths(self) -> Mapping[str, int]:
        """Widths in pixels by column."""
        return {**self.of_all.widths, **self.mine.widths}

    @property
    def opens(self) -> str:
        """The view the list opens with."""
        return self.mine.opens or self.of_all.opens

    def view(self, view_id: str) -> SavedView | None:
        """Return a saved view this person sees."""
        return next((one for one in self.views if one.id == view_id), None)


def load(visit: Visit, entity: str) -> Kept:
    """Return what is kept of a list: two statements."""
    views, settings = visit.runtime.system.saved_view, visit.runtime.system.setting
    me, roles = visit.actor.id, sorted(visit.actor.roles)
    seen = sa.or_(
        views.c.user_id == me,
        sa.and_(views.c.shared, sa.or_(views.c.role.is_(None), views.c.role.in_(roles))),
    )
    found = (
        sa.select(views)
        .where(views.c.entity == entity, seen)
        .order_by(views.c.position, views.c.id)
    )
    chosen = sa.select(settings.c.user_id, settings.c.value).where(
        settings.c.user_id.in_([EVERYBODY, me]), settings.c.key == _key(entity)
    )
    with read(visit.runtime.engine) as connection:
        rows = connection.execute(found).all()
        values = {row.user_id: _arranged(row.value) for row in connection.execute(chosen)}
    saved = tuple(
        SavedView(row.id, row.name, row.query, row.user_id == me, row.shared, row.role or "")
        for row in rows
    )
    saved = tuple(one for one in saved if one.mine or _is_for(visit, entity, one))
    return Kept(saved, values.get(me, Arranged()), values.get(EVERYBODY, Arranged()))


def _is_for(visit: Visit, entity: str, view: SavedView) -> bool:
    """Return whether somebody sees all that a shared view compares by: its address holds the
    values, and without them it would be another list."""
    for key, _ in read_url("", parse_qsl(view.query)).filters:
        written = CLAUSE.match(key)
        try:
            visit.reads.compared(entity, written[1] if written else key)
        except BadRequest:
            return False
    return True


def _key(entity: str) -> str:
    return f"list:{entity}"


def _arranged(value: Any) -> Arranged:
    given: Mapping[str, Any] = value or {}
    columns = {view: tuple(names) for view, names in (given.get("columns") or {}).items()}
    return Arranged(columns, dict(given.get("widths") or {}), str(given.get("opens") or ""))


def keep_columns(
    visit: Visit, entity: Entity, view: str, columns: tuple[str, ...], *, everybody: bool
) -> None:
    """Keep the columns of a view; without any, the definitions hold again.

    Raises:
        Forbidden: the person may not arrange the list for others.

    """
    if everybody:
        may_share(visit, entity)

    def change(value: dict[str, Any]) -> None:
        kept = value.setdefault("columns", {})
        if columns:
            kept[view] = list(columns[:MOST_COLUMNS])
        else:
            kept.pop(view, None)
            value.pop("widths", None)

    _change(visit, entity.name, EVERYBODY if everybody else visit.actor.id, change)
    if everybody:
        _change(visit, entity.name, visit.actor.id, lambda value: _forget(value, view))


def _forget(value: dict[str, Any], view: str) -> None:
    value.get("columns", {}).pop(view, None)


def keep_width(visit: Visit, entity: Entity, column: str, width: int) -> None:
    """Keep how wide a column is, rounded to a width there is a class for."""
    step = WIDTHS.step
    near = min(max(round(width / step) * step, WIDTHS.start), WIDTHS[-1])

    def change(value: dict[str, Any]) -> None:
        value.setdefault("widths", {})[column] = near

    _change(visit, entity.name, visit.actor.id, change)


def keep_opening(visit: Visit, entity: Entity, view: str) -> None:
    """Keep the view the list opens with; '' for the plain list."""

    def change(value: dict[str, Any]) -> None:
        value["opens"] = view

    _change(visit, entity.name, visit.actor.id, change)


def _change(visit: Visit, entity: str, user_id: int, change: Any) -> None:
    table = visit.runtime.system.setting
    place = sa.and_(table.c.user_id == user_id, table.c.key == _key(entity))
    with write(visit.runtime.engine) as connection:
        held = connection.execute(sa.select(table.c.value).where(place)).scalar_one_or_none()
        value = dict(held or {})
        change(value)
        now = visit.runtime.clock()
        if held is None:
            row = {"user_id": user_id, "key": _key(entity), "value": value, "updated_at": now}
            connection.execute(table.insert(), row)
        else:
            connection.execute(table.update().where(place), {"value": value, "updated_at": now})


def may_share(visit: Visit, entity: Entity) -> None:
    """Refuse whoever may not arrange lists for others.

    Raises:
        Forbidden: the roles do not include the action `share`.

    """
    if not visit.may("share", entity.name):
        raise Forbidden(
            Label(
                {
                    "en": "Your roles do not include 'share' here. Ask an administrator.",
                    "zh": "您的角色没有此处的“share”（共享）权限，请联系管理员。",
                }
            )
        )


def save_view(
    visit: Visit, entity: Entity, name: str, url: ListUrl, *, shared: bool, role: str = ""
) -> str:
    """Keep a list as it is now under a name; return the id.

    Raises:
        Forbidden: sharing is not permitted.
        Invalid: no name, one that is taken, no such role, or too many views.

    """
    name = _name(name)
    if shared:
        may_share(visit, entity)
    if role and role not in visit.app.roles:
        raise _invalid("role", "There is no such role.", "没有这个角色。")
    kept = load(visit, entity.name)
    if any(one.mine and one.name == name for one in kept.views):
        raise _invalid(
            "name", "You have a view of that name; choose another.", "您已有同名视图，请换个名称。"
        )
    if sum(one.mine for one in kept.views) >= MOST_VIEWS:
        raise _invalid("name", f"At most {MOST_VIEWS} views.", f"最多 {MOST_VIEWS} 个视图。")
    row = {
        "id": visit.runtime.make_id(),
        "user_id": visit.actor.id,
        "entity": entity.name,
        "name": name,
        "query": _query(visit, entity, url),
        "shared": shared,
        "role": role or None,
        "position": 0,
        "created_at": visit.runtime.clock(),
    }
    with write(visit.runtime.engine) as connection:
        connection.execute(visit.runtime.system.saved_view.insert(), row)
    return str(row["id"])


def change_view(visit: Visit, entity: Entity, view_id: str, **changes: Any) -> None:
    """Rename a saved view (`name`) or let it say what the list shows now (`url`).

    Raises:
        NotFound: it is not there, or not this person's.
        Invalid: the name is no name.

    """
    _mine(visit, entity, view_id)
    values: dict[str, Any] = {}
    if "name" in changes:
        values["name"] = _name(changes["name"])
    if "url" in changes:
        values["query"] = _query(visit, entity, changes["url"])
    table = visit.runtime.system.saved_view
    with write(visit.runtime.engine) as connection:
        connection.execute(table.update().where(table.c.id == view_id), values)


def drop_view(visit: Visit, entity: Entity, view_id: str) -> None:
    """Let a saved view go.

    Raises:
        NotFound: it is not there, or not this person's.

    """
    _mine(visit, entity, view_id)
    table = visit.runtime.system.saved_view
    with write(visit.runtime.engine) as connection:
        connection.execute(table.delete().where(table.c.id == view_id))


def _mine(visit: Visit, entity: Entity, view_id: str) -> None:
    """Refuse a view of somebody else; who may share may also put shared ones in order."""
    found = load(visit, entity.name).view(view_id)
    if found is None or not (found.mine or (found.shared and visit.may("share", entity.name))):
        raise NotFound()


def _name(text: str) -> str:
    name = " ".join(text.replace("\x00", "").split())
    if not name or len(name) > LONGEST_NAME:
        raise _invalid(
            "name",
            f"Write a name of at most {LONGEST_NAME} characters.",
            f"请填写名称，最多 {LONGEST_NAME} 个字符。",
        )
    return name


def _query(visit: Visit, entity: Entity, url: ListUrl) -> str:
    if _looking.asks(
        visit.runtime, visit.actor, entity.name, pipeline_query(url, entity.name, visit)
    ):
        raise _invalid(
            "name",
            "This list looks up a masked value, which no view keeps.",
            "此列表按脱敏内容查找，不能保存为视图。",
        )
    kept = ListUrl(url.path, tuple(pair for pair in url.pairs if pair in url.arranged()))
    if len(kept.query) > LONGEST:
        raise _invalid("name", "This list has too many filters.", "筛选条件过多，无法保存。")
    return kept.query


def _invalid(field_name: str, en: str, zh: str) -> Invalid:
    message = Label({"en": en, "zh": zh})
    return Invalid(message, (FieldError(field_name, "invalid", message),))
