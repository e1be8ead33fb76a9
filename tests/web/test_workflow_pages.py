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
      noted: {label: {en: Noted, zh: 草稿}}
      asked: {label: {en: Asked, zh: 已申请}}
      tried: {label: {en: Tried, zh: 待批准}}
      done:  {label: {en: Done, zh: 已完成}, tone: success, category: closed, final: true}
      left:  {label: {en: Left, zh: 已撤回}, category: closed, tone: warning}
    transitions:
      note: {label: {en: Note it, zh: 退回草稿}, from: asked, to: noted, roles: keeper}
      drop: {label: {en: Drop it, zh: 作废}, from: noted, to: left, roles: keeper}
      ask: {label: {en: Ask for it, zh: 申请}, from: noted, to: asked, roles: keeper}
      try: {label: {en: Try it, zh: 提交}, from: asked, to: tried, roles: keeper}
      again: {label: {en: Choose again, zh: 重选}, from: [asked, tried], to: asked, roles: keeper}
      approve:
        label: {en: Approve it, zh: 批准}
        from: tried
        to: done
        roles: keeper
        guard: [{if: "cost > 0", code: COSTS, message: {en: It costs nothing., zh: 尚未填写费用。}}]
      elsewhere:
        label: {en: Mended elsewhere, zh: 已在别处修好}
        from: tried
        to: done
        roles: keeper
        confirm: dialog
        guard: [{if: "cost != 1", code: OURS, message: {en: It is ours., zh: 由本店维修。}}]
      leave: {label: {en: Leave it, zh: 撤回}, from: [asked, tried], to: left, roles: keeper}
      come_back: {label: {en: Take it up again, zh: 重新处理}, from: left, to: tried, roles: keeper}
"""


@pytest.fixture(scope="module")
def mending(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    files = {"repair__entity": REPAIR, "repair__workflow": RETURNED}
    opened = open_desk_with("sqlite", tmp_path_factory.mktemp("returned"), ACCESS, **files)
    yield opened
    opened.runtime.engine.dispose()


def stepped(desk: Desk, cost: int, *names: str) -> str:
    """Return the address of a repair that took these steps."""
    actor = Actor(desk.people["kim"], "kim", frozenset({"keeper"}))
    record = desk.make("repair", code=f"R{cost}-{'-'.join(names)}", cost=cost)
    for name in names:
        values = {"workflow": "progress", "transition": name, "input": {}}
        answer = handle(Incoming("transition", "repair", actor, record, values), desk.runtime)
        assert isinstance(answer, Result), answer
    return f"/repair/{record}"


@pytest.mark.parametrize(
    ("cost", "names", "wanted"),
    [
        (1, ("try",), [("Approve it", True), ("Leave it", False)]),
        # the way of the file is only blocked: another is offered, and not as what people wait for
        (0, ("try",), [("Mended elsewhere", False), ("Leave it", False)]),
        # written before the first state, so the first state leads on from there
        (1, ("note",), [("Ask for it", True), ("Drop it", False)]),
        # closed: nobody waits for it to be opened again
        (1, ("try", "leave"), [("Take it up again", False)]),
    ],
)
def test_the_primary_button_leads_on_and_never_back_or_away(
    mending: Desk, cost: int, names: tuple[str, ...], wanted: list[tuple[str, bool]]
) -> None:
    page = mending.browser().get(stepped(mending, cost, *names)).text
    head = page.partition("<h1")[2].partition("steps-more")[0]
    found = re.findall(r'class="b( b-p)?( b-d)?"[^>]*>(?:<[^>]*>)*([^<]+)<', head)
    steps = mending.runtime.app.workflows["repair"]["progress"].transitions
    labels = {one.label.text("en") for one in steps}
    assert [(name, bool(mark)) for mark, _, name in found if name in labels] == wanted


def test_a_step_that_stays_where_it_is_is_told_without_an_arrow(mending: Desk) -> None:
    address, kim = stepped(mending, 1, "again"), mending.browser()
    for wanted, path in (
        (False, f"{address}/do/progress/again"),
        (True, f"{address}/do/progress/try"),
    ):
        way = re.search(r'<p class="way">.*?</p>', kim.get(path).text)
        assert way is not None
        assert ("arrow-right" in way[0], "Asked" in way[0]) == (wanted, wanted)
    story = kim.get(f"{address}?tab=history").text
    (told,) = re.findall(r"<li[^>]*>(?:(?!</li>).)*Choose again.*?</li>", story, re.DOTALL)
    assert "Asked" in told
    assert "arrow-right" not in told.partition('class="way"')[2]
