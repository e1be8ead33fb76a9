"""The form as people use it: the grid by keyboard and clipboard, editors, drawers, nothing lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import make_server

from assets import build
from tests import databases
from tests.browser.conftest import scrolls_sideways, sign_in, violations
from tests.web.desk import KINDS, Desk, open_desk

HTML = "<h2>About</h2><p>Soft <b>linen</b></p><ul><li>one</li></ul>"
PARTS = [{"name": "Spring", "number": 2, "price": "3.50"}, {"name": "Glass", "price": "8"}]
ROWS = "tr[data-row]:not(.gone)"

Shop = tuple[Desk, str]
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    build.build()
    folder = tmp_path_factory.mktemp("forms")
    desk = open_desk(databases.sqlite_url(folder), folder / "files", KINDS)
    for number, name in enumerate(("Anna Works", "Berta Tools", "王氏工坊")):
        desk.make("maker", code=f"M{number}", name=name, land="cn" if number == 2 else "de")
    server = make_server("127.0.0.1", 0, desk.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield desk, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    desk.runtime.engine.dispose()


@pytest.fixture
def form(chromium: Browser, shop: Shop) -> Iterator[Open]:
    """Return a function that opens a form in a window that must report no fault."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def opened(address: str, width: int = 1440, theme: str = "light", locale: str = "en") -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 1000}, base_url=shop[1], locale="en-GB"
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        cookies = {"theme": theme, "locale": locale}
        context.add_cookies(
            [{"name": key, "value": value, "url": shop[1]} for key, value in cookies.items()]
        )
        page = context.new_page()
        page.on("pageerror", lambda fault: faults.append(f"{page.url}: {fault}"))
        page.on(
            "console",
            lambda line: (
                faults.append(f"{page.url}: {line.text}")
                if line.type == "error" and "status of 4" not in line.text
                else None
            ),
        )
        sign_in(page, "kim")
        page.goto(address)
        expect(page.locator("html[data-dressed]")).to_be_attached()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


def thing(shop: Shop, **more: Any) -> str:
    values = {"name": "Clock", "parts": PARTS, "text": HTML, "extra": {"a": [1]}, **more}
    return shop[0].make("thing", **values)


def paste(page: Page, selector: str, text: str) -> None:
    page.focus(selector)
    page.evaluate(
        """text => {
          const data = new DataTransfer();
          data.setData("text/plain", text);
          const event = { clipboardData: data, bubbles: true, cancelable: true };
          document.activeElement.dispatchEvent(new ClipboardEvent("paste", event));
        }""",
        text,
    )


def compose(page: Page, text: str) -> None:
    """Compose a text as an input method does, and press Enter in the middle of it."""
    session = page.context.new_cdp_session(page)
    half = {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
    session.send("Input.imeSetComposition", half)
    key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    session.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
    session.send("Input.insertText", {"text": text})


def test_every_control_passes_axe_and_nothing_is_changed_by_opening(form: Open, shop: Shop) -> None:
    record = thing(shop, keeper=shop[0].people["ron"], words=["old"])
    for theme, locale, width in (("dark", "zh", 390), ("light", "en", 1440)):
        page = form(f"/thing/{record}/edit", width, theme, locale)
        expect(page.locator(".rt-text")).to_contain_text("Soft linen")
        expect(page.locator(".cm-host")).to_contain_text('"a"')
        assert violations(page) == []
        assert not scrolls_sideways(page)
        expect(page.locator("body.dirty")).to_have_count(0)


def test_rows_are_pasted_walked_totalled_removed_and_brought_back(form: Open, shop: Shop) -> None:
    page = form(f"/thing/{thing(shop)}/edit")
    page.press("[name='parts-1-name']", "Enter")
    expect(page.locator(ROWS)).to_have_count(3)
    expect(page.locator("[name='parts-2-name']")).to_be_focused()
    table = "Name\tMaker\tNumber\tPrice\nHand\tBerta Tools\t4\t1.50\nFoot\tM2\t2\t€ 1,200.00\n"
    paste(page, "[name='parts-2-name']", table + "Eye\tNobody\t1\t2")
    expect(page.locator("#toasts")).to_contain_text("Not found: Nobody")
    expect(page.locator(ROWS)).to_have_count(5)
    expect(page.locator("[data-value=total]")).to_have_text("2,423.00EUR")
    expect(page.locator(ROWS).nth(3)).to_contain_text("王氏工坊")
    page.press("[name='parts-0-number']", "ArrowDown")
    expect(page.locator("[name='parts-1-number']")).to_be_focused()
    page.press("[name='parts-1-number']", "ArrowLeft")
    page.press("[name='parts-0-name']", "Alt+ArrowDown")
    expect(page.locator(ROWS).nth(1).locator("input").first).to_have_value("Spring")
    page.locator(ROWS).nth(1).get_by_role("button", name="Remove row").click()
    expect(page.locator(ROWS)).to_have_count(4)
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.locator(ROWS)).to_have_count(5)
    page.locator(".sv [data-save]").click()
    expect(page.locator(".flashes")).to_contain_text("Saved.")
    expect(page.locator("#main")).to_contain_text("2,423.00")


