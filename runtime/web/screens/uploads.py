"""What a form uploads: checked against its field, pictures written anew, then kept.

A picture is decoded and encoded again, so that nothing but pixels is kept: no metadata of the
camera, nothing hidden behind the picture. Who uploaded a file is remembered, because until a record
holds it, it is theirs alone. A file's own id opens nothing: the record that holds it decides.
"""

from __future__ import annotations

import mimetypes
import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import sqlalchemy as sa
from PIL import Image, ImageOps, UnidentifiedImageError

from generator.model.entity import Field
from generator.model.text import Label
from runtime.errors import FieldError, Invalid
from runtime.files import MOST_PIXELS, PICTURES, FileRefused, FileStore, StoredFile
from runtime.store.engine import read
from runtime.web.attached import MEGABYTE

LARGEST_SIDE = 2400
SIDES = {"small": 160, "large": 800}
"""Sizes a picture is also offered in."""


@dataclass(frozen=True)
class Upload:
    """A file as it was sent."""

    name: str
    content: bytes


def keep(files: FileStore, upload: Upload, field: Field, actor_id: int) -> StoredFile:
    """Keep an upload for a field.

    Raises:
        Invalid: empty, too large, of a type the field does not take, or no picture.

    """
    most = int(field.args.get("max_size") or 20 * MEGABYTE)
    if not upload.content:
        raise refuse(field, "empty", "The file is empty.", "文件为空。")
    if len(upload.content) > most:
        size = f"{most / MEGABYTE:g} MB"
        raise refuse(field, "size", f"The file is larger than {size}.", f"文件不能超过 {size}。")
    name, content = upload.name, upload.content
    if field.type == "image":
        content, ending = _rewritten(content, field)
        name = name.rpartition(".")[0] + ending if "." in name else name + ending
    else:
        _require_accepted(field, name)
    try:
        return files.keep(name, content, actor_id)
    except FileRefused as error:
        raise refuse(
            field, "invalid", "This is not what its name says.", "文件内容与扩展名不符。"
        ) from error


def uploaded_by(files: FileStore, file_id: str) -> int | None:
    """Return who uploaded a file; None when there is no such file."""
    with read(files.engine) as connection:
        statement = sa.select(files.table.c.created_by).where(files.table.c.id == file_id)
        found: int | None = connection.execute(statement).scalar_one_or_none()
    return found


def smaller(files: FileStore, stored: StoredFile, side: int) -> Path:
    """Return where a smaller copy of a picture lies; it is made when first asked for."""
    original = files.path(stored)
    wanted = original.with_name(f"{stored.sha256}.{side}.webp")
    if not wanted.exists():
        with Image.open(original) as picture:
            picture.thumbnail((side, side))
            held = BytesIO()
            _pixels(picture).save(held, "WEBP", quality=82)
        half = wanted.with_name(f"{wanted.name}.{files.make_id()}")
        half.write_bytes(held.getvalue())
        half.replace(wanted)
    return wanted


def _rewritten(content: bytes, field: Field) -> tuple[bytes, str]:
    """Return a picture encoded anew, upright and not larger than needed, and its ending."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(content)) as found:
                _require_picture(found, field)
                is_photograph = found.format == "JPEG"
                upright = _cut(ImageOps.exif_transpose(found), str(field.args.get("aspect") or ""))
                upright.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
                pixels = _pixels(upright)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise refuse(field, "invalid", "This is not a picture.", "这不是图片文件。") from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _too_many_pixels(field) from error
    held = BytesIO()
    pixels.save(held, "JPEG" if is_photograph else "WEBP", quality=88)
    return held.getvalue(), ".jpg" if is_photograph else ".webp"


def _cut(picture: Image.Image, aspect: str) -> Image.Image:
    """Return the middle of a picture in the wanted proportions; people who crop choose the part."""
    if not aspect:
        return picture
    wide, high = map(int, aspect.split(":"))
    width = min(picture.width, max(1, round(picture.height * wide / high)))
    height = min(picture.height, max(1, round(picture.width * high / wide)))
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))


def _require_picture(found: Image.Image, field: Field) -> None:
    if found.width * found.height > MOST_PIXELS:
        raise _too_many_pixels(field)
    if PICTURES.get(str(found.format)) not in (field.args.get("accept") or PICTURES.values()):
        raise _not_accepted(field)


def _pixels(picture: Image.Image) -> Image.Image:
    """Return the pixels alone, in colours every format knows."""
    clear = "A" in picture.getbands() or "transparency" in picture.info
    mode = "RGBA" if clear else "RGB"
    plain = Image.new(mode, picture.size)
    plain.paste(picture.convert(mode))
    return plain


def _require_accepted(field: Field, name: str) -> None:
    accepted = tuple(field.args.get("accept") or ())
    if not accepted:
        return
    ending = "." + name.rpartition(".")[2].lower()
    media_type = _media_type(name)
    if not {ending, media_type, media_type.partition("/")[0] + "/*"} & set(accepted):
        raise _not_accepted(field)


def _media_type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _too_many_pixels(field: Field) -> Invalid:
    return refuse(field, "size", "The picture has too many pixels.", "图片像素过多。")


def _not_accepted(field: Field) -> Invalid:
    accepted = ", ".join(field.args.get("accept") or ())
    return refuse(
        field,
        "type",
        f"This type of file is not taken here. Allowed: {accepted}.",
        f"不支持此类型的文件，可用：{accepted}。",
    )


def refuse(field: Field, code: str, en: str, zh: str) -> Invalid:
    """Return the refusal of an upload, at its field."""
    message = Label({"en": en, "zh": zh})
    return Invalid(message, (FieldError(field.name, code, message),))
