"""The matrix, as data: roles × kinds of records × actions, and one cell of it in words.

Comes in: the matrix of today and what is asked: some roles, a person, a kind, an action. Goes out:
a table whose cells say what may be done, and a page that says by which line of which file, with
which rows and fields, and of what is not given why not. No statement is needed: the matrix is in
memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from generator.expressions.words import words
from generator.model.entity import Entity
from generator.shapes.access import ACTIONS, GROUPS, NAMED_ONLY, ORDINARY, TRANSITION
from rules.asking import who_can, why_not
from rules.permissions import Grant, transition_actions
from runtime.rights_words import ModelLabels, guards_in_words, line_in_words, reason_in_words
from runtime.web.screens.visit import Visit, plural

ACTION_TEXTS: Mapping[str, tuple[str, str]] = {
    "list": ("list", "查看列表"),
    "read": ("open", "查看详情"),
    "create": ("create", "新建"),
    "update": ("change", "修改"),
    "delete": ("delete", "删除"),
    "restore": ("bring back", "恢复"),
    "history": ("history", "查看历史"),
    "aggregate": ("sums", "汇总"),
    "print": ("print", "打印"),
    "comment": ("comment", "评论"),
    "file": ("files", "文件"),
    "link": ("link", "引用"),
    "import": ("import", "导入"),
    "export": ("export", "导出"),
    "bulk": ("change many", "批量修改"),
    "share": ("share views", "共享视图"),
    "reveal": ("reveal", "明文查看"),
    "export_plain": ("export unmasked", "明文导出"),
    "match": ("look up by masked values", "按脱敏内容查找"),
    "post": ("post", "过账"),
    "approve": ("approve", "审批"),
    "operate": ("settle incidents", "处理异常"),
    "evaluate": ("price carts", "试算价格"),
    "extend": ("move due times", "调整到期时间"),
    "erase": ("erase people's data", "删除个人信息"),
}
"""What each action is called in the table."""
VIEW = ("view", "查看")
"""What stands for all actions of the group of that name, where somebody holds each of them."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class RoleColumn:
    """A column: a role, or a person with all their roles."""

    label: str
    roles: tuple[str, ...]
    url: str


@dataclass(frozen=True, slots=True)
class RightsCell:
    """What a column may do with one kind of record."""

    words: str
    limited: bool
    """Only with some records."""
    differs: bool
    """Not the same as in the other column, where two are compared."""
    url: str


@dataclass(frozen=True, slots=True)
class RightsRow:
    """A kind of record."""

    label: str
    cells: tuple[RightsCell, ...]


@dataclass(frozen=True, slots=True)
class RightsPage:
    """Everything `people/permissions.html` draws."""

    columns: tuple[RoleColumn, ...]
    rows: tuple[RightsRow, ...]
    roles: tuple[Choice, ...]
    others: tuple[Choice, ...]
    actions: tuple[Choice, ...]
    answer: str
    """Who can do the action that is asked for."""
    filtered: bool
    person: str
    """The id of the person whose rights are shown, or empty."""


