"""A placed sale gets another item: found by typing, with keys alone and on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE, Till, ready, scrolls_sideways, sign_in
from tests.browser.test_keyboard import act, fill, reach

Open = Callable[[int, str], Page]
PICKER = "select#item0 + .ts-wrapper"


@pytest.fixture
def opened(chromium: Browser, till: Till) -> Iterator[Open]:
    """Return a function that opens the change of the sale in a window so wide."""
    till.restore()
    contexts = []

    def opened(width: int, locale: str) -> Page:
        context = chromium.new_context(
            base_url=till.address,
            viewport={"width": width, "height": 900},
            has_touch=width < 640,
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        context.add_cookies([{"name": "locale", "value": locale, "url": till.address}])
        page = context.new_page()
        sign_in(page, "kim")
        page.goto(f"{till.sale}/do/status/edit")
        ready(page)
        return page

    yield opened
    for context in contexts:
        context.close()


def test_with_nothing_but_a_keyboard(opened: Open) -> None:
    page = opened(1440, "en")
    fill(page, "[name=line1]", "2")
    reach(page, f"{PICKER} input")
    page.keyboard.type("cap")
    page.keyboard.press("Enter")  # as a scanner does: the only one that fits is taken
    expect(page.locator(f"{PICKER} .item")).to_have_text("cap")
    fill(page, "#count0", "3")
    act(page, "form.stf .b-p")
    expect(page.locator("form.stf table.pt")).to_contain_text("cap")
    ready(page)
    expect(page.locator(f"{PICKER} .item")).to_have_text("cap")
    act(page, "form.stf .b-p")
    page.wait_for_url(lambda url: "/do/" not in url)
    expect(page.locator("main")).to_contain_text("49.00")


def test_on_a_phone_in_chinese(opened: Open) -> None:
    page = opened(390, "zh")
    page.locator(f"{PICKER} .ts-control").tap()
    page.locator(f"{PICKER} input").press_sequentially("mug")
    option = page.locator(f"{PICKER} .option", has_text="mug").first
    expect(option).to_be_visible()
    assert not scrolls_sideways(page)
    option.tap()
    expect(page.locator(f"{PICKER} .item")).to_have_text("mug")
    page.get_by_role("button", name="查看变化").tap()
    expect(page.locator("form.stf table.pt")).to_contain_text("mug")
    expect(page.get_by_role("button", name="确认更改")).to_be_visible()
