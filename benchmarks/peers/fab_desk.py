"""Flask-AppBuilder's own admin as its documentation sets it up for people: search, related lines.

Served as `benchmarks.peers.fab_desk:create()`; the tables are those of `benchmarks.peers.fab`.
"""

from __future__ import annotations

import uuid

from flask import Flask
from flask_appbuilder import ModelView
from flask_appbuilder.models.sqla.interface import SQLAInterface

from benchmarks.peers import fab


class DeskLines(ModelView):
    datamodel = SQLAInterface(fab.OrderLine)
    list_columns = ["item", "quantity", "price", "amount"]
    add_columns = edit_columns = ["parent", "item", "quantity", "price", "position"]


class DeskOrders(ModelView):
    datamodel = SQLAInterface(fab.Order)
    related_views = [DeskLines]
    list_columns = ["number", "buyer", "status", "placed_at", "total"]
    show_columns = ["number", "buyer", "status", "placed_at", "note", "total"]
    search_columns = ["number", "buyer", "status", "placed_at", "note"]
    add_columns = edit_columns = ["buyer", "status", "note"]
    # a moment with its zone, as its form writes it, is no date its form takes: it has a default
    base_order = ("placed_at", "desc")
    page_size = 50

    def pre_add(self, item):
        item.number = f"FAB-{uuid.uuid4().hex[:12]}"


class DeskCustomers(ModelView):
    datamodel = SQLAInterface(fab.Customer)
    related_views = [DeskOrders]
    list_columns = ["code", "name", "city"]
    search_columns = ["code", "name"]


def create() -> Flask:
    """Return the WSGI application."""
    app = fab.create()
    with app.app_context():
        builder = app.appbuilder
        builder.add_view(DeskOrders, "Desk orders", category="Desk")
        builder.add_view(DeskCustomers, "Desk customers", category="Desk")
        builder.add_view_no_menu(DeskLines)
    return app
