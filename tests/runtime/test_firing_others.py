"""A transition that fires those of other records: one transaction, one order of locks."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from runtime.errors import AutoLoop, GuardBlocked, NotInFromState
from tests.databases import postgres_url, sqlite_url
from tests.flow import Flow, open_flow
from tests.runtime.test_races import together
from tests.shop import write_folder

STATES = """
    initial: open
    states:
      open: {label: {en: Open, zh: 未完成}}
      done: {label: {en: Done, zh: 已完成}, final: true}
    transitions:
"""
WORK = f"""
entity: work
workflows:
  course:
    field: status{STATES}
      finish:
        from: open
        to: done
        trigger: [user, system]
        roles: any
        guard: [{{if: "name != 'locked'", code: LOCKED}}]
        then: {{fire: doing.stop, of: steps}}
      leave:
        from: open
        to: done
        roles: any
        then: {{fire: doing.stop, of: steps, optional: true}}
"""
STEP = f"""
entity: step
workflows:
  doing:
    field: state{STATES}
      stop:
        from: open
        to: done
        trigger: [user, system]
        roles: any
        do: {{set: {{told: now}}}}
      ring: {{from: open, to: done, roles: any, then: {{fire: course.finish, of: work}}}}
"""
TICKET = f"""
entity: ticket
workflows:
  desk:
    field: status{STATES}
      close: {{from: open, to: done, roles: any, then: {{fire: course.finish, of: work}}}}
      drop:
        from: open
        to: done
        roles: any
        then: {{fire: course.finish, of: work, optional: true}}
      call:
        from: open
        to: done
        roles: any
        then:
          - {{fire: course.finish, of: earlier.work, optional: true}}
          - {{fire: course.finish, of: work}}
      take_over:
        from: open
        to: done
        roles: any
        do: [{{set: {{work: earlier.work}}}}, {{set: {{name: work.name}}}}]
