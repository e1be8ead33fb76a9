"""Comments, follows and attachments over REST, in the style of everything else there."""

from __future__ import annotations

import uuid

import pytest
from flask.testing import FlaskClient

from tests.web.conftest import Shop


@pytest.fixture
def order(shop: Shop) -> str:
    client = shop.client("ann")
    body = {"code": uuid.uuid4().hex[:12], "name": "Li"}
    buyer = client.post("/api/v1/customer", json=body).json["data"]["id"]
    lines = [{"item": "Shirt", "price": "10.50"}]
    made = client.post("/api/v1/order", json={"customer": buyer, "lines": lines})
    return f"/api/v1/order/{made.json['data']['id']}"


def say(client: FlaskClient, order: str, text: str) -> dict:
    answer = client.post(f"{order}/comments", json={"text": text})
    assert answer.status_code == 201, answer.json
    return answer.json["data"]


def test_a_comment_is_written_read_changed_and_taken_back(shop: Shop, order: str) -> None:
    client = shop.client("ann")
    made = say(client, order, "Call first, @ada @gus")
    assert made["mentions"] == {"ada": shop.people["ada"]}
    assert made["unheard"] == ["gus"], "a guest may not read orders"
    place = f"{order}/comments/{made['id']}"
    assert client.patch(place, json={"text": "x"}).status_code == 428
    changed = client.patch(place, json={"text": "Done"}, headers={"If-Match": '"1"'})
    assert changed.headers["ETag"] == '"2"'
    (seen,) = client.get(f"{order}/comments").json["data"]
    assert (seen["text"], seen["version"]) == ("Done", 2)
    assert client.delete(place).status_code == 204
    assert client.get(f"{order}/comments").json["data"] == []


def test_nobody_else_changes_a_comment_and_nobody_finds_it_elsewhere(
    shop: Shop, order: str
) -> None:
    made = say(shop.client("ann"), order, "Mine")
    other = shop.client("ada")
    place = f"{order}/comments/{made['id']}"
    headers = {"If-Match": '"1"'}
    assert other.patch(place, json={"text": "x"}, headers=headers).status_code == 403
    assert other.delete(place).status_code == 403
    assert other.delete(f"{order}/comments/not-an-id").status_code == 404
    guest = shop.client("gus")
    for path in ("comments", "attachments"):
        assert guest.get(f"{order}/{path}").status_code == 404
    assert guest.post(f"{order}/comments", json={"text": "x"}).status_code == 404
    assert guest.put(f"{order}/follow").status_code == 404


def test_a_record_is_followed_and_unfollowed_any_number_of_times(shop: Shop, order: str) -> None:
    client = shop.client("ann")
    for _ in range(2):
        assert client.put(f"{order}/follow").status_code == 204
    for _ in range(2):
        assert client.delete(f"{order}/follow").status_code == 204
    assert client.get(f"{order}/follow").status_code == 405
    assert client.get(f"{order}/attachments").json["data"] == []
