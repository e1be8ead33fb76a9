"""The shape of `NAME.workflow.yaml`: the state machines of one entity."""

from __future__ import annotations

from generator.field_types._options import TONES
from generator.kinds import Arg, Shape
from generator.model.workflow import CATEGORIES, SECOND_PERSON, TRIGGERS

CODE = r"[A-Z][A-Z0-9_]{0,59}"
MEMBER = r"created_by|last_editor|any_actor|(actor_of|editors_since):[a-z][a-z0-9_]{0,39}"
CONFIRMATIONS = ("none", "dialog", "type_value", "reauth", SECOND_PERSON)

EFFECT = Shape(
    "effect",
    "One thing a transition causes; one of the words below is its key.",
    {"if": Arg("expression", "It happens only while this holds.")},
    family="effects",
)

_EFFECTS = Arg("list", "", default=(), one=True, of=Arg("shape", "An effect.", shape=EFFECT))


def _effects(help: str) -> Arg:
    return Arg("list", help, default=(), one=True, of=_EFFECTS.of)


REMIND = Shape(
    "reminder",
    "Who is told that a record still stands in a state; nothing about it changes.",
    {
        "remind": Arg("identifier", "What the notice is called.", required=True),
        "for": Arg(
            "list", "Who is told.", required=True, one=True, of=Arg("name", "A role.", to="role")
        ),
        "after": Arg("text", "How long after it was entered, such as P1D.", required=True),
        "every": Arg("text", "How often again; once if missing."),
        "business": Arg(
            "name",
            "Both are counted in the working time of this calendar: 24 hours are a working day.",
            to="calendar",
        ),
        "max": Arg("integer", "The most times.", default=10, minimum=1, maximum=1000),
    },
)

WATCHDOG = Shape(
    "watchdog",
    "How long a busy state may last before somebody is told; mostly just the length of time.",
    {
        "after": Arg("text", "A length of time such as PT15M.", required=True),
        "business": Arg(
            "name",
            "`after` is counted in the working time of this calendar: 24 hours are a working day.",
            to="calendar",
        ),
    },
)

STATE = Shape(
    "state",
    "One value of the column; a plain label is enough.",
    {
        "label": Arg("label", "What people read; made from the name if missing."),
        "tone": Arg("choice", "The badge's color.", default="neutral", options=TONES),
        "category": Arg(
            "choice",
            "`open` waits for people, `busy` for a machine, `closed` for nobody; `from: '@open'` "
            "means every state of a category.",
            default="open",
            options=CATEGORIES,
        ),
        "final": Arg("boolean", "Nothing ever leaves it.", default=False),
        "editable": Arg(
            "list",
            "The only fields that may be changed in it; all if missing.",
            of=Arg("name", "A field.", to="field"),
        ),
        "require": Arg(
            "list",
            "Fields that must have a value when a record enters it.",
            default=(),
            of=Arg("name", "A field.", to="field"),
        ),
        "enter": _effects("What happens each time a record enters it."),
        "leave": _effects("What happens each time a record leaves it."),
        "watchdog": Arg(
            "shape",
            "How long a busy state may last, such as PT15M.",
            shape=WATCHDOG,
            or_word="after",
        ),
        "reminders": Arg(
            "list",
            "Who is told while a record stands in it.",
            default=(),
            one=True,
            of=Arg("shape", "", shape=REMIND),
        ),
        "states": Arg("value", "States within a state are not offered."),
        "parallel": Arg("value", "Regions are not offered."),
        "regions": Arg("value", "Regions are not offered."),
        "history": Arg("value", "Not offered; `to: {previous: […]}` leads back."),
    },
)

CLAUSE = Shape(
    "clause",
    "A condition and what people read when it does not hold; just the condition is enough.",
    {
        "if": Arg("expression", "What must be true.", required=True),
        "code": Arg("text", "A stable code for programs, in capitals.", pattern=CODE),
        "message": Arg("label", "Why not, for people."),
        "params": Arg(
            "map", "Values for the message, by name.", default={}, of=Arg("expression", "")
        ),
    },
)

