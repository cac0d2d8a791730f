# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest that does not end well: `hang` sleeps for ever, `panic` crashes the kernel; a file is left before.

The kernel's log says so first, as an error, so that it is on the console of a quiet kernel.
"""

import os
import sys
import time

with open(os.path.join(os.environ["MEMFACTS_OUT"], "last-words"), "w") as stream:
    stream.write(sys.argv[1])
with open("/dev/kmsg", "w") as log:
    log.write(f"<3>misbehave: {sys.argv[1]}\n")
if sys.argv[1] == "panic":
    with open("/proc/sysrq-trigger", "w") as trigger:
        trigger.write("c")
time.sleep(3600)
