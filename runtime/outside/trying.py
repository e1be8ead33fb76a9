"""A test call: does a connector answer, and does it take our credentials? Nothing is moved by it.

It asks what became of a call that was never made, under a fresh key. A provider that answers
"there is none" was reached and let us in; whatever else it says is told as it came.
"""

from __future__ import annotations

from dataclasses import dataclass

from generator.connectors import ABSENT, Answer, Asked
from generator.model.connector import DONE, Connector, Operation
from runtime.outside import settings
from runtime.store.engine import read, write
from runtime.store.trail import Note, Trail

NOT_READY, NO_QUESTION = "not_ready", "no_question"


@dataclass(frozen=True)
class Tried:
    """What came of a test call."""

    answers: bool
    """The provider was reached and let us in."""
    code: str = ""
    """What it said otherwise; `not_ready` or `no_question` where nothing was asked."""


def question_of(connector: Connector) -> Operation | None:
    """Return an operation that only asks what became of another; None where there is none."""
    named = (one.status for one in connector.operations.values() if one.status)
    return next((connector.operations[name] for name in named), None)


def try_out(trail: Trail, connector: Connector) -> Tried:
    """Ask a connector something harmless, and note who did and what came of it."""
    runtime = trail.runtime
    with read(runtime.engine) as connection:
        reach = settings.reach(runtime, connection, connector)
    question = question_of(connector)
    if question is None or not reach.is_ready:
        return Tried(answers=False, code=NO_QUESTION if question is None else NOT_READY)
    key = f"test:{runtime.make_id()}"
    asked = Asked(connector, question, {}, key, reach.settings, True, reach.allowed)
    answer: Answer = runtime.compiled.catalogs["connectors"][connector.type].call(asked)
    tried = Tried(answer.outcome in (ABSENT, DONE), "" if answer.outcome == DONE else answer.code)
    with write(runtime.engine) as connection:
        now = runtime.clock()
        settings.note_answer(
            connection, runtime, connector, answer.code, now, reached=answer.reached
        )
        told = {"mode": reach.mode, "answers": tried.answers, "code": tried.code}
        place = (settings.CONNECTOR, connector.name, str(connector.label))
        trail.write(connection, Note("connector_tested", *place, after=told))
    return tried
