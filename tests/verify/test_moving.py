"""Scenarios in which records move: what is so holds, what is not is told, all is counted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from generator.compile import compile_definitions
from runtime.verify.playing import Played, play

FOLDER = Path(__file__).resolve().parents[1] / "shops" / "flow"
STORY = """
scenario: story
label: {en: A story, zh: 故事}
on: 2026-11-22
given:
  order:
    fresh:
      name: A
      address: Here
      lines: [{item: Tea, amount: "5.00"}]
      payments: [{called: cash, amount: "5.00"}]
    empty: {name: B, address: Here}
    settled: {name: C, address: Here, status: confirmed, lines: [{item: Tea, amount: "5.00"}]}
cases:
  it:
"""


TOLD = """
webhook: told
label: {en: Told, zh: 通知}
connector: bank
path: bank
verify: {secret: signing}
id: id
type: type
events:
  gone: {answers: data.key}
  back: {answers: data.key, outcome: refused}
  settled: {entity: order, find: {name: data.order}, transition: fulfilment.refund_done}
"""


def played(tmp_path: Path, case: str) -> Played:
    folder = tmp_path / "flow"
    shutil.copytree(FOLDER, folder)
    with (folder / "desk" / "bank.connector.yaml").open("a", encoding="utf-8") as bank:
        bank.write("settings: {signing: Signing secret}\n")
    (folder / "desk" / "told.webhook.yaml").write_text(TOLD, encoding="utf-8")
    (folder / "desk" / "story.scenario.yaml").write_text(STORY + case, encoding="utf-8")
    work = tmp_path / "work"
    work.mkdir()
    return play(compile_definitions(folder), work)


HOLDS = {
    "a transition": """
    as: clerk
    when: {transition: fresh, name: confirm}
    then: {fired: [order.confirm], cells: {fresh: {status: confirmed}}}
""",
    "a part": """
    as: clerk
    when: {transition: cash, name: capture}
    then: {fired: [payment.capture], cells: {cash: {state: captured}, fresh: {paid: "5.00"}}}
""",
    "a guard": """
    as: clerk
    when: {transition: empty, name: confirm}
    then: {outcome: guard_blocked, reasons: [EMPTY], fired: []}
""",
    "the right workflow": """
    as: clerk
    when: {transition: fresh, name: fulfilment.confirm}
    then: done
""",
    "what nobody confirmed": """
    as: clerk
    when: {transition: fresh, name: cancel, unconfirmed: true}
    then: {outcome: confirmation_required, fired: []}
""",
    "time": """
    when: [{as: clerk, read: fresh}, {time_passes: 31m}]
    then: {fired: [order.expire], cells: {fresh: {status: cancelled}}}
""",
    "less time": """
    when: [{as: clerk, read: fresh}, {time_passes: 29m}]
    then: {fired: [], cells: {fresh: {status: new}}}
""",
    "an answer": """
    as: manager
    when:
      - {transition: settled, name: refund, input: {amount: "5.00"}}
      - {answer: bank.refund}
    then: {fired: [order.refund_done], calls: []}
""",
    "a refusal": """
    as: manager
    when:
      - {transition: settled, name: refund, input: {amount: "5.00"}}
      - {answer: bank.refund, refused: account_closed}
    then: {fired: [order.refund_failed], cells: {settled: {status: confirmed}}}
""",
    "a call": """
    as: manager
    when: {transition: settled, name: refund, input: {amount: "5.00"}}
    then: {calls: [bank.refund]}
""",
    "an event that answers": """
    as: manager
    when:
      - {transition: settled, name: refund, input: {amount: "5.00"}}
      - {event: told.gone, times: 3}
    then: {fired: [order.refund_done], cells: {settled: {status: done}}}
""",
    "an event that says no": """
    as: manager
    when:
      - {transition: settled, name: refund, input: {amount: "5.00"}}
      - {event: told.back}
    then: {fired: [order.refund_failed]}
""",
    "an event after the answer": """
    as: manager
    when:
      - {transition: settled, name: refund, input: {amount: "5.00"}}
      - {answer: bank.refund}
      - {event: told.gone}
    then: {fired: []}
""",
    "an event of its own": """
    as: manager
    when:
      - {transition: settled, name: refund, input: {amount: "5.00"}}
      - {event: told.settled, body: {data.order: C}}
    then: {fired: [order.refund_done]}
""",
    "an event that comes too late": """
    when: {event: told.settled, body: {data.order: C}}
    then: {outcome: not_in_from_state, fired: []}
""",
    "a record that is made": """
    as: clerk
    when: {transition: settled, name: give_out, called: box}
    then: {cells: {box: {code: C}}}
""",
}


@pytest.mark.parametrize("case", HOLDS.values(), ids=HOLDS)
def test_what_moves_is_so(tmp_path: Path, case: str) -> None:
    found = played(tmp_path, case)
    assert [one.faults for one in found.verdicts] == [()]


@pytest.mark.parametrize(
    ("case", "fault"),
    [
        (
            "when: {transition: empty, name: confirm}\n"
            "    then: {outcome: guard_blocked, reasons: [LIMIT]}",
            "reasons: EMPTY, not LIMIT",
        ),
        (
            "when: {transition: fresh, name: confirm}\n    then: {fired: []}",
            "fired: order.confirm, not nothing",
        ),
        (
            "when: {answer: bank.refund}\n    then: done",
            "no call of bank.refund waits for an answer",
        ),
        ("when: {event: told.gone}\n    then: done", "event: unknown_call: "),
        (
            "when: {transition: fresh, name: confirm}\n    then: {calls: [bank.refund]}",
            "calls: nothing, not bank.refund",
        ),
    ],
)
def test_what_is_not_so_is_told(tmp_path: Path, case: str, fault: str) -> None:
    (verdict,) = played(tmp_path, f"    as: clerk\n    {case}\n").verdicts
    assert fault in verdict.faults


def test_transitions_and_guards_are_counted(tmp_path: Path) -> None:
    coverage = played(tmp_path, HOLDS["a guard"]).coverage
    left = {(one.kind, one.name) for one in coverage.untouched()}
    assert ("guard", "EMPTY") not in left
    assert ("guard", "LIMIT") in left
    assert ("transition", "order.confirm") in left
    assert coverage.counts["guard"][0] == 1
