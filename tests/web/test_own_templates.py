"""A shop's own templates: a panel, one field, one page, one kind of cell, without a fork."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest

from tests import databases
from tests.web.desk import DESK, Desk, open_desk

PANELS = """detail:
  panels:
    reach: {label: {en: How to reach, zh: 联系方式}, fields: [name, email], place: side}
    broken: {label: {en: Broken, zh: 出错}}
    escape: {label: {en: Escape, zh: 越界}}
"""
TEMPLATES = {
    "panels/reach.html": "<p>{{ record.name }} at {{ record.email.text or '-' }}, {{ locale }}</p>",
    "panels/broken.html": "{{ record.nothing_like_it }}",
    "panels/escape.html": "{{ record.__class__.__mro__ }}{{ ''.__class__ }}",
    "member/fields/code.html": "<b class='own'>{{ item.cell.text }}!</b>",
    "member/detail.html": (
        '{% extends "product/detail.html" %}'
        "{% block side %}<p>Mine: {{ page.title }}</p>{{ super() }}{% endblock %}"
    ),
    "cells/stars.html": "<i>{{ it.text }} stars</i>",
}
WORD = '''"""`type: rating`: one to five."""
from generator.field_types import Cell
from generator.field_types.integer import Integer

class Rating(Integer):
    def cell(self, value, field, viewer):
        return Cell(str(value), "stars")
'''


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    shop = copytree(DESK, tmp_path / "shop")
    words = tmp_path / "acme_own" / "field_types"
    words.mkdir(parents=True)
    for folder in (words.parent, words):
        (folder / "__init__.py").write_text('"""Words."""\n', "utf-8")
    (words / "rating.py").write_text(WORD, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    app = shop / "app.yaml"
    app.write_text(app.read_text("utf-8") + "words: [acme_own]\n", "utf-8")
    member = next(shop.rglob("member.entity.yaml"))
    text = member.read_text("utf-8").replace("detail:\n", PANELS)
    rating = "fields:\n  rating: {type: rating, label: {en: Rating, zh: 评分}}\n"
    member.write_text(text.replace("fields:\n", rating, 1), "utf-8")
    for name, content in TEMPLATES.items():
        path = shop / "templates" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    return open_desk(
        databases.sqlite_url(tmp_path), tmp_path / "files", shop, templates=shop / "templates"
    )


def test_a_panel_shows_what_its_reader_may_see_and_cannot_leave_its_sandbox(desk: Desk) -> None:
    member = desk.make("member", code="P1", name="<Anna>", email="a@x.example", rating=4)
    page = desk.browser().get(f"/member/{member}")
    assert page.status_code == 200
    assert "<p>&lt;Anna&gt; at a@x.example, en</p>" in page.text
    assert "How to reach" in page.text
    assert page.text.count("This panel cannot be shown now.") == 2
    assert "&lt;class" not in page.text
    assert "&lt;Anna&gt; at" in desk.browser(locale="zh").get(f"/member/{member}").text


def test_a_field_a_cell_and_a_block_of_a_page_are_the_shops_own(desk: Desk) -> None:
    member = desk.make("member", code="P2", name="Bo", rating=3)
    page = desk.browser().get(f"/member/{member}").text
    assert "<b class='own'>P2!</b>" in page
    assert "<i>3 stars</i>" in page
    assert "<p>Mine: Bo</p>" in page
    assert 'id="record-card"' in page, "the rest of the page is ours"
    loan = desk.make("loan", member=member, books=[{"title": "Dune", "price": "1"}])
    assert "Mine:" not in desk.browser().get(f"/loan/{loan}").text
