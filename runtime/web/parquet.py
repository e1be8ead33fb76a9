"""Rows → a Parquet file, by DuckDB, which is an extra: `pip install 'shopwright[parquet]'`.

In: a heading, rows, and the types of the columns. Out: pieces of bytes. The rows go through JSON
lines on the disk, so memory does not grow with them. DuckDB is half the size of pyarrow and needs
nothing beside itself; most shops never ask for Parquet, so neither is installed with the rest.
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from generator.model.text import Label
from runtime.errors import FieldError, Invalid

if TYPE_CHECKING:
    from generator.field_types import FieldType
    from generator.kinds import Catalog
    from runtime.store.plan import QueryPlan

PIECE = 64 * 1024
MISSING = Label(
    {
        "en": "Parquet needs a part that is not installed here: pip install 'shopwright[parquet]'.",
        "zh": "Parquet 需要另外安装组件：pip install 'shopwright[parquet]'。",
    }
)
KINDS = {
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMP WITH TIME ZONE",
    "time": "TIME",
}
SETTINGS = "SET memory_limit = '96MB'; SET threads = 1; SET TimeZone = 'UTC'"


def available() -> bool:
    """Return whether files of this format can be written here."""
    return importlib.util.find_spec("duckdb") is not None


def require() -> None:
    """Refuse where they cannot.

    Raises:
        Invalid: the library is not installed.

    """
    if not available():
        raise Invalid(MISSING, (FieldError("format", "not_installed", MISSING),))


def kinds(catalog: Catalog[FieldType], plan: QueryPlan, heading: Sequence[str]) -> tuple[str, ...]:
    """Return the types of columns; what somebody may see masked is a text, like its mask."""
    fields = {path.text: path.field for path in plan.paths}
    found = []
    for text in heading:
        field = fields[text]
        places = getattr(catalog[field.type], "places", None)
        known = KINDS.get(field.type, "VARCHAR")
        if places is not None:
            known = f"DECIMAL(38, {places(field)})"
        found.append("VARCHAR" if text in plan.veiled else known)
    return tuple(found)


def write(
    heading: Sequence[str], rows: Iterable[Sequence[Any]], types: Sequence[str]
) -> Iterator[bytes]:
    """Yield the file; its rows are on the disk, not in memory."""
    import duckdb  # noqa: PLC0415 (an extra, and large)

    columns = [f"column{number}" for number in range(len(heading))]
    typed = ", ".join(f"'{name}': 'VARCHAR'" for name in columns)
    chosen = ", ".join(
        f"{name} AS {_quoted(text)}"
        if kind == "VARCHAR"
        else f"CAST({name} AS {kind}) AS {_quoted(text)}"
        for name, kind, text in zip(columns, types, heading, strict=True)
    )
    with tempfile.TemporaryDirectory() as folder:
        table, made = Path(folder, "rows.jsonl"), Path(folder, "rows.parquet")
        with table.open("wb") as lines:
            for row in rows:
                cells = zip(
                    columns, (None if one is None else str(one) for one in row), strict=True
                )
                lines.write(orjson.dumps(dict(cells), option=orjson.OPT_APPEND_NEWLINE))
        with duckdb.connect() as connection:
            connection.execute(SETTINGS)
            connection.execute(
                f"COPY (SELECT {chosen} FROM read_json('{table}', "
                f"format = 'newline_delimited', columns = {{{typed}}})) "
                f"TO '{made}' (FORMAT parquet, COMPRESSION zstd)"
            )
        with made.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


def _quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
