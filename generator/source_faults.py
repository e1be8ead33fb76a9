"""The words for everything that can be wrong with a file before its meaning is asked: D101 to D123.

A place and the author's own text in, a `Problem` out. The parser's own phrases never reach an
author: `syntax` knows them and says what a person did.
"""

from __future__ import annotations

import re
from dataclasses import replace

from generator.model.text import Span
from generator.problems import Problem, did_you_mean, listed, quoted, snake
from generator.saying import say

KINDS = (
    "app",
    "roles",
    "entity",
    "workflow",
    "access",
    "promotion",
    "ledger",
    "decision",
    "job",
    "alert",
    "metric",
    "dashboard",
    "report",
    "print",
    "importmap",
    "connector",
    "webhook",
    "sequence",
    "message",
    "scenario",
)
"""The kinds of definition file; a new one is rare and reviewed."""

DEEPEST = 20
LARGEST = 1_000_000
"""Bytes in one file."""
MOST_FILES = 5_000
MOST_FAULTS = 100


def duplicate_key(name: str, at: Span, first: Span) -> Problem:
    message = say(
        "{name} is written twice; the first is on line {line}.", name=quoted(name), line=first.line
    )
    return Problem("D102", at, message, "Keep one of them, or give this one another name.")


def empty_key(at: Span) -> Problem:
    return Problem("D103", at, "A key is empty.", "Write a name before the ':'.")


def key_not_text(written: str, at: Span, what: str) -> Problem:
    hint = (
        "Write a name."
        if written[0] in "[{"
        else say('Put it in quotes: "{written}".', written=written)
    )
    return Problem(
        "D104",
        at,
        say("The key {written} is {what}, not a text.", written=quoted(written), what=say(what)),
        hint,
    )


def empty_value(name: str, at: Span, rest_of_line: str) -> Problem:
    hint = "Write a value after the ':', or remove the key; `null` says that there is none."
    if rest_of_line.startswith("#"):
        hint = say(
            "'#' begins a comment; put the value in quotes: \"{rest_of_line}\".",
            rest_of_line=rest_of_line,
        )
    return Problem("D105", at, say("{name} has no value.", name=quoted(name)), hint)


def empty_item(at: Span) -> Problem:
    return Problem("D105", at, "A list item has no value.", "Write a value after the '-'.")


def tab(at: Span) -> Problem:
    return Problem("D106", at, "This line is indented with a tab.", "Indent with spaces, two each.")


def alias(written: str, at: Span) -> Problem:
    hint = "Write the values out. A text that begins with '*' or '&' goes in quotes."
    return Problem(
        "D107", at, say("{written} is an anchor or an alias.", written=quoted(written)), hint
    )


def tag(written: str, at: Span) -> Problem:
    hint = "Remove it. A text that begins with '!' goes in quotes."
    return Problem(
        "D108",
        at,
        say("{written} is a tag; values have no tags here.", written=quoted(written)),
        hint,
    )


def merge_key(at: Span) -> Problem:
    return Problem("D109", at, "'<<' does not merge mappings here.", "Write the keys out.")


def second_document(at: Span) -> Problem:
    hint = "Move what follows '---' to a file of its own."
    return Problem("D110", at, "A second document begins here.", hint)


def empty_file(at: Span) -> Problem:
    return Problem("D111", at, "The file is empty.", "Write the definition, or delete the file.")


def too_deep(at: Span) -> Problem:
    message = say("Values are nested more than {most} deep here.", most=DEEPEST)
    return Problem("D112", at, message, "Split the definition.")


def too_large(at: Span, size: int) -> Problem:
    message = say(
        "The file has {size} bytes; {largest} are allowed.",
        size=format(size, ","),
        largest=format(LARGEST, ","),
    )
    return Problem("D113", at, message, "Split it into several files.")


def too_many_files(at: Span) -> Problem:
    message = say("There are more than {most} definition files.", most=format(MOST_FILES, ","))
    return Problem("D114", at, message, "Name the folder that holds only the definitions.")


def not_a_mapping(at: Span, what: str) -> Problem:
    hint = "A definition is lines of the form `key: value`."
    return Problem("D115", at, say("The file is {what}.", what=say(what)), hint)


