"""django-import-export as its documentation sets it up: a resource of lines, made in a transaction.

A resource writes one model, so what a line points at is made before its row, as the documentation
says for records that do not exist yet; what was made is remembered, which it leaves to the reader.
Run as `benchmarks.peers.import_export FILE plain|bulk`; prints the seconds and the rows it wrote.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime, timezone
from pathlib import Path

import tablib
from import_export import fields, resources, widgets

from benchmarks.peers.drf import Customer, Order, OrderLine

CENTS = 100


class Cents(widgets.Widget):
    def clean(self, value, row=None, **kwargs):
        return round(float(value) * CENTS)


class LineResource(resources.ModelResource):
    order = fields.Field("order", "order", widget=widgets.ForeignKeyWidget(Order, "pk"))
    price = fields.Field("price", "price", widget=Cents())

    class Meta:
        model = OrderLine
        fields = ("id", "order", "item", "quantity", "price")
        import_id_fields = ("id",)
        use_transactions = True

    def before_import(self, dataset, **kwargs):
        self.customers, self.orders, self.lines = {}, {}, {}

    def before_import_row(self, row, **kwargs):
        code, invoice = row["customer"], row["invoice"]
        if code not in self.customers:
            made, _ = Customer.objects.get_or_create(
                code=code, defaults={"name": code, "city": row["country"]}
            )
            self.customers[code] = made
        if invoice not in self.orders:
            placed = datetime.strptime(row["placed_at"], "%Y-%m-%d %H:%M:%S")
            self.orders[invoice] = Order.objects.create(
                note=invoice,
                customer=self.customers[code],
                status="paid",
                placed_at=placed.replace(tzinfo=timezone.utc),
            )
        row["order"] = self.orders[invoice].pk
        self.lines[invoice] = self.lines.get(invoice, 0) + 1

    def before_save_instance(self, instance, row, **kwargs):
        instance.amount = instance.quantity * instance.price
        instance.position = self.lines[row["invoice"]] - 1


class QuickResource(LineResource):
    """With what its documentation says about speed."""

    class Meta(LineResource.Meta):
        use_bulk = True
        batch_size = 1000
        skip_diff = True
        skip_unchanged = False
        skip_html_diff = True
        force_init_instance = True

    order = fields.Field("order_id", "order")


def main(file: str, way: str) -> None:
    resource = LineResource() if way == "plain" else QuickResource()
    begin, used = time.perf_counter(), time.process_time()
    dataset = tablib.Dataset().load(Path(file).read_text("utf-8"), format="csv")
    done = resource.import_data(dataset, raise_errors=True)
    print(time.perf_counter() - begin, time.process_time() - used, done.totals["new"])


if __name__ == "__main__":
    main(*sys.argv[1:])
