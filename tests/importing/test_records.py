"""Rows become records through the pipeline: created, changed, left alone or refused."""

from __future__ import annotations

import orjson
import pytest

from runtime.errors import Forbidden, NotFound
from runtime.importing.faults import FileFault
from tests.importing.conftest import Desk
from tests.shop import person

GOODS = """code,name.en,name[zh],group.code,shelves.code,price,state,since,tags,fragile
CUP,Cup,杯子,cups,"A1, B2",12.50,sold,2026-01-05,"new, red",yes
POT,Pot,,cups,,,,,,
"""
GROUPS = """code,name.en,parent.code
cups,Cups,kitchen
kitchen,Kitchen,
"""


def with_groups(desk: Desk) -> Desk:
    desk.load(GROUPS, "group")
    desk.load("code\nA1\nB2\n", "shelf")
    return desk


def test_rows_become_records_with_references_lists_and_languages(desk: Desk) -> None:
    done = with_groups(desk).load(GOODS, "good")
    assert done.counts == (2, 0, 0, 0)
    cup, pot = desk.rows("good", "code,name,group.code,price,state,since,tags,fragile,number")
    assert cup["name"] == {"en": "Cup", "zh": "杯子"}
    assert cup["group"]["code"] == "cups"
    assert (cup["price"], cup["state"], cup["since"]) == ("12.50", "sold", "2026-01-05")
    assert (cup["tags"], cup["fragile"], cup["number"]) == (["new", "red"], True, "G0001")
    assert (pot["price"], pot["state"], pot["fragile"]) == (None, "draft", False)
    assert desk.shop.count("good__shelves") == 2


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    with_groups(desk).load(GOODS, "good")
    rows, audit = desk.shop.count("sw_outbox"), desk.shop.count("sw_audit")
    assert desk.load(GOODS, "good").counts == (0, 0, 2, 0)
    assert {row["version"] for row in desk.rows("good", "code,version")} == {1}
    assert (desk.shop.count("sw_outbox"), desk.shop.count("sw_audit")) == (rows, audit)


def test_a_changed_cell_makes_one_new_version_with_its_audit(desk: Desk) -> None:
    with_groups(desk).load(GOODS, "good")
    before = desk.shop.count("sw_audit")
    assert desk.load(GOODS.replace("12.50", "13"), "good").counts == (0, 1, 1, 0)
    assert [r["price"] for r in desk.rows("good", "code,price")] == ["13.00", None]
    assert desk.shop.count("sw_audit") == before + 1


def test_a_language_that_the_file_does_not_name_stays(desk: Desk) -> None:
    with_groups(desk).load(GOODS, "good")
    desk.load("code,name.en\nCUP,Mug\n", "good")
    assert desk.rows("good", "name")[0]["name"] == {"en": "Mug", "zh": "杯子"}


def test_an_empty_cell_empties_the_field_and_leaves_defaults(desk: Desk) -> None:
    with_groups(desk).load(GOODS, "good")
    desk.load("code,since,state,shelves\nCUP,,,\n", "good")
    cup = desk.rows("good", "since,state")[0]
    assert (cup["since"], cup["state"]) == (None, "sold")
    assert desk.shop.count("good__shelves") == 0


def test_one_bad_row_costs_only_itself_and_says_where_and_why(desk: Desk) -> None:
    rows = "code,name.en,price,group\nA,a,1,\nB,b,-1,\nC,c,x,\nD,,1,\nE,e,1,nowhere\nF,f,1,\n"
    done = desk.load(rows, "good")
    assert done.counts == (2, 0, 0, 4)
    assert done.reasons == [
        (3, "price", "-1", "min"),
        (4, "price", "x", "invalid"),
        (5, "name.en", "", "required"),
        (6, "group", "nowhere", "not_found"),
    ]
    assert all(one.message.text("zh") != one.message.text("en") for one in done.verdicts)


