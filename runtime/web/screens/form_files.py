"""The files of a form: kept when they arrive, their ids put where the form holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from generator.field_types._ids import WRITTEN
from runtime.errors import FieldError, Invalid
from runtime.files import FileStore
from runtime.keeping import Upload, keep
from runtime.web.screens import form_state, uploads
from runtime.web.screens.form_opening import Opened
from runtime.web.screens.form_state import FILES, FormField
from runtime.web.screens.visit import Visit


@dataclass(frozen=True)
class Sent:
    """What a browser sent: texts by control name, files by control name."""

    texts: Mapping[str, Sequence[str]]
    files: Mapping[str, Upload]

    def one(self, name: str) -> str:
        """Return the last text of a name."""
        texts = self.texts.get(name, ())
        return texts[-1] if texts else ""


def take_files(
    visit: Visit, files: FileStore, opened: Opened, sent: Sent
) -> tuple[dict[str, Sequence[str]], list[FieldError]]:
    """Keep the uploads of a form and return what was sent with their ids in place.

    An id that the form holds already counts only when the record holds it too, or when this person
    uploaded it: nobody reaches a stranger's file by writing down its id.
    """
    texts: dict[str, Sequence[str]] = dict(sent.texts)
    errors: list[FieldError] = []
    held = {text for found in (opened.base or {}).values() for text in found}
    for name, one, place in _file_controls(opened.layout.fields, texts, sent.files):
        if sent.one(f"{name}-remove"):
            texts[name] = ()
        for file_id in tuple(texts.get(name, ())):
            if file_id and file_id not in held and not _is_own(visit, files, file_id):
                texts[name] = ()
        upload = sent.files.get(f"{name}-upload")
        if upload is None or not upload.name:
            continue
        try:
            kept = keep(files, upload, one.field, visit.actor.id)
        except Invalid as refusal:
            errors += [replace(error, field=place) for error in refusal.errors]
        else:
            texts[name] = (kept.id,)
    return texts, errors


def _is_own(visit: Visit, files: FileStore, file_id: str) -> bool:
    if not WRITTEN.fullmatch(file_id):
        return False
    return uploads.uploaded_by(files, file_id) == visit.actor.id


def _file_controls(
    fields: Sequence[FormField],
    texts: Mapping[str, Sequence[str]],
    sent: Mapping[str, Upload],
) -> list[tuple[str, FormField, str]]:
    """Return every file control that was sent: its name, its field, its path in the payload."""
    found: list[tuple[str, FormField, str]] = []
    for one in fields:
        if one.kind in FILES:
            found.append((one.field.name, one, one.field.name))
        for inner in one.rows:
            if inner.kind not in FILES:
                continue
            for key in dict.fromkeys((*texts, *sent)):
                row = form_state.ROW.fullmatch(key)
                if (
                    row
                    and row[1] == one.field.name
                    and row[3].partition("-")[0] == inner.field.name
                ):
                    name = f"{row[1]}-{row[2]}-{inner.field.name}"
                    found.append((name, inner, f"{row[1]}.{row[2]}.{inner.field.name}"))
    return list({entry[0]: entry for entry in found}.values())
