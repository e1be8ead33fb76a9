"""Domains that are nothing like a shop compile from YAML alone: a clinic, Northwind's shape."""

from pathlib import Path

import pytest

from generator.compile import compile_definitions

HERE = Path(__file__).parent
DOMAINS = sorted(folder.name for folder in HERE.iterdir() if (folder / "app.yaml").exists())


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_domain_compiles_without_faults_or_warnings(domain: str) -> None:
    compiled = compile_definitions(HERE / domain)
    assert compiled.warnings == ()
    assert len(compiled.app.entities) >= 5


def test_a_clinic_is_defined_without_any_code() -> None:
    files = [file.suffix for file in (HERE / "clinic").rglob("*") if file.is_file()]
    assert set(files) == {".yaml"}


def test_a_part_calls_its_whole_by_the_name_people_know() -> None:
    app = compile_definitions(HERE / "clinic").app
    link = app.entities["prescription_item"].fields["prescription"]
    assert (link.label.text("en"), link.label.text("zh")) == ("Prescription", "处方")


def test_an_amount_without_a_currency_is_in_that_of_the_app() -> None:
    app = compile_definitions(HERE / "northwind").app
    assert app.entities["product"].fields["unit_price"].args["currency"] == "USD"


def test_northwinds_employees_report_to_one_another() -> None:
    app = compile_definitions(HERE / "northwind").app
    steps = app.walk("employee", "reports_to.reports_to.last_name")
    assert steps is not None
    assert [step.entity for step in steps] == ["employee"] * 3
