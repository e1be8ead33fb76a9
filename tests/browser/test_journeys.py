"""What somebody does in a day, with keyboard and mouse, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, ready
from tests.web.desk import PASSWORD

Open = Callable[..., Page]


def save(page: Page) -> None:
    """Press the save button: of the bar that shows once something changed, else of the form."""
    page.locator("[data-save]:visible, form .acts .b-p:visible").first.click()


def choose(page: Page, name: str, typed: str) -> None:
    """Choose a record in a remote picker."""
    box = page.locator(f"select[name='{name}'] + .ts-wrapper")
    box.locator("input").fill(typed)
    box.locator(".option", has_text=typed).first.click()


def test_a_list_is_searched_sorted_filtered_and_found_again_by_its_address(window: Open) -> None:
    page = window()
    page.goto("/loan/")
    page.get_by_role("link", name="Due", exact=False).first.click()
    expect(page).to_have_url("/loan/?sort=-due_at")
    ready(page)
    page.get_by_role("button", name="Add filter").click()
    page.get_by_label("Returned").check()
    page.locator("#filter-panel [data-count]").click()
    expect(page.locator(".chip", has_text="State")).to_contain_text("Returned")
    states = page.locator("tbody td.stt").all_inner_texts()
    assert states
    assert {text.strip() for text in states} == {"Returned"}
    address = page.url
    page.locator(".fs input").fill("Sofia")
    page.locator(".fs input").press("Enter")
    expect(page.locator("tbody tr").first).to_contain_text("Sofia")
    page.goto(address)
    expect(page.locator(".chip", has_text="State")).to_contain_text("Returned")
    page.get_by_role("link", name="Remove filter State").click()
    expect(page.locator(".chip .x")).to_have_count(0)


def test_what_a_row_is_called_stands_under_its_heading_and_stays_in_sight(window: Open) -> None:
    page = window(width=700)
    page.goto("/member/?columns=name,code,active,email,created_at,created_by,updated_at,updated_by")
    heading, cell = page.locator("thead th.c1"), page.locator("tbody td.c1[data-cell]").first
    for scrolled in (0, 100):
        page.locator(".tw").evaluate(f"(table) => {{ table.scrollLeft = {scrolled} }}")
        assert page.locator(".tw").evaluate("(table) => table.scrollLeft") == scrolled
        boxes = [one.evaluate("(it) => it.getBoundingClientRect().x") for one in (heading, cell)]
        ticked = page.locator("tbody .c0").first.evaluate(
            "(it) => it.getBoundingClientRect().right"
        )
        assert boxes == [ticked, ticked]


def test_back_from_a_record_is_the_same_list_with_the_row_in_focus(window: Open) -> None:
    page = window()
    page.goto("/loan/?state[in]=open&sort=-number")
    row = page.locator("tbody tr").nth(3)
    identity = row.get_attribute("id")
    row.locator(".ol").click()
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator(".chip", has_text="State")).to_be_visible()
    expect(page.locator(f"#{identity} .ol")).to_be_focused()


def test_a_record_is_created_with_rows_and_remote_pickers(window: Open, site: Site) -> None:
    page = window()
    page.goto("/loan/")
    page.get_by_role("link", name="New loan").click()
    page.wait_for_url("**/loan/new*")
    ready(page)
    choose(page, "member", "Anna")
    page.get_by_role("button", name="Add row").click()
    page.fill("[name='books-0-title']", "Orlando")
    page.fill("[name='books-0-price']", "7.25")
    page.press("[name='books-0-price']", "Enter")
    page.fill("[name='books-1-title']", "Persuasion")
    page.fill("[name='books-1-price']", "2")
    expect(page.locator(".sv .n")).to_contain_text("changed")
    save(page)
    expect(page.locator(".flashes")).to_contain_text("Created.")
    expect(page.locator("#tabs")).to_contain_text("Persuasion")
    expect(page.locator("#tabs tfoot")).to_contain_text("9.25")


def test_an_error_takes_focus_leads_to_its_field_and_keeps_every_word(window: Open) -> None:
    page = window()
    page.goto("/member/new")
    page.fill("#f-name", "王小明")
    page.fill("#f-email", "not an address")
    page.fill("#f-home-city", "Hangzhou")
    save(page)
    expect(page.locator(".errs")).to_be_focused()
    expect(page.locator("#f-name")).to_have_value("王小明")
    expect(page.locator("#f-email")).to_have_value("not an address")
    expect(page.locator("#f-home-city")).to_have_value("Hangzhou")
    page.locator(".errs a", has_text="Code").click()
    expect(page.locator("#f-code")).to_be_focused()
    described = page.locator("#f-code").get_attribute("aria-describedby") or ""
    assert "f-code-error" in described
    page.once("dialog", lambda dialog: dialog.accept())
    page.goto("/member/")


def test_two_people_edit_one_record_and_nothing_is_lost(window: Open, site: Site) -> None:
    record = site.desk.make("member", code="BOTH", name="Before", email="a@x.example")
    mine, theirs = window(), window()
    mine.goto(f"/member/{record}/edit")
    theirs.goto(f"/member/{record}/edit")
    theirs.fill("#f-name", "Theirs")
    theirs.fill("#f-email", "b@x.example")
    save(theirs)
    expect(theirs.locator(".flashes")).to_contain_text("Saved.")
    mine.fill("#f-name", "Mine")
    save(mine)
    expect(mine.locator("#merge-title")).to_be_visible()
    expect(mine.locator("#f-name")).to_have_value("Mine")
    expect(mine.locator("#f-email")).to_have_value("b@x.example")
    save(mine)
    expect(mine.locator("h1")).to_have_text("Mine")
    expect(mine.locator(".dp")).to_contain_text("b@x.example")


def test_a_record_is_archived_with_its_consequences_shown_and_restored(
    window: Open, site: Site
) -> None:
    record = site.desk.make("member", code="GOES", name="Goes Away")
    page = window()
    page.goto(f"/member/{record}")
    page.get_by_role("button", name="More").click()
    page.get_by_role("link", name="Archive…").click()
    expect(page.locator("main")).to_contain_text("No other record points at it.")
    page.get_by_role("button", name="Archive").click()
    expect(page.locator(".flashes")).to_contain_text("Archived: Goes Away")
    page.goto(f"/member/{record}")
    page.get_by_role("button", name="Restore").click()
    expect(page.locator(".flashes")).to_contain_text("Restored.")
    page.goto(f"/member/{site.member}/delete")
    expect(page.locator("main")).to_contain_text(re.compile("Loans? points? at it"))


def test_a_double_click_on_save_makes_one_record(window: Open, site: Site) -> None:
    before = site.desk.count("member")
    page = window()
    page.goto("/member/new")
    page.fill("#f-code", "DOUBLE")
    page.fill("#f-name", "Double Click")
    page.locator("[data-save]").dblclick()
    expect(page.locator("h1")).to_have_text("Double Click")
    assert site.desk.count("member") == before + 1


def test_tabs_open_without_leaving_the_page_and_have_an_address(window: Open, site: Site) -> None:
    page = window()
    page.goto(f"/loan/{site.loan}")
    page.get_by_role("link", name="Timeline").first.click()
    expect(page.locator(".tl .ev").first).to_contain_text("created this record")
    expect(page).to_have_url(re.compile("tab=history"))


def test_everything_can_be_done_without_script(window: Open, site: Site) -> None:
    page = window(script=False)
    page.goto("/loan/?q=Anna")
    expect(page.locator("tbody tr")).not_to_have_count(0)
    page.goto("/loan/new?member=" + site.member)
    page.fill("[name='books-0-title']", "Without script")
    page.fill("[name='books-0-price']", "1.50")
    save(page)
    expect(page.locator("#tabs")).to_contain_text("Without script")
    page.locator("[data-edit]").click()
    page.locator("[name='books-0-_delete'][type=checkbox]").check()
    page.fill("[name='books-1-title']", "Another")
    save(page)
    expect(page.locator("#tabs")).to_contain_text("Another")
    expect(page.locator("#tabs")).not_to_contain_text("Without script")
    page.goto("/loan/?panel=filters#filter-panel")
    page.locator("#drawer").get_by_label("Returned").check()
    page.locator("#filter-panel [data-count]").click()
    expect(page.locator(".chip", has_text="State")).to_contain_text("Returned")


def test_signing_in_leads_to_the_page_that_was_wanted(window: Open) -> None:
    page = window(name="")
    page.goto("/loan/?state[in]=back")
    page.fill("input[name=username]", "kim")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button.b-p")
    expect(page.locator(".chip", has_text="State")).to_contain_text("Returned")


def test_discarding_after_a_refusal_opens_the_form_as_it_was(window: Open) -> None:
    page = window()
    page.goto("/member/new")
    page.fill("#f-name", "Never mind")
    save(page)
    expect(page.locator(".errs")).to_be_visible()
    page.locator("[data-discard]").click()
    expect(page.locator(".errs")).to_have_count(0)
    expect(page.locator("#f-name")).to_have_value("")


def test_chosen_rows_are_archived_after_a_question(window: Open, site: Site) -> None:
    for number in range(2):
        site.desk.make("member", code=f"BULK{number}", name=f"Bulky {number}")
    page = window()
    page.goto("/member/?q=Bulky")
    page.locator("thead .ck-all").check()
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("[data-bulk=delete]").click()
    expect(page.locator(".flashes")).to_contain_text("2 records archived.")
    expect(page.locator("main")).to_contain_text("Nothing matches")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".flashes")).to_contain_text("2 records are as before.")
    expect(page.locator(".dt tbody tr")).to_have_count(2)
