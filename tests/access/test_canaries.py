"""Every surface × entity × record × field × person: no canary where it must not be.

The surfaces are read from the URL map and the REST routes, the entities and fields from the app.
A route that this file does not know how to fill fails: whoever adds one says here what it needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import cast

import pytest
import sqlalchemy as sa
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from generator.model.entity import Entity
from runtime.errors import RequestError
from runtime.operations._unfired import said
from runtime.store.trail import DENIED
from runtime.web.rest_routes import ROUTES
from tests.access.canaries import Canary, Filled, allowed
from tests.access.canary_work import Work
from tests.access.counter import PEOPLE, person
from tests.shop import Shop
from tests.web.desk import Browser, Desk, token

NO_DATA = {"assets.one", "health.alive", "health.jobs", "health.metrics", "health.ready",
           "language", "appbuilder.static", "rest.elsewhere", "rest.rest",
           "rest.swagger"}  # fmt: skip
"""Routes without data of records, and the API, which `ROUTES` says more about."""

ACCOUNTS = ("UserDBModelView.", "Roles.", "UserGroupModelView.")
"""Flask-AppBuilder's pages of people and roles; they read no record."""

REST_GETS = {
    "list", "read", "history", "comments", "attachments", "attachment", "aggregate", "export",
    "transitions", "incidents", "timers", "erasure",
}  # fmt: skip
ASKED = {"list", "read", "aggregate", "export"}
"""Of these, the ones whose answer depends on a query."""

NO_PART = "00000000-0000-7000-8000-000000000000"
PLACES = {"part": NO_PART, "workflow": "handling", "transition": "send"}
"""What stands at the places of a route that a record has none of."""


WORKING = ("/alerts/", "/jobs/")
"""Where the name of an address is that of an alert or a job."""

MORE = {
    "screens.detail": ("?tab=history",),
    "screens.list": (
        "?layout=board", "?layout=calendar&month=2026-11", "?layout=cards", "?group=status",
    ),
    "screens.print": ("?label=slip",),
}  # fmt: skip
"""What else is asked of some pages, where a kind of record has it."""


Worked = tuple[Desk, Filled, Work]


def fills(desk: Desk, work: Work) -> dict[str, list[str]]:
    """Return what may stand at each place of an address."""
    return {
        "part": ["00000000-0000-7000-8000-000000000000"],
        "identifier": ["00000000-0000-7000-8000-000000000000"],
        "token": ["00000000-0000-7000-8000-000000000000"],
        "user_id": [str(desk.people["owner"])],
        "group_id": ["1"],
        "notice_id": ["00000000-0000-7000-8000-000000000000"],
        "approval_id": ["00000000-0000-7000-8000-000000000000"],
        "incident_id": ["00000000-0000-7000-8000-000000000000"],
        "workflow": ["handling"],
        "request_id": ["00000000-0000-7000-8000-000000000000"],
        "review_id": ["00000000-0000-7000-8000-000000000000"],
        "export_id": ["00000000-0000-7000-8000-000000000000"],
        "file_id": [*work.uploads.values()],
        "run_id": work.runs,
        "use_id": ["00000000-0000-7000-8000-000000000000"],
        "line_id": ["00000000-0000-7000-8000-000000000000"],
        "timer": ["00000000-0000-7000-8000-000000000000"],
        "locale": ["en"],
        "name": ["delete", "send", "order_told"],
        "pk": [str(desk.people["owner"])],
        "filename": ["x"],
        "width": ["40"],
        "height": ["30"],
        "path": ["none"],
    }


def addresses(worked: Worked, method: str) -> Iterator[tuple[str, str]]:
    """Yield every address of the app that takes a method, with its endpoint."""
    desk, filled, work = worked
    known = fills(desk, work)
    app = filled.shop.runtime.app
    for rule in desk.app.url_map.iter_rules():
        if method not in (rule.methods or ()) or rule.endpoint in NO_DATA:
            continue
        if rule.endpoint.startswith(ACCOUNTS):
            continue
        arguments = sorted(rule.arguments)
        unknown = set(arguments) - known.keys() - {"entity", "record_id", "field", "card"}
        assert not unknown, f"{rule}: say in fills() what stands for {unknown}"
        if "entity" not in arguments:
            for values in _of_work(rule, arguments, known, work):
                yield rule.endpoint, _address(desk, rule, dict(zip(arguments, values, strict=True)))
            continue
        for entity in app.entities.values():
            yield from (
                (rule.endpoint, _address(desk, rule, values))
                for values in _of_entity(entity, arguments, known, filled)
            )


