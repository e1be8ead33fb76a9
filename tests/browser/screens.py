"""Every kind of screen, and how somebody gets to it: a table of addresses and what is done there.

`SCREENS` are those written down by hand; `screens_of` adds what a shop's definitions say: a list,
a form and, for each tab, a record page an entity. `unwalked` tells which addresses of the app no
screen stands for, so that a new route must be added here or named in `NO_SCREEN` with its reason.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from playwright.sync_api import Page, expect
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map

from generator.compile import compile_definitions
from generator.model.access import BreakGlass, GrantRule, Sensitive
from generator.model.app import App
from generator.model.text import Label
from generator.problems import DefinitionError
from rules.matrix import Matrix
from runtime.hooks import deliveries, subscriptions
from runtime.hooks.subscriptions import Wanted
from runtime.memory import Memory
from runtime.store.engine import write
from runtime.store.trail import Trail
from runtime.web import look, totp
from runtime.web.context import web
from runtime.web.faults import Fault
from runtime.web.people.welcome import make_link as make_path
from runtime.web.users import create_user
from tests.browser.conftest import Site
from tests.web.desk import PASSWORD

Act = Callable[[Page, Site], None]
BROKEN = Path(__file__).parents[1] / "problems" / "D301_unknown_name"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Screen:
    """One kind of screen."""

    name: str
    address: str
    act: Act | None = None
    """What is done there before it is looked at."""
    who: str = "kim"
    """Who looks; '' for nobody who is signed in."""
    around: Callable[[Site], AbstractContextManager[None]] = lambda site: nullcontext()
    shop: str = "desk"
    """Which shop: `desk`, `kinds`, which has a field of every type, or `till`, which prices."""
    narrow: bool = True
    """Also there on a phone."""
    stands_for: str = ""
    """The endpoint of the page one comes to, where that is not the address's own."""
    kept: bool = False
    """Its layout is kept in `layouts/`."""


def fresh_member(site: Site) -> str:
    """Make a member nobody else knows; return its id."""
    number = f"{os.getpid()}-{next(_numbers)}"
    return site.desk.make("member", code=f"F{number}", name=f"Fresh {number}")


def clicked(page: Page, selector: str, text: str = "") -> None:
    """Click what is visible."""
    found = page.locator(selector, has_text=text) if text else page.locator(selector)
    found.locator("visible=true").first.click()


def shown(page: Page, selector: str) -> None:
    """Wait until something is there."""
    expect(page.locator(selector).locator("visible=true").first).to_be_visible()


def opens(selector: str, then: str, text: str = "") -> Act:
    """Return an act: click one thing, wait for another."""

    def act(page: Page, site: Site) -> None:
        clicked(page, selector, text)
        shown(page, then)

    return act


def pressed(keys: str, then: str) -> Act:
    """Return an act: press a key, wait for something."""

    def act(page: Page, site: Site) -> None:
        page.locator("main").focus()
        page.keyboard.press(keys)
        shown(page, then)

    return act


def step_form(page: Page, site: Site) -> None:
    """Open a record and the form of one of its steps, as a page."""
    clicked(page, "td .ol", "REP-001")
    link = page.locator("a[data-step]").first
    expect(link).to_be_attached()
    page.goto(str(link.get_attribute("href")))
    shown(page, ".stf")


def labels_of_record(page: Page, site: Site) -> None:
    """Open a record's label on paper."""
    clicked(page, "td .ol", "REP-001")
    shown(page, "[data-record]")
    page.goto(f"{page.url.partition('?')[0]}/print?label=tag")
    shown(page, ".lb")


def step_in_drawer(page: Page, site: Site) -> None:
    """Open the form of a step over the record."""
    clicked(page, "td .ol", "REP-001")
    clicked(page, ".steps-more button")
    clicked(page, ".steps-more a[data-step]")
    shown(page, "dialog.drawer .stf")


def other_lines(page: Page, site: Site) -> None:
    """Open the page on which a placed sale gets other lines, and choose what is new."""
    clicked(page, "td .ol", "S00001")
    link = page.locator("a[data-step][href*='/status/edit']").first
    expect(link).to_be_attached()
    page.goto(str(link.get_attribute("href")))
    expect(page.locator("html[data-dressed]")).to_be_attached()
    _choose_item(page)


