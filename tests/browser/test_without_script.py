"""Sign in, list, record and form in a browser that runs no script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from tests.web.desk import PASSWORD

Open = Callable[..., Page]


@pytest.fixture
def page(window: Open) -> Page:
    return window(script=False)


def save(page: Page) -> None:
    page.locator("form .acts .b-p").click()


def test_somebody_signs_in_and_is_where_they_wanted_to_be(window: Open) -> None:
    page = window(name="", script=False)
    page.goto("/loan/?state[in]=back")
    page.fill("input[name=username]", "kim")
    page.fill("input[name=password]", "not this one")
    page.click("main button.b-p")
    expect(page.get_by_role("alert")).to_be_visible()
    page.fill("input[name=username]", "kim")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button.b-p")
    expect(page.locator(".chip", has_text="State")).to_contain_text("Returned")


def test_a_list_is_sorted_searched_paged_and_acted_upon(page: Page, site: Site) -> None:
    site.desk.make("member", code="NOSCRIPT", name="Scriptless Sam")
    page.goto("/loan/?limit=10")
    page.locator("th a", has_text="Due").click()
    page.wait_for_url("**sort=-due_at*")
    page.locator("[rel=next]").click()
    expect(page.locator("tbody tr")).not_to_have_count(0)
    page.goto("/member/")
    page.locator(".fs input").fill("Scriptless")
    page.locator(".fs input").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("tbody .ck").check()
    page.locator("[data-bulk=delete]").click()
    expect(page.locator(".flashes")).to_contain_text("1 record archived.")


def test_a_record_is_read_commented_on_and_archived(page: Page, site: Site) -> None:
    record = site.desk.make("member", code="NOSCRIPT2", name="Plain Paula")
    page.goto("/member/?q=Plain")
    page.locator("tbody .ol").first.click()
    expect(page.locator("h1")).to_have_text("Plain Paula")
    page.locator(".rt a[href*=history]").click()
    page.fill("#comment", "Written without script, @ron")
    page.locator(".cmp button").click()
    expect(page.locator(".tl .cm").first).to_contain_text("Written without script")
    page.goto(f"/member/{record}/delete")
    page.locator("main form button.b-d").click()
    expect(page.locator(".flashes")).to_contain_text("Archived: Plain Paula")


def test_a_form_tells_what_is_wrong_keeps_what_was_typed_and_saves(page: Page) -> None:
    page.goto("/member/new")
    page.fill("#f-name", "王小明")
    page.fill("#f-email", "not an address")
    save(page)
    expect(page.locator(".errs")).to_be_visible()
    expect(page.locator("#f-name")).to_have_value("王小明")
    page.fill("#f-code", "PLAIN1")
    page.fill("#f-email", "ming@x.example")
    save(page)
    expect(page.locator("h1")).to_have_text("王小明")


def test_what_somebody_else_saved_meanwhile_is_shown_and_merged(page: Page, site: Site) -> None:
    record = site.desk.make("member", code="NOSCRIPT3", name="Before")
    page.goto(f"/member/{record}/edit")
    site.desk.change("member", record, 1, email="theirs@x.example")
    page.fill("#f-name", "Mine")
    save(page)
    expect(page.locator("#merge-title")).to_be_visible()
    save(page)
    expect(page.locator("h1")).to_have_text("Mine")
    expect(page.locator("main")).to_contain_text("theirs@x.example")


def test_the_theme_is_rendered_by_the_server(window: Open) -> None:
    page = window(theme="dark", script=False)
    page.goto("/loan/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
