# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's own modules. Its package is called `parts` as ours is, so it is imported under another name."""

import importlib.machinery
import importlib.util
import sys

from .bench import TOP

_spec = importlib.machinery.ModuleSpec("sandbox_parts", None, is_package=True)
_spec.submodule_search_locations = [str(TOP / "test/sandbox/parts")]
sys.modules["sandbox_parts"] = importlib.util.module_from_spec(_spec)

canonical = importlib.import_module("sandbox_parts.canonical")
Server = importlib.import_module("sandbox_parts.server").Server
