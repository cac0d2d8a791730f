# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print the memfacts report of the host this runs on, without Ansible."""

from memcore.answers import facts
from memcore.gather import options
from memcore.sources import host

print("\n".join(facts.page(facts.collect(host.at("/"), options.Options()))))
