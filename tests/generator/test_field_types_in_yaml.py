"""Words as an author writes them: what reaches the model."""

from __future__ import annotations

from pathlib import Path

from generator.compile import Compiled, compile_definitions
from generator.field_types import ANYONE, Viewer

APP = "app: shop\nlabel: Shop\ncurrency: JPY\nmodules:\n  core: {label: Core}\n"


def compiled(tmp_path: Path, fields: str) -> Compiled:
    (tmp_path / "app.yaml").write_text(APP)
    (tmp_path / "core").mkdir()
    entity = f"entity: thing\nlabel: Thing\nfields:\n{fields}"
    (tmp_path / "core" / "thing.entity.yaml").write_text(entity)
    return compile_definitions(tmp_path)


def test_an_option_is_a_plain_label_a_label_by_language_or_a_badge(tmp_path: Path) -> None:
    found = compiled(
        tmp_path,
        "  size:\n    type: choice\n    options:\n"
        "      s: Small\n"
        "      m: {en: Medium, zh: 中}\n"
        "      l: {label: {en: Large, zh: 大}, tone: info, progress: full}\n",
    )
    field, kind = found.app.entities["thing"].fields["size"], found.field_types["choice"]
    chinese = Viewer("zh")
    assert kind.cell("s", field, chinese).text == "Small"
    assert kind.cell("m", field, chinese).text == "中"
    assert kind.cell("l", field, chinese).text == "大"
    assert kind.cell("l", field, ANYONE).tone == "info"
    assert kind.schema(field).deserialize("m") == "m"


def test_money_without_a_currency_is_in_that_of_the_app(tmp_path: Path) -> None:
    found = compiled(tmp_path, "  price: {type: money}\n  cost: {type: money, currency: EUR}\n")
    fields, kind = found.app.entities["thing"].fields, found.field_types["money"]
    assert kind.schema(fields["price"]).deserialize("1250") == 1250
    assert kind.cell(1250, fields["price"], ANYONE).unit == "JPY"
    assert kind.schema(fields["cost"]).deserialize("12.50") == 1250


def test_a_tree_points_at_its_own_entity(tmp_path: Path) -> None:
    found = compiled(tmp_path, "  above: {type: tree}\n")
    assert found.app.entities["thing"].fields["above"].target == "thing"


def test_a_sequence_is_read_only(tmp_path: Path) -> None:
    found = compiled(tmp_path, '  number: {type: sequence, pattern: "T{n:04}"}\n')
    assert found.app.entities["thing"].fields["number"].readonly
