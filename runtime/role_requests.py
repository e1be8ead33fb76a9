"""Asking for a role, or for one thing that it gives, with a reason and an end.

Comes in: somebody's wish, or somebody's decision about another's. Goes out: the request's state,
notes in the audit, and a notice to whom it concerns. Who decides is said by the role's `owner` in
the definitions; nobody decides about their own wish, whatever they hold, and nobody chooses who
decides. What was granted is held until its day by the statement that finds who asks; what `tidy`
does, once an hour, is to say so.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from generator.model.text import Label
from generator.shapes.access import ACTIONS
from rules.administering import in_conflict
from rules.role_names import closure
from runtime.errors import Blocked, FieldError, Forbidden, Invalid, NotFound
from runtime.messages import Actor
from runtime.notifications import Notice, notify
from runtime.runtime import Runtime
from runtime.store import accounts
from runtime.store import role_requests as store
from runtime.store.decided import PENDING
from runtime.store.engine import write
from runtime.store.role_requests import GRANTED, RoleRequest
from runtime.store.trail import Note, Trail

LONGEST = 180
"""Days that a role is given on request."""
WAITS = timedelta(days=14)
"""How long a request waits for somebody to decide."""
SOON = timedelta(days=7)
"""So long before its end its holder is told."""
SHORTEST_REASON, LONGEST_REASON = 5, 2000
ABOUT = "@role"
"""What such notes in the audit are about."""

OVER = Label({"en": "This request was decided already.", "zh": "此申请已处理。"})
NOT_YOURS = Label(
    {
        "en": "The owners of the role decide, and nobody decides about their own request.",
        "zh": "由该角色的负责人审批，任何人不能审批自己的申请。",
    }
)
NONE = Label({"en": "There is no such request.", "zh": "没有这个申请。"})
DECISIONS = ("grant", "reject", "withdraw", "revoke")


def can_be_asked(runtime: Runtime) -> tuple[str, ...]:
    """Return the roles that the definitions let people ask for."""
    return tuple(name for name, role in runtime.app.roles.items() if role.owner)


def decided_by(runtime: Runtime, actor: Actor) -> frozenset[str]:
    """Return the roles about which somebody decides; asks no database."""
    if actor.kind != "user" or actor.real_id:
        return frozenset()
    held = {name for role in actor.lasting for name in closure(role, runtime.app.roles)}
    return frozenset(name for name, role in runtime.app.roles.items() if held & set(role.owner))


def counted(runtime: Runtime, actor: Actor) -> sa.Select[int] | None:
    """Return what counts the requests that wait for somebody; None where none ever will."""
    roles = decided_by(runtime, actor)
    if not roles:
        return None
    return store.counted(runtime.system.role_request, roles, actor.id, runtime.clock())


def waiting_for(runtime: Runtime, actor: Actor) -> Sequence[RoleRequest]:
    """Return what somebody may decide about, the oldest first."""
    return [one for one in _concerning(runtime, actor, PENDING) if one.expires_at > runtime.clock()]


def given_by(runtime: Runtime, actor: Actor) -> Sequence[RoleRequest]:
    """Return what others hold for a time of the roles that somebody decides about."""
    return [one for one in _concerning(runtime, actor, GRANTED) if one.until > runtime.clock()]


def _concerning(runtime: Runtime, actor: Actor, state: str) -> list[RoleRequest]:
    roles = decided_by(runtime, actor)
    if not roles:
        return []
    found = store.in_state(runtime.engine, runtime.system.role_request, state)
    return [one for one in found if one.role in roles and one.user_id != actor.id]


def ask(trail: Trail, role: str, part: str, reason: str, until: str) -> RoleRequest:
    """Keep what somebody asks for and tell those who decide.

    Raises:
        Invalid: a value is missing or does not do; `errors` says which and why.
        Forbidden: a program asks, or somebody who looks with other eyes.

    """
    runtime, actor = trail.runtime, trail.actor
    if actor is None or actor.kind != "user" or actor.real_id:
        raise Forbidden
    end = _end(runtime, until)
    faults = [
        *_role_faults(runtime, actor, role, part),
        *reason_faults(reason),
        *([end] if isinstance(end, FieldError) else []),
    ]
    if faults or isinstance(end, FieldError):
        said = Label({"en": "This cannot be asked for.", "zh": "无法提交此申请。"})
        raise Invalid(said, tuple(faults))
    now, table = runtime.clock(), runtime.system.role_request
    one = RoleRequest(
        id=runtime.make_id(),
        user_id=actor.id,
        user_name=actor.name,
        role=role,
        part=part,
        reason=reason.strip(),
        until=end,
        state=PENDING,
        created_at=now,
        expires_at=now + WAITS,
    )
    with write(runtime.engine) as connection:
        mine = sa.select(table.c.id).where(
            table.c.user_id == actor.id,
            table.c.role == role,
            table.c.part == part,
            table.c.state == PENDING,
        )
        if connection.execute(mine).first() is not None:
            waits = _fault("role", "repeated", "It waits already.", "已在等待审批。")
            raise Invalid(waits.message, (waits,))
        store.add(connection, table, one)
        trail.write(connection, note_about("role_requested", one, one.reason))
        owners = owners_of(connection, runtime, role)
        _tell(connection, runtime, owners, "role_requested", one, actor)
    return one


def decide(
    trail: Trail, request_id: str, decision: str, said: str, held: Collection[str] = ()
) -> RoleRequest:
    """Grant, reject, withdraw or take back; `held` is what the one who asked holds now.

    Raises:
        NotFound: there is none that the caller may know of.
        Forbidden: it is not theirs to decide.
        Blocked: it was decided already, is too old, or would bring two roles together that do not
            go together.

    """
    runtime, actor = trail.runtime, trail.actor
    table = runtime.system.role_request
    one = store.find(runtime.engine, table, request_id)
    if one is None or actor is None:
        raise NotFound(NONE)
    mine, theirs = one.user_id == actor.id, one.role in decided_by(runtime, actor)
    if not (mine or theirs):
        raise NotFound(NONE)
    wanted = GRANTED if decision == "revoke" else PENDING
    own = decision == "withdraw" or (decision == "revoke" and mine)
    if mine != own or actor.kind != "user" or actor.real_id:
        raise Forbidden(NOT_YOURS)
    now = runtime.clock()
    late = decision in ("grant", "reject") and one.expires_at <= now
    if one.state != wanted or late:
        raise Blocked(OVER)
    if decision == "grant":
        _refuse_conflict(runtime, one, held)
    state = {"grant": GRANTED, "reject": "rejected", "withdraw": "withdrawn", "revoke": "revoked"}
    return _settled(trail, one, state[decision], said)


def conflicts_of(runtime: Runtime, held: Collection[str]) -> tuple[str, ...]:
    """Return the names of the conflicts of duty among roles, with all they include."""
    return in_conflict(held, runtime.app.roles, runtime.app.conflicts)


def tidy(runtime: Runtime) -> int:
    """Say of what has ended that it has, and tell who will lose something soon; return how many.

    Nothing depends on it: a role counts until its moment, whoever was told.
    """
    now, done = runtime.clock(), 0
    table = runtime.system.role_request
    trail = Trail(runtime, Actor(0, "system", frozenset(), kind="system"), "job")
    for one in store.in_state(runtime.engine, table, PENDING, GRANTED):
        ended = one.until <= now if one.state == GRANTED else one.expires_at <= now
        if ended:
            state = "ended" if one.state == GRANTED else "expired"
            with write(runtime.engine) as connection:
                if store.settle(connection, table, one, state, now):
                    trail.write(connection, note_about(f"role_{state}", one))
                    _tell(connection, runtime, [one.user_id], f"role_{state}", one, None)
                    done += 1
        elif one.state == GRANTED and one.reminded_at is None and one.until - now <= SOON:
            with write(runtime.engine) as connection:
                if store.note_reminder(connection, table, one, now):
                    _tell(connection, runtime, [one.user_id], "role_ends_soon", one, None)
                    done += 1
    return done


def owners_of(connection: sa.Connection, runtime: Runtime, role: str) -> tuple[int, ...]:
    """Return the accounts that decide about requests for a role."""
    roles, named = runtime.app.roles, set(runtime.app.roles[role].owner)
    names = {name for name in roles if closure(name, roles) & named}
    return accounts.numbers_holding(connection, names, runtime.system.role_request, runtime.clock())


def _settled(trail: Trail, one: RoleRequest, state: str, said: str) -> RoleRequest:
    runtime, actor = trail.runtime, trail.actor
    assert actor is not None
    table, now = runtime.system.role_request, runtime.clock()
    with write(runtime.engine) as connection:
        by = (actor.id, actor.name)
        if not store.settle(connection, table, one, state, now, by, said[:LONGEST_REASON]):
            raise Blocked(OVER)
        trail.write(connection, note_about(f"role_{state}", one, said))
        if actor.id != one.user_id:
            _tell(connection, runtime, [one.user_id], f"role_{state}", one, actor)
    found = store.find(runtime.engine, table, one.id)
    assert found is not None
    return found


def _refuse_conflict(runtime: Runtime, one: RoleRequest, held: Collection[str]) -> None:
    new = set(conflicts_of(runtime, {*held, one.held})) - set(conflicts_of(runtime, held))
    for name in new:
        said = runtime.app.conflicts[name].message
        raise Blocked(
            said
            or Label(
                {
                    "en": "They hold a role that does not go together with this one.",
                    "zh": "申请人已持有与此角色不相容的角色。",
                }
            )
        )


def _role_faults(runtime: Runtime, actor: Actor, role: str, part: str) -> list[FieldError]:
    if role not in can_be_asked(runtime):
        return [_fault("role", "invalid", "Nobody can ask for this role.", "此角色不可申请。")]
    if role in actor.roles:
        return [_fault("role", "held", "You hold this role.", "您已拥有此角色。")]
    if part and not part_is_given(runtime, role, part):
        return [_fault("part", "invalid", "The role does not give this.", "此角色不包含该权限。")]
    return []


def part_is_given(runtime: Runtime, role: str, part: str) -> bool:
    """Return whether a role gives something such as `export:order`."""
    action, _, entity = part.partition(":")
    return action in ACTIONS and action in runtime.matrix.actions(frozenset({role}), entity)


def reason_faults(reason: str, field: str = "reason") -> list[FieldError]:
    """Return what is wrong with a reason, or with another remark that must be made."""
    if SHORTEST_REASON <= len(reason.strip()) <= LONGEST_REASON and "\x00" not in reason:
        return []
    said = f"Say why, in {SHORTEST_REASON} to {LONGEST_REASON} characters."
    chinese = f"请填写理由，{SHORTEST_REASON} 到 {LONGEST_REASON} 个字。"
    return [_fault(field, "required", said, chinese)]


def _end(runtime: Runtime, until: str) -> datetime | FieldError:
    """Return the end of the day somebody named, in the shop's zone."""
    here = ZoneInfo(runtime.app.time_zone)
    today = runtime.clock().astimezone(here).date()
    try:
        day = date.fromisoformat(until)
    except ValueError:
        day = date.min
    if not today <= day <= today + timedelta(days=LONGEST):
        said = f"Name a day from today on, at most {LONGEST} days away."
        return _fault("until", "invalid", said, f"请填写今天起 {LONGEST} 天以内的日期。")
    return datetime.combine(day + timedelta(days=1), time(), here)


def _fault(field: str, code: str, en: str, zh: str) -> FieldError:
    return FieldError(field, code, Label({"en": en, "zh": zh}))


def note_about(operation: str, one: RoleRequest, reason: str = "") -> Note:
    told = {"request": one.id, "role": one.held, "person": one.user_name}
    return Note(
        operation,
        ABOUT,
        one.role,
        one.user_name,
        after={**told, "until": one.until.isoformat()},
        reason=reason,
    )


def _tell(
    connection: sa.Connection,
    runtime: Runtime,
    people: Collection[int],
    kind: str,
    one: RoleRequest,
    by: Actor | None,
) -> None:
    who = (by.id, by.name) if by is not None else (0, "")
    told = [
        Notice(
            number,
            kind,
            title=one.held,
            params={"request": one.id, "until": one.until.isoformat()},
            actor_id=who[0],
            actor_name=who[1],
        )
        for number in people
    ]
    notify(connection, runtime, told, runtime.clock())
