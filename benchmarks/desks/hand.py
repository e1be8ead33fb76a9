"""A person at a page, as a script: clicks and keys are counted, waiting is measured.

In: a page of a browser. Out: what was done on it cost. Seconds follow the keystroke-level model:
1.1 s to point and click, 0.2 s a key, and the real time until what is needed next is there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Locator, Page

from benchmarks.contenders import PASSWORD, USER

POINT, KEY = 1.1, 0.2
"""Seconds to point at something and click it; seconds a key (Card, Moran, Newell 1980)."""
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


def sign_in(path: str, then: str) -> Task:
    """Return the task of signing in at an address, until what stands there then is seen."""

    def task(hand: Hand) -> None:
        hand.page.context.clear_cookies()
        hand.page.goto(path)
        hand.fill("input[name=username]", USER)
        hand.press("Tab")
        hand.type(PASSWORD)
        hand.arrive(lambda: hand.press("Enter"))
        hand.see(then)

    return task
