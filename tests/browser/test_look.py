"""The sample pages in Chromium: no axe violation, no sideways scroll, keys that work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from assets import build
from tests.browser.conftest import PATIENCE, ready
from tests.web.look_app import app_with_fab

pytestmark = pytest.mark.browser

AXE = Path(build.__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    build.build()
    server = make_server("127.0.0.1", 0, app_with_fab(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    tab = chromium.new_page(viewport={"width": 1440, "height": 900}, bypass_csp=False)
    tab.set_default_timeout(PATIENCE)
    faults: list[str] = []
    tab.on("pageerror", lambda fault: faults.append(str(fault)))
    tab.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    yield tab
    tab.close()
    assert faults == []


def violations(page: Page) -> list[str]:
    """Run axe in the page; its script comes in through the debugger, past the policy."""
    page.evaluate(AXE.read_text("utf-8"))
    result: dict[str, Any] = page.evaluate(
        "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS
    )
    return [
        f"{fault['id']}: {[node['html'][:120] for node in fault['nodes'][:3]]}"
        for fault in result["violations"]
    ]


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
@pytest.mark.parametrize(
    "path",
    ["/sample/list?as=1", "/sample/detail?as=1", "/sample/form?as=1&errors=1", "/login/?x=1",
     "/?as=1"],
)  # fmt: skip
def test_axe_finds_nothing(page: Page, address: str, path: str, width: int, theme: str) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    language = "zh" if theme == "dark" else "en"
    page.goto(f"{address}{path}&theme={theme}&lang={language}")
    ready(page)
    assert violations(page) == []


@pytest.mark.parametrize("path", ["list?as=1", "detail?as=1", "form?as=1&errors=1"])
@pytest.mark.parametrize("width", [320, 390, 640, 991])
def test_no_page_scrolls_sideways(page: Page, address: str, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{address}/sample/{path}")
    ready(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.querySelector('#main').scrollWidth") <= width


@pytest.mark.parametrize("path", ["list?as=1", "detail?as=1", "form?as=1&errors=1"])
@pytest.mark.parametrize(("width", "height"), [(1440, 400), (390, 500)])
def test_only_what_is_inside_a_page_scrolls(
    page: Page, address: str, path: str, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{address}/sample/{path}")
    ready(page)
    assert page.evaluate("document.documentElement.scrollHeight") == height


def test_rows_are_walked_and_selected_by_keys(page: Page, address: str) -> None:
    page.goto(f"{address}/sample/list?as=1")
    ready(page)
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(":focus")).to_have_text("SO-12398")
    page.keyboard.press("x")
    expect(page.locator("#nsel")).to_have_text("1 selected")
    page.keyboard.press("Escape")
    expect(page.locator(".bulk")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.click("#help [data-act=keys]")
    page.keyboard.press("Escape")
    page.locator("#help").wait_for(state="hidden")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator(".bulk"), "shortcuts are off").to_be_hidden()


def test_a_bulk_action_says_how_many_rows_may_take_it(page: Page, address: str) -> None:
    page.goto(f"{address}/sample/list?as=1")
    ready(page)
    for number in (1, 2, 3):
        page.locator(".dt tbody .ck").nth(number).check()
    expect(page.locator("[data-bulk=pack] .of")).to_have_text("0/3")
    expect(page.locator("[data-bulk=pack]")).to_have_attribute("aria-disabled", "true")
    page.locator(".dt tbody .ck").nth(0).check()
    expect(page.locator("[data-bulk=pack] .of")).to_have_text("1/4")


def test_the_save_bar_counts_changes_and_leaving_asks(page: Page, address: str) -> None:
    page.goto(f"{address}/sample/form?as=1")
    ready(page)
    expect(page.locator(".sv"), "an untouched form is clean").to_be_hidden()
    page.fill("#note", "Ring twice")
    page.fill("#fee", "20.00")
    expect(page.locator(".sv .n")).to_have_text("2 fields changed")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto(f"{address}/sample/list?as=1")
    assert asked == ["beforeunload"]


def test_the_children_grid_adds_pastes_and_removes_rows(page: Page, address: str) -> None:
    page.goto(f"{address}/sample/form?as=1")
    ready(page)
    rows = page.locator(".cg tbody tr:visible")
    expect(rows, "the empty rows are for browsers without script").to_have_count(2)
    page.click("[data-grid-add]")
    expect(rows).to_have_count(3)
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.setData("text/plain", "5\\t10.00\\n6\\t11.00\\n");
          const cell = document.querySelector("[name=lines-2-qty]");
          const how = {clipboardData: data, bubbles: true, cancelable: true};
          cell.dispatchEvent(new ClipboardEvent("paste", how));
        }"""
    )  # fmt: skip
    expect(rows).to_have_count(4)
    expect(page.locator("[name=lines-3-price]")).to_have_value("11.00")
    page.locator("[data-grid-remove]").first.click()
    expect(rows).to_have_count(3)
    expect(page.locator("[name=lines-0-_delete]")).to_have_value("1")


def test_a_picker_offers_what_the_server_finds(page: Page, address: str) -> None:
    page.goto(f"{address}/sample/form?as=1")
    ready(page)
    page.click("#customer + .ts-wrapper .ts-control")
    page.locator(".ts-dropdown .option", has_text="Emma Clarke").click()
    expect(page.locator("#customer")).to_have_value("Emma Clarke")
    expect(page.locator(".sv")).to_be_visible()


def test_the_drawer_and_the_theme_work_on_a_phone(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{address}/sample/list?as=1&theme=light")
    ready(page)
    page.click(".menu-btn")
    expect(page.locator(".side nav")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator(".side nav").wait_for(state="hidden")
    page.locator(".top .dropdown > button").click()
    page.click("[data-act=theme][value=dark]")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert "theme=dark" in page.evaluate("document.cookie")
