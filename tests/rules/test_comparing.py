"""Two versions of a matrix: who gains, who loses, and who agreed to it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import app
from generator.compile import compile_definitions
from generator.model.ledger import POST
from generator.problems import CODES
from generator.shapes.access import ACTIONS, GROUPS
from rules.comparing import Change, compare, held, unapproved
from rules.matrix import Matrix
from tests import stall
from tests.access.branches import FOLDER
from tests.databases import postgres_url
from tests.shop import write_folder

ACCESS = "trade/trade.access.yaml"


def changed(tmp_path: Path, *changes: tuple[str, str], more: str = "") -> Path:
    """Return a folder with the branches, texts of whose matrix are replaced."""
    folder = tmp_path / "branches"
    shutil.copytree(FOLDER, folder)
    text = (folder / ACCESS).read_text("utf-8")
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after, 1)
    (folder / ACCESS).write_text(text + more, "utf-8")
    return folder


def told(folder: Path) -> set[tuple[str, str, str, str, tuple[str, ...]]]:
    """Return what changes, without conditions and actions."""
    found = compare(compile_definitions(FOLDER).app, compile_definitions(folder).app)
    return {(one.role, one.entity, one.direction, one.kind, one.what) for one in found}


def of(folder: Path, role: str = "seller") -> list[Change]:
    found = compare(compile_definitions(FOLDER).app, compile_definitions(folder).app)
    return [one for one in found if one.role == role]


def test_the_same_definitions_change_nothing(tmp_path: Path) -> None:
    assert told(changed(tmp_path)) == set()


def test_more_rows_widen_and_fewer_narrow(tmp_path: Path) -> None:
    wide = changed(tmp_path / "wide", ('view, rows: "id in actor.stores"', "view"))
    assert told(wide) == {
        ("seller", "store", "widens", "rows", ()),
        ("lead", "store", "widens", "rows", ()),
    }
    (change,) = of(wide)
    assert change.before == ("id in actor.stores",)
    assert change.after == ("",)
    assert change.actions == GROUPS["view"]
    narrow = changed(
        tmp_path / "narrow", ("[view, update], fields", '[view, update], rows: "total > 1", fields')
    )
    assert told(narrow) == {("taxes", "order", "narrows", "rows", ())}


def test_rows_by_another_condition_must_be_approved_too(tmp_path: Path) -> None:
    other = changed(tmp_path, ("store.code == 'S1'", "store.code == 'S2'"))
    assert told(other) == {("totals", "order", "otherwise", "rows", ())}
    assert unapproved(compile_definitions(FOLDER).app, compile_definitions(other).app)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("hidden: [cost]", "hidden: [tax_id]", ("widens", "clear", ("cost",))),
        ("hidden: [cost]", "hidden: [tax_id]", ("narrows", "hidden", ("tax_id",))),
        ("hidden: [cost]", "masked: {cost: full}", ("widens", "masked", ("cost",))),
        ("[edit, delete, restore, import]", "[edit, delete, restore, import, export]",
         ("widens", "action", ())),
        ("[edit, delete, restore, import]", "[edit, delete, restore]", ("narrows", "action", ())),
        ('      check: "discount <= 0.2"\n', "", ("widens", "check", ())),
        ("discount <= 0.2", "discount <= 0.5", ("otherwise", "check", ())),
        ("      force: {owner: actor.id}\n", "", ("widens", "force", ("owner",))),
        ("limits: {page: 100}", "limits: {page: 50}", ("narrows", "limit", ("page",))),
        ("limits: {page: 100}", "limits: {page: 150}", ("widens", "limit", ("page",))),
        ("phone, email, home, level", "phone, email", ("narrows", "write", ("home", "level"))),
    ],
)  # fmt: skip
def test_each_part_of_a_line_is_compared(
    tmp_path: Path, before: str, after: str, expected: tuple[str, str, tuple[str, ...]]
) -> None:
    found = {(one.direction, one.kind, one.what) for one in of(changed(tmp_path, (before, after)))}
    assert expected in found


def test_days_that_are_drawn_out_widen(tmp_path: Path) -> None:
    folder = changed(tmp_path, ("until: 2026-11-21", "until: 2026-12-24"))
    assert ("temp", "order", "widens", "days", ()) in told(folder)
    (change,) = of(folder, "temp")
    assert change.after == ("2026-11-01", "2026-12-24")


def test_a_guardrail_that_goes_widens_for_everyone(tmp_path: Path) -> None:
    folder = changed(tmp_path, ("    deny: [delete]\n", "    deny: [restore]\n"))
    found = told(folder)
    assert ("owner", "order", "widens", "guard", ()) in found
    assert ("owner", "order", "narrows", "guard", ()) in found


def test_a_field_given_in_other_rows_of_the_same_role_widens(tmp_path: Path) -> None:
    """The lines stay, and so do the fields somebody sees somewhere: only where they are seen."""
    old = changed(
        tmp_path / "old",
        (
            "    order: {allow: view, rows: \"store.code == 'S1'\", "
            "fields: {read: [number, store, total, note], write: [note]}}",
            "    order:\n"
            "      - {allow: view, rows: \"store.code == 'S1'\", fields: {read: [total]}}\n"
            "      - {allow: view, rows: \"store.code == 'S2'\", fields: {read: [number]}}",
        ),
    )
    new = tmp_path / "new"
    shutil.copytree(old, new)
    text = (new / ACCESS).read_text("utf-8")
    (new / ACCESS).write_text(text.replace("read: [number]}", "read: [number, total]}"), "utf-8")
    found = compare(compile_definitions(old).app, compile_definitions(new).app)
    assert [(one.direction, one.kind, one.what) for one in found] == [
        ("widens", "clear", ("total",))
    ]


def test_a_part_that_follows_its_whole_is_not_told_again(tmp_path: Path) -> None:
    folder = changed(tmp_path, ("[edit, delete, restore, import]", "[edit, delete, restore]"))
    assert {one.entity for one in of(folder)} == {"order"}


def test_what_is_new_widens_nothing(tmp_path: Path) -> None:
    folder = changed(tmp_path, more="approve: {}\n")
    (folder / "trade" / "thing.entity.yaml").write_text(
        'entity: thing\nlabel: {en: Thing, zh: 物品}\ntitle: "{name}"\n'
        "fields:\n  name: {type: text, label: {en: Name, zh: 名称}}\n",
        "utf-8",
    )
    assert {(role, direction) for role, _, direction, _, _ in told(folder)} == {
        ("owner", "new"), ("reviewer", "new"),
    }  # fmt: skip
    assert unapproved(compile_definitions(FOLDER).app, compile_definitions(folder).app) == []


def test_an_approval_is_for_one_change(tmp_path: Path) -> None:
    wide = ("hidden: [cost]", "hidden: [tax_id]")
    approval = "approve:\n  seller.order: Sellers bargain now; Wang agreed\n"
    old = compile_definitions(FOLDER).app
    bare = compile_definitions(changed(tmp_path / "bare", wide)).app
    good = compile_definitions(changed(tmp_path / "good", wide, more=approval)).app
    assert {one.role for one in unapproved(old, bare)} == {"seller"}
    assert unapproved(old, good) == []
    more = ("hidden: [cost]", "hidden: []")
    later = compile_definitions(changed(tmp_path / "later", more, more=approval)).app
    assert {(one.role, one.what) for one in unapproved(good, later)} == {("seller", ("tax_id",))}


def typed(*words: str) -> Result:
    done = CliRunner().invoke(app.main, words, prog_name="python app.py")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of definitions, kept under git, with the database applied."""
    folder = tmp_path / "kept" / "branches"
    folder.parent.mkdir()
    shutil.copytree(FOLDER, folder)
    roles = folder / "roles.yaml"
    kept = [line for line in roles.read_text("utf-8").splitlines() if "norole" not in line]
    roles.write_text("\n".join(kept) + "\n", "utf-8")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "first")):
        name = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        subprocess.run(["git", *name, *words], cwd=folder.parent, check=True)
    monkeypatch.setenv("SHOPWRIGHT_DEFINITIONS", str(folder))
    monkeypatch.setenv("SHOPWRIGHT_DATA", str(tmp_path / "var"))
    monkeypatch.setenv("DATABASE_URL", postgres_url())
    return folder


