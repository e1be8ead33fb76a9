"""Many-to-many fields in formulas and checks, and parts that have parts."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.errors import Invalid
from tests.databases import postgres_url, sqlite_url
from tests.shop import Shop, open_shop

CLUB = Path(__file__).parents[1] / "shops" / "club"


@pytest.fixture(params=["sqlite", "postgresql"])
def club(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    url = sqlite_url(tmp_path) if request.param == "sqlite" else postgres_url()
    opened = open_shop(url, CLUB, "host")
    yield opened
    opened.runtime.engine.dispose()


def person(club: Shop, age: int) -> str:
    made = club.row(club.done("create", "person", {"name": f"P{age}", "age": age}))
    return str(made["id"])


def party(club: Shop, **values: Any) -> dict[str, Any]:
    return club.row(club.done("create", "party", {"name": "Ball", **values}))


def test_a_formula_counts_linked_records(club: Shop) -> None:
    guests = [person(club, 30), person(club, 40)]
    made = party(club, guests=guests)
    assert made["seats"] == 2
    wish = {"guests": guests[:1]}
    changed = club.done("update", "party", wish, record=made["id"], version=1)
    assert club.row(changed)["seats"] == 1


def test_a_check_looks_at_linked_records_also_when_they_are_not_sent(club: Shop) -> None:
    old, young = person(club, 30), person(club, 12)
    refusal = club.refused("create", "party", {"name": "Ball", "guests": [old, young]})
    assert isinstance(refusal, Invalid)
    assert [(error.field, error.code) for error in refusal.errors] == [("guests", "ADULTS")]
    made = party(club, guests=[old])
    club.done("update", "person", {"age": 5}, record=old, version=1)
    refusal = club.refused("update", "party", {"name": "Fair"}, record=made["id"], version=1)
    assert refusal.errors[0].code == "ADULTS"


def test_the_same_links_make_no_new_version(club: Shop) -> None:
    guests = [person(club, 30), person(club, 40)]
    made = party(club, guests=guests)
    same = club.done("update", "party", {"guests": guests}, record=made["id"], version=1)
    assert club.row(same)["version"] == 1
    turned = club.done("update", "party", {"guests": guests[::-1]}, record=made["id"], version=1)
    assert club.row(turned)["version"] == 2
    newest = club.done("history", "party", record=made["id"]).rows[0]
    assert newest.before == {"guests": guests}
    assert newest.after == {"guests": guests[::-1]}


def test_parts_of_parts_are_saved_with_their_whole(club: Shop) -> None:
    rounds = [{"name": "First", "songs": [{"name": "A"}, {"name": "B", "minutes": 4}]}]
    made = party(club, rounds=rounds)
    (first,) = made["rounds"]
    assert first["minutes"] == 7
    assert club.count("song") == 2
    songs = club.rows(club.done("list", "song", query={"sort": "name"}))
    wish = {
        "rounds": [
            {
                "id": first["id"],
                "songs": [{"id": songs[1]["id"], "minutes": 5}, {"name": "C", "minutes": 1}],
            }
        ]
    }
    changed = club.row(club.done("update", "party", wish, record=made["id"], version=1))
    assert changed["rounds"][0]["minutes"] == 6
    left = club.rows(club.done("list", "song", query={"sort": "name"}))
    assert [(song["name"], song["minutes"]) for song in left] == [("B", 5), ("C", 1)]


def test_a_part_of_a_part_that_is_not_sent_stays(club: Shop) -> None:
    made = party(club, rounds=[{"name": "First", "songs": [{"name": "A"}]}])
    wish = {"rounds": [{"id": made["rounds"][0]["id"], "name": "Opening"}]}
    changed = club.row(club.done("update", "party", wish, record=made["id"], version=1))
    assert (changed["rounds"][0]["name"], changed["rounds"][0]["minutes"]) == ("Opening", 3)
    assert club.count("song") == 1


BILL = """\
entity: bill
label: {en: Bill, zh: 账单}
title: "{name}"
fields:
  name: {type: text, required: true, label: {en: Name, zh: 名称}}
  due: {type: date, label: {en: Due, zh: 到期日}}
  late: {type: integer, label: {en: Days late, zh: 逾期天数}, computed: "today - due"}
  mine: {type: boolean, label: {en: Mine, zh: 我的}, computed: "created_by == actor.id"}