def other_lines_in_drawer(page: Page, site: Site) -> None:
    """Open the same over the sale."""
    clicked(page, "td .ol", "S00001")
    clicked(page, "a[data-step][href*='/status/edit']")
    shown(page, "dialog.drawer .stf")
    _choose_item(page)


def other_lines_seen(page: Page, site: Site) -> None:
    """See what other lines would change."""
    other_lines(page, site)
    page.locator("[name=line1]").fill("1")
    clicked(page, "form.stf .b-p")
    shown(page, "form.stf table.pt")


def other_lines_refused(page: Page, site: Site) -> None:
    """Ask for what cannot be."""
    other_lines(page, site)
    page.locator("[name=count]").first.fill("many")
    clicked(page, "form.stf .b-p")
    shown(page, "form.stf [aria-invalid=true]")


def _choose_item(page: Page) -> None:
    """Choose what is new in the picker."""
    box = page.locator("select#item0 + .ts-wrapper")
    box.locator("input").fill("cap")
    box.locator(".option", has_text="cap").first.click()
    expect(box.locator(".item")).to_contain_text("cap")


def send_a_file(page: Page, site: Site) -> None:
    """Send a file of records and come to its columns."""
    rows = b"Code,Name,Remark\nA1,Ann Lee,new\nA2,Bob,=1+1\n"
    file = {"name": "members.csv", "mimeType": "text/csv", "buffer": rows}
    page.set_input_files("input[name=file]", [file])
    clicked(page, "main form .b-p")
    shown(page, "#columns")


def steps_of_many(page: Page, site: Site) -> None:
    """Choose rows and ask which steps all of them may take."""
    page.locator("tbody .ck").nth(0).check()
    clicked(page, "[data-bulk=step]")
    shown(page, "#chosen")


def move_a_timer(page: Page, site: Site) -> None:
    """Open a record that waits for its timer, and the page on which that is moved."""
    clicked(page, "td .ol", "REP-001")
    clicked(page, "#progress a[href*='/timers/']")
    shown(page, "form [name=due_at]")


def workflow_of_record(page: Page, site: Site) -> None:
    """Look at the way of a record through its workflow."""
    clicked(page, "td .ol", "REP-001")
    clicked(page, "#progress a.b")
    shown(page, "svg.wf")


def refuse_sign_in(page: Page, site: Site) -> None:
    """Try a wrong password."""
    page.fill("input[name=username]", "nobody-of-this-name")
    page.fill("input[name=password]", "wrong")
    page.click("main button.b-p")
    shown(page, ".flashes, .alert-ax")


def end_session(page: Page, site: Site) -> None:
    """Send a form although nobody is signed in."""
    page.evaluate(
        """() => {
          const form = document.createElement("form");
          form.method = "post";
          form.action = "/member/new";
          for (const [name, value] of [["name", "王小明"], ["csrf_token",
            document.querySelector("meta[name=csrf-token]").content]]) {
            const field = document.createElement("input");
            field.type = "hidden"; field.name = name; field.value = value;
            form.append(field);
          }
          document.body.append(form);
          form.submit();
        }"""
    )
    shown(page, ".ep form")


def select_rows(page: Page, site: Site) -> None:
    """Tick every row."""
    page.locator("tbody .ck").nth(0).check()
    page.locator("tbody .ck").nth(1).check()
    shown(page, ".bulk")


def edit_a_cell(page: Page, site: Site) -> None:
    """Begin to edit a cell in place, by keyboard."""
    page.locator("tbody .ol").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    shown(page, "td.editing form")


def preview_a_row(page: Page, site: Site) -> None:
    """Open a row beside the list."""
    page.locator("tbody .ol").first.focus()
    page.keyboard.press("p")
    shown(page, "#preview.show:not(.showing) *")


def open_filters(page: Page, site: Site) -> None:
    """Open the drawer of filters."""
    page.locator(".chip-add").click()
    shown(page, "#filter-panel.show:not(.showing)")
    shown(page, "#filter-panel [data-builder] button, #filter-panel [data-builder] select")


def to_bulk_edit(page: Page, site: Site) -> None:
    """Choose two records of the list and begin to edit them."""
    for number in (0, 1):
        page.locator("tbody .ck").nth(number).check()
    page.locator("[data-bulk=edit]").click()
    shown(page, "form.card-ax [name=_change]")


