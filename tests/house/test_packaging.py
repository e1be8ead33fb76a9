"""The wheel carries all it needs: it is built, unpacked elsewhere and used there."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.house.places import ROOT


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def in_wheel(unpacked: Path, code: str) -> str:
    """Run Python outside the checkout with the wheel's files before every other."""
    environment = {name: text for name, text in os.environ.items() if "SHOPWRIGHT" not in name}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=unpacked.parent,
        env={**environment, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_of_the_wheel_checks_the_definitions_of_the_wheel(unpacked: Path) -> None:
    said = in_wheel(unpacked, "import app; app.main(['check'])")
    assert said.startswith(str(unpacked / "definitions"))
    assert "No problems." in said


def test_templates_assets_texts_and_rows_are_carried(unpacked: Path) -> None:
    for path in (
        "templates/layout.html",
        "assets/dist/manifest.json",
        "runtime/web/translations/zh/LC_MESSAGES/messages.po",
        "definitions/data/order.csv",
        "definitions/app.yaml",
    ):
        assert (unpacked / path).is_file(), path


def test_tests_and_what_builds_the_assets_are_not_carried(unpacked: Path) -> None:
    assert not [path for path in ("tests", "benchmarks", "assets/js") if (unpacked / path).exists()]
