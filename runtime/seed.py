"""A folder of CSV files → records of an empty back office, through the import like any other file.

`ENTITY.csv` holds the records of an entity. Its header names fields: `name.en` a language, and
`address.city` a part of a value, `store.code` the record whose natural key is in the cell. Parts of
a record (`child_of`) stand in a file of their own and are saved with their whole. Days and moments
are written relative to now (`today-12d 09:30`, `now-95m`), so that a demo never grows old.

A record that is already there, by its natural key, is left alone: seeding twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from generator.model.app import App
from generator.model.entity import Entity, Field
from generator.model.text import Label, in_both
from runtime.errors import RequestError
from runtime.files import FileStore
from runtime.importing.attachments import Attachments, NoAttachments
from runtime.importing.faults import FileFault
from runtime.importing.grouping import Parts
from runtime.importing.headers import target_from_header
from runtime.importing.loading import Loading, around, load_with_parts
from runtime.importing.recipe import make_recipe
from runtime.importing.report import Tally, Verdict
from runtime.importing.tables import Reading, Table, open_table
from runtime.messages import Actor
from runtime.runtime import Runtime

THERE_ALREADY = "exists"


class SeedRefused(Exception):
    """A row that the pipeline refused; the file and the line are in the text."""

    def __init__(self, message: Label) -> None:
        super().__init__(str(message))
        self.message = message


@dataclass
class Seeded:
    """What a seeding did."""

    created: dict[str, int] = field(default_factory=dict)
    """Records made, by entity."""
    skipped: dict[str, int] = field(default_factory=dict)
    """Records that were there already, by entity."""


def seed(
    runtime: Runtime,
    folder: Path,
    actor: Actor,
    files: FileStore | None = None,
    after_batch: Callable[[Seeded], None] | None = None,
) -> Seeded:
    """Create every record of a folder that is not there yet; referred-to entities come first.

    Args:
        runtime: the back office.
        folder: holds `ENTITY.csv` files and the files they name.
        actor: who creates the records; the grants of its roles hold.
        files: keeps pictures and files; without it such cells stay empty.
        after_batch: called after every few hundred records, with what was done so far.

    Raises:
        SeedRefused: a file names an unknown field, or the pipeline refused a row.

    """
    return _Seeding(runtime, folder, actor, files, after_batch or _nothing).run()


def _nothing(done: Seeded) -> None:
    """Do nothing after a batch."""


class _Seeding:
    """One run and what it did so far."""

    def __init__(
        self,
        runtime: Runtime,
        folder: Path,
        actor: Actor,
        files: FileStore | None,
        after_batch: Callable[[Seeded], None],
    ) -> None:
        self.runtime, self.folder, self.after_batch = runtime, folder, after_batch
        self.refused: list[Verdict] = []
        self.done = Seeded()
        self.loading = Loading(
            runtime,
            actor,
            self._verdict,
            self._progress,
            source="seed",
            attachments=Attachments(files, folder, actor.id) if files else NoAttachments(),
        )

    def run(self) -> Seeded:
        for entity in _in_order(self.runtime.app, self.folder):
            try:
                self._entity(entity)
            except FileFault as fault:
                raise SeedRefused(fault.message) from fault
            except RequestError as refusal:
                raise SeedRefused(_in_file(f"{entity.name}.csv", refusal.message)) from refusal
            if self.refused:
                raise SeedRefused(_refusals(self.refused[:5]))
        return self.done

    def _entity(self, entity: Entity) -> None:
        table = self._table(entity)
        target = target_from_header(
            entity,
            table.columns,
            table.name,
            self.runtime.app,
            self.runtime.compiled.field_types,
            mode="create",
        )
        parts = [
            self._parts(model, table)
            for model in entity.fields.values()
            if model.type == "children" and (self.folder / f"{model.target}.csv").exists()
        ]
        self._progress(load_with_parts(self.loading, table, target, parts))

    def _parts(self, model: Field, whole: Table) -> tuple[Parts, tuple[str, ...]]:
        """Return the children in a file, and the columns of the whole that name a parent."""
        child = self.runtime.app.entities[model.target]
        table = self._table(child)
        target = target_from_header(
            child,
            table.columns,
            table.name,
            self.runtime.app,
            self.runtime.compiled.field_types,
        )
        columns = tuple(name.removeprefix(f"{child.child_of}.") for name in target.group_by)
        missing = [name for name in columns if name not in whole.columns]
        if missing or not columns:
            name = missing[0] if missing else child.child_of
            raise SeedRefused(
                Label(
                    {
                        "en": f"{table.name} names its {child.child_of} by '{name}', which "
                        f"{whole.name} does not hold.",
                        "zh": f"{table.name} 用“{name}”指明所属的 {child.child_of}，"
                        f"但 {whole.name} 中没有该列。",
                    }
                )
            )
        recipe = make_recipe(target, table.columns, table.name, around(self.loading))
        return Parts(model.name, table, recipe), columns

    def _table(self, entity: Entity) -> Table:
        return open_table(self.folder / f"{entity.name}.csv", Reading("utf-8-sig", ","))

    def _verdict(self, verdict: Verdict) -> None:
        if verdict.code != THERE_ALREADY and verdict.code != "with_record":
            self.refused.append(verdict)

    def _progress(self, tally: Tally) -> None:
        for counts, number in (
            (self.done.created, tally.created),
            (self.done.skipped, tally.rejected),
        ):
            if number:
                counts[tally.records] = number
        self.after_batch(self.done)


def _in_file(file: str, message: Label) -> Label:
    return in_both(lambda locale: f"{file}: {message.text(locale)}")


def _refusals(verdicts: list[Verdict]) -> Label:
    """Return verdicts as one text, each with its file and line."""

    def told(one: Verdict, locale: str) -> str:
        column = f" {one.column}:" if one.column else ""
        line = f"，第 {one.line} 行" if locale == "zh" else f", line {one.line}"
        return f"{one.file}{line}:{column} {one.message.text(locale)}"

    return in_both(lambda locale: "; ".join(told(one, locale) for one in verdicts))


def _in_order(app: App, folder: Path) -> list[Entity]:
    """Return the entities that have a file, each after those that it or its parts refer to.

    Records that are promotions refer to what is sold, in the text of their rules. Parts that no
    file holds refer to nothing: they are made later, by those whom they are about.
    """
    ordered: dict[str, Entity] = {}
    entities = app.entities

    def visit(entity: Entity, above: frozenset[str]) -> None:
        while entity.child_of:
            entity = entities[entity.child_of]
        if entity.name in ordered or entity.name in above:
            return
        if entity.promotion is not None and app.pricing is not None:
            visit(entities[app.pricing.item.entity], above | {entity.name})
        for model in entity.fields.values():
            inner = entities.get(model.target)
            targets = [inner] if inner else []
            if inner is not None and model.type == "children":
                parts = inner.fields.values() if _brings(folder, entity, model) else ()
                targets = [entities[f.target] for f in parts if f.target]
            for target in targets:
                visit(target, above | {entity.name})
        if (folder / f"{entity.name}.csv").exists():
            ordered[entity.name] = entity

    for entity in entities.values():
        visit(entity, frozenset())
    return list(ordered.values())


def _brings(folder: Path, entity: Entity, model: Field) -> bool:
    """Return whether parts in a field stand in a file, their own or that of their whole."""
    if (folder / f"{model.target}.csv").exists():
        return True
    whole = folder / f"{entity.name}.csv"
    if not whole.exists():
        return False
    with whole.open(encoding="utf-8-sig") as lines:
        return f",{model.name}." in f",{lines.readline()}"
