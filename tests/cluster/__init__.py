# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real kube-apiserver, a real node and a real container runtime, for the tests of the agent."""
