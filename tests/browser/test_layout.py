"""The kept layouts notice a broken page, and nothing else: not other words, not other fonts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Site, ready
from tests.browser.layout import differences, layout_of

Open = Callable[..., Page]
PAGES = ("/loan/?state[in]=open", "/loan/{loan}", "/loan/{loan}/edit", "/")
ADOPT = """
(text) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  document.adoptedStyleSheets.push(sheet);
}
"""
OTHER_WORDS = """
() => {
  const walk = document.createTreeWalker(document.querySelector(".app"), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.data.trim();
    if (text) walk.currentNode.data = text + " " + text.slice(0, Math.ceil(text.length * 0.4));
  }
}
"""
BREAKAGES = {
    "our style sheet is gone": "document.querySelector('link[href*=\"/app.\"]').remove()",
    "columns stand below each other": (".cols { display: block !important }", "/loan/{loan}"),
    "the side bar is gone": (".side { display: none !important }", "/"),
    "a card hangs over its column": (".card-ax { width: 130% !important }", "/loan/{loan}"),
    "the theme's colours are gone": ("* { background: none !important }", "/loan/"),
    "the filters fell below the table": (
        ".lc { display: flex; flex-direction: column } .lc .fb { order: 9 }",
        "/loan/",
    ),
}


@pytest.fixture
def page(window: Callable[..., Page]) -> Page:
    return window()


def open_page(page: Page, site: Site, address: str) -> list[str]:
    """Open a page; return its layout."""
    page.goto(address.format(loan=site.loan, member=site.member))
    ready(page)
    return layout_of(page)


@pytest.mark.parametrize("name", BREAKAGES)
def test_a_broken_layout_is_noticed(page: Page, site: Site, name: str) -> None:
    breakage = BREAKAGES[name]
    address = breakage[1] if isinstance(breakage, tuple) else "/loan/"
    before = open_page(page, site, address)
    if isinstance(breakage, tuple):
        page.evaluate(ADOPT, breakage[0])
    else:
        page.evaluate(breakage)
    assert differences(before, layout_of(page)) != []


@pytest.mark.parametrize("width", [1440, 390])
def test_other_words_are_no_other_layout(page: Page, site: Site, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for address in PAGES:
        before = open_page(page, site, address)
        page.evaluate(OTHER_WORDS)
        assert differences(before, layout_of(page)) == [], address


@pytest.mark.parametrize("font", ["monospace", "serif", "cursive"])
def test_other_fonts_are_no_other_layout(page: Page, site: Site, font: str) -> None:
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for address in PAGES:
            before = open_page(page, site, address)
            page.evaluate(ADOPT, f"* {{ font-family: {font} !important }}")
            assert differences(before, layout_of(page)) == [], (address, width)


def test_lengths_may_differ_by_one_step_and_no_more() -> None:
    kept = ["card: x 232, width 808, rgb(0, 0, 0) on rgb(255, 255, 255)"]
    near = [kept[0].replace("808", "800")]
    far = [kept[0].replace("808", "784")]
    assert differences(kept, near) == []
    assert differences(kept, far) == [f"- {kept[0]}", f"+ {far[0]}"]
