# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What `oomwatch run` does: see each OOM, count it, tie it to its pod and tell of it. loop.py is the whole run."""
