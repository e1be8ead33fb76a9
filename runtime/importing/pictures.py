"""Pictures and files that rows name: by an address elsewhere, or by a name in a ZIP beside them.

In: what the cells of such fields say, gathered before anything is written. Out: the id of the file
each cell means, or an `Unfound` that the row is refused with, in words its author understands.
Each address is fetched once, however many rows name it, and what was fetched is noted, so that a
run which was killed does not ask again. A dry run looks into the archive, counts the addresses and
asks nobody: of an address that was fetched before stands the file it was then, and what stands for
the others is undone with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
import sqlalchemy as sa

from generator.field_types._ids import WRITTEN
from generator.model.entity import Field
from generator.model.text import Label
from runtime.errors import Invalid
from runtime.files import FileStore, StoredFile
from runtime.importing.faults import FileFault
from runtime.importing.picture_archive import NotThere, PictureArchive
from runtime.keeping import Upload, checked, largest, take, too_large
from runtime.outside import fetching
from runtime.outside.fetching import Fetched, fetch, is_address
from runtime.store import inserts
from runtime.store.engine import read

AT_ONCE = 4
MOST_ADDRESSES = 20_000
GIVEN_UP = 3
"""After so many times in a row that nobody answered, a host is not asked again."""
Told = Callable[[int, int], None]
"""Hears how many addresses were asked, of how many."""

WHY: Mapping[str, tuple[str, str]] = {
    fetching.BAD: (
        "This is no address of a file; write it whole, beginning with https://.",
        "这不是完整的文件地址，请填写以 https:// 开头的地址。",
    ),
    fetching.INSIDE: (
        "This address leads to where nothing is fetched from.",
        "不允许从此地址获取文件。",
    ),
    fetching.UNREACHABLE: ("Nobody answers at this address.", "此地址无法访问。"),
    fetching.TOO_SLOW: ("It took too long to fetch it.", "获取文件超时。"),
    fetching.TOO_FAR: (
        "This address leads on and on, and never to a file.",
        "此地址重定向次数过多。",
    ),
}
GONE = frozenset({404, 410})
CLOSED = frozenset({401, 403, 407})


class Unfound(str):
    """What a cell says, where the file it names cannot be had; never the id of one."""

    code: str
    message: Label

    def __new__(cls, text: str, code: str, message: Label) -> Unfound:
        made = super().__new__(cls, text)
        made.code, made.message = code, message
        return made


@dataclass
class PictureCounts:
    """What rows name."""

    addresses: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    lacking: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    """Addresses of which the trial took what was fetched before."""

    def told(self) -> dict[str, int]:
        """Return it as a run keeps it; without what is nought."""
        found = {
            "addresses": len(self.addresses),
            "names": len(self.names),
            "lacking": len(self.lacking),
            "known": len(self.known),
        }
        return {name: count for name, count in found.items() if count}


class Pictures:
    """The files that one import names."""

    def __init__(
        self,
        store: FileStore,
        by: int,
        allowed: Sequence[str] = (),
        *,
        archive: PictureArchive | None = None,
        dry_run: bool = False,
        notes: Path | None = None,
    ) -> None:
        self.store, self.by, self.allowed = store, by, allowed
        self.archive, self.dry_run, self.notes = archive, dry_run, notes
        self.counts = PictureCounts()
        self.wanted: dict[str, dict[str, Field]] = {}
        """By address: the fields it is fetched for, each by its name."""
        self.fetched: dict[tuple[str, str], StoredFile | Unfound] = {}
        self.ids: dict[tuple[str, str], str] = {}
        self.pending: list[dict[str, Any]] = []
        self.sources: dict[str, str] = {}
        """By the id of a file that was there: the address it was fetched from now, hashed."""
        self.silent: dict[str, int] = {}
        """By host: how often in a row nobody answered."""

    def want(self, text: str, model: Field) -> None:
        """Remember that a row names something.

        Raises:
            FileFault: the file names more addresses than one import fetches.

        """
        url = _address(text)
        if not is_address(url):
            return
        self.wanted.setdefault(url, {})[_rule(model)] = model
        if len(self.wanted) > MOST_ADDRESSES:
            raise FileFault(
                f"The file names more than {MOST_ADDRESSES} pictures to fetch; send it in parts.",
                f"文件中需要获取的图片超过 {MOST_ADDRESSES} 个，请分批导入。",
            )

    def fetch_all(self, told: Told) -> None:
        """Fetch everything that was named; nothing in a dry run.

        `told` hears how far it is, between two of them; what it raises ends the fetching.
        """
        if self.dry_run or not self.wanted:
            return
        self._recall()
        left = iter([url for url, rules in self.wanted.items() if self._lacks(url, rules)])
        done = len(self.wanted)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while some := list(islice(left, AT_ONCE)):
                # where nobody answers is decided between two rounds, so no two threads write it
                for url, found in zip(some, pool.map(self._ask, some), strict=True):
                    self._took(url, found)
                told(sum(1 for url in self.wanted if not self._lacks(url, self.wanted[url])), done)

    def keep(self, text: str, model: Field) -> str | None:
        """Return the id of the file a cell means, or an `Unfound`; None where it says nothing."""
        text = text.strip()
        if not text or WRITTEN.fullmatch(text):
            return text or None
        place = (text, _rule(model))
        if place not in self.ids:
            found = self._of(text, model)
            source = "" if self.dry_run else _source(_address(text))
            self.ids[place] = found if isinstance(found, Unfound) else self._id(found, source)
            if isinstance(found, Unfound):
                self.counts.lacking.add(text)
        return self.ids[place]

    def write(self, connection: sa.Connection) -> None:
        """Write the rows of what was named since the last time, in the caller's transaction."""
        table = self.store.table
        sources = {**{one["id"]: one["source"] for one in self.pending}, **self.sources}
        for source in filter(None, sources.values()):
            # what lay at an address before is not what lies there now
            mine = (table.c.source == source, table.c.created_by == self.by)
            connection.execute(table.update().where(*mine).values(source=None))
        inserts.insert_many(connection, table, self.pending)
        for known, source in self.sources.items():
            connection.execute(table.update().where(table.c.id == known).values(source=source))
        self.pending, self.sources = [], {}

    def _of(self, text: str, model: Field) -> StoredFile | Unfound:
        url = _address(text)
        if "://" in url:
            self.counts.addresses.add(url)
            if not is_address(url):
                return _unfound(text, Fetched(code=fetching.BAD), model)
            if self.dry_run:
                return self._stand_in(url)
            found = self.fetched.get((url, _rule(model)))
            return _unfound(text, Fetched(), model) if found is None else found
        if self.archive is None:
            return Unfound(
                text,
                "no_archive",
                Label(
                    {
                        "en": "This names a file; send a ZIP with it, or write its address.",
                        "zh": "此处为文件名，请同时上传包含该文件的 ZIP，或填写图片地址。",
                    }
                ),
            )
        self.counts.names.add(text)
        try:
            name, content = self.archive.read(text, largest(model))
        except NotThere as error:
            return Unfound(text, error.code, error.message)
        return self._taken(text, Upload(name, content), model)

    def _taken(self, text: str, upload: Upload, model: Field) -> StoredFile | Unfound:
        try:
            if not self.dry_run:
                return take(self.store, upload, model)
            name, content = checked(upload, model)
        except Invalid as refusal:
            return Unfound(text, refusal.errors[0].code, refusal.errors[0].message)
        digest = hashlib.sha256(content).hexdigest()
        return StoredFile(self.store.make_id(), name, "", len(content), digest, None, None)

    def _stand_in(self, url: str) -> StoredFile:
        """Return the file that was fetched from an address before, or what stands for one."""
        table = self.store.table
        columns = [table.c[name] for name in StoredFile.__dataclass_fields__]
        same = sa.select(*columns).where(
            table.c.source == _source(url), table.c.created_by == self.by
        )
        with read(self.store.engine) as connection:
            row = connection.execute(same.order_by(table.c.id.desc())).first()
        if row is not None:
            self.counts.known.add(url)
            return StoredFile(*row)
        digest = hashlib.sha256(url.encode()).hexdigest()
        return StoredFile(self.store.make_id(), _name(url), "", 0, digest, None, None)

    def _id(self, stored: StoredFile, source: str) -> str:
        """Return the id that a file of this person has already, or a new one."""
        table = self.store.table
        same = sa.select(table.c.id, table.c.source).where(
            table.c.sha256 == stored.sha256,
            table.c.name == stored.name,
            table.c.created_by == self.by,
        )
        with read(self.store.engine) as connection:
            found = connection.execute(same.order_by(table.c.id)).first()
        if found is not None:
            if source and found.source != source:
                self.sources[str(found.id)] = source
            return str(found.id)
        for one in self.pending:
            if (one["sha256"], one["name"]) == (stored.sha256, stored.name):
                return str(one["id"])
        self.pending.append({**self.store.row(stored, self.by), "source": source or None})
        return stored.id

    def _lacks(self, url: str, rules: Mapping[str, Field]) -> bool:
        return any((url, rule) not in self.fetched for rule in rules)

    def _ask(self, url: str) -> Fetched:
        if self.silent.get(_host(url), 0) >= GIVEN_UP:
            return Fetched(code=fetching.UNREACHABLE)
        return fetch(url, self.allowed, max(map(largest, self.wanted[url].values())))

    def _took(self, url: str, found: Fetched) -> None:
        host = _host(url)
        nobody = found.code in (fetching.UNREACHABLE, fetching.TOO_SLOW) and not found.status
        self.silent[host] = self.silent.get(host, 0) + 1 if nobody else 0
        for rule, model in self.wanted[url].items():
            if found.code:
                self.fetched[url, rule] = _unfound(url, found, model)
                continue
            stored = self._taken(url, Upload(_name(url), found.content), model)
            self.fetched[url, rule] = stored
            if isinstance(stored, StoredFile):
                self._note(url, rule, stored)

    def _note(self, url: str, rule: str, stored: StoredFile) -> None:
        if self.notes is not None:
            self.notes.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self.notes.open("ab") as stream:
                stream.write(orjson.dumps([url, rule, stored.__dict__]) + b"\n")

    def _recall(self) -> None:
        """Take over what an earlier attempt has fetched."""
        for url, rule, told in _noted(self.notes):
            stored = StoredFile(**told)
            if rule in self.wanted.get(url, {}) and self.store.path(stored).is_file():
                self.fetched[url, rule] = stored


