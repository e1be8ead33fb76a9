"""Ledgers over REST, in the API's document, on pages and on the command line."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from app import main
from generator.compile import compile_definitions
from rules.comparing import compare
from runtime.files import FileStore
from runtime.web.openapi import Documents
from runtime.web.rest import Api
from runtime.web.wire import JSON, Answer, Asked
from tests.ledgers.counting import COUNTERS, Counting
from tests.shop import person


@pytest.fixture
def api(shop: Counting, tmp_path: Path) -> Api:
    runtime = shop.runtime
    files = FileStore(tmp_path, runtime.engine, runtime.system.file, runtime.clock, runtime.make_id)
    return Api(runtime, files)


def send(api: Api, path: str, values: Any, key: str = "", role: str = "clerk") -> Answer:
    headers: Mapping[str, str] = {"content-type": JSON}
    headers = {**headers, "idempotency-key": key} if key else headers
    body = orjson.dumps(values)

    def read(_: int = 0) -> bytes:
        return body

    return api.answer(
        Asked("POST", path, "", headers, read, person(role), "en", "r", "::1")  # type: ignore[arg-type]
    )


def test_a_post_over_rest_is_made_once_under_its_key(shop: Counting, api: Api) -> None:
    values = {"kind": "receive", "key": shop.key(), "quantity": "5"}
    first, again = (send(api, "stock/post", values, "k1") for _ in range(2))
    assert (first.status, again.status) == (201, 201)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert orjson.loads(first.body) == orjson.loads(again.body)
    assert orjson.loads(first.body)["data"]["entries"][0]["after"]["on_hand"] == "5"
    assert shop.count("stock_entry") == 1


def test_a_refusal_over_rest_says_why_in_both_languages(shop: Counting, api: Api) -> None:
    values = {"kind": "ship", "key": shop.key(), "quantity": "5"}
    refusal = orjson.loads(send(api, "stock/post", values).body)
    assert (refusal["status"], refusal["code"]) == (409, "R410")
    assert refusal["errors"][0]["code"] == "NOT_ENOUGH"
    assert refusal["detail"] == "Only 0 are there."


def test_only_ledgers_have_these_addresses(shop: Counting, api: Api) -> None:
    assert send(api, "item/post", {}).status == 404
    assert send(api, "stock_entry/post", {}).status == 404
    assert send(api, "uses/hold", {}).status == 404
    assert send(api, "uses/transfer", {}).status == 404
    assert send(api, "stock/post", {}, role="guest").status == 404
    assert send(api, "stock/post", []).status == 422


def test_the_api_document_says_what_may_be_posted(shop: Counting) -> None:
    document = orjson.loads(Documents(shop.runtime).document(person("clerk")))
    paths = document["paths"]
    assert {p.rpartition("/")[2] for p in paths if p.startswith("/api/v1/stock/")} >= {
        "post",
        "transfer",
        "hold",
        "commit",
        "release",
        "reverse",
    }
    assert "/api/v1/uses/hold" not in paths
    assert "post" not in paths["/api/v1/stock"]
    body = paths["/api/v1/stock/post"]["post"]["requestBody"]["content"][JSON]["schema"]
    assert body["oneOf"][0]["properties"]["kind"]["enum"][:2] == ["receive", "ship"]
    packer = orjson.loads(Documents(shop.runtime).document(person("guest")))["paths"]
    assert not any("/stock" in path for path in packer)


def test_verify_tells_drift_and_ends_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPWRIGHT_DATA", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("SHOPWRIGHT_DEFINITIONS", str(COUNTERS))
    run = CliRunner()
    assert run.invoke(main, ["apply", "--yes"]).exit_code == 0
    sound = run.invoke(main, ["ledger", "verify"])
    assert sound.exit_code == 0
    assert "stock: 0 balances, 0 entries; all agree." in sound.output
    (database,) = tmp_path.glob("*.db")
    engine = sa.create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        connection.execute(sa.text(ALTERED))
    engine.dispose()
    wrong = run.invoke(main, ["ledger", "verify", "uses"])
    assert wrong.exit_code == 1
    assert "taken is 3, by its entries it should be 0" in wrong.output
    chinese = run.invoke(main, ["ledger", "verify", "uses", "--locale", "zh"])
    assert "按流水应为 0" in chinese.output
    assert run.invoke(main, ["ledger", "verify", "none"]).exit_code != 0


ALTERED = """
INSERT INTO uses (id, item, taken, created_at, updated_at, version)
VALUES ('0', '0', 3, '2026-01-01', '2026-01-01', 1)
"""


def test_more_kinds_to_post_widen_a_right_and_fewer_narrow_it(tmp_path: Path) -> None:
    before = compile_definitions(COUNTERS).app
    for written, direction in (("kinds: [ship, receive]", "widens"), ("kinds: [adjust]", "else")):
        folder = tmp_path / direction
        shutil.copytree(COUNTERS, folder)
        access = folder / "goods" / "goods.access.yaml"
        access.write_text(access.read_text("utf-8").replace("kinds: [ship]", written, 1), "utf-8")
        (change,) = compare(before, compile_definitions(folder).app)
        assert (change.role, change.kind) == ("packer", "kinds")
        assert (change.direction == "widens") is (direction == "widens")
