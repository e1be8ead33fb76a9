"""The shape of `NAME.job.yaml`: what the back office does by itself, and of a working calendar."""

from __future__ import annotations

from generator.kinds import Arg, Shape
from generator.model.job import MISSED, QUEUES, RUN_ONCE

HOURS = r"([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)"

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

CALENDAR = Shape(
    "calendar",
    "Which days are working days.",
    {
        "label": Arg("label", "The name people see; made from its name if missing."),
        "days": Arg(
            "list",
            "The days of the week that are worked.",
            default=DAY_NAMES[:5],
            of=Arg("choice", "", options=DAY_NAMES),
        ),
        "hours": Arg(
            "list",
            "The working hours, such as `['09:00-12:00', '13:30-18:00']`; all day if missing. "
            "Timers of workflows with `business:` count them; jobs keep to the days alone.",
            default=(),
            one=True,
            of=Arg("text", "From when until when.", pattern=HOURS),
        ),
        "closed": Arg(
            "list", "Holidays: dates that are not worked.", default=(), of=Arg("date", "A date.")
        ),
        "open": Arg(
            "list",
            "Dates that are worked although their day of the week is not.",
            default=(),
            of=Arg("date", "A date."),
        ),
    },
)

SCHEDULE = Shape(
    "schedule",
    "When a job comes due: `cron` or `every`. Just the rule is enough.",
    {
        "cron": Arg(
            "text",
            "Minute, hour, day of the month, month and day of the week, such as `30 2 * * 1-5`; "
            "`L` is the last day of a month.",
        ),
        "every": Arg("text", "A length of time, such as 15m or PT1H."),
        "zone": Arg("text", "An IANA time zone; the back office's if missing."),
        "calendar": Arg("name", "Only on its working days.", to="calendar"),
    },
)

PARAMETER = Shape(
    "parameter",
    "One thing a run may be told; `type` is a field type, which adds its own keys. Expressions of "
    "the steps read it as `input.NAME`.",
    {
        "type": Arg("name", "What the value is.", required=True, to="field type"),
        "label": Arg("label", "What the form says; made from its name if missing."),
        "help": Arg("label", "A sentence under it."),
        "required": Arg("boolean", "It must be given.", default=False),
        "default": Arg("value", "What it is where nobody says otherwise."),
    },
    word="type",
    family="field_types",
)

STEP = Shape(
    "job step",
    "One thing a job does; one of the words below is its key.",
    {},
    family="steps",
)

JOB = Shape(
    "job",
    "Background work: what is done, when, and in whose name.",
    {
        "job": Arg("identifier", "The name of the job.", required=True),
        "label": Arg("label", "The name people see.", required=True),
        "help": Arg("label", "What it is for."),
        "schedule": Arg(
            "shape",
            "When it comes due; without it somebody or a workflow starts it.",
            shape=SCHEDULE,
            or_word="cron",
        ),
        "missed": Arg(
            "choice",
            "What becomes of times that passed while nothing ran: none of them is run, the last, "
            "or each.",
            default=RUN_ONCE,
            options=MISSED,
        ),
        "queue": Arg(
            "choice",
            "Which line it waits in; a slow batch in `bulk` holds back no other.",
            default="default",
            options=QUEUES,
        ),
        "alone": Arg(
            "text",
            "Two runs with this key never work at once; the job's own name if missing. Write `''` "
            "where they may.",
            pattern=r"[a-z0-9_.-]{0,60}",
        ),
        "timeout": Arg("text", "How long one attempt may take.", default="1h"),
        "attempts": Arg(
            "integer",
            "How often it is begun before a person has to look.",
            default=3,
            minimum=1,
            maximum=20,
        ),
        "pause": Arg(
            "text", "The first pause between attempts; each is twice the last.", default="30s"
        ),
        "late": Arg("text", "So far behind its time somebody is told.", default="30m"),
        "role": Arg("name", "In whose name it acts.", required=True, to="role"),
        "operators": Arg(
            "list",
            "Roles that see its runs, and start, cancel and retry them.",
            required=True,
            one=True,
            of=Arg("name", "A role.", to="role"),
        ),
        "parameters": Arg(
            "map",
            "What a run may be told, by name.",
            default={},
            of=Arg("shape", "A parameter.", shape=PARAMETER),
        ),
        "keep": Arg("text", "How long the files of a run are kept.", default="7d"),
        "do": Arg(
            "list",
            "The steps, one after another.",
            required=True,
            one=True,
            minimum=1,
            of=Arg("shape", "A step.", shape=STEP),
        ),
    },
)
