"""Why a file as a whole cannot be imported; what is wrong with a row is a verdict instead."""

from __future__ import annotations

from generator.model.text import Label


class FileFault(Exception):
    """The file, or what was asked of it, makes no sense; nothing was imported."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.message = Label({"en": en, "zh": zh})
