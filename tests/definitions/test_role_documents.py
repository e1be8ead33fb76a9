"""Whatever a role of the shipped shop sends where its document says it may: no fault of ours.

Every document has hundreds of operations, so a run takes each role through some of them, so that
the roles together walk over all; with `--long` every role is taken through every one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.config import SchemathesisConfig

from tests.databases import sqlite_url
from tests.web.conftest import Shop, open_shop

DEFINITIONS = Path(__file__).resolve().parents[2] / "definitions"
ROLES = sorted(yaml.safe_load((DEFINITIONS / "roles.yaml").read_text("utf-8"))["roles"])
STRIDE = 40
"""One operation of so many is tried for a role in the default run."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("documents")
    people = {role: role for role in ROLES}
    opened = open_shop(sqlite_url(folder), DEFINITIONS, people, files=folder / "files")
    yield opened
    opened.runtime.engine.dispose()


@pytest.mark.parametrize("role", ROLES)
def test_nothing_a_role_may_send_is_a_fault_of_ours(
    office: Shop, role: str, request: pytest.FixtureRequest
) -> None:
    is_long = request.config.getoption("--long")
    client = office.client(role)
    bearer = {"Authorization": client.environ_base["HTTP_AUTHORIZATION"]}
    schema = schemathesis.openapi.from_dict(
        client.get("/api/v1/openapi.json").json, config=SchemathesisConfig()
    )
    schema.app = office.app
    several = settings(
        max_examples=10 if is_long else 1,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    tried = 0
    for number, found in enumerate(schema.get_all_operations()):
        if not is_long and (number + ROLES.index(role)) % STRIDE:
            continue
        operation = found.ok()
        tried += 1

        @several
        @given(case=operation.as_strategy())
        def send(case: Any) -> None:
            case.headers.update(bearer)
            answer = case.call()
            assert answer.status_code < 500, f"{case.method} {case.path}: {answer.text}"
            if answer.status_code >= 400:
                kind = answer.headers["content-type"][0]
                assert kind.startswith("application/problem+json"), (case.path, kind)

        send()
    assert tried, "the document offers something"
