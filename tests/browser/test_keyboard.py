"""The ten commonest tasks with nothing but a keyboard.

`reach` presses Tab until something has the focus, so whatever cannot be reached fails here, and so
does what has the focus and is covered by a part that stays in its place.
"""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Site, ready
from tests.web.desk import PASSWORD

Open = Callable[..., Page]
FAR = 250
"""So many times Tab is pressed at most; a list has a stop in every row."""
IN_SIGHT = """
() => {
  const at = document.activeElement;
  const box = at.getBoundingClientRect();
  const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) return "outside the window";
  const above = document.elementFromPoint(x, y);
  const label = above?.closest("label");
  const same = above && (at.contains(above) || above.contains(at) || label?.control === at);
  return same ? "" : `under ${above?.outerHTML.slice(0, 120)}`;
}
"""


def reach(page: Page, selector: str, *, back: bool = False) -> None:
    """Press Tab until something has the focus; it must be in sight then."""
    for _ in range(FAR):
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            assert page.evaluate(IN_SIGHT) == "", selector
            return
        page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"{selector} cannot be reached by keyboard")


def act(page: Page, selector: str, key: str = "Enter", *, back: bool = False) -> None:
    """Reach something and press a key on it."""
    reach(page, selector, back=back)
    page.keyboard.press(key)


def fill(page: Page, selector: str, text: str) -> None:
    """Reach a field and type into it, over what it holds."""
    reach(page, selector)
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def open_list(page: Page, address: str) -> None:
    """Open a list and wait until its scripts answer to keys."""
    page.goto(address)
    ready(page)


def test_signing_in(window: Open) -> None:
    page = window(name="")
    page.goto("/login/")
    fill(page, "input[name=username]", "kim")
    fill(page, "input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)
    expect(page.locator("header .dropdown > button").first).to_contain_text("Kim")


def test_finding_an_order_by_its_number(window: Open) -> None:
    page = window()
    open_list(page, "/")
    late: list[Route] = []
    page.route("**/assets/palette.*.js", lambda route: late.append(route))
    with page.expect_request("**/assets/palette.*.js"):
        page.keyboard.press("Control+k")
    page.keyboard.type("L2026-0003")
    late[0].continue_()
    expect(page.locator("#search [aria-selected=true]")).to_contain_text("L2026-0003")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("L2026-0003")


def test_filtering_a_list_and_saving_the_view(window: Open) -> None:
    page = window()
    open_list(page, "/loan/")
    page.keyboard.press("f")
    expect(page.locator("#filter-panel.show:not(.showing)")).to_be_visible()
    act(page, "#drawer [value=back]", "Space")
    act(page, "#filter-panel [data-count]")
    expect(page.locator(".chip", has_text="State")).to_contain_text("Returned")
    ready(page)
    act(page, ".tabs .dropdown > .b-p")
    expect(page.locator(".vm.show")).to_be_visible()
    fill(page, "#view-name", "Back again")
    page.keyboard.press("Enter")
    expect(page.locator(".tabs [aria-current=page]")).to_contain_text("Back again")


def test_opening_records_and_stepping_through_them(window: Open) -> None:
    page = window()
    open_list(page, "/loan/?sort=number")
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(second)
    ready(page)
    page.keyboard.press("]")
    expect(page.locator("h1")).not_to_have_text(second)
    ready(page)
    page.keyboard.press("[")
    expect(page.locator("h1")).to_have_text(second)
    ready(page)
    act(page, "main .ph > a")
    expect(page.locator(":focus")).to_have_text(second)


def test_editing_a_field_in_the_list(window: Open, site: Site) -> None:
    loan = site.desk.make("loan", member=site.member, books=[{"title": "Emma", "price": "1"}])
    page = window()
    open_list(page, "/loan/?sort=-number")
    page.keyboard.press("j")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("td.editing select")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(f"#row-{loan} td.stt")).to_contain_text("Returned")
    expect(page.locator(f"#row-{loan} td.stt")).to_be_focused()