def _of_work(
    rule: Rule, arguments: list[str], known: dict[str, list[str]], work: Work
) -> Iterator[tuple[str, ...]]:
    if {"file_id", "run_id"} <= {*arguments}:
        yield from ((file, run) for run, file in work.files)
        return
    here = {**known, "name": work.names} if rule.rule.startswith(WORKING) else known
    yield from product(*(here[name] for name in arguments))


def _of_entity(
    entity: Entity, arguments: list[str], known: dict[str, list[str]], filled: Filled
) -> Iterator[dict[str, str]]:
    sections = [one.name for one in (*entity.detail.sections, *entity.form.groups)]
    here = {
        **known,
        "entity": [entity.name],
        "record_id": filled.records.get(entity.name, [])[:2],
        "field": [one.name for one in entity.fields.values() if one.type in {"file", "image"}],
        "card": [*sections, "facts", "side", *entity.detail.side],
    }
    for values in product(*(here[name] for name in arguments)):
        yield dict(zip(arguments, values, strict=True))


def _address(desk: Desk, rule: Rule, values: dict[str, str]) -> str:
    method = "GET" if "GET" in (rule.methods or ()) else "POST"
    return desk.app.url_map.bind("localhost").build(rule.endpoint, values, method=method)


def queries(entity: Entity, filled: Filled) -> Iterator[str]:
    """Yield every way to ask for a field of an entity: shown, sorted, compared, counted, summed."""
    yield ""
    yield "?count=exact"
    yield "?archived=all"
    yield "?q=cnry"
    for model in entity.fields.values():
        name = model.name
        yield f"?fields={name}"
        yield f"?sort={name}"
        yield f"?{name}[empty]=false"
        yield f"?include={name}"
        target = filled.shop.runtime.app.entities.get(model.target)
        for inner in target.fields.values() if target else ():
            yield f"?fields={name}.{inner.name}"
            yield f"?sort=-{name}.{inner.name}"
            if inner.target:
                yield f"?include={name}.{inner.name}"


def asked(
    entity: Entity, filled: Filled, operation: str, refused: set[tuple[str, str]]
) -> Iterator[str]:
    """Yield what is asked of an operation: of the list everything, of the others what it told.

    What the list refuses, each refuses for itself; the fields that it shows are shown together.
    """
    if operation not in ASKED:
        yield ""
        return
    shown = []
    for query in queries(entity, filled):
        if operation == "list" or (entity.name, query) in refused or query.startswith("?include"):
            yield query
        elif query.startswith("?fields="):
            shown.append(query.removeprefix("?fields="))
    if operation != "list":
        yield ""
        yield f"?archived=all&fields={','.join(shown[:50])}"
        yield f"?fields={','.join(shown[50:])}" if shown[50:] else "?q=cnry"
    if operation == "export":
        yield "?unmasked=true"


def told(page: TestResponse) -> str:
    """Return everything an answer says, its headers too."""
    return page.get_data().decode("utf-8", "replace") + str(page.headers)


def leaks(text: str, allowed_texts: frozenset[str], filled: Filled) -> list[str]:
    """Return the canaries of an answer that its reader may not see.

    Random ids (of records, of requests) go first: among thousands of them one holds any eight
    digits sooner or later.
    """
    read = re.sub(r"\b(?=[\d-]*[a-fA-F])[\da-fA-F-]{16,}\b", "", text)
    plain = re.sub(r"(?<=\d)[,\s\u00a0 -](?=\d)", "", read)
    found = set(re.findall(r"cnry\d{4}zq", text)) | set(re.findall(r"810\d{5}", plain))
    every = {one.text for one in filled.canaries}
    return sorted((found & every) - allowed_texts)


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ("+86 138-8100-0009", True),
        ("81,000,009.00", True),
        ('{"cost":81000009}', True),
        ("urn:uuid:01a2068e-65a9-70d2-8100-0009bd48926026d006", False),
        ("X-Request-Id: 3f6cb7a481000009e5d0718c22b94a60", False),
    ],
)
def test_digits_are_a_leak_however_written_and_within_a_random_id_none(
    shown: str, told: bool
) -> None:
    filled = Filled(cast(Shop, None), canaries=[Canary("81000009", "order", "1", "cost")])
    assert leaks(shown, frozenset(), filled) == ["81000009"] * told


@pytest.mark.parametrize("name", PEOPLE)
def test_no_page_shows_what_its_reader_may_not_see(worked: Worked, name: str) -> None:
    here, filled, _ = worked
    may = allowed(filled, person(here, filled, name))
    assert bool(may) == (name not in {"norole", "noshop"})
    browser, found = here.browser(name), []
    for endpoint, address in addresses(worked, "GET"):
        for more in ("", *MORE.get(endpoint, ())):
            page = browser.get(address + more)
            assert page.status_code < 500, address
            wrong = leaks(told(page), may, filled)
            found += [(address, one) for one in wrong]
    assert found == []


