"""Two matrices → what somebody gains and loses between them, per role × entity.

Comes in: the matrix before and the one after. Goes out: `Change`s, each of which widens, narrows,
or does what nobody can tell from the text alone: other rows by another condition. Such a change
counts as a widening when somebody must approve it. Entities, fields and roles that were not there
before widen nothing: there was nothing to be seen. A transition of records that were there does:
it moves them, whoever wrote it and when. The same holds for a kind of entry of a ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from generator.model.app import App
from generator.model.ledger import POST
from generator.model.text import NOWHERE, Span
from generator.shapes.access import ACTIONS
from rules.comparing_roles import facts_of, of_role
from rules.comparing_steps import NARROWS, OTHERWISE, WIDENS, Found, steps
from rules.matrix import Matrix
from rules.permissions import ALWAYS, Grant, Line, transition_actions
from rules.role_names import ANY

READS = frozenset(
    {"list", "read", "export", "history", "aggregate", "reveal", "match", "export_plain"}
)
WRITES = frozenset({"create", "update", "import", "bulk"})
LEVELS = ("hidden", "masked", "clear")
NEW = "new"


@dataclass(frozen=True)
class Change:
    """One thing that a role may do more, less or otherwise than before."""

    role: str
    entity: str
    direction: str
    """widens, narrows, otherwise or new."""
    kind: str
    """action, days, rows, guard, ask, clear, masked, hidden, mask, write, check, force, kinds,
    limit, person; of a transition also from, clauses, vetoes, others, confirm; of a role as a
    whole (its entity is `*`) second_factor, owner, apart, taken_by, taken_for, told."""
    what: tuple[str, ...]
    """Fields or names of limits; of `rows` nothing."""
    actions: tuple[str, ...]
    before: tuple[str, ...] = ()
    """Conditions; of rows an empty text is every row."""
    after: tuple[str, ...] = ()
    span: Span = NOWHERE
    """Where the role's line for the entity stands now, or stood."""

    @property
    def is_wide(self) -> bool:
        """Return whether somebody must approve it."""
        return self.direction in {WIDENS, OTHERWISE}


def compare(old: App, new: App) -> list[Change]:
    """Return what changes for each role and entity, in the order of the new definitions."""
    before, after = Matrix(old), Matrix(new)
    found: list[Change] = []
    for role in (*new.roles, *(name for name in old.roles if name not in new.roles)):
        for entity in (*new.entities, *(one for one in old.entities if one not in new.entities)):
            changes = _of(role, entity, old, new, before, after)
            if _follows(entity, old, new):
                changes = (one for one in changes if _is_of_itself(one))
            found += _gathered(changes)
        found += [
            Change(role, ANY, direction, kind, what, (), *texts, span=new.roles[role].span)
            for direction, kind, what, texts in of_role(role, old, new)
        ]
    return found


def held(old: App, new: App, entity: str) -> tuple[str, ...]:
    """Return every action that somebody can hold on an entity, before or after, each once."""
    fired = (*transition_actions(new, entity), *transition_actions(old, entity))
    return (*ACTIONS, *dict.fromkeys(fired))


def _follows(entity: str, old: App, new: App) -> bool:
    """Return whether an entity is a part of which no line speaks: what changes is told of its
    whole."""
    model = new.entities.get(entity) or old.entities[entity]
    return bool(model.child_of) and not any(
        rule.entity == entity for app in (old, new) for rule in app.grants
    )


def _is_of_itself(one: Change) -> bool:
    """Return whether a part that follows its whole gains or loses what its whole has not: to fire
    transitions of its own."""
    return one.kind == "action" and one.actions[0] not in ACTIONS


def unapproved(old: App, new: App) -> list[Change]:
    """Return the widenings that no line of the new definitions approves.

    An approval that stood there before was for another change.
    """
    fresh = {name for name, why in new.approvals.items() if old.approvals.get(name) != why}
    wide = [one for one in compare(old, new) if one.is_wide]
    known = {(one.role, _alike(one)) for one in wide}
    return [
        one
        for one in wide
        if f"{one.role}.{one.entity}" not in fresh
        and not any((role, _alike(one)) in known for role in _included(one.role, new))
    ]


def _included(role: str, app: App) -> tuple[str, ...]:
    """Return the roles a role includes: what they gain is approved with them, once."""
    return app.roles[role].includes if role in app.roles else ()


def _alike(one: Change) -> tuple[object, ...]:
    return (one.entity, one.direction, one.kind, one.what, one.actions, one.before, one.after)