def preview_bulk(page: Page, site: Site) -> None:
    """See what a change of many records would do."""
    to_bulk_edit(page, site)
    page.locator("[name=_change][value=email]").check()
    page.fill("[name=email]", "all@x.example")
    page.locator("[name=step][value=preview]").first.click()
    shown(page, "dl.sum")


def bulk_done(page: Page, site: Site) -> None:
    """Change many records, and undo it afterwards."""
    preview_bulk(page, site)
    page.locator("[name=step][value=do]").click()
    shown(page, "form[action$='/undo']")


def bulk_refused(page: Page, site: Site) -> None:
    """Archive members, one of whom has loans."""
    page.locator("tbody .ck").first.check()
    page.locator("[data-bulk=delete]").click()
    shown(page, "main table")


def refuse_form(page: Page, site: Site) -> None:
    """Save an empty form."""
    clicked(page, "[data-save], form .acts .b-p")
    shown(page, ".errs")


def merge(page: Page, site: Site) -> None:
    """Save what somebody else has saved meanwhile."""
    record = fresh_member(site)
    page.goto(f"/member/{record}/edit")
    site.desk.change("member", record, 1, name="Theirs", email="theirs@x.example")
    page.fill("#f-name", "Mine")
    clicked(page, "[data-save], form .acts .b-p")
    shown(page, "#merge-title")


def edit_a_card(page: Page, site: Site) -> None:
    """Edit one card of a record."""
    page.locator("[id^='open-']").first.click()
    shown(page, "form[action*='/cards/']")


def type_mention(page: Page, site: Site) -> None:
    """Begin to name somebody in a comment."""
    page.locator("#comment").press_sequentially("@k")
    shown(page, ".ppl [role=option]")


def open_palette(page: Page, site: Site) -> None:
    """Search everything."""
    page.keyboard.press("Control+k")
    page.locator("#search [role=combobox]").fill("Anna")
    shown(page, "#search [aria-selected=true]")


def make_token(page: Page, site: Site) -> None:
    """Make a token, which is shown once."""
    page.fill("[name=name]", f"walk {next(_numbers)}")
    clicked(page, "main form .b-p")
    page.wait_for_load_state()
    shown(page, "main .mono, main code")


def make_link(page: Page, site: Site) -> None:
    """Make a link with which somebody chooses a password."""
    clicked(page, "form[action$='/link'] button")
    shown(page, "#made-link code")


def make_group(page: Page, site: Site) -> None:
    """Make a group and open it."""
    name = f"walk-{os.getpid()}-{next(_numbers)}"
    page.fill("#name", name)
    clicked(page, "[data-save], form .acts .b-p")
    page.wait_for_url("**/groups/")
    clicked(page, "main a", name)
    page.wait_for_url(re.compile(r"/groups/\d+"))


def webhook(page: Page, site: Site) -> None:
    """Open a subscription that told something and was not taken."""
    page.goto(f"/webhooks/{_webhook(site)[0]}")


def webhook_form(page: Page, site: Site) -> None:
    """Open the form of a subscription."""
    page.goto(f"/webhooks/{_webhook(site)[0]}/edit")


def webhook_delivery(page: Page, site: Site) -> None:
    """Open a delivery with a try."""
    hook, delivery = _webhook(site)
    page.goto(f"/webhooks/{hook}/deliveries/{delivery}")


def _webhook(site: Site) -> tuple[str, str]:
    """Return a subscription and its delivery; its receiver lies inside, so nothing is sent."""
    runtime, kim = site.desk.runtime, site.desk.people["kim"]
    wanted = Wanted("Warehouse", "http://127.0.0.1:9/hook", "loan", ("created",), kim)
    with write(runtime.engine) as connection:
        made, _ = subscriptions.make(connection, runtime, wanted, kim)
        one = subscriptions.find(connection, runtime, made)
    assert one is not None
    return made, deliveries.test(runtime, one)


def archived_record(page: Page, site: Site) -> None:
    """Open a record that is archived."""
    record = fresh_member(site)
    page.goto(f"/member/{record}/delete")
    page.locator("main form button.b-d").click()
    page.wait_for_url(lambda url: "/delete" not in url)
    page.goto(f"/member/{record}")
    shown(page, ".alert-ax")


