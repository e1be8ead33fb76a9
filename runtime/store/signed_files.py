"""A file that proves where it comes from: under the audit's key, with who took it out and when.

Comes in: the bytes of a CSV, a workbook or JSON lines, and what is to be said of them. Goes out:
the same with a signature that programs which open it pass over: a last row, a last line, or the
comment of the ZIP archive that a workbook is. Reading it back needs the key and no database.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence

from runtime.store.audit_key import AuditKey

FORMATS = ("csv", "xlsx", "jsonl")
TAG = "shopwright-signature"
COLUMNS = "columns"
"""Says how wide a CSV is: its last row is as wide as the others."""
ENDS = {
    "csv": re.compile(rf'"{TAG}","([0-9a-f]+)",*\r\n\Z'.encode()),
    "jsonl": re.compile(rf'\{{"{TAG}":"([0-9a-f]+)"\}}\n\Z'.encode()),
}
Said = Mapping[str, str]


class NotSigned(Exception):
    """A file bears no signature that can be read."""


def signed(key: AuditKey, form: str, content: bytes, said: Said) -> bytes:
    """Return a file of one of `FORMATS` with its signature."""
    text = json.dumps({**said, "signature": _signature(key, content, said)}, sort_keys=True)
    coded = text.encode().hex()
    if form == "csv":
        more = "," * (int(said.get(COLUMNS, 2)) - 2)
        return content + f'"{TAG}","{coded}"{more}\r\n'.encode()
    if form == "jsonl":
        return content + f'{{"{TAG}":"{coded}"}}\n'.encode()
    comment = f"{TAG}:{coded}".encode()
    return content[:-2] + len(comment).to_bytes(2, "little") + comment


def proved(keys: Sequence[AuditKey], data: bytes) -> tuple[Said, bool]:
    """Return what a file says of itself, and whether it is what was signed, to the last byte.

    Raises:
        NotSigned: it bears no signature.

    """
    form, content, coded = _apart(data)
    try:
        said = json.loads(bytes.fromhex(coded.decode("ascii")))
        name = str(said.pop("signature")).partition(":")[0]
        known = [key for key in keys if key.name == name]
        return said, any(signed(key, form, content, said) == data for key in known)
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise NotSigned from error


def _signature(key: AuditKey, content: bytes, said: Said) -> str:
    told = json.dumps([TAG, hashlib.sha256(content).hexdigest(), dict(said)], sort_keys=True)
    return f"{key.name}:{key.of(told.encode())}"


def _apart(data: bytes) -> tuple[str, bytes, bytes]:
    """Return which kind of file it is, its content, and its signature as it is written."""
    if data.startswith(b"PK"):
        place = data.rfind(f"{TAG}:".encode())
        comment = data[place:] if place >= 2 else b""
        if not comment or int.from_bytes(data[place - 2 : place], "little") != len(comment):
            raise NotSigned
        return "xlsx", data[: place - 2] + b"\0\0", comment.partition(b":")[2]
    for form, pattern in ENDS.items():
        place = data.rfind(TAG.encode())
        begin = max(data.rfind(b"\n", 0, max(place, 0)) + 1, 0)
        found = pattern.match(data, begin) if place >= 0 else None
        if found is not None:
            return form, data[:begin], found[1]
    raise NotSigned
