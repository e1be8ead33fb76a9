"""A copy of everything about one person: what is in it, with whose rights, and what it tells."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask_appbuilder.security.sqla.models import Model

from runtime.errors import Forbidden, Invalid, NotFound, RequestError
from runtime.jobs import desk, results, telling
from runtime.messages import Actor
from runtime.web.users import create_user, sync_roles
from tests.databases import sqlite_url
from tests.jobs.office import Office
from tests.shop import open_shop, person, write_folder

FILES = {
    "app.yaml": "app: practice\nlabel: Practice\ntime_zone: Asia/Shanghai",
    "roles.yaml": """
roles:
  owner: {label: Owner, sees: {sensitive: clear}}
  officer: {label: Officer}
  desk: {label: Desk}
  guest: {label: Guest}
""",
    "work/client.entity.yaml": """
entity: client
label: {en: Client, zh: 客户}
plural: {en: Clients, zh: 客户}
title: "{name}"
privacy: {about: this}
fields:
  name: {type: text, required: true, class: personal, label: {en: Name, zh: 姓名}}
  phone: {type: phone, class: personal, label: {en: Phone, zh: 电话}}
  id_no: {type: text, class: sensitive, label: {en: Identity, zh: 证件号}}
  pin: {type: text, class: secret, label: {en: PIN, zh: 密码}}
  places: {type: children, of: place, label: {en: Places, zh: 地址}}
""",
    "work/place.entity.yaml": """
entity: place
label: {en: Place, zh: 地址}
child_of: client
title: "{street}"
fields:
  street: {type: text, required: true, class: personal, label: {en: Street, zh: 街道}}
""",
    "work/visit.entity.yaml": """
entity: visit
label: {en: Visit, zh: 来访}
plural: {en: Visits, zh: 来访}
title: "{number}"
privacy: {about: client}
fields:
  number: {type: text, required: true, label: {en: Number, zh: 编号}}
  branch: {type: text, index: true, label: {en: Branch, zh: 门店}}
  client: {type: reference, to: client, label: {en: Client, zh: 客户}}
  notes: {type: children, of: note, label: {en: Notes, zh: 记录}}
""",
    "work/note.entity.yaml": """
entity: note
label: {en: Note, zh: 记录}
plural: {en: Notes, zh: 记录}
child_of: visit
title: "{text}"
fields:
  text: {type: text, required: true, label: {en: Text, zh: 内容}}
""",
    "work/work.access.yaml": """
access: work
grants:
  owner: {"*": all}
  officer:
    client: [view, export]
    place: [view, export]
    visit: {allow: [view, export], rows: "branch == 'north'"}
    note: [view, export]
  desk:
    client: {allow: [view, export], fields: {masked: {phone: phone}}}
    place: view
    visit: view
  guest: {client: view}
""",
}
WHY = {"reason": "She asked for it herself, by letter."}


@pytest.fixture
def practice(tmp_path: Path) -> Office:
    opened = open_shop(sqlite_url(tmp_path), write_folder(tmp_path / "practice", FILES), "owner")
    office = Office(opened.runtime, opened.actor, results=tmp_path / "results")
    Model.metadata.create_all(office.runtime.engine)
    sync_roles(office.runtime.engine, office.runtime.app)
    office.runtime.clock = lambda: office.now[0]
    for name in ("Ann", "Bob"):
        client = made(office, "client", name=name, phone=f"+861380013800{len(name)}", id_no="X1",
            pin="PIN-9876", places=[{"street": f"{name} street"}])  # fmt: skip
        for branch in ("north", "south"):
            said = [{"text": f"{name} in the {branch}"}]
            made(office, "visit", number=f"{name}-{branch}", branch=branch, client=client,
                notes=said)  # fmt: skip
    return office


def made(office: Office, entity: str, **values: Any) -> str:
    return str(office.row(office.done("create", entity, values))["id"])


def account(office: Office, name: str, role: str) -> Actor:
    number = create_user(office.runtime.engine, name, "correct horse battery", [role])
    return replace(person(role, number=number), name=name, time_zone="Asia/Shanghai")


def client(office: Office, name: str = "Ann") -> str:
    found = office.rows(office.done("list", "client", query={"name": name}))
    return str(found[0]["id"])


def copied(office: Office, actor: Actor, **more: str) -> dict[str, str]:
    """Return the files of a copy of Ann's data, by name."""
    asked = office.done(
        "copy_person", "client", {**WHY, **more}, record=client(office), actor=actor
    )
    assert office.work() == ["succeeded"]
    (file,) = desk.files_of(office.runtime, str(asked.row))
    telling.file_of(office.runtime, actor, str(asked.row), file.id)
    assert office.results is not None
    content = results.path_of(office.results, str(asked.row), file.id).read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {one: archive.read(one).decode("utf-8-sig") for one in archive.namelist()}


