"""What encoding a text file has: a mark at its beginning, else UTF-8, else Chinese, else Western.

The whole file is tried as UTF-8, because one letter far down decides. Between GB18030 and Latin-1
the bytes decide: Chinese letters are pairs of high bytes, Western accents stand alone among ASCII.
"""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
BLOCK = 1 << 20
HIGH = re.compile(rb"[\x80-\xff]")
COMMON = re.compile(rb"[\xa1-\xf7][\xa1-\xfe]")
"""The letters and signs of GB2312, which make up nearly all Chinese text."""
SHARE = 0.8
"""So much of the high bytes must be such letters for a text to be Chinese."""


def detect(stream: BinaryIO) -> str:
    """Return the name of the codec for a stream that stands at its beginning."""
    block = stream.read(BLOCK)
    for mark, name in MARKS:
        if block.startswith(mark):
            return name
    utf8 = codecs.getincrementaldecoder("utf-8")()
    chinese = codecs.getincrementaldecoder("gb18030")()
    is_utf8 = is_chinese = True
    high = paired = 0
    while block:
        is_utf8 = is_utf8 and _decodes(utf8, block)
        is_chinese = is_chinese and _decodes(chinese, block)
        if not is_utf8:
            high += len(HIGH.findall(block))
            paired += 2 * len(COMMON.findall(block))
        block = stream.read(BLOCK)
    if is_utf8 and _decodes(utf8, b"", final=True):
        return "utf-8"
    if is_chinese and _decodes(chinese, b"", final=True) and paired >= SHARE * high:
        return "gb18030"
    return "latin-1"


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True
