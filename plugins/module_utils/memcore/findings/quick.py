# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The rules that need no other subset than memory, tmpfs, shmem and kernel."""

from . import kernel, memory, shmem, tmpfs

RULES = tmpfs.RULES + shmem.RULES + kernel.RULES + memory.RULES
