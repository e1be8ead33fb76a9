"""What became of an import: counts, and a verdict for every row that was refused.

The report is a CSV that a spreadsheet opens: a byte order mark so that Chinese is read right, and
no cell that it would take for a formula.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from generator.model.text import Label

HEADER = ("records", "file", "line", "column", "value", "code", "reason", "原因")
LONGEST_VALUE = 500
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why one row was refused."""

    records: str
    """The target: what the row should have become."""
    file: str
    line: int
    column: str
    value: str
    code: str
    message: Label


@dataclass
class Tally:
    """What became of the rows for one target."""

    records: str
    entity: str
    rows: int = 0
    skipped: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    """Records; `rejected_rows` are the rows they were made of."""
    rejected_rows: int = 0
    made: dict[str, int] = field(default_factory=dict)
    """By entity: records that were created because a row named them."""

    @property
    def saved(self) -> int:
        """Records that are now as the file says."""
        return self.created + self.updated + self.unchanged


Verdicts = Callable[[Verdict], None]
"""Takes verdicts as they fall."""


@contextmanager
def report_file(path: Path | None) -> Iterator[Verdicts]:
    """Write verdicts to a CSV file; without a path they are only counted by the caller."""
    if path is None:
        yield lambda verdict: None
        return
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)

        def note(verdict: Verdict) -> None:
            writer.writerow(
                (
                    verdict.records,
                    verdict.file,
                    verdict.line,
                    _safe(verdict.column),
                    _safe(verdict.value[:LONGEST_VALUE]),
                    verdict.code,
                    verdict.message.text("en"),
                    verdict.message.text("zh"),
                )
            )

        yield note


def _safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula; plain numbers stay."""
    if not text.startswith(FORMULA):
        return text
    rest = text.lstrip("+-")
    return text if rest.replace(".", "", 1).isdigit() else f"'{text}"