VETO = Shape(
    "veto",
    "A condition that stops the transition, asked only when it fires.",
    {
        "refuse": Arg("expression", "It stops while this is true.", required=True),
        "code": Arg("text", "A stable code for programs, in capitals.", pattern=CODE),
        "message": Arg("label", "Why not, for people."),
        "params": Arg(
            "map", "Values for the message, by name.", default={}, of=Arg("expression", "")
        ),
    },
)

PREVIOUS = Shape(
    "target",
    "Where a transition leads; mostly just the name of a state.",
    {
        "state": Arg("name", "A state.", to="state"),
        "previous": Arg(
            "list",
            "Back to the state before, if it is one of these.",
            of=Arg("name", "A state.", to="state"),
        ),
        "else": Arg("name", "Where it leads otherwise.", to="state"),
    },
)

BRANCH = Shape(
    "branch",
    "One of several ways; the first whose condition holds is taken, the last says `else: true`.",
    {
        "if": Arg("expression", "When it is taken."),
        "else": Arg("boolean", "Taken when no other is.", default=False),
        "to": Arg("name", "The state it leads to.", required=True, to="state"),
    },
)

TIMER = Shape(
    "timer",
    "When the transition fires by itself.",
    {
        "after": Arg("text", "A length of time such as PT30M, P2D, 30m or 2h.", required=True),
        "from": Arg("name", "`entered_at`, or a date of the record.", to="field"),
        "if": Arg("expression", "Asked again when the time has come."),
        "again": Arg("text", "How long after it is tried again when `if` does not hold."),
        "every": Arg(
            "text",
            "How long after it fires once more, while the record stays; what was missed is not "
            "made up for. Of a transition that leads back to where it was.",
        ),
        "business": Arg(
            "name",
            "`after` is counted in the working time of this calendar: 24 hours are a working day.",
            to="calendar",
        ),
    },
)

QUESTION = Shape(
    "question",
    "One question of the transition's form; `type` is a field type, which adds its own keys.",
    {
        "type": Arg("name", "What the answer is.", required=True, to="field type"),
        "label": Arg("label", "The question; made from its name if missing."),
        "help": Arg("label", "A sentence under it."),
        "required": Arg("boolean", "It must be answered.", default=False),
        "check": Arg("expression", "What must be true of the answer."),
        "message": Arg("label", "What people read when it is not."),
    },
    word="type",
    family="field_types",
)

BULK = Shape(
    "bulk",
    "Offered for many records at once.",
    {"max": Arg("integer", "The most records.", default=200, minimum=1, maximum=10_000)},
)

TRANSITION = Shape(
    "transition",
    "What leads from one state to another.",
    {
        "label": Arg("label", "What the button says; made from the name if missing."),
        "from": Arg(
            "list",
            "From any of these states; `*` is every state that is not final, `@open` a category.",
            required=True,
            one=True,
            of=Arg("name", "A state.", to="state"),
        ),
        "to": Arg(
            "list",
            "Where it leads: one state.",
            one=True,
            of=Arg("shape", "", shape=PREVIOUS, or_word="state"),
        ),
        "branches": Arg(
            "list", "Several ways in place of `to`.", of=Arg("shape", "", shape=BRANCH)
        ),
        "trigger": Arg(
            "list",
            "Who or what fires it.",
            default=("user",),
            one=True,
            of=Arg("choice", "", options=TRIGGERS),
        ),
        "roles": Arg(
            "list",
            "The roles that may; `any` is everybody. It must stand where people fire it.",
            one=True,
            of=Arg("name", "A role.", to="role"),
            minimum=1,
        ),
        "not_actor": Arg(
            "list",
            "Who may not because of what they did: `created_by`, `last_editor`, `any_actor`, "
            "`actor_of:TRANSITION`, `editors_since:TRANSITION`.",
            default=(),
            one=True,
            of=Arg("text", "A member of the past.", pattern=MEMBER),
        ),
        "guard": Arg(
            "list",
            "All must be true; every one that is not is a reason.",
            default=(),
            one=True,
            of=Arg("shape", "", shape=CLAUSE, or_word="if"),
        ),
        "input": Arg(
            "map", "What is asked, by name.", default={}, of=Arg("shape", "", shape=QUESTION)
        ),
        "confirm": Arg(
            "choice",
            "How much is asked before it fires: once more, the record's title, the password unless "
            "it was given in the last five minutes, or another person who may `approve`.",
            default="none",
            options=CONFIRMATIONS,
        ),
        "before": Arg(
            "list",
            "Vetoes, asked only when it fires.",
            default=(),
            one=True,
            of=Arg("shape", "", shape=VETO),
        ),
        "do": _effects("Effects in the same transaction, before the state changes."),
        "then": _effects("Effects in the same transaction, after the state has changed."),
        "after_commit": _effects("Effects outside, at least once, after the commit."),
        "timer": Arg("shape", "With `trigger: timer`: when.", shape=TIMER),
        "bulk": Arg("shape", "Offered for many records at once.", shape=BULK),
        "order": Arg("integer", "Which of several automatic ones is tried first."),
        "when_blocked": Arg(
            "choice",
            "Whether it is shown while a guard blocks it.",
            default="show",
            options=("show", "hide"),
        ),
    },
)

