"""`create`: makes so many records of one kind, with codes that chance draws, and a file of them.

What was made is counted by the record it is `part_of`, and a chunk and its checkpoint are one
transaction: a run that is begun again makes only what is missing. A code that is there already is
drawn again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from generator.kinds import Arg
from generator.model.job import Step
from generator.model.text import Label
from generator.shape import Given
from generator.steps import StepNames, StepWord
from runtime.errors import Broken, Invalid
from runtime.jobs.doing import Doing
from runtime.operations._making import create_inside
from runtime.operations._work import Work
from runtime.store import inserts
from runtime.store.engine import read, write
from runtime.store.guard import system
from runtime.web import spreadsheets

CHUNK = 200
TRIES = 5
LEAST = 8
"""Characters that chance draws of a code, at least."""
MOST = 100_000
FORM = "csv"
WHY = "what a run made"
NOT_THERE = Label({"en": "There is no such record.", "zh": "没有这条记录。"})
GUESSED = Label(
    {
        "en": "A code needs eight `?` at least, so that nobody can guess it.",
        "zh": "券码格式至少需要八个 ?，以免被猜中。",
    }
)


class Create(StepWord):
    args = {
        "create": Arg("name", "What is made.", required=True, to="entity"),
        "count": Arg("identifier", "The parameter that says how many.", required=True),
        "values": Arg(
            "map",
            "By field: the parameter with its value; of a reference, with the key of its record.",
            default={},
            of=Arg("text", ""),
        ),
        "draw": Arg(
            "map",
            "By field: the parameter with the pattern of a code; each `?` of it is drawn.",
            default={},
            of=Arg("text", ""),
        ),
        "part_of": Arg(
            "name",
            "The field, among those of `values`, by which what this run made is known.",
            required=True,
            to="field",
        ),
    }

    def resolve(self, given: Given, names: StepNames) -> Mapping[str, Any]:
        entity = names.entity(given.get("create"))
        if entity is None:
            return {}
        told = {
            key: {name.text: str(one) for name, one in given.get(key, {}).items()}
            for key in ("values", "draw")
        }
        part_of = given.get("part_of")
        written = [*given.get("values", {}), *given.get("draw", {}), part_of]
        names.fields([one for one in written if one is not None], entity)
        return {
            "entity": entity.name,
            "count": names.parameter(given, "count", ("integer",)),
            "part_of": part_of.text if part_of is not None else "",
            **told,
        }

    def needs(self, step: Step) -> tuple[str, str]:
        return "create", step.given["entity"]

    def run(self, step: Step, doing: Doing) -> None:
        told = step.given
        values = self._values(step, doing)
        draw = {field: str(doing.input.get(name) or "") for field, name in told["draw"].items()}
        count = min(int(doing.input.get(told["count"]) or 0), MOST)
        if count and any(pattern.count("?") < LEAST for pattern in draw.values()):
            raise Invalid(GUESSED)
        made = self._made(step, doing, values)
        while made < count:
            doing.working.run.pause_point()
            some = min(CHUNK, count - made)
            self._chunk(step, doing, values, draw, some)
            made += some
            doing.working.run.progress(made, count)
        self._file(step, doing, values)
        doing.tell(made=made)

    def _values(self, step: Step, doing: Doing) -> dict[str, Any]:
        """Return the values of a record, references as ids.

        Raises:
            Invalid: there is no record with such a key.

        """
        office, told = doing.office, step.given
        fields = office.app.entities[told["entity"]].fields
        found = {}
        with read(office.engine) as connection:
            for name, parameter in told["values"].items():
                value = doing.input.get(parameter)
                if fields[name].type == "reference" and value is not None:
                    target = office.app.entities[fields[name].target]
                    table = office.schema.tables[target.name]
                    key = table.c[target.key[0] if len(target.key) == 1 else "id"]
                    asked = sa.select(table.c.id).where(key == value)
                    value = connection.execute(system(asked, WHY)).scalar()
                    if value is None:
                        raise Invalid(NOT_THERE)
                found[name] = value
        return found

    def _made(self, step: Step, doing: Doing, values: Mapping[str, Any]) -> int:
        """Return how many are there already."""
        table = doing.office.schema.tables[step.given["entity"]]
        own = table.c[step.given["part_of"]] == values[step.given["part_of"]]
        asked = sa.select(sa.func.count()).select_from(table).where(own)
        with read(doing.office.engine) as connection:
            return int(connection.execute(system(asked, WHY)).scalar() or 0)

    def _chunk(
        self, step: Step, doing: Doing, values: Mapping[str, Any], draw: Mapping[str, str],
        count: int,
    ) -> None:  # fmt: skip
        office, entity = doing.office, step.given["entity"]
        asked = doing.incoming("create", entity)
        for attempt in range(TRIES):
            try:
                with write(office.engine) as connection, inserts.together(connection):
                    work = Work(connection, office, asked, office.clock(), doing.facts)
                    for _ in range(count):
                        create_inside(work, entity, values, draw)
                    doing.position += count
                    doing.checkpoint(connection)
                return
            except Broken:
                # chance drew what is there already, which another try does not
                if attempt == TRIES - 1:
                    raise

    def _file(self, step: Step, doing: Doing, values: Mapping[str, Any]) -> None:
        """Keep a file of everything that was drawn."""
        told = step.given
        table, drawn = doing.office.schema.tables[told["entity"]], tuple(told["draw"])
        own = table.c[told["part_of"]] == values[told["part_of"]]
        asked = sa.select(*(table.c[name] for name in drawn)).where(own).order_by(table.c.id)
        with read(doing.office.engine) as connection:
            found = connection.execute(system(asked, WHY)).all()

        def rows() -> Iterator[Sequence[Any]]:
            yield from (list(row) for row in found)

        day = doing.facts["today"]
        doing.make_file(
            f"{told['entity']}-{day:%Y%m%d}.{FORM}",
            spreadsheets.MEDIA[FORM],
            spreadsheets.write(FORM, list(drawn), rows()),
            entity=told["entity"],
            rows=lambda: len(found),
        )
