"""A thousand entities are a lot and no trouble."""

from pathlib import Path

import pytest

from generator.compile import compile_definitions
from generator.problems import DefinitionError
from runtime.store.schema import build_schema

MANY = 1000

ENTITY = """\
entity: thing_{n}
label: {{en: Thing {n}, zh: 物品{n}}}
title: "{{name}}"
fields:
  name: {{type: text, label: {{en: Name, zh: 名称}}, required: true}}
  price: {{type: money, label: {{en: Price, zh: 价格}}, default: "{default}"}}
  next: {{type: reference, to: thing_{next}, label: {{en: Next, zh: 下一个}}}}
  double: {{type: money, label: {{en: Double, zh: 双倍}}, computed: "price * 2", stored: true}}
list: {{columns: [name, next.name, price]}}
"""


def write(folder: Path, default: str) -> None:
    (folder / "many").mkdir()
    (folder / "app.yaml").write_text("app: many\nlabel: {en: Many, zh: 很多}\n", "utf-8")
    (folder / "roles.yaml").write_text("roles:\n  all: {label: {en: All, zh: 全部}}\n", "utf-8")
    grants = 'access: many\ngrants:\n  all: {"*": all}\n'
    (folder / "many" / "many.access.yaml").write_text(grants, "utf-8")
    for n in range(MANY):
        text = ENTITY.format(n=n, next=(n + 1) % MANY, default=default)
        (folder / "many" / f"thing_{n}.entity.yaml").write_text(text, "utf-8")


def test_a_thousand_entities_become_a_thousand_tables(tmp_path: Path) -> None:
    write(tmp_path, "1.00")
    compiled = compile_definitions(tmp_path)
    assert len(compiled.app.entities) == MANY
    schema = build_schema(compiled, "sqlite")
    assert len(schema.tables) == MANY


def test_a_thousand_faults_are_told_in_one_go(tmp_path: Path) -> None:
    write(tmp_path, "one")
    with pytest.raises(DefinitionError) as refusal:
        compile_definitions(tmp_path)
    assert [problem.code for problem in refusal.value.problems] == ["D410"] * MANY