@dataclass(frozen=True, slots=True)
class Told:
    """One action in the page of a cell."""

    label: str
    given: bool
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CellPage:
    """Everything `people/permission.html` draws."""

    title: str
    who: str
    told: tuple[Told, ...]
    back: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page is asked for; names that mean nothing are left out before."""

    role: str = ""
    other: str = ""
    action: str = ""
    person: tuple[str, str, tuple[str, ...]] | None = None
    """Id, name and roles."""


def rights_page(visit: Visit, asked: Asked) -> RightsPage:
    """Return the table for what is asked."""
    columns = _columns(visit, asked)
    rows = []
    for entity in visit.app.entities.values():
        if not entity.child_of:
            cells = _cells(visit, entity, columns, asked)
            if not asked.action or any(cell.words for cell in cells):
                rows.append(RightsRow(plural(visit, entity), cells))
    names = visit.app.roles.values()
    return RightsPage(
        columns=columns,
        rows=tuple(rows),
        roles=tuple(Choice(r.name, visit.text(r.label), r.name == asked.role) for r in names),
        others=tuple(Choice(r.name, visit.text(r.label), r.name == asked.other) for r in names),
        actions=tuple(Choice(a, action_text(visit, a), a == asked.action) for a in ACTIONS),
        answer=_answer(visit, asked),
        filtered=bool(asked.role or asked.other or asked.action or asked.person),
        person=asked.person[0] if asked.person else "",
    )


def action_text(visit: Visit, action: str, entity: Entity | None = None) -> str:
    """Return what an action is called; of a transition its workflow and its button."""
    head, colon, name = action.partition(":")
    if head == TRANSITION and colon and entity is not None:
        workflow, _, edge = name.partition(".")
        machine = visit.app.workflows[entity.name][workflow]
        return f"{visit.text(machine.label)}: {visit.text(machine.named(edge)[0].label)}"
    english, chinese = ACTION_TEXTS.get(action, (action, action))
    return chinese if visit.chinese() else english


def _columns(visit: Visit, asked: Asked) -> tuple[RoleColumn, ...]:
    if asked.person is not None:
        number, name, roles = asked.person
        found = [RoleColumn(name, roles, f"/users/{number}")]
    else:
        chosen = (asked.role,) if asked.role else tuple(visit.app.roles)
        found = [_column(visit, name) for name in chosen]
    if asked.other and (asked.role or asked.person):
        found.append(_column(visit, asked.other))
    return tuple(found)


def _column(visit: Visit, name: str) -> RoleColumn:
    return RoleColumn(visit.text(visit.app.roles[name].label), (name,), f"/roles/{name}")


def _cells(
    visit: Visit, entity: Entity, columns: Sequence[RoleColumn], asked: Asked
) -> tuple[RightsCell, ...]:
    found = [_cell(visit, entity, column, asked.action) for column in columns]
    compared = len(columns) == 2 and bool(asked.other)
    differs = compared and _rights(visit, entity, columns[0]) != _rights(visit, entity, columns[1])
    return tuple(RightsCell(text, limited, differs, url) for text, limited, url in found)


def _rights(visit: Visit, entity: Entity, column: RoleColumn) -> object:
    grants = _grants(visit, entity, column)
    return {
        action: (grant.tests_by_text, grant.read, tuple(grant.masked), grant.write)
        for action, grant in grants.items()
    }


def _grants(visit: Visit, entity: Entity, column: RoleColumn) -> dict[str, Grant]:
    matrix, roles = visit.runtime.matrix, frozenset(column.roles)
    actions = (*ACTIONS, *transition_actions(visit.app, entity.name))
    found = {action: matrix.grant(roles, entity.name, action) for action in actions}
    return {action: grant for action, grant in found.items() if grant is not None}


def _cell(visit: Visit, entity: Entity, column: RoleColumn, action: str) -> tuple[str, bool, str]:
    grants = _grants(visit, entity, column)
    query = urlencode([("role", role) for role in column.roles])
    url = f"/permissions/{entity.name}?{query}"
    if action:
        grant = grants.get(action)
        return ("" if grant is None else _rows(visit, grant)), False, url
    limited = any(not grant.is_wide for grant in grants.values())
    return _short(visit, frozenset(grants)), limited, url


def _short(visit: Visit, actions: frozenset[str]) -> str:
    """Return actions in few words: all of them, or those that people think of."""
    named = [one for one in ACTIONS if one in actions and one not in {"list", "history"}]
    if "list" in actions and "read" not in actions:
        named.insert(0, "list")
    texts = [action_text(visit, one) for one in named]
    if actions >= set(GROUPS["view"]):
        seen = [action_text(visit, one) for one in GROUPS["view"]]
        texts = [VIEW[visit.chinese()], *(text for text in texts if text not in seen)]
    if actions >= set(ORDINARY):
        beside = [action_text(visit, one) for one in NAMED_ONLY if one in actions]
        texts = [visit.t("everything"), *beside]
    fired = sum(one.startswith(f"{TRANSITION}:") for one in actions)
    if fired:
        texts.append(visit.t("{n} transition", many="{n} transitions", n=fired))
    return ("、" if visit.chinese() else ", ").join(texts)


def _rows(visit: Visit, grant: Grant) -> str:
    if grant.rows is None:
        return visit.t("all records")
    labels, locale = ModelLabels(visit.runtime), visit.actor.locale[:2]
    joined = " 或 " if visit.chinese() else " or "
    return joined.join(words(one, locale, labels) for one in grant.rows)


def _answer(visit: Visit, asked: Asked) -> str:
    """Return in a sentence which roles can do an action with anything at all."""
    if not asked.action:
        return ""
    matrix = visit.runtime.matrix
    able = dict.fromkeys(
        role
        for entity in visit.app.entities.values()
        if not entity.child_of
        for role in who_can(matrix, entity.name, asked.action)
    )
    names = [visit.text(role.label) for role in visit.app.roles.values() if role.name in able]
    comma = "、" if visit.chinese() else ", "
    return visit.t(
        "Can {action}: {names}",
        action=action_text(visit, asked.action),
        names=comma.join(names) or visit.t("nobody"),
    )


def cell_page(visit: Visit, entity: Entity, roles: tuple[str, ...]) -> CellPage:
    """Return what roles may do with one kind of record, line by line, and why not the rest."""
    matrix, held = visit.runtime.matrix, frozenset(roles)
    locale = visit.actor.locale[:2] if visit.chinese() else "en"
    told = []
    for action in (*ACTIONS, *transition_actions(visit.app, entity.name)):
        grant = matrix.grant(held, entity.name, action)
        label = action_text(visit, action, entity)
        if grant is None:
            reason = why_not(matrix, held, entity.name, action)
            lines = [] if reason is None else reason_in_words(reason, locale)
        else:
            runtime = visit.runtime
            lines = [t for one in grant.lines for t in line_in_words(one, grant, runtime, locale)]
            lines += guards_in_words(grant, visit.runtime, locale)
        told.append(Told(label, grant is not None, tuple(lines)))
    names = [visit.text(visit.app.roles[name].label) for name in roles]
    return CellPage(
        title=plural(visit, entity),
        who=("、" if visit.chinese() else ", ").join(names),
        told=tuple(told),
        back=f"/permissions/?role={roles[0]}" if len(roles) == 1 else "/permissions/",
    )
