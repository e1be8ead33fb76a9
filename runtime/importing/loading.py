"""A table through the pipeline, batch by batch: each batch is a transaction, each record a verdict.

Comes in: who imports, a table, the targets. Goes out: a tally for each target; verdicts fall as
they are known. A dry run and all-or-nothing take the same way inside one transaction that is undone
at the end. An import that was interrupted is simply run again: what is there already is unchanged.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from generator.field_types import Viewer
from generator.model.entity import Entity, Field
from generator.model.importmap import ImportTarget
from generator.model.text import Label
from runtime.errors import FieldError
from runtime.importing.attachments import Files
from runtime.importing.choosing import pictured
from runtime.importing.grouping import Counts, Document, Parts, documents
from runtime.importing.payloads import Surroundings
from runtime.importing.pictures import Pictures, Unfound
from runtime.importing.recipe import Recipe, make_recipe
from runtime.importing.report import Tally, Verdict, Verdicts
from runtime.importing.tables import Row, Table, Torn
from runtime.messages import Actor, Incoming, Outcome
from runtime.operations import import_
from runtime.operations._import_item import ImportPlan
from runtime.operations._importing import apply
from runtime.operations._keys import Keys
from runtime.pipeline import authorize
from runtime.runtime import Runtime
from runtime.store.engine import write
from runtime.store.sequences import drawn_inside

BATCH_RECORDS = 1000
BATCH_ROWS = 5_000
MOST_WAITING = 100_000
"""Records kept in memory because they point at one that may come later in the file."""

DUPLICATE = "duplicate"
TOGETHER = "with_record"
TOO_MANY_CELLS, TOO_FEW_CELLS = "too_many_cells", "too_few_cells"
FAILED_CELLS = {
    "quote_open": Label(
        {
            "en": "A quotation mark in this row is never closed, so all that follows is in it.",
            "zh": "本行的引号没有闭合，其后的内容都被当作同一个单元格。",
        }
    ),
    "no_text": Label(
        {
            "en": "This cell holds bytes that are no text; the rest of the file is UTF-8. "
            "Write it again.",
            "zh": "该单元格含有无法识别的字节（文件其余部分为 UTF-8），请重新填写。",
        }
    ),
    "no_json": Label(
        {
            "en": "This line is no object in JSON; look for a missing bracket, comma or quote.",
            "zh": "本行不是完整的 JSON 对象，请检查是否缺少括号、逗号或引号。",
        }
    ),
    "digits_lost": Label(
        {
            "en": "The spreadsheet keeps only 15 digits of a number; make the column text and "
            "enter it again.",
            "zh": "电子表格的数字只保留 15 位，请将该列设为文本后重新填写。",
        }
    ),
    "cell_error": Label(
        {
            "en": "The cell shows an error instead of a value; mend its formula.",
            "zh": "单元格显示的是错误而不是值，请修正公式。",
        }
    ),
    "formula_without_result": Label(
        {
            "en": "The formula has no result yet; open the workbook, let it calculate and save it.",
            "zh": "公式尚未计算出结果，请打开工作簿重新计算并保存。",
        }
    ),
}
HEADLESS = "no_row_of_its_own"
NO_HEAD = Label(
    {
        "en": "The file has rows that belong to this record, but not the record's own row.",
        "zh": "文件中只有该记录的下属行，缺少该记录自己的行。",
    }
)


@dataclass(frozen=True)
class Reached:
    """How far an import came: everything before it is in, and nothing behind it."""

    target: int = 0
    """The number of the target it was at."""
    documents: int = 0
    """So many documents of that target were dealt with."""
    tallies: tuple[Tally, ...] = ()
    """What became of the rows by then, target by target."""


Keep = Callable[[sa.Connection, Reached], None]
"""Told in the transaction of each batch how far the import is with it."""


def _keep_nothing(connection: sa.Connection, reached: Reached) -> None:
    """Keep nothing: an import that was interrupted begins anew."""


@dataclass(frozen=True)
class Loading:
    """One import: who, how, and where verdicts go."""

    runtime: Runtime
    actor: Actor
    verdicts: Verdicts
    progress: Callable[[Tally], None]
    source: str = "import"
    dry_run: bool = False
    all_or_nothing: bool = False
    time_zone: str = ""
    locale: str = "en"
    attachments: Files | None = None
    request_id: str = ""
    begin: Reached = Reached()
    """Where an earlier attempt came to."""
    keep: Keep = _keep_nothing

    @property
    def in_one(self) -> bool:
        """Whether the whole import is one transaction."""
        return self.dry_run or self.all_or_nothing


class _Undo(Exception):
    """Leaves a transaction that is not meant to stay."""


def load(loading: Loading, table: Table, targets: Sequence[ImportTarget]) -> list[Tally]:
    """Import a table; return what became of it, target by target.

    Raises:
        FileFault: the table lacks columns, or cannot be read to its end.
        RequestError: the actor may not import one of the entities.

    """
    recipes = [
        make_recipe(target, table.columns, table.name, around(loading)) for target in targets
    ]
    plans = [_plan(loading, recipe) for recipe in recipes]
    tallies: list[Tally] = []
    with _collector_at_rest(), _transactions(loading, tallies) as transaction:
        for number, (recipe, plan) in enumerate(zip(recipes, plans, strict=True)):
            begin = loading.begin
            if number < begin.target:
                tallies.append(begin.tallies[number])
                continue
            run = _Run(loading, table, recipe, plan, transaction, before=tuple(tallies))
            if number == begin.target and begin.tallies:
                run.tally, run.behind = begin.tallies[number], begin.documents
                run.made_before = Counter(run.tally.made)
            tallies.append(run.tally)
            counts = Counts()
            run.everything(_counted(documents(table, recipe, counts), counts, run.tally))
            run.tally.rows, run.tally.skipped = counts.rows, counts.skipped
    return tallies


def gather(
    loading: Loading, pictures: Pictures, table: Table, targets: Sequence[ImportTarget]
) -> None:
    """Tell which files the rows of a table name, before anything is written.

    Raises:
        FileFault: as `load`.

    """
    named: list[tuple[str, Field]] = []

    def note(text: str, model: Field) -> None:
        named.append((text, model))

    surroundings = replace(around(loading), keep_file=note)
    app, types = loading.runtime.app, loading.runtime.compiled.field_types
    for target in targets:
        recipe = make_recipe(target, table.columns, table.name, surroundings)
        if not pictured(target, app, types):
            # nothing to look for, so the file is not read once more
            continue
        for one in documents(table, recipe, Counts()):
            if not one.torn and not one.headless:
                for text, model in named:
                    pictures.want(text, model)
            named.clear()


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Keep the collector of cycles from walking again and again over what was there before.

    A batch makes objects by the ten thousand, which makes it look, and the definitions alone are
    hundreds of thousands that it would look at. Nothing is collected first, which would be the very
    walk that is to be spared, and longer than a small file takes.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def load_with_parts(
    loading: Loading,
    table: Table,
    target: ImportTarget,
    parts: Sequence[tuple[Parts, tuple[str, ...]]],
) -> Tally:
    """Import a table whose records have children in files of their own.

    `parts` are the children and the columns of the table that are the key of a record there.
    """
    recipe = make_recipe(target, table.columns, table.name, around(loading))
    plan = _plan(loading, recipe)
    tallies: list[Tally] = []
    counts = Counts()

    def whole() -> Iterator[Document]:
        for made in documents(table, recipe, counts):
            for some, columns in parts:
                key = tuple(str(made.rows[0].cells[recipe.places[c]]).strip() for c in columns)
                some.put_into(made, key)
            yield made

    with _transactions(loading, tallies) as transaction:
        run = _Run(loading, table, recipe, plan, transaction)
        tallies.append(run.tally)
        run.everything(whole())
        run.tally.rows, run.tally.skipped = counts.rows, counts.skipped
        for some, _ in parts:
            for row in some.left():
                run.refuse_part(some, row)
        run.tell_all()
    return run.tally


def around(loading: Loading) -> Surroundings:
    """Return what reading the cells of an import may ask for."""
    runtime = loading.runtime
    zone = loading.time_zone or runtime.app.time_zone
    return Surroundings(
        app=runtime.app,
        catalog=runtime.compiled.field_types,
        viewer=Viewer(loading.locale, zone),
        now=runtime.clock(),
        zone=ZoneInfo(zone),
        keep_file=loading.attachments.keep if loading.attachments else None,
    )


def _counted(made: Iterable[Document], counts: Counts, tally: Tally) -> Iterator[Document]:
    for one in made:
        tally.rows, tally.skipped = counts.rows, counts.skipped
        yield one


def _plan(loading: Loading, recipe: Recipe) -> ImportPlan:
    """Return the plan that every batch shares; the pipeline's own authorize, parse and plan."""
    target = recipe.target
    incoming = Incoming(
        "import",
        target.entity,
        loading.actor,
        values={
            "records": [],
            "mode": target.mode,
            "key": list(target.key),
            "create": list(target.create),
            "lenient": list(target.lenient),
            "keep": list(target.keep),
            "parts": sorted(recipe.parts),
        },
        source=loading.source,
        request_id=loading.request_id,
    )
    grant = authorize(incoming, loading.runtime)
    return import_.plan(import_.parse(incoming, grant, loading.runtime), grant, loading.runtime)


