"""Records on paper over REST: the same documents and labels that the screens print.

GET  /api/v1/prints/ENTITY/ID               one record as a file of HTML that needs nothing else
GET  /api/v1/prints/ENTITY?ids=ID,ID        chosen ones, a sheet each, in their order: 100 at most
POST /api/v1/prints/ENTITY {"filter", …}    all that match, by a run (202), whose file it becomes

`label=NAME` prints a label of the entity in place of the document. Who may read a record, or list
several, prints those of them that `print` covers, as on the screens; what a run makes may be taken
out, so it asks for the right to export. A run and its file are those of `/api/v1/jobs/runs/ID`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from generator.field_types._ids import WRITTEN
from generator.model.entity import Entity
from runtime.errors import RequestError
from runtime.exporting import papers
from runtime.messages import Actor, Incoming
from runtime.operations.read import not_found
from runtime.pipeline import handle, nothing_here
from runtime.web.context import Web
from runtime.web.rest_exports import accepted, filter_of
from runtime.web.rest_plain import body_of, method_of, wrong
from runtime.web.screens import printing
from runtime.web.screens.print_page import MOST
from runtime.web.screens.visit import Visit
from runtime.web.wire import Answer, Asked

PRINTS = "prints"
WANTED = ("filter", "ids", "sort", "label")


def answer(asked: Asked, here: Web, actor: Actor) -> Answer:
    """Answer a request below `/api/v1/prints`."""
    parts = asked.path.split("/")[1:]
    visit = Visit(here.runtime, actor, asked.request_id, asked.address)
    if not 1 <= len(parts) <= 2 or parts[0] not in visit.app.entities:
        raise nothing_here()
    entity = visit.app.entities[parts[0]]
    if len(parts) == 2:
        method_of(asked, "GET")
        if not WRITTEN.fullmatch(parts[1]):
            raise not_found()
        query = _query(asked, ("label",))
        return _printed(visit.asking("read", entity.name), entity, (parts[1],), query["label"])
    if method_of(asked, "GET", "POST") == "POST":
        return _begun(asked, visit, entity)
    query = _query(asked, ("ids", "label"))
    ids = _ids(query["ids"].split(","), MOST)
    return _printed(visit.asking("list", entity.name), entity, ids, query["label"])


def _printed(visit: Visit, entity: Entity, ids: tuple[str, ...], label: str) -> Answer:
    paper = printing.paper_of(visit, entity, label)
    result = printing.records(visit, paper, ids)
    told = Answer(200, papers.document(visit, paper, result), media_type=papers.MEDIA_TYPE)
    told.headers["Content-Disposition"] = f'attachment; filename="{entity.name}.html"'
    return told


def _begun(asked: Asked, visit: Visit, entity: Entity) -> Answer:
    """Have all that match written into one file, by a run.

    Raises:
        RequestError: they may not export such records.

    """
    body = body_of(asked, WANTED)
    asking = visit.asking("export", entity.name)
    paper = printing.paper_of(asking, entity, _text(body.get("label", ""), "label"))
    query = filter_of(body["filter"]) if "filter" in body else {}
    if "sort" in body:
        query["sort"] = (_text(body["sort"], "sort"),)
    if "ids" in body:
        given = body["ids"]
        if not isinstance(given, list):
            raise _no_ids(papers.MOST_SHEETS)
        query["ids"] = (",".join(_ids(given, papers.MOST_SHEETS)),)
    name = paper.label.name if paper.label is not None else ""
    incoming = Incoming(
        "export",
        entity.name,
        visit.actor,
        query={**query, "fields": (",".join(paper.fields),)},
        values={"columns": [], "form": papers.PAPER, "label": name},
        request_id=asked.request_id,
        address=asked.address,
        also=printing.PRINT,
    )
    outcome = handle(incoming, visit.runtime)
    if isinstance(outcome, RequestError):
        raise outcome
    return accepted(str(outcome.row))


def _query(asked: Asked, known: tuple[str, ...]) -> dict[str, str]:
    """Return the query, the last of what is said twice.

    Raises:
        Invalid: it has a key that is not known.

    """
    given = parse_qs(asked.query, keep_blank_values=True)
    for key in given:
        if key not in known:
            raise wrong(key, f"There is no '{key}' here.", f"这里没有“{key}”。", "unknown_field")
    return {key: given.get(key, [""])[-1] for key in known}


def _ids(given: list[Any], most: int) -> tuple[str, ...]:
    ids = tuple(dict.fromkeys(given)) if all(isinstance(one, str) for one in given) else ()
    if not 0 < len(ids) <= most or not all(WRITTEN.fullmatch(one) for one in ids):
        raise _no_ids(most)
    return ids


def _no_ids(most: int) -> RequestError:
    en = f"Write the ids of 1 to {most} records; for more, send a filter with POST."
    return wrong("ids", en, f"请填写 1 至 {most} 条记录的 id；更多记录请用 POST 提交筛选条件。")


def _text(given: Any, key: str) -> str:
    if not isinstance(given, str):
        raise wrong(key, "Write a text.", "请填写文本。")
    return given
