"""`python benchmarks/tasks.py`: ten everyday tasks, in our screens and in two peers' own admins.

Each task is done the quickest way each of them offers, by a script in a browser that counts clicks
and keys and waits as a person does. Seconds follow the keystroke-level model: 1.1 s to point and
click, 0.2 s a key, and the real time until what is needed next is there. Thinking is left out: it
is the same for all. A task that an admin does not offer is told as such, not left out.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import click
from playwright.sync_api import Browser, Locator, Page, sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks import database, run  # noqa: E402 (the path comes first)
from benchmarks.contenders import DRF, FAB, OURS, PASSWORD, USER, Contender, Server  # noqa: E402

POINT, KEY = 1.1, 0.2
"""Seconds to point at something and click it; seconds a key (Card, Moran, Newell 1980)."""
PATIENCE = 20_000
ORDER = "SO20260101-0007310"
CUSTOMER = "Okafor Novak"
CHOSEN = 10
"""Orders whose status changes at once."""
LINES = (("Mug", "2", "950"), ("Lamp", "1", "4900"), ("Clock", "3", "1250"))


@dataclass
class Hand:
    """A person at a page: what they do is counted, and how long they wait is measured."""

    page: Page
    clicks: int = 0
    keys: int = 0
    waited: float = 0.0

    @property
    def seconds(self) -> float:
        """Pointing, typing and waiting together."""
        return self.clicks * POINT + self.keys * KEY + self.waited

    def see(self, what: str | Locator) -> Locator:
        """Wait until something is there."""
        begin = time.perf_counter()
        found = (self.page.locator(what) if isinstance(what, str) else what).first
        found.wait_for()
        self.waited += time.perf_counter() - begin
        return found

    def click(self, what: str | Locator) -> None:
        """Point at something and click it."""
        found = self.see(what)
        self.clicks += 1
        begin = time.perf_counter()
        found.click()
        self.waited += time.perf_counter() - begin

    def press(self, keys: str) -> None:
        """Press a key, or several together."""
        self.keys += keys.count("+") + 1
        begin = time.perf_counter()
        self.page.keyboard.press(keys)
        self.waited += time.perf_counter() - begin

    def type(self, text: str) -> None:
        """Type where the focus is."""
        self.keys += len(text)
        self.page.keyboard.insert_text(text)

    def fill(self, what: str | Locator, text: str) -> None:
        """Click into a field and type over what it holds."""
        self.click(what)
        self.page.keyboard.press("Control+a")
        self.type(text)

    def choose(self, what: str | Locator, value: str) -> None:
        """Choose an option of a plain select: open it, point at the option."""
        found = self.see(what)
        self.clicks += 2
        found.select_option(value)

    def arrive(self, done: Callable[[], object]) -> None:
        """Do something that leads to another page, and wait for that page."""
        begin, before = time.perf_counter(), self.waited
        with self.page.expect_navigation():
            done()
        spent = time.perf_counter() - begin
        self.waited = before + spent


Task = Callable[[Hand], None]


def _sign_in(path: str, then: str) -> Task:
    def task(hand: Hand) -> None:
        hand.page.context.clear_cookies()
        hand.page.goto(path)
        hand.fill("input[name=username]", USER)
        hand.press("Tab")
        hand.type(PASSWORD)
        hand.arrive(lambda: hand.press("Enter"))
        hand.see(then)

    return task


# --- ours -------------------------------------------------------------------------------------


def _ours_list(page: Page) -> None:
    page.goto("/order/")
    page.locator("html[data-dressed]").wait_for(state="attached")


def ours_find(hand: Hand) -> None:
    _ours_list(hand.page)
    hand.press("Control+k")
    hand.see("#search input[name=q]")
    hand.type(ORDER)
    hand.see(hand.page.locator("#search [aria-selected=true]", has_text=ORDER))
    hand.arrive(lambda: hand.press("Enter"))
    hand.see(hand.page.locator("h1", has_text=ORDER))


def ours_filter(hand: Hand) -> None:
    _ours_list(hand.page)
    hand.click(".chip-add")
    hand.click("#drawer [value=paid]")
    hand.fill("#drawer input[name='placed_at[gte]']", "")
    hand.keys += 16  # two dates of eight digits, typed over
    hand.page.fill("#drawer input[name='placed_at[gte]']", "2025-01-01")
    hand.clicks += 1
    hand.page.fill("#drawer input[name='placed_at[lte]']", "2025-01-31")
    hand.arrive(lambda: hand.press("Enter"))
    hand.see(hand.page.locator(".dt tbody", has_text="SO202501"))


def ours_read(hand: Hand) -> None:
    _ours_list(hand.page)
    hand.press("j")
    hand.arrive(lambda: hand.press("Enter"))
    for _ in range(2):
        hand.see("[data-record]")
        hand.page.locator("html[data-dressed]").wait_for(state="attached")
        hand.arrive(lambda: hand.press("]"))
    hand.see("[data-record]")


def ours_note(hand: Hand) -> None:
    _open_ours(hand.page)
    hand.press("e")
    hand.page.wait_for_url("**/edit*")
    hand.page.locator("html[data-dressed]").wait_for(state="attached")
    hand.fill("#f-note", "Call before noon")
    hand.arrive(lambda: hand.press("Control+s"))
    hand.see(hand.page.locator("main", has_text="Call before noon"))


def ours_status(hand: Hand) -> None:
    _ours_list(hand.page)
    cell = hand.page.locator(".dt tbody tr").nth(3).locator("td[data-cell=status]")
    now = cell.inner_text()
    hand.clicks += 1
    cell.dblclick()
    hand.see(cell.locator("select"))
    hand.keys += 1  # the first letter of the option
    cell.locator("select").select_option("shipped" if now != "Shipped" else "paid")
    hand.press("Enter")
    hand.see(cell.locator(".st"))


def ours_create(hand: Hand) -> None:
    _ours_list(hand.page)
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


def ours_many(hand: Hand) -> None:
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


def ours_customer(hand: Hand) -> None:
    _ours_list(hand.page)
    hand.click(".chip-add")
    hand.click("#drawer select[name^='customer'] + .ts-wrapper input")
    hand.type(CUSTOMER)
    hand.see(hand.page.locator(".ts-dropdown .option.active:visible", has_text=CUSTOMER))
    hand.press("Enter")
    hand.arrive(lambda: hand.click("#filter-panel [data-count]"))
    hand.see(hand.page.locator(".dt tbody", has_text=CUSTOMER))


def ours_export(hand: Hand) -> None:
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


# --- Django's admin -----------------------------------------------------------------------------

ORDERS = "/admin/auth/order/"


def django_find(hand: Hand) -> None:
    hand.page.goto(ORDERS)
    hand.click("#searchbar")
    hand.type(ORDER)
    hand.arrive(lambda: hand.press("Enter"))
    hand.arrive(lambda: hand.click("#result_list tbody th a"))
    hand.see("#order_form")


def django_filter(hand: Hand) -> None:
    hand.page.goto(ORDERS)
    hand.arrive(lambda: hand.click(hand.page.locator(".toplinks a", has_text="2025")))
    hand.arrive(lambda: hand.click(hand.page.locator(".toplinks a", has_text="January")))
    hand.arrive(lambda: hand.click("#changelist-filter a[href*='status=paid']"))
    hand.see("#result_list tbody th a")


def django_read(hand: Hand) -> None:
    hand.page.goto(ORDERS)
    for number in range(3):
        link = hand.page.locator("#result_list tbody th a").nth(number)
        hand.arrive(lambda link=link: hand.click(link))
        hand.see("#order_form")
        if number < 2:
            hand.arrive(lambda: hand.press("Alt+ArrowLeft") or hand.page.go_back())


def django_note(hand: Hand) -> None:
    _open_django(hand.page)
    hand.fill("#id_note", "Call before noon")
    hand.arrive(lambda: hand.press("Enter"))
    hand.see(".messagelist .success")


def django_status(hand: Hand) -> None:
    hand.page.goto(ORDERS)
    field = hand.page.locator("#id_form-3-status")
    now = field.input_value()
    hand.fill(field, "shipped" if now != "shipped" else "paid")
    hand.arrive(lambda: hand.click("input[name=_save]"))
    hand.see(".messagelist .success")


def django_create(hand: Hand) -> None:
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


def django_many(hand: Hand) -> None:
    hand.page.goto(f"{ORDERS}?status__exact=draft")
    for number in range(CHOSEN):
        hand.fill(f"#id_form-{number}-status", "shipped")
    hand.arrive(lambda: hand.click("input[name=_save]"))
    hand.see(".messagelist .success")


def django_customer(hand: Hand) -> None:
    hand.page.goto(ORDERS)
    hand.click("#searchbar")
    hand.type(CUSTOMER)
    hand.arrive(lambda: hand.press("Enter"))
    hand.see(hand.page.locator("#result_list tbody", has_text=CUSTOMER))


def _open_django(page: Page) -> None:
    page.goto(f"{ORDERS}?q={ORDER}")
    page.locator("#result_list tbody th a").first.click()
    page.locator("#order_form").wait_for()


# --- Flask-AppBuilder's admin -------------------------------------------------------------------

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


def fab_find(hand: Hand) -> None:
    hand.page.goto(DESK)
    _fab_search(hand, "number", ORDER)
    hand.arrive(lambda: hand.click("a[href*='/deskorders/show/']:visible"))
    hand.see(hand.page.locator("table:visible", has_text=ORDER))


def fab_read(hand: Hand) -> None:
    hand.page.goto(DESK)
    for number in range(3):
        link = hand.page.locator("a[href*='/deskorders/show/']:visible").nth(number)
        hand.arrive(lambda link=link: hand.click(link))
        hand.see("table:visible")
        if number < 2:
            hand.arrive(lambda: hand.press("Alt+ArrowLeft") or hand.page.go_back())


def fab_note(hand: Hand) -> None:
    _edit_fab(hand.page, ORDER)
    hand.fill("#note", "Call before noon")
    hand.arrive(lambda: hand.press("Enter"))
    hand.see(".alert")


def fab_status(hand: Hand) -> None:
    hand.page.goto(DESK)
    link = hand.page.locator("a[href*='/deskorders/edit/']:visible").nth(3)
    hand.arrive(lambda: hand.click(link))
    now = hand.page.locator("#status").input_value()
    hand.fill("#status", "shipped" if now != "shipped" else "paid")
    hand.arrive(lambda: hand.press("Enter"))
    hand.see(".alert")


def fab_create(hand: Hand) -> None:
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


def fab_many(hand: Hand) -> None:
    for number in range(CHOSEN):
        hand.page.goto(DESK)  # its way back is not counted
        link = hand.page.locator("a[href*='/deskorders/edit/']:visible").nth(number)
        hand.arrive(lambda link=link: hand.click(link))
        hand.fill("#status", "shipped")
        hand.arrive(lambda: hand.press("Enter"))
    hand.see(".alert")


def fab_customer(hand: Hand) -> None:
    hand.page.goto(DESK)
    _fab_search(hand, "buyer", CUSTOMER)
    hand.see(hand.page.locator("tbody", has_text=CUSTOMER))


def _edit_fab(page: Page, number: str) -> None:
    page.goto(f"{DESK}?_flt_2_number={number}")
    page.locator("a[href*='/deskorders/edit/']:visible").first.click()
    page.locator("#note").wait_for()


TASKS: Mapping[str, tuple[Task | None, Task | None, Task | None]] = {
    "sign in": (
        _sign_in("/login/", "header .dropdown"),
        _sign_in("/login/", ".navbar-right .dropdown-toggle"),
        _sign_in("/admin/login/", "#logout-form"),
    ),
    "open an order by its number": (ours_find, fab_find, django_find),
    "list the paid orders of January 2025": (ours_filter, None, django_filter),
    "read three orders one after another": (ours_read, fab_read, django_read),
    "write a note on an order": (ours_note, fab_note, django_note),
    "change the status of one order in the list": (ours_status, fab_status, django_status),
    "enter an order with three lines": (ours_create, fab_create, django_create),
    f"set {CHOSEN} orders to shipped": (ours_many, fab_many, django_many),
    "list the orders of a customer": (ours_customer, fab_customer, django_customer),
    "export what a filter finds as CSV": (ours_export, None, None),
}
NOT_OFFERED = {
    "list the paid orders of January 2025": "Flask-AppBuilder filters a moment by 'greater' and "
    "'smaller than' and a status by its raw word, in five controls; the script does not drive it",
    "export what a filter finds as CSV": "neither admin exports without an add-on or code",
}
DESKS = (
    OURS,
    Contender("fab", "benchmarks.peers.fab_desk:create", FAB.sign_in),
    Contender("django", "benchmarks.peers.django_desk:create", DRF.sign_in),
)


@dataclass
class Figures:
    """What one task cost in each round."""

    clicks: int = 0
    keys: int = 0
    seconds: list[float] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)


@click.command()
@click.option("--rounds", default=3, show_default=True)
@click.option("--only", help="Part of a task's name.")
@click.option("--contenders", default="ours,fab,django", show_default=True)
@click.option("--database-url", help="A PostgreSQL to use; otherwise one is started.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where the started one lives.")
@click.option("--write", is_flag=True, help="Also write benchmarks/TASKS.md.")
def main(
    rounds: int,
    only: str | None,
    contenders: str,
    database_url: str | None,
    folder: Path | None,
    write: bool,
) -> None:
    """Do every task with every admin."""
    base = database_url or database.start_server(folder or HERE.parent / "var" / "benchmark")
    url = database.with_database(base, f"shopwright_tasks_{database.SMALL}")
    run.prepare(url, HERE / "definitions")
    database.fill(url, database.SMALL)
    for peer in (FAB, DRF):
        run.prepare_peer(peer, url)
    found: dict[str, dict[str, Figures | str]] = {name: {} for name in TASKS}
    wanted = [one for one in DESKS if one.name in contenders.split(",")]
    with run.running(wanted, ["granian"], url) as up, sync_playwright() as play:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, tasks in TASKS.items():
            if only and only not in name:
                continue
            for server in up:
                task = tasks[DESKS.index(server.contender)]
                figures = _measured(browser, server, task, rounds) if task else "not offered"
                found[name][server.contender.name] = figures
                click.echo(f"{name:<45}{server.contender.name:<8}{_line(figures)}")
        browser.close()
    if write:
        (HERE / "TASKS.md").write_text(page(found, rounds), "utf-8")


def _measured(browser: Browser, server: Server, task: Task, rounds: int) -> Figures | str:
    figures = Figures()
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{server.port}", viewport={"width": 1440, "height": 900}
    )
    context.set_default_timeout(PATIENCE)
    desk = context.new_page()
    desk.on("dialog", lambda dialog: dialog.accept())
    try:
        TASKS["sign in"][[one.name for one in DESKS].index(server.contender.name)](Hand(desk))
        for number in range(rounds + 1):
            hand = Hand(desk)
            task(hand)
            if number:  # the first fills the browser's cache
                figures.seconds.append(hand.seconds)
                figures.waited.append(hand.waited)
            figures.clicks, figures.keys = hand.clicks, hand.keys
    except Exception as fault:  # noqa: BLE001 (a task that cannot be done is told, the rest go on)
        return f"failed: {str(fault).splitlines()[0][:160]}"
    finally:
        context.close()
    return figures


def _line(figures: Figures | str) -> str:
    if isinstance(figures, str):
        return figures
    middle, waited = statistics.median(figures.seconds), statistics.median(figures.waited)
    return f"{figures.clicks} clicks, {figures.keys} keys, {middle:.1f} s ({waited:.1f} waiting)"


def page(found: Mapping[str, Mapping[str, Figures | str]], rounds: int) -> str:
    """Return the page of the results."""
    now = datetime.now(UTC)  # noqa: TID251 (the date of the report)
    lines = [
        "# Ten tasks, ours beside two peers' own admins",
        "",
        "Written by `python benchmarks/tasks.py --write`"
        f" on {now:%Y-%m-%d} at {database.commit()}:",
        f"{database.SMALL} orders, one machine, the middle of {rounds} rounds, warm browser cache.",
        f"Seconds = {POINT} a click + {KEY} a key + the real wait; thinking is left out for all.",
        "Each task begins at the list, signed in, and is done the quickest way that admin offers:",
        "ours by its shortcuts where it has them. The peers are set up as their documentation says",
        "(`peers/fab_desk.py`, `peers/django_desk.py`): search, filters, lines, autocomplete,",
        "`list_editable`. A script moves no eyes: finding a thing takes people longer everywhere.",
        "",
        "| task | ours | Flask-AppBuilder | Django admin | quickest |",
        "|---|---|---|---|---|",
    ]
    for name, row in found.items():
        told = [_line(row[one.name]) if one.name in row else "" for one in DESKS]
        times = {
            who: statistics.median(figures.seconds)
            for who, figures in row.items()
            if isinstance(figures, Figures)
        }
        best = min(times, key=lambda who: times[who], default="")
        lines.append(f"| {name} | {' | '.join(told)} | {best} |")
    lines += ["", *(f"- *{name}*: {why}." for name, why in NOT_OFFERED.items()), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
