"""A library's desk in a server thread, and Chromium in front of it.

Without a browser on the machine these tests are skipped, and the last line of the run says so: a
run that looked at no page must not pass for one that did.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from werkzeug.serving import make_server

from assets import build
from tests import databases
from tests.web.desk import PASSWORD, Desk, open_desk

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
    server = make_server("127.0.0.1", 0, desk.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Site(desk, f"http://127.0.0.1:{server.server_port}", member, loan)
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


def violations(page: Page) -> list[str]:
    """Run axe in the page; its script comes in through the debugger, past the policy."""
    page.evaluate(AXE.read_text("utf-8"))
    result: dict[str, Any] = page.evaluate(
        "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS
    )
    return [
        f"{fault['id']}: {[node['html'][:160] for node in fault['nodes'][:3]]}"
        for fault in result["violations"]
    ]


def scrolls_sideways(page: Page) -> bool:
    """Return whether the page as a whole is wider than its window."""
    return bool(
        page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    )