def widen(folder: Path, more: str = "") -> None:
    text = (folder / ACCESS).read_text("utf-8")
    text = text.replace("rows: \"store.code == 'S1'\", ", "") + more
    (folder / ACCESS).write_text(text, "utf-8")


def test_the_command_tells_a_revision_from_now_in_words_and_rows(shop: Path) -> None:
    assert typed("apply", "--yes").exit_code == 0
    rows = shop.parent / "store.csv"
    rows.write_text("code,name\nS1,North\n", "utf-8")
    assert typed("import", str(rows), "--entity", "store").exit_code == 0
    orders = shop.parent / "order.csv"
    orders.write_text("number,store.code,total\nO1,S1,1.00\nO2,,2.00\n", "utf-8")
    assert typed("import", str(orders), "--entity", "order").exit_code == 0
    widen(shop)
    said = typed("access", "diff", "HEAD", "--count").output
    assert "totals × order  (trade/trade.access.yaml:" in said
    assert "rows [store.code == 'S1'] → all: 1 → 2 rows  NOT APPROVED" in said
    assert (
        "1 → 2 条记录  未批准"
        in typed("access", "diff", "HEAD", "--count", "--locale", "zh").output
    )
    (found,) = json.loads(typed("access", "diff", "HEAD", "--json").output)
    assert (found["direction"], found["approved"]) == ("widens", False)
    assert typed("access", "diff", "HEAD").exit_code == 0
    assert typed("access", "diff", "HEAD", "--strict").exit_code == 1
    assert "Nobody gains or loses" in typed("access", "diff", str(shop), str(shop)).output
    assert "neither a folder nor a git revision" in typed("access", "diff", "--", "-x").output


