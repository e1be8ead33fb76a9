"""What is wrong with the definitions in the folder, on every screen and on a page of its own.

The watcher writes the `Board`, every screen reads it. The last office without faults serves on
meanwhile, so operators go on working; in production only administrators are told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flask import Flask, abort, render_template

from generator.model.text import Label
from generator.problems import Problem
from generator.saying import in_language
from rules.administering import SYSTEM
from runtime.web.context import present, web
from runtime.web.users import administers

ADDRESS = "/_faults"


@dataclass(frozen=True)
class Fault:
    """Why the definitions in the folder are not the ones served."""

    kind: Literal["wrong", "waiting"]
    """wrong: they have faults; waiting: they need somebody to run `apply`."""
    text: Label
    """The report as the terminal shows it, with lines and carets."""
    at: datetime
    problems: tuple[Problem, ...] = ()

    def first(self, locale: str) -> str:
        """Return the place and the words of the problem that a banner names; '' without one."""
        if not self.problems:
            return ""
        one = self.problems[0]
        return f"{one.span} {in_language(one.message, locale)}"

    @property
    def count(self) -> int:
        """Return how many problems stop the definitions; warnings do not."""
        return sum(problem.severity == "error" for problem in self.problems)


class Board:
    """Where the watcher of a process leaves what it found."""

    def __init__(self) -> None:
        self.fault: Fault | None = None

    def show(self, fault: Fault) -> None:
        """Replace what stands there."""
        self.fault = fault

    def clear(self) -> None:
        """Everything is well."""
        self.fault = None


def show_faults(app: Flask, board: Board, *, to_everybody: bool) -> None:
    """Give an app's templates `definition_fault()`, `first_problem(fault)` and the page behind.

    Args:
        app: from `create_app`.
        board: what the watcher found.
        to_everybody: also to people who are not administrators, or not signed in.

    """

    def fault() -> Fault | None:
        return board.fault if board.fault and _may_see(to_everybody) else None

    def page() -> str:
        found = fault()
        if found is None and not _may_see(to_everybody):
            abort(404)
        report = found.text.text(present().locale) if found else ""
        return render_template("faults.html", fault=found, report=report)

    def first(found: Fault) -> str:
        return found.first(present().locale)

    app.jinja_env.globals.update(
        definition_fault=fault, first_problem=first, faults_address=ADDRESS
    )
    app.add_url_rule(ADDRESS, "definition_faults", page)


def _may_see(to_everybody: bool) -> bool:
    actor = present().actor
    if to_everybody:
        return True
    return actor is not None and administers(web().runtime, actor.roles, SYSTEM)
