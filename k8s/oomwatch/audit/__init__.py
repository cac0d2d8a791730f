# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""oomwatch audit: judge the memory of pods in manifests, before they run."""
