# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""All that talks to an API server or a kubelet. Nothing else in this program does."""
