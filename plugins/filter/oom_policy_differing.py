# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
name: oom_policy_differing
short_description: List what an OOM policy declares and a host does not have
version_added: 0.1.0
author:
  - the memfacts authors (@memfacts)
description:
  - Compares two runs of M(memfacts.linux.oom_score_adj) over the entries of a policy, one that set them and one in
    check mode that read them again.
  - A process that a later entry has set too, and one that was started between the two, tell nothing about an entry.
options:
  _input:
    description: The results of the first run.
    type: list
    elements: dict
    required: true
  again:
    description: The results of the second run, which may be of fewer entries.
    type: list
    elements: dict
    required: true
seealso:
  - plugin: memfacts.linux.oom_policy_entries
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Compare what is declared with what is effective
  ansible.builtin.assert:
    that: set.results | memfacts.linux.oom_policy_differing(again.results) | length == 0
"""

RETURN = r"""
_value:
  description: What each such entry is about, C(title), and what reading it again said, C(summary).
  type: list
  elements: dict
"""

from ansible_collections.memfacts.linux.plugins.plugin_utils import policy


def oom_policy_differing(value, again):
    return [{"title": title, "summary": summary} for title, summary in policy.differing(value, again)]


class FilterModule:
    def filters(self):
        return {"oom_policy_differing": oom_policy_differing}
