"""The pages about workflows: an index, and each as picture, table and text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from runtime.messages import Actor, Incoming, Result
from runtime.pipeline import handle
from tests.web.desk import Desk, open_desk_with

REPAIR = """
entity: repair
label: {en: Repair, zh: 维修}
title: "{code}"
fields:
  code: {type: text, required: true, label: {en: Code, zh: 编号}}
  cost: {type: integer, label: {en: Cost, zh: 费用}}
"""
FLOW = """
entity: repair
workflows:
  progress:
    label: {en: Repair progress, zh: 维修进度}
    field: progress
    initial: asked
    states:
      asked:   {label: {en: Asked, zh: 已申请}, tone: attention}
      mending: {label: {en: "Mending & <more>", zh: 维修中}, category: busy, watchdog: PT5M}
      done:    {label: {en: Done, zh: 已完成}, tone: success, category: closed, final: true}
    transitions:
      mend:
        label: {en: Mend it, zh: 开始维修}
        from: asked
        to: mending
        roles: keeper
        guard:
          - {if: "cost > 0", code: COSTS, message: {en: It costs nothing., zh: 尚未填写费用。}}
      finish: {label: {en: Finished, zh: 完成维修}, from: mending, to: done, roles: any}
      give_up:
        label: {en: Given up, zh: 放弃}
        from: asked
        to: done
        trigger: timer
        timer: {after: P7D}
  price:
    label: {en: Price class, zh: 价格级别}
    field: price
    states: {high: {en: High, zh: 高}, low: {en: Low, zh: 低}}
    derive:
      - {if: "cost > 100", value: high}
      - {else: true, value: low}
"""
ACCESS = """
access: desk
grants:
  keeper:
    "*": [all, extend]
  reader:
    member: {allow: view}
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    files = {"repair__entity": REPAIR, "repair__workflow": FLOW}
    opened = open_desk_with("sqlite", tmp_path_factory.mktemp("flows"), ACCESS, **files)
    yield opened
    opened.runtime.engine.dispose()


def test_the_index_leads_to_every_workflow_of_what_one_may_list(desk: Desk) -> None:
    page = desk.browser().get("/workflows/")
    for name in ("progress", "price"):
        assert f'href="/workflows/repair/{name}"' in page.text
    assert 'href="/workflows/"' in page.text
    ron = desk.browser("ron")
    assert "/workflows/repair/" not in ron.get("/workflows/").text
    assert 'href="/workflows/"' not in ron.get("/member/").text
    assert ron.get("/workflows/repair/progress").status_code == 404
    assert desk.browser().get("/workflows/repair/nothing").status_code == 404
    assert desk.browser().get("/workflows/nothing/progress").status_code == 404


def test_a_workflow_is_a_picture_without_inline_style_and_a_table_that_says_the_same(
    desk: Desk,
) -> None:
    page = desk.browser().get("/workflows/repair/progress")
    (picture,) = re.findall(r'<svg class="wf".*?</svg>', page.text, re.DOTALL)
    assert "style=" not in picture
    assert 'role="img"' in picture
    for text in ("Mending &amp; &lt;more&gt;", "Mend it [1]", "◔ 7 d Given up", 'class="wf-busy"'):
        assert text in picture
    table = page.text.partition('class="pt wf-ways"')[2].partition("</table>")[0]
    for text in ("Cost is above 0", "everybody", "by itself after 7 d"):
        assert text in table
    assert "stateDiagram-v2" in page.text
    chinese = desk.browser(locale="zh").get("/workflows/repair/progress")
    assert "开始维修 [1]" in chinese.text
    assert "7天后自动执行" in chinese.text


def test_a_derived_column_says_what_makes_each_value(desk: Desk) -> None:
    page = desk.browser().get("/workflows/repair/price")
    assert '<svg class="wf"' not in page.text
    assert "Cost is above 100" in page.text
    assert "otherwise" in page.text


def test_a_due_time_is_moved_on_its_page_and_the_timeline_says_so(desk: Desk) -> None:
    record = desk.make("repair", code="R1", cost=5)
    kim = desk.browser()
    found = re.search(r'href="(/repair/[^"]+/timers/[^"]+)"', kim.get(f"/repair/{record}").text)
    assert found is not None
    page = kim.get(found[1])
    assert "Given up" in page.text
    today = desk.runtime.clock()
    then = today + timedelta(days=30)
    past = f"{today - timedelta(days=2):%Y-%m-%dT09:00}"
    wrong = kim.send(page, found[1], due_at=past, reason="")
    assert wrong.status_code == 422
    assert "Choose a moment from now on" in wrong.text
    assert "Say why" in wrong.text
    done = kim.send(page, found[1], due_at=f"{then:%Y-%m-%dT09:00}", reason="holidays")
    assert done.status_code == 302
    story = kim.get(f"/repair/{record}?tab=history").text
    assert "moved Given up from " in story
    assert f" to {then:%b} {then.day}, {then.year}, 9:00 AM</span>" in story
    assert "holidays" in story
    chinese = desk.browser(locale="zh").get(f"/repair/{record}?tab=history").text
    assert f" 调整为 {then.year}年{then.month}月{then.day}日 09:00" in chinese


RETURNED = """
entity: repair
workflows:
  progress:
    label: {en: Repair progress, zh: 维修进度}
    field: progress
    initial: asked
    states:
      asked: {label: {en: Asked, zh: 已申请}}
      tried: {label: {en: Tried, zh: 待批准}}
      done:  {label: {en: Done, zh: 已完成}, tone: success, category: closed, final: true}
      left:  {label: {en: Left, zh: 已撤回}, category: closed, final: true}
    transitions:
      try: {label: {en: Try it, zh: 提交}, from: asked, to: tried, roles: keeper}
      again: {label: {en: Choose again, zh: 重选}, from: [asked, tried], to: asked, roles: keeper}
      approve:
        label: {en: Approve it, zh: 批准}
        from: tried
        to: done
        roles: keeper
        guard: [{if: "cost > 0", code: COSTS, message: {en: It costs nothing., zh: 尚未填写费用。}}]
      leave: {label: {en: Leave it, zh: 撤回}, from: [asked, tried], to: left, roles: keeper}
"""


def test_the_primary_button_leads_on_and_never_back_or_away(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    files = {"repair__entity": REPAIR, "repair__workflow": RETURNED}
    opened = open_desk_with("sqlite", tmp_path_factory.mktemp("returned"), ACCESS, **files)
    actor = Actor(opened.people["kim"], "kim", frozenset({"keeper"}))
    shown = {}
    for cost in ("1", "0"):
        record = opened.make("repair", code=f"R{cost}", cost=int(cost))
        values = {"workflow": "progress", "transition": "try", "input": {}}
        answer = handle(Incoming("transition", "repair", actor, record, values), opened.runtime)
        assert isinstance(answer, Result)
        page = opened.browser().get(f"/repair/{record}").text
        head = page.partition("<h1")[2].partition("steps-more")[0]
        shown[cost] = [
            (name, bool(re.search(rf'class="b b-p"[^>]*>(<[^>]*>)*{name}', head)))
            for name in ("Approve it", "Choose again", "Leave it")
            if f">{name}<" in head
        ]
    opened.runtime.engine.dispose()
    assert shown["1"] == [("Approve it", True), ("Leave it", False)]
    assert shown["0"] == [("Approve it", False), ("Choose again", False)]
