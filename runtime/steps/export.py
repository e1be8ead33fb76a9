"""`export`: writes a file of records, as somebody of the job's role would download it.

The audit tells what left, and what the role may not see is not in it. Whoever takes the file later
must be allowed to export these records on that day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from generator.kinds import Arg
from generator.model.job import Step
from generator.shape import Given
from generator.steps import StepNames, StepWord
from runtime.errors import RequestError
from runtime.jobs.doing import Doing
from runtime.pipeline import handle
from runtime.web import spreadsheets
from runtime.web.render import Renderer

OURS = ("id", "version")
"""Columns that a plan always has, for programs."""


class Export(StepWord):
    args = {
        "export": Arg("name", "Which records.", required=True, to="entity"),
        "view": Arg("identifier", "Only those of a view of its list."),
        "filter": Arg(
            "map",
            'Only those that fit, written as in an address: `"total[gte]": 100`.',
            default={},
            of=Arg("text", "A value."),
            pattern=r"[a-z][a-z0-9_.]*(\[[a-z_]+\])?",
        ),
        "fields": Arg(
            "list",
            "The columns; those of the list if missing.",
            default=(),
            of=Arg("name", "A field.", to="field"),
        ),
        "format": Arg("choice", "The kind of file.", default="csv", options=spreadsheets.FORMATS),
    }

    def resolve(self, given: Given, names: StepNames) -> Mapping[str, Any]:
        entity = names.entity(given.get("export"))
        if entity is None:
            return {}
        return {
            "entity": entity.name,
            "view": given.get("view", ""),
            "filter": {name.text: str(one) for name, one in given.get("filter", {}).items()},
            "fields": names.fields(given.get("fields", ()), entity),
            "format": given.get("format", "csv"),
        }

    def needs(self, step: Step) -> tuple[str, str]:
        return "export", step.given["entity"]

    def run(self, step: Step, doing: Doing) -> None:
        told = step.given
        query = {name: (text,) for name, text in told["filter"].items()}
        if told["view"]:
            query["view"] = (told["view"],)
        if told["fields"]:
            query["fields"] = (",".join(told["fields"]),)
        answer = handle(doing.incoming("export", told["entity"], query=query), doing.office)
        if isinstance(answer, RequestError):
            raise answer
        heading, make = Renderer(doing.office.compiled.field_types).cells(answer.plan)
        wanted = [
            at for at, name in enumerate(heading) if name not in OURS or name in told["fields"]
        ]
        seen = [0]

        def rows() -> Iterator[Sequence[Any]]:
            for page in answer.pages:
                doing.working.run.progress(seen[0])
                for row in page:
                    seen[0] += 1
                    cells = make(row)
                    yield [cells[at] for at in wanted]

        form = told["format"]
        day = doing.facts["today"]
        doing.make_file(
            f"{told['entity']}-{day:%Y%m%d}.{form}",
            spreadsheets.MEDIA[form],
            spreadsheets.write(form, [heading[at] for at in wanted], rows()),
            entity=told["entity"],
            rows=lambda: seen[0],
        )
        doing.tell(exported=seen[0])
