"""Work on a list with keyboard and pointer: cells, drawer, filters, board."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, scrolls_sideways, violations

Open = Callable[..., Page]


def opened(page: Page, address: str) -> None:
    """Open a list and wait until everything on it listens."""
    page.goto(address)
    expect(page.locator("html[data-dressed]")).to_have_count(1)


def test_a_cell_is_edited_by_keys_alone(window: Open, site: Site) -> None:
    record = site.desk.make("member", code="CELL", name="Cell Person")
    page = window()
    opened(page, "/member/?q=CELL")
    page.keyboard.press("j")
    expect(page.locator(f"#row-{record} .ol")).to_be_focused()
    page.keyboard.press("ArrowRight")
    cell = page.locator(f"#row-{record} td[data-cell=name]")
    expect(cell).to_be_focused()
    page.keyboard.press("Enter")
    field = cell.locator("input[name=name]")
    expect(field).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(cell.locator("form")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(field).to_be_focused()
    field.fill("Cell Person again")
    page.keyboard.press("Enter")
    expect(page.locator(f"#row-{record} .ol")).to_have_text("Cell Person again")
    expect(page.locator(f"#row-{record} td[data-cell=name]")).to_be_focused()


def test_a_row_is_previewed_beside_the_list_and_gets_the_focus_back(window: Open) -> None:
    page = window(theme="dark", locale="zh")
    opened(page, "/loan/")
    page.keyboard.press("j")
    page.keyboard.press("p")
    panel = page.locator("#preview.show:not(.showing)")
    expect(panel.locator(".pv")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(page.locator(".dt tbody tr .ol").first).to_be_focused()


def test_the_builder_asks_for_groups_and_says_how_many_it_finds(window: Open) -> None:
    page = window()
    opened(page, "/loan/?fee[gte]~1=1&member.name[contains]~1=Anna")
    expect(page.locator(".tabs .n").first).not_to_have_text("")
    page.get_by_role("button", name="Add filter").click()
    rows = page.locator(".fx-row")
    expect(rows).to_have_count(2)
    rows.first.get_by_role("textbox", name="Value").fill("9999")
    expect(page.locator("#filter-panel [data-count]")).to_have_text("Show 1 loan")
    assert violations(page) == []
    page.locator("#filter-panel [data-count]").click()
    page.wait_for_url(lambda url: "=9999" in url)
    expect(page.locator(".dt tbody tr")).to_have_count(1)


def test_a_card_of_the_board_moves_by_keys(window: Open, site: Site) -> None:
    holder = site.desk.make("member", code="BOARD", name="Board Person")
    loan = site.desk.make("loan", member=holder, books=[{"title": "Emma", "price": "1"}])
    page = window()
    opened(page, "/loan/?layout=board&member.name=Board+Person")
    assert violations(page) == []
    page.locator(f"#row-{loan} .ol").focus()
    page.keyboard.press("Alt+ArrowRight")
    expect(page.locator(f"[data-value=back] #row-{loan}[data-version='2']")).to_be_visible()
    page.reload()
    expect(page.locator(f"[data-value=back] #row-{loan}")).to_be_visible()


def test_every_layout_fits_a_phone(window: Open) -> None:
    page = window(width=390, theme="dark", locale="zh")
    wrong = {}
    for address in (
        "/loan/?layout=board",
        "/loan/?layout=calendar",
        "/member/?layout=gallery",
        "/member/?layout=cards",
        "/loan/?group=state",
        "/loan/?sums=1",
        "/loan/export",
    ):
        opened(page, address)
        if scrolls_sideways(page) or (faults := violations(page)):
            wrong[address] = scrolls_sideways(page) or faults
    assert wrong == {}
