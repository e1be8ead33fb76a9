"""What the browser loads: built from pinned packages, named by content, safe under the policy."""

import gzip
import json
import re
from pathlib import Path

import pytest
from flask import Flask

from assets import build as building
from assets import trim
from runtime.web import assets

ROOT = Path(__file__).resolve().parents[2]
ON_DEMAND = {
    "codemirror",
    "drawer",
    "grid_keys",
    "grid_paste",
    "grid_rows",
    "guard",
    "live",
    "crop",
    "cropper",
    "files",
    "inputs",
    "json",
    "prosemirror",
    "rich",
    "rich_schema",
    "rich_tools",
    "sign_in",
}
"""Parts of a form, each loaded by the pages that hold such a control."""


@pytest.fixture(scope="module")
def dist() -> Path:
    return building.build().parent


def test_every_asset_is_named_by_its_content_and_has_a_gzip_copy(dist: Path) -> None:
    names = json.loads((dist / "manifest.json").read_text("utf-8"))
    assert {
        "app.css",
        "app.js",
        "early.js",
        "tabler.css",
        "bootstrap.js",
        "htmx.js",
        "sprite.svg",
    } <= set(names)
    for plain, hashed in names.items():
        stem, suffix = plain.rsplit(".", 1)
        assert re.fullmatch(rf"{re.escape(stem)}\.[0-9a-f]{{10}}\.{suffix}", hashed)
        content = (dist / hashed).read_bytes()
        assert gzip.decompress((dist / f"{hashed}.gz").read_bytes()) == content
        assert b"sourceMappingURL" not in content, plain


def test_modules_import_each_other_by_hashed_names(dist: Path) -> None:
    for path in dist.glob("*.js"):
        if not (ROOT / "assets" / "js" / re.sub(r"\.[0-9a-f]{10}", "", path.name)).is_file():
            continue
        for name in re.findall(r'"\./([^"]+)"', path.read_text("utf-8")):
            assert (dist / name).is_file(), (path.name, name)


def test_a_second_build_changes_nothing(dist: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in dist.iterdir()}
    building.build()
    assert {path.name: path.stat().st_mtime_ns for path in dist.iterdir()} == before


def test_the_lock_file_pins_versions_and_names_no_registry() -> None:
    text = (ROOT / "assets" / "package-lock.json").read_text("utf-8")
    assert "resolved" not in text
    assert "http" not in re.sub(r'"(?:url|funding)":\s*"[^"]*"', "", text)
    wanted = json.loads((ROOT / "assets" / "package.json").read_text("utf-8"))["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())


SAVED = {"papers.html", "papers_labels.html"}
"""Documents that people save: no header goes with them, so style and policy are inside."""
CLOSED = "content=\"default-src 'none'; style-src 'unsafe-inline'\""


def test_our_code_needs_neither_eval_nor_inline_script() -> None:
    for path in (ROOT / "assets" / "js").glob("*.js"):
        assert not re.search(
            r"\beval\(|new Function|document\.write|\.style\.|setAttribute\(\"style",
            path.read_text("utf-8"),
        ), path
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text("utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path
        if path.name in SAVED:
            assert CLOSED in text, path
            text = text.replace("<style>", "")
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style|javascript:", text), path


def test_every_icon_the_templates_name_is_in_the_sprite(dist: Path) -> None:
    names = json.loads((dist / "manifest.json").read_text("utf-8"))
    sprite = (dist / names["sprite.svg"]).read_text("utf-8")
    assert len(building.icon_names()) > 150
    for path in (ROOT / "templates").rglob("*.html"):
        for name in re.findall(
            r'(?:ui\.icon\(|\bicon\(|icon_name=)"([a-z0-9-]+)"', path.read_text("utf-8")
        ):
            assert f'id="i-{name}"' in sprite, (path, name)


def test_the_first_view_stays_within_its_budget(dist: Path) -> None:
    names = json.loads((dist / "manifest.json").read_text("utf-8"))
    lazily = {"swagger", "grid", "fab", *ON_DEMAND}
    first = [name for name in names if name.rsplit(".", 1)[0].removesuffix("-ui") not in lazily]
    size = sum((dist / f"{names[name]}.gz").stat().st_size for name in first)
    assert size < 170_000, size  # and a page of at most 30 kB: 200 kB in all


def test_of_a_style_sheet_stays_what_a_page_can_use() -> None:
    sheet = (
        "/*! a licence */:root{--a:url('data:x;y{z')}.used,.other>a,p{color:red}"
        ".gone{content:'} .used{'}.used:not(.gone),.used .gone{top:0}"
        "@media print{.gone{left:0}}@media (width>1px){.w-1\\/2,.gone{left:0}}"
        "@keyframes gone{0%{top:0}}:is(.gone,.used) b{top:0}"
    )
    kept = trim.trimmed(sheet, {"used", "w-1/2"}.__contains__)
    assert kept == (
        "/*! a licence */:root{--a:url('data:x;y{z')}.used,p{color:red}"
        ".used:not(.gone){top:0}@media (width>1px){.w-1\\/2{left:0}}"
        "@keyframes gone{0%{top:0}}:is(.gone,.used) b{top:0}"
    )
    assert trim.classes(sheet) == {"used", "other", "gone", "w-1/2"}


def test_every_class_of_tabler_that_a_page_names_is_in_the_sheet(dist: Path) -> None:
    names = json.loads((dist / "manifest.json").read_text("utf-8"))
    left = trim.classes((dist / names["tabler.css"]).read_text("utf-8"))
    known = set((dist / "classes").read_text("utf-8").split())
    named = {
        word
        for path in (ROOT / "templates").rglob("*.html")
        for given in re.findall(r'class="([^"]*)"', path.read_text("utf-8"))
        for word in re.findall(r"[\w-]+", given)
    }
    assert named & known <= left


def test_assets_are_served_for_ever_and_packed_only_to_those_who_ask(dist: Path) -> None:
    app = Flask("assets-only")
    app.register_blueprint(assets.blueprint(dist))
    url = assets.load(dist).url("app.css")
    plain = app.test_client().get(url)
    packed = app.test_client().get(url, headers={"Accept-Encoding": "gzip"})
    assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.mimetype == "text/css"
    assert app.test_client().get("/assets/manifest.json").status_code == 404


def test_a_missing_build_says_how_to_build(tmp_path: Path) -> None:
    with pytest.raises(assets.AssetsMissing, match=r"python assets/build\.py"):
        assets.load(tmp_path)
