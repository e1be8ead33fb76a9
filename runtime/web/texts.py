"""Fixed texts of the screens: English is in the templates, other languages are in PO catalogues.

In: a locale such as `zh` or `en`. Out: a function `t(msgid, ctx, many=…, **params)`. The context
tells apart what English writes alike ("Paid" as a state and as a sum). The catalogues are read from
`translations/LOCALE/LC_MESSAGES/messages.po` once a process, so no compiled file is kept. A text
without a translation is shown in English: a screen is never broken by a missing line, and a test
proves that none is missing. Texts of definitions do not come from here but from their own labels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from babel.messages.pofile import read_po

CATALOGUES = Path(__file__).parent / "translations"

Translate = Callable[..., str]

JS_TEXTS = (
    "1 field changed",
    "Add a group",
    "Add condition",
    "Add {name}",
    "All of these hold",
    "Apply",
    "Bold",
    "Bulleted list",
    "Cancel",
    "Clear formatting",
    "Close",
    "Code",
    "Condition",
    "Copied",
    "Create new…",
    "Crop",
    "Crop the picture",
    "Discard your changes?",
    "Do not use it",
    "Drag to choose the part; arrow keys move it, + and − change its size.",
    "Edit this cell",
    "Field",
    "Format {name}",
    "Heading",
    "How conditions belong together",
    "Italic",
    "Link",
    "Link address",
    "More conditions",
    "Moved up",
    "No",
    "Not found: {names}",
    "Nothing found",
    "Notifications",
    "Notifications: {n} unread",
    "Numbered list",
    "On this page",
    "One of these holds",
    "People",
    "Preview",
    "Quotation",
    "Redo",
    "Remove link",
    "Remove this condition",
    "Retry",
    "Row removed",
    "Saved",
    "Search",
    "Searching…",
    "Selection cleared",
    "Shortcuts are off",
    "Shortcuts are on",
    "Sign in",
    "Sign in and go on where you were; nothing is lost.",
    "Smaller heading",
    "Someone else changed this record meanwhile.",
    "Something went wrong on the server.",
    "Strike through",
    "The browser did not allow copying.",
    "The file is larger than {size}.",
    "The file is too large.",
    "The server cannot be reached.",
    "The server is busy. Try again in a moment.",
    "This cell cannot be edited.",
    "This is no JSON: line {line}, column {column}.",
    "This is not there any more.",
    "This is too large to be sent.",
    "This type of file is not taken here.",
    "Too many requests. Wait a moment.",
    "Underline",
    "Undo",
    "Unsaved changes",
    "Uploading…",
    "Use this part",
    "Value",
    "Yes",
    "You are not allowed to do this.",
    "You are offline. Nothing was sent, and nothing is lost.",
    "You are online again.",
    "You are signed in as {name} now. Send the form again if you mean to.",
    "Your session has ended.",
    "all of these",
    "one of these",
    "required",
    "with commas",
    "{name} does not fit any more and was removed.",
    "{n} fields changed",
    "{n} people",
    "{n} results",
    "{n} rows pasted",
    "{n} selected",
)
"""What the modules in `assets/js` say; the layout hands them over in `data-texts`."""

_NAME = re.compile(r"\{(\w+)\}")


@lru_cache(maxsize=16)
def catalogue(locale: str) -> Mapping[tuple[str, str], str]:
    """Return (context, English) → translation; empty for English and for an unknown locale."""
    tag = locale.replace("-", "_")
    while tag:
        path = CATALOGUES / tag / "LC_MESSAGES" / "messages.po"
        if path.is_file():
            with path.open("rb") as file:
                entries = list(read_po(file, locale=tag))
            return {
                (entry.context or "", str(entry.id)): str(entry.string)
                for entry in entries
                if entry.id and entry.string
            }
        tag = tag.rpartition("_")[0]
    return {}


@lru_cache(maxsize=16)
def translator(locale: str) -> Translate:
    """Return `t(msgid, ctx="", many="", **params)` for a locale.

    `many` is the English plural, taken when the parameter `n` is not 1. A context without an entry
    of its own falls back to the one without. `{name}` is replaced by the parameter `name`.
    """
    entries = catalogue(locale)

    def t(msgid: str, ctx: str = "", many: str = "", **params: object) -> str:
        found = entries.get((ctx, msgid)) or entries.get(("", msgid))
        if found is None:
            found = many if many and params.get("n") != 1 else msgid
        if not params:
            return found
        return _NAME.sub(lambda name: str(params.get(name[1], name[0])), found)

    return t


def js_texts(t: Translate) -> dict[str, str]:
    """Return what the browser's code says in the language of `t`; English needs none."""
    pairs = ((msgid, t(msgid)) for msgid in JS_TEXTS)
    return {msgid: found for msgid, found in pairs if found != msgid}
