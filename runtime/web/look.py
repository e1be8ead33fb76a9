"""Give a Flask app our look: the names every template may use, and where Flask-AppBuilder extends.

In: a Flask app whose template folder is `templates/`, and a function that makes the Shell of the
present request. Out: the Jinja globals `shell`, `frame`, `t`, `asset`, `drawn_icon`, `once`,
`js_texts`, `csp_nonce` and `fab_label`. They are globals and not a context processor because
Flask-AppBuilder renders its widgets without context processors. Call it before
`AppBuilder(app, …)`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache
from pathlib import Path
from typing import cast

from flask import Flask, g, render_template
from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader
from markupsafe import Markup
from werkzeug.local import LocalProxy

from runtime.memory import Memory
from runtime.web.shell import Shell
from runtime.web.template_code import TEMPLATE_CODE
from runtime.web.texts import js_texts

DRAWN = 300
"""Menus and dialogs kept drawn: one a role, language and place in the menu."""
PRODUCT = "product"
"""Under this prefix a shop's own template finds ours: `{% extends "product/detail.html" %}`."""


def dress(app: Flask, make: Callable[[], Shell], shop: Path | None = None) -> None:
    """Register the template globals; `make` is called once a request, on first use.

    A template in the folder `shop` stands in for ours of the same name.
    """

    def shell() -> Shell:
        if "sw_shell" not in g:
            g.sw_shell = make()
        return cast(Shell, g.sw_shell)

    def t(msgid: str, ctx: str = "", many: str = "", **params: object) -> str:
        return shell().t(msgid, ctx, many, **params)

    def drawn_icon(name: str, cls: str = "") -> Markup:
        return _icon(shell().asset("sprite.svg"), name, cls)

    def once(key: Hashable, caller: Callable[[], str]) -> str:
        """Draw what depends on nothing but the key once: `{% call once((…)) %}…{% endcall %}`."""
        return drawn.get(key, caller)

    drawn = Memory(most=DRAWN)

    def fab_label(label: object) -> str:
        """A label FAB has already translated, or left in English where its catalogue has a gap."""
        return shell().t(str(label), "fab")

    if shop is not None and app.jinja_loader is not None:
        # the shop's first, then ours as always, and ours by their prefix
        ours = app.jinja_loader
        app.jinja_loader = ChoiceLoader(
            [FileSystemLoader(shop), ours, PrefixLoader({PRODUCT: ours})]
        )

    def own_template(name: str) -> str:
        """Return a template's name when the shop has it, else nothing."""
        return name if shop is not None and (shop / name).is_file() else ""

    app.config["FAB_BASE_TEMPLATE"] = "layout.html"
    app.jinja_env.bytecode_cache = TEMPLATE_CODE
    app.jinja_env.globals.update(
        shell=LocalProxy(shell),
        frame=shell,
        t=t,
        asset=lambda name: shell().asset(name),
        js_texts=lambda: js_texts(shell().t),
        drawn_icon=drawn_icon,
        once=once,
        csp_nonce=lambda: shell().nonce,
        fab_label=fab_label,
        own_template=own_template,
    )


@lru_cache(maxsize=2000)
def _icon(sprite: str, name: str, cls: str) -> Markup:
    """Return a picture of the sprite; a page holds dozens, and they are the same on every page."""
    return Markup(
        '<svg class="ic{cls}" aria-hidden="true"><use href="{sprite}#i-{name}"></use></svg>'
    ).format(cls=f" {cls}" if cls else "", sprite=sprite, name=name)


ERROR_PAGES = (400, 403, 404, 405, 409, 413, 422, 429, 500, 503)
"""The status codes that have a page of their own; others borrow the next more general one."""
BORROWED = {412: 409, 428: 409}


def error_page(
    code: int, reference: str = "", back: str | None = None, message: str = ""
) -> tuple[str, int]:
    """Return the page for a status code: a plain sentence, what to do next, the reference id.

    `reference` is what the log line can be found by; `back` a path on this host; `message` replaces
    the page's own sentence.
    """
    shown = BORROWED.get(code, code)
    if shown not in ERROR_PAGES:
        shown = 400 if code < 500 else 500
    page = render_template(f"errors/{shown}.html", reference=reference, back=back, message=message)
    return page, code


def last_resort(reference: str) -> tuple[str, int]:
    """Return a page that needs nothing but its own text: when even the frame cannot be made."""
    return render_template("errors/bare.html", reference=reference), 500