"""
LONGEST = 7
LINK = f"entity: link\nworkflows:\n  pulling:\n    field: status{STATES}" + "".join(
    f"      pull{at}: {{from: open, to: done, trigger: [user, system], roles: any"
    + (f", then: {{fire: pull{at + 1}, of: next}}}}\n" if at < LONGEST else "}\n")
    for at in range(1, LONGEST + 1)
)
NAME = "label: {en: Thing, zh: 事项}\ntitle: '{name}'\nfields:\n  name: {type: text}\n"
FILES = {
    "app.yaml": "app: others\nlabel: {en: Others, zh: 其他}\n"
    "modules: {desk: {label: {en: Desk, zh: 柜台}}}\n",
    "roles.yaml": "roles: {clerk: {label: {en: Clerk, zh: 职员}}}\n",
    "desk/desk.access.yaml": "access: desk\ngrants: {clerk: {work: all, ticket: all, link: all}}\n",
    "desk/work.entity.yaml": f"entity: work\n{NAME}  steps: {{type: children, of: step}}\n",
    "desk/step.entity.yaml": "entity: step\nlabel: {en: Step, zh: 步骤}\nchild_of: work\n"
    "fields:\n  name: {type: text}\n  told: {type: datetime}\n",
    "desk/ticket.entity.yaml": f"entity: ticket\n{NAME}  work: {{type: reference, to: work}}\n"
    "  earlier: {type: reference, to: ticket}\n",
    "desk/link.entity.yaml": f"entity: link\n{NAME}  next: {{type: reference, to: link}}\n",
    "desk/work.workflow.yaml": WORK,
    "desk/step.workflow.yaml": STEP,
    "desk/ticket.workflow.yaml": TICKET,
    "desk/link.workflow.yaml": LINK,
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def flow(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flow]:
    folder = tmp_path_factory.mktemp("others")
    url = sqlite_url(folder) if request.param == "sqlite" else postgres_url()
    opened = open_flow(url, write_folder(folder / "definitions", FILES))
    yield opened
    opened.runtime.engine.dispose()


def made(flow: Flow, entity: str, **values: Any) -> str:
    return str(flow.row(flow.done("create", entity, values))["id"])


def work(flow: Flow, name: str = "W", steps: int = 2) -> str:
    return made(flow, "work", name=name, steps=[{"name": str(at)} for at in range(steps)])


def status(flow: Flow, entity: str, record: str) -> str:
    return str(flow.read(record, entity)["status"])


def steps(flow: Flow, whole: str) -> list[str]:
    return [row["state"] for row in flow.stored("step", work=whole)]


def logged(flow: Flow, record: str) -> list[tuple[Any, ...]]:
    rows = flow.stored("workflow_log", record_id=record)
    return [(row["transition"], row["outcome"], row["source"], row["actor_id"]) for row in rows]


def test_what_a_reference_leads_to_is_fired_and_its_parts_after_it(flow: Flow) -> None:
    whole = work(flow)
    ticket = made(flow, "ticket", name="T", work=whole)
    done = flow.fired(ticket, "desk.close", entity="ticket")
    assert flow.row(done)["status"] == "done"
    assert (status(flow, "work", whole), steps(flow, whole)) == ("done", ["done", "done"])
    assert logged(flow, ticket) == [("close", "fired", "user", 1)]
    assert logged(flow, whole) == [("finish", "fired", "system", 0)]
    (cause,) = flow.stored("workflow_log", record_id=ticket)
    (row,) = flow.stored("workflow_log", record_id=whole)
    assert row["cause_log_id"] == cause["id"]
    part = flow.stored("step", work=whole)[0]
    assert part["told"] is not None
    assert logged(flow, part["id"]) == [("stop", "fired", "system", 0)]


def test_the_answer_to_whoever_fired_has_the_version_that_is_stored_at_the_end(flow: Flow) -> None:
    whole = work(flow)
    done = flow.fired(whole, "course.finish", entity="work")
    assert flow.row(done)["version"] == flow.read(whole, "work")["version"]
    assert steps(flow, whole) == ["done", "done"]


def test_a_part_fires_its_whole_which_fires_the_other_parts_or_nothing_moves(flow: Flow) -> None:
    whole = work(flow, steps=1)
    (part,) = flow.stored("step", work=whole)
    refused = flow.blocked(part["id"], "doing.ring", entity="step")
    # the whole asks all of its steps, and the one that rang has stopped already
    assert isinstance(refused, NotInFromState)
    assert (status(flow, "work", whole), steps(flow, whole)) == ("open", ["open"])
    assert logged(flow, part["id"]) == []


def test_a_refusal_of_another_record_undoes_all(flow: Flow) -> None:
    whole = work(flow, "locked")
    ticket = made(flow, "ticket", name="T", work=whole)
    refused = flow.blocked(ticket, "desk.close", entity="ticket")
    assert isinstance(refused, GuardBlocked)
    assert (status(flow, "ticket", ticket), status(flow, "work", whole)) == ("open", "open")
    assert logged(flow, ticket) == logged(flow, whole) == []


def test_an_optional_one_that_is_refused_is_undone_alone_and_noted(flow: Flow) -> None:
    whole = work(flow)
    stopped, going = flow.stored("step", work=whole)
    flow.fired(stopped["id"], "doing.stop", entity="step")
    flow.fired(whole, "course.leave", entity="work")
    assert steps(flow, whole) == ["done", "done"]
    assert logged(flow, stopped["id"])[1:] == [("stop", "skipped", "system", 0)]
    assert logged(flow, going["id"]) == [("stop", "fired", "system", 0)]
    skipped = flow.stored("workflow_log", record_id=stopped["id"])[1]
    assert (skipped["reason"], skipped["to_state"]) == ("not_in_from_state", "done")


def test_what_an_optional_one_had_written_before_it_was_refused_is_gone(flow: Flow) -> None:
    whole = work(flow)
    flow.fired(flow.stored("step", work=whole)[1]["id"], "doing.stop", entity="step")
    ticket = made(flow, "ticket", name="T", work=whole)
    flow.fired(ticket, "desk.drop", entity="ticket")
    assert (status(flow, "ticket", ticket), status(flow, "work", whole)) == ("done", "open")
    assert steps(flow, whole) == ["open", "done"]
    assert logged(flow, whole) == [("finish", "skipped", "system", 0)]


def test_a_path_of_references_is_followed_and_an_empty_one_fires_nothing(flow: Flow) -> None:
    first, second = work(flow), work(flow, steps=0)
    earlier = made(flow, "ticket", name="T", work=first)
    later = made(flow, "ticket", name="U", work=second, earlier=earlier)
    flow.fired(later, "desk.call", entity="ticket")
    assert [status(flow, "work", one) for one in (first, second)] == ["done", "done"]
    lonely = made(flow, "ticket", name="V")
    flow.fired(lonely, "desk.call", entity="ticket")
    assert status(flow, "ticket", lonely) == "done"


def test_what_an_effect_points_at_is_read_by_the_next_one(flow: Flow) -> None:
    earlier = made(flow, "ticket", name="E", work=work(flow, "pointed at"))
    ticket = made(flow, "ticket", name="T", work=work(flow, "before"), earlier=earlier)
    flow.fired(ticket, "desk.take_over", entity="ticket")
    found = flow.read(ticket, "ticket")
    assert found["name"] == "pointed at"
    assert found["work"] == flow.read(earlier, "ticket")["work"]
    alone = made(flow, "ticket", name="T", work=work(flow, "before"))
    flow.fired(alone, "desk.take_over", entity="ticket")
    assert flow.stored("ticket", id=alone)[0]["name"] is None


def test_records_fire_others_five_deep_and_no_deeper(flow: Flow) -> None:
    links: list[str] = []
    for _ in range(LONGEST):
        links.append(made(flow, "link", name="L", next=links[-1] if links else None))
    assert isinstance(flow.blocked(links[-1], "pulling.pull1", entity="link"), AutoLoop)
    assert {status(flow, "link", one) for one in links} == {"open"}
    flow.fired(links[5], "pulling.pull1", entity="link")
    assert [status(flow, "link", one) for one in links] == ["done"] * 6 + ["open"]


def test_several_that_lead_to_one_record_at_once_fire_it_once(flow: Flow) -> None:
    for _ in range(6):
        whole = work(flow)
        one, other = (made(flow, "ticket", name=name, work=whole) for name in "AB")
        answers = together(
            partial(flow.fire, one, "desk.close", entity="ticket"),
            partial(flow.fire, other, "desk.close", entity="ticket"),
            partial(flow.fire, whole, "course.finish", entity="work"),
        )
        lost = [answer for answer in answers if isinstance(answer, NotInFromState)]
        assert len(lost) == 2, answers
        assert logged(flow, whole)[0][0] == "finish"
        assert len(logged(flow, whole)) == 1
        assert steps(flow, whole) == ["done", "done"]
