# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The agent: `oomwatch run`, one file for each thing that it does. It talks to no API server; oomwatch.kube does."""
