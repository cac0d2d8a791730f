# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods without a kubelet: containerd by its CRI, with runc and crun, on kernels from 6.1 to 7.x."""