@pytest.mark.parametrize("name", PEOPLE)
def test_no_search_finds_what_its_reader_may_not_see(worked: Worked, name: str) -> None:
    here, filled, _ = worked
    may = allowed(filled, person(here, filled, name))
    browser = here.browser(name)
    for canary in filled.canaries:
        if canary.text in may:
            continue
        for address in (
            f"/search?q={canary.text}",
            f"/search/palette?q={canary.text}",
            f"/{canary.entity}/?q={canary.text}",
            f"/{canary.entity}/choices?q={canary.text}",
            f"/api/v1/{canary.entity}?q={canary.text}",
        ):
            page = browser.get(address)
            assert page.status_code < 500
            assert canary.record not in page.text, (name, address, canary)


@pytest.mark.parametrize("name", PEOPLE)
def test_no_answer_of_the_api_tells_what_its_reader_may_not_see(worked: Worked, name: str) -> None:
    here, filled, _ = worked
    may = allowed(filled, person(here, filled, name))
    browser, found, refused = here.browser(name), [], set[tuple[str, str]]()
    for route, methods in ROUTES.items():
        if "GET" not in methods:
            continue
        assert methods["GET"] in REST_GETS, f"{route}: say in REST_GETS that it is covered"
        for entity in filled.shop.runtime.app.entities.values():
            for record in filled.records.get(entity.name, [])[:2] if "{id}" in route else [""]:
                path = f"/api/v1/{entity.name}/{route.format(**PLACES, id=record)}".rstrip("/")
                for query in asked(entity, filled, methods["GET"], refused):
                    page = browser.get(path + query)
                    assert page.status_code < 500, path + query
                    if methods["GET"] == "list" and page.status_code == 400:
                        refused.add((entity.name, query))
                    wrong = leaks(told(page), may, filled)
                    found += [(path + query, one) for one in wrong]
    assert found == []


@pytest.mark.parametrize("name", PEOPLE)
def test_no_import_over_rest_tells_what_its_reader_may_not_see(worked: Worked, name: str) -> None:
    here, filled, work = worked
    may = allowed(filled, person(here, filled, name))
    browser, found = here.browser(name), []
    for entity in filled.shop.runtime.app.entities.values():
        base = f"/api/v1/imports/{entity.name}"
        for address in (base, *(f"{base}/{one}" for one in work.uploads.values())):
            page = browser.get(address)
            assert page.status_code < 500, address
            found += [(address, one) for one in leaks(told(page), may, filled)]
            assert page.status_code != 200 or address == base or name == "owner", address
    assert found == []


@pytest.mark.parametrize("name", PEOPLE)
def test_no_filter_group_or_sum_confirms_a_value_its_asker_may_not_see(
    worked: Worked, name: str
) -> None:
    here, filled, _ = worked
    may = allowed(filled, person(here, filled, name))
    browser, found = here.browser(name), []
    for canary in filled.canaries:
        if canary.text in may:
            continue
        base = f"/api/v1/{canary.entity}"
        for query in (
            f"{canary.field}={canary.text}",
            f"{canary.field}[contains]={canary.text}",
            f"{canary.field}[starts_with]={canary.text[:6]}",
            f"{canary.field}[gte]=0",
            f"{canary.field}[in]={canary.text}",
        ):
            page = browser.get(f"{base}?{query}&count=exact")
            if page.status_code == 200 and canary.record in page.text:
                found.append((query, canary))
            counted = browser.get(f"/{canary.entity}/count?{query}")
            assert counted.status_code < 500
        for query in (f"group={canary.field}", f"sum={canary.field}", f"max={canary.field}"):
            page = browser.get(f"{base}/aggregate?{query}")
            found += [(query, canary) for _ in leaks(page.text, may, filled)]
    assert found == []


def test_no_post_reaches_a_record_out_of_scope(worked: Worked) -> None:
    here, filled, _ = worked
    browser: Browser = here.browser("noshop")
    csrf = token(browser.get("/preferences"))
    before = state(here, filled)
    for endpoint, address in addresses(worked, "POST"):
        if not endpoint.startswith("screens.") or not any(
            record in address for records in filled.records.values() for record in records
        ):
            continue
        answer = browser.client.post(
            address, data={"csrf_token": csrf, "version": "1", "text": "x", "note": "x"}
        )
        assert answer.status_code in {204, 303, 400, 403, 404, 422}, (address, answer.status_code)
        assert leaks(answer.text, frozenset(), filled) == [], address
    assert state(here, filled) == before