def test_of_several_that_fit_none_is_taken_unseen(window: Open) -> None:
    page = window()
    open_list(page, "/loan/new")
    reach(page, "select[name=member] + .ts-wrapper input")
    with page.expect_response(lambda answer: "q=Sofia" in answer.url):
        page.keyboard.type("Sofia")
        page.keyboard.press("Enter")
    expect(page.locator(".ts-dropdown .option.active")).to_contain_text("Sofia Rossi")
    assert page.input_value("select[name=member]") == ""
    page.keyboard.press("Enter")
    expect(page.locator("select[name=member] + .ts-wrapper .item")).to_contain_text("Sofia Rossi")


def test_creating_an_order_with_three_lines(window: Open) -> None:
    page = window()
    open_list(page, "/loan/")
    page.keyboard.press("c")
    page.wait_for_url("**/loan/new*")
    ready(page)
    reach(page, "select[name=member] + .ts-wrapper input")
    page.keyboard.type("Anna")
    page.keyboard.press("Enter")  # before the answer: the only one that fits is taken
    chosen = page.locator("select[name=member] + .ts-wrapper .item")
    expect(chosen).to_have_text("Anna Ahlgren")
    titles = ("Dune", "傲慢与偏见", "Orlando")
    for number, title in enumerate(titles):
        act(page, "[data-grid-add]")
        expect(page.locator(f"[name='books-{number}-title']")).to_be_focused()
        page.keyboard.insert_text(title)
        fill(page, f"[name='books-{number}-price']", str(number + 1))
    page.keyboard.press("Control+s")
    expect(page.locator(".flashes")).to_contain_text("Created.")
    for title in titles:
        expect(page.locator("#tabs")).to_contain_text(title)
    expect(page.locator("#tabs tfoot")).to_contain_text("6.00")


def test_changing_many_records_at_once(window: Open, site: Site) -> None:
    for number in range(2):
        site.desk.make("member", code=f"KEYS{number}", name=f"Keyboardist {number}")
    page = window()
    open_list(page, "/member/?q=Keyboardist")
    for key in "jxjx":
        page.keyboard.press(key)
    expect(page.locator("#nsel")).to_have_text("2 selected")
    act(page, "[data-bulk=edit]", back=True)
    expect(page.locator("main h1")).to_contain_text("Change 2 records")
    act(page, "[name=_change][value=email]", "Space")
    fill(page, "[name=email]", "keys@x.example")
    act(page, "[name=step][value=preview]")
    expect(page.locator("dl.sum dd").first).to_have_text("2")
    act(page, "[name=step][value=do]")
    expect(page.locator("form[action$='/undo']")).to_be_visible()
    act(page, "form[action$='/undo'] button")
    expect(page.locator(".flashes")).to_contain_text("2 records are as before.")


def test_commenting_and_naming_somebody(window: Open, site: Site) -> None:
    page = window()
    open_list(page, f"/loan/{site.loan}?tab=history")
    reach(page, "#comment")
    page.keyboard.type("Please look at it, @ro")
    expect(page.locator(".ppl [aria-selected=true]")).to_contain_text("Ron")
    page.keyboard.press("Enter")
    page.keyboard.type("today")
    page.keyboard.press("Control+Enter")
    said = page.locator(".tl .cm", has_text="Please look at it").first
    expect(said).to_contain_text("@ron today")
    expect(said.locator(".at")).to_have_text("@ron")


def test_exporting_what_is_seen(window: Open) -> None:
    page = window()
    open_list(page, "/loan/?state[in]=back")
    act(page, "main .ph a[href*=export]")
    expect(page.locator("form[data-download]")).to_be_visible()
    ready(page)
    reach(page, "form[data-download] .b-p")
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    text = waiting.value.path().read_text("utf-8-sig")
    assert "Number" in text.splitlines()[0]
    assert "Open" not in text


def test_switching_theme_and_language(window: Open) -> None:
    page = window()
    open_list(page, "/loan/")
    act(page, "header .dropdown > button")
    act(page, "[data-act=theme][value=dark]")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.keyboard.press("Escape")
    open_list(page, "/loan/")
    act(page, "header a[hreflang=zh]")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator("h1")).to_have_text("借阅单")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