def test_check_strict_wants_an_approval(shop: Path) -> None:
    assert typed("check", "--strict").exit_code == 0
    widen(shop)
    assert typed("check").exit_code == 0
    refused = typed("check", "--strict")
    assert refused.exit_code == 1
    assert "D470 warning branches/trade/trade.access.yaml:" in refused.output
    assert "D470" in CODES
    chinese = typed("check", "--strict", "--locale", "zh").output
    assert "'totals' 对 'order' 的权限放宽了" in chinese
    widen(
        shop,
        more="approve: {totals.order: Totals of all stores, as Wang asked}\n".replace(
            ", as", " as"
        ),
    )
    assert typed("check", "--strict").exit_code == 0
    assert typed("check", "--strict", "--since", str(FOLDER)).exit_code == 0


ASKED = """
sensitive:
  totals:
    entities: order
    actions: update
    fields: [total]
    ask: approve
    approvers: 2
"""


def test_what_is_asked_no_more_opens_a_way_and_must_be_approved(tmp_path: Path) -> None:
    may = ('"*": all', '"*": [all, approve]')
    old = compile_definitions(changed(tmp_path / "old", may, more=ASKED)).app
    new = compile_definitions(changed(tmp_path / "new", may)).app
    gone = [one for one in compare(old, new) if one.kind == "ask"]
    assert {(one.role, one.entity, one.direction) for one in gone} >= {
        ("owner", "order", "widens"),
        ("seller", "order", "widens"),
    }
    assert gone[0].before == ("approve by 2 for total",)
    assert [one for one in unapproved(old, new) if one.kind == "ask"]
    assert {one.direction for one in compare(new, old) if one.kind == "ask"} == {"narrows"}
    fewer = changed(tmp_path / "fewer", may, more=ASKED.replace("approvers: 2", "approvers: 1"))
    other = compare(old, compile_definitions(fewer).app)
    assert {one.direction for one in other if one.kind == "ask"} == {"otherwise"}


EVERY = {
    "app.yaml": stall.APP,
    "roles.yaml": """
roles:
  owner: {label: {en: Owner, zh: 店主}}
  seller: {label: {en: Seller, zh: 售货员}}
""",
    # a ware is a person here, because only of people a role can erase the data
    "stall/ware.entity.yaml": stall.WARE.replace("fields:", "privacy: {about: this}\nfields:", 1)
    + "  tags: {type: children, of: tag, label: {en: Tags, zh: 标签}}",
    "stall/tag.entity.yaml": """
entity: tag
label: {en: Tag, zh: 标签}
title: "{text}"
child_of: ware
fields:
  text: {type: text, label: {en: Text, zh: 文字}, required: true}
""",
    "stall/ware.workflow.yaml": """
entity: ware
workflows:
  life:
    label: {en: Life, zh: 状态}
    field: state
    initial: open
    states: {open: {en: Open, zh: 开}, shut: {label: {en: Shut, zh: 关}, final: true}}
    transitions: {shut: {label: {en: Shut, zh: 关闭}, from: open, to: shut, roles: [owner]}}
""",
    "stall/tag.workflow.yaml": """
entity: tag
workflows:
  use:
    label: {en: Use, zh: 使用}
    field: state
    initial: fresh
    states: {fresh: {en: Fresh, zh: 新}, torn: {label: {en: Torn, zh: 破}, final: true}}
    transitions: {tear: {label: {en: Tear, zh: 撕下}, from: fresh, to: torn, roles: [owner]}}
""",
    "stall/count.ledger.yaml": """
ledger: count
label: {en: Count, zh: 计数}
key: {ware: ware}
unit: integer
buckets: {there: {en: There, zh: 在库}}
kinds:
  put: {label: {en: Put, zh: 放入}, move: {there: +q}}
  take: {label: {en: Take, zh: 取出}, move: {there: -q}}
""",
    "stall/stall.access.yaml": """
access: stall
grants:
  owner: {"*": all}
  seller:
    ware: [list, read]
    count: [{allow: post, kinds: [put]}]
""",
}
ACCESS_FILE = "stall/stall.access.yaml"
WARE, COUNT = "ware: [list, read]", "count: [read]"
LOST = "  lose: {label: {en: Lose, zh: 丢失}, move: {there: -q}}"

