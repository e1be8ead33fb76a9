"""The limit: WSGI, psycopg with prepared statements, orjson; no rights, no checks, no framework.

Served as `benchmarks.peers.bare:create()`; the database is in DATABASE_URL. The writes write the very
rows that ours writes: record, lines, number, audit, outbox.
"""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import orjson
import psycopg
import uuid_utils
from psycopg.rows import dict_row

ONE = (
    'SELECT id::text, number, customer::text, status, placed_at, note, total, created_at, created_by,'
    ' updated_at, updated_by, version, archived_at FROM "order" WHERE id = %s AND archived_at IS NULL'
)
PAGE = (
    "SELECT o.id::text, o.number, o.status, o.placed_at, o.total, o.version, c.id::text AS customer,"
    ' c.name FROM (SELECT * FROM "order" WHERE status = %s AND archived_at IS NULL'
    " ORDER BY placed_at DESC, id DESC LIMIT 26) o JOIN customer c ON c.id = o.customer"
    " ORDER BY o.placed_at DESC, o.id DESC"
)
AFTER = PAGE.replace("IS NULL ORDER", "IS NULL AND (placed_at, id) < (%s, %s) ORDER")
COUNT = 'SELECT count(*) FROM "order" WHERE status = %s AND archived_at IS NULL'
NUMBER = (
    "INSERT INTO sw_sequence (name, next) VALUES ('bare', 2)"
    " ON CONFLICT (name) DO UPDATE SET next = sw_sequence.next + 1 RETURNING next"
)
ENGINE = "created_at, created_by, updated_at, updated_by, version"
ORDER = (
    f'INSERT INTO "order" (id, number, customer, status, placed_at, total, {ENGINE})'
    " VALUES (%s, %s, %s, %s, %s, %s, %s, 1, %s, 1, 1)"
)
LINE = (
    f'INSERT INTO order_line (id, item, quantity, price, amount, "order", position, {ENGINE})'
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 1, %s, 1, 1)"
)
AUDIT = (
    "INSERT INTO sw_audit (id, at, actor_id, actor_name, actor_kind, operation, entity, record_id,"
    " record_title, before, after, source, digest)"
    " VALUES (%s, %s, 1, 'bare', 'user', %s, 'order', %s, '', %s, %s, 'rest', 'bare')"
)
OUTBOX = (
    "INSERT INTO sw_outbox (id, topic, entity, record_id, payload, created_at, next_at, attempts)"
    " VALUES (%s, %s, 'order', %s, '{}', %s, %s, 0)"
)
READ = 'SELECT note, version FROM "order" WHERE id = %s FOR UPDATE'
CHANGE = (
    'UPDATE "order" SET note = %s, version = version + 1, updated_at = %s, updated_by = 1'
    " WHERE id = %s RETURNING version"
)
JSON = [("Content-Type", "application/json")]
local = threading.local()


def connection() -> psycopg.Connection[dict[str, Any]]:
    """Return this thread's connection."""
    if not hasattr(local, "connection"):
        local.connection = psycopg.connect(
            os.environ["DATABASE_URL"], autocommit=True, prepare_threshold=0, row_factory=dict_row
        )
    return local.connection


def new_id() -> str:
    """Return a UUIDv7."""
    return str(uuid_utils.uuid7())


def read_one(record_id: str) -> Any:
    """Return one order."""
    return connection().execute(ONE, (record_id,)).fetchone()


def read_page(query: dict[str, list[str]]) -> Any:
    """Return 25 orders of a status, after a place when one is given, counted when asked."""
    status = query["status"][0]
    statement, values = PAGE, (status,)
    if "at" in query:
        statement, values = AFTER, (status, query["at"][0], query["id"][0])
    page: dict[str, Any] = {"data": connection().execute(statement, values).fetchall()[:25]}
    if "count" in query:
        page["total"] = connection().execute(COUNT, (status,)).fetchone()["count"]
    return page


def create_order(body: bytes) -> Any:
    """Write an order with its lines, number, audit and outbox; return it."""
    sent = orjson.loads(body)
    now, order_id = datetime.now(UTC), new_id()
    lines = [
        (
            new_id(),
            line["item"],
            line["quantity"],
            line["price"],
            line["quantity"] * line["price"],
            order_id,
            position,
            now,
            now,
        )
        for position, line in enumerate(sent["lines"])
    ]
    total = sum(line[4] for line in lines)
    one = connection()
    with one.transaction(), one.cursor() as cursor:
        number = cursor.execute(NUMBER).fetchone()["next"]
        row = (order_id, f"B{number:06}", sent["customer"], sent["status"], sent["placed_at"])
        cursor.execute(ORDER, (*row, total, now, now))
        cursor.executemany(LINE, lines)
        after = orjson.dumps({**sent, "total": total}).decode()
        cursor.execute(AUDIT, (new_id(), now, "create", order_id, None, after))
        cursor.execute(OUTBOX, (new_id(), "order.create", order_id, now, now))
    return {"id": order_id, "number": row[1], "total": total, **sent}


def patch_order(record_id: str, body: bytes) -> Any:
    """Change the note of an order, with audit and outbox."""
    note, now = orjson.loads(body)["note"], datetime.now(UTC)
    one = connection()
    with one.transaction(), one.cursor() as cursor:
        before = cursor.execute(READ, (record_id,)).fetchone()
        version = cursor.execute(CHANGE, (note, now, record_id)).fetchone()["version"]
        old = orjson.dumps({"note": before["note"]}).decode()
        new = orjson.dumps({"note": note}).decode()
        cursor.execute(AUDIT, (new_id(), now, "update", record_id, old, new))
        cursor.execute(OUTBOX, (new_id(), "order.update", record_id, now, now))
    return {"id": record_id, "note": note, "version": version}


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer /order, /order/ID and the writes."""
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    if method == "GET":
        record_id = path[7:]
        query = parse_qs(environ["QUERY_STRING"])
        found = read_one(record_id) if record_id else read_page(query)
    else:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        found = create_order(body) if method == "POST" else patch_order(path[7:], body)
    answer = orjson.dumps(found)
    start_response("200 OK", [*JSON, ("Content-Length", str(len(answer)))])
    return [answer]


def create() -> Any:
    """Return the WSGI application."""
    return app
