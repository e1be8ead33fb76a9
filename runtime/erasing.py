"""What becomes of a person's values in every table beside the records, when they are erased.

Comes in: what an erasure took out of the records, inside its transaction. Goes out: the same values
taken out of what the back office noted beside them, and in how many rows. About every table of the
engine something is decided here, once: a test fails when one appears of which nothing is said. Rows
are found by the record they are about. In each, the values of erased fields go by the name of their
field, and texts that stood in them wherever they stand. What names no record is not searched.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from generator.model.entity import Entity
from runtime.operations import _erasing_audit
from runtime.operations._changing import load_many
from runtime.operations._erasing import Taken, pieces
from runtime.operations._work import Work
from runtime.operations.copy_person import JOB as COPYING
from runtime.store.guard import system_grant
from runtime.store.outside_tables import WAITING
from runtime.store.titles import titles_of

BLANK = "▇▇▇"
"""What stands where a text was."""


ID = 36
"""Characters of an id."""


@dataclass(frozen=True)
class Values:
    """Columns of rows about a record, in which values are taken out."""

    columns: tuple[str, ...]
    title: str = ""
    """The column with the title of the record: it gets the new one."""
    keys: frozenset[str] = frozenset()
    """Keys whose value always goes, such as an address that was only masked."""


@dataclass(frozen=True)
class Gone:
    """Rows about a record whose data is erased go."""


@dataclass(frozen=True)
class Own:
    """What is done is said in a function of this module."""


@dataclass(frozen=True)
class Untouched:
    """Nothing is done, and why that is right."""

    why: str


Decision = Values | Gone | Own | Untouched

NO_RECORD = Untouched("It says nothing of records.")
OF_ACCOUNTS = Untouched("It is about people who sign in, not about those whose data records are.")
ONLY_IDS = Untouched("It names a record by its id, and no value of it.")
ITS_OWN_TIME = Untouched("Nobody can tell whom it names; it goes by itself after days, or sooner.")

DECISIONS: Mapping[str, Decision] = {
    "release": NO_RECORD,
    "audit": Own(),
    "audit_seal": NO_RECORD,
    "audit_removal": NO_RECORD,
    "audit_gone": ONLY_IDS,
    "outbox": Values(("payload",)),
    "job_run": ITS_OWN_TIME,
    "job_log": ITS_OWN_TIME,
    "job_row": Values(("before", "message")),
    "job_file": Own(),
    "heartbeat": NO_RECORD,
    "schedule": NO_RECORD,
    "idempotency": ONLY_IDS,
    "sequence": NO_RECORD,
    "file": Own(),
    "token": OF_ACCOUNTS,
    "setting": OF_ACCOUNTS,
    "saved_view": Untouched("It is what somebody searched for, and belongs to them."),
    "saved_export": Untouched("It is what somebody searched for, and belongs to them."),
    "selection": Own(),
    "epoch": NO_RECORD,
    "recent": ONLY_IDS,
    "comment": Values(("text",)),
    "attachment": Own(),
    "follow": ONLY_IDS,
    "notification": Values(("params",), title="title"),
    "telling": Values(("told",), keys=frozenset({"to"})),
    "second_factor": OF_ACCOUNTS,
    "approval": Values(("values", "before", "after", "reason", "said"), title="title"),
    "connector": NO_RECORD,
    "connector_setting": NO_RECORD,
    "call": Values(("values", "on_success", "on_failure", "output", "message")),
    "event": Own(),
    "incident": Values(("facts", "reason")),
    "workflow_log": Values(("input", "read", "before", "after", "reason")),
    "timer": Values(("error",)),
    "task": Values((), title="title"),
    "approval_vote": OF_ACCOUNTS,
    "role_request": OF_ACCOUNTS,
    "review": OF_ACCOUNTS,
    "review_line": OF_ACCOUNTS,
    "emergency": OF_ACCOUNTS,
    "promotion": NO_RECORD,
    "alert": ONLY_IDS,
    "alert_look": NO_RECORD,
    "hook": NO_RECORD,
    "hook_delivery": Values(("told",)),
    "hook_attempt": Own(),
}
"""By table, as `SystemTables` calls it."""


def erase_beside(work: Work, taken: Taken, person: tuple[str, str], erasure: str) -> dict[str, int]:
    """Take a person's values out of every table beside the records; return the rows by table.

    Args:
        work: the transaction.
        taken: what was erased; the audit is read first and adds what stood there before.
        person: their entity and record.
        erasure: what the rows of the audit name as the reason of their change.

    """
    _erasing_audit.find_gone(work, taken, person)
    _erasing_audit.find_pointing(work, taken, person)
    _erasing_audit.collect(work, taken)
    scrub, titles = Scrub(taken), _titles(work, taken)
    counts = {"audit": _erasing_audit.rewrite(work, taken, scrub, titles, erasure)}
    for name, decision in DECISIONS.items():
        if isinstance(decision, Values):
            counts[name] = _values(work, name, decision, taken, scrub, titles, erasure)
    counts |= _deliveries(work, taken)
    counts["event"] = _events(work, taken)
    counts |= _files(work, taken)
    counts["job_file"] = _copies(work, person)
    counts["selection"] = _selections(work, taken)
    return {name: count for name, count in counts.items() if count}


def calls_under_way(work: Work, marks: Mapping[str, Collection[str]]) -> int:
    """Return how many calls to other systems about some records are still to be made."""
    call = work.runtime.system.call
    count = 0
    for entity, ids in marks.items():
        for some in pieces(ids):
            asked = sa.select(sa.func.count()).where(
                call.c.entity == entity, call.c.record_id.in_(some), call.c.status == WAITING
            )
            count += int(work.connection.execute(asked).scalar_one())
    return count


class Scrub:
    """Takes values out of what was noted."""

    blank = BLANK

    def __init__(self, taken: Taken) -> None:
        ordered = sorted(taken.words, key=len, reverse=True)
        whole = "|".join(
            rf"(?<![A-Za-z0-9]){re.escape(one)}(?![A-Za-z0-9])" if one.isascii() else re.escape(one)
            for one in ordered
        )
        self._found = re.compile(whole) if whole else None
        self._former = tuple(taken.former.values())

    def text(self, text: str) -> str:
        """Return a text without the texts that were erased."""
        found = self._found.sub(BLANK, text) if self._found else text
        for one in self._former:
            found = one.without(found, BLANK)
        return found

    def title(
        self, entity: Entity, names: Collection[str], title: str | None, now: str | None
    ) -> str | None:
        """Return the title of a record as it may stay: as it is now, where it told of them."""
        if title is None:
            return None
        if any(path.partition(".")[0] in names for path in entity.title_paths):
            return now if now is not None else BLANK
        return self.text(title)

    def of(self, value: Any, names: Collection[str]) -> Any:
        """Return a value of JSON without what stands under some names, and without those texts."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {
                key: None if key in names else self.of(inner, names) for key, inner in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self.of(one, names) for one in value]
        return value


