"""Taking a role in an emergency: at once, for minutes, under the eyes of others ("break-glass").

Comes in: who asks, and why. Goes out: what they hold now, notes in the audit, and a notice to whom
the definitions name in `break_glass: tells:`. What is done meanwhile carries the use's id in the
audit, looks too (`pipeline.py`). It belongs to one session, never to a token or a job; it opens
records and never the administration of people and roles, which outlast it; and afterwards somebody
else looks into it. Who has `MOST_OPEN` uses that nobody looked into takes no further one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from generator.model.text import Label
from rules.levels import levels
from rules.role_names import closure
from runtime.errors import (
    Blocked,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    NotProved,
    Unconfirmed,
)
from runtime.messages import Actor
from runtime.notifications import Notice, notify
from runtime.role_requests import LONGEST_REASON, reason_faults
from runtime.runtime import Runtime
from runtime.store import accounts
from runtime.store import emergencies as store
from runtime.store.emergencies import Use
from runtime.store.engine import write
from runtime.store.trail import Note, Trail

ABOUT = "@emergency"
"""What such notes in the audit are about."""
MOST_OPEN = 3
"""Uses of one person that may wait at once for somebody to look into them."""
DECISIONS = ("end", "review")

AGAIN = Label({"en": "Give your password once more.", "zh": "请重新输入密码。"})
FACTOR = Label(
    {
        "en": "This role demands a second factor. Set one up, sign in with it and try again.",
        "zh": "该角色要求两步验证，请先设置并以两步验证登录后再试。",
    }
)
RUNS = Label(
    {
        "en": "An emergency of yours runs already. End it before another one.",
        "zh": "您已有正在生效的紧急权限，请先结束。",
    }
)
TOO_MANY = Label(
    {
        "en": "Too many emergencies of yours wait for somebody to look into them.",
        "zh": "您有过多紧急使用尚未核查，请先联系核查人。",
    }
)
STILL_RUNS = Label({"en": "It still runs. End it first.", "zh": "仍在生效中，请先结束。"})
OVER = Label({"en": "This was done already.", "zh": "已处理。"})
NONE = Label({"en": "There is no such emergency.", "zh": "没有这条紧急使用记录。"})
NOT_YOURS = Label(
    {
        "en": "Nobody looks into their own emergency; another one does who is told of it.",
        "zh": "任何人不能核查自己的紧急使用，由其他被通知者核查。",
    }
)


def can_be_taken(runtime: Runtime, actor: Actor) -> tuple[str, ...]:
    """Return the roles that somebody may take in an emergency; asks no database."""
    if actor.kind != "user" or actor.real_id or not actor.session:
        return ()
    held = _held(runtime, actor)
    return tuple(
        name
        for name, role in runtime.app.roles.items()
        if role.break_glass is not None and name not in held and held & set(role.break_glass.by)
    )


def watched_by(runtime: Runtime, actor: Actor) -> frozenset[str]:
    """Return the roles of whose emergencies somebody is told; asks no database."""
    if actor.kind != "user" or actor.real_id:
        return frozenset()
    held = _held(runtime, actor)
    return frozenset(
        name
        for name, role in runtime.app.roles.items()
        if role.break_glass is not None and held & set(role.break_glass.tells)
    )


def concern(runtime: Runtime, actor: Actor) -> bool:
    """Return whether emergencies have to do with somebody at all."""
    return (
        actor.emergency is not None
        or bool(can_be_taken(runtime, actor))
        or bool(watched_by(runtime, actor))
    )


def counted(runtime: Runtime, actor: Actor) -> sa.Select[int] | None:
    """Return what counts the uses that wait for somebody to look into; None where none will."""
    roles = watched_by(runtime, actor)
    return store.counted(runtime.system.emergency, roles, actor.id) if roles else None


def known_to(runtime: Runtime, actor: Actor) -> Sequence[Use]:
    """Return the uses somebody may know of: their own, and those of roles they are told of."""
    table = runtime.system.emergency
    return store.latest(runtime.engine, table, actor.id, watched_by(runtime, actor))


def start(trail: Trail, role: str, reason: str, *, demands_second: bool) -> Use:
    """Take a role now; `demands_second` says whether the role wants a second factor.

    Raises:
        Forbidden: the role is not theirs to take, or a second factor is missing.
        Unconfirmed: no reason is given.
        NotProved: their password was not given in the last five minutes.
        Blocked: one runs already, or too many wait to be looked into.

    """
    runtime, actor = trail.runtime, trail.actor
    if actor is None or actor.kind != "user" or actor.real_id:
        raise Forbidden
    if actor.emergency is not None:
        raise Blocked(RUNS)
    if role not in can_be_taken(runtime, actor):
        raise Forbidden
    faults = reason_faults(reason)
    if faults:
        raise Unconfirmed(Label({"en": "Say why.", "zh": "请说明原因。"}), tuple(faults))
    now = runtime.clock()
    if demands_second and not actor.second:
        raise Forbidden(FACTOR, (FieldError("role", "second_factor_missing", FACTOR),))
    if not levels()["reauthenticate"](actor.proof, "", now.timestamp()):
        raise NotProved(AGAIN, ask="reauthenticate", title="")
    how = runtime.app.roles[role].break_glass
    assert how is not None
    one = Use(
        id=runtime.make_id(),
        user_id=actor.id,
        user_name=actor.name,
        role=role,
        reason=reason.strip()[:LONGEST_REASON],
        session=actor.session,
        started_at=now,
        until=now + timedelta(minutes=how.minutes),
    )
    table = runtime.system.emergency
    with write(runtime.engine) as connection:
        open_ = store.waiting_of(connection, table, actor.id)
        if any(each.runs(now) for each in open_):
            raise Blocked(RUNS)
        if len(open_) >= MOST_OPEN:
            raise Blocked(TOO_MANY)
        store.add(connection, table, one)
        trail.write(connection, _note("emergency_began", one, one.reason))
        _tell(connection, runtime, "emergency_began", one, actor)
    return one


def decide(trail: Trail, use_id: str, decision: str, said: str) -> Use:
    """End one that runs, or look into one that is over.

    Raises:
        NotFound: there is none that the caller may know of.
        Forbidden: nobody looks into their own.
        Blocked: it was done before, or it still runs.
        Invalid: nothing is said of what was found.

    """
    runtime, actor = trail.runtime, trail.actor
    table = runtime.system.emergency
    one = store.find(runtime.engine, table, use_id)
    if one is None or actor is None or actor.kind != "user" or actor.real_id:
        raise NotFound(NONE)
    mine = one.user_id == actor.id
    if not mine and one.role not in watched_by(runtime, actor):
        raise NotFound(NONE)
    now, by = runtime.clock(), (actor.id, actor.name)
    if decision == "end":
        with write(runtime.engine) as connection:
            if not store.end(connection, table, one.id, by, now):
                raise Blocked(OVER)
            trail.write(connection, _note("emergency_ended", one))
            _tell(connection, runtime, "emergency_ended", one, actor)
    else:
        if mine:
            raise Forbidden(NOT_YOURS)
        if one.runs(now):
            raise Blocked(STILL_RUNS)
        faults = reason_faults(said, "said")
        if faults:
            found = Label({"en": "Say what you found.", "zh": "请填写核查结论。"})
            raise Invalid(found, tuple(faults))
        with write(runtime.engine) as connection:
            if not store.review(connection, table, one.id, by, now, said.strip()[:LONGEST_REASON]):
                raise Blocked(OVER)
            trail.write(connection, _note("emergency_reviewed", one, said))
    after = store.find(runtime.engine, table, one.id)
    assert after is not None
    return after


def tidy(runtime: Runtime) -> int:
    """Tell of what has run out that it has; return how many. Nothing depends on it."""
    now, done = runtime.clock(), 0
    table = runtime.system.emergency
    trail = Trail(runtime, Actor(0, "system", frozenset(), kind="system"), "job")
    for one in store.run_out(runtime.engine, table, now):
        with write(runtime.engine) as connection:
            if store.note_told(connection, table, one.id, now):
                trail.write(connection, _note("emergency_ended", one))
                _tell(connection, runtime, "emergency_ended", one, None)
                done += 1
    return done


def _held(runtime: Runtime, actor: Actor) -> set[str]:
    """Return the roles that somebody holds whatever they took, with all those include."""
    return {name for role in actor.lasting for name in closure(role, runtime.app.roles)}


def _note(operation: str, one: Use, reason: str = "") -> Note:
    told = {"role": one.role, "person": one.user_name, "until": one.until.isoformat()}
    return Note(operation, ABOUT, one.id, one.user_name, after=told, reason=reason)


def _tell(
    connection: sa.Connection, runtime: Runtime, kind: str, one: Use, by: Actor | None
) -> None:
    """Tell everybody whom the role names, but the one who does it."""
    how = runtime.app.roles[one.role].break_glass if one.role in runtime.app.roles else None
    roles = runtime.app.roles
    named = set(how.tells) if how is not None else set()
    names = {name for name in roles if closure(name, roles) & named}
    now = runtime.clock()
    people = accounts.numbers_holding(connection, names, runtime.system.role_request, now)
    who = (by.id, by.name) if by is not None else (0, "")
    notices = [
        Notice(
            number,
            kind,
            title=one.role,
            params={"emergency": one.id, "person": one.user_name, "reason": one.reason[:300]},
            actor_id=who[0],
            actor_name=who[1],
        )
        for number in {*people, one.user_id} - {who[0]}
    ]
    notify(connection, runtime, notices, now)
