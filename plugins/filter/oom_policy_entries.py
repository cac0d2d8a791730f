# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
name: oom_policy_entries
short_description: List what an OOM policy asks of a host
version_added: 0.1.0
author:
  - the memfacts authors (@memfacts)
description:
  - Puts the parts of a policy into one list, in the order in which they are applied. Lifelines come last, so that where
    two parts mean the same process theirs is the last word.
  - The policy must be right, which P(memfacts.linux.oom_policy_errors#filter) tells.
options:
  _input:
    description: The policy.
    type: dict
    required: true
seealso:
  - plugin: memfacts.linux.oom_policy_errors
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show what will be set
  ansible.builtin.debug:
    msg: "{{ item.title }}: {{ item.value }}"
  loop: "{{ oom_policy | memfacts.linux.oom_policy_entries }}"
"""

RETURN = r"""
_value:
  description: Each entry with its keys, C(part), which is where it comes from, and C(title), which is what it is about.
  type: list
  elements: dict
"""

from ansible_collections.memfacts.linux.plugins.plugin_utils import policy


def oom_policy_entries(value):
    return policy.entries(policy.plain(value))


class FilterModule:
    def filters(self):
        return {"oom_policy_entries": oom_policy_entries}
