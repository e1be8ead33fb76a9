"""The shape of `NAME.scenario.yaml`: given these records, when somebody does this, then that."""

from __future__ import annotations

from generator.kinds import Arg, Shape

CODES = (
    "R202",
    "R400",
    "R401",
    "R403",
    "R404",
    "R409",
    "R410",
    "R412",
    "R413",
    "R422",
    "R428",
    "R429",
    "R461",
    "R462",
    "R503",
    "unknown_transition",
    "wrong_trigger",
    "forbidden",
    "same_person",
    "invalid_input",
    "confirmation_required",
    "not_in_from_state",
    "guard_blocked",
    "vetoed",
    "version_conflict",
    "busy",
    "idempotency_key_reused",
    "effect_failed",
    "unknown_stored_state",
    "auto_loop",
)
"""What a request can be refused with; `runtime/errors.py` says what each means."""

OUTCOMES = ("ok", "invalid", "conflict", "forbidden", "gone", "blocked")
"""What can become of one record of a bulk change."""

CHANGES = ("update", "delete", "restore")
BODY = r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*"
QUERY = r"[a-z][a-z0-9_.]*(\[[a-z_]+\])?"

_RECORD = Arg("name", "A record.", to="record")
_FIELDS = Arg("list", "Fields.", one=True, of=Arg("name", "A field.", to="field"))
_VALUES = Arg(
    "map",
    "By field: the value as the API takes it; of a relation the name of a record. "
    "A part may be `called` a name.",
    default={},
    of=Arg("value", ""),
)

STEP = Shape(
    "step",
    "One thing that happens: one of `list`, `export`, `read`, `create`, `update`, `delete`, "
    "`restore`, `erase`, `bulk`, `transition`, `post`, `place`, `run`, `look`, `wait`, "
    "`time_passes`, `answer` and `event`.",
    {
        "as": Arg("name", "Who does it, if not whom the case names.", to="person"),
        "list": Arg("name", "Reads a list of this entity.", to="entity"),
        "export": Arg("name", "Exports this entity.", to="entity"),
        "read": Arg("name", "Opens this record.", to="record"),
        "create": Arg("name", "Makes a record of this entity.", to="entity"),
        "update": Arg("name", "Changes this record.", to="record"),
        "delete": Arg("name", "Deletes this record.", to="record"),
        "restore": Arg("name", "Brings this deleted record back.", to="record"),
        "erase": Arg("name", "Erases the data of the person whose record this is.", to="record"),
        "bulk": Arg("name", "Changes several records of this entity.", to="entity"),
        "transition": Arg("name", "Moves this record along its workflow.", to="record"),
        "post": Arg("path", "`ledger.kind`: posts an entry."),
        "place": Arg("name", "Places a cart, which becomes a record of this entity.", to="entity"),
        "run": Arg("name", "This job runs, to its end.", to="job"),
        "look": Arg("name", "This alert looks once.", to="alert"),
        "wait": Arg("integer", "So many days pass.", minimum=1, maximum=3660),
        "time_passes": Arg(
            "text", "So long passes, such as PT30M or 2h; timers that come due fire."
        ),
        "answer": Arg(
            "path",
            "`connector.operation`: the other system answers the oldest such call that waits.",
        ),
        "event": Arg(
            "text",
            "`webhook.type`: such an event arrives from outside. One that answers a call is about "
            "the oldest such call that waits, or about the last one when none does.",
        ),
        "body": Arg(
            "map",
            "Of `event`: by path, what it says, such as `data.reference: P-1`.",
            default={},
            pattern=BODY,
            of=Arg("value", ""),
        ),
        "times": Arg(
            "integer",
            "Of `event`: how often the very same is told.",
            default=1,
            minimum=1,
            maximum=10,
        ),
        "name": Arg("path", "Of `transition`: its name, or `workflow.name`."),
        "input": Arg(
            "map",
            "Of `transition`: the answers to what it asks; of `run`: what the job is told; as the "
            "API takes them.",
            default={},
            of=Arg("value", ""),
        ),
        "unconfirmed": Arg(
            "boolean",
            "Of `transition`: what it wants confirmed is not; otherwise the person does all that.",
            default=False,
        ),
        "output": Arg(
            "map",
            "Of `answer`: what comes back, as the API takes it.",
            default={},
            of=Arg("value", ""),
        ),
        "refused": Arg("text", "Of `answer`: it is refused for good, with this code."),
        "key": Arg(
            "map",
            "Of `post`: the key of the balance; of a record its name.",
            default={},
            of=Arg("value", ""),
        ),
        "quantity": Arg("value", "Of `post`: how much."),
        "unmasked": Arg(
            "boolean",
            "Of `export`: what is masked leaves in clear, for a reason, proved as it is asked for.",
            default=False,
        ),
        "reason": Arg(
            "text", "Of `post`, `erase` and `export`: why; an erasure and `unmasked` need a reason."
        ),
        "approved_by": Arg(
            "name",
            "Of `update`, `delete` and `erase`: who approves it at once, where the "
            "matrix wants a second person; of a role another holder.",
            to="person",
        ),
        "cart": Arg("value", "Of `place`: the cart as the API takes it, at the prices of then."),
        "called": Arg(
            "identifier",
            "Of `create`, `place` and `transition`: the name, from here on, of the record that it "
            "makes; of `post` of the balance.",
        ),
        "lines": Arg(
            "list",
            "Of `place`: the names, from here on, of the lines that it makes, in their order; what "
            "promotions add follows them.",
            default=(),
            of=Arg("identifier"),
        ),
        "values": _VALUES,
        "filter": Arg(
            "map",
            "Of `list` and `export`: filters as in an address (`total[gte]`), `q` or `sort`.",
            default={},
            pattern=QUERY,
            of=Arg("value", ""),
        ),
        "records": Arg("list", "Of `bulk`: the records.", default=(), one=True, of=_RECORD),
        "change": Arg(
            "choice", "Of `bulk`: what it does to them.", default="update", options=CHANGES
        ),
    },
)