CASE = Shape(
    "derivation",
    "One value of a derived state; the last says `else: true`.",
    {
        "if": Arg("expression", "When it is the value."),
        "else": Arg("boolean", "The value when no other is.", default=False),
        "value": Arg("name", "The state.", required=True, to="state"),
    },
)

STATE_MACHINE = Shape(
    "machine",
    "One state column: with `transitions` it is moved, with `derive` it follows from other fields.",
    {
        "label": Arg("label", "What the state is called; made from the name if missing."),
        "field": Arg("identifier", "The column; the workflow's name if missing."),
        "version": Arg("integer", "Raised on a change that old rows do not fit.", default=1),
        "initial": Arg(
            "list",
            "The state of a new record.",
            one=True,
            of=Arg("name", "A state.", to="state"),
        ),
        "states": Arg(
            "map",
            "The states by name, in the order people see them.",
            default={},
            of=Arg("shape", "A state.", shape=STATE, or_label="label"),
        ),
        "transitions": Arg(
            "map",
            "The transitions by name; a list where one name leads from several states differently.",
            default={},
            of=Arg(
                "list",
                "",
                one=True,
                minimum=1,
                of=Arg("shape", "A transition.", shape=TRANSITION),
            ),
        ),
        "derive": Arg(
            "list",
            "In place of transitions: the first case that holds is the value.",
            of=Arg("shape", "", shape=CASE),
        ),
        "of": Arg(
            "list",
            "What `derive` follows from: fields, or `children.*`.",
            default=(),
            of=Arg("text", "A field.", pattern=r"[a-z][a-z0-9_]*(\.([a-z][a-z0-9_]*|\*))*"),
        ),
        "rank": Arg("integer", "Cascades run from low to high.", default=0),
        "extends": Arg(
            "boolean",
            "Adds states and transitions to the workflow of this name in another file.",
            default=False,
        ),
        "map": Arg(
            "map",
            "By a state of an earlier release: the state that records in it get by `apply`.",
            default={},
            of=Arg("name", "A state.", to="state"),
        ),
        "legacy": Arg(
            "boolean", "Old rows exist: a state that nothing reaches is no fault.", default=False
        ),
        "accept": Arg(
            "map",
            "By finding, or `finding.state`: why a warning is known and right.",
            default={},
            pattern=r"[a-z_]+(\.[a-z0-9_]+)?",
            of=Arg("text", "A reason."),
        ),
        "parallel": Arg("value", "Regions are not offered; write several workflows."),
        "regions": Arg("value", "Regions are not offered; write several workflows."),
    },
)

WORKFLOW = Shape(
    "workflow",
    "The state machines of one entity; each owns one column.",
    {
        "entity": Arg("name", "The entity.", required=True, to="entity"),
        "workflows": Arg(
            "map",
            "The state machines by name.",
            required=True,
            of=Arg("shape", "", shape=STATE_MACHINE),
        ),
    },
)