def test_everything_wrong_in_a_row_is_told_at_once(desk: Desk) -> None:
    rows = "code,name.en,price,group,since\nA,a,x,nowhere,soon\nB,b,1,nowhere,2026-01-01\n"
    done = desk.load(rows, "good")
    assert done.counts == (0, 0, 0, 2)
    assert sorted(done.reasons) == [
        (2, "group", "nowhere", "not_found"),
        (2, "price", "x", "invalid"),
        (2, "since", "soon", "invalid"),
        (3, "group", "nowhere", "not_found"),
    ]


def test_a_check_of_the_entity_names_its_column(desk: Desk) -> None:
    done = desk.load("code,name.en,price,state\nA,a,,sold\n", "good")
    assert done.reasons == [(2, "price", "", "SOLD_FOR_NOTHING")]


def test_a_duplicate_key_is_refused_with_both_lines(desk: Desk) -> None:
    done = desk.load("code,name.en\nA,a\nB,b\nA,c\n", "good")
    assert done.counts == (2, 0, 0, 1)
    (verdict,) = done.verdicts
    assert (verdict.line, verdict.code) == (4, "duplicate")
    assert "Line 2" in verdict.message.text("en")


def test_a_key_hidden_from_the_caller_is_refused_by_the_database_alone(desk: Desk) -> None:
    desk.load("code,name.en\nA,a\n", "good")
    done = desk.load("code,name.en\nB,b\nA,c\nC,c\n", "good", mode="create", actor=person("blind"))
    assert done.counts == (2, 0, 0, 1)
    assert done.reasons == [(3, "code", "A", "not_unique")]


def test_who_may_not_import_is_told_before_anything_is_read(desk: Desk) -> None:
    with pytest.raises(Forbidden):
        desk.load("code,name.en\nA,a\n", "good", actor=person("reader"))
    with pytest.raises(NotFound):
        desk.load("code\nA\n", "shelf", actor=person("reader"))
    assert desk.shop.count("good") == 0


def test_modes_create_and_update_keep_to_what_they_say(desk: Desk) -> None:
    desk.load("code,name.en\nA,a\n", "good")
    created = desk.load("code,name.en\nA,b\nB,b\n", "good", mode="create")
    assert (created.counts, created.reasons) == ((1, 0, 0, 1), [(2, "code", "A", "exists")])
    updated = desk.load("code,name.en\nA,b\nC,c\n", "good", mode="update")
    assert (updated.counts, updated.reasons) == ((0, 1, 0, 1), [(3, "code", "C", "not_found")])


def test_an_archived_record_is_not_changed_in_secret(desk: Desk) -> None:
    desk.load("code,name.en\nA,a\n", "good")
    (row,) = desk.rows("good", "id")
    desk.shop.done("delete", "good", record=row["id"], version=1)
    assert desk.load("code,name.en\nA,b\n", "good").reasons == [(2, "code", "A", "archived")]


def test_a_parent_below_its_child_in_the_file_is_found(desk: Desk) -> None:
    done = desk.load("code,name.en,parent\nc,C,b\nb,B,a\na,A,\n", "group")
    assert done.counts == (3, 0, 0, 0)
    again = desk.load("code,name.en,parent\nx,X,y\ny,Y,x\n", "group")
    assert again.tally.rejected == 2


def test_children_stand_in_the_rows_of_their_record(desk: Desk) -> None:
    desk.load("code\nA1\n", "shelf")
    rows = """shelf,number,day,items.what,items.amount
A1,1,2026-01-05,Cup,2.50
A1,1,,Pot,7
A1,2,,Cup,1
"""
    assert desk.load(rows, "bill").counts == (2, 0, 0, 0)
    assert [row["total"] for row in desk.rows("bill", "total")] == ["9.50", "1.00"]
    assert desk.load(rows, "bill").counts == (0, 0, 2, 0)
    assert desk.load(rows.replace("7", "8"), "bill").counts == (0, 1, 1, 0)


