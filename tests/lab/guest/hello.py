# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say which kernel this is, what it has, is mounted and is swapped to, leave a file, end with the status asked for."""

import os
import sys

print(" ".join(os.uname()))
for path in ("/proc/mounts", "/proc/swaps", "/proc/net/dev"):
    with open(path) as stream:
        print(stream.read())
print("has a watchdog" if os.path.exists("/dev/watchdog") else "has no watchdog")
with open(os.path.join(os.environ["MEMFACTS_OUT"], "release"), "w") as stream:
    stream.write(os.uname().release)
sys.exit(int(sys.argv[1]))
