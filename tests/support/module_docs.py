# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module's documentation says, parsed: in plugins/modules/NAME.yml, or in constants of NAME.py."""

import ast
import pathlib

MODULES = pathlib.Path(__file__).resolve().parents[2] / "plugins" / "modules"


def block(module, name):
    """The block DOCUMENTATION or RETURN of the module (its name) as a dict; needs PyYAML."""
    import yaml  # not in every environment of a target's Python

    beside = MODULES / (module + ".yml")
    if beside.exists():
        return yaml.safe_load(beside.read_text(encoding="utf-8"))[name]
    for node in ast.parse((MODULES / (module + ".py")).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == name:
            return yaml.safe_load(ast.literal_eval(node.value))
    raise LookupError(f"{module} has no block {name}")
