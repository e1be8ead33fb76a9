"""`type: file`: a file, kept by its id; the file itself lies in the store."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
import sqlalchemy as sa

from generator.expressions import types
from generator.field_types import (
    ANYONE,
    EMPTY,
    Cell,
    Example,
    FieldType,
    Input,
    Viewer,
)
from generator.field_types._ids import WRITTEN, RecordId, id_type
from generator.kinds import Arg
from generator.model.entity import Field

ID = "01930000-0000-7000-8000-000000000001"
MEGABYTE = 1_000_000


class File(FieldType):
    args = {
        "accept": Arg(
            "list",
            "Media types or endings allowed, such as application/pdf; all if missing.",
            default=(),
            of=Arg(
                "text",
                "A media type such as image/png, or an ending such as .pdf.",
                pattern=r"[a-z]+/[a-z0-9.+*-]+|\.[a-z0-9]+",
            ),
        ),
        "max_size": Arg(
            "integer", "The most bytes.", default=20 * MEGABYTE, minimum=1, maximum=1000 * MEGABYTE
        ),
    }
    operators = ("empty",)
    sortable = False
    examples = (Example(ID, ID, ID),)
    rejects = (7, "file.pdf", "../" + ID, True, {"id": ID}, ID + "\x00", [])

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return id_type()

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return RecordId(**options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Opaque()

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        return EMPTY if value is None else Cell(value, "file")

    def input(self, field: Field) -> Input:
        return Input("file", file_attributes(field))

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        return text.strip() or None

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "format": "uuid", "pattern": f"^{WRITTEN.pattern}$"}


def file_attributes(field: Field) -> dict[str, str]:
    """Return the HTML attributes that keep a browser from offering the wrong files."""
    accept = ",".join(field.args.get("accept") or ())
    attributes = {"data-max-size": str(field.args.get("max_size") or 20 * MEGABYTE)}
    return {"accept": accept, **attributes} if accept else attributes
