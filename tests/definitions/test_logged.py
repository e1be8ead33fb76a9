"""The shipped shop's log: no value of a personal field stands in it, whatever is done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from generator.model.entity import Entity, Field
from rules.logged import VALUE, log_rule
from runtime.store.audit_key import DEVELOPMENT_KEY
from runtime.store.audit_verify import verify
from runtime.store.sealed import is_sealed
from tests.databases import url_of
from tests.offices import Office, open_office

DEFINITIONS = Path(__file__).parents[2] / "definitions"
WORDS = {
    "text": ("Canary Fang", "Canary Lei"),
    "phone": ("+8613812345678", "+8613987654321"),
    "email": ("canary.fang@example.com", "canary.lei@example.com"),
    "date": ("1987-05-17", "1991-11-03"),
    "choice": ("female", "male"),
    "address": tuple(
        {"country": "CN", "city": "上海", "street": f"Canary Street {n}"} for n in (1, 2)
    ),
}
"""By type of field: what stands in it first, and then."""
LINES = [{"sku": "TEA", "name": "Tea", "quantity": 2, "unit_price": "12.50"}]


def wholes(office: Office) -> dict[str, dict[str, Any]]:
    """Return by entity what a record needs beside its personal fields."""
    store = office.create("store", {"code": "S1", "name": {"en": "Shop", "zh": "店"}})
    return {
        "customer": {"code": "C-1"},
        "order": {"store": store, "lines": LINES},
        "supplier": {"code": "SUP-1", "name": "Tea & Co"},
        "warehouse": {"code": "W-1", "name": {"en": "North", "zh": "北"}},
    }


def personal(entity: Entity) -> dict[str, Field]:
    """Return the fields of an entity that a person fills in and no log keeps."""
    return {
        name: field
        for name, field in entity.fields.items()
        if field.sensitivity == "personal" and not field.computed and field.type != "image"
    }


def held(office: Office, entity: Entity, turn: int) -> dict[str, Any]:
    """Return the personal values of a record and its parts, the first or the second ones."""
    found: dict[str, Any] = {
        name: WORDS[field.type][turn] for name, field in personal(entity).items()
    }
    for name, field in entity.fields.items():
        if field.type == "children" and personal(office.runtime.app.entities[field.target]):
            found[name] = [held(office, office.runtime.app.entities[field.target], turn)]
    return found


def unsealed(office: Office, entity: Entity, values: dict[str, Any]) -> list[str]:
    """Return the personal fields of which a value of the audit is in clear."""
    found = []
    for name, value in values.items():
        field = entity.fields.get(name)
        if field is not None and field.type == "children":
            part = office.runtime.app.entities[field.target]
            found += [one for row in value.values() for one in unsealed(office, part, row)]
        elif name in personal(entity) and value is not None and not is_sealed(field, value):
            found.append(f"{entity.name}.{name}")
    return found


def test_every_personal_field_has_a_record_here() -> None:
    app = open_office(DEFINITIONS, "sqlite://").runtime.app
    about = {one.name for one in app.entities.values() if personal(one)}
    wholes_ = {app.entities[name].child_of or name for name in about}
    assert wholes_ == {"customer", "order", "supplier", "warehouse"}
    types = {one.type for name in about for one in personal(app.entities[name]).values()}
    assert types <= set(WORDS)
    evidence = app.entities["after_sale"].fields["evidence"]
    assert log_rule(app, evidence) == VALUE  # an id: the history shows the picture by it


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_personal_value_stands_in_the_log_of_the_shop(kind: str, tmp_path: Path) -> None:
    office = open_office(DEFINITIONS, url_of(kind, tmp_path))
    app = office.runtime.app
    for name, usual in wholes(office).items():
        entity = app.entities[name]
        made = office.create(name, {**usual, **held(office, entity, 0)})
        version = 1
        own = [one for one in held(office, entity, 1) if one in personal(entity)]
        for field in own:  # one by one: on PostgreSQL each is one statement
            values = {field: held(office, entity, 1)[field]}
            done = office.done("update", name, record_id=made, values=values, version=version)
            version += 1
            assert done.row
        office.done("update", name, record_id=made, values=held(office, entity, 0), version=version)
        office.done("delete", name, record_id=made, version=version + 1)
    audit, outbox = office.runtime.system.audit, office.runtime.system.outbox
    with office.runtime.engine.connect() as connection:
        rows = [dict(one) for one in connection.execute(sa.select(audit)).mappings()]
        told = [dict(one) for one in connection.execute(sa.select(outbox)).mappings()]
    for row in rows:
        for values in (row["before"], row["after"]):
            assert unsealed(office, app.entities[row["entity"]], values or {}) == []
    assert {row["operation"] for row in rows} >= {"create", "update", "delete"}
    logged = json.dumps([rows, told], default=str)
    canaries = ("Canary", "canary", "13812345678", "13987654321", "1987-05-17", "1991-11-03")
    assert [one for one in canaries if one in logged] == []
    found = verify(office.runtime.engine, office.runtime.schema, (DEVELOPMENT_KEY,))
    assert found.findings == []
    office.runtime.engine.dispose()