Swap = tuple[str, str, str]
"""File, text, and what stands in its place where a role may do more."""


def gains() -> Iterator[tuple[str, str, Swap]]:
    """Yield entity, action and change of whatever can be given to somebody who sells."""
    for one in sorted({*ACTIONS} - {POST}):
        other = "list" if one == "read" else "read"
        yield "ware", one, (ACCESS_FILE, f"ware: [{other}]", f"ware: [{other}, {one}]")
    for entity, name in (("ware", "life.shut"), ("tag", "use.tear")):
        swap = (f"stall/{entity}.workflow.yaml", "roles: [owner]", "roles: [owner, seller]")
        yield entity, f"transition:{name}", swap
    yield "count", POST, (ACCESS_FILE, COUNT, "count: [read, post]")
    yield "count", POST, (ACCESS_FILE, "kinds: [put]", "kinds: [put, take]")
    yield "count", POST, (ACCESS_FILE, "allow: post, kinds: [put]", "allow: post")


def stalls(folder: Path, swap: Swap) -> tuple[Path, Path]:
    """Return the definitions before and after a change."""
    file, before, after = swap
    made = []
    for name, cell in (("before", before), ("after", after)):
        files = dict(EVERY)
        if before.startswith("ware:"):
            files[file] = files[file].replace(WARE, before)
        if before == COUNT:
            files[file] = files[file].replace("count: [{allow: post, kinds: [put]}]", COUNT)
        assert before in files[file]
        files[file] = files[file].replace(before, cell)
        made.append(write_folder(folder / name, files))
    return made[0], made[1]


@pytest.mark.parametrize(
    ("entity", "action", "swap"), [pytest.param(*one, id="-".join(one[:2])) for one in gains()]
)
def test_whatever_a_role_can_do_is_told_when_it_comes_or_goes_and_must_be_approved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entity: str, action: str, swap: Swap
) -> None:
    before, after = stalls(tmp_path, swap)
    monkeypatch.setenv("SHOPWRIGHT_DATA", str(tmp_path / "var"))

    def seen(*folders: Path) -> set[tuple[str, str]]:
        told = json.loads(typed("access", "diff", *map(str, folders), "--json").output)
        of_seller = [one for one in told if (one["role"], one["entity"]) == ("seller", entity)]
        return {(one["direction"], name) for one in of_seller for name in one["actions"]}

    assert ("widens", action) in seen(before, after)
    assert ("narrows", action) in seen(after, before)
    monkeypatch.setenv("SHOPWRIGHT_DEFINITIONS", str(after))
    refused = typed("check", "--strict", "--since", str(before))
    assert (refused.exit_code, "D470" in refused.output) == (1, True)
    assert f"'seller' may do more with '{entity}'" in refused.output
    access = after / ACCESS_FILE
    why = f"approve: {{seller.{entity}: Wang agreed}}\n"
    access.write_text(access.read_text("utf-8") + why, "utf-8")
    left = typed("check", "--strict", "--since", str(before)).output
    assert f"'seller' may do more with '{entity}'" not in left


def test_the_cases_above_are_all_that_the_matrix_knows(tmp_path: Path) -> None:
    model = compile_definitions(write_folder(tmp_path, EVERY)).app
    known = {action for entity in ("ware", "tag") for action in held(model, model, entity)}
    assert {action for _, action, _ in gains()} == known
    owner = Matrix(model).actions(frozenset({"owner"}), "ware")
    assert owner <= known


