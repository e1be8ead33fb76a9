"""The tasks in our own screens, by their shortcuts where they have them."""

from __future__ import annotations

import time

from playwright.sync_api import Page

from benchmarks.desks.hand import CHOSEN, CUSTOMER, LINES, ORDER, Hand


def _list(page: Page) -> None:
    page.goto("/order/")
    page.locator("html[data-dressed]").wait_for(state="attached")


def find(hand: Hand) -> None:
    _list(hand.page)
    hand.press("Control+k")
    hand.see("#search input[name=q]")
    hand.type(ORDER)
    hand.see(hand.page.locator("#search [aria-selected=true]", has_text=ORDER))
    hand.arrive(lambda: hand.press("Enter"))
    hand.see(hand.page.locator("h1", has_text=ORDER))


def narrow(hand: Hand) -> None:
    _list(hand.page)
    hand.press("f")
    hand.click("#drawer [value=paid]")
    hand.click("#drawer input[type=month]")
    hand.keys += 6  # the month and the year
    hand.page.fill("#drawer input[type=month]", "2025-01")
    hand.arrive(lambda: hand.press("Enter"))
    hand.see(hand.page.locator(".dt tbody", has_text="SO202501"))


def read(hand: Hand) -> None:
    _list(hand.page)
    hand.press("j")
    hand.arrive(lambda: hand.press("Enter"))
    for _ in range(2):
        hand.see("[data-record]")
        hand.page.locator("html[data-dressed]").wait_for(state="attached")
        hand.arrive(lambda: hand.press("]"))
    hand.see("[data-record]")


def note(hand: Hand) -> None:
    _open_ours(hand.page)
    hand.clicks += 1
    hand.page.locator("dd[data-name=note]").dblclick()
    hand.see(".card-edit [name=note]:focus")
    hand.page.keyboard.press("Control+a")
    hand.type("Call before noon")
    hand.press("Enter")
    hand.see(hand.page.locator("main", has_text="Call before noon"))


def status(hand: Hand) -> None:
    _list(hand.page)
    cell = hand.page.locator(".dt tbody tr").nth(3).locator("td[data-cell=status]")
    now = cell.inner_text()
    hand.clicks += 1
    cell.dblclick()
    hand.see(cell.locator("select"))
    hand.keys += 1  # the first letter of the option
    cell.locator("select").select_option("shipped" if now != "Shipped" else "paid")
    hand.press("Enter")
    hand.see(cell.locator(".st"))


def create(hand: Hand) -> None:
    _list(hand.page)
    hand.arrive(lambda: hand.press("c"))
    hand.page.locator("html[data-dressed]").wait_for(state="attached")
    hand.click("select[name=customer] + .ts-wrapper input")
    hand.type(CUSTOMER)
    hand.see(hand.page.locator(".ts-dropdown .option.active:visible", has_text=CUSTOMER))
    hand.press("Enter")
    for number, (item, quantity, price) in enumerate(LINES):
        if hand.page.locator(f"[name='lines-{number}-item']").count() == 0:
            hand.click("[data-grid-add]")
        else:
            hand.click(f"[name='lines-{number}-item']")
        hand.see(f"[name='lines-{number}-item']:focus")
        hand.type(item)
        hand.press("Tab")
        hand.page.keyboard.press("Control+a")
        hand.type(quantity)
        hand.press("Tab")
        hand.type(str(int(price) / 100))
    hand.arrive(lambda: hand.press("Control+s"))
    hand.see(hand.page.locator(".flashes", has_text="Created"))


def many(hand: Hand) -> None:
    hand.page.goto("/order/?limit=25&status[in]=draft,paid,cancelled")
    hand.page.locator("html[data-dressed]").wait_for(state="attached")
    boxes = hand.page.locator(".dt tbody input.ck")
    hand.click(boxes.nth(0))
    hand.clicks += 1
    hand.keys += 1  # shift
    boxes.nth(CHOSEN - 1).click(modifiers=["Shift"])
    hand.arrive(lambda: hand.click("[data-bulk=edit]"))
    hand.choose("select[name=status]", "shipped")
    if not hand.page.locator("input[name=_change][value=status]").is_checked():
        hand.click("input[name=_change][value=status]")
    hand.arrive(lambda: hand.click("button[name=step][value=preview]"))
    hand.arrive(lambda: hand.click("button[name=step][value=do]"))
    hand.see("dl.sum")


def customer(hand: Hand) -> None:
    _list(hand.page)
    hand.press("/")
    hand.type(CUSTOMER)
    hand.arrive(lambda: hand.press("Enter"))
    hand.see(hand.page.locator(".dt tbody", has_text=CUSTOMER))


def export(hand: Hand) -> None:
    hand.page.goto("/order/?status[in]=returned")
    hand.arrive(lambda: hand.click(".ph a[href*='/export']"))
    begin = time.perf_counter()
    with hand.page.expect_download():
        hand.clicks += 1
        hand.page.locator("main form button.b-p").first.click()
    hand.waited += time.perf_counter() - begin


def _open_ours(page: Page) -> None:
    page.goto(f"/order/?q={ORDER}")
    page.locator(".dt tbody .ol").first.click()
    page.locator("[data-record]").wait_for()
    page.locator("html[data-dressed]").wait_for(state="attached")
