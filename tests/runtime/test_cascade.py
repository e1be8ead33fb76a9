"""What goes with a deleted record is told in the audit, line by line, and nothing goes silently."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.errors import Conflict
from runtime.store.audit_key import DEVELOPMENT_KEY
from runtime.store.audit_verify import verify
from tests.databases import postgres_url, sqlite_url
from tests.shop import Shop, open_shop, write_folder

FILES = {
    "app.yaml": "app: zoo\nlabel: Zoo",
    "roles.yaml": "roles: {keeper: {label: Keeper}}",
    "zoo/zoo.access.yaml": 'access: zoo\ngrants: {keeper: {"*": all}}',
    "zoo/house.entity.yaml": """
entity: house
label: House
archive: false
fields:
  name: {type: text}
  rooms: {type: children, of: room}
""",
    "zoo/room.entity.yaml": """
entity: room
label: Room
child_of: house
fields: {size: {type: decimal, places: 1}}
""",
    "zoo/animal.entity.yaml": """
entity: animal
label: Animal
archive: false
fields:
  name: {type: text}
  house: {type: reference, to: house, on_delete: clear}
""",
    "zoo/ticket.entity.yaml": """
entity: ticket
label: Ticket
archive: false
fields:
  house: {type: reference, to: house, on_delete: delete}
""",
    "zoo/stamp.entity.yaml": """
entity: stamp
label: Stamp
archive: false
fields:
  ticket: {type: reference, to: ticket, on_delete: delete}
""",
    "zoo/seal.entity.yaml": """
entity: seal
label: Seal
archive: false
fields:
  stamp: {type: reference, to: stamp, on_delete: restrict}
""",
    "zoo/tour.entity.yaml": """
entity: tour
label: Tour
archive: false
fields:
  houses: {type: references, to: house}
""",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def zoo(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    folder = write_folder(tmp_path / "zoo", FILES)
    url = sqlite_url(tmp_path) if request.param == "sqlite" else postgres_url()
    opened = open_shop(url, folder, "keeper")
    yield opened
    opened.runtime.engine.dispose()


def made(zoo: Shop, entity: str, **values: Any) -> str:
    return str(zoo.row(zoo.done("create", entity, values))["id"])


def last(zoo: Shop, entity: str, record: str) -> Any:
    return zoo.done("history", entity, record=record).rows[0]


def test_a_cleared_link_is_a_change_of_the_record_that_lost_it(zoo: Shop) -> None:
    house = made(zoo, "house", name="Aviary")
    animal = made(zoo, "animal", name="Owl", house=house)
    zoo.done("delete", "house", record=house, version=1)
    after = zoo.row(zoo.done("read", "animal", record=animal))
    assert (after["house"], after["version"]) == (None, 2)
    entry = last(zoo, "animal", animal)
    assert (entry.operation, entry.before, entry.after) == (
        "update",
        {"house": house},
        {"house": None},
    )


def test_a_record_that_leaves_a_list_of_links_is_a_change_of_that_list(zoo: Shop) -> None:
    kept, gone = made(zoo, "house", name="Aviary"), made(zoo, "house", name="Pond")
    tour = made(zoo, "tour", houses=[gone, kept])
    zoo.done("delete", "house", record=gone, version=1)
    after = zoo.row(zoo.done("read", "tour", record=tour, query={"include": "houses"}))
    assert ([house["id"] for house in after["houses"]], after["version"]) == ([kept], 2)
    entry = last(zoo, "tour", tour)
    assert (entry.before, entry.after) == ({"houses": [gone, kept]}, {"houses": [kept]})


def test_what_is_deleted_with_a_record_has_its_own_line_each(zoo: Shop) -> None:
    house = made(zoo, "house", name="Pond")
    ticket = made(zoo, "ticket", house=house)
    made(zoo, "stamp", ticket=ticket)
    zoo.done("delete", "house", record=house, version=1)
    assert [zoo.count(name) for name in ("house", "ticket", "stamp")] == [0, 0, 0]
    assert verify(zoo.runtime.engine, zoo.runtime.schema, (DEVELOPMENT_KEY,)).findings == []
    assert zoo.count("sw_audit") == 6


def test_a_deleted_record_is_told_with_its_parts_in_full(zoo: Shop) -> None:
    house = made(zoo, "house", name="Pond", rooms=[{"size": "2.5"}])
    table = zoo.runtime.system.audit
    zoo.done("delete", "house", record=house, version=1)
    with zoo.runtime.engine.connect() as connection:
        found = (
            connection.execute(table.select().where(table.c.operation == "delete")).mappings().one()
        )
    (room,) = found["before"].pop("rooms").values()
    assert found["before"]["name"] == "Pond"
    assert room["size"] == "2.5"


def test_a_refusal_further_down_undoes_the_whole_deletion(zoo: Shop) -> None:
    house = made(zoo, "house", name="Pond")
    animal = made(zoo, "animal", name="Otter", house=house)
    stamp = made(zoo, "stamp", ticket=made(zoo, "ticket", house=house))
    made(zoo, "seal", stamp=stamp)
    before = zoo.count("sw_audit")
    refusal = zoo.refused("delete", "house", record=house, version=1)
    assert isinstance(refusal, Conflict)
    assert [error.field for error in refusal.errors] == ["seal.stamp"]
    assert zoo.count("sw_audit") == before
    assert zoo.row(zoo.done("read", "animal", record=animal))["house"] == house
