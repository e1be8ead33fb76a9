"""Source text → Python syntax tree, with every limit checked before Python's parser sees the text.

Python's parser is a fine reader but an unsafe first guard: it normalizes look-alike letters,
accepts string prefixes, comments and huge nesting. `scan` walks the characters once and lets only
plain text through; what remains cannot exhaust the parser.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from generator.expressions.hints import SPLIT
from generator.expressions.problems import Fault
from generator.saying import say

MAX_LENGTH = 4_000
MAX_NODES = 400
MAX_DEPTH = 50

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<name>[A-Za-z_][A-Za-z_0-9]*)
      | (?P<number>[0-9][A-Za-z0-9_.]*|\.[0-9]\w*)
      | (?P<text>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")
      | (?P<operator>==|!=|<=|>=|//|[-+*/%<>()\[\],.])""",
    re.VERBOSE | re.ASCII,
)
_PLAIN_ESCAPES = re.compile(r"\\(?:[\\'\"nt]|u(?!0000|[dD][89a-fA-F])[0-9a-fA-F]{4})")
"""Not U+0000 and no half of a sign: no database keeps them."""
_ANY_ESCAPE = re.compile(r"\\.", re.DOTALL)
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")


def syntax(text: str) -> ast.expr:
    """Return the syntax tree of an expression; its offsets count characters of `text`.

    Raises `Fault` for text that is no expression or breaks a limit.
    """
    if len(text) > MAX_LENGTH:
        raise Fault(
            "D503",
            0,
            1,
            say("The expression is longer than {most} characters.", most=MAX_LENGTH),
            SPLIT,
        )
    if not text.strip():
        raise Fault("D501", 0, 1, "The expression is empty.", "Write a condition or a value.")
    _check_tokens(text)
    margin = len(text) - len(text.lstrip())
    flat = re.sub(r"\s", " ", text[margin:])
    try:
        root = ast.parse(flat.rstrip(), mode="eval").body
    except SyntaxError as error:
        start = margin + _characters(flat, (error.offset or 1) - 1)
        hint = "Write a condition such as total > 0, or a value such as price * 2."
        if error.msg and "==" in error.msg:
            hint = "Write a single = as ==."
        raise Fault("D501", start, start + 1, "This is not an expression.", hint) from error
    except (RecursionError, MemoryError, ValueError) as error:
        raise Fault("D503", 0, 1, "The expression is nested too deeply.", SPLIT) from error
    _measure(root)
    encoded = flat.encode()
    for node in ast.walk(root):
        if isinstance(node, ast.expr):
            node.col_offset = margin + len(encoded[: node.col_offset].decode())
            node.end_col_offset = margin + len(encoded[: node.end_col_offset or 0].decode())
    return root


def _check_tokens(text: str) -> None:
    depth, at = 0, 0
    last = glued = ""
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _foreign(text, at)
        kind, word = found.lastgroup or "", found.group()
        if kind == "text":
            _check_text(word, at, glued=glued in ("name", "number") or last == "text")
        elif kind == "number" and not _NUMBER.fullmatch(word):
            raise Fault(
                "D501",
                at,
                found.end(),
                say("'{word}' is not a number.", word=word),
                "Write it as 1200 or 12.50.",
            )
        elif word in "([":
            depth += 1
        elif word in ")]":
            depth -= 1
        if depth > MAX_DEPTH:
            raise Fault(
                "D503",
                at,
                at + 1,
                say("Brackets are nested deeper than {most}.", most=MAX_DEPTH),
                SPLIT,
            )
        at, glued = found.end(), kind
        last = last if kind == "space" else kind


def _check_text(word: str, at: int, *, glued: bool) -> None:
    if glued:
        hint = "Write one text in quotes, without a letter before it."
        raise Fault("D502", at, at + 1, "A text stands directly after another word.", hint)
    for escape in _ANY_ESCAPE.finditer(word):
        if not _PLAIN_ESCAPES.match(word, escape.start()):
            spot = at + escape.start()
            hint = "Write a backslash in a text as \\\\."
            raise Fault(
                "D501",
                spot,
                spot + 2,
                say("'{written}' is not an escape.", written=escape.group()),
                hint,
            )


def _foreign(text: str, at: int) -> Fault:
    letter = text[at]
    if letter in "'\"":
        hint = "Write the same quote at its end, such as 'paid'."
        return Fault("D501", at, at + 1, "The text has no closing quote.", hint)
    hint = {
        "=": "Write a single = as ==.",
        "&": "Write 'and'.",
        "|": "Write 'or'.",
        "!": "Write 'not'.",
        "{": "Names are written without braces.",
        **dict.fromkeys("“”‘’＂＇", "Write a straight quote, ' or \"; this one is typographic."),
        **dict.fromkeys("（），＝＜＞＋－＊", "This sign is full-width; write the half-width one."),
    }.get(letter, "Texts stand in quotes; names are plain letters, digits and _.")
    shown = letter if letter.isprintable() else f"U+{ord(letter):04X}"
    return Fault(
        "D502", at, at + 1, say("'{shown}' has no meaning in an expression.", shown=shown), hint
    )


def _characters(text: str, offset: int) -> int:
    return min(max(offset, 0), max(len(text) - 1, 0))


def _measure(root: ast.expr) -> None:
    count = 0
    level: list[ast.AST] = [root]
    depth = 0
    while level:
        depth += 1
        count += len(level)
        if depth > MAX_DEPTH:
            raise Fault(
                "D503",
                0,
                1,
                say("The expression is nested deeper than {most}.", most=MAX_DEPTH),
                SPLIT,
            )
        if count > MAX_NODES:
            raise Fault(
                "D503",
                0,
                1,
                say("The expression has more than {most} parts.", most=MAX_NODES),
                SPLIT,
            )
        level = [child for node in level for child in _parts(node)]


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.expr, ast.keyword)):
            yield child
