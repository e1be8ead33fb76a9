"""The command that imports a file: what became of it is in the summary and in the exit code.

A schedule needs to tell "some rows want a look" (3) from "nothing came in, the file or the map is
wrong" (1) without reading words. A dry run ends as the real one would.
"""

from __future__ import annotations

import sys
import tempfile
import time
from bisect import insort
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table as Grid

from runtime.commands.context import (
    compiled_of,
    engine_of,
    make_runtime,
    settings_of,
    system_actor,
)
from runtime.commands.demo import file_store
from runtime.commands.language import LOCALE, said, say
from runtime.errors import RequestError
from runtime.importing.choosing import Wish, choose
from runtime.importing.faults import FileFault
from runtime.importing.loading import Loading, gather, load
from runtime.importing.picture_archive import PictureArchive
from runtime.importing.pictures import Pictures
from runtime.importing.report import Tally, Verdict, report_file
from runtime.importing.tables import Reading, hidden_rows
from runtime.importing.trial import trial
from runtime.runtime import Runtime, new_id
from runtime.settings import Settings

EVERY_SECONDS = 1.0
ALL_TAKEN, NOTHING_DONE, SOME_REFUSED = 0, 1, 3
"""Exit codes; click itself keeps 2 for a command line that makes no sense."""
SHOWN = 10
"""Verdicts shown on the terminal, those of the first lines; the report has them all."""


@click.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--entity", help="What the rows are, when there is no map; or which part of a map.")
@click.option("--map", "map_name", help="An import map of the definitions.")
@click.option("--mode", type=click.Choice(["create", "update", "upsert"]))
@click.option("--key", multiple=True, help="A field to find records by; several together.")
@click.option(
    "--create",
    multiple=True,
    help="A field whose record is created when it is not there; a map says it by itself.",
)
@click.option("--create-none", is_flag=True, help="Create nothing that rows only name.")
@click.option(
    "--fetch/--no-fetch",
    default=None,
    help="Fetch the pictures that rows name by address; by a map only when it is said.",
)
@click.option(
    "--pictures",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A ZIP of the pictures that rows name by file.",
)
@click.option("--dry-run", is_flag=True, help="Do everything, then undo it.")
@click.option("--all-or-nothing", is_flag=True, help="Import nothing when a row is refused.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the refused rows and why to this CSV file.",
)
@click.option("--encoding", default="", help="The encoding of the file; found out if missing.")
@click.option("--delimiter", default="", help="What stands between cells; found out if missing.")
@click.option("--sheet", default="", help="The sheet of a workbook; the first if missing.")
@LOCALE
@click.pass_context
def import_file(
    context: click.Context,
    file: Path,
    entity: str | None,
    map_name: str | None,
    mode: str | None,
    key: tuple[str, ...],
    create: tuple[str, ...],
    create_none: bool,
    fetch: bool | None,
    pictures: Path | None,
    dry_run: bool,
    all_or_nothing: bool,
    report: Path | None,
    encoding: str,
    delimiter: str,
    sheet: str,
    locale: str,
) -> None:
    """Import a CSV, XLSX or JSON file: records are created or, found by their key, changed.

    Exit codes: 0 everything was taken, 3 some rows were refused, 1 nothing could be done.
    """
    settings = settings_of(context)
    compiled = compiled_of(settings, locale)
    progress = _Progress(locale)
    takes = fetch if fetch is not None else bool(pictures) or not map_name
    wish = Wish(
        entity or "",
        map_name or "",
        mode or "",
        key,
        Reading(encoding, delimiter, sheet),
        create=create if create or create_none else None,
        pictures=takes,
    )
    with (
        engine_of(settings) as engine,
        report_file(report) as write_verdict,
        ExitStack() as places,
    ):
        runtime = make_runtime(compiled, engine, settings.secret_key)
        shown: list[Verdict] = []
        taken: Pictures | None = None

        def note(verdict: Verdict) -> None:
            write_verdict(verdict)
            insort(shown, verdict, key=lambda one: one.line)
            del shown[SHOWN:]

        try:
            chosen = choose(wish, file, runtime)
            hidden = hidden_rows(chosen.table)
            place = places.enter_context(_place(runtime, dry_run=dry_run))
            loading = Loading(
                place,
                system_actor(compiled),
                note,
                progress.show,
                dry_run=dry_run,
                all_or_nothing=all_or_nothing,
                time_zone=chosen.time_zone,
                locale=chosen.locale or locale,
                request_id=new_id(),
            )
            if takes:
                taken = places.enter_context(
                    _pictures(runtime, settings, pictures, loading.actor.id, dry_run=dry_run)
                )
                gather(loading, taken, chosen.table, chosen.targets)
                taken.fetch_all(progress.fetched)
                loading = replace(loading, attachments=taken)
            tallies = load(loading, chosen.table, chosen.targets)
        except (FileFault, RequestError) as fault:
            progress.end()
            kept = 0 if dry_run or all_or_nothing else progress.saved
            raise _broken_off(fault.message.text(locale), kept, locale) from fault
    progress.end()
    _print_result(tallies, shown, locale, report)
    code = _code(tallies, all_or_nothing=all_or_nothing)
    if hidden:
        say(
            locale,
            f"Hidden rows are included: {hidden:,}.",
            f"包含隐藏行：{hidden:,} 行。",
        )
    if taken is not None:
        _print_pictures(taken.counts.told(), locale, dry_run=dry_run)
    _print_ending(tallies, code, locale, dry_run=dry_run)
    context.exit(code)


