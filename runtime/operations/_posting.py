"""What every operation on a ledger has in common: reading a payload, the rights, one transaction.

A post is allowed by a line with `post` that names its kind and covers its balance. The answer tells
the numbers of a balance only to those who may read them. `post_within` is the door for what posts
inside a transaction of its own, such as a transition or a job.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import marshmallow as ma
import sqlalchemy as sa
import sqlalchemy.exc

from generator.model.entity import Entity
from generator.model.ledger import POST, Ledger
from generator.model.text import Label
from rules.blockers import Blocker, without
from rules.ledger.entries import Entry, Key
from rules.permissions import Grant
from runtime.errors import (
    Blocked,
    Busy,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    RequestError,
)
from runtime.jobs.outbox import Event, emit
from runtime.messages import Actor, Incoming, Result
from runtime.operations import _reading, _rights
from runtime.operations._work import Work
from runtime.operations._writing import ATTEMPTS, invalid_shape
from runtime.runtime import Runtime
from runtime.store import audit, idempotency, inserts, violations
from runtime.store.engine import write
from runtime.store.ledger_statements import Book
from runtime.store.ledgers import Posting
from runtime.store.posted import Cause, Posted, Refused
from runtime.store.titles import titles_of

ACTION = POST
LONGEST = {"reason": 500, "post_key": 250, "lot": 100, "cause_title": 500}
"""Characters of the texts of a payload."""
MOST = 500
"""Entries of one request."""
BRACES = re.compile(r"\{(\w+)\}")

Body = Callable[["Desk"], tuple[Sequence[Entry], Mapping[str, Any]]]
"""What an operation posts, and what its answer tells beside the entries."""


@dataclass(frozen=True)
class Call:
    """A post, its payload still as it was sent."""

    incoming: Incoming
    actor: Actor
    ledger: Ledger
    entity: Entity
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """A post within its grant, and what its answer may show."""

    call: Call
    grant: Grant
    shown: frozenset[str]


@dataclass(frozen=True)
class Desk:
    """One request being carried out: where an operation asks for what it needs."""

    work: Work
    call: Call
    posting: Posting
    book: Book
    cause: Cause

    @property
    def ledger(self) -> Ledger:
        """The ledger."""
        return self.call.ledger


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    """Return the call.

    Raises:
        NotFound: the entity is no ledger.
        Invalid: the payload is no object.

    """
    assert incoming.actor is not None
    ledger = runtime.app.ledgers.get(incoming.entity)
    if ledger is None:
        raise NotFound(Label({"en": "There is nothing here.", "zh": "这里没有内容。"}))
    if not isinstance(incoming.values, Mapping):
        raise invalid_shape()
    entity = runtime.app.entities[incoming.entity]
    return Call(incoming, incoming.actor, ledger, entity, incoming.values)


def plan(call: Call, grant: Grant, runtime: Runtime) -> Plan:
    """Return the plan."""
    reading = runtime.matrix.grant(call.actor.roles, call.entity.name, "read")
    if reading is None or not (reading.is_wide or _reaches_as_far(reading, grant)):
        return Plan(call, grant, frozenset())
    return Plan(call, grant, reading.open)


def execute(plan: Plan, runtime: Runtime, body: Body) -> Result:
    """Post in one transaction; what lost against another is tried again.

    Raises:
        Blocked: a rule of the ledger says no.
        Forbidden: no line covers a kind or a balance.
        Invalid: a record of the key is not there.

    """
    first = ATTEMPTS + 1  # the key of the request goes along only once
    for attempt in range(first):
        last = attempt == first - 1
        try:
            return _once(plan, runtime, body, along=attempt == 0)
        except idempotency.Taken:
            continue
        except Refused as refused:
            shown = plan.shown | OWN
            if plan.shown:
                shown |= left_told(runtime, plan.call.ledger, plan.call.actor.roles)
            raise refusal(runtime, plan.call.ledger, refused, shown) from refused
        except sqlalchemy.exc.IntegrityError as error:
            if last or not _is_unique(error):
                raise _no_record(plan.call.ledger) from error
        except sqlalchemy.exc.OperationalError as error:
            if not violations.is_passing(error):
                raise
            if last:
                raise Busy() from error
    raise Busy()


def _once(plan: Plan, runtime: Runtime, body: Body, *, along: bool) -> Result:
    call = plan.call
    with write(runtime.engine) as connection:
        now = runtime.clock()
        table = runtime.system.idempotency
        claim = idempotency.claim(connection, table, call.incoming, now) if along else None
        if claim is None:
            earlier = idempotency.take(connection, table, call.incoming, now)
            if earlier is not None:
                answer = in_words(runtime, call.ledger, earlier)
                return Result(row=answer, created=True, replayed=True)
        try:
            return _carried_out(plan, runtime, body, connection, now)
        except (RequestError, Refused) as refusal:
            if claim is not None and claim.is_open:
                # a request that was done before is told what it was told then
                raise idempotency.Taken from refusal
            raise


def _carried_out(
    plan: Plan, runtime: Runtime, body: Body, connection: sa.Connection, now: datetime
) -> Result:
    call, table = plan.call, runtime.system.idempotency
    work = Work(connection, runtime, call.incoming, now, _reading.context(runtime, call.actor))
    with inserts.together(connection) as batch:
        desk = Desk(work, call, posting_of(work), runtime.book(call.ledger.name), cause_of(call))
        entries, told = body(desk)
        _permit(desk, plan.grant, entries)
        posted = desk.posting.post(entries, desk.cause)
        note(desk, posted)
        answer = {"entries": [shown(plan, runtime, one) for one in posted], **told}
        idempotency.remember(connection, table, call.incoming, answer)
        batch.commits = True
    replayed = bool(posted) and all(one.replayed for one in posted)
    row = in_words(runtime, call.ledger, answer)
    return Result(row=row, created=True, replayed=replayed)


def posting_of(work: Work) -> Posting:
    """Return the writer of a transaction."""
    return Posting(work.connection, work.runtime.book, work.now, work.runtime.make_id)


def post_within(work: Work, entries: Iterable[Entry], cause: Cause) -> list[Posted]:
    """Post inside a transaction that somebody else audits: a transition, a job, an order.

    Raises:
        Refused: nothing of the transaction may stay; `refusal` words it for people.

    """
    posted = posting_of(work).post(entries, cause)
    events = [
        Event(f"{one.entry.ledger}.{POST}", one.entry.ledger, one.balance, _told(one))
        for one in posted
        if not one.replayed
    ]
    emit(work.connection, events, work.now, work.runtime.make_id)
    return posted


def refusal(
    runtime: Runtime, ledger: Ledger, refused: Refused, shown: frozenset[str] = frozenset()
) -> Blocked | Invalid:
    """Return a ledger's no with its reasons: what was sent is wrong, or it is not possible now.

    `shown` are the numbers that whoever is refused may read.
    """
    errors = tuple(
        FieldError(OF_PAYLOAD.get(one.code, ""), one.code, one.message or AGAIN["LOST"], one.params)
        for one in reasons(runtime, ledger, refused, shown)
    )
    kind = Invalid if errors[0].code in OF_PAYLOAD else Blocked
    return kind(errors[0].message, errors)


OF_PAYLOAD: Mapping[str, str] = {
    "UNKNOWN_KIND": "kind",
    "IS_TRANSFER": "kind",
    "NO_TRANSFER": "kind",
    "QUANTITY": "quantity",
    "TOO_LARGE": "quantity",
    "REASON_MISSING": "reason",
    "SAME_KEY": "to",
}
"""What a rule says of the payload alone, and where in it."""


OWN = frozenset({"q", "need"})
"""What a reason tells of the post itself."""
LEFT = "have"
"""What a reason calls the rest of a hold or of a lot."""


def left_told(runtime: Runtime, ledger: Ledger, roles: frozenset[str]) -> frozenset[str]:
    """Return `have` for who reads what is left of the holds and lots of a ledger."""
    kept = [ledger.held] if ledger.holds is not None else []
    kept += [ledger.lot] if ledger.lots is not None else []
    grants = [runtime.matrix.grant(roles, name, "read") for name in kept]
    is_read = all(one is not None and "remaining" in one.open for one in grants)
    return frozenset({LEFT}) if is_read else frozenset()


def reasons(
    runtime: Runtime, ledger: Ledger, refused: Refused, shown: frozenset[str]
) -> tuple[Blocker, ...]:
    """Return a ledger's reasons with their words filled in, values in API form.

    `shown` are the numbers that whoever is refused may read; the words stand without the others.
    """
    dump = _dump(runtime, ledger)
    found = []
    for refusing in refused.blockers:
        one = without(refusing, refusing.params.keys() - shown)
        told = {name: _plain(value, dump) for name, value in one.params.items()}
        label = one.message or AGAIN.get(one.code) or AGAIN["LOST"]
        texts = {locale: _filled(text, told) for locale, text in label.texts.items()}
        found.append(Blocker(one.code, Label(texts), told, one.span))
    return tuple(found)


AGAIN = {
    "LOST": Label({"en": "Somebody was faster. Try again.", "zh": "余额刚被他人变动，请重试。"}),
    "OTHER_POST": Label(
        {
            "en": "The key of this post was used for another one.",
            "zh": "该过账的幂等键已用于另一次过账。",
        }
    ),
}


def or_refuse(found: Any) -> Any:
    """Return what a rule made.

    Raises:
        Refused: it said no.

    """
    if isinstance(found, Blocker):
        raise Refused((found,))
    return found


def only(values: Mapping[str, Any], known: Iterable[str], place: str = "") -> None:
    """Refuse keys that a payload may not have.

    Raises:
        Invalid: with each of them.

    """
    errors = [
        FieldError(f"{place}{name}", "unknown_field", UNKNOWN)
        for name in values
        if name not in set(known)
    ]
    if errors:
        raise Invalid(UNKNOWN, tuple(errors))


def read_key(ledger: Ledger, runtime: Runtime, given: Any, place: str) -> Key:
    """Return the key of a balance out of a payload: an object of ids.

    Raises:
        Invalid: a part of it is missing, unknown or no id.

    """
    if not isinstance(given, Mapping):
        names = ", ".join(ledger.key)
        raise wrong(place, "required", f"Send the ids of: {names}.", f"请提交以下记录：{names}。")
    only(given, ledger.key, f"{place}.")
    fields = runtime.app.entities[ledger.name].fields
    return tuple(
        str(read_value(runtime, fields[name], given.get(name), f"{place}.{name}"))
        for name in ledger.key
    )


def read_quantity(ledger: Ledger, runtime: Runtime, given: Any, place: str = "quantity") -> int:
    """Return a quantity in its stored form.

    Raises:
        Invalid: it is missing or no number that the ledger keeps.

    """
    field = runtime.app.entities[ledger.entries].fields["quantity"]
    return int(read_value(runtime, field, given, place))


def read_value(runtime: Runtime, field: Any, given: Any, place: str) -> Any:
    """Return a value of a payload in its stored form.

    Raises:
        Invalid: it is missing, or not what the field holds.

    """
    if given is None:
        raise wrong(place, "required", "This is required.", "必填。")
    schema = runtime.remembered.get(
        ("posted", id(field)), lambda: runtime.compiled.field_types[field.type].schema(field)
    )
    try:
        return schema.deserialize(given)
    except ma.ValidationError as error:
        (message, *_) = error.messages if isinstance(error.messages, list) else [str(error)]
        chinese = getattr(message, "zh", str(message))
        raise wrong(place, "invalid", str(message), chinese) from error


def read_text(values: Mapping[str, Any], name: str) -> str:
    """Return an optional text of a payload.

    Raises:
        Invalid: it is no text of one line, or too long.

    """
    given = values.get(name)
    if given is None:
        return ""
    if not isinstance(given, str) or len(given) > LONGEST[name] or not given.isprintable():
        most = LONGEST[name]
        raise wrong(
            name,
            "invalid",
            f"Write one line, at most {most} characters.",
            f"单行，最多 {most} 字。",
        )
    return given.strip()


def read_id(values: Mapping[str, Any], name: str, runtime: Runtime, ledger: Ledger) -> str:
    """Return the id of a record in a payload.

    Raises:
        Invalid: it is missing or no id.

    """
    field = runtime.app.entities[ledger.entries].fields["balance"]
    return str(read_value(runtime, field, values.get(name), name))


def not_there(name: str) -> Invalid:
    """Refuse what a payload points at and is not there."""
    return wrong(name, "not_found", "There is no such record.", "没有这条记录。")


def dumped(runtime: Runtime, ledger: Ledger, quantity: int) -> Any:
    """Return a quantity in its API form."""
    return _plain(quantity, _dump(runtime, ledger))


UNKNOWN = Label({"en": "This is not a field.", "zh": "没有这个字段。"})
OUTSIDE = Label({"en": "Your rights do not cover this entry.", "zh": "此过账超出了您的权限范围。"})


def _reaches_as_far(reading: Grant, posting: Grant) -> bool:
    """Return whether who posts to a balance by one grant reads it by the other."""
    if reading.require or reading.forbid:
        return False
    return reading.tests_by_text >= posting.tests_by_text


def cause_of(call: Call) -> Cause:
    """Return what a request posts for."""
    reason = read_text(call.values, "reason") or call.incoming.reason
    title = read_text(call.values, "cause_title")
    return Cause(title=title, reason=reason, actor_id=call.actor.id)


def _permit(desk: Desk, grant: Grant, entries: Sequence[Entry]) -> None:
    """Ask the lines: one must name the kind and cover the balance."""
    for entry in entries:
        lines = lines_for(grant, entry)
        if not is_free(grant, lines):
            balance = desk.posting.balance_of(desk.book, entry.key, desk.cause.actor_id)
            inserts.leave_now(desk.work.connection)
            covered = _rights.covering(desk.work, desk.call.entity, (balance,), grant)
            if not lines & covered.get(balance, frozenset()):
                raise Forbidden(OUTSIDE)


def lines_for(grant: Grant, entry: Entry) -> frozenset[int]:
    """Return the lines that name the kind of an entry.

    Raises:
        Forbidden: there are lines, and none does.

    """
    lines = frozenset(
        number
        for number, line in enumerate(grant.lines)
        if line.kinds is None or entry.kind in line.kinds
    )
    if grant.lines and not lines:
        raise Forbidden(OUTSIDE)
    return lines


def is_free(grant: Grant, lines: frozenset[int]) -> bool:
    """Return whether one of these lines covers every balance; another kind's line says nothing."""
    if grant.require or grant.forbid:
        return False
    found = [grant.lines[number] for number in lines]
    return not found or any(one.rows is None and one.check is None for one in found)


