"""A ZIP of files beside a table: rows name what lies in it.

Nothing is ever unpacked to disk and no name in it becomes a path; what a row names is read into
memory as far as its field takes. An archive that nobody could have meant (names that lead out of
it, a password, files beyond number or size) is refused as a whole, before a row is read.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path, PurePosixPath

from generator.model.text import Label
from runtime.importing.faults import FileFault

MOST_FILES = 20_000
MOST_BYTES = 4_000_000_000
"""Of all files together, as the archive says."""
MOST_TIMES = 200
"""No picture becomes so many times smaller by packing; a file that does is a bomb."""
SMALL = 1_000_000
"""A file up to this size may be packed as well as it likes."""
NOISE = ("__MACOSX/",)
ENCRYPTED = 0x1


class NotThere(Exception):
    """A file that a row names cannot be had of the archive."""

    def __init__(self, code: str, en: str, zh: str) -> None:
        super().__init__(en)
        self.code, self.message = code, Label({"en": en, "zh": zh})


class PictureArchive:
    """The files of an archive, by what rows may call them."""

    def __init__(self, path: Path) -> None:
        """Open it and look at what it says of its files.

        Raises:
            FileFault: it is no archive, or one that is not taken.

        """
        try:
            self.archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise FileFault(
                "The pictures are no ZIP archive, or one that is torn.",
                "图片文件不是 ZIP 压缩包，或压缩包已损坏。",
            ) from error
        try:
            files = self._files()
        except FileFault:
            self.close()
            raise
        self.by_path: dict[str, list[zipfile.ZipInfo]] = {}
        self.by_name: dict[str, list[zipfile.ZipInfo]] = {}
        for one in files:
            self.by_path.setdefault(one.filename.casefold(), []).append(one)
            name = PurePosixPath(one.filename).name.casefold()
            self.by_name.setdefault(name, []).append(one)

    def close(self) -> None:
        """Let the file go."""
        self.archive.close()

    def read(self, text: str, most: int) -> tuple[str, bytes]:
        """Return the name and the bytes of the file that a cell names.

        Args:
            text: its path in the archive, or its name where only one is called so.
            most: bytes that are wanted of it; one more is returned of a larger one.

        Raises:
            NotThere: there is none, there are several, or it cannot be read.

        """
        wanted = text.replace("\\", "/").removeprefix("./").lstrip("/").casefold()
        found = self.by_path.get(wanted) or self.by_name.get(PurePosixPath(wanted).name, [])
        if not found:
            raise NotThere(
                "not_in_archive",
                f"The archive holds no file '{text}'.",
                f"压缩包中没有文件“{text}”。",
            )
        if len(found) > 1:
            raise NotThere(
                "twice_in_archive",
                f"The archive holds {len(found)} files called '{text}'; give each its own name.",
                f"压缩包中有 {len(found)} 个名为“{text}”的文件，请使用不同的文件名。",
            )
        (one,) = found
        try:
            with self.archive.open(one) as stream:
                return PurePosixPath(one.filename).name, stream.read(most + 1)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError) as error:
            raise NotThere(
                "torn_in_archive",
                f"The file '{text}' of the archive cannot be read; pack it anew.",
                f"压缩包中的文件“{text}”无法读取，请重新打包。",
            ) from error

    def _files(self) -> list[zipfile.ZipInfo]:
        every = [one for one in self.archive.infolist() if not _is_noise(one)]
        if len(every) > MOST_FILES:
            raise FileFault(
                f"The archive holds more than {MOST_FILES} files; send it in parts.",
                f"压缩包中的文件超过 {MOST_FILES} 个，请分批上传。",
            )
        for one in every:
            _require_harmless(one)
        if sum(one.file_size for one in every) > MOST_BYTES:
            raise FileFault(
                "The files of the archive are too large together; send it in parts.",
                "压缩包解压后过大，请分批上传。",
            )
        return every


def _is_noise(one: zipfile.ZipInfo) -> bool:
    name = one.filename
    return one.is_dir() or name.startswith(NOISE) or PurePosixPath(name).name.startswith(".")


def _require_harmless(one: zipfile.ZipInfo) -> None:
    name = one.filename.replace("\\", "/")
    if ".." in name.split("/") or name.startswith("/") or name[1:2] == ":":
        raise FileFault(
            f"The archive holds a name that leads out of it: '{one.filename[:200]}'. Pack it anew.",
            f"压缩包中有指向外部的路径“{one.filename[:200]}”，请重新打包。",
        )
    if one.flag_bits & ENCRYPTED:
        raise FileFault(
            "The archive has a password; send it without one.", "压缩包已加密，请去除密码后上传。"
        )
    if one.file_size > SMALL and one.file_size > MOST_TIMES * max(one.compress_size, 1):
        raise FileFault(
            f"'{one.filename[:200]}' unfolds to far more than it says it is; no picture does that.",
            f"文件“{one.filename[:200]}”解压后异常膨胀，不是正常的图片。",
        )