@contextmanager
def _place(runtime: Runtime, *, dry_run: bool) -> Iterator[Runtime]:
    """Give where the rows go: a copy that is thrown away when they are only tried."""
    if not dry_run:
        yield runtime
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        trial(runtime, Path(folder) / "copy") as office,
    ):
        yield office


@contextmanager
def _pictures(
    runtime: Runtime, settings: Settings, archive: Path | None, by: int, *, dry_run: bool
) -> Iterator[Pictures]:
    """Give what takes the files that rows name, from the archive or from where they lie."""
    files = file_store(runtime, settings)
    with ExitStack() as held:
        found = PictureArchive(archive) if archive is not None else None
        if found is not None:
            held.callback(found.close)
        yield Pictures(files, by, settings.outside_allowed, archive=found, dry_run=dry_run)


class _Progress:
    """Rows a second on standard error, once a second."""

    def __init__(self, locale: str) -> None:
        self.locale = locale
        self.start = self.last = time.monotonic()
        self.shown = False
        self.tallies: dict[str, Tally] = {}

    @property
    def saved(self) -> int:
        """Records that are in by now."""
        return sum(one.saved for one in self.tallies.values())

    def show(self, tally: Tally) -> None:
        """Show how far a target is, unless it was shown just now."""
        now = time.monotonic()
        self.tallies[tally.records] = tally
        if now - self.last >= EVERY_SECONDS:
            self.last, self.shown = now, True
            rate = tally.rows / (now - self.start)
            told = said(
                self.locale,
                f"{tally.rows:,} rows, {tally.saved:,} records, {tally.rejected:,} rejected, "
                f"{rate:,.0f} rows/s",
                f"{tally.rows:,} 行，{tally.saved:,} 条记录，拒绝 {tally.rejected:,} 条，"
                f"每秒 {rate:,.0f} 行",
            )
            click.echo(f"\r  {tally.records}: {told}   ", nl=False, err=True)

    def fetched(self, done: int, total: int) -> None:
        """Show how many pictures were asked for."""
        now = time.monotonic()
        if now - self.last >= EVERY_SECONDS:
            self.last, self.shown = now, True
            told = said(self.locale, f"{done:,} of {total:,} pictures", f"图片 {done:,}/{total:,}")
            click.echo(f"\r  {told}   ", nl=False, err=True)

    def end(self) -> None:
        """Leave the line of progress."""
        if self.shown:
            click.echo("", err=True)


TITLES = {
    "en": ("Records", "Rows", "Skipped", "Created", "Updated", "Unchanged", "Rejected"),
    "zh": ("数据", "行数", "跳过", "新建", "更新", "未变", "拒绝"),
}


def _print_result(
    tallies: list[Tally], shown: list[Verdict], locale: str, report: Path | None
) -> None:
    console = Console(file=sys.stdout, highlight=False)
    grid = Grid()
    for title in TITLES[locale]:
        grid.add_column(title, justify="left" if title == TITLES[locale][0] else "right")
    for one in tallies:
        numbers = (one.rows, one.skipped, one.created, one.updated, one.unchanged, one.rejected)
        grid.add_row(one.records, *(f"{number:,}" for number in numbers))
    console.print(grid)
    for verdict in shown:
        value = f" '{verdict.value}'" if verdict.value else ""
        click.echo(
            f"  {verdict.file}:{verdict.line} {verdict.column}{value}: "
            f"{verdict.message.text(locale)}"
        )
    refused = sum(one.rejected for one in tallies)
    if refused and report is None:
        say(
            locale,
            "  --report FILE lists every refused row.",
            "  --report FILE 可导出全部被拒绝的行。",
        )