def test_children_in_a_file_of_their_own_are_put_into_their_record(desk: Desk) -> None:
    desk.load("code\nA1\n", "shelf")
    desk.load("code,name.en\nCUP,Cup\nPOT,Pot\n", "good")
    sizes = "good.code,label,stock,shelf.code\nCUP,S,3,A1\nPOT,S,1,\nCUP,M,4,\nNIX,S,1,\n"
    done = desk.load(sizes, "size")
    assert (done.tally.updated, done.tally.rejected) == (2, 1)
    assert [row["pieces"] for row in desk.rows("good", "pieces")] == [7, 1]
    assert desk.load(sizes, "size").tally.unchanged == 2
    assert desk.load("good.code,label,stock\nCUP,L,1\n", "size").tally.updated == 1
    cup = desk.rows("good", "pieces", include="sizes")[0]
    assert [(one["label"], one["stock"]) for one in cup["sizes"]] == [("S", 3), ("M", 4), ("L", 1)]


def test_an_error_in_a_child_names_the_childs_own_line(desk: Desk) -> None:
    desk.load("code,name.en\nCUP,Cup\n", "good")
    done = desk.load("good.code,label,stock\nCUP,S,3\nCUP,M,-4\n", "size")
    assert done.reasons == [(2, "", "", "with_record"), (3, "stock", "-4", "min")]
    assert desk.shop.count("size") == 0


def test_a_dry_run_tells_the_same_and_leaves_nothing(desk: Desk) -> None:
    rows = "code,name.en,price\nA,a,1\nB,b,-1\nA,c,1\n"
    tried = desk.load(rows, "good", dry_run=True)
    for table in ("good", "sw_audit", "sw_outbox", "sw_sequence"):
        assert desk.shop.count(table) == 0
    done = desk.load(rows, "good")
    assert (tried.counts, tried.reasons) == (done.counts, done.reasons)


def test_all_or_nothing_means_it(desk: Desk) -> None:
    done = desk.load("code,name.en,price\nA,a,1\nB,b,-1\n", "good", all_or_nothing=True)
    assert done.tally.rejected == 1
    assert desk.shop.count("good") == 0
    desk.load("code,name.en,price\nA,a,1\nB,b,1\n", "good", all_or_nothing=True)
    assert desk.shop.count("good") == 2


def test_an_import_writes_what_single_creates_write(desk: Desk) -> None:
    with_groups(desk)
    group = desk.rows("group", "id,code")
    ids = {row["code"]: row["id"] for row in group}
    one = {"code": "ONE", "name": {"en": "One"}, "group": ids["cups"], "price": "5.00",
           "sizes": [{"label": "S", "stock": 2}]}  # fmt: skip
    desk.shop.done("create", "good", one)
    desk.load('{"code": "TWO", "name": {"en": "One"}, "group": {"code": "cups"}, "price": "5.00", '
              '"sizes": [{"label": "S", "stock": 2}]}', "good", name="two.jsonl")  # fmt: skip
    fields = "name,group,price,state,fragile,pieces,version,created_by"
    first, second = desk.rows("good", fields, include="sizes")
    assert (first.pop("sizes")[0]["stock"], second.pop("sizes")[0]["stock"]) == (2, 2)
    assert first == second
    audit = desk.shop.runtime.system.audit
    with desk.shop.runtime.engine.connect() as connection:
        after = [row.after for row in connection.execute(audit.select().order_by(audit.c.id))]
    single, imported = after[-2:]
    for entry in (single, imported):
        for own in ("code", "id", "number"):
            assert entry.pop(own)
        assert len(entry.pop("sizes")) == 1
    assert single == imported
    assert desk.shop.count("sw_audit") == desk.shop.count("sw_outbox")


def test_many_records_take_as_many_statements_as_few(desk: Desk) -> None:
    with_groups(desk)
    counted = []
    for size in (20, 200):
        rows = "".join(f"X{size}-{n},n,cups,1\n" for n in range(size))
        counted.append(statements(desk, f"code,name.en,group.code,price\n{rows}"))
    assert counted[0] == counted[1]


