"""A library's desk in a server thread, and Chromium in front of it.

Without a browser on the machine these tests are skipped, and the last line of the run says so: a
run that looked at no page must not pass for one that did.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect, sync_playwright
from werkzeug.serving import make_server

from assets import build
from runtime.web.faults import Board, show_faults
from runtime.web.look import error_page
from tests import databases
from tests.web.desk import PASSWORD, TILL, Desk, open_desk

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
AXE = Path(build.__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = ["--no-sandbox", "--disable-gpu"]
PATIENCE = 90_000
"""Milliseconds until a wait is a failure: a machine may be busy with others."""
BOOKS = [{"title": "Dune", "price": "9.50"}, {"title": "Emma", "price": "3"}]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent not in item.path.parents:
            continue
        item.add_marker(pytest.mark.browser)
        if CHROMIUM is None:
            item.add_marker(pytest.mark.skip(reason="NO BROWSER: chromium is not installed"))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = [
        report
        for report in terminalreporter.stats.get("skipped", ())
        if "NO BROWSER" in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.write_sep("!", f"{len(skipped)} BROWSER TESTS DID NOT RUN: no chromium")


@dataclass
class Site:
    """The running desk, its address and some records in it."""

    desk: Desk
    address: str
    member: str
    loan: str
    board: Board
    """Where faults of the definitions are shown."""
    restore: Callable[[], None]
    """Put the records back as they were at first: tests come in any order."""


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    build.build()
    folder = tmp_path_factory.mktemp("site")
    desk = open_desk(databases.sqlite_url(folder), folder / "files")
    member = desk.make("member", code="ANNA", name="Anna Ahlgren", email="anna@x.example")
    for number in range(30):
        name = f"{('王芳', 'Sofia Rossi', '李伟')[number % 3]} {number}"
        one = desk.make("member", code=f"M{number:03}", name=name, active=number % 4 != 0)
        state = "back" if number % 5 == 0 else "open"
        desk.make(
            "loan", member=one, state=state, books=BOOKS, tags=["gift"]
        ) if number % 4 else None
    loan = desk.make("loan", member=member, books=BOOKS, note="Handle with care")
    board = Board()
    show_faults(desk.app, board, to_everybody=True)
    desk.app.add_url_rule("/_errors/<int:code>", "an_error", _an_error)
    with served(desk) as port:
        address = f"http://127.0.0.1:{port}"
        yield Site(desk, address, member, loan, board, restoring(desk))


@dataclass
class Till:
    """A shop that prices carts, where a sale was placed: its address, and that of the sale."""

    desk: Desk
    address: str
    sale: str
    restore: Callable[[], None]


@pytest.fixture(scope="session")
def till(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Till]:
    build.build()
    folder = tmp_path_factory.mktemp("till")
    roles = ("clerk", "guest")
    desk = open_desk(databases.sqlite_url(folder), folder / "files", TILL, roles=roles)
    for code in ("cap", "hat", "pot", "lid", "mug"):
        desk.make("ware", code=code, price="10.00")
    lines = [{"id": "1", "item": "pot", "quantity": 3}]
    priced = desk.ask("evaluate", "sale", lines=lines).row.priced
    placed = desk.ask(
        "place", "sale", cart={"lines": lines}, fingerprint=priced.fingerprint, record={}
    ).row
    with served(desk) as port:
        # another host than that of the desk, so that cookies do not mix
        yield Till(desk, f"http://localhost:{port}", f"/sale/{placed[0]}", restoring(desk))


def restoring(desk: Desk) -> Callable[[], None]:
    """Remember a shop's SQLite database; return what puts it back, also while it is served."""
    kept = sqlite3.connect(":memory:", check_same_thread=False)
    with _sqlite(desk) as database:
        database.backup(kept)

    def restore() -> None:
        with _sqlite(desk) as database:
            kept.backup(database)

    return restore


@contextmanager
def _sqlite(desk: Desk) -> Iterator[sqlite3.Connection]:
    database = sqlite3.connect(str(desk.runtime.engine.url.database), timeout=PATIENCE / 1000)
    yield database
    database.close()


def _an_error(code: int) -> tuple[str, int]:
    """Show the page of a status; most cannot be brought about at will."""
    return error_page(code, "0192f0c1-2d3e-7a4b-8c5d-6e7f80911a2b", "/loan/")