@contextmanager
def broken_definitions(site: Site) -> Iterator[None]:
    """Let the folder of definitions hold a fault meanwhile."""
    try:
        compile_definitions(BROKEN)
    except DefinitionError as error:
        problems = tuple(error.problems)
    text = "\n\n".join(f"{one.code} {one.span} {one.message}" for one in problems)
    report = Label({"en": text, "zh": text})
    site.board.show(Fault("wrong", report, datetime(2026, 11, 22, tzinfo=UTC), problems))
    try:
        yield
    finally:
        site.board.clear()


def newcomer(site: Site, *, with_factor: bool) -> str:
    """Make a person nobody else knows, with a second factor or without; return the user name."""
    name = f"new{os.getpid()}-{next(_numbers)}"
    runtime = site.desk.runtime
    create_user(runtime.engine, name, PASSWORD, ["reader"], email=f"{name}@desk.example")
    gate = site.desk.app.extensions["shopwright"].gate
    with runtime.engine.connect() as connection:
        user_id = connection.execute(
            sa.text("SELECT id FROM ab_user WHERE username = :name"), {"name": name}
        ).scalar_one()
    actor = gate.principals.current(user_id).actor
    if with_factor:
        secret = gate.second_factors.begin(actor).secret.replace(" ", "")
        step = int(runtime.clock().timestamp()) // totp.STEP
        trail = Trail(runtime, actor)
        assert gate.second_factors.confirm(trail, actor, totp.code_at(secret, step))
    return name


def half_signed_in(then: str, *, with_factor: bool) -> Act:
    """Return an act: give a right password and come to the second step."""

    def act(page: Page, site: Site) -> None:
        page.fill("input[name=username]", newcomer(site, with_factor=with_factor))
        page.fill("input[name=password]", PASSWORD)
        page.click("main button.b-p")
        page.wait_for_url(f"**{then}")
        shown(page, "input[name=code]")

    return act


@contextmanager
def factor_demanded(site: Site) -> Iterator[None]:
    """Let the role of readers demand a second factor meanwhile."""
    factors = site.desk.app.extensions["shopwright"].gate.second_factors
    factors._demanding = frozenset({"reader"})
    try:
        yield
    finally:
        factors._demanding = frozenset()


def ask_to_confirm(page: Page, site: Site) -> None:
    """Send the form of a deletion that is asked about once more."""
    page.goto(f"/member/{fresh_member(site)}/delete")
    page.locator("main form button.b-d").click()
    shown(page, ".ep form button.b-p")


@contextmanager
def deletion_asked(site: Site) -> Iterator[None]:
    """Let the deletion of a member want its title typed meanwhile."""
    app = site.desk.runtime.app
    rule = Sensitive("removal", "member", ("delete",), "type", app.entities["member"].span)
    object.__setattr__(app, "sensitive", (rule,))
    try:
        yield
    finally:
        object.__setattr__(app, "sensitive", ())


@contextmanager
def emergency_foreseen(site: Site) -> Iterator[None]:
    """Let readers be keepers in an emergency meanwhile."""
    app = site.desk.runtime.app
    before = app.roles
    keeper = replace(before["keeper"], break_glass=BreakGlass(("reader",), ("keeper",)))
    object.__setattr__(app, "roles", {**before, "keeper": keeper})
    try:
        yield
    finally:
        object.__setattr__(app, "roles", before)


@contextmanager
def email_masked(site: Site) -> Iterator[None]:
    """Let readers see the e-mail of members masked, and reveal it, meanwhile."""
    runtime = site.desk.runtime
    others = tuple(
        one for one in runtime.app.grants if (one.role, one.entity) != ("reader", "member")
    )
    span = runtime.app.entities["member"].span
    rules = (
        GrantRule("reader", "member", ("list", "read"), span, masked={"email": "email"}),
        GrantRule("reader", "member", ("reveal",), span, read=("email",)),
    )
    before = runtime.matrix
    app = replace(runtime.app, grants=(*runtime.app.grants, *rules))
    matrix = Matrix(app)
    matrix.rules = (*others, *rules)
    runtime.__dict__["_whole_matrix"], runtime.remembered = matrix, Memory()
    try:
        yield
    finally:
        runtime.__dict__["_whole_matrix"], runtime.remembered = before, Memory()


