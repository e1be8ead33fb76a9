"""Many records as one printable document: the file of a run, a sheet a record, in their order.

In: the records that an export brings, page by page. Out: pieces of HTML that need nothing else, as
the print page of a single record shows it, in its reader's rights and both languages. What a sheet
shows is what its reader may both see and take out: the columns are those of the export, read once
more as the list reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader

from generator.model.text import Label
from runtime.errors import RequestError, TooLarge
from runtime.messages import Incoming
from runtime.pipeline import handle
from runtime.settings import HOME
from runtime.web.screens import export_columns
from runtime.web.screens.cells import people_of
from runtime.web.screens.detail_plan import DetailPlan, detail_plan
from runtime.web.screens.print_page import MOST, print_page
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


def plan_of(visit: Visit, entity: str) -> DetailPlan:
    """Return what a sheet shows of a record, as far as it may be taken out."""
    model = visit.app.entities[entity]
    return detail_plan(visit.asking("export", entity), model, "")


def fields_of(plan: DetailPlan) -> tuple[str, ...]:
    """Return what is asked for of each record."""
    return tuple(dict.fromkeys(("id", *plan.fields)))


def shown_of(visit: Visit, plan: DetailPlan) -> tuple[str, ...]:
    """Return the columns of parts as well: what the rights to the whole file hang on."""
    entity = plan.entity
    inner = [
        f"{name}.{one}"
        for name in plan.includes
        if entity.fields[name].type == "children"
        for one in visit.app.entities[entity.fields[name].target].list.columns
    ]
    asking = visit.asking("export", entity.name)
    found = export_columns.readable(asking, entity.name, inner)
    return (*fields_of(plan), *(path.text for path in found))


def pieces(
    visit: Visit, plan: DetailPlan, ids: Iterable[str], total: int | None
) -> Iterator[bytes]:
    """Yield the document; `ids` are read as it is written.

    Raises:
        TooLarge: so many sheets are no document.

    """
    if (total or 0) > MOST_SHEETS:
        raise TooLarge(TOO_MANY)
    return _written(visit, plan, ids)


def _written(visit: Visit, plan: DetailPlan, ids: Iterable[str]) -> Iterator[bytes]:
    macros: Any = _templates().get_template("papers.html").module
    lang = "zh-CN" if visit.chinese() else visit.actor.locale
    title = f"{plural(visit, plan.entity)} · {visit.text(visit.app.label)}"
    yield str(macros.open(lang, title)).encode()
    sheets = 0
    for some in _chunks(ids):
        sheets += len(some)
        if sheets > MOST_SHEETS:
            raise TooLarge(TOO_MANY)
        yield "".join(_sheets(macros, visit, plan, some)).encode()
    yield str(macros.shut()).encode()


def _sheets(macros: Any, visit: Visit, plan: DetailPlan, ids: Sequence[str]) -> Iterator[str]:
    query: Mapping[str, tuple[str, ...]] = {
        "ids": (",".join(ids),),
        "fields": (",".join(fields_of(plan)),),
        "archived": ("all",),
        "limit": (str(AT_ONCE),),
        **({"include": (",".join(plan.includes),)} if plan.includes else {}),
    }
    incoming = Incoming(
        "list",
        plan.entity.name,
        visit.actor,
        query=query,
        source="job",
        request_id=visit.request_id,
    )
    result = handle(incoming, visit.runtime)
    if isinstance(result, RequestError):
        raise result
    place = [path.text for path in result.plan.paths].index("id")
    order = {record_id: number for number, record_id in enumerate(ids)}
    rows = tuple(sorted(result.rows, key=lambda row: order[str(row[place])]))
    people = user_names(visit.runtime.engine, people_of(result.plan.paths, rows))
    known = replace(visit, people=people)
    page = print_page(known, plan, replace(result, rows=rows), "")
    for doc in page.docs:
        yield str(macros.doc(doc, page.shop, page.printed, visit.t("Total", "sum")))


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