def test_it_holds_the_person_and_every_record_that_tells_of_them_and_of_nobody_else(
    practice: Office,
) -> None:
    owner = account(practice, "olga", "owner")
    visits = practice.rows(practice.done("list", "visit", query={"number": "Ann-south"}))
    practice.done("delete", "visit", record=visits[0]["id"], version=1)
    files = copied(practice, owner, format="jsonl")
    assert set(files) == {"client.jsonl", "place.jsonl", "visit.jsonl", "note.jsonl"}
    rows = {name: [json.loads(line) for line in text.splitlines()] for name, text in files.items()}
    assert [one["name"] for one in rows["client.jsonl"]] == ["Ann"]
    assert [one["street"] for one in rows["place.jsonl"]] == ["Ann street"]
    assert {one["number"] for one in rows["visit.jsonl"]} == {"Ann-north", "Ann-south"}
    assert {one["text"] for one in rows["note.jsonl"]} == {"Ann in the north", "Ann in the south"}
    assert "Bob" not in str(files)
    assert "PIN-9876" not in str(files), "a secret is in no copy"


def test_it_is_made_with_the_rights_of_who_asks_and_says_what_is_left_out(
    practice: Office,
) -> None:
    officer = account(practice, "oscar", "officer")
    files = copied(practice, officer, format="csv")
    assert "Ann-north" in files["visit.csv"]
    assert "Ann-south" not in str(files)
    assert "Ann in the north" in files["note.csv"]
    assert "Ann in the south" not in files["note.csv"]
    assert "X1" not in files["client.csv"], "what is sensitive is masked for them"
    at_desk = copied(practice, account(practice, "dora", "desk"), format="csv")
    assert set(at_desk) == {"client.csv", "left-out.txt"}
    assert "138001380" not in at_desk["client.csv"]
    assert "Visits" in at_desk["left-out.txt"]


def test_who_asked_for_whom_and_why_is_in_their_story_and_each_table_in_the_log(
    practice: Office,
) -> None:
    owner = account(practice, "olga", "owner")
    copied(practice, owner, format="csv")
    told = practice.stored("audit")
    (asked,) = [one for one in told if one["operation"] == "person_copied"]
    assert (asked["entity"], asked["record_id"]) == ("client", client(practice))
    assert (asked["actor_id"], asked["reason"]) == (owner.id, WHY["reason"])
    tables = {one["entity"] for one in told if one["operation"] == "export"}
    assert tables == {"client", "place", "visit", "note"}


def test_nobody_takes_it_without_the_right_the_record_or_a_reason(practice: Office) -> None:
    owner, ann = account(practice, "olga", "owner"), client(practice)
    guest = account(practice, "gus", "guest")
    for actor, entity, record, values, why in (
        (guest, "client", ann, WHY, Forbidden),
        (owner, "client", "00000000-0000-7000-8000-000000000000", WHY, NotFound),
        (owner, "visit", ann, WHY, NotFound),
        (owner, "client", ann, {}, Invalid),
        (owner, "client", ann, {**WHY, "format": "exe"}, Invalid),
        (owner, "client", ann, {**WHY, "to": "me"}, RequestError),
        (replace(owner, real_id=9, real_name="x"), "client", ann, WHY, Forbidden),
    ):
        answer = practice.ask("copy_person", entity, values, record=record, actor=actor)
        assert isinstance(answer, why), (actor.name, entity, values)
    assert practice.work() == []


def test_it_is_fetched_by_who_asked_alone_and_only_with_the_rights_it_was_made_with(
    practice: Office,
) -> None:
    owner = account(practice, "olga", "owner")
    asked = practice.done("copy_person", "client", WHY, record=client(practice), actor=owner)
    practice.work()
    run = str(asked.row)
    (file,) = desk.files_of(practice.runtime, run)
    for who, why in (
        (account(practice, "otto", "owner"), NotFound),
        (replace(owner, roles=frozenset({"officer"})), Forbidden),
        (replace(owner, roles=frozenset({"desk"})), Forbidden),
    ):
        with pytest.raises(why):
            telling.file_of(practice.runtime, who, run, file.id)
