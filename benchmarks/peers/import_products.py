"""django-import-export over products that point at a brand and a category, plainly and in bulk.

Run as `benchmarks.peers.import_products FILE plain|bulk`. References are found by their codes with
the library's own widget; in bulk they are remembered, which the library leaves to its user.
"""

from __future__ import annotations

import sys
from pathlib import Path

import tablib
from django.db import models
from import_export import fields, resources, widgets

from benchmarks.peers.drf import Engine
from benchmarks.peers.import_export import Cents


class Named(Engine):
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=200)

    class Meta:
        abstract = True


class Brand(Named):
    class Meta:
        app_label = "auth"
        managed = False
        db_table = "brand"


class Category(Named):
    class Meta:
        app_label = "auth"
        managed = False
        db_table = "category"


class Product(Named):
    brand = models.ForeignKey(Brand, models.PROTECT, db_column="brand")
    category = models.ForeignKey(Category, models.PROTECT, db_column="category")
    price = models.BigIntegerField()
    weight = models.BigIntegerField(null=True)

    class Meta:
        app_label = "auth"
        managed = False
        db_table = "product"


class Remembered(widgets.ForeignKeyWidget):
    """The library's widget, which asks for each code once."""

    def clean(self, value, row=None, **kwargs):
        known = self.__dict__.setdefault("known", {})
        if value not in known:
            known[value] = super().clean(value, row, **kwargs)
        return known[value]


class ProductResource(resources.ModelResource):
    brand = fields.Field("brand", "brand", widget=widgets.ForeignKeyWidget(Brand, "code"))
    category = fields.Field("category", "category", widget=widgets.ForeignKeyWidget(Category, "code"))
    price = fields.Field("price", "price", widget=Cents())

    class Meta:
        model = Product
        fields = ("id", "code", "name", "brand", "category", "price", "weight")
        import_id_fields = ("code",)
        use_transactions = True


class QuickResource(ProductResource):
    """With what its documentation says about speed."""

    class Meta(ProductResource.Meta):
        use_bulk = True
        batch_size = 1000
        skip_diff = True
        skip_unchanged = False
        skip_html_diff = True
        force_init_instance = True

    brand = fields.Field("brand", "brand", widget=Remembered(Brand, "code"))
    category = fields.Field("category", "category", widget=Remembered(Category, "code"))


def main(file: str, way: str) -> None:
    resource = ProductResource() if way == "plain" else QuickResource()
    dataset = tablib.Dataset().load(Path(file).read_text("utf-8"), format="csv")
    done = resource.import_data(dataset, raise_errors=True)
    print(done.totals["new"])


if __name__ == "__main__":
    main(*sys.argv[1:])
