"""The bytes of attachments: what was sent is checked and kept, what is asked for is handed out.

Screens and REST send and fetch files through this, so that one rule says how large they may be and
what they may be. A file leaves as bytes to be saved: its type is never one that a browser would run
as a page of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from generator.model.text import Label
from runtime.errors import FieldError, Invalid
from runtime.files import PICTURES, FileRefused, FileStore, StoredFile

MEGABYTE = 1_000_000
LARGEST = 20 * MEGABYTE
FIELD = "file"
"""What an attachment is called in a request, and in its refusals."""
CHUNK = 256 * 1024
HARMLESS = frozenset(
    {
        *PICTURES.values(),
        "application/json",
        "application/msword",
        "application/pdf",
        "application/rtf",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/zip",
        *(f"text/{kind}" for kind in ("calendar", "csv", "markdown", "plain", "vcard")),
    }
)
"""Types that nothing runs; all others but those of `FAMILIES` leave as plain bytes."""
FAMILIES = ("audio/", "video/", "application/vnd.openxmlformats-", "application/vnd.oasis.")


def keep(files: FileStore, name: str, content: bytes, actor_id: int) -> StoredFile:
    """Keep a file that is to be attached.

    Raises:
        Invalid: empty, too large, or not what its name says.

    """
    if not content:
        raise wrong("empty", "The file is empty.", "文件为空。")
    if len(content) > LARGEST:
        size = LARGEST // MEGABYTE
        raise wrong("size", f"The file is larger than {size} MB.", f"文件不能超过 {size} MB。")
    try:
        return files.keep(name, content, actor_id)
    except FileRefused as error:
        raise wrong(
            "invalid", "This is not what its name says.", "文件内容与扩展名不符。"
        ) from error


def wrong(code: str, en: str, zh: str) -> Invalid:
    """Return the refusal of a file."""
    message = Label({"en": en, "zh": zh})
    return Invalid(message, (FieldError(FIELD, code, message),))


def safe_type(stored: StoredFile) -> str:
    """Return the media type a file may leave with."""
    kind = stored.media_type
    harmless = kind in HARMLESS or kind.startswith(FAMILIES)
    return kind if harmless else "application/octet-stream"


def saved_as(name: str) -> str:
    """Return the header that makes a browser save a file under its name, in any script."""
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"


def chunks(place: Path) -> Iterator[bytes]:
    """Yield the bytes of a file; it is opened when the first of them is wanted."""
    with place.open("rb") as stream:
        while piece := stream.read(CHUNK):
            yield piece
