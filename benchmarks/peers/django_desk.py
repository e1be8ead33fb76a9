"""Django's own admin as its documentation sets it up for people: search, filters, lines, autocomplete.

Served as `benchmarks.peers.django_desk:create()`; the tables are those of `benchmarks.peers.drf`.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.wsgi import get_wsgi_application
from django.urls import path

from benchmarks.peers import drf

HIDDEN = ["id", "created_at", "updated_at", "version"]


class Lines(admin.TabularInline):
    model = drf.OrderLine
    exclude = [*HIDDEN, "amount"]
    extra = 3


admin.site.unregister(drf.Order)


@admin.register(drf.Customer)
class CustomerAdmin(admin.ModelAdmin):
    list_display = ["code", "name", "city"]
    search_fields = ["code", "name"]
    exclude = HIDDEN


@admin.register(drf.Order)
class OrderAdmin(admin.ModelAdmin):
    list_display = ["number", "customer", "status", "placed_at", "total"]
    list_editable = ["status"]
    list_filter = ["status"]
    list_select_related = ["customer"]
    date_hierarchy = "placed_at"
    search_fields = ["number", "customer__name"]
    autocomplete_fields = ["customer"]
    exclude = [*HIDDEN, "total"]
    inlines = [Lines]
    ordering = ["-placed_at"]
    list_per_page = 50


settings.ROOT_URLCONF = __name__
urlpatterns = [path("admin/", admin.site.urls)]


def create():
    """Return the WSGI application; it serves its own scripts, as a web server in front would."""
    return StaticFilesHandler(get_wsgi_application())
