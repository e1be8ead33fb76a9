"""No entity can take an address that the engine answers: such names are refused at load."""

from __future__ import annotations

import re
from pathlib import Path

from generator.checks.names import ADDRESSES
from tests.databases import sqlite_url
from tests.web.desk import open_desk

NAME = re.compile(r"[a-z][a-z0-9_]*")
API = "/api/v1/"


def test_every_address_of_the_engine_is_reserved(tmp_path: Path) -> None:
    desk = open_desk(sqlite_url(tmp_path), tmp_path / "files")
    addresses = {rule.rule for rule in desk.app.url_map.iter_rules()}
    first = {
        one.removeprefix(API if one.startswith(API) else "/").split("/")[0] for one in addresses
    }
    taken = {one for one in first if NAME.fullmatch(one)}
    assert len(taken) > 20
    assert taken <= ADDRESSES
    desk.runtime.engine.dispose()
