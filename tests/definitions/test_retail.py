"""The shipped back office is sound, speaks both languages, and guards what it must."""

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from generator.compile import Compiled, compile_definitions
from generator.model.entity import Entity
from generator.model.text import Label

DEFINITIONS = Path(__file__).parents[2] / "definitions"
DATA = DEFINITIONS / "data"
MODULES = ["order", "catalog", "promotion", "service", "stock", "purchase", "member", "core"]
PERSONAL_WORDS = {"email", "phone", "address"}
PUBLIC_CONTACTS = {
    ("store", "phone"),
    ("store", "email"),
    ("store", "address"),
    ("warehouse", "address"),
}
"""Contacts of a shop or a building, not of a person."""


@cache
def retail() -> Compiled:
    return compile_definitions(DEFINITIONS)


def labels(entity: Entity) -> Iterator[tuple[str, Label]]:
    """Every text of an entity that a person may read, with where it stands."""
    yield "label", entity.label
    yield "plural", entity.plural
    if entity.help:
        yield "help", entity.help
    for field in entity.fields.values():
        yield field.name, field.label
        for text in (field.help, field.placeholder):
            if text:
                yield field.name, text
        for name, option in field.args.get("options", {}).items():
            yield f"{field.name}.{name}", option if isinstance(option, Label) else option["label"]
    for check in entity.checks:
        yield check.code, check.message
    for view in entity.list.views:
        yield view.name, view.label
    for card in (*entity.detail.sections, *entity.form.groups):
        yield card.name, card.label


def test_the_definitions_have_neither_faults_nor_warnings() -> None:
    assert retail().warnings == ()
    assert list(retail().app.modules) == MODULES


def test_every_text_is_written_in_both_languages() -> None:
    app = retail().app
    texts = [(entity.name, *found) for entity in app.entities.values() for found in labels(entity)]
    texts += [("roles", role.name, role.label) for role in app.roles.values()]
    texts += [("app", module.name, module.label) for module in app.modules.values()]
    assert [(at, name) for at, name, label in texts if not {"en", "zh"} <= set(label.texts)] == []
    assert len(texts) > 500


def test_every_icon_is_in_the_sprite() -> None:
    app = retail().app
    sprite = (DEFINITIONS.parent / "assets" / "icons.txt").read_text(encoding="utf-8").split()
    named = {each.icon for each in (*app.entities.values(), *app.modules.values())}
    assert named - set(sprite) == set()


def test_a_contact_of_a_person_is_marked_as_personal() -> None:
    unmarked = {
        (entity.name, field.name)
        for entity in retail().app.entities.values()
        for field in entity.fields.values()
        if field.type in PERSONAL_WORDS and field.sensitivity == "public"
    }
    assert unmarked == PUBLIC_CONTACTS


def test_every_entity_but_a_part_can_be_listed_by_the_administrator_only_by_grant() -> None:
    app = retail().app
    roles = {
        "administrator",
        "store_manager",
        "merchandiser",
        "marketer",
        "content_editor",
        "order_clerk",
        "customer_service",
        "warehouse_manager",
        "logistics",
        "picker",
        "buyer",
        "supplier",
        "finance",
        "risk_analyst",
        "analyst",
        "auditor",
        "system_administrator",
        "security_administrator",
    }
    assert set(app.roles) == roles
    everywhere = {rule.role for rule in app.grants if rule.entity == "*"}
    assert everywhere == {"administrator", "auditor", "system_administrator"}
    running = {a for r in app.grants if r.role == "system_administrator" for a in r.actions}
    assert running == {"operate"}


def test_nobody_changes_anything_as_an_auditor() -> None:
    granted = {a for rule in retail().app.grants if rule.role == "auditor" for a in rule.actions}
    beside = {"print", "comment", "file", "link"}  # what whoever reads may do, unless left out
    assert granted == {"list", "read", "history", "aggregate"} | beside


def test_an_import_finds_every_main_record_by_a_natural_key() -> None:
    app = retail().app
    main = [e for e in app.entities.values() if not e.child_of and not e.ledger]
    assert [e.name for e in main if not e.key] == []


def test_the_demo_rows_name_only_fields_that_exist() -> None:
    app = retail().app
    files = sorted(DATA.glob("*.csv"))
    assert len(files) == 42
    for file in files:
        with file.open(encoding="utf-8", newline="") as lines:
            header = next(csv.reader(lines))
        assert file.stem in app.entities
        unknown = [
            column for column in header if app.field(file.stem, column.partition(".")[0]) is None
        ]
        assert unknown == [], file.name


def test_the_demo_rows_stay_small_and_their_people_are_made_up() -> None:
    assert sum(file.stat().st_size for file in DATA.rglob("*") if file.is_file()) < 3_000_000
    for name in ("customer", "order"):
        with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
            mails = [row["email"] for row in csv.DictReader(lines) if row["email"]]
        assert mails
        assert all(mail.endswith("@example.com") for mail in mails)
