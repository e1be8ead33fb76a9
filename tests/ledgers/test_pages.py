"""Balances and entries on screen: lists of their own, tabs of records, and nothing to edit."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from generator.compile import compile_definitions
from runtime.messages import Incoming, Result
from runtime.pipeline import handle
from tests.ledgers.counting import COUNTERS
from tests.web.office import Office, open_office


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(compile_definitions(COUNTERS), tmp_path_factory.mktemp("pages")) as opened:
        yield opened


def text_of(client: FlaskClient, address: str) -> str:
    answer = client.get(address, follow_redirects=True)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.text


def told(office: Office, operation: str, entity: str, values: object) -> Result:
    answer = handle(Incoming(operation, entity, office.actor, values=values), office.runtime)
    assert isinstance(answer, Result), answer
    return answer


def test_an_empty_ledger_says_what_it_is_for(office: Office) -> None:
    assert "What changed the balances." in text_of(office.client, "/uses_entry/")


def test_balances_and_entries_are_lists_and_tabs_that_nobody_edits(office: Office) -> None:
    item = str(told(office, "create", "item", {"name": "Red cap"}).row[0])
    place = str(told(office, "create", "place", {"name": "North"}).row[0])
    key = {"item": item, "place": place}
    values = {"kind": "receive", "key": key, "quantity": "7", "cause_title": "Delivery 12"}
    entry = told(office, "post", "stock", values).row["entries"][0]
    told(office, "hold", "stock", {"key": key, "quantity": "2"})
    balances = text_of(office.client, "/stock/")
    assert "Red cap" in balances
    assert "/stock/new" not in balances
    entries = text_of(office.client, "/stock_entry/?kind=receive")
    assert "Delivery 12" in entries
    assert "Receipt" in entries
    page = text_of(office.client, f"/stock/{entry['balance']}")
    assert "Red cap · North" in page
    assert "stock_entry.balance" in page
    assert f"/stock/{entry['balance']}/edit" not in page
    assert "Receipt" in text_of(office.client, f"/stock_entry/{entry['id']}")
    assert "stock.item" in text_of(office.client, f"/item/{item}")
    assert office.client.get("/stock/new").status_code in {403, 404}
    assert office.client.get(f"/stock/{entry['balance']}/edit").status_code in {403, 404}
