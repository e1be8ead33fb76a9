"""The files beside a record: a picture is shown small, everything else by its name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from runtime.files import PICTURES
from runtime.operations._attachments import Attachment
from runtime.web.screens.visit import Visit, caller, record_url

PREVIEWED = {"application/pdf"}
"""What a browser shows by itself, beside pictures."""
ICONS = {"application/pdf": "file-type-pdf", "text/csv": "file-spreadsheet"}
KILO = 1000


@dataclass(frozen=True, slots=True)
class FileBox:
    """One file."""

    id: str
    name: str
    size: str
    who: str
    url: str
    """Downloads it."""
    show_url: str
    """Opens it in the browser; empty for what is only downloaded."""
    picture_url: str
    """A small copy; empty for everything but pictures."""
    delete_url: str
    icon: str


def file_boxes(
    visit: Visit, entity: str, record_id: str, files: Iterable[Attachment], *, changes: bool
) -> tuple[FileBox, ...]:
    """Return the files of a record; `changes` is whether they may be taken away."""
    found = []
    for file in files:
        url = record_url(entity, record_id, f"attachments/{file.id}")
        is_picture = file.media_type in PICTURES.values()
        found.append(
            FileBox(
                id=file.id,
                name=file.name,
                size=size_text(file.size),
                who=caller(visit, file.actor_name, file.actor_id),
                url=url,
                show_url=f"{url}?show=1" if is_picture or file.media_type in PREVIEWED else "",
                picture_url=f"{url}?size=small" if is_picture else "",
                delete_url=f"{url}/delete" if changes else "",
                icon=ICONS.get(file.media_type, "photo" if is_picture else "file"),
            )
        )
    return tuple(found)


def size_text(size: int) -> str:
    """Return a number of bytes as people read it."""
    amount, units = float(size), ["GB", "MB", "KB", "B"]
    while amount >= KILO and len(units) > 1:
        amount /= KILO
        units.pop()
    return (
        f"{amount:.0f} {units[-1]}" if amount >= 10 or size < KILO else f"{amount:.1f} {units[-1]}"
    )