THEN = Shape(
    "then",
    "What must be so. What is said of rows and cells must hold in the list, the count, the search, "
    "the export, the record's page, its history, the choices, the sums and behind every reference.",
    {
        "outcome": Arg(
            "choice",
            "`done`, or the code that the last step is refused with.",
            default="done",
            options=("done", *CODES),
        ),
        "rows": Arg("list", "Just these of the given records are seen.", of=_RECORD),
        "cells": Arg(
            "map",
            "By record and field: what is seen, in clear.",
            default={},
            of=Arg("map", "By field.", of=Arg("value", "")),
        ),
        "masked": Arg("map", "By record: fields that are seen masked.", default={}, of=_FIELDS),
        "hidden": Arg("map", "By record: fields that are not seen.", default={}, of=_FIELDS),
        "outcomes": Arg(
            "map",
            "Of `bulk`, by record: what became of it.",
            default={},
            of=Arg("choice", "", options=OUTCOMES),
        ),
        "errors": Arg(
            "map",
            "By field of what was sent: the code of what is wrong with it, such as `required`; "
            "`record` is the record as a whole.",
            default={},
            pattern=r"[a-z][a-z0-9_.]*",
            of=Arg("text", ""),
        ),
        "reasons": Arg(
            "list",
            "Of `transition`: the codes of the guards that stand in the way.",
            default=(),
            one=True,
            of=Arg("text", "A code."),
        ),
        "fired": Arg(
            "list",
            "What the last step made happen, `entity.transition`, each where it was first; "
            "`[]` for nothing.",
            of=Arg("path", "An entity and a transition."),
        ),
        "calls": Arg(
            "list",
            "What the last step asks of other systems, `connector.operation`; `[]` for nothing.",
            of=Arg("path", "An operation."),
        ),
        "alerts": Arg(
            "list",
            "What stands of all alerts, in the order of their names: the given records that they "
            "are about; of one about a number its own name.",
            of=Arg("text", "A record or an alert."),
        ),
        "audit": Arg(
            "list",
            "What the audit says the last step did to the record, in order; `[]` for nothing.",
            of=Arg("text", "An operation."),
        ),
    },
)

CASE = Shape(
    "scenario case",
    "Steps on the given records, and what must come of them. Every case begins anew.",
    {
        "as": Arg("name", "Who acts: a person of the scenario, or a role.", to="person"),
        "when": Arg(
            "list",
            "What happens, in order; all but the last must succeed.",
            required=True,
            one=True,
            minimum=1,
            of=Arg("shape", "", shape=STEP),
        ),
        "then": Arg("shape", "What must be so.", required=True, shape=THEN, or_word="outcome"),
    },
)

SCENARIO = Shape(
    "scenario",
    "Cases that `python app.py verify` plays on a database it throws away.",
    {
        "scenario": Arg("identifier", "Its name, as the file's.", required=True),
        "label": Arg("label", "What it shows."),
        "on": Arg("date", "The day on which it plays; today if missing."),
        "people": Arg(
            "map",
            "By login name: the roles of who acts. What the definitions record of a person is read "
            "from the given records.",
            default={},
            of=Arg("list", "Roles.", one=True, minimum=1, of=Arg("name", "A role.", to="role")),
        ),
        "given": Arg(
            "map",
            "By entity and name: the records that are there.",
            default={},
            of=Arg("map", "By name.", of=Arg("map", "By field.", of=Arg("value", ""))),
        ),
        "cases": Arg(
            "map",
            "By what it shows, in a few words: `a_clerk_sees_the_own_store`.",
            required=True,
            pattern=r"[a-z][a-z0-9_]{0,79}",
            of=Arg("shape", "", shape=CASE),
        ),
    },
)
