"""Three who administer: the system, people and their rights, the log; nobody is two of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from runtime.store.engine import write
from runtime.web.people.holding import link, role_ids, tables
from runtime.web.users import create_user
from tests.web.desk import PASSWORD, Desk, open_desk_with
from tests.web.test_people import invite, post

ACCESS = """
access: desk
grants:
  keeper:
    "*": all
  reader:
    member: view
"""
ROLES = """
roles:
  keeper: {label: {en: Keeper, zh: 馆员}}
  reader: {label: {en: Reader, zh: 读者}}
  engineer: {label: {en: Engineer, zh: 运维}, administers: system}
  guard: {label: {en: Guard, zh: 安全}, administers: people}
  witness: {label: {en: Witness, zh: 审计}, administers: log}
conflicts:
  three_people:
    roles: [keeper, engineer, guard, witness]
    message: {en: These are three people., zh: 这三个角色不能由同一人担任。}
"""
PAGES = {
    "engineer": ("/connectors/",),
    "guard": ("/users/", "/groups/", "/roles/", "/permissions/", "/reviews/", "/personal-data/"),
    "witness": ("/audit/",),
}
WORDS = "These are three people."


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("administering")
    opened = open_desk_with(request.param, folder, ACCESS, roles=ROLES)
    for name in PAGES:
        person(opened, name, name)
    yield opened
    opened.runtime.engine.dispose()


def person(desk: Desk, name: str, *roles: str) -> int:
    email = f"{name}@x.example"
    made = create_user(desk.runtime.engine, name, PASSWORD, list(roles), email=email)
    desk.people[name] = made
    return made


def changed(desk: Desk, by: str, name: str, *roles: str) -> object:
    """Send the form of an account with other roles; return the answer."""
    values = {"first_name": name.title(), "email": f"{name}@x.example", "roles": list(roles)}
    return post(desk.browser(by), f"/users/{desk.people[name]}", **values)


def roles_of(desk: Desk, name: str) -> set[str]:
    named = tables()
    held, role = named["ab_user_role"], named["ab_role"]
    asked = sa.select(role.c.name).join(held, held.c.role_id == role.c.id)
    with desk.runtime.engine.connect() as connection:
        return set(connection.execute(asked.where(held.c.user_id == desk.people[name])).scalars())


@pytest.mark.parametrize("who", [*PAGES, "kim", "ron"])
def test_each_reaches_the_pages_of_one_duty_and_the_menu_says_the_same(
    desk: Desk, who: str
) -> None:
    browser = desk.browser(who)
    menu = browser.get("/preferences").text
    for duty, pages in PAGES.items():
        for page in pages:
            expected = 200 if who in (duty, "kim") else 403
            assert browser.get(page).status_code == expected, page
            if page != "/personal-data/":
                assert (f'href="{page}"' in menu) == (expected == 200), page
    assert browser.get("/webhooks/").status_code == (200 if who == "kim" else 403)


def test_who_administers_people_says_who_administers_what(desk: Desk) -> None:
    person(desk, "ada", "reader")
    assert changed(desk, "guard", "ada", "engineer").status_code == 303
    assert roles_of(desk, "ada") == {"engineer"}
    assert desk.browser("ada").get("/connectors/").status_code == 200


def test_nobody_is_given_two_of_them_by_whatever_form(desk: Desk) -> None:
    person(desk, "bea", "engineer")
    for by in ("guard", "kim"):
        page = changed(desk, by, "bea", "engineer", "witness")
        assert page.status_code == 422
        assert WORDS in page.text
    given = {"username": "cleo", "email": "cleo@x.example", "first_name": "Cleo"}
    page = post(desk.browser(), "/users/new", **given, roles=["guard", "witness"])
    assert page.status_code == 422
    assert WORDS in page.text
    assert roles_of(desk, "bea") == {"engineer"}


def test_a_group_gives_no_second_one_either(desk: Desk) -> None:
    person(desk, "dan", "engineer")
    kim = desk.browser()
    assert post(kim, "/groups/new", name="watch", roles=["witness"]).status_code == 303
    (group,) = (one for one in ids_of(desk, "watch"))
    page = changed_groups(desk, "dan", group, "engineer")
    assert page.status_code == 422
    assert WORDS in page.text
    assert changed_groups(desk, "dan", group).status_code == 303
    page = post(kim, f"/groups/{group}", name="watch", roles=["witness", "guard"])
    assert page.status_code == 422
    assert WORDS in page.text
    assert desk.browser("dan").get("/audit/").status_code == 200


def ids_of(desk: Desk, group: str) -> list[int]:
    named = tables()["ab_group"]
    with desk.runtime.engine.connect() as connection:
        return list(
            connection.execute(sa.select(named.c.id).where(named.c.name == group)).scalars()
        )


def changed_groups(desk: Desk, name: str, group: int, *roles: str) -> object:
    values = {"first_name": name, "email": f"{name}@x.example", "roles": list(roles)}
    return post(desk.browser(), f"/users/{desk.people[name]}", **values, groups=[group])


def test_who_came_by_two_of_them_past_the_forms_administers_nothing(desk: Desk) -> None:
    number = person(desk, "eve", "guard")
    assert desk.browser("eve").get("/users/").status_code == 200
    with write(desk.runtime.engine) as connection:
        ids = role_ids(connection, ["witness"])
        link(connection, tables()["ab_user_role"], "user_id", number, "role_id", ids)
    browser = desk.browser("eve")
    for pages in PAGES.values():
        for page in pages:
            assert browser.get(page).status_code == 403, page
    assert changed(desk, "kim", "eve", "guard").status_code == 303, "one is taken away again"
    assert desk.browser("eve").get("/users/").status_code == 200


def test_who_gives_rights_takes_none_and_touches_nobody_who_does_everything(desk: Desk) -> None:
    page = changed(desk, "guard", "guard", "guard", "reader")
    assert page.status_code == 422
    assert "Nobody changes their own roles." in page.text
    person(desk, "fay", "reader")
    page = changed(desk, "guard", "fay", "keeper")
    assert page.status_code == 422
    assert "Only whoever may do everything" in page.text
    assert roles_of(desk, "fay") == {"reader"}
    kim = f"/users/{desk.people['kim']}"
    guard = desk.browser("guard")
    assert guard.get(kim).status_code == 200
    for address in (kim, f"{kim}/active", f"{kim}/link", f"{kim}/sign-out"):
        assert post(guard, address, active="0").status_code == 403, address
    assert post(guard, f"{kim}/second-factor/reset").status_code == 403
    assert desk.browser("kim").get("/users/").status_code == 200


def test_alarms_are_told_to_who_reads_the_log_and_not_to_the_other_two(desk: Desk) -> None:
    ron = desk.browser("ron")
    page = ron.get("/preferences")
    assert ron.send(page, f"/users/{desk.people['kim']}/active").status_code == 403
    words = "tried what is for administrators"
    assert words in desk.browser("witness").get("/me/notifications").text
    assert words not in desk.browser("engineer").get("/me/notifications").text
    assert words not in desk.browser("guard").get("/me/notifications").text


def test_the_roles_say_what_they_administer(desk: Desk) -> None:
    browser = desk.browser("guard")
    assert "Reads the whole log" in browser.get("/roles/witness").text
    assert "Administers accounts" in browser.get("/roles/guard").text
    _, link_ = invite(desk, "gus", roles=["reader"])
    assert link_
