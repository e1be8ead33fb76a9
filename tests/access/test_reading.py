"""What several roles see together: rows, cells, masks, and what may be asked of them."""

import pytest

from tests.access.branches import MASKED_PHONE, OWNER, PHONE, Branches


def test_a_store_sees_its_own_rows_and_no_others(branches: Branches) -> None:
    seller = branches.person("seller", stores=("S1",))
    assert set(branches.seen(seller)) == {"O1", "O3"}
    assert set(branches.seen(branches.person("seller", stores=("S2",)))) == {"O2"}
    assert set(branches.seen(branches.person("seller", stores=("S1", "S2")))) == {"O1", "O2", "O3"}


def test_somebody_without_a_store_sees_nothing(branches: Branches) -> None:
    nobody = branches.person("seller")
    assert branches.seen(nobody) == {}
    total = branches.shop.done("count", "order", actor=nobody).total
    assert total == 0


def test_a_record_out_of_scope_is_as_one_that_is_not_there(branches: Branches) -> None:
    seller = branches.person("seller", stores=("S1",))
    for operation in ("read", "history", "consequences"):
        hidden = branches.shop.refused(
            operation, "order", record=branches.orders["O2"], actor=seller
        )
        missing = branches.shop.refused(
            operation, "order", record="0" * 8 + branches.orders["O2"][8:], actor=seller
        )
        assert (hidden.status, hidden.code, hidden.message) == (
            missing.status,
            missing.code,
            missing.message,
        )


def test_two_roles_unite_per_cell_and_not_rows_with_fields(branches: Branches) -> None:
    both = branches.person("totals", "taxes")
    seen = branches.seen(both, fields="number,total,tax_id")
    assert {number: row.get("total") for number, row in seen.items()} == {
        "O1": "10.00",
        "O2": None,
        "O3": "30.00",
        "O4": None,
    }
    assert "total" not in seen["O2"]
    assert {row["tax_id"] for row in seen.values()} == {"T-O1", "T-O2", "T-O3", "T-O4"}


GIVES = {
    "totals": ({"O1", "O3"}, {"total"}),
    "taxes": ({"O1", "O2", "O3", "O4"}, {"tax_id"}),
}
"""Role → the orders its line opens, and the field it alone shows."""


@pytest.mark.parametrize("held", [(), ("totals",), ("taxes",), ("totals", "taxes")])
@pytest.mark.parametrize("number", ["O1", "O2"])
@pytest.mark.parametrize("field", ["total", "tax_id"])
def test_a_cell_is_seen_by_one_role_that_gives_both_its_row_and_its_field(
    branches: Branches, held: tuple[str, ...], number: str, field: str
) -> None:
    opening = [role for role in held if number in GIVES[role][0]]
    shows = any(field in GIVES[role][1] for role in opening)
    person = branches.person(*held)
    record = branches.orders[number]
    if not opening:
        assert branches.shop.refused("read", "order", record=record, actor=person).status == 404
        return
    assert (field in branches.one(person, number)) is shows
    assert (field in branches.seen(person)[number]) is shows


def test_the_same_union_in_one_record(branches: Branches) -> None:
    both = branches.person("totals", "taxes")
    assert branches.one(both, "O1")["total"] == "10.00"
    assert "total" not in branches.one(both, "O2")


def test_a_filter_on_a_cell_holds_only_where_the_cell_is_seen(branches: Branches) -> None:
    both = branches.person("totals", "taxes")
    assert set(branches.seen(both, **{"total[gt]": "0", "fields": "number"})) == {"O1", "O3"}
    assert set(branches.seen(both, **{"total[empty]": "false", "fields": "number"})) == {"O1", "O3"}
    counted = branches.shop.done("count", "order", query={"total[gt]": "15"}, actor=both).total
    assert counted == 1


@pytest.mark.parametrize("query", [{"sort": "total"}, {"sort": "-total,number"}])
def test_rows_are_not_sorted_by_what_only_some_of_them_show(
    branches: Branches, query: dict[str, str]
) -> None:
    both = branches.person("totals", "taxes")
    refusal = branches.shop.refused("list", "order", query=query, actor=both)
    assert (refusal.status, refusal.errors[0].code) == (400, "masked_field")
    alone = branches.person("totals")
    assert list(branches.seen(alone, sort="-total")) == ["O3", "O1"]


HIDDEN = (
    {"cost[gt]": "1"},
    {"cost[empty]": "false"},
    {"cost": "7.77"},
    {"sort": "cost"},
    {"sort": "-cost"},
    {"fields": "number,cost"},
    {"fields": "customer.id_no"},
    {"customer.id_no[starts_with]": "can"},
    {"sort": "customer.id_no"},
    {"customer.pin": "9876"},
    {"fields": "customer.pin"},
    {"include": "cost"},
)


@pytest.mark.parametrize("query", HIDDEN, ids=str)
def test_a_hidden_field_is_refused_with_the_words_for_an_unknown_one(
    branches: Branches, query: dict[str, str]
) -> None:
    seller = branches.person("seller", stores=("S1",))
    refusal = branches.shop.refused("list", "order", query=query, actor=seller)
    name = next(iter(query))
    unknown = {
        name.replace("cost", "nonsense")
        .replace("id_no", "nonsense")
        .replace("pin", "nonsense"): query[name]
        .replace("cost", "nonsense")
        .replace("id_no", "nonsense")
        .replace("customer.pin", "customer.nonsense")
    }
    other = branches.shop.refused("list", "order", query=unknown, actor=seller)
    assert (refusal.status, refusal.errors[0].code) == (other.status, other.errors[0].code)
    words = refusal.errors[0].message.text("en")
    for hidden in ("cost", "id_no", "pin"):
        words = words.replace(hidden, "nonsense")
    assert words == other.errors[0].message.text("en")


MASKED = (
    {"phone": PHONE},
    {"phone[starts_with]": "+86138"},
    {"phone[contains]": "1234"},
    {"phone[empty]": "false"},
    {"name[contains]": "Wang"},
    {"sort": "name"},
    {"sort": "-phone"},
)


@pytest.mark.parametrize("query", MASKED, ids=str)
def test_a_masked_field_is_neither_filtered_nor_sorted_by(
    branches: Branches, query: dict[str, str]
) -> None:
    seller = branches.person("seller", stores=("S1",))
    refusal = branches.shop.refused("list", "customer", query=query, actor=seller)
    assert (refusal.status, refusal.errors[0].code) == (400, "masked_field")
    through = {f"customer.{key}" if key != "sort" else key: text for key, text in query.items()}
    if "sort" in query:
        through = {
            "sort": query["sort"].replace("-", "-customer.").replace("name", "customer.name")
        }
    refusal = branches.shop.refused("list", "order", query=through, actor=seller)
    assert refusal.errors[0].code == "masked_field"


def test_masked_cells_leave_as_masks_everywhere(branches: Branches) -> None:
    seller = branches.person("seller", stores=("S1",))
    row = branches.seen(seller, "customer")["C1"]
    assert row["phone"] == MASKED_PHONE
    assert row["name"] == {"v": "W****", "m": 1}
    assert row["email"] == {"v": "c****@example.com", "m": 1}
    assert row["home"] is None
    assert "id_no" not in row
    assert "pin" not in row
    through = branches.seen(seller, fields="number,customer.phone,customer.name")["O1"]
    assert through["customer"]["phone"] == MASKED_PHONE
    choices = branches.shop.done("choices", "customer", actor=seller)
    assert "Wang" not in str(branches.shop.rows(choices))


def test_a_formula_is_as_masked_as_what_it_reads(branches: Branches) -> None:
    seller = branches.person("seller", stores=("S1",))
    assert branches.seen(seller, "customer", fields="code,badge")["C1"]["badge"]["m"] == 1
    assert branches.seen(OWNER, "customer", fields="code,badge")["C1"]["badge"] == "Wang Fang C1"


def test_a_search_does_not_look_into_what_is_masked_or_hidden(branches: Branches) -> None:
    seller = branches.person("seller", stores=("S1",))
    assert branches.seen(seller, "customer", q="Wang") == {}
    assert branches.seen(seller, "customer", q="1234") == {}
    assert set(branches.seen(seller, "customer", q="C1")) == {"C1"}
    assert branches.seen(seller, q="Wang") == {}
    both = branches.person("totals", "taxes")
    assert set(branches.seen(both, q="T-O2", fields="number")) == {"O2"}
    assert branches.seen(branches.person("totals"), q="T-O1", fields="number") == {}


def test_what_lies_behind_a_hidden_record_is_not_told(branches: Branches) -> None:
    seller = branches.person("seller", stores=("S1",))
    row = branches.seen(seller, fields="number,customer.level")["O3"]
    assert row["customer"] == {"id": branches.customers["C2"], "level": None}
    assert set(branches.seen(seller, **{"customer.level": "vip"})) == {"O1"}
    assert list(branches.seen(seller, sort="customer.level")) == ["O1", "O3"]


