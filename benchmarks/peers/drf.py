"""Django REST framework with django-filter and token authentication, as its tutorial writes it.

Served as `benchmarks.peers.drf:create()`; the database is in DATABASE_URL. Django's own tables stand
in the schema `drf`, ours are found behind it on the search path.
"""

from __future__ import annotations

import os
import uuid
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings

SCHEMA = "drf"
USER, PASSWORD = "bench", "Quick-brown-fox-7"
TOKEN = "0123456789abcdef0123456789abcdef01234567"  # of a throw-away database


def _database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": parts.username or "",
        "PASSWORD": parts.password or "",
        "HOST": query.get("host", [parts.hostname or ""])[0],
        "PORT": parts.port or "",
        "CONN_MAX_AGE": None,
        "OPTIONS": {"options": f"-csearch_path={SCHEMA},public"},
    }


settings.configure(
    SECRET_KEY="benchmark-only",
    DEBUG=False,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={"default": _database(os.environ["DATABASE_URL"])},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "rest_framework",
        "rest_framework.authtoken",
        "django_filters",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    STATIC_URL="/static/",
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.DjangoModelPermissions"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
)
django.setup()

from django.contrib import admin  # Django reads its settings first
from django.core.wsgi import get_wsgi_application
from django.db import models, transaction
from django.urls import include, path
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import filters, pagination, routers, serializers, viewsets


class Engine(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    version = models.BigIntegerField(default=1)

    class Meta:
        abstract = True


class Customer(Engine):
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    city = models.CharField(max_length=200, null=True)

    class Meta:
        app_label = "auth"
        managed = False
        db_table = "customer"

    def __str__(self) -> str:
        return self.name


class Order(Engine):
    number = models.CharField(max_length=64, null=True)
    customer = models.ForeignKey(Customer, models.PROTECT, db_column="customer")
    status = models.CharField(max_length=40)
    placed_at = models.DateTimeField()
    note = models.CharField(max_length=200, null=True, blank=True)
    total = models.BigIntegerField(null=True)

    class Meta:
        app_label = "auth"
        managed = False
        db_table = "order"

    def __str__(self) -> str:
        return self.number or ""


class OrderLine(Engine):
    order = models.ForeignKey(Order, models.CASCADE, db_column="order", related_name="lines")
    item = models.CharField(max_length=200)
    quantity = models.BigIntegerField()
    price = models.BigIntegerField()
    amount = models.BigIntegerField(null=True)
    position = models.BigIntegerField()

    class Meta:
        app_label = "auth"
        managed = False
        db_table = "order_line"


class LineSerializer(serializers.ModelSerializer):
    class Meta:
        model = OrderLine
        fields = ["id", "item", "quantity", "price", "amount"]
        read_only_fields = ["amount"]


class RowSerializer(serializers.ModelSerializer):
    customer_name = serializers.CharField(source="customer.name", read_only=True)

    class Meta:
        model = Order
        fields = ["id", "number", "status", "placed_at", "total", "customer", "customer_name"]


class OrderSerializer(serializers.ModelSerializer):
    class Meta:
        model = Order
        fields = ["id", "number", "customer", "status", "placed_at", "note", "total", "version"]
        read_only_fields = ["number", "total", "version"]


class OrderWithLines(OrderSerializer):
    lines = LineSerializer(many=True)

    class Meta(OrderSerializer.Meta):
        fields = [*OrderSerializer.Meta.fields, "lines"]

    @transaction.atomic
    def create(self, data):
        lines = data.pop("lines")
        total = sum(line["quantity"] * line["price"] for line in lines)
        order = Order.objects.create(number=f"DRF-{uuid.uuid4().hex[:12]}", total=total, **data)
        OrderLine.objects.bulk_create(
            OrderLine(order=order, position=at, amount=line["quantity"] * line["price"], **line)
            for at, line in enumerate(lines)
        )
        return order


class Newest(pagination.CursorPagination):
    page_size = 25
    page_size_query_param = "limit"
    ordering = ("-placed_at", "-id")


class Counted(pagination.LimitOffsetPagination):
    default_limit = 25


class Orders(viewsets.ModelViewSet):
    queryset = Order.objects.all()
    filter_backends = [DjangoFilterBackend, filters.OrderingFilter]
    filterset_fields = ["status"]
    ordering_fields = ["placed_at"]

    def get_serializer_class(self):
        if self.action == "list":
            return RowSerializer
        return OrderWithLines if self.action == "create" else OrderSerializer

    def get_queryset(self):
        orders = Order.objects.all()
        return orders.select_related("customer") if self.action == "list" else orders


class OrdersByCursor(Orders):
    pagination_class = Newest
    filter_backends = [DjangoFilterBackend]


class OrdersCounted(Orders):
    pagination_class = Counted


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    list_display = ["number", "customer", "status", "placed_at", "total"]
    list_filter = ["status"]
    list_select_related = ["customer"]
    ordering = ["-placed_at"]
    list_per_page = 50
    raw_id_fields = ["customer"]


router = routers.SimpleRouter()
router.register("orders", OrdersByCursor, basename="order")
router.register("counted", OrdersCounted, basename="counted")
urlpatterns = [path("api/", include(router.urls)), path("admin/", admin.site.urls)]


def create():
    """Return the WSGI application."""
    return get_wsgi_application()


def prepare(url: str) -> None:
    """Make Django's tables and one superuser with a known token."""
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connection
    from rest_framework.authtoken.models import Token

    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    call_command("migrate", verbosity=0)
    if not User.objects.filter(username=USER).exists():
        person = User.objects.create_superuser(USER, "b@example.com", PASSWORD)
        Token.objects.create(user=person, key=TOKEN)
