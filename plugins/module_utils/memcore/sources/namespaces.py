# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""setns(2), the only way to see the System V segments of another IPC namespace."""

import os

_CLONE_NEWIPC = 0x08000000


def enter_ipc(descriptor: int) -> None:
    """Move this thread into the IPC namespace behind the open /proc/PID/ns/ipc; raises OSError."""
    setns = getattr(os, "setns", None)  # Python 3.12
    if setns is not None:
        setns(descriptor, _CLONE_NEWIPC)
        return
    import ctypes  # slow to import and seldom needed

    library = ctypes.CDLL(None, use_errno=True)
    if library.setns(descriptor, _CLONE_NEWIPC) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
