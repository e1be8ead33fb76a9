"""The code of templates, made once a process: another office that serves the same files takes it.

A changed definition brings a new app beside the old one, and each app would translate sixty
templates again. Whether a file has changed since is asked of its text, not of its date.
"""

from __future__ import annotations

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class TemplateCode(BytecodeCache):
    """Keeps what Jinja made of a template, in memory."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a template its code, if its text is the same as then."""
        known = self._kept.get(bucket.key)
        if known is not None:
            bucket.bytecode_from_string(known)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a template; one for each name and file."""
        self._kept[bucket.key] = bucket.bytecode_to_string()


TEMPLATE_CODE = TemplateCode()