_Transaction = Callable[[], Any]


@contextmanager
def _transactions(loading: Loading, tallies: list[Tally]) -> Iterator[_Transaction]:
    """Give a context manager for each batch: its own transaction, or all the same one."""
    engine = loading.runtime.engine
    if not loading.in_one:
        yield lambda: write(engine)
        return
    try:
        with write(engine) as connection, drawn_inside(connection):

            @contextmanager
            def same() -> Iterator[sa.Connection]:
                yield connection

            yield same
            if loading.dry_run or any(tally.rejected for tally in tallies):
                raise _Undo
    except _Undo:
        return


@dataclass
class _Run:
    """One target of one table on its way."""

    loading: Loading
    table: Table
    recipe: Recipe
    plan: ImportPlan
    transaction: _Transaction
    tally: Tally = field(init=False)
    keys: Keys = field(init=False)
    seen: dict[int, int] = field(default_factory=dict)
    """The key of every record so far, hashed, and the line where it began."""
    waiting: list[Document] = field(default_factory=list)
    held: list[Verdict] = field(default_factory=list)
    """Verdicts of the present batch: some fall while it is read, some when it is saved."""
    before: tuple[Tally, ...] = ()
    """Of the targets before this one."""
    behind: int = 0
    """Documents that an earlier attempt has dealt with: they are only read again."""
    taken: int = 0
    """Documents read so far."""
    made_before: Counter[str] = field(default_factory=Counter)
    """By entity: what an earlier attempt made of what rows named."""

    def __post_init__(self) -> None:
        self.tally = Tally(self.recipe.target.name, self.recipe.entity.name)
        self.keys = Keys(self.loading.runtime, self.loading.actor)

    def everything(self, made: Iterable[Document]) -> None:
        """Import documents, then those that waited for others, as long as that helps."""
        try:
            self._in_batches(made)
        finally:
            self.tell_all()

    def _in_batches(self, made: Iterable[Document]) -> None:
        fresh = (one for one in self._distinct(self._untorn(self._numbered(made))) if self.is_new)
        for batch in _batches(fresh):
            self._import(batch, may_wait=True)
        before = -1
        while self.waiting and len(self.waiting) != before:
            before = len(self.waiting)
            again, self.waiting = self.waiting, []
            for batch in _batches(again):
                self._import(batch, may_wait=True)
        for batch in _batches(self.waiting):
            self._import(batch, may_wait=False)

    @property
    def is_new(self) -> bool:
        """Whether no earlier attempt has dealt with the document that was read last."""
        return self.taken > self.behind

    def _numbered(self, made: Iterable[Document]) -> Iterator[Document]:
        for one in made:
            self.taken += 1
            yield one

    def _untorn(self, made: Iterable[Document]) -> Iterator[Document]:
        """Yield documents whose rows have the cells of the header; the others are refused."""
        for one in made:
            if not one.torn and not one.headless:
                yield one
                continue
            if not self.is_new:
                continue
            if not one.torn:
                self._reject(one, (FieldError("", HEADLESS, NO_HEAD),))
                continue
            self.tally.rejected += 1
            self.tally.rejected_rows += len(one.rows)
            for row, file in one.torn:
                if row.torn is not None:
                    self._tell_torn(row, row.torn, file)
            self._tell_others(one, {(file, row.line) for row, file in one.torn})

    def _tell_torn(self, row: Row, torn: Torn, file: str) -> None:
        if torn.code:
            self._tell(row, file, torn.column, torn.extra, torn.code, FAILED_CELLS[torn.code])
            return
        many = torn.cells > torn.columns
        code = TOO_MANY_CELLS if many else TOO_FEW_CELLS
        cells = f"{torn.cells} cell{'' if torn.cells == 1 else 's'}"
        message = Label(
            {
                "en": f"The row has {cells}, the header {torn.columns}. Quote a text that holds "
                "the delimiter; name every column.",
                "zh": f"本行有 {torn.cells} 个单元格，表头有 {torn.columns} 个。"
                "含分隔符的文本要加引号，每一列都要有列名。",
            }
        )
        self._tell(row, file, "", torn.extra, code, message)

    def _distinct(self, made: Iterable[Document]) -> Iterator[Document]:
        """Yield documents whose key did not come before; the others are refused."""
        names = self.recipe.target.key
        for one in made:
            key = [one.values.get(name) for name in names]
            if not names or None in key:
                yield one
                continue
            first = self.seen.setdefault(hash(repr(key)), one.line)
            if first == one.line:
                yield one
                continue
            if not self.is_new:
                continue
            message = Label(
                {
                    "en": f"Line {first} has the same key.",
                    "zh": f"与第 {first} 行的编号重复。",
                }
            )
            self._reject(one, (FieldError(names[0], DUPLICATE, message),))

    def _import(self, batch: list[Document], *, may_wait: bool) -> None:
        call = self.plan.call
        records = tuple(one.values for one in batch)
        plan = replace(self.plan, call=replace(call, records=records))
        with self.transaction() as connection:
            if self.loading.attachments is not None:
                self.loading.attachments.write(connection)
            outcomes = apply(connection, plan, self.loading.runtime, self.keys)
            self.tally.made = {**(self.made_before + self.keys.made)}
            for one, outcome in zip(batch, outcomes, strict=True):
                self._note(one, outcome, may_wait=may_wait)
            self.tell_all()
            if not self.loading.in_one and not self.waiting:
                # what waits for later rows would be lost, so the last place before it holds
                tallies = (*self.before, self.tally)
                self.loading.keep(connection, Reached(len(self.before), self.taken, tallies))
        self.loading.progress(self.tally)

    def _note(self, one: Document, outcome: Outcome, *, may_wait: bool) -> None:
        if outcome.errors:
            if may_wait and self._may_come(outcome.errors):
                self.waiting.append(one)
            else:
                self._reject(one, outcome.errors)
        elif outcome.status == "created":
            self.tally.created += 1
        elif outcome.status == "updated":
            self.tally.updated += 1
        else:
            self.tally.unchanged += 1

    def _may_come(self, errors: Sequence[FieldError]) -> bool:
        """Return whether all that is wrong is that another record of this entity is not there."""
        if len(self.waiting) >= MOST_WAITING:
            return False
        return all(
            error.code == "not_found" and _points_home(self.recipe.entity, error.field)
            for error in errors
        )

    def _reject(self, one: Document, errors: Sequence[FieldError]) -> None:
        """Note why a record was refused; the other rows it was made of are named too."""
        self.tally.rejected += 1
        self.tally.rejected_rows += len(one.rows)
        told: set[tuple[str, int]] = set()
        said: set[tuple[int, str, str, str]] = set()
        for error in (_in_own_words(one, each) for each in errors):
            row, file = one.row_at(error.field)
            column = self.recipe.column_of(error.field, () if file else row.cells)
            value = str(row.cells[self.recipe.places[column]]) if column and not file else ""
            told.add((file, row.line))
            # a cell that fills two fields is told once
            words = (row.line, file, column, error.message.text("en"))
            if column and words in said:
                continue
            said.add(words)
            self._tell(row, file, column or error.field, value, error.code, error.message)
        self._tell_others(one, told)

    def _tell_others(self, one: Document, told: set[tuple[str, int]]) -> None:
        """Note the rows of a refused record that have no fault of their own."""
        at_fault = min((line for file, line in told if not file), default=one.line)
        together = Label(
            {
                "en": f"Refused together with line {at_fault}.",
                "zh": f"与第 {at_fault} 行属于同一记录，一并拒绝。",
            }
        )
        for row in one.rows:
            if ("", row.line) not in told:
                told.add(("", row.line))
                self._tell(row, "", "", "", TOGETHER, together)
        for name, rows in one.children.items():
            file = one.files.get(name, "")
            for row in rows if file else ():
                if (file, row.line) not in told:
                    told.add((file, row.line))
                    self._tell(row, file, "", "", TOGETHER, together)

    def refuse_part(self, parts: Parts, row: Row) -> None:
        """Note that a child's record is not in the file of the records."""
        self.tally.rejected += 1
        self.tally.rejected_rows += 1
        message = Label({"en": "Its record is not there.", "zh": "找不到所属的记录。"})
        column = parts.recipe.target.group_by[0]
        value = str(row.cells[parts.recipe.places[column]])
        self._tell(row, parts.table.name, column, value, "not_found", message)

    def _tell(
        self, row: Row, file: str, column: str, value: str, code: str, message: Label
    ) -> None:
        self.held.append(
            Verdict(
                self.tally.records, file or self.table.name, row.line, column, value, code, message
            )
        )
        if len(self.held) >= BATCH_ROWS:
            self.tell_all()

    def tell_all(self) -> None:
        """Hand on the verdicts of a batch in the order of the lines, file by file."""
        home = self.table.name
        held, self.held = self.held, []
        for one in sorted(held, key=lambda one: (one.file != home, one.file, one.line)):
            self.loading.verdicts(one)


def _in_own_words(one: Document, error: FieldError) -> FieldError:
    """Return an error; of a file that cannot be had, with the reason why."""
    said: Any = one.values
    for step in error.field.split("."):
        if isinstance(said, Mapping):
            said = said.get(step)
        elif isinstance(said, list) and step.isdigit() and int(step) < len(said):
            said = said[int(step)]
    if not isinstance(said, Unfound):
        return error
    return replace(error, code=said.code, message=said.message)


def _points_home(entity: Entity, place: str) -> bool:
    model = entity.fields.get(place.partition(".")[0])
    return model is not None and model.target == entity.name


def _batches(made: Iterable[Document]) -> Iterator[list[Document]]:
    """Cut documents into batches, so that one transaction stays short."""
    batch: list[Document] = []
    rows = 0
    for one in made:
        batch.append(one)
        rows += len(one.rows) + sum(len(some) for some in one.children.values())
        if len(batch) >= BATCH_RECORDS or rows >= BATCH_ROWS:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch
