"""Files over REST: a multipart body in, the file it holds out; a kept file in, an answer out."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import MultiPartParser
from werkzeug.http import parse_options_header

from generator.model.text import Label
from runtime.errors import BadRequest, FieldError, Invalid, NotFound
from runtime.files import FileStore, StoredFile
from runtime.messages import Result
from runtime.web import attached
from runtime.web.problems import WrongMedia
from runtime.web.wire import Answer, Asked

MULTIPART = "multipart/form-data"
ENVELOPE = 64 * 1024
"""Bytes a multipart body may have around the file."""
MOST_PARTS = 10


def sent_file(asked: Asked) -> tuple[str, bytes]:
    """Return the name and the bytes of the one file that a request sends.

    Raises:
        WrongMedia: the body is of another kind.
        BadRequest: it cannot be read.
        TooLarge: it is longer than any file may be.
        Invalid: there is no file in it, or something else beside it.

    """
    media, options = parse_options_header(asked.headers.get("content-type", ""))
    if media != MULTIPART or not options.get("boundary"):
        raise WrongMedia(
            Label(
                {
                    "en": f"Send the file as {MULTIPART}, in a part called '{attached.FIELD}'.",
                    "zh": f"请以 {MULTIPART} 提交文件，字段名为“{attached.FIELD}”。",
                }
            )
        )
    body = asked.body(attached.LARGEST + ENVELOPE)
    try:
        parser = MultiPartParser(max_form_memory_size=ENVELOPE, max_form_parts=MOST_PARTS)
        texts, files = parser.parse(BytesIO(body), options["boundary"].encode(), len(body))
    except (ValueError, RequestEntityTooLarge) as error:
        raise BadRequest(
            Label({"en": f"This is not {MULTIPART}.", "zh": f"内容不是有效的 {MULTIPART}。"})
        ) from error
    found = files.getlist(attached.FIELD)
    for name in (*texts, *files):
        if name != attached.FIELD or name in texts:
            raise _strange(name)
    if len(found) != 1:
        raise attached.wrong("required", "Send one file.", "请提交一个文件。")
    return found[0].filename or attached.FIELD, found[0].stream.read()


def told_alike(stored: StoredFile) -> dict[str, Any]:
    """Return what makes two requests that send a file the same: not the id it was given here."""
    return {"name": stored.name, "sha256": stored.sha256}


def file_answer(asked: Asked, result: Result, files: FileStore) -> Answer:
    """Return the bytes of an attachment, or that the caller has them already.

    Raises:
        NotFound: the bytes are not there any more.

    """
    stored = files.find(result.row.file)
    if stored is None or not files.path(stored).is_file():
        raise NotFound(Label({"en": "The file is not there.", "zh": "文件不存在。"}))
    tag = f'"{stored.sha256}"'
    answer = Answer(200, media_type=attached.safe_type(stored), headers={"ETag": tag})
    if tag in asked.headers.get("if-none-match", ""):
        answer.status = 304
        return answer
    answer.headers["Content-Disposition"] = attached.saved_as(stored.name)
    answer.headers["Content-Length"] = str(stored.size)
    answer.stream = attached.chunks(files.path(stored))
    return answer


def _strange(name: str) -> Invalid:
    message = Label(
        {
            "en": f"There is no '{name}' to send here, only a file called '{attached.FIELD}'.",
            "zh": f"此处不接受“{name}”，只接受名为“{attached.FIELD}”的文件。",
        }
    )
    return Invalid(message, (FieldError(name, "unknown_field", message),))
