"""What is sent for a field: checked against it, pictures written anew, then kept.

A picture is decoded and encoded again, so that nothing but pixels is kept: no metadata of the
camera, nothing hidden behind the picture. Forms and imports keep files through this.
"""

from __future__ import annotations

import mimetypes
import warnings
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from generator.field_types.file import MEGABYTE
from generator.model.entity import Field
from generator.model.text import Label
from runtime.errors import FieldError, Invalid
from runtime.files import MOST_PIXELS, PICTURES, FileRefused, FileStore, StoredFile

LARGEST_SIDE = 2400


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
    name, content = checked(upload, field)
    try:
        return files.keep(name, content, actor_id)
    except FileRefused as error:
        raise _untrue(field) from error


def take(files: FileStore, upload: Upload, field: Field) -> StoredFile:
    """Keep the bytes of an upload for a field, and leave its row to the caller.

    Raises:
        Invalid: as `keep`.

    """
    name, content = checked(upload, field)
    try:
        return files.take(name, content)
    except FileRefused as error:
        raise _untrue(field) from error


def largest(field: Field) -> int:
    """Return the most bytes that a field takes."""
    return int(field.args.get("max_size") or 20 * MEGABYTE)


def too_large(field: Field) -> Invalid:
    """Return the refusal of an upload with too many bytes."""
    size = f"{largest(field) / MEGABYTE:g} MB"
    return refuse(field, "size", f"The file is larger than {size}.", f"文件不能超过 {size}。")


def checked(upload: Upload, field: Field) -> tuple[str, bytes]:
    """Return the name and bytes that are kept of an upload.

    Raises:
        Invalid: empty, too large, of a type the field does not take, or no picture.

    """
    if not upload.content:
        raise refuse(field, "empty", "The file is empty.", "文件为空。")
    if len(upload.content) > largest(field):
        raise too_large(field)
    name, content = upload.name, upload.content
    if field.type == "image":
        content, ending = _rewritten(content, field)
        name = name.rpartition(".")[0] + ending if "." in name else name + ending
    else:
        _require_accepted(field, name)
    return name, content


def _untrue(field: Field) -> Invalid:
    return refuse(field, "invalid", "This is not what its name says.", "文件内容与扩展名不符。")


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
                clear = pixels(upright)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise refuse(field, "invalid", "This is not a picture.", "这不是图片文件。") from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _too_many_pixels(field) from error
    held = BytesIO()
    clear.save(held, "JPEG" if is_photograph else "WEBP", quality=88)
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


def pixels(picture: Image.Image) -> Image.Image:
    """Return the pixels alone, in colours every format knows."""
    is_clear = "A" in picture.getbands() or "transparency" in picture.info
    mode = "RGBA" if is_clear else "RGB"
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
