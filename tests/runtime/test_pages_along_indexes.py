"""Pages are the same whichever index they are read along, and whatever is null."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runtime.store.fetch import COUNT_CAP
from runtime.store.statements import Statements
from tests.databases import postgres_url, sqlite_url
from tests.shop import Shop, open_shop

FILES = {
    "app.yaml": "app: indexed\nlabel: {en: Indexed, zh: 索引}\n",
    "roles.yaml": "roles:\n  clerk: {label: {en: Clerk, zh: 店员}}\n",
    "all.access.yaml": "access: all\ngrants:\n  clerk:\n    task: all\n",
    "task.entity.yaml": """entity: task
label: {en: Task, zh: 任务}
title: "{name}"
indexes:
  - [state, urgent, place]
  - [due, id]
fields:
  name:   {type: text, label: {en: Name, zh: 名称}, required: true}
  place:  {type: integer, label: {en: Place, zh: 位置}, required: true}
  urgent: {type: boolean, label: {en: Urgent, zh: 紧急}, required: true, default: false}
  due:    {type: date, label: {en: Due, zh: 到期}}
  state:
    type: choice
    label: {en: State, zh: 状态}
    required: true
    options: {open: {label: {en: Open, zh: 打开}}, done: {label: {en: Done, zh: 完成}}}
""",
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def tasks(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("indexed")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    url = sqlite_url(folder) if request.param == "sqlite" else postgres_url()
    shop = open_shop(url, folder)
    for number in range(24):
        values = {"name": f"T{number:02}", "place": number % 5, "urgent": number % 3 == 0}
        values["state"] = "open" if number % 4 else "done"
        if number % 2:
            values["due"] = f"2026-12-{1 + number // 4:02}"
        shop.done("create", "task", values)
    yield shop
    shop.runtime.engine.dispose()


def walk(shop: Shop, way: str, **query: str) -> list[list[str]]:
    """Read every page, from the start forwards or from the end backwards."""
    found, cursor = [], ""
    while True:
        asked = {**query, "limit": "4", **({way: cursor} if cursor else {})}
        result = shop.done("list", "task", query=asked)
        found.append([row["name"] for row in shop.rows(result)])
        cursor = result.next_cursor if way == "after" else result.previous_cursor
        if not cursor:
            return found


@pytest.mark.parametrize("sort", ["place", "-place", "place,id", "due", "-due", "due,-place"])
@pytest.mark.parametrize(
    "filters",
    [{}, {"state": "open"}, {"state": "open", "urgent": "true"}, {"urgent": "false"}],
)
def test_pages_forwards_and_backwards_hold_the_whole_list(
    tasks: Shop, sort: str, filters: dict[str, str]
) -> None:
    whole = tasks.done("list", "task", query={**filters, "sort": sort, "limit": "200"})
    names = [row["name"] for row in tasks.rows(whole)]
    forwards = walk(tasks, "after", sort=sort, **filters)
    assert [name for page in forwards for name in page] == names
    last = tasks.done("list", "task", query={**filters, "sort": sort, "limit": "4"})
    while last.next_cursor:
        asked = {**filters, "sort": sort, "limit": "4", "after": last.next_cursor}
        last = tasks.done("list", "task", query=asked)
    backwards = [[row["name"] for row in tasks.rows(last)]]
    while last.previous_cursor:
        asked = {**filters, "sort": sort, "limit": "4", "before": last.previous_cursor}
        last = tasks.done("list", "task", query=asked)
        backwards.insert(0, [row["name"] for row in tasks.rows(last)])
    assert [name for page in backwards for name in page] == names


def test_a_page_is_asked_for_in_the_order_of_the_index_that_holds_its_filters(tasks: Shop) -> None:
    query = {"state": "open", "urgent": "true", "sort": "-place", "limit": "4"}
    plan = tasks.done("list", "task", query=query).plan
    text = str(Statements(tasks.runtime.schema).page(plan).statement)
    is_led = "ORDER BY task.state DESC, task.urgent DESC, task.place DESC" in text
    assert is_led == (tasks.runtime.schema.dialect == "postgresql")


def test_what_matched_more_than_is_counted_is_not_counted_again_at_once(tasks: Shop) -> None:
    many = tasks.runtime.statements.many
    plan = tasks.done("list", "task", query={"state": "open", "count": "capped"}).plan
    values = tasks.runtime.statements.values(plan)
    assert not many.has(plan.shape, values)
    many.add(plan.shape, values)
    again = tasks.done("list", "task", query={"state": "open", "count": "capped"})
    assert (again.total, again.total_is_exact) == (COUNT_CAP, False)
    other = tasks.done("list", "task", query={"state": "done", "count": "capped"})
    assert (other.total, other.total_is_exact) == (6, True)
