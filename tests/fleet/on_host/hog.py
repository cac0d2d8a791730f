# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a host as a service: takes 200 MiB, waits for /run/eat, then takes memory until it is killed."""

import os
import time

CHUNK = 4 << 20
kept = [b"x" * CHUNK for _chunk in range(50)]
with open("/run/full", "w"):
    pass
while not os.path.exists("/run/eat"):
    time.sleep(0.2)
while True:
    kept.append(b"x" * CHUNK)
