# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The running agent: what it reads, counts, keeps and tells, a file for each."""
