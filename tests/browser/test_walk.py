"""Every screen in both themes and languages, wide, on a phone and at 320 px.

On each: no axe violation (WCAG 2.2 A and AA, best practice), no error on the console, nothing the
content policy stops, no scrolling sideways, and the blocks where they are kept to be. By default
two looks show every theme, language and width; with `--long` every one of them meets every other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, template_rendered
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import Error as PlaywrightError
from werkzeug.routing import Map, Rule

from runtime.web import look
from tests import databases
from tests.browser.conftest import (
    AXE,
    PATIENCE,
    Site,
    Till,
    Traffic,
    restoring,
    scrolls_sideways,
    served,
    sign_in,
    unreachable,
    violations,
)
from tests.browser.layout import against_kept, layout_of
from tests.browser.screens import (
    ERROR_PAGES,
    NO_SCREEN,
    SCREENS,
    Screen,
    address_of,
    endpoint_of,
    screens_of,
    unwalked,
)
from tests.web.desk import KINDS, Desk, open_desk

TEMPLATES = Path(look.__file__).parents[2] / "templates"
THEMES, LANGUAGES, WIDTHS = ("light", "dark"), ("en", "zh"), (1440, 390)
LOOKS = (("light", "en", 1440), ("dark", "zh", 390))
"""Every theme, language and width is in one of these; the blocks of both are kept."""
BETWEEN = {1440: (1024,), 390: (640, 320)}
"""To which widths a window is drawn from its own, to see whether the page follows."""
OUTSIDE = {
    "appbuilder": "Flask-AppBuilder's own pages: tests/web/test_appbuilder_look.py",
    "login_ldap.html": "sign-in at a directory, which this shop has not",
    "login_oauth.html": "sign-in elsewhere: tests/web/test_sign_in_elsewhere.py",
}
"""Templates of whole pages that no screen here draws."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seen_as" not in metafunc.fixturenames:
        return
    looks = product(THEMES, LANGUAGES, WIDTHS) if metafunc.config.getoption("--long") else LOOKS
    looks = list(looks)
    metafunc.parametrize("seen_as", looks, ids=["-".join(map(str, one)) for one in looks])


@dataclass
class Walked:
    """The shops, running."""

    site: Site
    kinds: Desk
    till: Till
    address: dict[str, str]
    """Shop → its address."""
    screens: list[Screen]
    restores: tuple[Callable[[], None], ...]
    """What puts the records of each back as they were at first."""


