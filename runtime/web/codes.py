"""Codes that scanners read, as SVG without style or script: bars and squares.

Comes in: the text of a field. Goes out: a picture dark on light, whatever the theme, or nothing
where no code can hold the text. The libraries only say which modules are dark; the picture is ours,
because theirs carry `style=`, which the pages' policy refuses. They are loaded as the first code is
drawn: a worker that only writes an export needs five megabytes less.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

from markupsafe import Markup

LONGEST_BARS = 48
"""Characters; more bars than that no label is wide enough for."""
LONGEST_QR = 1200
QUIET = 10
"""Modules of light beside the bars, without which no scanner finds them."""
HEIGHT = 40
_EAN = re.compile(r"[0-9]{13}")
_PLAIN = re.compile(r"[\x20-\x7e]+")


def bars(text: str) -> Markup:
    """Return EAN-13 where the text is one, else Code 128; empty where neither can hold it."""
    if not text or len(text) > LONGEST_BARS or not _PLAIN.fullmatch(text):
        return Markup("")
    from barcode.codex import Code128  # noqa: PLC0415 (see above)
    from barcode.ean import EuropeanArticleNumber13  # noqa: PLC0415

    known = EuropeanArticleNumber13(text) if _EAN.fullmatch(text) else None
    made: Any = known if known is not None and known.ean == text else Code128(text)
    return _drawn(made.build()[0])


def square(text: str) -> Markup:
    """Return a QR code of a text, of the size it is given; empty where the text is too long."""
    if not text or len(text.encode()) > LONGEST_QR:
        return Markup("")
    import segno  # noqa: PLC0415 (see above)

    made: Any = segno.make(text, error="m", micro=False)
    # with a size of its own, and no box to scale, a smaller place would show a corner of it
    drawn = made.svg_inline(scale=5, border=3, dark="#000", light="#fff", omitsize=True)
    return Markup(drawn)


def _drawn(modules: str) -> Markup:
    at, strokes = QUIET, []
    for dark, run in groupby(modules):
        width = len(list(run))
        if dark == "1":
            strokes.append(f"M{at} 0h{width}v{HEIGHT}h-{width}z")
        at += width
    wide = at + QUIET
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}"'
        ' preserveAspectRatio="none" shape-rendering="crispEdges" aria-hidden="true">'
        '<path fill="#fff" d="M0 0h{wide}v{high}H0z"/><path fill="#000" d="{drawn}"/></svg>'
    ).format(wide=wide, high=HEIGHT, drawn="".join(strokes))
