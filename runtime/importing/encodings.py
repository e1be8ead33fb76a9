"""What encoding a text file has: a mark at its beginning, else UTF-8, else what its bytes say.

The whole file is tried as UTF-8, because one letter far down decides. Of the older encodings each
writes its own everyday letters in its own bytes: the one that explains most of the high bytes that
way is taken, if it explains nearly all; else the text is Western. A short text can look like
several; then Chinese of the mainland comes first, and a person can say otherwise. Where most of a
text is UTF-8 and some bytes of it are nothing, it is UTF-8 that was torn.
"""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO, NamedTuple
from unicodedata import category

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
BLOCK = 1 << 20
HIGH = re.compile(rb"[\x80-\xff]")
BETWEEN = re.compile(rb"[\x80-\x9f]")
"""Signs of Windows where Latin-1 has none: quotes, dashes, the euro."""
SHARE = 0.8
"""So much of the high bytes must be everyday letters of an encoding for a text to be in it."""


class _Letters(NamedTuple):
    """An encoding of two bytes a letter."""

    codec: str
    everyday: re.Pattern[bytes]
    """Its common letters and signs."""


OLD = (
    _Letters("gb18030", re.compile(rb"[\xa1-\xf7][\xa1-\xfe]")),
    _Letters("big5", re.compile(rb"[\xa1-\xc6][\x40-\x7e\xa1-\xfe]")),
    _Letters(
        "shift_jis",
        re.compile(rb"\x82[\x4f-\xf1]|\x83[\x40-\x96]|\x81[\x40-\xac]|[\x88-\x97][\x40-\xfc]"),
    ),
)
UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
TORN_UTF8 = "utf-8 torn"
"""What is said of a text that is UTF-8 but for some bytes of it."""
HALF = 0.5
"""So much of the high bytes must be UTF-8 where no older encoding explains them."""
HANGUL = re.compile(rb"[\xb0-\xc8][\xa1-\xfe]")
SIGNS = 0xA9
"""The last row of GB2312 with signs instead of letters."""
ENOUGH = 12
"""So many letters, all of the Korean rows, are no chance in a Chinese text."""
SAMPLE = 64_000
MOSTLY = 0.2
"""So many zero bytes a text has only when each letter takes two."""


def detect(stream: BinaryIO) -> str:
    """Return the name of the codec for a stream that stands at its beginning."""
    block = stream.read(BLOCK)
    for mark, name in MARKS:
        if block.startswith(mark):
            return name
    wide = unmarked(block[:SAMPLE])
    if wide:
        return wide
    utf8, old = codecs.getincrementaldecoder("utf-8")(), _Old()
    is_utf8 = True
    while block:
        is_utf8 = is_utf8 and _decodes(utf8, block)
        old.look(block)
        block = stream.read(BLOCK)
    return "utf-8" if is_utf8 and _decodes(utf8, b"", final=True) else old.best()


class _Old:
    """Which of the older encodings explains a text that is read block by block."""

    def __init__(self) -> None:
        self.decoders = {one.codec: codecs.getincrementaldecoder(one.codec)() for one in OLD}
        self.covered = dict.fromkeys(self.decoders, 0)
        """By codec: the high bytes that are its everyday letters."""
        self.high = self.hangul = self.utf8 = 0
        self.is_korean, self.is_windows = True, False

    def look(self, block: bytes) -> None:
        """Take in a block."""
        if HIGH.search(block) is None and not self.high:
            return
        self.high += len(HIGH.findall(block))
        self.utf8 += sum(map(len, UTF8.findall(block)))
        for one in OLD:
            if one.codec in self.decoders and not _decodes(self.decoders[one.codec], block):
                del self.decoders[one.codec]
            found = one.everyday.findall(block)
            self.covered[one.codec] += sum(1 + (pair[1] >= 0x80) for pair in found)
        pairs = [pair for pair in OLD[0].everyday.findall(block) if pair[0] > SIGNS]
        self.hangul += len(pairs)
        self.is_korean = self.is_korean and all(HANGUL.fullmatch(pair) for pair in pairs)
        self.is_windows = self.is_windows or BETWEEN.search(block) is not None

    def best(self) -> str:
        """Return the codec."""
        whole = [name for name, one in self.decoders.items() if _decodes(one, b"", final=True)]
        best = max(whole, key=lambda name: self.covered[name], default="")
        if self.utf8 >= max(SHARE * self.high, self.covered.get(best, 0)):
            return TORN_UTF8
        if best and self.covered[best] >= SHARE * self.high:
            is_korean = best == "gb18030" and self.is_korean and self.hangul >= ENOUGH
            return "euc_kr" if is_korean else best
        if self.utf8 >= HALF * self.high:
            return TORN_UTF8
        return "cp1252" if self.is_windows else "latin-1"


def unmarked(start: bytes) -> str:
    """Return UTF-16 of either order when bytes are lines of it without a mark, else ''."""
    if b"\x00" not in start or (_is_utf8(start) and start.count(0) < MOSTLY * len(start)):
        return ""
    for codec in ("utf-16-le", "utf-16-be"):
        try:
            text = codecs.getincrementaldecoder(codec)().decode(start)
        except UnicodeDecodeError:
            continue
        strange = any(category(one) in ("Cc", "Cn", "Co") for one in text if one not in "\r\n\t")
        if "\n" in text and not strange:
            return codec
    return ""


def _is_utf8(start: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return True


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True
