# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the agent needs in a guest: the checkout, the packages it imports, and the environment that finds both."""

import importlib.util
import os
import shutil
from typing import Dict

from tests import CHECKOUT
from tests.lab import kernels

# All that the agent imports from others; each is of Python alone, so that it runs on any guest's Python.
PACKAGES = ("urllib3", "prometheus_client")
CODE = ("k8s", "plugins/module_utils")
SECRETS = "/var/run/secrets/kubernetes.io/serviceaccount"


def copy_packages(folder: str) -> None:
    """Copy the agent's packages, as the tests have them, below `folder`."""
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None:
            raise kernels.Unavailable("agent", f"the package {name} is not installed: run 'make facts'")
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(os.path.dirname(spec.origin), os.path.join(folder, name), ignore=ignore)


def variables(checkout: str, packages: str) -> Dict[str, str]:
    """Variables for `python3 -m oomwatch` where these two folders are."""
    path = [*(f"{checkout}/{name}" for name in CODE), packages]
    return {"PYTHONPATH": ":".join(path), "PYTHONDONTWRITEBYTECODE": "1"}


def checkout() -> str:
    """The folder on this machine."""
    return CHECKOUT
