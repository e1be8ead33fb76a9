"""What an import came to, on the page of its run: counts, refused rows, and what can be done next.

In: the run and the rows it refused. Out: a box for the template. A dry run offers the import itself
with the same file and columns; one with refused rows offers to send the mended ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.model.text import Label
from runtime.importing.asked import asked_of
from runtime.jobs import desk, telling
from runtime.jobs.tables import FINAL
from runtime.jobs.telling import ToldRow
from runtime.jobs.work.import_rows import NAME
from runtime.web.screens.import_page import columns_url
from runtime.web.screens.numbers import number
from runtime.web.screens.visit import Visit


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A row that was refused, or would be."""

    line: str
    column: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class ImportBox:
    """What a run of an import adds to its page."""

    file: str
    tone: str
    told: str
    """How it ended, in a sentence; empty while it works."""
    counts: tuple[tuple[str, str], ...]
    refused: tuple[RefusedLine, ...]
    more: bool
    go_url: str
    """Where the import itself is started; empty where there is nothing to import."""
    go_label: str
    run: str
    columns_url: str
    fix_url: str
    """The file of the refused rows."""
    mend_url: str
    records_url: str


def import_box(
    visit: Visit, run: Any, rows: Sequence[ToldRow], files: Sequence[str]
) -> ImportBox | None:
    """Return the box; None for a run of another job, and for the run of somebody else.

    `rows` are those it refused, `files` the addresses of its files.
    """
    if run.job != NAME or not telling.is_theirs(visit.runtime, visit.actor, run):
        return None
    asked = asked_of(run.input)
    found: Mapping[str, Any] = (run.result or {}).get("import") or {}
    counts = run.counts or {}
    over = run.state in FINAL
    saved = sum(counts.get(one, 0) for one in ("created", "updated"))
    told_pictures = found.get("pictures") or {}
    if told_pictures.get("known"):
        # what they hold by now is not known before they are asked for
        saved += counts.get("unchanged", 0)
    goes = over and asked.dry_run and "fault" not in found and bool(saved)
    goes = goes and not (asked.whole and counts.get("refused"))
    tone, told = _ending(visit, run, asked.dry_run, found, counts)
    return ImportBox(
        file=asked.name,
        tone=tone,
        told=told,
        counts=(
            *_counts(visit, asked.dry_run or bool(found.get("undone")), counts),
            *_hidden(visit, found.get("hidden", 0)),
            *_pictures(visit, asked.dry_run, told_pictures),
            *_made(visit, asked.dry_run or bool(found.get("undone")), found.get("made") or {}),
        ),
        refused=tuple(_line(visit, one) for one in rows),
        more=len(rows) == desk.MOST_ROWS,
        go_url=f"/{asked.entity}/import/{asked.file}/go" if goes else "",
        go_label=visit.t("Import {n} record now", many="Import {n} records now", n=saved),
        run=run.id,
        columns_url=columns_url(asked, again=run.id) if over else "",
        fix_url=files[0] if files else "",
        mend_url=f"/{asked.entity}/import?again={run.id}" if over and rows else "",
        records_url=f"/{asked.entity}/" if over and not asked.dry_run else "",
    )


def _ending(
    visit: Visit, run: Any, dry_run: bool, found: Mapping[str, Any], counts: Mapping[str, int]
) -> tuple[str, str]:
    t = visit.t
    if run.state != "succeeded":
        return "", ""
    if not counts and "fault" not in found:
        return "warning", t("The file has no rows below its header.")
    if "fault" in found:
        said = visit.text(Label(found["fault"]))
        if sum(counts.get(one, 0) for one in ("created", "updated")) and not dry_run:
            return "critical", t("{why} What came before it is in.", why=said)
        return "critical", t("{why} Nothing was imported.", why=said)
    refused, saved = counts.get("refused", 0), sum(counts.values()) - counts.get("refused", 0)
    if found.get("undone") and dry_run:
        return "warning", t("Some rows would be refused, so nothing would be imported.")
    if found.get("undone"):
        return "warning", t("Nothing was imported, because rows were refused.")
    if dry_run and not refused:
        return "success", t("Every row can be imported. Nothing was written yet.")
    if dry_run:
        return "warning", t("Some rows would be refused. Nothing was written yet.")
    return _done(visit, refused, saved)


def _done(visit: Visit, refused: int, saved: int) -> tuple[str, str]:
    t = visit.t
    if not refused:
        return "success", t("Everything was imported.")
    if saved:
        return "warning", t("Imported, but for the rows below.")
    return "critical", t("Nothing was imported; every row was refused.")


def _counts(visit: Visit, tried: bool, counts: Mapping[str, int]) -> Sequence[tuple[str, str]]:
    t = visit.t
    words = {
        "created": t("would be created", "import") if tried else t("created", "import"),
        "updated": t("would be changed", "import") if tried else t("changed", "import"),
        "unchanged": t("as they are already", "import"),
        "skipped": t("passed over", "import"),
        "refused": t("refused", "import"),
    }
    return [(words[name], number(visit, counts[name])) for name in words if counts.get(name)]


def _hidden(visit: Visit, count: int) -> Sequence[tuple[str, str]]:
    """Return that rows nobody sees in the workbook are among the others."""
    return [(visit.t("hidden rows are included"), number(visit, count))] if count else []


def _pictures(visit: Visit, tried: bool, told: Mapping[str, int]) -> Sequence[tuple[str, str]]:
    """Return how many pictures rows name, and how many of them cannot be had."""
    t = visit.t
    addresses = t("pictures would be fetched") if tried else t("pictures were asked for")
    words = {
        "addresses": addresses,
        "known": t("of these were fetched before and count as unchanged"),
        "names": t("pictures of the ZIP"),
        "lacking": t("pictures cannot be had"),
    }
    return [(words[name], number(visit, told[name])) for name in words if told.get(name)]


def _made(visit: Visit, tried: bool, made: Mapping[str, int]) -> Sequence[tuple[str, str]]:
    """Return by entity how many records rows name that are, or would be, created for them."""
    lines = []
    for name, count in made.items():
        label = visit.text(visit.app.entities[name].label) if name in visit.app.entities else name
        words = (
            visit.t("{name}: would also be created", name=label)
            if tried
            else visit.t("{name}: also created", name=label)
        )
        lines.append((words, number(visit, count)))
    return lines


def _line(visit: Visit, row: ToldRow) -> RefusedLine:
    told = row.message or {}
    return RefusedLine(
        row.record_id, told.get("column", ""), told.get("value", ""), visit.text(Label(told))
    )
