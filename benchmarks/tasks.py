"""`python benchmarks/tasks.py`: ten everyday tasks, in our screens and in two peers' own admins.

Each task is done the quickest way each of them offers, by a script in a browser that counts clicks
and keys and waits as a person does. Seconds follow the keystroke-level model: 1.1 s to point and
click, 0.2 s a key, and the real time until what is needed next is there. Thinking is left out: it
is the same for all. A task that an admin does not offer is told as such, not left out.
"""

from __future__ import annotations

import shutil
import statistics
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import click
from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks import database, run  # noqa: E402 (the path comes first)
from benchmarks.contenders import DRF, FAB, OURS, Contender, Server  # noqa: E402 (likewise)
from benchmarks.desks import django, fab, ours  # noqa: E402 (likewise)
from benchmarks.desks.hand import CHOSEN, KEY, POINT, Hand, Task, sign_in  # noqa: E402 (likewise)

PATIENCE = 20_000

TASKS: Mapping[str, tuple[Task | None, Task | None, Task | None]] = {
    "sign in": (
        sign_in("/login/", "header .dropdown"),
        sign_in("/login/", ".navbar-right .dropdown-toggle"),
        sign_in("/admin/login/", "#logout-form"),
    ),
    "open an order by its number": (ours.find, fab.find, django.find),
    "list the paid orders of January 2025": (ours.narrow, None, django.narrow),
    "read three orders one after another": (ours.read, fab.read, django.read),
    "write a note on an order": (ours.note, fab.note, django.note),
    "change the status of one order in the list": (ours.status, fab.status, django.status),
    "enter an order with three lines": (ours.create, fab.create, django.create),
    f"set {CHOSEN} orders to shipped": (ours.many, fab.many, django.many),
    "list the orders of a customer": (ours.customer, fab.customer, django.customer),
    "export what a filter finds as CSV": (ours.export, None, None),
}
NOT_OFFERED = {
    "list the paid orders of January 2025": "Flask-AppBuilder filters a moment by 'greater' and "
    "'smaller than' and a status by its raw word, in five controls; the script does not drive it",
    "export what a filter finds as CSV": "neither admin exports without an add-on or code",
}
DESKS = (
    OURS,
    Contender("fab", "benchmarks.peers.fab_desk:create", FAB.sign_in),
    Contender("django", "benchmarks.peers.django_desk:create", DRF.sign_in),
)


@dataclass
class Figures:
    """What one task cost in each round."""

    clicks: int = 0
    keys: int = 0
    seconds: list[float] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)


@click.command()
@click.option("--rounds", default=3, show_default=True)
@click.option("--only", help="Part of a task's name.")
@click.option("--contenders", default="ours,fab,django", show_default=True)
@click.option("--database-url", help="A PostgreSQL to use; otherwise one is started.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where the started one lives.")
@click.option("--write", is_flag=True, help="Also write benchmarks/TASKS.md.")
def main(
    rounds: int,
    only: str | None,
    contenders: str,
    database_url: str | None,
    folder: Path | None,
    write: bool,
) -> None:
    """Do every task with every admin."""
    base = database_url or database.start_server(folder or HERE.parent / "var" / "benchmark")
    url = database.with_database(base, f"shopwright_tasks_{database.SMALL}")
    run.prepare(url, HERE / "definitions")
    database.fill(url, database.SMALL)
    for peer in (FAB, DRF):
        run.prepare_peer(peer, url)
    found: dict[str, dict[str, Figures | str]] = {name: {} for name in TASKS}
    wanted = [one for one in DESKS if one.name in contenders.split(",")]
    with run.running(wanted, ["granian"], url) as up, sync_playwright() as play:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, tasks in TASKS.items():
            if only and only not in name:
                continue
            for server in up:
                task = tasks[DESKS.index(server.contender)]
                figures = _measured(browser, server, task, rounds) if task else "not offered"
                found[name][server.contender.name] = figures
                click.echo(f"{name:<45}{server.contender.name:<8}{_line(figures)}")
        browser.close()
    if write:
        (HERE / "TASKS.md").write_text(page(found, rounds), "utf-8")


def _measured(browser: Browser, server: Server, task: Task, rounds: int) -> Figures | str:
    figures = Figures()
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{server.port}", viewport={"width": 1440, "height": 900}
    )
    context.set_default_timeout(PATIENCE)
    desk = context.new_page()
    desk.on("dialog", lambda dialog: dialog.accept())
    try:
        TASKS["sign in"][[one.name for one in DESKS].index(server.contender.name)](Hand(desk))
        for number in range(rounds + 1):
            hand = Hand(desk)
            task(hand)
            if number:  # the first fills the browser's cache
                figures.seconds.append(hand.seconds)
                figures.waited.append(hand.waited)
            figures.clicks, figures.keys = hand.clicks, hand.keys
    except Exception as fault:  # noqa: BLE001 (a task that cannot be done is told, the rest go on)
        return f"failed: {str(fault).splitlines()[0][:160]}"
    finally:
        context.close()
    return figures


def _line(figures: Figures | str) -> str:
    if isinstance(figures, str):
        return figures
    middle, waited = statistics.median(figures.seconds), statistics.median(figures.waited)
    return f"{figures.clicks} clicks, {figures.keys} keys, {middle:.1f} s ({waited:.1f} waiting)"


def page(found: Mapping[str, Mapping[str, Figures | str]], rounds: int) -> str:
    """Return the page of the results."""
    now = datetime.now(UTC)  # noqa: TID251 (the date of the report)
    lines = [
        "# Ten tasks, ours beside two peers' own admins",
        "",
        "Written by `python benchmarks/tasks.py --write`"
        f" on {now:%Y-%m-%d} at {database.commit()}:",
        f"{database.SMALL} orders, one machine, the middle of {rounds} rounds, warm browser cache.",
        f"Seconds = {POINT} a click + {KEY} a key + the real wait; thinking is left out for all.",
        "Each task begins at the list, signed in, and is done the quickest way that admin offers:",
        "ours by its shortcuts where it has them. The peers are set up as their documentation says",
        "(`peers/fab_desk.py`, `peers/django_desk.py`): search, filters, lines, autocomplete,",
        "`list_editable`. A script moves no eyes: finding a thing takes people longer everywhere.",
        "",
        "| task | ours | Flask-AppBuilder | Django admin | quickest |",
        "|---|---|---|---|---|",
    ]
    for name, row in found.items():
        told = [_line(row[one.name]) if one.name in row else "" for one in DESKS]
        times = {
            who: statistics.median(figures.seconds)
            for who, figures in row.items()
            if isinstance(figures, Figures)
        }
        best = min(times, key=lambda who: times[who], default="")
        lines.append(f"| {name} | {' | '.join(told)} | {best} |")
    lines += ["", *(f"- *{name}*: {why}." for name, why in NOT_OFFERED.items()), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
