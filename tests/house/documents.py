"""Run a Markdown page as its reader would: files written, commands typed, addresses opened.

A fenced block whose first line is a comment that names a file (`# shop/app.yaml`) is written there.
`sh` blocks are typed in order; `sh fails` must fail, `sh runs` keeps running while the rest is
read, `sh by-hand` is left to the reader. A `text` block must be in what the command before it said,
line by line. While something runs, each address on this machine that the page names is opened.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

FENCE = re.compile(r"^```(\w+)?(?: ([\w-]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"\A# ([\w./-]+\.\w+)\n")
ADDRESS = re.compile(r"http://127\.0\.0\.1:8080[^\s`|)]*")


@dataclass(frozen=True)
class Block:
    """One fenced block and the prose before it."""

    language: str
    mark: str
    text: str
    prose: str
    line: int

    @property
    def file(self) -> str:
        """The file it is to be written to; empty when it names none."""
        found = NAMED.match(self.text)
        return found[1] if found else ""


@dataclass
class Reader:
    """Somebody who does what a page says."""

    folder: Path
    environment: Mapping[str, str]
    open: Callable[[str], None] = lambda address: None
    start: Callable[[str], None] = lambda command: None
    said: str = ""
    running: bool = False
    exported: dict[str, str] = field(default_factory=dict)

    def read(self, page: Path) -> None:
        """Do everything a page says."""
        for block in blocks(page):
            self._open_addresses(block.prose)
            self._do(block, f"{page.name}:{block.line}")
        self._open_addresses(rest(page))

    def _do(self, block: Block, place: str) -> None:
        if block.file:
            path = self.folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text.partition("\n")[2], "utf-8")
        elif block.language == "sh" and block.mark == "runs":
            self.start(block.text)
            self.running = True
        elif block.language == "sh" and block.mark != "by-hand":
            self._type(block, place)
        elif block.language == "text":
            for line in block.text.splitlines():
                assert line.strip() in self.said, f"{place}: '{line}' is not in:\n{self.said}"

    def _type(self, block: Block, place: str) -> None:
        for name, value in re.findall(r"(\w+)=(\S+)", "".join(_exports(block.text))):
            self.exported[name] = value
        done = subprocess.run(
            ["bash", "-euc", block.text],
            cwd=self.folder,
            env={**self.environment, **self.exported},
            capture_output=True,
            text=True,
            check=False,
        )
        self.said = done.stdout + done.stderr
        assert "Traceback" not in self.said, f"{place}\n{self.said}"
        assert (done.returncode != 0) == (block.mark == "fails"), f"{place}\n{self.said}"

    def _open_addresses(self, prose: str) -> None:
        if self.running:
            for address in ADDRESS.findall(prose):
                self.open(address.rstrip(".,;"))


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page in order."""
    text, end = page.read_text("utf-8"), 0
    for found in FENCE.finditer(text):
        prose, line = text[end : found.start()], text.count("\n", 0, found.start()) + 1
        yield Block(found[1] or "", found[2] or "", found[3], prose, line)
        end = found.end()


def rest(page: Path) -> str:
    """Return the prose after the last block."""
    text = page.read_text("utf-8")
    ends = [found.end() for found in FENCE.finditer(text)]
    return text[ends[-1] :] if ends else text


def _exports(text: str) -> Iterator[str]:
    yield from (line for line in text.splitlines(keepends=True) if line.startswith("export "))
