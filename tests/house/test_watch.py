"""Definitions change while the office serves: right ones are taken, wrong ones are told about."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from werkzeug.test import Client

from generator.compile import compile_definitions
from runtime.runtime import utc_now
from runtime.settings import Settings, read_settings
from runtime.store.engine import make_engine
from runtime.store.migrate.apply import apply, create_all
from runtime.store.migrate.make import make_plan
from runtime.web.process import web_process
from runtime.web.switch import Switch
from runtime.web.users import create_user, sync_roles
from runtime.web.watcher import Watcher
from tests.databases import postgres_url, sqlite_url
from tests.house.places import until

TINY = Path(__file__).resolve().parents[1] / "shops" / "tiny"
PASSWORD = "correct horse battery"
WAITING = "Changed definitions wait to be applied"
WRONG = "in the changed definitions"


class Served:
    """A folder of definitions and the web process that watches it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.switch: Switch = web_process(settings)
        self.client = Client(self.switch)

    def change(self, file: str, old: str, new: str) -> None:
        path = self.settings.definitions / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    def page(self, path: str = "/login/") -> str:
        return self.client.get(path).get_data(as_text=True)

    def token(self, name: str) -> dict[str, str]:
        sent = {"username": name, "password": PASSWORD, "provider": "db"}
        answer = self.client.post("/api/v1/security/login", json=sent)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return {"Authorization": f"Bearer {answer.get_json()['access_token']}"}


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    folder = tmp_path / "tiny"
    shutil.copytree(TINY, folder)
    url = sqlite_url(tmp_path) if request.param == "sqlite" else postgres_url()
    base = read_settings({"SHOPWRIGHT_DATA": str(tmp_path / "var"), "DATABASE_URL": url})
    engine = make_engine(url)
    compiled = compile_definitions(folder)
    create_all(engine, compiled, now=utc_now())
    sync_roles(engine, compiled.app)
    create_user(engine, "ada", PASSWORD, ["owner"])
    create_user(engine, "gus", PASSWORD, ["guest"])
    engine.dispose()
    return replace(base, definitions=folder, watch=True)


@pytest.fixture
def served(settings: Settings) -> Iterator[Served]:
    opened = Served(settings)
    yield opened
    opened.switch.close()


def test_a_changed_label_is_served(served: Served) -> None:
    assert "Sign in · Tiny" in served.page()
    served.change("app.yaml", "en: Tiny", "en: Bigger")
    until(lambda: "Sign in · Bigger" in served.page())
    assert WRONG not in served.page()


def test_what_changes_before_the_watch_has_begun_is_served_too(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = Watcher.start

    def change_and_begin(watcher: Watcher, switch: Switch) -> None:
        app = settings.definitions / "app.yaml"
        app.write_text(app.read_text("utf-8").replace("en: Tiny", "en: Bigger"), "utf-8")
        begin(watcher, switch)

    monkeypatch.setattr(Watcher, "start", change_and_begin)
    served = Served(settings)
    try:
        assert "Sign in · Tiny" in served.page()
        until(lambda: "Sign in · Bigger" in served.page())
    finally:
        served.switch.close()


def test_a_new_field_gets_its_column_and_is_served(served: Served) -> None:
    bearer = served.token("ada")
    sent = {"code": "c1", "name": "Ann", "phone": "+4930123456"}
    assert served.client.post("/api/v1/customer", json=sent, headers=bearer).status_code == 422
    served.change("shop/customer.entity.yaml", "  vip:", "  phone: {type: phone}\n  vip:")
    made = until(lambda: create(served, sent, bearer))
    assert made["data"]["phone"] == "+4930123456"


def create(served: Served, sent: dict[str, str], bearer: dict[str, str]) -> dict[str, str] | None:
    answer = served.client.post("/api/v1/customer", json=sent, headers=bearer)
    return dict(answer.get_json()) if answer.status_code == 201 else None


def test_broken_definitions_leave_the_old_ones_in_service_with_a_banner(served: Served) -> None:
    served.change("shop/customer.entity.yaml", "type: boolean", "type: bolean")
    page = until(lambda: text if WRONG in (text := served.page()) else "")
    assert "Sign in · Tiny" in page
    assert "shop/customer.entity.yaml:8:" in page
    told = served.page("/_faults")
    assert "Did you mean &#39;boolean&#39;?" in told
    assert "^^^^^^" in told
    assert "修改后的定义有 1 处错误" in served.client.get(
        "/login/", headers={"Accept-Language": "zh-CN"}
    ).get_data(as_text=True)
    served.change("shop/customer.entity.yaml", "type: bolean", "type: boolean, required: true")
    until(lambda: WRONG not in served.page())
    assert "are the ones in service" in served.page("/_faults")


def test_a_change_that_drops_data_waits_for_somebody(served: Served) -> None:
    served.change("shop/customer.entity.yaml", "  vip: {type: boolean, default: false}\n", "")
    until(lambda: WAITING in served.page())
    assert "--allow drop" in served.page("/_faults")
    engine = make_engine(served.settings.database_url)
    compiled = compile_definitions(served.settings.definitions)
    plan = make_plan(engine, compiled)
    apply(engine, compiled, plan, now=utc_now(), allow=frozenset({"drop"}))
    engine.dispose()
    until(lambda: WAITING not in served.page())


def test_a_process_that_starts_among_faults_serves_the_last_release(settings: Settings) -> None:
    (settings.definitions / "app.yaml").write_text("app: [\n")
    served = Served(settings)
    try:
        assert "Sign in · Tiny" in served.page()
        assert WRONG in served.page()
        (settings.definitions / "app.yaml").write_text("app: tiny\nlabel: {en: Mended, zh: 好}\n")
        until(lambda: "Sign in · Mended" in served.page())
    finally:
        served.switch.close()


def test_production_alters_nothing_and_tells_administrators_alone(settings: Settings) -> None:
    safe = replace(settings, production=True, https=True, trusted_hosts=("localhost",))
    served = Served(replace(safe, secret_key="x" * 40))
    engine = make_engine(settings.database_url)
    try:
        served.change("app.yaml", "en: Tiny", "en: Bigger")
        until(lambda: served.switch.board.fault)
        assert "Sign in · Tiny" in served.page()
        assert WAITING not in served.page()
        assert served.client.get("/_faults").status_code == 404
        assert served.client.get("/_faults", headers=served.token("gus")).status_code == 404
        told = served.client.get("/_faults", headers=served.token("ada"))
        assert "wait" in told.get_data(as_text=True)
        compiled = compile_definitions(settings.definitions)
        assert make_plan(engine, compiled).is_new_release
        apply(engine, compiled, make_plan(engine, compiled), now=utc_now())
        until(lambda: "Sign in · Bigger" in served.page())
    finally:
        served.switch.close()
        engine.dispose()
