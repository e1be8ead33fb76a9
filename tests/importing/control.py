"""Control sums of the Online Retail file, made with `csv` and `Decimal` and none of our code."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


@dataclass
class Control:
    """What a file adds up to."""

    rows: int = 0
    total: Decimal = Decimal(0)
    invoices: set[str] = field(default_factory=set)
    customers: set[str] = field(default_factory=set)
    items: set[str] = field(default_factory=set)
    by_month: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    by_country: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


def control_of(path: Path) -> Control:
    """Add a file up; an invoice is of the moment its first row says."""
    found = Control()
    moments: dict[str, str] = {}
    unpack = gzip.open if path.suffix == ".gz" else open
    with unpack(path, "rt", encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            amount = Decimal(row["Quantity"]) * Decimal(row["UnitPrice"])
            invoice = row["InvoiceNo"]
            moment = moments.setdefault(invoice, utc_month(row["InvoiceDate"]))
            found.rows += 1
            found.total += amount
            found.invoices.add(invoice)
            found.items.add(row["StockCode"])
            if row["CustomerID"]:
                found.customers.add(row["CustomerID"].removesuffix(".0"))
            found.by_month[moment] += amount
            found.by_country[row["Country"]] += amount
    return found


def utc_month(text: str) -> str:
    """Return the month of a London clock in UTC, as the database keeps it."""
    local = datetime.fromisoformat(text).replace(tzinfo=LONDON)
    return local.astimezone(ZoneInfo("UTC")).strftime("%Y-%m")
