"""A small Flask-AppBuilder app on SQLite in memory that wears our templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask, get_flashed_messages, render_template, request, session
from flask_appbuilder import AppBuilder
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_wtf.csrf import CSRFProtect, generate_csrf
from jinja2 import ChoiceLoader, FileSystemLoader
from sqlalchemy.orm import scoped_session, sessionmaker
from sqlalchemy.pool import StaticPool

from runtime.web import assets, look
from runtime.web.offline import offline
from runtime.web.shell import Flash, Language, NavGroup, NavItem, Person, Shell
from runtime.web.texts import translator

ROOT = Path(__file__).resolve().parents[2]
NONCE = "bm9uY2U="
POLICY = (
    f"default-src 'self'; script-src 'self' 'nonce-{NONCE}'; style-src 'self'; img-src 'self' data:"
)
TONES = {"danger": "critical", "warning": "warning", "success": "success"}


class WithoutCharts(SecurityManager):
    """FAB's statistics page draws with a foreign script; the product leaves it out too."""

    userstatschartview = None


def app_with_fab() -> Flask:
    """Return the app with one administrator, `admin` / `correct horse`."""
    app = Flask("look", template_folder=str(ROOT / "templates"))
    app.config.update(
        SECRET_KEY="only for tests",
        SQLALCHEMY_DATABASE_URI="sqlite://",
        LANGUAGES={"en": {"flag": "us", "name": "English"}, "zh": {"flag": "cn", "name": "中文"}},
        FAB_ADD_SECURITY_VIEWS=True,
        FAB_API_SWAGGER_UI=True,
        APP_NAME="Harbour Trading",
    )
    CSRFProtect(app)
    served = assets.load()
    app.register_blueprint(assets.blueprint())
    app.register_blueprint(offline)
    look.dress(app, lambda: present_shell(served))
    engine = sa.create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    with app.app_context():
        session = scoped_session(sessionmaker(engine))
        builder = AppBuilder(app, session, security_manager_class=WithoutCharts)
        builder.sm.add_user(
            "admin", "Mei", "Lin", "mei@example.com", builder.sm.find_role("Admin"), "correct horse"
        )
        builder.sm.add_group("office", "Office", "Everyone at a desk")

    for code in look.ERROR_PAGES:
        app.register_error_handler(code, lambda fault: look.error_page(fault.code, "r-123", "/"))

    @app.after_request
    def policy(answer):
        answer.headers["Content-Security-Policy"] = POLICY
        return answer

    samples(app)
    return app


def samples(app: Flask) -> None:
    """Serve the sample list, detail and form, which are made only of the building blocks."""
    folder = FileSystemLoader(str(ROOT / "tests" / "web"))
    app.jinja_loader = ChoiceLoader([FileSystemLoader(str(ROOT / "templates")), folder])

    @app.get("/sample/<name>")
    def sample(name: str) -> Any:
        if name == "pick":
            names = ("王芳", "Emma Clarke", "Sofia Rossi")
            return {"items": [{"id": n, "label": n, "note": "VIP"} for n in names]}
        locale = request.args.get("lang", "en")
        errors = request.args.get("errors")
        words = {"s": lambda en, zh: zh if locale == "zh" else en, "orders": ORDERS[locale]}
        return render_template(f"samples/{name}.html", errors=errors, **words)


def orders(locale: str) -> list[dict[str, object]]:
    """Return fifty rows of invented orders in one language."""
    states = {
        "en": (
            "Paid",
            "Pending",
            "Partially paid",
            "Voided",
            "Unfulfilled",
            "Packed",
            "On hold",
            "Cancelled",
        ),
        "zh": ("已付款", "待付款", "部分付款", "已作废", "未发货", "已打包", "挂起", "已取消"),
    }[locale]
    looks = (("success", "full"), ("warning", "none"), ("warning", "half"), ("neutral", "no"))
    moves = (("attn", "none"), ("info", "half"), ("critical", "none"), ("neutral", "no"))
    people = ("王芳", "Sofia Rossi", "李伟", "Emma Clarke", "北京远航贸易有限公司")
    return [
        {
            "number": f"SO-{12399 - n}",
            "iso": "2026-11-21T07:00:00Z",
            "when": f"2026-11-21 {15 - n // 6:02}:{59 - n % 60:02}",
            "customer": people[n % 5],
            "total": f"{(n * 7919) % 9000 + 28:,}.{n % 100:02}",
            "currency": "CNY" if n % 3 else "EUR",
            "payment": (states[n % 4], *looks[n % 4]),
            "fulfilment": (states[4 + n % 4], *moves[n % 4]),
            "state": n % 4,
            "pieces": n % 9 + 1,
            "tags": ("VIP", "gift")[: n % 3],
        }
        for n in range(50)
    ]


ORDERS = {locale: orders(locale) for locale in ("en", "zh")}


def present_shell(served: assets.Assets) -> Shell:
    """Return the frame of the present request: theme and language by query or session."""
    locale = request.args.get("lang") or session.get("locale") or "en"
    other = "zh" if locale == "en" else "en"
    names = {"en": "English", "zh": "中文"}
    signed_in = session.get("_user_id") or request.args.get("as")
    t = translator(locale)
    return Shell(
        app_name="Harbour Trading",
        locale=locale,
        asset=served.url,
        t=t,
        nonce=NONCE,
        csrf_token=generate_csrf(),
        theme=request.args.get("theme", "light"),
        user=Person("Lin Mei", "林") if signed_in else None,
        languages=(Language(names[other], other, f"/lang/{other}"),),
        nav=navigation(request.path) if signed_in else (),
        flashes=tuple(
            Flash(TONES.get(c, "info"), m) for c, m in get_flashed_messages(with_categories=True)
        ),
    )


def navigation(path: str) -> tuple[NavGroup, ...]:
    """Return a sidebar with enough in it to be looked at."""
    groups = (
        ("", (("Home", "/", "home", None),)),
        (
            "Sales",
            (
                ("Orders", "/orders", "shopping-cart", 124),
                ("Returns", "/returns", "receipt-refund", 7),
                ("Customers", "/customers", "users", None),
            ),
        ),
        (
            "Administration",
            (
                ("Users", "/users/list/", "user-cog", None),
                ("Roles", "/roles/list/", "shield-lock", None),
            ),
        ),
    )
    return tuple(
        NavGroup(
            label,
            tuple(NavItem(name, url, icon, url == path, count) for name, url, icon, count in items),
        )
        for label, items in groups
    )
