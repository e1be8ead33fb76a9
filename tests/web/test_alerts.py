"""The pages of alerts: who sees them, what they say and draw, and taking one on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from runtime.alerts import looking
from runtime.web.screens.line_chart import line_chart
from tests.web.desk import NOW, Desk, open_desk_with

ACCESS = """
access: desk
grants:
  keeper: {"*": all}
  reader: {member: {allow: view}}
"""
ALERTS = {
    "gone_quiet__alert": """
alert: gone_quiet
label: {en: Members who went quiet, zh: 沉默会员}
help: {en: Write to them., zh: 请联系他们。}
of: member
where: "not active"
role: keeper
tell: keeper
""",
    "too_many__alert": """
alert: too_many
label: {en: Too many members, zh: 会员过多}
severity: critical
of: member
measure: count
above: 2
role: keeper
tell: keeper
""",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("alerts")
    opened = open_desk_with("sqlite", folder, ACCESS, **ALERTS)
    yield opened
    opened.runtime.engine.dispose()


def look(desk: Desk, name: str, hours: int) -> None:
    runtime, now = desk.runtime, desk.runtime.clock
    runtime.clock = lambda: now() + timedelta(hours=hours)
    try:
        looking.look(runtime, runtime.app.alerts[name])
    finally:
        runtime.clock = now


def test_whom_it_tells_sees_what_stands_and_takes_it_on(desk: Desk) -> None:
    quiet = desk.make("member", code="Q1", name="Quiet One", active=False)
    look(desk, "gone_quiet", 1)
    browser = desk.browser()
    assert 'href="/alerts/"' in browser.get("/member/").text
    listed = browser.get("/alerts/").text
    assert [one for one in ("Members who went quiet", "Warning · 1") if one not in listed] == []
    page = browser.get("/alerts/gone_quiet")
    assert f'href="/member/{quiet}"' in page.text
    assert "1 new · 1 notices" in page.text
    assert "Alert: Members who went quiet" in browser.get("/me/notifications").text
    (one,) = re.findall(r'name="id" value="([^"]+)"', page.text)
    sent = browser.send(page, "/alerts/gone_quiet", id=one, note="I write to them")
    assert sent.status_code == 303
    taken = browser.get("/alerts/gone_quiet").text
    assert "kim took it on" in taken.lower() or "took it on" in taken
    assert "I write to them" in taken
    again = browser.send(page, "/alerts/gone_quiet", id=one, note="me too")
    assert again.status_code == 303
    assert "me too" not in browser.get("/alerts/gone_quiet").text
    why = browser.get(f"/alerts/gone_quiet?about=/member/{quiet}").text
    assert [each for each in ("It fits the condition.", "It stands since") if each not in why] == []
    lively = desk.make("member", code="Q2", name="Lively One")
    zh = desk.browser(locale="zh").get(f"/alerts/gone_quiet?about={lively}").text
    assert "该记录不符合预警条件。" in zh
    assert "There is no such record." in browser.get("/alerts/gone_quiet?about=x").text
    ron = desk.browser("ron")
    assert 'href="/alerts/"' not in ron.get("/member/").text
    assert "gone_quiet" not in ron.get("/alerts/").text
    assert ron.get("/alerts/gone_quiet").status_code == 404


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", ["Too many members", "above 2", "Passed its limit", "Within its limit"]),
        ("zh", ["会员过多", "高于 2 时", "已触发", "正常范围"]),
    ],
)
def test_a_number_is_drawn_against_its_limit_and_told_in_a_table(
    desk: Desk, locale: str, said: list[str]
) -> None:
    if locale == "en":
        look(desk, "too_many", 0)
        for number in range(3):
            desk.make("member", code=f"M{number}", name="More")
        look(desk, "too_many", 1)
        look(desk, "too_many", 2)
    page = desk.browser(locale=locale).get("/alerts/too_many").text
    assert [one for one in said if one not in page] == []
    assert page.count('class="lc-d"') == 2
    assert "style=" not in page.partition('<svg class="lc"')[2].partition("</svg>")[0]


def test_a_line_has_a_gap_where_there_was_no_number() -> None:
    hours = [NOW + timedelta(hours=number) for number in range(5)]
    values = [Decimal(1), Decimal(4), None, Decimal(2), Decimal("2.5")]
    points = [(at, one, one == 4) for at, one in zip(hours, values, strict=True)]
    chart = line_chart(points, Decimal(3))
    assert chart is not None
    assert [len(one.split()) for one in chart.lines] == [2, 2]
    assert len(chart.dots) == 1
    assert chart.dots[0].y < chart.limit_y
    assert line_chart(points[:1], Decimal(3)) is None