SCREENS = (
    Screen("sign in", "/login/", who="", kept=True),
    Screen("sign in refused", "/login/", refuse_sign_in, who=""),
    Screen("session ended", "/login/", end_session, who="", kept=True),
    Screen("home", "/", kept=True),
    Screen("list with filters", "/loan/?state[in]=open&fee[gte]=1", kept=True),
    Screen("list with sums", "/loan/?sums=1"),
    Screen("list in groups", "/loan/?group=state"),
    Screen("list without matches", "/loan/?q=nothing-like-this"),
    Screen("list with a refused filter", "/loan/?nothing[eq]=1"),
    Screen("archived records", "/loan/?archived=only"),
    Screen("filter drawer", "/loan/", open_filters, kept=True),
    Screen("selection", "/member/", select_rows, kept=True),
    Screen("views", "/loan/?state[in]=open", opens(".tabs .dropdown .b-p", ".vm.show")),
    Screen(
        "columns",
        "/loan/",
        opens(".tabs .dropdown .b:has([href$=columns-3])", ".colm.show"),
        narrow=False,
    ),
    Screen("more actions", "/loan/", opens(".ph .dropdown > .b", ".ph .dropdown-menu.show")),
    Screen("cell in place", "/member/", edit_a_cell, narrow=False),
    Screen("row preview", "/loan/", preview_a_row),
    Screen("bulk edit", "/member/", to_bulk_edit, stands_for="screens.bulk_edit", kept=True),
    Screen("bulk preview", "/member/", preview_bulk),
    Screen("bulk result", "/member/", bulk_done),
    Screen("bulk refusal", "/member/?q=Anna", bulk_refused),
    Screen("export", "/loan/export?state[in]=open", kept=True),
    Screen("import", "/member/import"),
    Screen(
        "columns of a file",
        "/member/import",
        send_a_file,
        stands_for="screens.import_columns",
    ),
    Screen("new", "/member/new", kept=True),
    Screen("form", "/loan/{loan}/edit", kept=True),
    Screen("form with errors", "/loan/new", refuse_form, kept=True),
    Screen("merge", "/member/{member}/edit", merge, kept=True),
    Screen("card in place", "/member/{member}", edit_a_card),
    Screen("mention", "/loan/{loan}?tab=history", type_mention),
    Screen("record's menu", "/loan/{loan}", opens(".acts .dropdown > .b", ".dropdown-menu.show")),
    Screen("archived record", "/member/{member}", archived_record),
    Screen("print", "/loan/{loan}/print", kept=True),
    Screen("print many", "/loan/print?ids={loan}"),
    Screen("delete", "/loan/{loan}/delete", kept=True),
    Screen("delete refused", "/member/{member}/delete"),
    Screen("search", "/search?q=Anna", kept=True),
    Screen("search without hits", "/search?q=nothing-like-this"),
    Screen("palette", "/loan/", open_palette),
    Screen("shortcuts", "/loan/", pressed("?", "#help")),
    Screen("preferences", "/preferences", kept=True),
    Screen("sessions", "/me/sessions"),
    Screen("second factor", "/me/second-factor"),
    Screen("approvals", "/approvals/"),
    Screen("reveal", "/member/{member}/reveal", who="ron", around=email_masked),
    Screen("copy of a person's data", "/member/{member}/copy"),
    Screen("erasure of a person's data", "/member/{member}/erase"),
    Screen(
        "asked to confirm",
        "/member/",
        ask_to_confirm,
        around=deletion_asked,
        stands_for="screens.delete",
    ),
    Screen(
        "second factor set up",
        "/me/second-factor",
        opens("main form button.b-p", ".qr svg"),
    ),
    Screen(
        "sign-in code",
        "/login/",
        half_signed_in("/login/code", with_factor=True),
        who="",
        stands_for="sign_in_code.code",
    ),
    Screen(
        "sign-in set up",
        "/login/",
        half_signed_in("/login/second-factor", with_factor=False),
        who="",
        around=factor_demanded,
        stands_for="sign_in_code.enrol",
    ),
    Screen("notifications", "/me/notifications", kept=True),
    Screen("bell", "/loan/", opens("[data-bell]", ".notices .nfoot")),
    Screen("users", "/users/", kept=True),
    Screen("user", "/users/{kim}", kept=True),
    Screen("invitation", "/users/new"),
    Screen("invitation with errors", "/users/new", refuse_form),
    Screen("invited", "/users/{ron}", make_link),
    Screen("choosing a password", "{welcome}", who=""),
    Screen("roles", "/roles/"),
    Screen("role", "/roles/keeper", kept=True),
    Screen("log", "/audit/"),
    Screen("permissions", "/permissions/"),
    Screen("permissions compared", "/permissions/?role=keeper&with=reader"),
    Screen("permissions of one kind", "/permissions/loan?role=reader"),
    Screen("data about people", "/personal-data/"),
    Screen("my access", "/access/"),
    Screen("emergencies", "/emergencies/", who="ron", around=emergency_foreseen),
    Screen("reviews of rights", "/reviews/"),
    Screen(
        "review of rights",
        "/reviews/",
        opens("form[action='/reviews/'] button", "form.rv"),
        stands_for="screens.review",
    ),
    Screen("groups", "/groups/"),
    Screen("new group", "/groups/new"),
    Screen("group", "/groups/new", make_group, stands_for="screens.group"),
    Screen("tasks", "/tasks/", shop="kinds", kept=True),
    Screen("incidents", "/incidents/", shop="kinds", kept=True),
    Screen("alerts", "/alerts/", shop="kinds"),
    Screen("alert", "/alerts/many_things", shop="kinds"),
    Screen("messages", "/messages/", shop="kinds"),
    Screen("message", "/messages/repair_told", shop="kinds"),
    Screen("exports", "/exports/"),
    Screen(
        "saved export",
        "/member/export",
        opens("button[name='keep']", "#rhythm"),
        stands_for="screens.saved_export",
    ),
    Screen("jobs", "/jobs/", shop="kinds"),
    Screen("job", "/jobs/thing_list", shop="kinds"),
    Screen(
        "run of a job",
        "/jobs/thing_list",
        opens("form[action='/jobs/thing_list'] button", "#run-live"),
        shop="kinds",
        stands_for="screens.job_run",
    ),
    Screen("step", "/repair/", step_form, shop="kinds", stands_for="screens.step"),
    Screen("other lines", "/sale/", other_lines, shop="till", stands_for="screens.step"),
    Screen(
        "other lines in a drawer",
        "/sale/",
        other_lines_in_drawer,
        shop="till",
        stands_for="screens.step",
    ),
    Screen("other lines seen", "/sale/", other_lines_seen, shop="till", stands_for="screens.step"),
    Screen(
        "other lines refused",
        "/sale/",
        other_lines_refused,
        shop="till",
        stands_for="screens.step",
    ),
    Screen("prices", "/pricing/?item=pot&quantity=2", shop="till"),
    Screen("labels", "/repair/", labels_of_record, shop="kinds"),
    Screen("step in a drawer", "/repair/", step_in_drawer, shop="kinds"),
    Screen(
        "steps of many", "/repair/", steps_of_many, shop="kinds", stands_for="screens.bulk_step"
    ),
    Screen("workflow of a record", "/repair/", workflow_of_record, shop="kinds"),
    Screen("timer", "/repair/", move_a_timer, shop="kinds", stands_for="screens.timer"),
    Screen("connectors", "/connectors/", shop="kinds"),
    Screen("webhooks", "/webhooks/"),
    Screen("new webhook", "/webhooks/new?entity=loan"),
    Screen("webhook", "/webhooks/", webhook, stands_for="screens.hook"),
    Screen("form of a webhook", "/webhooks/", webhook_form, stands_for="screens.hook_edit"),
    Screen(
        "delivery of a webhook", "/webhooks/", webhook_delivery, stands_for="screens.hook_delivery"
    ),
    Screen("workflows", "/workflows/", shop="kinds"),
    Screen("workflow", "/workflows/repair/mending", shop="kinds", kept=True),
    Screen("offline", "/offline"),
    Screen("own account", "/userinfoeditview/form"),
    Screen("own password", "/resetmypassword/form"),
    Screen("tokens", "/tokens", kept=True),
    Screen("token made", "/tokens", make_token),
    Screen("faults", "/_faults", around=broken_definitions, kept=True),
    Screen("no faults", "/_faults"),
    Screen("programs", "/swagger/v1"),
    Screen("not allowed", "/member/new", who="ron"),
    Screen("not found", "/loan/nothing", kept=True),
)


