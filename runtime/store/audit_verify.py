"""Is the audit what was written? Reads all of it once and names everything that does not agree.

Comes in: a database and the keys that ever signed its audit. Goes out: a `Verdict` with a finding
for each row that was altered, forged, taken away or slipped in, each seal that does not fit, and
each record whose version the audit does not explain. Rows whose time was over and that were removed
as `audit_removal` does it are not missed: their seals and the marks of their removal are proved in
their place. Nothing is written. Memory does not grow with the audit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from generator.model.text import Label
from runtime.store.audit_chain import MARGIN, moment_of, seal_of
from runtime.store.audit_key import LATER, SIGNED, AuditKey
from runtime.store.audit_proof import Keys, is_marked, is_true, key_of, was_past
from runtime.store.audit_removal import PROVED, held_still
from runtime.store.engine import read
from runtime.store.guard import system
from runtime.store.schema import Schema
from runtime.store.system_tables import own_tables

MOST_FINDINGS = 200
"""More are counted, but no longer told one by one."""

CHUNK = 2_000


@dataclass(frozen=True)
class Finding:
    """One thing that does not agree."""

    code: str
    where: str
    """The row, seal or record."""
    message: Label


@dataclass
class Verdict:
    """What a verification found."""

    rows: int = 0
    unsigned: int = 0
    """Rows from before rows were signed."""
    sealed: int = 0
    seals: int = 0
    removed: int = 0
    """Rows that went because their time was over, as their seals and marks prove."""
    removed_seals: int = 0
    removed_until: datetime | None = None
    """When the last of them was written."""
    count: int = 0
    """All findings, also those no longer told one by one."""
    findings: list[Finding] = field(default_factory=list)
    anchor: str = ""
    """The newest seal, as `NUMBER:SEAL`."""

    def found(self, code: str, where: str, en: str, zh: str) -> None:
        """Note a finding."""
        self.count += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(code, where, Label({"en": en, "zh": zh})))


def verify(
    engine: sa.Engine, schema: Schema, keys: Sequence[AuditKey], anchor: str = ""
) -> Verdict:
    """Return what is wrong with the audit of a database.

    Args:
        engine: its engine.
        schema: the tables of the entities, whose versions must be explained.
        keys: the key in use and those used before.
        anchor: a seal that was noted elsewhere, as `NUMBER:SEAL`; it must still be there.

    """
    verdict = Verdict()
    known = {key.name: key for key in keys}
    with read(engine) as connection, held_still(connection):
        _rows_and_seals(connection, known, verdict)
        _anchor(verdict, connection, anchor)
        _gaps(connection, schema, verdict)
        _unexplained(connection, schema, verdict)
    return verdict


def _rows_and_seals(connection: sa.Connection, keys: Keys, verdict: Verdict) -> None:
    seals, removals = own_tables().audit_seal, own_tables().audit_removal
    found = connection.execute(sa.select(seals).order_by(seals.c.number)).mappings()
    waiting = [dict(row) for row in found]
    verdict.seals = len(waiting)
    verdict.anchor = f"{waiting[-1]['number']}:{waiting[-1]['seal']}" if waiting else ""
    gone = connection.execute(sa.select(removals).order_by(removals.c.number)).mappings()
    chain = _Chain(keys, verdict, iter(waiting), {int(row["number"]): dict(row) for row in gone})
    was_signed = False
    for row in _audit(connection):
        verdict.rows += 1
        signature = row["signature"] or ""
        if signature:
            was_signed = True
            _signature(row, signature, keys, verdict)
        elif was_signed:
            verdict.found(
                "unsigned",
                str(row["id"]),
                f"The row {row['id']} bears no signature: it was not written by the back office.",
                f"记录 {row['id']} 没有签名：它不是由系统写入的。",
            )
        else:
            verdict.unsigned += 1
        chain.add(str(row["id"]), signature)
    chain.close()


def _signature(row: Mapping[str, Any], signature: str, keys: Keys, verdict: Verdict) -> None:
    what = f"{row['operation']} {row['entity']} {row['record_id']}"
    if key_of(signature, keys) is None:
        verdict.found(
            "unknown_key",
            str(row["id"]),
            f"The row {row['id']} ({what}) was signed with a key that is not known here: "
            "name the old one in SHOPWRIGHT_OLD_SECRET_KEYS.",
            f"记录 {row['id']}（{what}）由未知密钥签名："
            "请在 SHOPWRIGHT_OLD_SECRET_KEYS 中列出旧密钥。",
        )
    elif not is_true(row, keys):
        verdict.found(
            "altered",
            str(row["id"]),
            f"The row {row['id']} ({what}) was altered after it was written.",
            f"记录 {row['id']}（{what}）写入后被修改过。",
        )


def _audit(connection: sa.Connection) -> Iterator[Mapping[str, Any]]:
    audit = own_tables().audit
    columns = [audit.c[name] for name in (*SIGNED, *LATER, *PROVED)]
    last = ""
    while True:
        page = sa.select(*columns).where(audit.c.id > last).order_by(audit.c.id).limit(CHUNK)
        rows = connection.execute(page).mappings().all()
        for row in rows:
            yield dict(row)
        if len(rows) < CHUNK:
            return
        last = str(rows[-1]["id"])


class _Chain:
    """Walks along the seals while the rows go by; of some the rows were removed."""

    def __init__(
        self,
        keys: Keys,
        verdict: Verdict,
        seals: Iterator[Mapping[str, Any]],
        removals: dict[int, Mapping[str, Any]],
    ) -> None:
        self.keys, self.verdict, self.seals, self.removals = keys, verdict, seals, removals
        self.before, self.number = "", 0
        self.signatures: list[str] = []
        self.last_removed = ""
        self.untold: dict[str, str] = {}
        """Rows that tell of a removal and did not go by yet, with its seal."""
        self.now = next(seals, None)

    def add(self, row_id: str, signature: str) -> None:
        """Take one more row; the seals that end before it are compared first."""
        while self.now is not None and row_id > self.now["last_id"]:
            self._compare(self.now)
        if self.now is not None:
            self.signatures.append(signature)
        self.untold.pop(row_id, None)

    def close(self) -> None:
        """Compare what is left."""
        while self.now is not None:
            self._compare(self.now)
        for missing in self.removals:
            self.verdict.found(
                "removal_forged",
                str(missing),
                f"A removal names seal {missing}, which is not there.",
                f"有删除标记指向第 {missing} 号封印，但该封印不存在。",
            )
        for told, number in self.untold.items():
            if told > self.last_removed:
                self.verdict.found(
                    "removal_untold",
                    number,
                    f"The row {told}, which tells that the rows of seal {number} were removed, is "
                    "missing.",
                    f"说明第 {number} 号封印的记录已到期删除的日志条目 {told} 缺失。",
                )

    def _compare(self, said: Mapping[str, Any]) -> None:
        number = int(said["number"])
        if number != self.number + 1:
            self.verdict.found(
                "seal_missing",
                str(number),
                f"Seals are missing before seal {number}.",
                f"第 {number} 号封印之前缺少封印。",
            )
        removal = self.removals.pop(number, None)
        if removal is None:
            self._compare_rows(said)
        else:
            self._compare_removed(said, removal)
        self.before, self.number, self.signatures = str(said["seal"]), number, []
        self.now = next(self.seals, None)

    def _compare_rows(self, said: Mapping[str, Any]) -> None:
        key = key_of(str(said["seal"]), self.keys)
        if key is None or seal_of(key, self.before, said, self.signatures) != said["seal"]:
            gone = int(said["rows"]) - len(self.signatures)
            en, zh = _miscount(gone)
            number = said["number"]
            self.verdict.found(
                "seal_broken",
                str(number),
                f"Seal {number} of {said['day']} does not fit its rows: {en}.",
                f"{said['day']} 的第 {number} 号封印与记录不符：{zh}。",
            )
        else:
            self.verdict.sealed += len(self.signatures)

    def _compare_removed(self, said: Mapping[str, Any], removal: Mapping[str, Any]) -> None:
        number, day, verdict = str(said["number"]), said["day"], self.verdict
        if not is_marked(removal, said, self.before, self.keys):
            verdict.found(
                "removal_forged",
                number,
                f"Seal {number} of {day} says that its {said['rows']} rows were removed, but not "
                "the back office removed them.",
                f"{day} 的第 {number} 号封印标有其 {said['rows']} 条记录已删除，但并非由系统删除。",
            )
            return
        if not was_past(removal):
            verdict.found(
                "removed_early",
                number,
                f"The rows of seal {number} of {day} were removed on "
                f"{removal['removed_at']:%Y-%m-%d}, before they were past ({removal['keep']}).",
                f"{day} 的第 {number} 号封印的记录于 {removal['removed_at']:%Y-%m-%d} 被删除，"
                f"当时尚未到期（{removal['keep']}）。",
            )
        if self.signatures:
            left = len(self.signatures)
            verdict.found(
                "left_behind",
                number,
                f"Seal {number} of {day} says that its rows were removed, but {left} are there.",
                f"{day} 的第 {number} 号封印标有其记录已删除，但仍有 {left} 条。",
            )
        verdict.removed += int(said["rows"])
        verdict.removed_seals += 1
        self.last_removed = str(said["last_id"])
        verdict.removed_until = moment_of(self.last_removed)
        self.untold[str(removal["told"])] = number


def _miscount(gone: int) -> tuple[str, str]:
    if gone > 0:
        return f"{gone} of them are missing", f"缺少 {gone} 条"
    if gone < 0:
        return f"{-gone} of them were slipped in", f"多出 {-gone} 条"
    return "they were changed, or the seal was", "记录或封印被改动"


def _anchor(verdict: Verdict, connection: sa.Connection, anchor: str) -> None:
    if not anchor:
        return
    number, _, seal = anchor.partition(":")
    seals = own_tables().audit_seal
    found = (
        connection.execute(sa.select(seals.c.seal).where(seals.c.number == int(number))).scalar()
        if number.isdigit()
        else None
    )
    if found != seal:
        verdict.found(
            "anchor_missing",
            number,
            f"The noted seal {number} is not there any more, or is another one.",
            f"记录在案的第 {number} 号封印已不存在或已改变。",
        )


def _gaps(connection: sa.Connection, schema: Schema, verdict: Verdict) -> None:
    """Each write of a record is one version: one that is not told between two others is gone.

    Not so of ledgers: transitions and jobs post too, and what proves a balance are its entries.
    """
    audit = own_tables().audit
    of_record = {"partition_by": (audit.c.entity, audit.c.record_id), "order_by": audit.c.id}
    before = sa.func.lag(audit.c.record_version).over(**of_record)  # type: ignore[arg-type]
    told = (
        sa.select(
            audit.c.entity,
            audit.c.record_id,
            audit.c.operation,
            audit.c.record_version.label("version"),
            before.label("before"),
        )
        .where(audit.c.record_version.is_not(None), audit.c.entity.not_in(_of_ledgers(schema)))
        .subquery()
    )
    wrong = sa.or_(
        told.c.version != told.c.before + 1,
        sa.and_(told.c.before.is_(None), told.c.operation == "create", told.c.version != 1),
    )
    for row in connection.execute(sa.select(told).where(wrong)):
        verdict.found(
            "gap",
            f"{row.entity} {row.record_id}",
            f"{row.entity} {row.record_id}: nothing tells what happened between version "
            f"{row.before} and version {row.version}.",
            f"{row.entity} {row.record_id}：版本 {row.before} 与版本 {row.version} 之间没有记录。",
        )


def _of_ledgers(schema: Schema) -> list[str]:
    return [name for name, entity in schema.app.entities.items() if entity.ledger]


def _unexplained(connection: sa.Connection, schema: Schema, verdict: Verdict) -> None:
    """A record's own version is that of its last row in the audit; ledgers are proved apart.

    One that last changed while rows were written that are removed by now has none; one that changed
    later has.
    """
    audit = own_tables().audit
    until = verdict.removed_until
    for name, entity in schema.app.entities.items():
        if entity.child_of or entity.ledger:
            continue
        table = schema.tables[name]
        last = (
            sa.select(audit.c.record_id, sa.func.max(audit.c.record_version).label("version"))
            .where(audit.c.entity == name)
            .group_by(audit.c.record_id)
            .subquery()
        )
        both = table.outerjoin(last, last.c.record_id == sa.cast(table.c.id, sa.String))
        # a record whose rows are all older than this column is left alone
        untold: sa.ColumnElement[bool] = last.c.record_id.is_(None)
        if until is not None:
            later = sa.or_(table.c.updated_at.is_(None), table.c.updated_at > until + MARGIN)
            untold = sa.and_(untold, later)
        differs = sa.or_(untold, last.c.version != table.c.version)
        found = sa.select(table.c.id, table.c.version, last.c.version.label("told"))
        asked = system(found.select_from(both).where(differs), "the audit explains every version")
        for row in connection.execute(asked):
            verdict.found(
                "unexplained",
                f"{name} {row.id}",
                f"{name} {row.id} is at version {row.version}, but the audit ends at "
                f"{row.told or 'nothing'}.",
                f"{name} {row.id} 当前为版本 {row.version}，但审计记录止于 {row.told or '无'}。",
            )