def note(desk: Desk, posted: Sequence[Posted]) -> None:
    """Write the rows of the audit and the events of what was posted."""
    title = _title(desk)
    for one in posted:
        if not one.replayed:
            # posts of jobs and transitions are told by their entries alone: what a balance is
            # follows from all of them, and its versions are none of the audit's
            facts = {"id": one.balance}
            told = {
                **_told(one),
                "quantity": dumped(desk.work.runtime, desk.ledger, one.entry.quantity),
            }
            audit.write(desk.work, POST, desk.call.entity, facts, None, told, title=title)


def _title(desk: Desk) -> str:
    """Return what the log calls a balance: its title without its key, as nothing of it is read."""
    runtime, entity = desk.work.runtime, desk.call.entity
    return runtime.remembered.get(
        ("posted to", entity.name),
        lambda: titles_of(desk.work.connection, runtime, entity, [{}], for_log=True)[0],
    )


def _told(one: Posted) -> dict[str, Any]:
    found = {"kind": one.entry.kind, "entry": one.id}
    return {**found, "reverses": one.entry.reverses} if one.entry.reverses else found


def shown(plan: Plan, runtime: Runtime, one: Posted) -> dict[str, Any]:
    """Return what the answer tells of an entry, the numbers after it still as they are stored."""
    dump = _dump(runtime, plan.call.ledger)
    return {
        "id": one.id,
        "kind": one.entry.kind,
        "quantity": _plain(one.entry.quantity, dump),
        "balance": one.balance,
        "after": {name: value for name, value in one.after.items() if name in plan.shown},
        "replayed": one.replayed,
    }


