"""Options of the whole test suite; nothing in it is timed."""

import gc
import logging
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# hundreds of processes are started here, each of which would compile the whole product for itself
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

from tests.compiling import compile_once  # noqa: E402

compile_once()  # before anything that compiles is imported

from runtime.web import users  # noqa: E402

# a busy machine draws slowly, which is no fault of a test
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("house", UNHURRIED, derandomize=True, database=None)
settings.register_profile("long", UNHURRIED)
settings.load_profile("house")
"""The default run draws the same cases on every machine, so that a red run can be looked at; with
`--long` it draws new ones."""

# eight thousand tests and all of the product are objects that stay to the end: walking over them
# again and again for cycles took a quarter of the time
gc.set_threshold(20_000, 20, 20)

SHIPPED_HASHING = users.HASHING
"""What passwords are kept as outside of tests."""


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Keep passwords as a cheap hash of the same kind: a third of the suite was spent on scrypt."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(users, "HASHING", "scrypt:256:8:1")
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update",
        action="store_true",
        help="rewrite the expected texts of the specimens; the diff is the review",
    )
    parser.addoption(
        "--long",
        action="store_true",
        help="draw thousands of random cases where the default run draws a hundred or so",
    )
    parser.addoption(
        "--vectors",
        type=Path,
        help="for tests/rules/test_*_vectors.py: another file of facts in the neutral format",
    )
    parser.addoption(
        "--data",
        type=Path,
        help="with --long: a folder of real files to import whole, such as uci_online_retail/",
    )


def pytest_collection_finish() -> None:
    gc.freeze()


def pytest_configure(config: pytest.Config) -> None:
    # a line a request would bury what a failing browser test has to say
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    if config.getoption("--long"):
        settings.load_profile("long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave tests of real files out where no folder of them is named."""
    if config.getoption("--long") and config.getoption("--data"):
        return
    left_out = [item for item in items if item.get_closest_marker("real_files")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a browser on a machine without one; `.ci/run` does not accept that."""
    found = any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    if not found and item.get_closest_marker("browser"):
        pytest.skip("no Chromium here: a browser test was skipped")
