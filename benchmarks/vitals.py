"""`python -m benchmarks.vitals`: what a person waits for, measured in a browser on a large shop.

Comes in: a database the benchmark filled, served by our own WSGI server. Goes out: for the list and
for a record's page, on a processor four times slower: largest contentful paint, layout shift, the
slowest answer to a click or key (as INP sees it), bytes of the first and of a repeated view
as the network's own events tell them (the pages' `transferSize` counts a packed answer unpacked),
elements, and the server's own time (median and 95th of a hundred) beside the bare endpoint's. The
statements of a page are asserted by the tests.
"""

from __future__ import annotations

import itertools
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks import database, run  # noqa: E402 (the path comes first)
from benchmarks.contenders import BARE, OURS, PASSWORD, USER, Request, Server, ask  # noqa: E402

SLOWER = 4
"""Times slower than this machine, as web vitals are usually measured."""
LISTED = "/order/?status=paid"
"""What the bare endpoint answers beside our list: 25 rows, without a menu, a right or a count."""
SORTS = ("sort=-placed_at", "view=")
"""Two addresses of the list, so that the second view is no reload of the first."""
OPENINGS = 40
"""Requests for the server's own time."""
WATCH = """
window.__seen = {lcp: 0, cls: 0, inp: 0};
const watch = (type, each, more = {}) => new PerformanceObserver((list) => {
  for (const one of list.getEntries()) each(one);
}).observe({type, buffered: true, ...more});
watch("largest-contentful-paint", (one) => { window.__seen.lcp = one.startTime; });
watch("layout-shift", (one) => { if (!one.hadRecentInput) window.__seen.cls += one.value; });
watch("event", (one) => {
  if (one.interactionId) window.__seen.inp = Math.max(window.__seen.inp, one.duration);
}, {durationThreshold: 16});
"""
"""What the browser itself reports, kept until it is asked for."""


@dataclass
class Vitals:
    """What one page costs the person who opens it."""

    lcp: list[float] = field(default_factory=list)
    """Milliseconds, as are all times here."""
    shift: list[float] = field(default_factory=list)
    inp: list[float] = field(default_factory=list)
    first_bytes: int = 0
    """Sent over the wire with an empty cache; `again` is with a warm one."""
    again_bytes: int = 0
    nodes: int = 0
    server: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)


def rows_are_chosen(page: Page) -> None:
    """Do what people do on a list: choose every row, step through rows, open a menu."""
    page.locator(".ck-all:visible").first.click()
    for key in ("j", "j", "k", "Escape"):
        page.keyboard.press(key)
    page.locator(".tabs .dropdown > button").last.click()


def menu_is_opened(page: Page) -> None:
    """Do what people do on a record: open the menu, the search, edit a card."""
    page.locator(".acts .dropdown > button").first.click()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.locator("#search input[name=q]").wait_for()
    page.keyboard.press("Escape")
    page.locator("a[id^=open-]").first.click()
    page.locator(".card-edit").wait_for()


@click.command()
@click.option("--size", default=database.FULL, show_default=True, help="Orders in the database.")
@click.option("--rounds", default=5, show_default=True)
@click.option("--database-url", help="A PostgreSQL to use; otherwise one is started.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where the started one lives.")
def main(size: int, rounds: int, database_url: str | None, folder: Path | None) -> None:
    """Measure the list and a record's page."""
    base = database_url or database.start_server(folder or HERE.parent / "var" / "benchmark")
    url = database.with_database(base, f"shopwright_benchmark_{size}")
    run.prepare(url, HERE / "definitions")
    database.fill(url, size)
    ids = database.describe(url).ids
    pages: Mapping[str, tuple[Callable[[], str], Callable[[], str], Callable[[Page], None]]] = {
        "list of 50": (_each("/order/?limit=50&{}", SORTS), lambda: LISTED, rows_are_chosen),
        "record": (_each("/order/{}", ids), _each("/order/{}", ids), menu_is_opened),
    }
    with run.running([OURS, BARE], ["granian"], url) as up, sync_playwright() as play:
        ours, bare = up
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, (address, same_rows, work) in pages.items():
            found = _measured(browser, ours, address, work, rounds)
            found.server = _times(ours, address, browser=True)
            found.bare = _times(bare, same_rows, browser=False)
            for line in _lines(name, found):
                click.echo(line)
        browser.close()


def _each(path: str, ids: tuple[str, ...]) -> Callable[[], str]:
    turn: Iterator[str] = itertools.cycle(ids)
    return lambda: path.format(next(turn))


def _measured(
    browser: Browser,
    server: Server,
    address: Callable[[], str],
    work: Callable[[Page], None],
    rounds: int,
) -> Vitals:
    found = Vitals()
    for _ in range(rounds):
        context = browser.new_context(
            base_url=f"http://127.0.0.1:{server.port}",
            viewport={"width": 1440, "height": 900},
            service_workers="block",  # it would fetch in the page's place, unseen by its session
        )
        context.add_init_script(WATCH)
        page = context.new_page()
        page.goto("/login/")
        page.fill("[name=username]", USER)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.locator("header .dropdown").first.wait_for()
        session = context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        session.send("Network.enable")
        session.send("Network.clearBrowserCache")
        sent: list[int] = []
        session.on("Network.loadingFinished", _into(sent))
        _open(page, address())
        found.first_bytes = _taken(sent)
        _open(page, address())
        found.again_bytes = _taken(sent)
        found.nodes = int(page.evaluate("document.querySelectorAll('*').length"))
        work(page)
        page.wait_for_timeout(500)  # the browser tells of an event some time after it
        seen = page.evaluate("window.__seen")
        found.lcp.append(seen["lcp"])
        found.shift.append(seen["cls"])
        found.inp.append(seen["inp"])
        context.close()
    return found


def _into(sent: list[int]) -> Callable[[Mapping[str, float]], None]:
    return lambda one: sent.append(int(one["encodedDataLength"]))


def _taken(sent: list[int]) -> int:
    """Return what came over the wire since the last time this was asked, headers too."""
    total = sum(sent)
    sent.clear()
    return total


def _open(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("html[data-dressed]").wait_for(state="attached")
    page.wait_for_load_state("networkidle")


def _times(server: Server, address: Callable[[], str], *, browser: bool) -> list[float]:
    headers = {**server.headers(browser=browser), "Accept-Encoding": "gzip"}
    found = []
    for number in range(OPENINGS + 5):
        begin = time.perf_counter()
        status, _, _ = ask(server.port, Request("GET", address(), headers=headers))
        if status != 200:
            raise RuntimeError(f"{server.name} answered {status}")
        if number >= 5:
            found.append((time.perf_counter() - begin) * 1000)
    return sorted(found)


def _lines(name: str, found: Vitals) -> Iterator[str]:
    last = int(OPENINGS * 0.95) - 1
    yield (
        f"| {name} | {statistics.median(found.lcp):.0f} ms | {max(found.shift):.3f}"
        f" | {max(found.inp):.0f} ms | {found.first_bytes / 1000:.1f} kB"
        f" | {found.again_bytes / 1000:.1f} kB | {found.nodes}"
        f" | {found.server[OPENINGS // 2]:.0f} / {found.server[last]:.0f} ms"
        f" | {found.bare[OPENINGS // 2]:.0f} / {found.bare[last]:.0f} ms |"
    )


if __name__ == "__main__":
    main()
