# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""oomwatch: what the OOM killer did and does next, from the shell. Stands on memcore, needs no Ansible."""

VERSION = "0.1.0"
