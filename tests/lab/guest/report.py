# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print the memfacts report of the host this runs on, without Ansible."""

from memcore.gather import facts, options, report
from memcore.sources import host

print("\n".join(report.render(facts.collect(host.at("/"), options.Options()))))