def state(desk: Desk, filled: Filled) -> tuple[dict[str, int], int]:
    """Return how many records there are of each kind, and how often any of them was changed."""
    audit = filled.shop.runtime.system.audit
    changes = sa.select(sa.func.count()).where(audit.c.operation != DENIED)
    with filled.shop.runtime.engine.connect() as connection:
        changed = connection.execute(changes).scalar_one()
    return {name: desk.count(name) for name in filled.records}, changed


@pytest.mark.parametrize("name", PEOPLE)
def test_no_refused_step_tells_what_its_reader_may_not_see(worked: Worked, name: str) -> None:
    here, filled, _ = worked
    may, order = allowed(filled, person(here, filled, name)), filled.records["order"]
    wanted = {"workflow": "handling", "transition": "send", "input": {}}
    told = ""
    for record in order:
        for values, operation, one in (
            (wanted, "transition", record),
            ({**wanted, "operation": "transition", "ids": [record]}, "bulk", ""),
        ):
            actor = person(here, filled, name)
            answer = filled.shop.ask(operation, "order", values, record=one, actor=actor)
            if isinstance(answer, RequestError):
                reasons = answer.params.get("reasons", ())
                shown = [(said(each).texts, each.params) for each in reasons]
                told += repr((answer.message.texts, answer.errors, shown))
            else:
                told += repr(answer.outcomes)
    assert leaks(told, may, filled) == []
    assert bool(re.search(r"cnry|[*]{4}", told)) == bool(may)


@pytest.mark.parametrize("name", ["seller", "noshop", "two", "reviewer"])
def test_no_price_tells_what_its_asker_may_not_see(worked: Worked, name: str) -> None:
    here, filled, _ = worked
    may = allowed(filled, person(here, filled, name))
    browser, found = here.browser(name), []
    codes = {
        entity: [one for one in filled.canaries if (one.entity, one.field) == (entity, "code")]
        for entity in ("ware", "customer")
    }
    for ware, customer in zip(codes["ware"], codes["customer"], strict=True):
        asked = f"/pricing/?item={ware.text}&quantity=2&customer="
        page = browser.get(asked + customer.text)
        assert page.status_code == (403 if name == "reviewer" else 200)
        price = next(
            one.text for one in filled.canaries
            if (one.record, one.field) == (ware.record, "price")
        )  # fmt: skip
        typed = {ware.text, customer.text}
        # what one costs is what whoever evaluates prices is told, of what they see
        told = typed | ({price} if ware.text in may else set())
        wrong = set(leaks(page.text, may | told, filled))
        found += [(name, customer.text, one) for one in wrong]
        if customer.text not in may and name != "reviewer":
            nobody = browser.get(asked + "NOBODY").text
            alike = page.text.replace(customer.text, "NOBODY")
            assert without_tokens(alike) == without_tokens(nobody)
    assert found == []


def without_tokens(text: str) -> str:
    """Return a page without what is new each time it is drawn."""
    return re.sub(
        r'(csrf_token" value=|csrf-token" content=|nonce=|X-CSRFToken": )"[^"]*"', "", text
    )


@pytest.mark.parametrize("name", PEOPLE)
def test_no_paper_of_several_records_shows_what_its_reader_may_not_see(
    worked: Worked, name: str
) -> None:
    here, filled, _ = worked
    may = allowed(filled, person(here, filled, name))
    browser = here.browser(name)
    ids = ",".join(filled.records["order"])
    for address in (f"/order/print?ids={ids}", f"/order/print?label=slip&ids={ids}"):
        page = browser.get(address)
        assert page.status_code in {200, 403, 404}
        assert leaks(page.text, may, filled) == []
    other = next(one.text for one in filled.canaries if one.field == "number")
    assert (other in browser.get(f"/order/print?label=slip&ids={ids}").text) == (other in may)


def test_a_view_that_compares_by_what_its_reader_does_not_see_is_not_offered(
    worked: Worked,
) -> None:
    here, filled, _ = worked
    owner, seller = here.browser("owner"), here.browser("seller")
    cost, number = (
        next(one.text for one in filled.canaries if (one.entity, one.field) == ("order", name))
        for name in ("cost", "number")
    )
    csrf = token(owner.get("/preferences"))
    for name, query in (("Dear", f"cost={cost}"), ("Theirs", f"number={number}")):
        sent = {"csrf_token": csrf, "action": "save", "name": name, "query": query}
        assert owner.client.post("/order/views", data={**sent, "role": "seller"}).status_code == 303
    page = seller.get("/order/").text
    assert ("Theirs" in page, "Dear" in page, cost in page) == (True, False, False)
    assert "Dear" in owner.get("/order/").text
