"""Steps on the page of a record: buttons, reasons, forms, confirmations, somebody being faster."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from runtime.messages import Actor, Incoming, Result
from runtime.outside.incidents import open_incident
from runtime.pipeline import handle
from runtime.store.engine import write
from tests import databases
from tests.web.desk import KINDS, Browser, Desk, open_desk, token, unescape


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("steps")
    opened = open_desk(databases.sqlite_url(folder), folder / "files", KINDS)
    yield opened
    opened.runtime.engine.dispose()


_numbers = iter(range(1000))


def repair(desk: Desk, **more: Any) -> str:
    return desk.make("repair", code=f"S{next(_numbers)}", **{"cost": "20", **more})


def forms(page: TestResponse) -> dict[str, dict[str, str]]:
    """Return the hidden fields of every form that takes a step, by the step."""
    found = {}
    for action, inside in re.findall(
        r'<form class="inline" method="post" action="[^"]*/do/mending/(\w+)">(.*?)</form>',
        page.text,
    ):
        pairs = re.findall(r'name="([^"]+)" value="([^"]*)"', inside)
        found[action] = {name: unescape(value) for name, value in pairs}
    return found


def press(browser: Browser, record: str, step: str, **more: str) -> TestResponse:
    page = browser.get(f"/repair/{record}")
    return browser.client.post(f"/repair/{record}/do/mending/{step}", data=forms(page)[step] | more)


def asked(browser: Browser, record: str, step: str) -> TestResponse:
    """Open the form behind a button."""
    page = browser.get(f"/repair/{record}")
    # beside the first step, one on a phone is in the menu
    (link,) = set(
        re.findall(rf'href="(/repair/{record}/do/mending/{step}\?[^"]*)"[^>]* data-step', page.text)
    )
    return browser.get(unescape(link))


def move(desk: Desk, record: str, step: str, who: str = "kim", **given: Any) -> None:
    actor = Actor(desk.people[who], who, frozenset({"keeper"}))
    values = {"workflow": "mending", "transition": step, "input": given}
    answer = handle(Incoming("transition", "repair", actor, record, values), desk.runtime)
    assert isinstance(answer, Result), answer


def test_what_may_be_done_is_a_button_and_what_may_not_says_why(desk: Desk) -> None:
    browser = desk.browser()
    page = browser.get(f"/repair/{repair(desk)}")
    assert list(forms(page)) == ["begin"]
    assert "data-step" in page.text, "dropping asks for the title first"
    blocked = browser.get(f"/repair/{repair(desk, cost='0')}")
    assert forms(blocked) == {}
    assert "Say what it will cost first." in blocked.text
    assert re.search(r'aria-disabled="true"[^>]*>[^<]*(<[^>]+>)?Begin', blocked.text)
    chinese = desk.browser(locale="zh").get(f"/repair/{repair(desk, cost='0')}")
    assert "请先填写费用。" in chinese.text


def test_one_click_takes_a_step_that_asks_nothing_and_tells_what_happened(desk: Desk) -> None:
    record, browser = repair(desk), desk.browser()
    answer = press(browser, record, "begin")
    assert (answer.status_code, answer.location) == (303, f"/repair/{record}")
    page = browser.get(answer.location)
    assert "Begin: Asked → Being mended." in page.text
    assert "Look after it (Keeper)" in page.text
    assert "Begin: " not in browser.get(f"/repair/{record}").text, "it is told once"


def test_a_second_click_is_told_what_happened_and_is_no_error(desk: Desk) -> None:
    record, browser = repair(desk), desk.browser()
    page = browser.get(f"/repair/{record}")
    sent = forms(page)["begin"]
    address = f"/repair/{record}/do/mending/begin"
    for key in (sent["_key"], sent["_key"], "another-key-of-a-second-tab"):
        answer = browser.client.post(address, data=sent | {"_key": key})
        assert answer.status_code == 303
    told = browser.get(answer.location).text
    assert re.search(r"You changed this \d+ s ago\. It is now: Being mended\.", told)


def test_somebody_elses_step_is_told_with_their_name(desk: Desk) -> None:
    record, browser = repair(desk), desk.browser()
    page = browser.get(f"/repair/{record}")
    move(desk, record, "begin", "ron")
    answer = browser.client.post(f"/repair/{record}/do/mending/begin", data=forms(page)["begin"])
    told = browser.get(answer.location).text
    assert re.search(r"Changed by Ron \d+ s ago\. It is now: Being mended\.", told)


def test_a_form_keeps_what_was_typed_and_says_what_is_wrong(desk: Desk) -> None:
    record, browser = repair(desk), desk.browser()
    move(desk, record, "begin")
    form = asked(browser, record, "wait")
    assert "<html" in form.text
    address = f"/repair/{record}/do/mending/wait"
    refused = browser.send(form, address, days="many", part="The spring")
    assert refused.status_code == 422
    assert 'value="The spring"' in refused.text
    assert 'value="many"' in refused.text
    done = browser.send(refused, address, days="3", part="The spring")
    assert done.status_code == 303, done.text
    assert "Wait for parts: Being mended → Waiting for parts." in browser.get(done.location).text


def test_in_a_drawer_the_form_comes_alone_and_the_answer_is_where_to_go(desk: Desk) -> None:
    record, browser = repair(desk), desk.browser()
    move(desk, record, "begin")
    address = f"/repair/{record}/do/mending/wait"
    form = browser.get(f"{address}?_drawer=1")
    assert "<html" not in form.text
    assert 'id="q-part"' in form.text
    refused = browser.send(form, address)
    assert (refused.status_code, "<html" in refused.text) == (422, False)
    assert browser.send(refused, address, part="Glass").json == {"url": f"/repair/{record}"}


def test_a_change_of_somebody_else_leaves_the_form_as_it_was_typed(desk: Desk) -> None:
    record, browser = repair(desk), desk.browser()
    move(desk, record, "begin")
    form = asked(browser, record, "wait")
    desk.change("repair", record, 2, cost="30")
    address = f"/repair/{record}/do/mending/wait"
    again = browser.send(form, address, part="The glass")
    assert again.status_code == 409
    assert "You changed this" in again.text
    assert 'value="The glass"' in again.text
    assert browser.send(again, address, part="The glass").status_code == 303


def test_each_level_of_confirmation_is_asked_for_in_the_form(desk: Desk) -> None:
    record, browser = repair(desk), desk.browser()
    form = asked(browser, record, "drop")
    assert "Type: S" in form.text
    address = f"/repair/{record}/do/mending/drop"
    wrong = browser.send(form, address, _confirm="something")
    assert wrong.status_code == 428
    assert "This is not right." in wrong.text
    title = re.search(r"Type: (S\d+)", form.text)
    assert title is not None
    assert browser.send(wrong, address, _confirm=title[1]).status_code == 303
    move(desk, other := repair(desk), "begin")
    sure = asked(browser, other, "finish")
    assert "Do you mean it?" in sure.text
    assert browser.send(sure, f"/repair/{other}/do/mending/finish").status_code == 303


def test_the_picture_of_a_record_shows_its_way_and_what_comes_next(desk: Desk) -> None:
    record, browser = repair(desk), desk.browser()
    move(desk, record, "begin")
    move(desk, record, "wait", part="Spring")
    move(desk, record, "go_on")
    move(desk, record, "wait", part="Glass")
    page = browser.get(f"/workflows/repair/mending?record={record}")
    assert "Waiting for parts ×2" in page.text
    assert "Wait for parts ×2" in page.text
    assert 'class="wf-say open"' in page.text
    assert "taken 2 times" in page.text
    assert "possible now" in page.text
    assert f'href="/repair/{record}"' in page.text
    first = browser.get(f"/workflows/repair/mending?record={repair(desk, cost='0')}")
    assert "Say what it will cost first." in first.text
    assert browser.get("/workflows/repair/mending?record=nothing").status_code == 404


def test_a_state_that_nobody_defined_is_told_and_breaks_no_page(desk: Desk) -> None:
    record, browser = repair(desk), desk.browser()
    with desk.runtime.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE repair SET progress = 'lost' WHERE id = :id"), {"id": record}
        )
    page = browser.get(f"/repair/{record}")
    assert page.status_code == 200
    assert "'lost'" in unescape(page.text)
    assert browser.get("/repair/").status_code == 200
    assert browser.get("/repair/?layout=board").status_code == 200
    assert browser.get(f"/workflows/repair/mending?record={record}").status_code == 200
    told = browser.get("/incidents/")
    assert "The record is in a state that its workflow does not have" in told.text
    assert settled(browser, record, "retry").status_code == 303
    still = browser.get("/incidents/")
    assert f'href="/repair/{record}"' in still.text
    assert "lost" in unescape(still.text)
    assert settled(browser, record, "done", "the last version wrote it").status_code == 303


def test_a_reader_sees_no_step(desk: Desk) -> None:
    assert desk.browser("ron").get(f"/repair/{repair(desk)}").status_code == 404
    record = repair(desk)
    answer = desk.browser().client.post(f"/repair/{record}/do/mending/begin", data={})
    assert answer.status_code in (303, 400), "without a token nothing is done"
    assert desk.browser().get(f"/repair/{record}/do/mending/nothing").status_code == 404


def test_what_a_state_asks_for_is_a_task_of_its_roles_until_it_is_left(desk: Desk) -> None:
    record, browser = repair(desk), desk.browser()
    move(desk, record, "begin")
    page = browser.get("/tasks/")
    assert f'href="/repair/{record}"' in page.text
    assert "Look after it" in page.text
    assert "跟进维修" in desk.browser(locale="zh").get("/tasks/").text
    count = re.search(r'href="/tasks/".*?class="cnt">(\d+)', page.text, re.DOTALL)
    assert count is not None
    move(desk, record, "wait", part="Glass")
    after = browser.get("/tasks/")
    assert f'href="/repair/{record}"' not in after.text
    assert 'href="/tasks/"' not in desk.browser("ron").get("/maker/").text


def test_the_timeline_tells_who_took_a_step_what_they_said_and_how_long_it_was(desk: Desk) -> None:
    record, browser = repair(desk), desk.browser()
    move(desk, record, "begin", "ron")
    move(desk, record, "wait", part="The spring", days=3)
    page = browser.get(f"/repair/{record}?tab=history")
    told = page.text.partition('<ul class="tl">')[2].partition("</ul>")[0]
    for text in ("<strong>Ron</strong> Begin", "<strong>Kim</strong> Wait for parts"):
        assert text in told
    assert "Which part" in told
    assert "The spring" in told
    assert "transition" not in told, "the step stands there once"
    only = browser.get(f"/repair/{record}?tab=history&kind=steps").text
    assert "Begin" in only
    assert "created this record" not in only.partition('<ul class="tl">')[2]


def test_a_board_of_states_is_told_what_could_move_a_card(desk: Desk) -> None:
    record, browser = repair(desk, cost="0"), desk.browser()
    page = browser.get("/repair/?layout=board")
    assert 'data-board="progress" data-steps' in page.text
    moves = browser.get(f"/repair/{record}/moves/progress").json
    by_label = {one["label"]: one for one in moves["steps"]}
    assert by_label["Begin"]["allowed"] is False
    assert by_label["Begin"]["reasons"] == ["Say what it will cost first."]
    assert by_label["Begin"]["targets"] == ["mending"]
    assert by_label["Drop"]["asks"] is True
    assert moves["none"] == "No step leads there from “Asked”."
    ready = repair(desk)
    sent = forms(browser.get(f"/repair/{ready}"))["begin"]
    address = f"/repair/{ready}/do/mending/begin"
    done = browser.client.post(address, data=sent | {"_drawer": "card"}).json
    assert done == {"state": "mending", "message": "Begin: Asked → Being mended."}
    again = browser.client.post(address, data=sent | {"_drawer": "card", "_key": "x" * 20}).json
    assert again["state"] == ""
    assert "Being mended" in again["message"]
    assert browser.get(f"/repair/{record}/moves/cost").status_code == 404


def chosen(browser: Browser, *ids: str) -> TestResponse:
    page = browser.get("/repair/")
    assert 'data-bulk="step"' in page.text
    data = {"csrf_token": token(page), "id": list(ids), "action": "step", "query": ""}
    answer = browser.client.post("/repair/bulk", data=data)
    assert answer.status_code == 303, answer.text
    return browser.get(answer.location)


def test_many_records_take_a_step_and_each_is_told_what_became_of_it(desk: Desk) -> None:
    browser = desk.browser()
    ready, costless = repair(desk), repair(desk, cost="0")
    page = chosen(browser, ready, costless)
    assert "Steps that all of them may take" in page.text
    (link,) = re.findall(r'href="(/repair/bulk/[^"]*do=mending\.begin[^"]*)"', page.text)
    form = browser.get(unescape(link))
    assert "Begin for 2 records" in form.text
    (address,) = re.findall(r'action="(/repair/bulk/[^"]*/step)"', form.text)
    done = browser.send(form, address)
    assert "Say what it will cost first." in done.text
    assert re.search(r"<dt>done</dt><dd>1</dd>", done.text)
    assert re.search(r"<dt>blocked</dt><dd>1</dd>", done.text)
    (again,) = re.findall(
        r'href="(/repair/bulk/[^"]*)"[^>]*>(?:<svg.*?</svg>)?<span>Again', done.text
    )
    assert "Begin for 1 records" in browser.get(unescape(again)).text


def test_records_in_different_states_are_told_why_there_is_no_common_step(desk: Desk) -> None:
    browser, asked, mended = desk.browser(), repair(desk), repair(desk)
    move(desk, mended, "begin")
    page = chosen(browser, asked, mended)
    assert "These records are in different states" in page.text
    assert "No step that is meant for several" in chosen(browser, mended).text


def open_one(desk: Desk, record: str, kind: str, about: tuple[str, str], **said: str) -> None:
    facts = {"workflow": "mending", "state": "waiting", "operation": "bank.capture", **said}
    with write(desk.runtime.engine) as connection:
        open_incident(connection, desk.runtime, kind, about, ("repair", record), facts)


def settled(browser: Browser, record: str, outcome: str, reason: str = "") -> TestResponse:
    page = browser.get("/incidents/")
    card = page.text.partition(f'href="/repair/{record}"')[2]
    action = re.search(r'action="(/incidents/repair/[^"]*)"', card)
    assert action is not None
    data = {"csrf_token": token(page), "outcome": outcome, "reason": reason}
    return browser.client.post(action[1], data=data)


def test_an_incident_is_settled_by_a_person_and_a_call_by_two(desk: Desk) -> None:
    browser, still, call = desk.browser(), repair(desk), repair(desk)
    open_one(desk, still, "state_stands_still", ("timer", "t1"))
    open_one(desk, call, "call_unknown", ("call", "c1"))
    page = browser.get("/incidents/")
    assert "The record does not move on" in page.text
    assert "Waiting for parts" in page.text
    count = re.search(r'href="/incidents/".*?class="cnt">(\d+)', page.text, re.DOTALL)
    assert count is not None
    assert int(count[1]) == 2
    assert settled(browser, still, "done").status_code == 422
    assert settled(browser, still, "done", "looked at it").status_code == 303
    assert settled(browser, call, "failed", "the bank says so").status_code == 303
    after = browser.get("/incidents/")
    assert "A second person has to confirm" in after.text
    assert f'href="/repair/{still}"' not in after.text
    assert f'href="/repair/{call}"' in after.text
    waiting = browser.get("/approvals/")
    assert waiting.status_code == 200
    assert "Withdraw" in waiting.text
    assert desk.browser("ron").get("/incidents/").status_code == 200
    assert f"/repair/{call}" not in desk.browser("ron").get("/incidents/").text


def test_what_another_system_said_is_shown_as_text(desk: Desk) -> None:
    browser, record = desk.browser(), repair(desk)
    markup = "<img src=x onerror=alert(1)>"
    open_one(desk, record, "call_unknown", ("call", "c2"), message=markup, code=markup)
    page = browser.get("/incidents/").text
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "<img src=x" not in page
    assert settled(browser, record, "retry").status_code == 303


def counted(desk: Desk, browser: Browser, address: str) -> int:
    seen: list[str] = []

    def note(*given: Any) -> None:
        seen.append(str(given[2]))

    sa.event.listen(desk.runtime.engine, "before_cursor_execute", note)
    assert browser.get(address).status_code == 200
    sa.event.remove(desk.runtime.engine, "before_cursor_execute", note)
    return len([text for text in seen if "SELECT" in text])


def test_a_long_way_costs_a_page_no_more_statements_than_a_short_one(desk: Desk) -> None:
    browser, short, long = desk.browser(), repair(desk), repair(desk)
    for record, rounds in ((short, 1), (long, 12)):
        move(desk, record, "begin")
        for _ in range(rounds):
            move(desk, record, "wait", part="Glass")
            move(desk, record, "go_on")
    for address in ("/repair/{}?tab=history", "/workflows/repair/mending?record={}"):
        counted(desk, browser, address.format(short))
        few = counted(desk, browser, address.format(short))
        assert counted(desk, browser, address.format(long)) == few, address