def _of(
    role: str, entity: str, old: App, new: App, before: Matrix, after: Matrix
) -> Iterator[Change]:
    roles = frozenset({role})
    is_new = role not in old.roles or entity not in old.entities
    for action in held(old, new, entity):
        was = before.grant(roles, entity, action) if not is_new else None
        now = after.grant(roles, entity, action)
        at = _place(now or was)
        if was is None and now is not None:
            direction = NEW if is_new else WIDENS
            yield Change(role, entity, direction, "action", (), (action,), span=at)
        elif was is not None and now is None:
            yield Change(role, entity, NARROWS, "action", (), (action,), span=at)
        elif was is not None and now is not None:
            known = frozenset(old.entities[entity].fields)
            days = (_days(before, roles, entity, action), _days(after, roles, entity, action))
            if days[0] != days[1]:
                wide = days[1][0] < days[0][0] or days[1][1] > days[0][1]
                texts = (_told(days[0]), _told(days[1]))
                direction = WIDENS if wide else NARROWS
                yield Change(role, entity, direction, "days", (), (action,), *texts, span=at)
            if entity in old.entities:
                asks = _asks(old, entity, action), _asks(new, entity, action)
                if asks[0] != asks[1]:
                    texts = (tuple(sorted(asks[0])), tuple(sorted(asks[1])))
                    opens = _less(asks[0], asks[1])
                    yield Change(role, entity, opens, "ask", (), (action,), *texts, span=at)
            for change in (
                *_rows(was, now),
                *_cells(was, now, known),
                *_writing(was, now, known),
                *_posting(_kinds(was, old), _kinds(now, new)),
                *_most(was, now),
                *steps(old, new, entity, action),
                *facts_of(old, new, was, now),
            ):
                direction, kind, what, texts = change
                yield Change(role, entity, direction, kind, what, (action,), *texts, span=at)


def _asks(app: App, entity: str, action: str) -> frozenset[str]:
    """Return what is asked before an action, each in words: what is asked no more opens a way."""
    return frozenset(
        " ".join(
            (
                one.ask,
                *((f"by {one.approvers}",) if one.approvers > 1 else ()),
                *((f"for {', '.join(sorted(one.fields))}",) if one.fields else ()),
                *((f"when {one.when.text}",) if one.when is not None else ()),
            )
        )
        for one in app.sensitive
        if one.entity == entity and action in one.actions
    )


def _less(before: frozenset[str], after: frozenset[str]) -> str:
    if after < before:
        return WIDENS
    return NARROWS if after > before else OTHERWISE


def _days(matrix: Matrix, roles: frozenset[str], entity: str, action: str) -> tuple[date, date]:
    """Return the first and the last day on which some line gives an action.

    A transition that no line names is fired where its role reads.
    """
    rules = matrix.rules_for(roles, entity, action) or matrix.rules_for(roles, entity, "read")
    return (
        min((rule.since or date.min for rule in rules), default=date.min),
        max((rule.until or date.max for rule in rules), default=date.max),
    )


def _told(days: tuple[date, date]) -> tuple[str, ...]:
    first, last = days
    return (
        "…" if first == date.min else first.isoformat(),
        "…" if last == date.max else last.isoformat(),
    )


NONE: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


def _rows(was: Grant, now: Grant) -> Iterator[Found]:
    before, after = was.tests_by_text, now.tests_by_text
    if before != after:
        texts = (tuple(sorted(before)), tuple(sorted(after)))
        yield _direction(before, after), "rows", (), texts
    closed, closes = _guards(was), _guards(now)
    if closed != closes:
        texts = (tuple(sorted(closed)), tuple(sorted(closes)))
        wide = WIDENS if closes < closed else NARROWS if closes > closed else OTHERWISE
        yield wide, "guard", (), texts


def _direction(before: frozenset[str], after: frozenset[str]) -> str:
    """Say whether more rows are open: an empty condition opens all, and conditions add up."""
    if "" in after or after > before:
        return WIDENS
    return NARROWS if "" in before or after < before else OTHERWISE


def _guards(grant: Grant) -> frozenset[str]:
    required = {f"where {one.text}" for one in grant.require}
    kept = {
        f"keep {field} when {guard.when.text if guard.when else 'ever'}"
        for guard in grant.guards
        for field in guard.fields
        if grant.action in guard.deny
    }
    return frozenset(required | {f"not {one.text}" for one in grant.forbid} | kept)


def _cells(was: Grant, now: Grant, known: frozenset[str]) -> Iterator[Found]:
    """Compare how much is seen of each field in the rows that show it most."""
    if was.action not in READS:
        return
    for level in LEVELS:
        up = [n for n in _seen(now, level, known) if _level(was, n) < LEVELS.index(level)]
        down = [n for n in _seen(now, level, known) if _level(was, n) > LEVELS.index(level)]
        if level == "clear":
            same = (n for n in _seen(now, level, known) if _level(was, n) == 2)
            up += [n for n in same if _elsewhere(_showing(was, n), _showing(now, n), was)]
        if up:
            yield WIDENS, level, tuple(sorted(up)), NONE
        if down:
            yield NARROWS, level, tuple(sorted(down)), NONE
    for name in sorted(was.masked.keys() & now.masked.keys() & known):
        masks = (was.masked[name], now.masked[name])
        if masks[0] != masks[1]:
            wide = NARROWS if masks[1] == "full" else WIDENS if masks[0] == "full" else OTHERWISE
            yield wide, "mask", (name,), ((masks[0],), (masks[1],))


