"""Northwind's SQL dump → CSV files as `runtime/seed.py` reads them.

Comes in: the text of a dump (`INSERT INTO orders VALUES (…);`, one row a line). Goes out: a folder.
Amounts are `real` in the dump (32.3800011); they are rounded to cents here, because that is what
they were before someone stored them as floats.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path

from babel import Locale

INSERT = re.compile(r"^INSERT INTO (\w+) VALUES \((.*)\);$", re.MULTILINE)
LITERAL = re.compile(r"'((?:[^']|'')*)'|([^',\s][^,]*)")
COUNTRIES = {name: code for code, name in Locale("en").territories.items()} | {
    "UK": "GB",
    "USA": "US",
}
Cells = list[str]
Record = dict[str, str]


def read_dump(text: str) -> dict[str, list[Cells]]:
    """Return the rows of every table of a dump; NULL is an empty text."""
    tables: dict[str, list[Cells]] = {}
    for table, values in INSERT.findall(text):
        row = [
            quoted.replace("''", "'") if not bare else "" if bare == "NULL" else bare
            for quoted, bare in LITERAL.findall(values)
        ]
        tables.setdefault(table, []).append(row)
    return tables


def write_csvs(tables: Mapping[str, list[Cells]], folder: Path) -> None:
    """Write the rows of a dump as one CSV an entity."""
    territories: dict[str, list[str]] = {}
    for employee, territory in tables["employee_territories"]:
        territories.setdefault(employee, []).append(territory)
    sources: dict[str, tuple[str, Callable[[Cells], Record]]] = {
        "category": ("categories", _named("category_id category_name description")),
        "region": ("region", _named("region_id region_description")),
        "territory": ("territories", _named("territory_id territory_description region.region_id")),
        "shipper": ("shippers", _named("shipper_id company_name phone")),
        "supplier": ("suppliers", _supplier),
        "customer": ("customers", _customer),
        "product": ("products", _product),
        "order": ("orders", _order),
        "order_detail": ("order_details", _detail),
    }
    for entity, (table, convert) in sources.items():
        _write(folder / f"{entity}.csv", map(convert, tables[table]))
    bosses_first = sorted(tables["employees"], key=lambda row: row[16] != "")
    _write(folder / "employee.csv", (_employee(row, territories) for row in bosses_first))


def cents(real: str) -> str:
    """Return an amount that was stored as `real`, rounded to cents."""
    return str(Decimal(real).quantize(Decimal("0.01")))


def _write(file: Path, rows: Iterable[Record]) -> None:
    records = list(rows)
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(records[0]))
        writer.writeheader()
        writer.writerows(records)


def _named(names: str) -> Callable[[Cells], Record]:
    return lambda row: dict(zip(names.split(), row, strict=False))


def _address(name: str, street: str, city: str, region: str, code: str, country: str) -> Record:
    if not country:
        return {}
    parts = {"country": COUNTRIES[country], "region": region, "city": city}
    parts |= {"street": street, "postal_code": code}
    return {f"{name}.{part}": text for part, text in parts.items()}


def _supplier(row: Cells) -> Record:
    named = _named("supplier_id company_name contact_name contact_title")(row)
    return named | _address("address", *row[4:9]) | {"phone": row[9], "homepage": row[11]}


def _customer(row: Cells) -> Record:
    named = _named("customer_id company_name contact_name contact_title")(row)
    return named | _address("address", *row[4:9]) | {"phone": row[9], "fax": row[10]}


def _employee(row: Cells, territories: Mapping[str, list[str]]) -> Record:
    named = _named("employee_id last_name first_name title")(row)
    return (
        named
        | {"birth_date": row[5], "hire_date": row[6]}
        | _address("address", *row[7:12])
        | {"home_phone": row[12], "extension": row[13], "notes": row[15]}
        | {"reports_to.employee_id": row[16]}
        | {"territories.territory_id": ",".join(territories.get(row[0], ()))}
    )


def _product(row: Cells) -> Record:
    names = "product_id product_name supplier.supplier_id category.category_id quantity_per_unit"
    stock = _named("units_in_stock units_on_order reorder_level")(row[6:9])
    sold = {"unit_price": cents(row[5]), "discontinued": "true" if row[9] == "1" else "false"}
    return _named(names)(row) | stock | sold


def _order(row: Cells) -> Record:
    names = "order_id customer.customer_id employee.employee_id order_date required_date"
    sent = {"shipped_date": row[5], "ship_via.shipper_id": row[6], "freight": cents(row[7])}
    return _named(names)(row) | sent | {"ship_name": row[8]} | _address("ship_address", *row[9:14])


def _detail(row: Cells) -> Record:
    return {
        "order.order_id": row[0],
        "product.product_id": row[1],
        "unit_price": cents(row[2]),
        "quantity": row[3],
        "discount": cents(row[4]),
    }
