"""Is the audit what was written? Reads all of it once and names everything that does not agree.

Comes in: a database and the keys that ever signed its audit. Goes out: a `Verdict` with a finding
for each row that was altered, forged, taken away or slipped in, each seal that does not fit, and
each record whose version the audit does not explain. Nothing is written. Memory does not grow with
the audit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from generator.model.text import Label
from runtime.store.audit_chain import seal_of
from runtime.store.audit_key import LATER, SIGNED, AuditKey
from runtime.store.engine import read
from runtime.store.guard import system
from runtime.store.schema import Schema
from runtime.store.system_tables import own_tables

MOST_FINDINGS = 200
"""More are counted, but no longer told one by one."""

CHUNK = 2_000
PROVED = ("signature", "erased_by", "erased_signature")
"""The columns that prove a row."""


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
    with read(engine) as connection:
        _rows_and_seals(connection, known, verdict)
        _anchor(verdict, connection, anchor)
        _gaps(connection, schema, verdict)
        _unexplained(connection, schema, verdict)
    return verdict


def _rows_and_seals(
    connection: sa.Connection, keys: Mapping[str, AuditKey], verdict: Verdict
) -> None:
    seals = own_tables().audit_seal
    found = connection.execute(sa.select(seals).order_by(seals.c.number)).mappings()
    waiting = [dict(row) for row in found]
    verdict.seals = len(waiting)
    verdict.anchor = f"{waiting[-1]['number']}:{waiting[-1]['seal']}" if waiting else ""
    chain = _Chain(keys, verdict, iter(waiting))
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


def _signature(
    row: Mapping[str, Any], signature: str, keys: Mapping[str, AuditKey], verdict: Verdict
) -> None:
    what = f"{row['operation']} {row['entity']} {row['record_id']}"
    key = keys.get(signature.partition(":")[0])
    if key is None:
        verdict.found(
            "unknown_key",
            str(row["id"]),
            f"The row {row['id']} ({what}) was signed with a key that is not known here: "
            "name the old one in SHOPWRIGHT_OLD_SECRET_KEYS.",
            f"记录 {row['id']}（{what}）由未知密钥签名："
            "请在 SHOPWRIGHT_OLD_SECRET_KEYS 中列出旧密钥。",
        )
    elif not _is_true(row, signature, key, keys):
        verdict.found(
            "altered",
            str(row["id"]),
            f"The row {row['id']} ({what}) was altered after it was written.",
            f"记录 {row['id']}（{what}）写入后被修改过。",
        )


def _is_true(
    row: Mapping[str, Any], signature: str, key: AuditKey, keys: Mapping[str, AuditKey]
) -> bool:
    """Return whether a row is as it was written, or as an erasure left it."""
    if row["erased_by"] is None:
        return key.sign(row) == signature
    second = str(row["erased_signature"] or "")
    last = keys.get(second.partition(":")[0])
    return last is not None and last.sign_erased(row) == second


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
    """Walks along the seals while the rows go by."""

    def __init__(
        self,
        keys: Mapping[str, AuditKey],
        verdict: Verdict,
        seals: Iterator[Mapping[str, Any]],
    ) -> None:
        self.keys, self.verdict, self.seals = keys, verdict, seals
        self.before, self.number = "", 0
        self.signatures: list[str] = []
        self.now = next(seals, None)

    def add(self, row_id: str, signature: str) -> None:
        """Take one more row; the seals that end before it are compared first."""
        while self.now is not None and row_id > self.now["last_id"]:
            self._compare(self.now)
        if self.now is not None:
            self.signatures.append(signature)

    def close(self) -> None:
        """Compare what is left."""
        while self.now is not None:
            self._compare(self.now)

    def _compare(self, said: Mapping[str, Any]) -> None:
        number = int(said["number"])
        if number != self.number + 1:
            self.verdict.found(
                "seal_missing",
                str(number),
                f"Seals are missing before seal {number}.",
                f"第 {number} 号封印之前缺少封印。",
            )
        key = self.keys.get(str(said["seal"]).partition(":")[0])
        if key is None or seal_of(key, self.before, said, self.signatures) != said["seal"]:
            gone = int(said["rows"]) - len(self.signatures)
            en, zh = _miscount(gone)
            self.verdict.found(
                "seal_broken",
                str(number),
                f"Seal {number} of {said['day']} does not fit its rows: {en}.",
                f"{said['day']} 的第 {number} 号封印与记录不符：{zh}。",
            )
        else:
            self.verdict.sealed += len(self.signatures)
        self.before, self.number, self.signatures = str(said["seal"]), number, []
        self.now = next(self.seals, None)


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
    """A record's own version is that of its last row in the audit; ledgers are proved apart."""
    audit = own_tables().audit
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
        differs = sa.or_(last.c.record_id.is_(None), last.c.version != table.c.version)
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