ERROR_PAGES = tuple(
    Screen(f"error {code}", f"/_errors/{code}", kept=code == 409)
    for code in sorted(
        int(path.stem)
        for path in (Path(look.__file__).parents[2] / "templates" / "errors").glob("[45]??.html")
    )
)
"""Every error page there is a template for; the site of the tests can show each."""

NO_SCREEN: Mapping[str, str] = {
    "screens.import_template": "a file",
    "screens.job_file": "a file",
    "screens.personal_file": "a file",
    "screens.job_rows": "a file",
    "screens.rule_words": "inside a form: the rule said in words",
    "screens.sheet": "the style that gives paper its size: tests/web/test_kiosk.py",
    "UtilView.back": "leads back",
    "appbuilder.static": "a file",
    "assets.one": "a file",
    "health.alive": "a word for machines",
    "health.ready": "a word for machines",
    "health.jobs": "numbers for machines",
    "health.metrics": "a text for machines",
    "language": "leads back",
    "offline.script": "a script",
    "rest.elsewhere": "JSON",
    "rest.rest": "JSON",
    "screens.attachment": "a file",
    "screens.card": "inside a record: card in place",
    "screens.cell": "inside a list: cell in place",
    "screens.choices": "JSON of a picker",
    "screens.file": "a file",
    "screens.filter_fields": "JSON of the filter drawer",
    "screens.review_report": "a file",
    "screens.history": "leads to the tab of the record",
    "screens.list_count": "JSON of the filter drawer",
    "screens.list_counts": "JSON of the tabs",
    "screens.list_row": "inside a list: cell in place",
    "screens.moves": "JSON of a board",
    "screens.notice": "leads to the record",
    "screens.notices_panel": "inside the frame: bell",
    "screens.palette": "JSON of the palette",
    "screens.people": "JSON of a picker",
    "screens.preview": "inside a list: row preview",
    "screens.readers": "JSON of a comment",
    "screens.session": "JSON of a form that is about to be sent",
    "screens.unread": "JSON of the bell",
}
"""Endpoints that answer a GET with something that is no page of its own, and what it is."""


