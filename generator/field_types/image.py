"""`type: image`: a picture, kept by its id; shown small in lists and large on its record."""

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
from generator.field_types.file import ID, MEGABYTE, file_attributes
from generator.kinds import Arg
from generator.model.entity import Field


class Image(FieldType):
    args = {
        "accept": Arg(
            "list",
            "Media types allowed.",
            default=("image/jpeg", "image/png", "image/webp", "image/gif"),
            of=Arg("text", "A media type such as image/png.", pattern=r"image/[a-z0-9.+-]+"),
        ),
        "max_size": Arg(
            "integer", "The most bytes.", default=10 * MEGABYTE, minimum=1, maximum=100 * MEGABYTE
        ),
        "aspect": Arg(
            "text",
            "Width to height, such as 1:1 or 4:3; every picture is cut to it.",
            pattern=r"[1-9][0-9]?:[1-9][0-9]?",
        ),
    }
    operators = ("empty",)
    sortable = False
    examples = (Example(ID, ID, ID),)
    rejects = (7, "photo.png", True, {"id": ID}, ID + "\x00", [])

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return id_type()

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return RecordId(**options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Opaque()

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        return EMPTY if value is None else Cell(value, "image")

    def input(self, field: Field) -> Input:
        attributes = file_attributes(field)
        aspect = field.args.get("aspect")
        return Input("image", {**attributes, "data-aspect": str(aspect)} if aspect else attributes)

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        return text.strip() or None

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "format": "uuid", "pattern": f"^{WRITTEN.pattern}$"}
