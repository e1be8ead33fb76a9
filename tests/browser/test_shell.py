"""The frame in Chromium: ⌘K, shortcuts and the bell, with the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from runtime.notifications import Notice, notify
from runtime.store.engine import write
from tests.browser.conftest import Site, ready, scrolls_sideways, violations

Open = Callable[..., Page]


def test_the_palette_finds_opens_and_gives_the_focus_back(window: Open, site: Site) -> None:
    page = window()
    page.goto("/loan/")
    page.locator(".fs input").first.focus()
    page.keyboard.press("Control+k")
    field = page.locator("#search [role=combobox]")
    expect(field).to_be_focused()
    field.type("ANNA")
    expect(page.locator("#search [role=option]").first).to_contain_text("Anna Ahlgren")
    assert violations(page) == []
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    chosen = page.locator("#search [aria-selected=true]")
    expect(field).to_have_attribute("aria-activedescendant", chosen.get_attribute("id") or "none")
    page.keyboard.press("Escape")
    expect(page.locator(".fs input").first).to_be_focused()
    page.keyboard.press("Control+k")
    field.fill("ANNA")
    expect(page.locator("#search [aria-selected=true]")).to_contain_text("Anna Ahlgren")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/member/{site.member}")
    ready(page)
    page.keyboard.press("Control+k")
    recent = page.locator("#search [role=group]").first
    expect(recent).to_contain_text("Anna Ahlgren")


def test_the_palette_does_what_the_page_can_do(window: Open) -> None:
    page = window(width=390, locale="zh")
    page.goto("/member/")
    page.locator(".gs").click()
    page.locator("#search [role=combobox]").fill("深色")
    page.locator("#search [role=option]", has_text="深色主题").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.locator(".gs").click()
    page.locator("#search [role=combobox]").fill("新建")
    expect(page.locator("#search [role=option]").first).to_be_visible()
    assert violations(page) == []
    assert not scrolls_sideways(page)


def test_no_key_is_taken_while_an_input_method_composes(window: Open) -> None:
    page = window()
    page.goto("/loan/")
    page.keyboard.press("Control+k")
    field = page.locator("#search [role=combobox]")
    field.fill("anna")
    expect(page.locator("#search [aria-selected=true]")).to_be_visible()
    field.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "keyCode": 229})
    assert page.url.endswith("/loan/")
    expect(page.locator("#search")).to_be_visible()


def test_g_and_a_letter_go_and_a_question_mark_tells_which(window: Open) -> None:
    page = window()
    page.goto("/")
    page.locator("#main").focus()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_contain_text("Members")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_url("**/member/")
    page.locator(".fs input").first.focus()
    page.keyboard.type("gl")
    assert page.url.endswith("/member/"), "letters that are typed go nowhere"


def test_the_bell_counts_lists_and_is_read(window: Open, site: Site) -> None:
    desk = site.desk
    notice = Notice(
        desk.people["kim"], "mention", "member", site.member, params={"text": "Hi @kim"}
    )
    with write(desk.runtime.engine) as connection:
        notify(connection, desk.runtime, [notice], desk.runtime.clock())
    page = window(theme="dark", locale="zh")
    page.goto("/member/")
    expect(page.locator(".bell .dot-n")).to_have_text("1")
    page.locator("[data-bell]").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".notices .nl")).to_contain_text("Hi @kim")
    assert violations(page) == []
    page.locator(".notices .nl a").click()
    page.wait_for_url(f"**/member/{site.member}")
    page.goto("/me/notifications")
    expect(page.locator(".bell .dot-n")).to_be_hidden()


def test_without_a_connection_nothing_typed_is_lost(window: Open) -> None:
    page = window()
    page.goto("/member/new")
    page.locator("[name=code]").fill("OFF1")
    page.locator("[name=name]").fill("Offline Olga")
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_be_visible()
    page.locator("[data-save]:visible, form .acts .b-p:visible").first.click()
    expect(page.locator(".toast-ax")).to_contain_text("nothing is lost")
    assert page.locator("[name=name]").input_value() == "Offline Olga"
    assert violations(page) == []
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden()
    page.locator(".toast-ax").get_by_role("button", name="Retry").click()
    page.wait_for_url(lambda url: "/member/0" in url)
    expect(page.locator("h1")).to_contain_text("Offline Olga")
