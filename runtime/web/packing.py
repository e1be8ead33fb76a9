"""Pages travel packed: a list of fifty rows is a tenth of its size on a slow line.

In: an answer that is a page, and what its reader can unpack. Out: the same, as gzip. A page that
repeats what its address says, beside a secret, could be guessed from its packed length (BREACH);
so each is longer by a random number of bytes in the name of the gzip header, as Django does it
(Palacios and Morais, "Heal the Breach", IEEE Access 2022). What programs are answered is not packed
here.
"""

from __future__ import annotations

import gzip
import io
import secrets

from flask import Flask, Response, request

LEAST = 1400
"""Bytes; less fits into one packet as it is."""
LEVEL = 4
"""Of gzip: what more would take longer than it saves on a page."""
LONGER = 100
"""By up to so many bytes is a page longer than it would be, less one."""
NEVER_PACKED = frozenset({204, 206, 304})


def watch(app: Flask) -> None:
    """Pack every page of an app. Called before others look at answers, so that it comes last."""
    app.after_request(_packed)


def _packed(answer: Response) -> Response:
    if answer.mimetype != "text/html" or answer.status_code in NEVER_PACKED:
        return answer
    answer.vary.add("Accept-Encoding")
    wanted = request.accept_encodings.quality("gzip") > 0
    plain = answer.is_sequence and not answer.direct_passthrough
    if not wanted or not plain or "Content-Encoding" in answer.headers or "ETag" in answer.headers:
        return answer
    page = answer.get_data()
    if len(page) < LEAST:
        return answer
    out = io.BytesIO()
    name = "a" * secrets.randbelow(LONGER)
    with gzip.GzipFile(name, "wb", LEVEL, out, mtime=0) as file:
        file.write(page)
    answer.set_data(out.getvalue())
    answer.headers["Content-Encoding"] = "gzip"
    return answer