@contextmanager
def served(desk: Desk) -> Iterator[int]:
    """Serve a shop from a thread; give the port."""
    server = make_server("127.0.0.1", 0, desk.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    desk.runtime.engine.dispose()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


Open = Callable[..., Page]


@pytest.fixture
def window(chromium: Browser, site: Site) -> Iterator[Open]:
    """Return a function that opens a window in which somebody is signed in.

    A page that reports an error, breaks the content policy or scrolls sideways fails its test.
    """
    site.restore()
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def opened(
        name: str = "kim",
        width: int = 1440,
        theme: str = "light",
        locale: str = "en",
        script: bool = True,
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            base_url=site.address,
            java_script_enabled=script,
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        cookies = {"theme": theme, "locale": locale}
        context.add_cookies(
            [{"name": key, "value": value, "url": site.address} for key, value in cookies.items()]
        )
        page = context.new_page()
        if script:
            _wait_when_going(page)
        page.on("pageerror", lambda fault: faults.append(f"{page.url}: {fault}"))
        page.on(
            "console",
            lambda line: faults.append(f"{page.url}: {line.text}") if _is_fault(line) else None,
        )
        if name:
            sign_in(page, name)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


DRESSED = """
() => document.documentElement.dataset.dressed || !document.querySelector("script[src*='/app.']")
"""


def _wait_when_going(page: Page) -> None:
    """Let `goto` come back when the page's scripts listen; behind a click, `ready` waits for it."""
    goto = page.goto

    def going(url: str, **options: Any) -> Response | None:
        answer = goto(url, **options)
        page.wait_for_function(DRESSED)
        return answer

    page.goto = going  # type: ignore[method-assign]  # of this page alone


def _is_fault(line: Any) -> bool:
    """A refused form answers 409 or 422, which Chromium reports too; that is no fault of a page."""
    return line.type == "error" and "status of 4" not in line.text


def sign_in(page: Page, name: str) -> None:
    """Sign in as people do."""
    page.goto("/login/")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button.b-p")
    page.wait_for_url(lambda url: "/login" not in url)


def ready(page: Page) -> None:
    """Wait until a page's scripts listen to keys and it has all it asked for.

    That nothing is asked for is not enough: a busy machine fetches scripts long before it runs
    them.
    """
    expect(page.locator("html[data-dressed]")).to_be_attached()
    page.wait_for_load_state("networkidle")


class Traffic:
    """What a page is still waiting for; asked instead of half a second of silence a page."""

    QUIET = 60
    """Milliseconds without a request, after which a page has everything."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.waiting: set[Any] = set()
        page.on("request", lambda request: self.waiting.add(request))
        page.on("requestfinished", lambda request: self.waiting.discard(request))
        page.on("requestfailed", lambda request: self.waiting.discard(request))

    def settle(self) -> None:
        """Wait until the page is loaded and asks for nothing more."""
        self.page.wait_for_load_state()
        calm = 0
        for _ in range(2 * PATIENCE // self.QUIET):
            self.page.wait_for_timeout(self.QUIET / 2)
            calm = 0 if self.waiting else calm + 1
            if calm == 2:
                return
        raise AssertionError(f"no answer: {[request.url for request in self.waiting]}")


RUN = """
(tags) => {
  const open = document.querySelector(".dropdown-menu.show");
  const foreign = document.querySelector(".swagger-ui");
  const rules = {
    "target-size": {enabled: !open},
    "landmark-no-duplicate-main": {enabled: !foreign},
  };
  const where = {include: [["html"]], exclude: [[".swagger-ui"]]};
  const told = {resultTypes: ["violations"], selectors: false, preload: {assets: ["media"]}};
  return axe.run(where, {...told, runOnly: {type: "tag", values: tags}, rules});
}
"""
"""Nothing is told of what passed, for which axe took two thirds of its time; and no style sheet is
read for the one rule on them, which is an experiment and not among these. What lies under an
open menu is partly covered, so sizes count without one. Inside Swagger UI the mark-up is not ours
to mend."""


def violations(page: Page) -> list[str]:
    """Run axe in the page; its script comes in through the debugger, past the policy.

    A context that has it as an initial script gets it with every page, without being sent it anew.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    result: dict[str, Any] = page.evaluate(RUN, TAGS)
    return [
        f"{fault['id']}: {[node['html'][:160] for node in fault['nodes'][:3]]}"
        for fault in result["violations"]
    ]


def scrolls_sideways(page: Page) -> bool:
    """Return whether the page as a whole is wider than its window."""
    return bool(
        page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    )


UNREACHABLE = """
() => {
  const controls = "main :is(a[href], button, input:not([type=hidden]), select, textarea)";
  const beside = "tbody tr:not(:first-child), .ts-wrapper, .tw, .tabs nav, .rt";
  const found = [];
  for (const one of document.querySelectorAll(controls)) {
    if (one.closest(beside) || one.matches(".tomselected, .sr, [tabindex='-1']")) continue;
    if (!one.checkVisibility({visibilityProperty: true})) continue;
    one.scrollIntoView({block: "center", inline: "center"});
    const box = one.getClientRects()[0]; /* a link in a text may stand on two lines */
    if (!box || box.width < 2 || box.height < 2) continue;
    const above = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    if (above && (one.contains(above) || above.closest("label")?.control === one)) continue;
    if (above?.matches("label, a, button") && above.contains(one)) continue;
    const over = above?.outerHTML.slice(0, 80) ?? "nothing";
    found.push(`${one.outerHTML.slice(0, 120)} under ${over}`);
  }
  scrollTo(0, 0);
  return found.slice(0, 5);
}
"""


def unreachable(page: Page) -> list[str]:
    """Return controls that no pointer can reach: cut off, or under something else."""
    above = "dialog[open], .offcanvas.show, .dropdown-menu.show, .ppl:not([hidden])"
    if page.locator(above).count():
        return []
    return [f"cannot be clicked: {one}" for one in page.evaluate(UNREACHABLE)]
