"""Many records as one printable file, a sheet a record, in their order: documents or labels.

In: records that were read, or the ids that an export brings, page by page. Out: pieces of HTML that
need nothing else, as the print page shows them, in their reader's rights and both languages. What a
sheet of a run shows is what its reader may both see and take out: the columns are those of the
export, read once more as the list reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader

from generator.model.text import Label
from runtime.errors import RequestError, TooLarge
from runtime.messages import Incoming, Result
from runtime.pipeline import handle
from runtime.settings import HOME
from runtime.web.screens import export_columns, labels_page
from runtime.web.screens.cells import people_of
from runtime.web.screens.print_page import MOST, print_page
from runtime.web.screens.printing import PRINT, Paper
from runtime.web.screens.visit import Visit, plural
from runtime.web.users import user_names

PAPER = "html"
"""The form of a wish that is printed."""
MEDIA_TYPE = "text/html; charset=utf-8"
MOST_SHEETS = 5_000
AT_ONCE = MOST
"""Records of one look at the database."""
TOO_MANY = Label(
    {
        "en": f"One document holds at most {MOST_SHEETS} records; narrow the list.",
        "zh": f"一份文档最多包含 {MOST_SHEETS} 条记录，请缩小筛选范围。",
    }
)


def shown_of(visit: Visit, paper: Paper) -> tuple[str, ...]:
    """Return the columns of parts as well: what the rights to the whole file hang on."""
    entity = paper.entity
    if paper.label is not None:
        return paper.fields
    inner = [
        f"{name}.{one}"
        for name in paper.plan.includes
        if entity.fields[name].type == "children"
        for one in visit.app.entities[entity.fields[name].target].list.columns
    ]
    asking = visit.asking("export", entity.name)
    found = export_columns.readable(asking, entity.name, inner)
    return (*paper.fields, *(path.text for path in found))


def document(visit: Visit, paper: Paper, result: Result) -> bytes:
    """Return records that were read as one file."""
    parts = (_opened(visit, paper), *_drawn(visit, paper, result), _shut(paper))
    return "".join(parts).encode()


def pieces(visit: Visit, paper: Paper, ids: Iterable[str], total: int | None) -> Iterator[bytes]:
    """Yield the file; `ids` are read as it is written.

    Raises:
        TooLarge: so many sheets are no document.

    """
    if (total or 0) > MOST_SHEETS:
        raise TooLarge(TOO_MANY)
    return _written(visit, paper, ids)


def _written(visit: Visit, paper: Paper, ids: Iterable[str]) -> Iterator[bytes]:
    yield _opened(visit, paper).encode()
    sheets = 0
    for some in _chunks(ids):
        sheets += len(some)
        if sheets > MOST_SHEETS:
            raise TooLarge(TOO_MANY)
        yield "".join(_drawn(visit, paper, _read(visit, paper, some))).encode()
    yield _shut(paper).encode()


def _read(visit: Visit, paper: Paper, ids: Sequence[str]) -> Result:
    query: Mapping[str, tuple[str, ...]] = {
        **paper.query,
        "ids": (",".join(ids),),
        "archived": ("all",),
        "limit": (str(AT_ONCE),),
    }
    incoming = Incoming(
        "list",
        paper.entity.name,
        visit.actor,
        query=query,
        source="job",
        request_id=visit.request_id,
        also=PRINT,
    )
    result = handle(incoming, visit.runtime)
    if isinstance(result, RequestError):
        raise result
    place = [path.text for path in result.plan.paths].index("id")
    order = {record_id: number for number, record_id in enumerate(ids)}
    return replace(result, rows=tuple(sorted(result.rows, key=lambda row: order[str(row[place])])))


def _drawn(visit: Visit, paper: Paper, result: Result) -> Iterator[str]:
    people = user_names(visit.runtime.engine, people_of(result.plan.paths, result.rows))
    known = replace(visit, people=people)
    macros = _macros(paper)
    if paper.label is not None:
        for sheet in labels_page.sheets(known, paper.entity, paper.label, result):
            yield str(macros.sheet(sheet))
    elif result.rows:
        page = print_page(known, paper.plan, result, "")
        for doc in page.docs:
            yield str(macros.doc(doc, page.shop, page.printed, visit.t("Total", "sum")))


def _opened(visit: Visit, paper: Paper) -> str:
    lang = "zh-CN" if visit.chinese() else visit.actor.locale
    label = paper.label
    what = plural(visit, paper.entity) if label is None else visit.text(label.label)
    title = f"{what} · {visit.text(visit.app.label)}"
    style = "" if label is None else labels_page.sheet_style(label.width, label.height)
    return str(_macros(paper).open(lang, title, style))


def _shut(paper: Paper) -> str:
    return str(_macros(paper).shut())


def _macros(paper: Paper) -> Any:
    return (
        _templates()
        .get_template("papers.html" if paper.label is None else "papers_labels.html")
        .module
    )


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    some: list[str] = []
    for one in ids:
        some.append(one)
        if len(some) == AT_ONCE:
            yield some
            some = []
    if some:
        yield some


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(HOME / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