def test_parts_are_seen_with_their_record(branches: Branches) -> None:
    seller = branches.person("seller", stores=("S1",))
    seen = branches.seen(seller, include="lines")
    assert {row["lines"][0]["product"] for row in seen.values()} == {"P-O1", "P-O3"}
    lines = branches.shop.rows(branches.shop.done("list", "order_line", actor=seller))
    assert {line["product"] for line in lines} == {"P-O1", "P-O3"}
    paths = branches.shop.done("list", "order_line", query={"fields": "product"}, actor=seller)
    assert len(paths.rows) == 2


def test_linked_records_out_of_scope_are_left_out(branches: Branches) -> None:
    seller = branches.person("seller", stores=("S1",))
    seen = branches.seen(seller, include="watchers", fields="number")
    assert all(row["watchers"] == [] for row in seen.values())


def test_what_linked_records_point_at_comes_along_whole(fresh: Branches) -> None:
    watchers = {"watchers": list(fresh.customers.values())}
    order, version = fresh.orders["O1"], fresh.version("O1")
    fresh.shop.done("update", "order", watchers, record=order, version=version)
    everything = fresh.one(OWNER, "O1", include="watchers.store,lines")
    stores = {one["code"]: one["store"] for one in everything["watchers"]}
    assert {code: store["code"] for code, store in stores.items()} == {"C1": "S1", "C2": "S2"}
    assert all({"name", "created_at", "version"} <= store.keys() for store in stores.values())
    assert everything["lines"], "what is asked for beside it comes too"
    (mine,) = fresh.one(fresh.person("seller", stores=("S1",)), "O1", include="watchers.store")[
        "watchers"
    ]
    assert mine["store"]["name"] == "Store S1"
    assert "id_no" not in mine


@pytest.mark.parametrize(
    ("include", "code"),
    [
        ("watchers.name", "through_many"),
        ("watchers.nonsense", "unknown_field"),
        ("watchers.store.a.b", "too_deep"),
        ("lines.product.code", "unknown_field"),
    ],
)
def test_an_include_behind_many_is_refused_for_its_own_reason(
    branches: Branches, include: str, code: str
) -> None:
    refusal = branches.shop.refused("list", "order", query={"include": include})
    assert [(one.field, one.code) for one in refusal.errors] == [(include, code)]


def test_history_shows_only_what_is_clear_in_this_row(branches: Branches) -> None:
    seller = branches.person("seller", stores=("S1",))
    entries = branches.shop.done("history", "order", record=branches.orders["O1"], actor=seller)
    assert "cost" not in entries.rows[0].after
    assert entries.rows[0].after["total"]
    both = branches.person("totals", "taxes")
    first = branches.shop.done("history", "order", record=branches.orders["O1"], actor=both)
    other = branches.shop.done("history", "order", record=branches.orders["O2"], actor=both)
    assert "total" in first.rows[0].after
    assert set(other.rows[0].after) <= {"number", "tax_id", "id", "version"}


def test_choices_stay_inside_the_scope(branches: Branches) -> None:
    seller = branches.person("seller", stores=("S1",))
    rows = branches.shop.rows(branches.shop.done("choices", "store", actor=seller))
    assert [row["name"] for row in rows] == ["Store S1"]
    ids = {"ids": branches.stores["S2"]}
    assert branches.shop.done("choices", "store", query=ids, actor=seller).rows == ()


def test_an_included_role_and_a_second_scope_widen_rows(branches: Branches) -> None:
    lead = branches.person("lead", stores=("S1",))
    assert set(branches.seen(lead)) == {"O1", "O2", "O3"}
    assert "cost" not in branches.seen(lead)["O3"]
    assert branches.seen(lead, fields="number,cost")["O2"]["cost"] == "7.77"


def test_lines_end_with_their_days(branches: Branches) -> None:
    temp = branches.person("temp")
    refusal = branches.shop.refused("list", "order", actor=temp)
    assert refusal.status == 404
    assert set(branches.seen(temp, "store")) == {"S1", "S2"}


def test_a_role_without_grants_sees_nothing_at_all(branches: Branches) -> None:
    for entity in branches.shop.runtime.app.entities:
        refusal = branches.shop.refused("list", entity, actor=branches.person("norole"))
        assert refusal.status == 404


def test_rights_cost_no_statement_more(branches: Branches) -> None:
    import sqlalchemy as sa

    count = 0

    def note(*_: object) -> None:
        nonlocal count
        count += 1

    engine = branches.shop.runtime.engine
    both = branches.person("totals", "taxes", "lead", stores=("S1",))
    used = []
    for actor in (OWNER, both):
        branches.seen(actor, include="lines")
        sa.event.listen(engine, "before_cursor_execute", note)
        count = 0
        branches.seen(actor, include="lines")
        used.append(count)
        sa.event.remove(engine, "before_cursor_execute", note)
    assert used[0] == used[1]