def screens_of(shop: str, app: App, records: Mapping[str, str]) -> list[Screen]:
    """Return the screens that follow from the definitions of a shop; records: entity → id."""
    found = []
    for entity in app.entities.values():
        if entity.child_of:
            continue
        name, path = entity.name, f"/{entity.name}/"
        found.append(Screen(f"list of {name}", path, shop=shop, kept=True))
        found += [
            Screen(f"list of {name}: {view.name}", f"{path}?view={view.name}", shop=shop)
            for view in entity.list.views
        ]
        found += [
            Screen(f"list of {name}: {one.name}", f"{path}?layout={one.name}", shop=shop)
            for one in getattr(entity.list, "layouts", ())
        ]
        if name not in records:
            continue
        record = f"{path}{records[name]}"
        found += [
            Screen(f"{name}: {tab}", f"{record}?tab={tab}", shop=shop, kept=at == 0)
            for at, tab in enumerate(entity.detail.tabs)
        ]
        found.append(Screen(f"{name}: form", f"{record}/edit", shop=shop, kept=True))
    return found


def address_of(screen: Screen, site: Site) -> str:
    """Return where a screen is, with the ids of this site's records."""
    names = {"loan": site.loan, "member": site.member, **site.desk.people}
    if "{welcome}" in screen.address:
        names["welcome"] = welcome(site)
    return screen.address.format(**names)


def welcome(site: Site) -> str:
    """Return the path of a link with which Ron chooses a password."""
    with site.desk.app.test_request_context("/"):
        principal = web().gate.principals.current(site.desk.people["ron"])
        assert principal is not None
        return make_path(site.desk.people["ron"], principal.fingerprint)


def unwalked(rules: Map, screens: Iterable[Screen], site: Site) -> set[str]:
    """Return the endpoints that answer a GET and that neither a screen nor an excuse stands for."""
    every = {rule.endpoint for rule in rules.iter_rules() if "GET" in (rule.methods or ())}
    seen = {one.stands_for or endpoint_of(rules, address_of(one, site)) for one in screens}
    return every - seen - set(NO_SCREEN)


def endpoint_of(rules: Map, address: str) -> str:
    """Return the endpoint behind an address; '' for nobody's."""
    try:
        return str(rules.bind("").match(re.sub(r"[?#].*", "", address))[0])
    except HTTPException:
        return ""
