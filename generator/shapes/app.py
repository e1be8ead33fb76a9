"""The shape of `app.yaml`: the name of the back office, its languages and its menu."""

from __future__ import annotations

from generator.kinds import Arg, Shape
from generator.shapes.job import CALENDAR
from generator.shapes.pricing import PRICING

MODULE = Shape(
    "module",
    "A folder of definitions; a group of the menu.",
    {
        "label": Arg("label", "The group's name in the menu.", required=True),
        "icon": Arg("icon", "The name of a Tabler icon.", default="folder"),
    },
)

APP = Shape(
    "app",
    "The back office as a whole; just one file, `app.yaml`, at the top.",
    {
        "app": Arg("identifier", "The name, for machines.", required=True),
        "label": Arg("label", "The name people see.", required=True),
        "locales": Arg(
            "list",
            "The languages offered, the default first.",
            default=("en", "zh"),
            of=Arg("text", "A language such as en or zh.", pattern=r"[a-z]{2}(_[A-Z]{2})?"),
            minimum=1,
        ),
        "time_zone": Arg("text", "An IANA time zone such as Asia/Shanghai.", default="UTC"),
        "currency": Arg(
            "text",
            "The currency of amounts that name none; write an ISO 4217 code such as EUR.",
            default="EUR",
            pattern=r"[A-Z]{3}",
        ),
        "region": Arg(
            "text",
            "The country of telephone numbers without +, such as CN.",
            pattern=r"[A-Z]{2}",
        ),
        "modules": Arg(
            "map",
            "The folders, in the order of the menu.",
            default={},
            of=Arg("shape", "One folder.", shape=MODULE),
        ),
        "calendars": Arg(
            "map",
            "Working calendars, by name: schedules of jobs keep to them, timers count by them.",
            default={},
            of=Arg("shape", "", shape=CALENDAR),
        ),
        "pricing": Arg("shape", "Which fields are the facts that prices hang on.", shape=PRICING),
        "words": Arg(
            "list",
            "Python packages that add words to the vocabulary.",
            default=(),
            of=Arg("text", "A dotted package name.", pattern=r"[A-Za-z_][\w]*(\.[A-Za-z_]\w*)*"),
        ),
    },
)
