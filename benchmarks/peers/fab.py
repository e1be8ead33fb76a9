"""Flask-AppBuilder as its documentation writes it: models on the tables, `ModelRestApi`, `ModelView`.

Served as `benchmarks.peers.fab:create()`; the database is in DATABASE_URL. Its own `ab_*` tables
stand in the schema `fab`, ours are found behind it on the search path.
"""

from __future__ import annotations

import logging
import os
import uuid
from datetime import UTC, datetime

import sqlalchemy as sa
from flask import Flask, request
from flask_appbuilder import AppBuilder, Model, ModelView
from flask_appbuilder.api import (
    API_DESCRIPTION_COLUMNS_RIS_KEY,
    API_LABEL_COLUMNS_RIS_KEY,
    API_SHOW_COLUMNS_RIS_KEY,
    API_SHOW_TITLE_RIS_KEY,
    ModelRestApi,
    expose,
    get_item_schema,
    merge_response_func,
    permission_name,
    protect,
    rison,
    safe,
)
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_appbuilder.security.sqla import models as _people  # its tables
from marshmallow import Schema, ValidationError, fields
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import relationship, scoped_session, sessionmaker

SCHEMA = "fab"
logging.getLogger("flask_appbuilder").setLevel(logging.ERROR)
USER, PASSWORD = "bench", "Quick-brown-fox-7"


def _id() -> str:
    return str(uuid.uuid4())


def _now() -> datetime:
    return datetime.now(UTC)


class Customer(Model):
    __tablename__ = "customer"
    id = sa.Column(UUID(as_uuid=False), primary_key=True, default=_id)
    code = sa.Column(sa.String(20), nullable=False)
    name = sa.Column(sa.String(200), nullable=False)
    city = sa.Column(sa.String(200))
    phone = sa.Column(sa.String(200))
    created_at = sa.Column(sa.DateTime(timezone=True), default=_now, nullable=False)
    updated_at = sa.Column(sa.DateTime(timezone=True), default=_now, nullable=False)
    version = sa.Column(sa.BigInteger, default=1, nullable=False)
    archived_at = sa.Column(sa.DateTime(timezone=True))

    def __repr__(self) -> str:
        return self.name


class Order(Model):
    __tablename__ = "order"
    id = sa.Column(UUID(as_uuid=False), primary_key=True, default=_id)
    number = sa.Column(sa.String(64))
    customer = sa.Column(UUID(as_uuid=False), sa.ForeignKey("customer.id"))
    buyer = relationship(Customer)
    status = sa.Column(sa.String(40), nullable=False)
    placed_at = sa.Column(sa.DateTime(timezone=True), nullable=False, default=_now)
    note = sa.Column(sa.String(200))
    total = sa.Column(sa.BigInteger)
    created_at = sa.Column(sa.DateTime(timezone=True), default=_now, nullable=False)
    updated_at = sa.Column(sa.DateTime(timezone=True), default=_now, nullable=False)
    version = sa.Column(sa.BigInteger, default=1, nullable=False)
    archived_at = sa.Column(sa.DateTime(timezone=True))
    lines = relationship("OrderLine", back_populates="parent")

    def __repr__(self) -> str:
        return self.number or ""


class OrderLine(Model):
    __tablename__ = "order_line"
    id = sa.Column(UUID(as_uuid=False), primary_key=True, default=_id)
    order = sa.Column(UUID(as_uuid=False), sa.ForeignKey("order.id"), nullable=False)
    parent = relationship(Order, back_populates="lines")
    item = sa.Column(sa.String(200), nullable=False)
    quantity = sa.Column(sa.BigInteger, nullable=False)
    price = sa.Column(sa.BigInteger, nullable=False)
    amount = sa.Column(sa.BigInteger)
    position = sa.Column(sa.BigInteger, nullable=False)
    created_at = sa.Column(sa.DateTime(timezone=True), default=_now, nullable=False)
    updated_at = sa.Column(sa.DateTime(timezone=True), default=_now, nullable=False)
    version = sa.Column(sa.BigInteger, default=1, nullable=False)


COLUMNS = ["id", "number", "status", "placed_at", "note", "total", "created_at", "version"]


class LinePayload(Schema):
    item = fields.String(required=True)
    quantity = fields.Integer(required=True)
    price = fields.Integer(required=True)