def _values(
    work: Work,
    name: str,
    decision: Values,
    taken: Taken,
    scrub: Scrub,
    titles: Mapping[tuple[str, str], str],
    erasure: str,
) -> int:
    table: sa.Table = getattr(work.runtime.system, name)
    columns = [table.c[one] for one in (*decision.columns, decision.title) if one]
    keys = list(table.primary_key.columns)
    count = 0
    for entity, marked in taken.marks.items():
        for some in pieces(marked):
            mine = (table.c.entity == entity, table.c.record_id.in_(some))
            asked = sa.select(*{*keys, table.c.record_id, *columns}).where(*mine)
            for row in work.connection.execute(asked).mappings().all():
                record_id = str(row["record_id"])
                names = marked[record_id] | decision.keys
                new = {one: scrub.of(row[one], names) for one in decision.columns}
                if decision.title:
                    now = titles.get((entity, record_id))
                    model = work.runtime.app.entities[entity]
                    new[decision.title] = scrub.title(model, names, row[decision.title], now)
                changed = {key: value for key, value in new.items() if value != row[key]}
                if changed:
                    if "erased_by" in table.c:
                        changed["erased_by"] = erasure  # the table only grows, but for this
                    one = (column == row[column.name] for column in keys)
                    work.connection.execute(table.update().where(*one).values(changed))
                    count += 1
    return count