def statements(desk: Desk, rows: str) -> int:
    import sqlalchemy as sa

    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        seen.append(statement)

    engine = desk.shop.runtime.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    desk.load(rows, "good")
    sa.event.remove(engine, "before_cursor_execute", note)
    return len(seen)


def test_a_failure_in_the_middle_leaves_whole_batches_and_can_be_run_again(desk: Desk) -> None:
    rows = "code,name.en\n" + "".join(f"X{n},n\n" for n in range(1700))
    ids = iter(range(10**9))
    make_id, shop = desk.shop.runtime.make_id, desk.shop

    def failing() -> str:
        if next(ids) > 4000:
            raise RuntimeError("the power is out")
        return make_id()

    shop.runtime.make_id = failing
    with pytest.raises(RuntimeError):
        desk.load(rows, "good")
    shop.runtime.make_id = make_id
    assert shop.count("good") == shop.count("sw_audit") == shop.count("sw_outbox") == 1000
    assert desk.load(rows, "good").counts == (700, 0, 1000, 0)


def test_a_record_may_be_found_by_another_field(desk: Desk) -> None:
    desk.load("code,name.en\nA,a\n", "good")
    (row,) = desk.rows("good", "id,number")
    assert desk.load(f"id,name.en\n{row['id']},b\n", "good", key=["id"]).counts == (0, 1, 0, 0)


def test_a_day_may_be_written_relative_to_today(desk: Desk) -> None:
    desk.load("code,name.en,since,seen_at\nA,a,today-2d,today-1d 09:30\nB,b,,now-90m\n", "good")
    one, two = desk.rows("good", "since,seen_at")
    assert (one["since"], one["seen_at"]) == ("2026-11-20", "2026-11-21T01:30:00Z")
    assert two["seen_at"] == "2026-11-22T10:30:00Z"


def test_a_column_that_is_no_field_is_told_with_the_nearest(desk: Desk) -> None:
    with pytest.raises(FileFault, match="Did you mean 'price'"):
        desk.load("code,prise\nA,1\n", "good")


def test_labels_and_computed_columns_of_an_export_are_understood(desk: Desk) -> None:
    assert desk.load("编号,name.zh,pieces\nA,甲,7\n", "good").counts == (1, 0, 0, 0)
    assert desk.rows("good", "code,name") == [{"code": "A", "name": {"zh": "甲"}}]


def test_the_pipeline_takes_batches_from_programs_too(desk: Desk) -> None:
    with_groups(desk)
    records = [{"code": "A", "name": {"en": "a"}, "group": "cups"}, {"code": "B"}]
    result = desk.shop.done("import", "good", {"records": records})
    assert [one.status for one in result.outcomes] == ["created", "invalid"]
    assert orjson.loads(orjson.dumps(result.outcomes[1].errors[0].field)) == "name"


def test_a_record_with_a_torn_row_is_refused_as_a_whole(desk: Desk) -> None:
    rows = "shelf,number,items.what,items.amount\nA1,1,Cup,2\nA1,1,Mug, blue,3\nA1,2,Pot,4\n"
    desk.load("code\nA1\n", "shelf")
    done = desk.load(rows, "bill")
    assert done.counts == (1, 0, 0, 1)
    assert done.reasons == [(2, "", "", "with_record"), (3, "", "3", "too_many_cells")]


def test_a_row_that_says_nothing_new_is_still_told_when_it_is_torn(desk: Desk) -> None:
    desk.load("code\nA1\n", "shelf")
    rows = (
        "Bill;Article;Title;Kind;Price;Day;Gone\n1;17;Cup;Glass;1,00;;;x\n1;17;Cup;Glass;1,00;;\n"
    )
    goods, bills = desk.load(rows, map_name="supplier").tallies
    assert (goods.created, goods.rejected) == (1, 1)
    assert (bills.created, bills.rejected) == (0, 1)