def _noted(notes: Path | None) -> Iterator[tuple[str, str, dict[str, Any]]]:
    if notes is None or not notes.is_file():
        return
    for line in notes.read_bytes().splitlines():
        try:
            url, rule, told = orjson.loads(line)
        except orjson.JSONDecodeError:
            # the line that was written as the power went
            continue
        yield url, rule, told


def _address(text: str) -> str:
    """Return an address whole: one may be written as `//cdn.example/a.jpg`."""
    text = text.strip()
    return f"https:{text}" if text.startswith("//") else text


def _source(url: str) -> str:
    """Return what an address is remembered by; empty for what is none."""
    return hashlib.sha256(url.encode()).hexdigest() if is_address(url) else ""


def _rule(model: Field) -> str:
    return f"{model.entity}.{model.name}"


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _name(url: str) -> str:
    return PurePosixPath(unquote(urlsplit(url).path)).name or "file"


def _unfound(text: str, found: Fetched, model: Field) -> Unfound:
    """Return why a file could not be fetched, in plain words."""
    if found.code == fetching.TOO_LARGE:
        refusal = too_large(model).errors[0]
        return Unfound(text, refusal.code, refusal.message)
    if found.code in WHY:
        en, zh = WHY[found.code]
    elif found.status in GONE:
        en = f"There is nothing at this address ({found.status})."
        zh = f"此地址没有文件（{found.status}）。"
    elif found.status in CLOSED:
        en = f"Whoever has it does not give it out ({found.status})."
        zh = f"对方拒绝提供此文件（{found.status}）。"
    else:
        en = f"Whoever has it answered {found.status}; try again later."
        zh = f"对方服务器返回 {found.status}，请稍后重试。"
    return Unfound(text, found.code or "unfetched", Label({"en": en, "zh": zh}))