"""


def test_a_formula_that_is_not_kept_knows_who_asks_and_when(tmp_path: Path) -> None:
    folder = tmp_path / "bills"
    (folder / "money").mkdir(parents=True)
    (folder / "app.yaml").write_text("app: bills\nlabel: {en: Bills, zh: 账单}\n", "utf-8")
    (folder / "roles.yaml").write_text("roles: {host: {label: {en: Host, zh: 主管}}}\n", "utf-8")
    grants = 'access: money\ngrants: {host: {"*": all}}\n'
    (folder / "money" / "money.access.yaml").write_text(grants, "utf-8")
    (folder / "money" / "bill.entity.yaml").write_text(BILL, "utf-8")
    shop = open_shop(sqlite_url(tmp_path), folder, "host")
    shop.done("create", "bill", {"name": "Rent", "due": "2026-11-12"})
    query = {"sort": "-late", "late[gte]": "10", "mine": "true"}
    (row,) = shop.rows(shop.done("list", "bill", query=query))
    assert (row["late"], row["mine"]) == (10, True)
    assert shop.rows(shop.done("list", "bill", query={"late[gt]": "10"})) == []
    shop.runtime.engine.dispose()


def test_a_day_begins_when_it_begins_at_the_shop(tmp_path: Path) -> None:
    folder = tmp_path / "bills"
    shutil.copytree(CLUB, folder)
    app = "app: club\nlabel: {en: Club, zh: 俱乐部}\ntime_zone: Pacific/Kiritimati\n"
    (folder / "app.yaml").write_text(app, "utf-8")
    (folder / "club" / "bill.entity.yaml").write_text(
        BILL + '  number: {type: sequence, pattern: "B{dd}-{n}", label: {en: No, zh: 编号}}\n',
        "utf-8",
    )
    shop = open_shop(sqlite_url(tmp_path), folder, "host")
    made = shop.row(shop.done("create", "bill", {"name": "Rent", "due": "2026-11-23"}))
    assert (made["late"], made["number"]) == (0, "B23-1")
    shop.runtime.engine.dispose()


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_value_that_a_part_has_twice_is_refused_at_the_parts_own_fields(
    dialect: str, tmp_path: Path
) -> None:
    folder = tmp_path / "club"
    shutil.copytree(CLUB, folder)
    with (folder / "club" / "song.entity.yaml").open("a", encoding="utf-8") as file:
        file.write("unique:\n  - [name, minutes]\n")
    shop = open_shop(
        sqlite_url(tmp_path) if dialect == "sqlite" else postgres_url(), folder, "host"
    )
    waltz = {"name": "First", "songs": [{"name": "Waltz", "minutes": 4}]}
    party(shop, rounds=[waltz])
    refusal = shop.refused("create", "party", {"name": "Fair", "rounds": [waltz]})
    assert isinstance(refusal, Invalid)
    assert [(one.field, one.code) for one in refusal.errors] == [
        ("name", "not_unique"),
        ("minutes", "not_unique"),
    ]
    assert shop.count("party") == 1
    shop.runtime.engine.dispose()


def test_an_archived_guest_stays_on_the_list_and_can_be_sent_back(club: Shop) -> None:
    guests = [person(club, 30), person(club, 40)]
    made = party(club, guests=guests)
    club.done("delete", "person", record=guests[0], version=1)
    read = club.row(club.done("read", "party", record=made["id"], query={"include": "guests"}))
    assert [guest["id"] for guest in read["guests"]] == guests
    wish = {"guests": [*guests, person(club, 50)]}
    changed = club.row(club.done("update", "party", wish, record=made["id"], version=1))
    assert changed["seats"] == 3
    refusal = club.refused("create", "party", {"name": "Fair", "guests": guests[:1]})
    assert refusal.errors[0].code == "not_found"