class OrderPayload(Schema):
    customer = fields.UUID(required=True)
    status = fields.String(required=True)
    placed_at = fields.DateTime(required=True)
    lines = fields.List(fields.Nested(LinePayload), required=True)


class OrderApi(ModelRestApi):
    resource_name = "order"
    datamodel = SQLAInterface(Order)
    allow_browser_login = False
    show_columns = [*COLUMNS, "buyer.name"]
    list_columns = ["id", "number", "status", "placed_at", "total", "buyer.name"]
    search_columns = ["status", "placed_at", "total", "note"]
    order_columns = ["placed_at"]
    edit_columns = ["note", "status"]
    page_size = 25
    max_page_size = 200
    list_query_rel_fields = None

    @expose("/<pk>", methods=["GET"])  # its own route takes integers only
    @protect()
    @safe
    @permission_name("get")
    @rison(get_item_schema)
    @merge_response_func(ModelRestApi.merge_show_label_columns, API_LABEL_COLUMNS_RIS_KEY)
    @merge_response_func(ModelRestApi.merge_show_columns, API_SHOW_COLUMNS_RIS_KEY)
    @merge_response_func(ModelRestApi.merge_description_columns, API_DESCRIPTION_COLUMNS_RIS_KEY)
    @merge_response_func(ModelRestApi.merge_show_title, API_SHOW_TITLE_RIS_KEY)
    def get(self, pk, **kwargs):
        return self.get_headless(pk, **kwargs)

    @expose("/with-lines", methods=["POST"])
    @protect()
    @safe
    def with_lines(self):
        try:
            sent = OrderPayload().load(request.json)
        except ValidationError as error:
            return self.response_422(message=error.messages)
        session = self.datamodel.session
        if session.get(Customer, str(sent["customer"])) is None:
            return self.response_422(message="no such customer")
        lines = [
            OrderLine(position=at, amount=line["quantity"] * line["price"], **line)
            for at, line in enumerate(sent["lines"])
        ]
        order = Order(
            customer=str(sent["customer"]),
            status=sent["status"],
            placed_at=sent["placed_at"],
            number=f"FAB-{uuid.uuid4().hex[:12]}",
            total=sum(line.amount for line in lines),
            lines=lines,
        )
        session.add(order)
        session.commit()
        return self.response(201, id=order.id, result=self.show_model_schema.dump(order))


class OrderView(ModelView):
    datamodel = SQLAInterface(Order)
    list_columns = ["number", "buyer", "status", "placed_at", "total"]
    show_columns = ["number", "buyer", "status", "placed_at", "note", "total"]
    search_columns = ["status", "note"]
    base_order = ("placed_at", "desc")
    page_size = 50


def create() -> Flask:
    """Return the WSGI application."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="benchmark-only-benchmark-only-benchmark",
        FAB_API_SWAGGER_UI=False,
        JWT_ACCESS_TOKEN_EXPIRES=False,
        WTF_CSRF_ENABLED=False,
        RATELIMIT_ENABLED=False,
    )
    engine = engine_of(os.environ["DATABASE_URL"])
    session = scoped_session(sessionmaker(engine))
    app.teardown_appcontext(lambda error: session.remove())
    with app.app_context():
        builder = AppBuilder(app, session)
        builder.add_api(OrderApi)
        builder.add_view(OrderView, "Orders")
    return app


def engine_of(url: str, path: str = f"{SCHEMA},public") -> sa.Engine:
    """Return the engine; Flask-AppBuilder's own tables stand first on the search path."""
    return sa.create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=10,
        connect_args={"options": f"-csearch_path={path}"},
    )


def prepare(url: str) -> None:
    """Make Flask-AppBuilder's tables, permissions and one administrator."""
    alone = engine_of(url, SCHEMA)
    with alone.begin() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    # ours are called alike and stand behind on the path, where create_all would find them
    own = [table for name, table in Model.metadata.tables.items() if name.startswith("ab_")]
    Model.metadata.create_all(alone, own)
    alone.dispose()
    os.environ["DATABASE_URL"] = url
    app = create()
    with app.app_context():
        people = app.appbuilder.sm
        if people.find_user(USER) is None:
            people.add_user(USER, "Ben", "Ch", "b@example.com", people.find_role("Admin"), PASSWORD)
