"""The shape of `NAME.webhook.yaml`: an address at which another system tells us what happened."""

from __future__ import annotations

from generator.connectors import json_at
from generator.kinds import Arg, Shape
from generator.model.connector import DONE, REFUSED

EVENT_TYPE = r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}"
ADDRESS = r"[a-z0-9][a-z0-9_-]{0,63}"

PICK = Shape(
    "pick",
    "Where a value stands in the event; just the path is enough.",
    {
        "at": json_at(required=True),
        "factor": Arg("decimal", "A number is multiplied by this, such as 0.01 for cents."),
    },
)


def _picks(help: str) -> Arg:
    return Arg("map", help, default={}, of=Arg("shape", "", shape=PICK, or_word="at"))


VERIFY = Shape(
    "verify",
    "How an event proves where it comes from: a keyed hash (HMAC) of its bytes.",
    {
        "secret": Arg(
            "name",
            "The setting of the connector with the secret.",
            required=True,
            to="setting",
        ),
        "header": Arg("text", "The header with the signature.", default="X-Signature"),
        "form": Arg(
            "text",
            "How the header is written; {timestamp} and {signature} stand in it.",
            default="t={timestamp},v1={signature}",
        ),
        "signed": Arg("text", "What was signed.", default="{timestamp}.{body}"),
        "algorithm": Arg("choice", "The hash.", default="sha256", options=("sha256", "sha512")),
        "encoding": Arg(
            "choice", "How the signature is written.", default="hex", options=("hex", "base64")
        ),
        "timestamp": Arg("text", "The header of the time, where it has one of its own."),
        "tolerance": Arg("text", "How old an event may be.", default="PT5M"),
    },
)

HANDLING = Shape(
    "handling",
    "What an event does: create, update or move one record, or answer a call of ours.",
    {
        "entity": Arg("name", "The entity of the record.", to="entity"),
        "find": _picks("By field: the value by which the record is found."),
        "create": _picks("By field: the value of a new record."),
        "update": _picks("By field: the new value."),
        "transition": Arg("path", "The transition to fire, `workflow.transition`."),
        "input": _picks("By question of the transition: the answer."),
        "role": Arg("name", "In whose name it creates or updates.", to="role"),
        "answers": Arg(
            "shape", "Where the key of our call stands that this answers.", shape=PICK, or_word="at"
        ),
        "outcome": Arg(
            "choice", "What became of that call.", default=DONE, options=(DONE, REFUSED)
        ),
        "output": _picks("By output of the operation: the value."),
    },
)

WEBHOOK = Shape(
    "webhook",
    "An address at which another system tells us what happened.",
    {
        "webhook": Arg("identifier", "The name of the webhook.", required=True),
        "label": Arg("label", "The name people see.", required=True),
        "connector": Arg("name", "Whose events these are.", required=True, to="connector"),
        "path": Arg(
            "text", "The end of its address below /hooks/; its name if missing.", pattern=ADDRESS
        ),
        "verify": Arg("shape", "How an event proves itself.", required=True, shape=VERIFY),
        "max_bytes": Arg(
            "integer", "Larger events are refused.", default=65_536, minimum=256, maximum=1_000_000
        ),
        "id": Arg(
            "shape",
            "Where an event's own id stands; one that came before does nothing.",
            required=True,
            shape=PICK,
            or_word="at",
        ),
        "type": Arg(
            "shape", "Where the type of an event stands.", required=True, shape=PICK, or_word="at"
        ),
        "events": Arg(
            "map",
            "By type: what the event does. Others are stored and do nothing.",
            required=True,
            pattern=EVENT_TYPE,
            of=Arg("shape", "What it does.", shape=HANDLING),
        ),
    },
)