def _code(tallies: list[Tally], *, all_or_nothing: bool) -> int:
    """Return how the command ends."""
    if not any(one.rejected for one in tallies):
        return ALL_TAKEN
    if all_or_nothing or not any(one.saved for one in tallies):
        return NOTHING_DONE
    return SOME_REFUSED


def _print_pictures(told: Mapping[str, int], locale: str, *, dry_run: bool) -> None:
    """Say how many pictures rows name; a dry run has asked for none of those elsewhere."""
    addresses, names = told.get("addresses", 0), told.get("names", 0)
    if dry_run and addresses:
        say(
            locale,
            f"Pictures to fetch: {addresses:,}; none was asked for.",
            f"需获取图片 {addresses:,} 张；试运行未获取。",
        )
        if known := told.get("known", 0):
            say(
                locale,
                f"{known:,} of them were fetched before and count as unchanged.",
                f"其中 {known:,} 张以前获取过，按未变化计算。",
            )
    elif addresses:
        say(locale, f"Pictures by address: {addresses:,}.", f"按地址获取的图片：{addresses:,} 张。")
    if names:
        say(locale, f"Pictures of the ZIP: {names:,}.", f"压缩包中的图片：{names:,} 张。")
    if told.get("lacking"):
        lacking = told["lacking"]
        say(locale, f"Pictures not to be had: {lacking:,}.", f"无法取得的图片：{lacking:,} 张。")


ENDINGS: Mapping[str, Mapping[int | str, str]] = {
    "en": {
        ALL_TAKEN: "Everything was taken.",
        SOME_REFUSED: "Refused: {rejected:,} of {every:,} records; the rest is in (exit code 3).",
        NOTHING_DONE: "Nothing was taken: {rejected:,} of {every:,} refused (exit code 1).",
        "broken": "{saved:,} records were taken before (exit code 3).",
        "made": "Created because rows name them: {told}.",
    },
    "zh": {
        ALL_TAKEN: "已全部导入。",
        SOME_REFUSED: "共 {every:,} 条记录，{rejected:,} 条被拒绝，其余已导入（退出码 3）。",
        NOTHING_DONE: "未导入任何记录：共 {every:,} 条，{rejected:,} 条被拒绝（退出码 1）。",
        "broken": "此前已导入 {saved:,} 条记录（退出码 3）。",
        "made": "因被引用而新建：{told}。",
    },
}
TRIED: Mapping[str, Mapping[int | str, str]] = {
    "en": {
        ALL_TAKEN: "Everything would be taken.",
        SOME_REFUSED: "Would be refused: {rejected:,} of {every:,} records; the rest would be taken"
        " (exit code 3).",
        NOTHING_DONE: "Nothing would be taken: {rejected:,} of {every:,} would be refused"
        " (exit code 1).",
        "dry": "A dry run: nothing was written.",
        "made": "Would be created because rows name them: {told}.",
    },
    "zh": {
        ALL_TAKEN: "可全部导入。",
        SOME_REFUSED: "共 {every:,} 条记录，{rejected:,} 条将被拒绝，其余可导入（退出码 3）。",
        NOTHING_DONE: "没有可导入的记录：共 {every:,} 条，{rejected:,} 条将被拒绝（退出码 1）。",
        "dry": "试运行：未写入任何数据。",
        "made": "因被引用将新建：{told}。",
    },
}
"""What a dry run says instead: what would be taken."""


def _print_ending(tallies: list[Tally], code: int, locale: str, *, dry_run: bool) -> None:
    rejected, saved = sum(one.rejected for one in tallies), sum(one.saved for one in tallies)
    endings = (TRIED if dry_run else ENDINGS)[locale]
    made = sum((Counter(one.made) for one in tallies), Counter())
    if made:
        told = ", ".join(f"{name} {count:,}" for name, count in sorted(made.items()))
        click.echo(endings["made"].format(told=told))
    click.echo(endings[code].format(rejected=rejected, every=rejected + saved))
    if dry_run:
        click.echo(endings["dry"])


def _broken_off(message: str, saved: int, locale: str) -> click.ClickException:
    """Return how an import ends that could not go on; what was taken before stays."""
    if not saved:
        return click.ClickException(message)
    return _BrokenOff(f"{message}\n{ENDINGS[locale]['broken'].format(saved=saved)}")


class _BrokenOff(click.ClickException):
    """Some of the file is in."""

    exit_code = SOME_REFUSED
