"""Small shops for the tests of migrations: YAML texts in, `Compiled` out."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import uuid_utils
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from generator.compile import Compiled, compile_definitions
from runtime.store.migrate.plan import MigrationPlan
from runtime.store.migrate.target import build_target

NOW = dt.datetime(2026, 11, 22, 8, 30, tzinfo=dt.UTC)
APP = "app: shop\nlabel: {en: Shop, zh: 商店}\ncurrency: EUR\n"


def compiled(files: Mapping[str, str]) -> Compiled:
    """Return the model of some definition files; `app.yaml` is added."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {"app.yaml": APP, **files}.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return compile_definitions(Path(folder))


def entity(name: str, fields: str, more: str = "", label: str = "") -> dict[str, str]:
    """Return one entity file; `fields` is YAML, a field a line."""
    lines = "\n".join(f"  {line}" for line in fields.strip().splitlines())
    shown = label or f"{{en: {name.replace('_', ' ').title()}, zh: {name}}}"
    text = f"entity: {name}\nlabel: {shown}\n{more}\nfields:\n{lines}\n"
    return {f"{name}.entity.yaml": text}


def insert(connection: sa.Connection, shop: Compiled, table: str, **values: Any) -> str:
    """Insert a row as the engine would, with stored values, and return its id."""
    kinds = {
        "id": str(uuid_utils.uuid7()),
        "created_at": NOW,
        "updated_at": NOW,
        "version": 1,
        **values,
    }
    target = build_target(shop, connection.dialect).metadata.tables[table]
    connection.execute(target.insert(), kinds)
    return str(kinds["id"])


def values_of(engine: sa.Engine, shop: Compiled, table: str, *columns: str) -> list[Any]:
    """Return the stored values of a table in the order of ids; tuples when there are several."""
    target = build_target(shop, engine.dialect).metadata.tables[table]
    wanted = [target.c[name] for name in columns]
    with engine.connect() as connection:
        rows = connection.execute(sa.select(*wanted).order_by(target.c.id)).all()
    return [tuple(row) if len(columns) > 1 else row[0] for row in rows]


def differences(engine: sa.Engine, shop: Compiled) -> list[object]:
    """Return what Alembic, an independent eye, finds different between database and model."""
    target = build_target(shop, engine.dialect)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, target.metadata))


def words(plan: MigrationPlan, locale: str = "en") -> list[str]:
    """Return what a plan says it does."""
    return [step.words.text(locale) for step in plan.steps]


def codes(plan: MigrationPlan) -> dict[str, int]:
    """Return the counted rows of a plan by what was found."""
    return {one.code: one.count for one in plan.findings}
