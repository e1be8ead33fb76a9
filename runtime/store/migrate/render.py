"""A plan as people read it and as programs read it.

What happens is told first, then what that does to the rows that are there; the statements come
last, and only to whom asks for them: a first plan has hundreds of lines of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runtime.store.migrate.plan import DROPS, NARROWS, MigrationPlan, Step

TEXTS = {
    "en": {
        "nothing": "Nothing to do: the database is as the definitions ask.",
        "no_sql": "No table changes; the new definitions become release {number}.",
        "head": "From release {release} to {number} ({dialect}); steps: {count}.",
        "back": "The definitions are those of release {number}.",
        "drift": "Altered by hand since the last release:",
        "findings": "In the data:",
        "timers": "Timers: {armed} armed, {at_once} would be due at once. They keep their times; "
        "--timers recompute times them anew, --timers stagger PT1H spreads those due at once.",
        "blocked": "must be solved first",
        "consent": "needs --allow {consent}",
        "needs": "To apply it, pass --allow {consents}.",
        "stops": "It cannot be applied yet.",
        "sql": "SQL statements: {count}.",
        "ask": "SQL statements: {count}; `plan --sql` prints them.",
        "drops": "drops data",
        "narrows": "may cut values",
    },
    "zh": {
        "nothing": "无需更改：数据库已与定义一致。",
        "no_sql": "数据表无变化；新的定义将成为版本 {number}。",
        "head": "共 {count} 步，从版本 {release} 升级到版本 {number}（{dialect}）。",
        "back": "使用的是版本 {number} 的定义。",
        "drift": "自上个版本以来被手工改动：",
        "findings": "现有数据：",
        "timers": "计时：{armed} 个，其中 {at_once} 个会立即到时。默认保持原定时间；"
        "--timers recompute 按新定义重算，--timers stagger PT1H 把立即到时的分散到 1 小时内。",
        "blocked": "须先解决",
        "consent": "需要 --allow {consent}",
        "needs": "如要应用，请加上 --allow {consents}。",
        "stops": "目前还无法应用。",
        "sql": "SQL 语句共 {count} 条。",
        "ask": "SQL 语句共 {count} 条，`plan --sql` 可全部列出。",
        "drops": "会删除数据",
        "narrows": "可能截短数据",
    },
}


def render_plan(plan: MigrationPlan, locale: str = "en", *, sql: bool = False) -> str:
    """Return a plan as text for a terminal.

    Args:
        plan: from `make_plan`.
        locale: en or zh.
        sql: with every statement at the end; else only how many there are.

    """
    return "\n".join(_lines(plan, locale, sql)) + "\n"


def plan_json(plan: MigrationPlan) -> dict[str, Any]:
    """Return a plan as plain data; `apply_saved` takes it back."""
    return {
        "seal": plan.seal,
        "dialect": plan.dialect,
        "digest": plan.digest,
        "release": plan.release,
        "release_digest": plan.release_digest,
        "fingerprint": plan.fingerprint,
        "returns_to": plan.returns_to,
        "is_empty": plan.is_empty,
        "consents": sorted(plan.consents),
        "blocked": bool(plan.obstacles),
        "steps": [
            {
                "table": step.table,
                "words": dict(step.words.texts),
                "risk": step.risk,
                "sql": list(step.sql),
            }
            for step in plan.steps
        ],
        "findings": [
            {
                "code": one.code,
                "words": dict(one.words.texts),
                "count": one.count,
                "consent": one.consent,
                "blocking": one.blocking,
                **({} if one.at_once is None else {"at_once": one.at_once}),
            }
            for one in plan.findings
        ],
        "timers": {
            "armed": sum(one.armed for one in plan.timers if not one.clock.is_new),
            "unarmed": sum(one.armed for one in plan.timers if one.clock.is_new),
            "at_once": sum(one.at_once for one in plan.timers),
            "changed": [
                {
                    "entity": one.clock.workflow.entity,
                    "workflow": one.clock.workflow.name,
                    "state": one.clock.state,
                    "kind": one.clock.kind,
                    "name": one.clock.name,
                    "is_new": one.clock.is_new,
                    "count": one.armed,
                    "at_once": one.at_once,
                }
                for one in plan.timers
            ],
        },
        "drift": [dict(one.texts) for one in plan.drift],
    }


def _lines(plan: MigrationPlan, locale: str, sql: bool) -> Iterator[str]:
    texts = TEXTS["zh" if locale.startswith("zh") else "en"]
    number = plan.release + 1
    if plan.returns_to is not None:
        yield texts["back"].format(number=plan.returns_to)
    if not plan.is_new_release:
        yield texts["nothing"]
    elif plan.is_empty:
        yield texts["no_sql"].format(number=number)
    else:
        yield texts["head"].format(
            count=len(plan.steps), release=plan.release, number=number, dialect=plan.dialect
        )
        for step in plan.steps:
            yield _step(step, locale, texts)
    yield from _seen(plan, locale, texts)
    if plan.obstacles:
        yield texts["stops"]
    elif plan.consents:
        yield texts["needs"].format(consents=",".join(sorted(plan.consents)))
    yield from _statements(plan, locale, sql, texts)


def _seen(plan: MigrationPlan, locale: str, texts: dict[str, str]) -> Iterator[str]:
    """Yield what was found in the data and in the schema."""
    if plan.findings:
        yield texts["findings"]
    for one in plan.findings:
        note = texts["blocked"] if one.blocking else ""
        if one.consent:
            note = texts["consent"].format(consent=one.consent)
        yield f"  ! {one.words.text(locale)}" + (f"  [{note}]" if note else "")
    if plan.timers:
        armed = sum(one.armed for one in plan.timers)
        yield texts["timers"].format(armed=armed, at_once=sum(one.at_once for one in plan.timers))
    if plan.drift:
        yield texts["drift"]
    yield from (f"  ~ {one.text(locale)}" for one in plan.drift)


def _step(step: Step, locale: str, texts: dict[str, str]) -> str:
    mark = {DROPS: "-", NARROWS: "!"}.get(step.risk, "+")
    note = f"  [{texts[step.risk]}]" if step.risk in (DROPS, NARROWS) else ""
    return f"  {mark} {step.words.text(locale)}{note}"


def _statements(
    plan: MigrationPlan, locale: str, sql: bool, texts: dict[str, str]
) -> Iterator[str]:
    """Yield how many statements there are, and each under the step it belongs to when asked."""
    count = sum(len(step.sql) for step in plan.steps)
    if not count:
        return
    # a rollback is no plan that somebody could ask for again
    asked = sql or plan.returns_to is not None
    yield texts["sql" if asked else "ask"].format(count=count)
    if not sql:
        return
    for step in plan.steps:
        if step.sql:
            yield f"  -- {step.words.text(locale)}"
        for statement in step.sql:
            yield from (f"  {line}" for line in f"{statement};".splitlines())
