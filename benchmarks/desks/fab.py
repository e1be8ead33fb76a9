"""The tasks in Flask-AppBuilder's admin, as `peers/fab_desk.py` sets it up."""

from __future__ import annotations

from playwright.sync_api import Page

from benchmarks.desks.hand import CHOSEN, CUSTOMER, LINES, ORDER, Hand

DESK = "/deskorders/list/"


def _fab_search(hand: Hand, name: str, text: str) -> None:
    """Open the search, add a filter, type, send."""
    hand.click("a.accordion-toggle")
    hand.click(hand.page.locator(".dropdown-toggle", has_text="Add Filter"))
    hand.click(f"a.filter[name={name}]")
    if name == "buyer":
        hand.click(".filters .select2-container, .filters .select2-selection")
        hand.type(text)
        hand.press("Enter")
    else:
        hand.click(f".filters input[name*='{name}'], .filters input.form-control >> nth=0")
        hand.type(text)
    hand.arrive(lambda: hand.click("#search-action, button:has-text('Search')"))


def find(hand: Hand) -> None:
    hand.page.goto(DESK)
    _fab_search(hand, "number", ORDER)
    hand.arrive(lambda: hand.click("a[href*='/deskorders/show/']:visible"))
    hand.see(hand.page.locator("table:visible", has_text=ORDER))


def read(hand: Hand) -> None:
    hand.page.goto(DESK)
    for number in range(3):
        link = hand.page.locator("a[href*='/deskorders/show/']:visible").nth(number)
        hand.arrive(lambda link=link: hand.click(link))
        hand.see("table:visible")
        if number < 2:
            hand.arrive(lambda: hand.press("Alt+ArrowLeft") or hand.page.go_back())


def note(hand: Hand) -> None:
    _edit_fab(hand.page, ORDER)
    hand.fill("#note", "Call before noon")
    hand.arrive(lambda: hand.press("Enter"))
    hand.see(".alert")


def status(hand: Hand) -> None:
    hand.page.goto(DESK)
    link = hand.page.locator("a[href*='/deskorders/edit/']:visible").nth(3)
    hand.arrive(lambda: hand.click(link))
    now = hand.page.locator("#status").input_value()
    hand.fill("#status", "shipped" if now != "shipped" else "paid")
    hand.arrive(lambda: hand.press("Enter"))
    hand.see(".alert")


def create(hand: Hand) -> None:
    hand.page.goto(DESK)
    hand.arrive(lambda: hand.click("a[href*='/deskorders/add']"))
    hand.click("#buyer + .select2-container")
    hand.type(CUSTOMER)
    hand.press("Enter")
    hand.fill("#status", "draft")
    hand.arrive(lambda: hand.click("button[type=submit]"))
    hand.arrive(lambda: hand.click("a[href*='/deskorders/show/']:visible"))
    hand.click(hand.page.locator("a[data-toggle=tab]", has_text="Line"))
    for number, (item, quantity, price) in enumerate(LINES):
        hand.arrive(lambda: hand.click("a[href*='/desklines/add']"))
        hand.click("#item")
        hand.type(item)
        for text in (quantity, price, str(number)):
            hand.press("Tab")
            hand.type(text)
        hand.arrive(lambda: hand.press("Enter"))
        if number < len(LINES) - 1 and not hand.page.locator("a[href*='/desklines/add']").count():
            hand.arrive(lambda: hand.press("Alt+ArrowLeft") or hand.page.go_back())
    hand.see(".alert")


def many(hand: Hand) -> None:
    for number in range(CHOSEN):
        hand.page.goto(DESK)  # its way back is not counted
        link = hand.page.locator("a[href*='/deskorders/edit/']:visible").nth(number)
        hand.arrive(lambda link=link: hand.click(link))
        hand.fill("#status", "shipped")
        hand.arrive(lambda: hand.press("Enter"))
    hand.see(".alert")


def customer(hand: Hand) -> None:
    hand.page.goto(DESK)
    _fab_search(hand, "buyer", CUSTOMER)
    hand.see(hand.page.locator("tbody", has_text=CUSTOMER))


def _edit_fab(page: Page, number: str) -> None:
    page.goto(f"{DESK}?_flt_2_number={number}")
    page.locator("a[href*='/deskorders/edit/']:visible").first.click()
    page.locator("#note").wait_for()