def test_a_transition_or_a_kind_of_entry_that_is_new_is_a_way_that_was_not_there(
    tmp_path: Path,
) -> None:
    shut = "    transitions: {shut:"
    lock = (
        "    transitions: {lock: {label: {en: Lock, zh: 锁}, from: open, to: shut, roles: [owner]}"
    )
    old = compile_definitions(write_folder(tmp_path / "old", EVERY)).app
    more = {
        **EVERY,
        "stall/ware.workflow.yaml": EVERY["stall/ware.workflow.yaml"].replace(
            shut, f"{lock}, shut:"
        ),
        "stall/count.ledger.yaml": EVERY["stall/count.ledger.yaml"] + LOST,
        "stall/stall.access.yaml": EVERY["stall/stall.access.yaml"].replace(
            "post, kinds: [put]", "post"
        ),
    }
    wide = {**more, "stall/count.ledger.yaml": EVERY["stall/count.ledger.yaml"]}
    middle = compile_definitions(write_folder(tmp_path / "wide", wide)).app
    new = compile_definitions(write_folder(tmp_path / "new", more)).app
    (fired,) = [one for one in unapproved(old, middle) if one.role == "owner"]
    assert (fired.kind, fired.actions) == ("action", ("transition:life.lock",))
    (posted,) = unapproved(middle, new)
    assert (posted.role, posted.kind) == ("seller", "kinds")
    assert (posted.before, posted.after) == (("put", "take"), ("lose", "put", "take"))


def test_a_version_that_cannot_be_read_is_no_version_without_a_finding(shop: Path) -> None:
    gone = typed("check", "--strict", "--since", "nowhere")
    assert gone.exit_code == 1
    assert "'nowhere' is neither a folder nor a git revision" in gone.output
    broken = shop.parent / "broken"
    shutil.copytree(shop, broken)
    (broken / "app.yaml").write_text("app: 1\n", "utf-8")
    assert typed("check", "--strict", "--since", str(broken)).exit_code == 1


SHUT = (
    "{shut: {label: {en: Shut, zh: 关闭}, from: open, to: shut, roles: [owner], "
    "confirm: reauth, not_actor: [created_by], "
    'guard: [{if: "price > 1"}], before: [{refuse: "price > 9"}]}, '
    "half: {label: {en: Half, zh: 半掩}, from: open, to: ajar, roles: [owner]}, "
    "give_up: {label: {en: Give up, zh: 放弃}, from: [open, ajar], to: shut, trigger: system}}"
)
AJAR = "ajar: {label: {en: Ajar, zh: 虚掩}}"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (', guard: [{if: "price > 1"}]', "", ("widens", "clauses")),
        ("price > 1", "price > 2", ("otherwise", "clauses")),
        (', before: [{refuse: "price > 9"}]', "", ("widens", "vetoes")),
        ("not_actor: [created_by], ", "", ("widens", "others")),
        ("confirm: reauth", "confirm: dialog", ("widens", "confirm")),
        ("confirm: reauth", "confirm: none", ("widens", "confirm")),
        ("from: open", "from: [open, ajar]", ("widens", "from")),
    ],
)
def test_a_transition_of_which_less_is_asked_widens_and_must_be_approved(
    tmp_path: Path, before: str, after: str, expected: tuple[str, str]
) -> None:
    assert before in SHUT
    apps = []
    for number, edge in enumerate((SHUT, SHUT.replace(before, after, 1))):
        text = EVERY["stall/ware.workflow.yaml"].replace(
            "{shut: {label: {en: Shut, zh: 关闭}, from: open, to: shut, roles: [owner]}}", edge
        )
        text = text.replace("states: {open:", f"states: {{{AJAR}, open:")
        files = {**EVERY, "stall/ware.workflow.yaml": text}
        apps.append(compile_definitions(write_folder(tmp_path / str(number), files)).app)
    (change,) = compare(*apps)
    assert (change.role, change.direction, change.kind) == ("owner", *expected)
    assert change.actions == ("transition:life.shut",)
    assert unapproved(*apps) == [change]
    back = {"widens": "narrows"}.get(expected[0], expected[0])
    assert [one.direction for one in compare(*reversed(apps))] == [back]


def test_a_weaker_mask_shows_more(tmp_path: Path) -> None:
    masked = "fields: {hidden: [id_no], masked: {phone: full}, write:"
    old = changed(tmp_path / "old", ("fields: {hidden: [id_no], write:", masked))
    new = changed(tmp_path / "new")
    found = compare(compile_definitions(old).app, compile_definitions(new).app)
    assert {(one.role, one.direction, one.kind, one.what) for one in found} == {
        ("seller", "widens", "mask", ("phone",)),
        ("lead", "widens", "mask", ("phone",)),
    }
