"""A record's page in a browser: cards edited in place, people named by keyboard, files sent."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Site, ready, scrolls_sideways, violations


def test_a_card_turns_into_its_form_and_back(window: Open, site: Site) -> None:
    page = window()
    page.goto(f"/member/{site.member}?tab=history")
    page.click("#open-details")
    page.wait_for_selector(".card-edit")
    expect(page.locator(".card-edit [name=name]")).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.wait_for_selector(".card-edit", state="detached")
    expect(page.locator("#open-details")).to_be_focused()
    page.locator("dd[data-name=email]").dblclick()
    expect(page.locator(".card-edit [name=email]"), "a value clicked twice").to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#open-details")).to_be_focused()
    page.keyboard.press("Enter")
    page.fill(".card-edit [name=name]", "")
    page.click(".card-edit .b-p")
    page.wait_for_selector(".card-edit .errs")
    page.fill(".card-edit [name=name]", "Anna Berg")
    page.click(".card-edit .b-p")
    page.wait_for_selector("h1:has-text('Anna Berg')")
    expect(page, "one stays where one was").to_have_url(re.compile(r"\?tab=history$"))
    expect(page.locator("#open-details")).to_be_focused()
    expect(page.locator(".tl"), "the timeline tells at once").to_contain_text("Anna Ahlgren")


def compose(page: Page, text: str) -> None:
    """Type through an input method: what is composed fires no key of its own."""
    client = page.context.new_cdp_session(page)
    for end in range(1, len(text) + 1):
        client.send(
            "Input.imeSetComposition",
            {"text": text[:end], "selectionStart": end, "selectionEnd": end},
        )
    client.send("Input.insertText", {"text": text})


def test_somebody_is_named_by_keyboard_also_while_composing(window: Open, site: Site) -> None:
    page = window()
    page.goto(f"/loan/{site.loan}?tab=history")
    page.focus("#comment")
    compose(page, "请看")
    page.keyboard.type(" @r")
    page.wait_for_selector(".ppl [role=option][aria-selected=true]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("#comment")).to_have_value("请看 @ron ")
    expect(page.locator("#people-0")).to_be_hidden()
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".tl .cm .at")
    expect(page.locator(".tl .cm").first).to_have_text("请看 @ron")


def test_a_file_is_sent_with_a_bar_and_shown(window: Open, site: Site) -> None:
    page = window(width=390)
    page.goto(f"/loan/{site.loan}")
    page.set_input_files(
        "#files-new", {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4"}
    )
    page.click(".upl .b")
    page.wait_for_selector(".fls a:has-text('plan.pdf')")
    assert not scrolls_sideways(page)


def test_axe_finds_nothing_beside_a_record(window: Open, site: Site) -> None:
    page = window(width=390, theme="dark", locale="zh")
    page.goto(f"/loan/{site.loan}?tab=history")
    assert violations(page) == []
    assert not scrolls_sideways(page)
    page.click(".card-ax [id^=open-] >> nth=0")
    page.wait_for_selector(".card-edit")
    assert violations(page) == []
    page.goto(f"/loan/{site.loan}/print")
    assert violations(page) == []


def test_brackets_step_through_the_list(window: Open, site: Site) -> None:
    page = window()
    page.goto("/loan/?sort=-number")
    page.click("tbody tr >> nth=1 >> a >> nth=0")
    title = page.locator("h1")
    page.wait_for_selector("[data-record]")
    ready(page)
    here = title.inner_text()
    page.keyboard.press("]")
    expect(title).not_to_have_text(here)
    ready(page)
    page.keyboard.press("[")
    expect(title).to_have_text(here)
    page.click(".ph a[aria-label]")
    page.wait_for_url("**/loan/?sort=-number*")
