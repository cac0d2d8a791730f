# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people use today for the same question."""

import subprocess
import sys
from typing import Callable, Optional

import psutil

from tests.bench import places

_PS_MEM = "3.14"


def psutil_loop() -> None:
    """The fields that our scan gives, as psutil offers them."""
    psutil.process_iter.cache_clear()
    for process in psutil.process_iter(["pid", "ppid", "name", "uids", "memory_info"]):
        process.info["memory_info"]


def ps_mem() -> Optional[Callable[[], None]]:
    """A call that runs the whole of ps_mem; None where it is not to be had."""
    folder = places.cache("ps_mem", _PS_MEM)
    script = folder / "ps_mem.py"
    if not script.exists():
        install = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*install, "--target", folder, f"ps_mem=={_PS_MEM}"], stderr=subprocess.DEVNULL, check=False)
    if not script.exists():
        return None
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return lambda: subprocess.run([sys.executable, script], check=True, **quiet)