def not_utf8(at: Span, byte: int, position: int) -> Problem:
    message = say(
        "The file is not UTF-8 text: byte 0x{byte} at position {position}.",
        byte=format(byte, "02X"),
        position=format(position, ","),
    )
    return Problem("D116", at, message, "Save it as UTF-8; in Excel or Notepad choose UTF-8.")


def control_character(at: Span, code: int) -> Problem:
    message = say("The text holds the invisible character U+{code}.", code=format(code, "04X"))
    return Problem("D117", at, message, "Delete it; type the text again if it was pasted.")


def bad_file_name(at: Span) -> Problem:
    """Say what is wrong with the last part of `at.file` and which name fits."""
    folder, _, last = at.file.rpartition("/")
    stem = re.sub(r"\.ya?ml$", "", last, flags=re.IGNORECASE)
    if stem in ("app", "roles") and folder and last.endswith(".yaml"):
        hint = say("Move it to {last} beside the folders; there is only one.", last=last)
        return Problem(
            "D118",
            at,
            say("{last} stands in the folder '{folder}'.", last=last, folder=folder),
            hint,
        )
    name, _, kind = stem.rpartition(".")
    if kind in ("app", "roles") and name:
        return Problem(
            "D118",
            at,
            say("There is only one file of kind '{kind}'.", kind=kind),
            say("Name it {kind}.yaml.", kind=kind),
        )
    if kind in KINDS and name:
        hint = say("Name it {name}.{kind}.yaml.", name=snake(name) or "name", kind=kind)
        return Problem(
            "D118", at, say("The file name {last} is not NAME.KIND.yaml.", last=quoted(last)), hint
        )
    if not name:
        hint = say(
            "Name it {stem}.KIND.yaml; kinds: {kinds}.",
            stem=snake(stem) or "name",
            kinds=listed(KINDS[2:], 99),
        )
        return Problem(
            "D118", at, say("The file name {last} does not say its kind.", last=quoted(last)), hint
        )
    known = did_you_mean(kind, KINDS, otherwise="")
    return Problem("D118", at, say("There is no kind of file {kind}.", kind=quoted(kind)), known)


def too_many_digits(written: str, at: Span) -> Problem:
    hint = "Numbers have at most 38 digits; put it in quotes if it is a text."
    return Problem(
        "D119", at, say("The number {written} is too long.", written=quoted(written)), hint
    )


def directive(at: Span) -> Problem:
    hint = "Remove the line; put a text that begins with '%' in quotes."
    return Problem("D120", at, "'%' begins a YAML directive; there are none here.", hint)


def too_many_faults(at: Span) -> Problem:
    message = say(
        "The file has more than {most} faults; the rest is not shown.",
        most=MOST_FAULTS,
    )
    return Problem("D121", at, message, "Correct those above and check again.")


def swallowed_item(at: Span) -> Problem:
    hint = "Begin the list on a line of its own, or put the text in quotes."
    return Problem("D122", at, "A line that begins with '-' is read as more of this text.", hint)


def unreadable(at: Span, why: str) -> Problem:
    return Problem(
        "D123",
        at,
        say("It cannot be read: {why}.", why=say(why)),
        "Check the path and its permissions.",
    )


PHRASES: tuple[tuple[str, str, str], ...] = (
    (
        r"quoted scalar.*(end of stream|document indicator)",
        "This quote is never closed.",
        "Write the closing quote; inside '…' a quote is written twice.",
    ),
    (
        r"unknown escape|escape code|hexdec",
        "'\\' begins an escape that does not exist.",
        "Use single quotes, where '\\' is only a character, or write '\\\\'.",
    ),
    (
        r"flow (sequence|mapping).*expected ','",
        "This bracket is not closed, or a comma is missing after it.",
        "Write the closing bracket, and a comma between items.",
    ),
    (
        r"block scalar",
        "'|' and '>' announce a text that begins on the next line.",
        "Put a value that begins with '>' or '|' in quotes.",
    ),
    (
        r"flow.*node content|block.*node content|node content",
        "A value is missing here.",
        "Write the value, or remove the comma or bracket.",
    ),
    (
        r"cannot start any token",
        "A value cannot begin with this character.",
        "Put the value in quotes.",
    ),
    (
        r"sequence entries are not allowed",
        "A list cannot begin here.",
        "Begin the list on the next line, each item after '- '; or write it in brackets: [a, b].",
    ),
    (
        r"document start",
        "Something stands after the end of the document.",
        "Remove the '...' above it.",
    ),
    (
        r"expected ':'",
        "This line has no ':'.",
        "Write `key: value`, with a space after the ':'.",
    ),
)
"""The parser's words (a pattern), what a person did, what to write instead; the first match wins.
The two parsers of PyYAML, in C and in Python, put the same fault in slightly different words."""

