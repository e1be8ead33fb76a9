"""The shape of `NAME.connector.yaml`: another system and what can be asked of it."""

from __future__ import annotations

from generator.connectors import RETRY
from generator.kinds import Arg, Shape

PLAYS = ("decline", "lost", "mute", "error", "down", "slow", "twice", "late", "silent")
"""What the simulator can do instead of succeeding: refuse for good; do it and not answer once, or
never; fail twice or always, without doing it; answer late; send its event twice, late, or not."""

SETTING = Shape(
    "setting",
    "What an administrator enters; it is kept encrypted. A plain label is enough.",
    {"label": Arg("label", "What it is called.", required=True)},
)

BREAKER = Shape(
    "breaker",
    "When nothing is asked for a while, because nothing answers.",
    {
        "failures": Arg("integer", "So many in a row.", default=5, minimum=1, maximum=1000),
        "pause": Arg("text", "For so long.", default="PT1M"),
    },
)

PLAY = Shape(
    "play",
    "What the simulator does instead of succeeding, so that every case can be tried.",
    {
        "play": Arg(
            "choice",
            "`decline` refuses; `lost` does it and gives no answer the first time, `mute` never; "
            "`error` fails twice, `down` always; `slow` answers late; `twice`, `late` and `silent` "
            "are about its event.",
            required=True,
            options=PLAYS,
        ),
        "operation": Arg("name", "Only for this one.", to="operation"),
        "when": Arg(
            "map",
            "By input: the form its text has; * stands for any text, ? for a letter.",
            default={},
            of=Arg("text", "A form."),
        ),
        "code": Arg("text", "The code of a refusal.", default="declined"),
        "seconds": Arg("integer", "How slow, or how late.", default=5, minimum=1, maximum=3600),
    },
)

CONNECTOR = Shape(
    "connector",
    "Another system and what can be asked of it; `type` says how it is reached.",
    {
        "connector": Arg("identifier", "The name of the connector.", required=True),
        "label": Arg("label", "The name people see.", required=True),
        "help": Arg("label", "What it is for."),
        "type": Arg("name", "How it is reached.", required=True, to="connector type"),
        "settings": Arg(
            "map",
            "What an administrator enters, such as keys; no value is ever written here.",
            default={},
            of=Arg("shape", "", shape=SETTING, or_label="label"),
        ),
        "timeout": Arg("text", "How long an answer is waited for.", default="PT10S"),
        "retry": Arg("shape", "How often a call without an answer is made.", shape=RETRY),
        "breaker": Arg("shape", "When nothing is asked for a while.", shape=BREAKER),
        "simulate": Arg(
            "list",
            "How the simulator answers; the first that fits counts, otherwise it succeeds.",
            default=(),
            of=Arg("shape", "", shape=PLAY),
        ),
    },
    word="type",
    family="connectors",
)
