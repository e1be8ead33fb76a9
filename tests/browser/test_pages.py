"""Every kind of page, in both themes and languages: no axe violation, no sideways scroll."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, scrolls_sideways, violations

Open = Callable[..., Page]
PAGES = {
    "list": "/loan/?state[in]=open&fee[gte]=1",
    "empty list": "/loan/?q=nothing-like-this",
    "record": "/loan/{loan}",
    "history": "/loan/{loan}?tab=history",
    "related": "/member/{member}",
    "form": "/loan/{loan}/edit",
    "new": "/member/new",
    "delete": "/member/{member}/delete",
    "home": "/",
    "search": "/search?q=Anna",
    "preferences": "/preferences",
    "users": "/users/",
    "user": "/users/{kim}",
    "invitation": "/users/new",
    "roles": "/roles/",
    "role": "/roles/keeper",
    "groups": "/groups/",
    "group": "/groups/new",
    "sessions": "/me/sessions",
    "notifications": "/me/notifications",
    "not found": "/member/nothing",
    "no connection": "/offline",
}
LOOKS = [("light", "en", 1440), ("dark", "zh", 390)]


def visit(page: Page, site: Site, name: str) -> None:
    page.goto(PAGES[name].format(loan=site.loan, member=site.member, kim=site.desk.people["kim"]))
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize(("theme", "locale", "width"), LOOKS)
def test_axe_finds_nothing_on_any_page(
    window: Open, site: Site, theme: str, locale: str, width: int
) -> None:
    page = window(theme=theme, locale=locale, width=width)
    found = {}
    for name in PAGES:
        visit(page, site, name)
        if faults := violations(page):
            found[name] = faults
    assert found == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_the_sign_in_page(window: Open, theme: str) -> None:
    page = window(name="", theme=theme)
    page.goto("/login/")
    assert violations(page) == []


def test_axe_finds_nothing_on_a_form_with_errors_or_open_filters(window: Open) -> None:
    page = window(theme="dark")
    page.goto("/loan/new")
    page.locator("[data-save]:visible, form .acts .b-p:visible").first.click()
    page.wait_for_load_state("networkidle")
    assert page.locator(".errs").is_visible()
    assert violations(page) == []
    page.evaluate("document.body.classList.remove('dirty')")
    page.once("dialog", lambda dialog: dialog.accept())
    page.goto("/loan/")
    page.get_by_role("button", name="Add filter").click()
    expect(page.locator(".offcanvas.show:not(.showing)")).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize("width", [320, 390, 640, 1024])
def test_no_page_scrolls_sideways(window: Open, site: Site, width: int) -> None:
    page = window(width=width, locale="zh" if width == 390 else "en")
    wide = []
    for name in PAGES:
        visit(page, site, name)
        if scrolls_sideways(page):
            wide.append(name)
    assert wide == []


def test_the_theme_is_rendered_by_the_server(window: Open) -> None:
    page = window(theme="dark", script=False)
    page.goto("/loan/")
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
