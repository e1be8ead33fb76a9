"""The tasks in Django's admin, as `peers/django_desk.py` sets it up."""

from __future__ import annotations

from playwright.sync_api import Page

from benchmarks.desks.hand import CHOSEN, CUSTOMER, LINES, ORDER, Hand

ORDERS = "/admin/auth/order/"


def find(hand: Hand) -> None:
    hand.page.goto(ORDERS)
    hand.click("#searchbar")
    hand.type(ORDER)
    hand.arrive(lambda: hand.press("Enter"))
    hand.arrive(lambda: hand.click("#result_list tbody th a"))
    hand.see("#order_form")


def narrow(hand: Hand) -> None:
    hand.page.goto(ORDERS)
    hand.arrive(lambda: hand.click(hand.page.locator(".toplinks a", has_text="2025")))
    hand.arrive(lambda: hand.click(hand.page.locator(".toplinks a", has_text="January")))
    hand.arrive(lambda: hand.click("#changelist-filter a[href*='status=paid']"))
    hand.see("#result_list tbody th a")


def read(hand: Hand) -> None:
    hand.page.goto(ORDERS)
    for number in range(3):
        link = hand.page.locator("#result_list tbody th a").nth(number)
        hand.arrive(lambda link=link: hand.click(link))
        hand.see("#order_form")
        if number < 2:
            hand.arrive(lambda: hand.press("Alt+ArrowLeft") or hand.page.go_back())


def note(hand: Hand) -> None:
    _open_django(hand.page)
    hand.fill("#id_note", "Call before noon")
    hand.arrive(lambda: hand.press("Enter"))
    hand.see(".messagelist .success")


def status(hand: Hand) -> None:
    hand.page.goto(ORDERS)
    field = hand.page.locator("#id_form-3-status")
    now = field.input_value()
    hand.fill(field, "shipped" if now != "shipped" else "paid")
    hand.arrive(lambda: hand.click("input[name=_save]"))
    hand.see(".messagelist .success")


def create(hand: Hand) -> None:
    hand.page.goto(ORDERS)
    hand.arrive(lambda: hand.click(".object-tools .addlink"))
    hand.click(".field-customer .select2")
    hand.see(".select2-search__field")
    hand.type(CUSTOMER)
    hand.see(hand.page.locator(".select2-results__option--highlighted:visible", has_text=CUSTOMER))
    hand.press("Enter")
    hand.fill("#id_status", "draft")
    hand.click(hand.page.locator(".field-placed_at a", has_text="Today"))
    hand.click(hand.page.locator(".field-placed_at a", has_text="Now"))
    for number, (item, quantity, price) in enumerate(LINES):
        hand.click(f"#id_lines-{number}-item")
        hand.type(item)
        for text in (quantity, price, str(number)):
            hand.press("Tab")
            hand.type(text)
    hand.arrive(lambda: hand.press("Enter"))
    hand.see(".messagelist .success")


def many(hand: Hand) -> None:
    hand.page.goto(f"{ORDERS}?status__exact=draft")
    for number in range(CHOSEN):
        hand.fill(f"#id_form-{number}-status", "shipped")
    hand.arrive(lambda: hand.click("input[name=_save]"))
    hand.see(".messagelist .success")


def customer(hand: Hand) -> None:
    hand.page.goto(ORDERS)
    hand.click("#searchbar")
    hand.type(CUSTOMER)
    hand.arrive(lambda: hand.press("Enter"))
    hand.see(hand.page.locator("#result_list tbody", has_text=CUSTOMER))


def _open_django(page: Page) -> None:
    page.goto(f"{ORDERS}?q={ORDER}")
    page.locator("#result_list tbody th a").first.click()
    page.locator("#order_form").wait_for()
