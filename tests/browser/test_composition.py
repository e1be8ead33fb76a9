"""Chinese typed with an input method: while it composes, its keys are its own.

Chromium itself composes here (`Input.imeSetComposition`), so pages see the real events: a
composition, keys with code 229, and the text that is committed. Each test ends with the same key
pressed without an input method, which must do what was not done before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.conftest import Site, ready

Open = Callable[..., Page]
TAKEN_BY_THE_METHOD = 229
LISTEN = """
() => {
  window.composed = [];
  for (const kind of ["compositionstart", "compositionend", "keydown"])
    addEventListener(kind, (event) => {
      if (kind !== "keydown" || event.isComposing || event.keyCode === 229) composed.push(kind);
    }, true);
}
"""


@dataclass
class Pinyin:
    """An input method in front of a page."""

    page: Page
    devtools: CDPSession

    def compose(self, letters: str) -> None:
        """Type letters that are no text yet."""
        self.page.evaluate(LISTEN)
        for end in range(1, len(letters) + 1):
            now = {"text": letters[:end], "selectionStart": end, "selectionEnd": end}
            self.devtools.send("Input.imeSetComposition", now)
        assert "compositionstart" in self.page.evaluate("composed")

    def press(self, key: str) -> None:
        """Press a key that the input method takes."""
        for kind in ("rawKeyDown", "keyUp"):
            self.devtools.send(
                "Input.dispatchKeyEvent",
                {
                    "type": kind,
                    "key": key,
                    "code": key,
                    "windowsVirtualKeyCode": TAKEN_BY_THE_METHOD,
                },
            )
        assert "keydown" in self.page.evaluate("composed"), "the page saw a key of the method"

    def commit(self, text: str) -> None:
        """Choose what the letters stand for."""
        self.devtools.send("Input.insertText", {"text": text})
        assert "compositionend" in self.page.evaluate("composed")


@pytest.fixture
def page(window: Open) -> Page:
    return window(locale="zh")


@pytest.fixture
def pinyin(page: Page) -> Pinyin:
    return Pinyin(page, page.context.new_cdp_session(page))


@pytest.fixture
def asked(page: Page) -> list[str]:
    """The addresses that pages ask for, with their queries."""
    found: list[str] = []
    page.on("request", lambda request: found.append(request.url))
    return found


def open_page(page: Page, address: str) -> None:
    page.goto(address)
    ready(page)


def test_a_list_is_not_searched_before_the_word_is_chosen(
    page: Page, pinyin: Pinyin, asked: list[str]
) -> None:
    open_page(page, "/loan/")
    page.locator(".fs input").focus()
    asked.clear()
    pinyin.compose("wangfang")
    pinyin.press("Enter")
    assert asked == []
    assert page.url.endswith("/loan/")
    pinyin.commit("王芳")
    page.keyboard.press("Enter")
    page.wait_for_url("**/loan/?*q=*")
    expect(page.locator("tbody tr").first).to_contain_text("王芳")


def test_the_palette_neither_searches_nor_opens(
    page: Page, pinyin: Pinyin, asked: list[str]
) -> None:
    open_page(page, "/loan/")
    page.keyboard.press("Control+k")
    expect(page.locator("#search [role=option]").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    asked.clear()
    pinyin.compose("wangfang")
    pinyin.press("Enter")
    pinyin.press("ArrowDown")
    assert page.url.endswith("/loan/")
    pinyin.commit("王芳")
    expect(page.locator("#search [aria-selected=true]")).to_contain_text("王芳")
    assert [url for url in asked if "wang" in url] == []
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: not url.endswith("/loan/"))


def test_a_picker_neither_searches_nor_chooses(
    page: Page, pinyin: Pinyin, asked: list[str]
) -> None:
    open_page(page, "/loan/new")
    field = page.locator("select[name=member] + .ts-wrapper input")
    field.focus()
    expect(page.locator(".ts-dropdown .option").first).to_be_visible()
    asked.clear()
    pinyin.compose("wangfang")
    for key in ("Enter", "Backspace", "ArrowDown"):
        pinyin.press(key)
    assert page.locator("select[name=member]").input_value() == ""
    pinyin.commit("王芳")
    expect(page.locator(".ts-dropdown .option.active")).to_contain_text("王芳")
    assert [url for url in asked if "wang" in url] == []
    page.keyboard.press("Enter")
    expect(page.locator("select[name=member] + .ts-wrapper .item")).to_contain_text("王芳")


def test_the_grid_stays_in_its_cell(page: Page, pinyin: Pinyin) -> None:
    open_page(page, "/loan/new")
    page.locator("[data-grid-add]").click()
    first = page.locator("[name='books-0-title']")
    expect(first).to_be_focused()
    pinyin.compose("honglou")
    for key in ("Enter", "ArrowDown"):
        pinyin.press(key)
    expect(first).to_be_focused()
    expect(page.locator("[name='books-1-title']")).to_have_count(0)
    pinyin.commit("红楼梦")
    expect(first).to_have_value("红楼梦")
    page.keyboard.press("Enter")
    expect(page.locator("[name='books-1-title']")).to_be_focused()


def test_a_form_is_not_sent(page: Page, pinyin: Pinyin, asked: list[str]) -> None:
    open_page(page, "/member/new")
    page.locator("#f-name").focus()
    asked.clear()
    pinyin.compose("wang")
    pinyin.press("Enter")
    assert asked == []
    pinyin.commit("王")
    page.keyboard.press("Enter")
    expect(page.locator(".errs")).to_be_visible()


def test_a_comment_is_not_sent_and_nobody_named(page: Page, pinyin: Pinyin, site: Site) -> None:
    open_page(page, f"/loan/{site.loan}?tab=history")
    field = page.locator("#comment")
    field.focus()
    page.keyboard.type("@")
    expect(page.locator(".ppl [aria-selected=true]")).to_be_visible()
    pinyin.compose("ro")
    for key in ("Enter", "Tab"):
        pinyin.press(key)
    expect(field).to_be_focused()
    expect(field).to_have_value("@ro")
    pinyin.commit("ro")
    expect(page.locator(".ppl [aria-selected=true]")).to_contain_text("Ron")
    page.keyboard.press("Enter")
    expect(field).to_have_value("@ron ")


def test_no_shortcut_is_taken(page: Page, pinyin: Pinyin) -> None:
    open_page(page, "/loan/")
    page.locator(".fs input").focus()
    pinyin.compose("j")
    for key in ("j", "x", "?"):
        pinyin.press(key)
    expect(page.locator("#help")).to_be_hidden()
    expect(page.locator(".fs input")).to_be_focused()
    pinyin.commit("")
    page.locator("main").focus()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
