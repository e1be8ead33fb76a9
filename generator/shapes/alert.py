"""The shape of `NAME.alert.yaml`: what is watched, its limit, and who is told."""

from __future__ import annotations

from generator.kinds import Arg, Shape
from generator.model.alert import AGAINST, EACH, LIMIT, MEASURES, SEVERITIES
from generator.shapes.job import SCHEDULE

CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_TELL = Arg(
    "list", "Roles that are told.", required=True, one=True, of=Arg("name", "A role.", to="role")
)

DURING = Shape(
    "stretch of an alert",
    "Only records of the last so long.",
    {
        "field": Arg("name", "The moment that counts.", required=True, to="field"),
        "last": Arg("text", "How long, such as 7d.", required=True),
    },
)

QUIET = Shape(
    "quiet hours",
    "Hours of the day in which nobody is told; it is told when they end.",
    {
        "from": Arg("text", "Such as 22:00.", required=True, pattern=CLOCK),
        "to": Arg("text", "Such as 08:00.", required=True, pattern=CLOCK),
        "zone": Arg("text", "An IANA time zone; the back office's if missing."),
    },
)

ESCALATION = Shape(
    "escalation",
    "Who is told when nobody took it on.",
    {"after": Arg("text", "After so long.", required=True), "tell": _TELL},
)

ALERT = Shape(
    "alert",
    "Something that is watched, and who is told when it is not as it should be.",
    {
        "alert": Arg("identifier", "The name of the alert.", required=True),
        "label": Arg("label", "The name people see.", required=True),
        "help": Arg("label", "What it means and what to do about it."),
        "severity": Arg("choice", "How bad it is.", default="warning", options=SEVERITIES),
        "of": Arg("name", "The records it looks at.", required=True, to="entity"),
        "where": Arg("expression", "Only those for which this holds."),
        "measure": Arg(
            "choice",
            "Every record is an alert of its own (`each`), or one number is compared with a limit: "
            "how many there are, the sum or average of `field`, or which share of those `among` "
            "they are, in percent.",
            default=EACH,
            options=MEASURES,
        ),
        "field": Arg("name", "Of `sum` and `average`: the number.", to="field"),
        "among": Arg("expression", "Of `share`: the whole; every record if missing."),
        "during": Arg("shape", "Only records of the last so long.", shape=DURING),
        "above": Arg("decimal", "It is told when the number is above this."),
        "below": Arg("decimal", "It is told when the number is below this."),
        "against": Arg(
            "choice",
            "What is compared: the number itself, or its multiple of what it was in the stretch "
            "`before` the last one (`1.5` is half as much again), or of what is usual: the median "
            "of the same stretch of the week in past `weeks`; then `above` and `below` are a band.",
            default=LIMIT,
            options=AGAINST,
        ),
        "weeks": Arg(
            "integer",
            "With `against: weeks`: so many past weeks say what is usual; half of them must know.",
            default=4,
            minimum=2,
            maximum=26,
        ),
        "schedule": Arg("shape", "When it is looked at.", shape=SCHEDULE, or_word="every"),
        "on_change": Arg("boolean", "Also soon after such a record changed.", default=True),
        "role": Arg("name", "In whose name it looks.", required=True, to="role"),
        "tell": _TELL,
        "tell_field": Arg(
            "name", "Of `each`: a field that names a person who is told.", to="field"
        ),
        "mail": Arg(
            "boolean",
            "Who is told gets an e-mail at once too, whatever they chose for alerts.",
            default=False,
        ),
        "again": Arg(
            "text", "So long after its end the same thing is not told anew.", default="1h"
        ),
        "quiet": Arg("shape", "Hours in which nobody is told.", shape=QUIET),
        "escalate": Arg("shape", "Who is told when nobody took it on.", shape=ESCALATION),
    },
)
