# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What `oomwatch run` does: it sees each OOM, counts it, ties it to its pod and tells of it. loop.py is the whole run."""