def _titles(work: Work, taken: Taken) -> dict[tuple[str, str], str]:
    """Return what the records are called now."""
    found: dict[tuple[str, str], str] = {}
    for name, marked in taken.marks.items():
        entity = work.runtime.app.entities[name]
        here = [one for one in marked if one not in taken.gone.get(name, ())]
        for some in pieces(here):
            facts = load_many(work, entity, tuple(some), system_grant(name), lock="")
            records = list(facts.values())
            texts_ = titles_of(work.connection, work.runtime, entity, records)
            found |= {(name, one): text for one, text in zip(facts, texts_, strict=True)}
    return found


def _deliveries(work: Work, taken: Taken) -> dict[str, int]:
    """Empty what was sent to other systems about the records, and what they answered."""
    system = work.runtime.system
    delivery, attempt = system.hook_delivery, system.hook_attempt
    count = 0
    for entity, marked in taken.marks.items():
        for some in pieces(marked):
            mine = sa.select(delivery.c.id).where(
                delivery.c.entity == entity, delivery.c.record_id.in_(some)
            )
            emptied = (
                attempt.update()
                .where(attempt.c.delivery_id.in_(mine))
                .where(sa.or_(attempt.c.sent_body != "", attempt.c.got_body != ""))
                .values(sent_body="", got_body="")
            )
            count += work.connection.execute(emptied).rowcount
    return {"hook_attempt": count}


def _events(work: Work, taken: Taken) -> int:
    """Empty what other systems told about the records; that they told it stays."""
    event, count = work.runtime.system.event, 0
    for entity, marked in taken.marks.items():
        for some in pieces(marked):
            mine = (event.c.entity == entity, event.c.record_id.in_(some))
            emptied = event.update().where(*mine, event.c.is_empty.is_(False))
            count += work.connection.execute(emptied.values(body={}, is_empty=True)).rowcount
    return count


def _files(work: Work, taken: Taken) -> dict[str, int]:
    """Take what is attached away, and the names of files; their bytes go when things are tidied."""
    system = work.runtime.system
    attachment, file = system.attachment, system.file
    found = set(taken.files)
    count = 0
    for entity, marked in taken.marks.items():
        if not taken.usual.get(entity):
            continue
        for some in pieces(marked):
            mine = (attachment.c.entity == entity, attachment.c.record_id.in_(some))
            gone = attachment.delete().where(*mine).returning(attachment.c.file_id)
            ids = [str(one) for one in work.connection.execute(gone).scalars()]
            found |= set(ids)
            count += len(ids)
    named = 0
    for some in pieces(found):
        renamed = file.update().where(file.c.id.in_(some), file.c.name != BLANK)
        named += work.connection.execute(renamed.values(name=BLANK)).rowcount
    return {"attachment": count, "file": named}


def _copies(work: Work, person: tuple[str, str]) -> int:
    """Take away the copies of their data that were made; other files end within a day."""
    system = work.runtime.system
    run, made = system.job_run, system.job_file
    runs = work.connection.execute(sa.select(run.c.id, run.c.input).where(run.c.job == COPYING))
    ids = [
        str(row.id)
        for row in runs
        if (row.input or {}).get("entity") == person[0]
        and (row.input or {}).get("record") == person[1]
    ]
    count = 0
    for some in pieces(ids):
        count += work.connection.execute(made.delete().where(made.c.run_id.in_(some))).rowcount
    return count


def _selections(work: Work, taken: Taken) -> int:
    """Take away what undoes a change of the records: it would bring the values back."""
    selection, count = work.runtime.system.selection, 0
    for entity, marked in taken.marks.items():
        asked = sa.select(selection.c.id, selection.c.content).where(selection.c.entity == entity)
        for row in work.connection.execute(asked).all():
            is_ids = all(isinstance(one, str) and len(one) == ID for one in row.content)
            if not is_ids and any(one in repr(row.content) for one in marked):
                work.connection.execute(selection.delete().where(selection.c.id == row.id))
                count += 1
    return count
