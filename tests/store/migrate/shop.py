"""Small shops for the tests of migrations: YAML texts in, `Compiled` out."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Mapping
from pathlib import Path

from generator.compile import Compiled, compile_definitions

NOW = dt.datetime(2026, 11, 22, 8, 30, tzinfo=dt.UTC)
APP = "app: shop\nlabel: {en: Shop, zh: 商店}\ncurrency: EUR\n"


def compiled(files: Mapping[str, str]) -> Compiled:
    """Return the model of some definition files; `app.yaml` is added."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {"app.yaml": APP, **files}.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return compile_definitions(Path(folder))


def entity(name: str, fields: str, more: str = "", label: str = "") -> dict[str, str]:
    """Return one entity file; `fields` is YAML, a field a line."""
    lines = "\n".join(f"  {line}" for line in fields.strip().splitlines())
    shown = label or f"{{en: {name.replace('_', ' ').title()}, zh: {name}}}"
    text = f"entity: {name}\nlabel: {shown}\n{more}\nfields:\n{lines}\n"
    return {f"{name}.entity.yaml": text}
