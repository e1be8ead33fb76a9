"""Files are kept once, under names no one outside chose, as what their bytes say they are."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from runtime.files import FileRefused, FileStore
from runtime.runtime import new_id
from tests.databases import sqlite_url
from tests.offices import NOON, open_office

CLINIC = Path(__file__).parents[1] / "domains" / "clinic"


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    runtime = open_office(CLINIC, sqlite_url(tmp_path)).runtime
    folder = tmp_path / "files"
    return FileStore(folder, runtime.engine, runtime.system.file, lambda: NOON, new_id)


def picture(kind: str = "PNG") -> bytes:
    out = BytesIO()
    Image.new("RGB", (8, 4), "red").save(out, kind)
    return out.getvalue()


def test_a_picture_is_kept_with_its_kind_and_size(files: FileStore) -> None:
    stored = files.keep("shelf.png", picture(), by=3)
    assert (stored.media_type, stored.width, stored.height) == ("image/png", 8, 4)
    assert files.find(stored.id) == stored
    assert files.path(stored).read_bytes() == picture()


def test_the_bytes_say_what_a_picture_is_not_its_name(files: FileStore) -> None:
    assert files.keep("shelf.jpg", picture("WEBP"), by=3).media_type == "image/webp"


@pytest.mark.parametrize("content", [b"", b"<html>", picture()[:20]])
def test_a_picture_that_is_none_is_refused(files: FileStore, content: bytes) -> None:
    with pytest.raises(FileRefused):
        files.keep("shelf.png", content, by=3)


def test_the_same_bytes_lie_in_the_folder_once(files: FileStore) -> None:
    first, second = (files.keep(name, b"terms", by=3) for name in ("a.pdf", "b.pdf"))
    assert first.id != second.id
    assert files.path(first) == files.path(second)
    assert len([path for path in files.folder.rglob("*") if path.is_file()]) == 1


def test_a_name_from_outside_never_leads_out_of_the_folder(files: FileStore) -> None:
    stored = files.keep("..\\..\\/etc/passwd", b"x", by=3)
    assert stored.name == "passwd"
    assert files.path(stored).is_relative_to(files.folder)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("\u202egnp.exe", "gnp.exe"),
        ("a\x00b.pdf", "ab.pdf"),
        ("two\r\nlines.pdf", "twolines.pdf"),
        ("in\u200bvisible\ufeff.pdf", "invisible.pdf"),
        ("\ud800.pdf", "pdf"),
        ("....//..pdf", "pdf"),
        ("...", "file"),
        ("合同 2026.pdf", "合同 2026.pdf"),
        ("e\u0301.pdf", "é.pdf"),
        ("README", "README"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("." + "x" * 300, "x" * 200),
    ],
)
def test_a_name_is_made_of_signs_that_people_see(files: FileStore, name: str, kept: str) -> None:
    assert files.keep(name, b"x", by=3).name == kept


def test_an_unknown_file_is_not_found(files: FileStore) -> None:
    assert files.find("01930000-0000-7000-8000-000000000001") is None