def after(plan: Plan, runtime: Runtime, one: Posted) -> dict[str, Any]:
    """Return the numbers after an entry as far as the caller may read them, in API form."""
    dump = _dump(runtime, plan.call.ledger)
    return {name: _plain(value, dump) for name, value in one.after.items() if name in plan.shown}


def in_words(runtime: Runtime, ledger: Ledger, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer as it is told; one that was kept says the same again."""
    dump = _dump(runtime, ledger)
    entries = [
        {**one, "after": {name: _plain(value, dump) for name, value in one["after"].items()}}
        for one in answer.get("entries", ())
    ]
    return {**answer, "entries": entries}


def _dump(runtime: Runtime, ledger: Ledger) -> Callable[[Any], Any] | None:
    def make() -> tuple[Callable[[Any], Any] | None]:
        field = runtime.app.entities[ledger.entries].fields["quantity"]
        return (runtime.compiled.field_types[field.type].dump(field),)

    return runtime.remembered.get(("posted as", ledger.name), make)[0]


def _plain(value: Any, dump: Callable[[Any], Any] | None) -> Any:
    return value if dump is None or not isinstance(value, int) else dump(value)


def _filled(text: str, told: Mapping[str, Any]) -> str:
    return BRACES.sub(lambda found: str(told.get(found[1], found[0])), text)


def _is_unique(error: sqlalchemy.exc.IntegrityError) -> bool:
    return getattr(error.orig, "sqlstate", "") == "23505" or "UNIQUE" in str(error.orig)


def _no_record(ledger: Ledger) -> Invalid:
    errors = tuple(FieldError(f"key.{name}", "not_found", NO_RECORD) for name in ledger.key)
    return Invalid(NO_RECORD, errors)


NO_RECORD = Label({"en": "There is no such record.", "zh": "没有这条记录。"})


def wrong_count() -> Invalid:
    """Refuse an empty list of entries, or too long a one."""
    return wrong(
        "entries", "count", f"Send a list of 1 to {MOST} entries.", f"请提交 1 到 {MOST} 条流水。"
    )


def wrong(name: str, code: str, en: str, zh: str) -> Invalid:
    """Return the refusal of one value."""
    message = Label({"en": en, "zh": zh})
    return Invalid(message, (FieldError(name, code, message),))
