"""The names a workflow may use: states, roles, fields, entities, kinds of entries, transitions.

Comes in: a name as its author wrote it. Goes out: what it means, or a problem with the names that
would have been right; a name that means nothing never stops the rest from being read.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from generator.expressions import types
from generator.kinds import Catalog
from generator.model.connector import Connector
from generator.model.entity import Field
from generator.model.job import Calendar
from generator.model.ledger import Ledger
from generator.model.text import Span
from generator.problems import Problem, did_you_mean, missing_key, quoted, unknown_name
from generator.resolve.access import Words
from generator.resolve.machines import Machine
from generator.saying import say
from generator.shape import Given, Written


@dataclass(frozen=True)
class WorkingClock:
    """What working time is counted by: the calendars by name, and the back office's time zone."""

    calendars: Mapping[str, Calendar]
    zone: str


class MachineNames:
    """What the definition of one machine may refer to; what is wrong is collected."""

    def __init__(
        self,
        machine: Machine,
        words: Words,
        catalogs: Mapping[str, Catalog[Any]],
        edges: Mapping[tuple[str, str], set[str]],
        problems: list[Problem],
        connectors: Mapping[str, Connector],
        from_app: Mapping[str, Any],
        clock: WorkingClock,
    ) -> None:
        self.clock = clock
        self.machine, self.words, self.catalogs = machine, words, catalogs
        self.connectors, self.from_app = connectors, from_app
        self.edges, self.problems = edges, problems
        self.states = {name.text for name in machine.states}
        self.finals = {n.text for n, body in machine.states.items() if body.get("final")}

    def known(self, state: Written) -> bool:
        """Tell whether a state is there; one that is not is told."""
        if state.text in self.states:
            return True
        message = say(
            "There is no state {state} in workflow '{name}'.",
            state=quoted(state.text),
            name=self.machine.name,
        )
        hint = did_you_mean(state.text, self.states, otherwise="Write the states first.")
        self.problems.append(Problem("D605", state.span, message, hint))
        return False

    def roles(self, written: Iterable[Written]) -> tuple[str, ...]:
        """Return the roles that exist of those written."""
        found = []
        for role in written:
            if role.text in self.words.roles:
                found.append(role.text)
            else:
                self.problems.append(
                    unknown_name(
                        "role", role.text, role.span, self.words.roles, defined_in="roles.yaml"
                    )
                )
        return tuple(found)

    def past(self, given: Given) -> tuple[str, ...]:
        """Return who may not fire: people who did something before."""
        own = self.edges[self.machine.entity, self.machine.name]
        for member in given.get("not_actor", ()):
            _, colon, name = member.partition(":")
            if colon and name not in own:
                self.problems.append(self.no_edge(name, given.at("not_actor"), self.machine.name))
        return tuple(given.get("not_actor", ()))

    def fields(self, written: Iterable[Written]) -> Iterator[str]:
        """Yield the fields that exist of those written."""
        for name in written:
            found = self.field(name)
            if found is not None:
                yield found.name

    def field(self, written: Written, entity: str = "") -> Field | None:
        """Return a field of the record, or of another entity."""
        where = entity or self.machine.entity
        fields = self.words.entities[where].fields
        if written.text in fields:
            return fields[written.text]
        if self.words.unread.has(where, written.text):
            return None
        defined = say("entity '{entity}'", entity=where)
        self.problems.append(
            unknown_name("field", written.text, written.span, fields, defined_in=defined)
        )
        return None

    def entity(self, written: Written) -> str:
        """Return an entity's name, or nothing when there is none of it."""
        if written.text in self.words.entities:
            return written.text
        self.problems.append(
            unknown_name(
                "entity",
                written.text,
                written.span,
                self.words.entities,
                defined_in="the definitions",
            )
        )
        return ""

    def type_of(self, field: Field) -> types.Type:
        """Return what a field's value is in expressions."""
        found: types.Type = self.words.catalog[field.type].expression_type(field)
        return found

    def movement(self, written: Any, *, transfers: bool) -> tuple[Ledger, str] | None:
        """Return the ledger and the name of a kind that effects may post."""
        if not isinstance(written, Written):
            return None
        name, _, kind = written.text.rpartition(".")
        ledger = self.ledger(name, written.span)
        if ledger is None:
            return None
        if kind not in ledger.kinds:
            where = say("ledger '{name}'", name=name)
            self.problems.append(
                unknown_name("kind of entry", kind, written.span, ledger.kinds, defined_in=where)
            )
            return None
        held = ledger.holds is not None and ledger.holds.bucket in ledger.kinds[kind].move
        if held or (ledger.kinds[kind].is_transfer and not transfers):
            message = say("'{kind}' is not posted by an effect.", kind=kind)
            hint = "Effects post what changes one balance and holds nothing."
            self.problems.append(Problem("D911", written.span, message, hint))
            return None
        return ledger, kind

    def ledger(self, name: str, at: Span) -> Ledger | None:
        """Return a ledger."""
        found = self.words.ledgers.get(name)
        if found is None:
            known = self.words.ledgers
            self.problems.append(
                unknown_name("ledger", name, at, known, defined_in="the definitions")
            )
        return found

    def holding(self, written: Written) -> Ledger | None:
        """Return a ledger that has holds."""
        ledger = self.ledger(written.text, written.span)
        if ledger is None or ledger.holds is not None:
            return ledger
        message = say("'{ledger}' holds nothing.", ledger=ledger.name)
        hint = say("Write `holds:` in the ledger, or post to it.")
        self.problems.append(Problem("D911", written.span, message, hint))
        return None

    def parts(self, written: Written) -> tuple[str, str]:
        """Return the entity of the parts in a field, and what they call their whole, or nothing."""
        field = self.field(written)
        if field is not None and field.type != "children":
            message = say("'{field}' holds no parts.", field=written.text)
            hint = "Name a field of type children, or leave 'each' out."
            self.problems.append(Problem("D911", written.span, message, hint))
            return "", ""
        part = self.words.entities.get(field.target) if field is not None else None
        return (part.name, part.child_of) if part is not None else ("", "")

    def number(self, written: Written) -> str:
        """Return a field whose numbers transitions issue, or nothing."""
        field = self.field(written)
        if field is None:
            return ""
        if field.type != "sequence" or not field.args.get("issued"):
            message = say("'{field}' is no number that a transition issues.", field=written.text)
            hint = "Name a field with `type: sequence` and `issued: true`."
            self.problems.append(Problem("D637", written.span, message, hint))
            return ""
        return field.name

    def calendar(self, written: Any) -> Calendar | None:
        """Return a working calendar of `app.yaml`."""
        if not isinstance(written, Written):
            return None
        found = self.clock.calendars.get(written.text)
        if found is None:
            known = self.clock.calendars
            self.problems.append(
                unknown_name("calendar", written.text, written.span, known, defined_in="app.yaml")
            )
        return found

    def exactly(self, given: Given, written: Mapping[str, Any], wanted: tuple[str, ...]) -> None:
        """Report what a key says too much or too little, and a quantity that is missing."""
        if set(written) != set(wanted):
            names = ", ".join(f"{name}: …" for name in wanted)
            message = say("The key is not that of the ledger: {names}.", names=", ".join(wanted))
            hint = say("Write `key: {{{names}}}`.", names=names)
            at = given.at("key") if "key" in given else given.span
            self.problems.append(Problem("D911", at, message, hint))
        if "quantity" not in given:
            self.problems.append(missing_key("quantity", given.span, "an effect"))

    def edge(self, written: Any, entity: str = "") -> tuple[str, str] | None:
        """Return the workflow and the name of a transition, written `workflow.transition`."""
        if not isinstance(written, Written):
            return None
        where = entity or self.machine.entity
        workflow, dot, name = written.text.rpartition(".")
        workflow = workflow if dot else self.machine.name
        own = self.edges.get((where, workflow))
        if own is None:
            known = [name for entity, name in self.edges if entity == where]
            defined = say("entity '{entity}'", entity=where)
            self.problems.append(
                unknown_name("workflow", workflow, written.span, known, defined_in=defined)
            )
            return None
        if name not in own:
            self.problems.append(self.no_edge(name, written.span, workflow, where))
            return None
        return workflow, name

    def way(self, written: Any) -> tuple[tuple[str, ...], str]:
        """Return the fields of a path to other records, and their entity; '' when it is none.

        Every step is a reference or a list of children.
        """
        if not isinstance(written, Written):
            return (), ""
        entity = self.machine.entity
        names = tuple(written.text.split("."))
        for name in names:
            field = self.field(replace(written, text=name), entity)
            if field is None:
                return (), ""
            if field.type not in ("reference", "children"):
                message = say("'{field}' leads to no other record.", field=name)
                hint = "Name a reference, or a list of children."
                self.problems.append(Problem("D636", written.span, message, hint))
                return (), ""
            entity = field.target
        return names, entity

    def no_edge(self, name: str, at: Span, workflow: str, entity: str = "") -> Problem:
        """Return what is said of a transition that is not there."""
        own = self.edges[entity or self.machine.entity, workflow]
        where = say("workflow '{name}'", name=workflow)
        return unknown_name("transition", name, at, own, defined_in=where)

    # --- conditions
