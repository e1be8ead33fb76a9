"""Where a definition stands in its file (`Span`), what it is called in each language (`Label`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place in a definition file; lines and columns count from 1, the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE = Span("", 0, 0, 0, 0)
"""The span of what no author wrote, such as the built-in field `created_at`."""


@dataclass(frozen=True, slots=True)
class Label:
    """A text in the languages it was written in; a plain string stands under the key ''."""

    texts: Mapping[str, str]

    def text(self, locale: str) -> str:
        """Return the text for a locale such as `zh`, `zh_CN` or `en`; English when it has none."""
        tag = locale.replace("-", "_")
        while tag:
            if tag in self.texts:
                return self.texts[tag]
            tag = tag.rpartition("_")[0]
        if "en" in self.texts:
            return self.texts["en"]
        return self.texts[""] if "" in self.texts else next(iter(self.texts.values()), "")

    def __str__(self) -> str:
        return self.text("en")


def in_both(tell: Callable[[str], str]) -> Label:
    """Return what is said for a locale, in both languages the product speaks."""
    return Label({"en": tell("en"), "zh": tell("zh")})


def plain(text: str) -> Label:
    """Return a label that is the same in every language."""
    return Label({"": text})