def _seen(grant: Grant, level: str, known: Iterable[str]) -> list[str]:
    return [n for n in known if n not in ALWAYS and LEVELS[_level(grant, n)] == level]


def _showing(grant: Grant, name: str) -> frozenset[str]:
    """Return the row conditions of the lines that show a field in clear."""
    return frozenset(_text(line) for line in grant.lines if name in line.clear)


def _setting(grant: Grant, name: str) -> frozenset[str]:
    return frozenset(_text(line) for line in grant.lines if name in line.write)


def _text(line: Line) -> str:
    return "" if line.rows is None else line.rows.text


def _elsewhere(before: frozenset[str], after: frozenset[str], was: Grant) -> bool:
    """Return whether a field is given in rows that were open before, and did not give it then."""
    return "" not in before and bool((after - before) & was.tests_by_text)


def _level(grant: Grant, name: str) -> int:
    if name not in grant.read:
        return 0
    return 1 if name in grant.masked else 2


def _writing(was: Grant, now: Grant, known: frozenset[str]) -> Iterator[Found]:
    if was.action in WRITES:
        both = now.write & was.write & known
        moved = {n for n in both if _elsewhere(_setting(was, n), _setting(now, n), was)}
        for direction, names in (
            (WIDENS, (now.write & known - was.write) | moved),
            (NARROWS, was.write - now.write),
        ):
            if names:
                yield direction, "write", tuple(sorted(names)), NONE
        checks = tuple(frozenset(one.text for one in grant.checks) for grant in (was, now))
        # several lines need one check of theirs each: fewer checks are never less freedom
        if checks[0] != checks[1]:
            texts = (tuple(sorted(checks[0])), tuple(sorted(checks[1])))
            direction = NARROWS if not checks[0] else WIDENS if not checks[1] else OTHERWISE
            yield direction, "check", (), texts
        forced = tuple({n: one.text for n, one in grant.force.items()} for grant in (was, now))
        for name in sorted(forced[0].keys() | forced[1].keys()):
            texts = (_one(forced[0], name), _one(forced[1], name))
            if texts[0] != texts[1]:
                added, gone = not texts[0], not texts[1]
                wide = NARROWS if added else WIDENS if gone else OTHERWISE
                yield wide, "force", (name,), texts


def _posting(posts: frozenset[str], posted: frozenset[str]) -> Iterator[Found]:
    if posts != posted:
        yield _direction(posts, posted), "kinds", (), (tuple(sorted(posts)), tuple(sorted(posted)))


def _most(was: Grant, now: Grant) -> Iterator[Found]:
    for name in sorted(was.limits.keys() | now.limits.keys()):
        most, mostly = was.limits.get(name), now.limits.get(name)
        if most != mostly:
            wider = mostly is None or (most is not None and mostly > most)
            texts = ((str(most or ""),), (str(mostly or ""),))
            yield WIDENS if wider else NARROWS, "limit", (name,), texts


def _kinds(grant: Grant, app: App) -> frozenset[str]:
    """Return the kinds of entry that lines let somebody post, and where: each by its name, for a
    line without any lets them post what the ledger gains later."""
    ledger = app.ledgers.get(grant.entity)
    if grant.action != POST or ledger is None:
        return frozenset()
    return frozenset(
        f"{kind}: {line.rows.text}" if line.rows is not None else kind
        for line in grant.lines
        for kind in line.kinds or tuple(ledger.kinds)
    )


def _one(values: Mapping[str, str], name: str) -> tuple[str, ...]:
    return (values[name],) if name in values else ()


def _place(grant: Grant | None) -> Span:
    spans = [line.span for line in grant.lines if line.span is not None] if grant else []
    return spans[0] if spans else NOWHERE


def _gathered(changes: Iterable[Change]) -> list[Change]:
    """Return changes that differ only in their action as one."""
    found: dict[tuple[object, ...], Change] = {}
    for one in changes:
        key = (one.direction, one.kind, one.what, one.before, one.after)
        known = found.get(key)
        actions = one.actions if known is None else (*known.actions, *one.actions)
        span = one.span if known is None else known.span
        found[key] = Change(one.role, one.entity, *key[:3], actions, one.before, one.after, span)
    return list(found.values())