OPENINGS = (
    r"simple key|an alias|an anchor|quoted scalar|block scalar"
    r"|flow (sequence|mapping).*expected ','"
)
"""Faults that are shown where the thing began, not where the parser gave up."""


WIDE = {
    r"(?:^|[{,])\s*(?:- +)?[A-Za-z]\w*\s*(：)": "':'",
    r"(，)\s*[A-Za-z]\w*\s*[:：]": "','",
    r":\s+([｛［【])": "'{' or '['",
    r"([｝］】])\s*,?\s*$": "'}' or ']'",
}
"""Signs of a Chinese keyboard where YAML wants its own, a pattern around each; what it wants."""


def syntax(said: str, at: Span, line: str) -> Problem:
    """Say in an author's words what the parser `said` about a place in `line`."""
    wide = _wide(at, line)
    if wide is not None:
        return wide
    before = line[: at.column - 1]
    if "tab character" in said or (not before.strip() and line[at.column - 1 : at.column] == "\t"):
        return tab(at)
    if "directive" in said:
        return directive(at)
    if re.search(r"scanning an? (alias|anchor)", said):
        return alias(line[at.column - 1 :].split(" ")[0], at)
    if re.search(r"tag handle|a tag\b|tag URI", said):
        return tag(line[at.column - 1 :].split(" ")[0], at)
    if "mapping values" in said or "mapping keys" in said:
        return _second_colon(at, before)
    if not before.strip() and line.strip().startswith(":"):
        return empty_key(at)
    for pattern, message, hint in PHRASES:
        if re.search(pattern, said):
            return Problem("D101", at, message, hint)
    return _out_of_line(at, before, line[at.column - 1 : at.column])


def _wide(at: Span, line: str) -> Problem | None:
    """Return the fault of the first full-width sign that stands where YAML wants its own.

    The parser takes such a sign for a letter and complains of something further on.
    """
    found = [
        (match.start(1), match[1], plain)
        for pattern, plain in WIDE.items()
        if (match := re.search(pattern, line))
    ]
    if not found:
        return None
    column, sign, plain = min(found)
    message = say("'{sign}' is a full-width sign; YAML does not know it.", sign=sign)
    hint = say("Write {plain}, with the keyboard set to half-width punctuation.", plain=say(plain))
    return Problem("D101", replace(at, column=column + 1, end_column=column + 2), message, hint)


def _out_of_line(at: Span, before: str, letter: str) -> Problem:
    if before.strip() and letter in ("]", "}"):
        return Problem("D101", at, "This bracket closes nothing.", "Remove it.")
    if before.strip():
        hint = "Put the whole value in one pair of quotes."
        return Problem("D101", at, "Something stands after the end of the value.", hint)
    hint = "Give lines of one mapping or list the same indentation, two spaces a level."
    return Problem("D101", at, "This line does not line up with the lines above it.", hint)


def _second_colon(at: Span, before: str) -> Problem:
    if re.search(r":(\s|$)", before):
        hint = "Put the value in quotes, or begin a new line after the first ':'."
        return Problem("D101", at, "A second ':' stands in this line.", hint)
    hint = (
        "Give it the indentation of the keys it belongs to, two spaces a level;"
        " the line above needs a space after its ':'."
    )
    key = replace(at, column=len(before) - len(before.lstrip()) + 1)
    return Problem("D101", key, "A key cannot begin here; the line above is a whole value.", hint)
