"""An import that a person asked for: what is kept with its run, and the table it is about.

In: an upload by the id it is kept under, how it is to be read, which column fills what. Out: the
same as small JSON, because a run is a row and a worker reads it in another process.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from runtime.files import FileStore, StoredFile
from runtime.importing.choosing import Wish
from runtime.importing.faults import FileFault
from runtime.importing.formats import Formats
from runtime.importing.tables import Reading


@dataclass(frozen=True)
class Asked:
    """What somebody wants of an upload."""

    entity: str
    file: str
    """The id the upload is kept under."""
    name: str
    """What the person's file is called."""
    map_name: str = ""
    """An import map of the definitions; empty when the columns say what they are."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """By column: the path it fills."""
    mode: str = "upsert"
    key: tuple[str, ...] = ()
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    numbers: str = ""
    """How numbers are written; one of `formats.NUMBERS`, empty for what every field understands."""
    days: str = ""
    """How days are written; one of `formats.DAYS`."""
    create: tuple[str, ...] | None = None
    """Fields whose record is created when it is not there; None for what the map says."""
    pictures: bool = False
    """Files that rows name are taken too: fetched from their address, or from the archive."""
    archive: str = ""
    """The id of the ZIP of files beside the table."""
    whole: bool = False
    """Nothing is imported when a row is refused."""
    dry_run: bool = True
    locale: str = "en"
    time_zone: str = ""

    def told(self) -> dict[str, Any]:
        """Return it as a run keeps it."""
        return {
            **self.__dict__,
            "columns": dict(self.columns),
            "key": list(self.key),
            "create": None if self.create is None else list(self.create),
        }

    def but(self, **changes: Any) -> Asked:
        """Return the same but for something."""
        return replace(self, **changes)

    @property
    def reading(self) -> Reading:
        """How the file is read."""
        return Reading(self.encoding, self.delimiter, self.sheet)

    @property
    def wish(self) -> Wish:
        """What is chosen by it."""
        if self.map_name:
            # a map knows the keys and the modes of each of its parts
            return Wish(
                "", self.map_name, "", (), self.reading, create=self.create, pictures=self.pictures
            )
        return Wish(
            self.entity,
            "",
            self.mode,
            self.key,
            self.reading,
            dict(self.columns),
            self.create,
            formats=Formats(self.numbers, self.days),
        )


def asked_of(told: Mapping[str, Any]) -> Asked:
    """Return what a run was asked for."""
    names = Asked.__dataclass_fields__
    given = {name: value for name, value in told.items() if name in names}
    lists = {name: tuple(given[name]) for name in ("key", "create") if given.get(name) is not None}
    return Asked(**{**given, **lists})


@contextmanager
def opened(files: FileStore, file_id: str) -> Iterator[Path]:
    """Give the path of an upload under the name it came with, as long as it is read.

    Raises:
        FileFault: it is no longer kept.

    """
    stored = files.find(file_id)
    if stored is None or not files.path(stored).is_file():
        raise FileFault("The file is no longer kept; send it again.", "文件已过期，请重新上传。")
    with under_its_name(files, stored) as path:
        yield path


@contextmanager
def under_its_name(files: FileStore, stored: StoredFile) -> Iterator[Path]:
    """Give the path of bytes that are kept, under the name they came with, while they are read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (stored.name.lstrip(".") or "file")
        path.symlink_to(files.path(stored).resolve())
        yield path