def test_an_input_method_composes_undisturbed_in_picker_and_grid(form: Open, shop: Shop) -> None:
    page = form(f"/thing/{thing(shop)}/edit")
    page.focus("[name='parts-0-name']")
    compose(page, "弹簧")
    expect(page.locator("[name='parts-0-name']")).to_be_focused()
    expect(page.locator(ROWS)).to_have_count(2)
    page.locator("#f-maker-ts-control").focus()
    compose(page, "王氏")
    assert "/edit" in page.url
    expect(page.locator(".ts-dropdown:visible .option").first).to_contain_text("王氏工坊")
    page.keyboard.press("ArrowDown")
    page.locator(".ts-dropdown:visible .option").first.click()
    expect(page.locator("[data-when] , .ts-wrapper .item", has_text="王氏工坊")).to_have_count(1)


def test_nothing_unsaved_is_left_without_a_question(form: Open, shop: Shop) -> None:
    page = form(f"/thing/{thing(shop)}/edit")
    asked: list[str] = []

    def refuse(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", refuse)
    page.fill("[name=name]", "Watch")
    expect(page.locator(".sv .n")).to_have_text("1 field changed")
    page.keyboard.press("Escape")
    page.evaluate("location.assign('/maker/')")
    page.wait_for_timeout(300)
    assert asked == ["confirm", "beforeunload"]
    expect(page.locator("[name=name]")).to_have_value("Watch")
    page.fill("[name=name]", "Clock")
    expect(page.locator("body.dirty")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("h1")).to_have_text("Clock")


def test_a_double_click_makes_one_record(form: Open, shop: Shop) -> None:
    page = form("/maker/new")
    before = shop[0].count("maker")
    page.fill("[name=code]", "TWICE")
    page.fill("[name=name]", "Twice")
    page.locator(".sv [data-save]").dblclick()
    expect(page.locator("h1")).to_have_text("Twice")
    assert shop[0].count("maker") == before + 1


def test_fields_come_and_go_and_a_choice_narrows_while_one_types(form: Open, shop: Shop) -> None:
    page = form("/thing/new")
    expect(page.locator("[name=reason]")).to_be_hidden()
    page.select_option("[name=state]", "gone")
    expect(page.locator("[name=reason]")).to_be_visible()
    expect(page.locator("[data-when=reason]")).to_contain_text("required")
    expect(page.locator("[data-when=land][inert]")).to_be_attached()
    page.select_option("[name=state]", "new")
    expect(page.locator("[name=reason]")).to_be_hidden()
    page.locator("#f-maker-ts-control").click()
    page.locator(".ts-dropdown:visible .option", has_text="王氏工坊").click()
    expect(page.locator(".ts-wrapper .item", has_text="王氏工坊")).to_be_visible()
    page.select_option("[name=land]", "de")
    expect(page.locator(".ts-wrapper .item", has_text="王氏工坊")).to_have_count(0)


def test_a_missing_record_is_made_in_a_drawer_and_chosen(form: Open, shop: Shop) -> None:
    page = form(f"/thing/{thing(shop)}/edit")
    page.locator("#f-maker-ts-control").click()
    page.locator(".ts-dropdown:visible .make").click()
    drawer = page.locator("dialog.drawer")
    drawer.locator("[name=name]").fill("Fresh Maker")
    page.keyboard.press("Control+s")
    expect(drawer.locator(".errs")).to_be_focused()
    assert violations(page) == []
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.keyboard.press("Escape")
    drawer.locator("[name=code]").fill("FRESH")
    drawer.get_by_role("button", name="Create and choose").click()
    expect(drawer).to_have_count(0)
    expect(page.locator(".ts-wrapper .item", has_text="Fresh Maker")).to_have_count(1)
    expect(page.locator(".sv .n")).to_have_text("1 field changed")


def test_formatted_text_and_json_are_written_in_their_editors(form: Open, shop: Shop) -> None:
    page = form(f"/thing/{thing(shop)}/edit")
    page.locator(".rt-text p").first.click()
    page.keyboard.press("Home")
    compose(page, "柔软")
    page.keyboard.press("Control+a")
    page.get_by_role("button", name="Italic").click()
    expect(page.get_by_role("button", name="Italic")).to_have_attribute("aria-pressed", "true")
    page.locator(".cm-host .cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(",")
    expect(page.locator(".cm-told")).to_have_text("This is no JSON: line 5, column 2.")
    page.keyboard.press("Backspace")
    expect(page.locator(".cm-told")).to_be_hidden()
    page.locator(".sv [data-save]").click()
    expect(page.locator(".flashes")).to_contain_text("Saved.")
    expect(page.locator("#main .rich em").first).to_be_visible()
    expect(page.locator("#main .rich")).to_contain_text("柔软")


def test_a_picture_is_looked_at_cut_and_left_again(form: Open, shop: Shop) -> None:
    page = form("/thing/new")
    page.evaluate(
        """async () => {
          const canvas = Object.assign(document.createElement("canvas"), { width: 60, height: 20 });
          const blob = await new Promise((done) => canvas.toBlob(done));
          const data = new DataTransfer();
          data.items.add(new File([blob], "wide.png", { type: "image/png" }));
          const drop = { dataTransfer: data, bubbles: true, cancelable: true };
          document.querySelector("[data-upload=image]").dispatchEvent(new DragEvent("drop", drop));
        }"""
    )
    page.get_by_role("button", name="Use this part").click()
    shown = page.locator("[data-upload=image] [data-new]")
    expect(shown.locator("img")).to_be_visible()
    expect(shown).to_contain_text("wide.png")
    expect(shown.locator("img")).to_have_count(1)
    page.wait_for_function(
        """async () => { const [file] = document.querySelector("[name=picture-upload]").files;
          const made = await createImageBitmap(file);
          return made.width === 20 && made.height === 20; }"""
    )
    page.get_by_role("button", name="Do not use it").click()
    expect(shown).to_be_hidden()
    expect(page.locator("body.dirty")).to_have_count(0)


def test_signing_in_over_the_form_saves_what_was_typed(form: Open) -> None:
    page = form("/maker/new")
    page.fill("[name=code]", "OVER")
    page.fill("[name=name]", "Signed in over it")
    page.context.clear_cookies(name="session")
    page.click(".sv [data-save]")
    dialog = page.locator("dialog.sign-in")
    dialog.locator("[name=username]").fill("kim")
    dialog.locator("[name=password]").fill("wrong")
    dialog.locator(".b-p").click()
    expect(dialog.locator("[role=alert], .alert-ax").first).to_be_visible()
    assert violations(page) == []
    dialog.locator("[name=username]").fill("kim")
    dialog.locator("[name=password]").fill("correct horse battery")
    dialog.locator(".b-p").click()
    page.wait_for_url(lambda url: "/new" not in url)
    expect(page.locator("h1")).to_contain_text("Signed in over it")


def test_a_card_moves_by_the_step_that_leads_to_its_column(form: Open, shop: Shop) -> None:
    desk, _ = shop
    ready = desk.make("repair", code="CARD", cost="20")
    costless = desk.make("repair", code="FREE", cost="0")
    page = form("/repair/?layout=board")

    def column(state: str, record: str) -> Any:
        return page.locator(f".lo-col[data-value={state}] #row-{record}")

    page.locator(f"#row-{costless} .ol").focus()
    page.keyboard.press("Alt+ArrowRight")
    expect(page.locator(".toast-ax")).to_contain_text("Say what it will cost first.")
    expect(column("asked", costless)).to_be_visible()
    page.locator(f"#row-{ready} .ol").focus()
    page.keyboard.press("Alt+ArrowRight")
    expect(column("mending", ready)).to_be_visible()
    expect(page.locator(f"#row-{ready} .ol")).to_be_focused()
    page.locator(f"#row-{ready} [data-move]").click()
    assert violations(page) == []
    page.locator("dialog.mvd").get_by_role("button", name="Wait for parts").click()
    drawer = page.locator("dialog.drawer")
    drawer.locator(".dw-f .b-p").click()
    expect(drawer.locator(".errs")).to_be_focused()
    drawer.locator("[name=part]").fill("The spring")
    drawer.locator(".dw-f .b-p").click()
    expect(drawer).to_have_count(0)
    expect(column("waiting", ready)).to_be_visible()


def test_a_step_that_asks_does_so_over_the_record(form: Open, shop: Shop) -> None:
    desk, _ = shop
    record = desk.make("repair", code="OVER1", cost="20")
    page = form(f"/repair/{record}")
    page.get_by_role("button", name="Begin", exact=True).click()
    expect(page.locator(".flashes")).to_contain_text("Begin: Asked → Being mended.")
    expect(page.locator("html[data-dressed]")).to_be_attached()
    page.locator(".acts").get_by_role("link", name="Wait for parts").click()
    drawer = page.locator("dialog.drawer")
    drawer.locator("[name=part]").fill("The spring")
    drawer.locator("[name=part]").press("Enter")
    expect(page.locator(".flashes")).to_contain_text("Being mended → Waiting for parts.")
    expect(page.locator("h1 + .st, .ph .st").first).to_have_text("Waiting for parts")


def test_what_is_chosen_covers_nothing_below_it_on_a_phone(form: Open, shop: Shop) -> None:
    desk, _ = shop
    names = [f"Works with a name of several words, number {number}" for number in range(3)]
    makers = [desk.make("maker", code=f"L{number}", name=one) for number, one in enumerate(names)]
    thing = desk.make("thing", name="Long", maker=makers[0], helpers=makers)
    page = form(f"/thing/{thing}/edit", width=390)
    expect(page.locator(".ts-wrapper .item")).to_have_count(4)
    heights = page.evaluate(
        """() => [...document.querySelectorAll('.ts-wrapper.has-items')].map(
            (one) => [one.offsetHeight, one.querySelector('.ts-control').offsetHeight])"""
    )
    assert len(heights) == 2
    assert all(outer >= inner for outer, inner in heights), heights
    assert max(inner for _, inner in heights) > 60, "several lines"
