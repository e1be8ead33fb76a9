"""What is measured: each work as the requests that every contender needs for it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg

from benchmarks.contenders import Request, rison
from benchmarks.database import CREATED_AT, Data

JSON = {"Content-Type": "application/json"}
PATCHES = 8000
"""Records with their versions for one run of patches: none is met twice."""

Make = Callable[["World", str], Sequence[Request] | None]


@dataclass(frozen=True)
class World:
    """The data set and how to ask it."""

    data: Data
    url: str
    note: str = ""


@dataclass(frozen=True)
class Work:
    """One row of the table."""

    name: str
    label: str
    make: Make
    """From the world and a contender's name to its requests; None when it cannot do it."""
    browser: bool = False
    connections: int = 16
    """At most so many at once: some peers count a million rows for every page."""
    at_least: float = 0.0
    """Seconds of a sample, where some answers take long."""


def _one(world: World, who: str) -> Sequence[Request] | None:
    start = {
        "ours": "/api/v1/order/{}",
        "fab": "/api/v1/order/{}",
        "drf": "/api/orders/{}/",
        "bare": "/order/{}",
    }[who]
    return [Request("GET", start.format(record_id)) for record_id in world.data.ids]


FIELDS = "number,customer.name,status,placed_at,total"


def _list(status: str, count: str = "") -> Make:
    def make(world: World, who: str) -> Sequence[Request] | None:
        counted = f"&count={count}" if count else ""
        newest = rison(
            filters=f"!((col:status,opr:eq,value:{status}))",
            order_column="placed_at",
            order_direction="desc",
            page_size=25,
        )
        path = {
            "ours": f"/api/v1/order?status={status}&sort=-placed_at&limit=25"
            f"&fields={FIELDS}{counted}",
            "fab": f"/api/v1/order/?q={newest}",
            "drf": f"/api/counted/?status={status}&ordering=-placed_at&limit=25"
            if count
            else f"/api/orders/?status={status}&limit=25",
            "bare": f"/order/?status={status}{'&count=1' if count else ''}",
        }[who]
        return [Request("GET", path)]

    return make


def _deep(world: World, who: str) -> Sequence[Request] | None:
    """A page nine tenths down: by cursor where there is one, by offset where there is none."""
    at, record_id = world.data.deep
    offset = world.data.deep_offset
    if who == "ours":
        return [Request("GET", world.note)] if world.note else None
    newest = rison(
        filters="!((col:status,opr:eq,value:paid))",
        order_column="placed_at",
        order_direction="desc",
        page_size=25,
        page=offset // 25,
    )
    path = {
        "fab": f"/api/v1/order/?q={newest}",
        "drf": f"/api/counted/?status=paid&ordering=-placed_at&limit=25&offset={offset}",
        "bare": f"/order/?status=paid&at={at.replace('+', '%2B')}&id={record_id}",
    }[who]
    return [Request("GET", path)]


def _create(world: World, who: str) -> Sequence[Request] | None:
    items = ("Shirt", "Cap", "Mug")
    money = who == "ours"
    lines = [
        {"item": item, "quantity": number + 1, "price": "12.50" if money else 1250}
        for number, item in enumerate(items)
    ]
    path = {
        "ours": "/api/v1/order",
        "fab": "/api/v1/order/with-lines",
        "drf": "/api/orders/",
        "bare": "/order/",
    }[who]
    return [
        Request(
            "POST",
            path,
            json.dumps(
                {
                    "customer": customer,
                    "status": "draft",
                    "placed_at": CREATED_AT,
                    "lines": lines,
                }
            ),
            JSON,
        )
        for customer in world.data.customers
    ]


_turn = itertools.count(1)


def _patch(world: World, who: str) -> Sequence[Request] | None:
    path, method = {
        "ours": ("/api/v1/order/{}", "PATCH"),
        "fab": ("/api/v1/order/{}", "PUT"),
        "drf": ("/api/orders/{}/", "PATCH"),
        "bare": ("/order/{}", "PATCH"),
    }[who]
    body = json.dumps({"note": f"turn {next(_turn)}"})
    with psycopg.connect(world.url) as connection:
        found = connection.execute(
            'SELECT id::text, version FROM "order" TABLESAMPLE SYSTEM (%s)'
            " ORDER BY random() LIMIT %s",
            (min(100.0, 100 * 4 * PATCHES / world.data.orders), PATCHES),
        ).fetchall()
    return [
        Request(method, path.format(record_id), body, {**JSON, "If-Match": f'"{version}"'})
        for record_id, version in found
    ]


def _list_screen(world: World, who: str) -> Sequence[Request] | None:
    path = {
        "ours": "/order/?limit=50",
        "fab": "/orderview/list/?psize_OrderView=50",
        "drf": "/admin/auth/order/",
    }.get(who)
    return [Request("GET", path)] if path else None


def _detail_screen(world: World, who: str) -> Sequence[Request] | None:
    path = {"ours": "/order/{}", "fab": "/orderview/show/{}", "drf": "/admin/auth/order/{}/change/"}
    if who not in path:
        return None
    return [Request("GET", path[who].format(record_id)) for record_id in world.data.ids]


WORKS = (
    Work("a", "one order by id", _one),
    Work("b", "25 orders, filter + sort + customer name", _list("paid")),
    Work("c", "b with a count over a large match", _list("paid", "capped")),
    Work("c2", "b with a count over a small match", _list("returned", "capped")),
    Work("deep", "b, nine tenths down the list", _deep),
    Work("create", "an order with 3 lines", _create),
    Work("patch", "one field of an order", _patch),
    Work("list", "list screen, 50 rows (HTML)", _list_screen, True, connections=4, at_least=8.0),
    Work("detail", "detail screen (HTML)", _detail_screen, True),
)