@pytest.fixture(scope="module")
def walked(site: Site, till: Till, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    folder = tmp_path_factory.mktemp("kinds")
    kinds = open_desk(databases.sqlite_url(folder), folder / "files", KINDS)
    with served(kinds) as port:
        screens = every_screen(site, kinds)
        addresses = {
            "desk": site.address,
            "kinds": f"http://localhost:{port}",
            "till": till.address,
        }
        restores = (site.restore, restoring(kinds), till.restore)
        yield Walked(site, kinds, till, addresses, screens, restores)


def every_screen(site: Site, kinds: Desk) -> list[Screen]:
    """Return the screens of the shops, with records to look at."""
    maker = kinds.make("maker", code="M1", name="Meissen 瓷器", land="de")
    thing = kinds.make(
        "thing",
        name="Clock",
        price="12.50",
        text="<p>Soft <b>linen</b></p>",
        words=["old", "旧"],
        uses=["home"],
        paint="#336699",
        maker=maker,
        helpers=[maker],
        keeper=kinds.people["ron"],
        parts=[{"name": "Spring", "number": 2, "price": "1.25"}],
    )
    records = {"desk": {"loan": site.loan, "member": site.member}}
    repair = kinds.make("repair", code="REP-001", thing=thing, cost="20")
    kinds.make("repair", code="REP-002", note="The spring is broken")
    records["kinds"] = {"thing": thing, "maker": maker, "repair": repair}
    apps = {"desk": site.desk.runtime.app, "kinds": kinds.runtime.app}
    derived = [one for shop in apps for one in screens_of(shop, apps[shop], records[shop])]
    return [*SCREENS, *ERROR_PAGES, *derived]


@dataclass
class Walk:
    """One look at everything: a window a person, used for every screen."""

    walked: Walked
    browser: Browser
    seen_as: tuple[str, str, int]
    update: bool
    """Keep the layouts as they are seen."""
    windows: dict[tuple[str, str], Traffic] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    """What the console said since it was last asked."""

    def look(self, screen: Screen) -> list[str]:
        """Open a screen; return what is wrong with it."""
        traffic, site = self._window(screen.shop, screen.who), self.walked.site
        page = traffic.page
        self.said.clear()
        with screen.around(site):
            try:
                page.goto(address_of(screen, site))
                if screen.act is not None:
                    expect(page.locator("html[data-dressed]")).to_be_attached()
                    screen.act(page, site)
            except (PlaywrightError, AssertionError) as fault:
                return [f"cannot be reached: {str(fault)[:400]}"]
            traffic.settle()
            found = violations(page)
            layout = layout_of(page)
            found += unreachable(page)
            found += self._sideways(page)
        page.evaluate("document.body.classList.remove('dirty')")
        found += [f"console: {text}" for text in self.said]
        if screen.kept and self.seen_as in LOOKS:
            name = f"{screen.name.replace(':', '')} {self.seen_as[2]}"
            found += against_kept(name, layout, update=self.update)
        return found

    def close(self) -> None:
        """Close every window."""
        for window in self.windows.values():
            window.page.context.close()

    def _window(self, shop: str, who: str) -> Traffic:
        if (shop, who) not in self.windows:
            self.windows[shop, who] = self._opened(self.walked.address[shop], who)
        return self.windows[shop, who]

    def _opened(self, address: str, who: str) -> Traffic:
        theme, language, width = self.seen_as
        context = self.browser.new_context(
            base_url=address,
            viewport={"width": width, "height": 900},
            reduced_motion="reduce",
            service_workers="block",
        )
        context.set_default_timeout(PATIENCE)
        context.add_init_script(path=AXE)
        chosen = {"theme": theme, "locale": language}
        context.add_cookies(
            [{"name": key, "value": value, "url": address} for key, value in chosen.items()]
        )
        page = context.new_page()
        page.on("console", lambda line: self._hear(line.type, line.text))
        page.on("pageerror", lambda fault: self.said.append(str(fault)))
        page.on("dialog", lambda dialog: dialog.accept())
        traffic = Traffic(page)
        if who:
            sign_in(page, who)
        return traffic

    def _hear(self, kind: str, text: str) -> None:
        """Chromium reports a page whose status is an error too, which is no fault of the page.

        What the content policy stops is reported here as well, as an error.
        """
        if kind == "error" and "the server responded with a status of" not in text:
            self.said.append(text)

    def _sideways(self, page: Page) -> list[str]:
        own = self.seen_as[2]
        found = []
        for width in (*BETWEEN[own], own):
            page.set_viewport_size({"width": width, "height": 900})
            if scrolls_sideways(page):
                found.append(f"scrolls sideways at {width}")
        return found


@contextmanager
def drawn(*apps: Flask) -> Iterator[set[str]]:
    """Collect the names of the templates that are drawn meanwhile."""
    names: set[str] = set()

    def note(sender: Flask, template: Any, **rest: Any) -> None:
        names.add(str(template.name))

    for app in apps:
        template_rendered.connect(note, app)
    yield names
    for app in apps:
        template_rendered.disconnect(note, app)


def test_every_screen_is_without_fault(
    chromium: Browser,
    walked: Walked,
    seen_as: tuple[str, str, int],
    request: pytest.FixtureRequest,
) -> None:
    for restore in walked.restores:
        restore()
    update = request.config.getoption("--update")
    walk = Walk(walked, chromium, seen_as, update)
    faults = {}
    with drawn(walked.site.desk.app, walked.kinds.app, walked.till.desk.app) as names:
        for screen in walked.screens:
            if not screen.narrow and seen_as[2] < WIDTHS[0]:
                continue
            if found := walk.look(screen):
                faults[screen.name] = found
    walk.close()
    assert not faults, "\n".join(f"{name}: {one}" for name in faults for one in faults[name])
    pages = {
        path.relative_to(TEMPLATES).as_posix()
        for path in TEMPLATES.rglob("*.html")
        if re.search(r'extends "(layout|paper|errors/error)\.html"', path.read_text("utf-8"))
    }
    forgotten = {
        name for name in pages - names if not any(part in OUTSIDE for part in name.split("/"))
    }
    assert forgotten - {"errors/error.html"} == set(), "templates that no screen draws"


def test_every_address_that_answers_a_page_is_walked(walked: Walked) -> None:
    rules = walked.site.desk.app.url_map
    assert unwalked(rules, walked.screens, walked.site) == set(), (
        "add a Screen, or a reason to NO_SCREEN"
    )
    known = {rule.endpoint for rule in rules.iter_rules()}
    assert set(NO_SCREEN) <= known, "what is excused is there"
    here = [one for one in walked.screens if one.shop == "desk"]
    lost = [one.name for one in here if not endpoint_of(rules, address_of(one, walked.site))]
    assert lost == []


def test_an_address_that_nobody_walks_is_found(walked: Walked) -> None:
    rules = Map(
        [
            Rule("/", endpoint="screens.home", methods=["GET"]),
            Rule("/calendar", endpoint="calendar", methods=["GET"]),
        ]
    )
    assert unwalked(rules, walked.screens, walked.site) == {"calendar"}
