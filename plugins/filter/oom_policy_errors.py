# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
name: oom_policy_errors
short_description: Say what is wrong with an OOM policy
version_added: 0.1.0
author:
  - the memfacts authors (@memfacts)
description:
  - Checks a policy of the role P(memfacts.linux.oom_policy#role) on the control node. No host is asked, and
    ansible-core is all that it needs.
  - It accepts what C(schemas/policy.schema.json) in the repository of the collection documents. Beyond that it refuses
    two entries that mean the same, a C(pattern) that is no regular expression or matches every process, a C(cgroup)
    that is the whole host, and a C(unit) that names nothing that runs.
  - Numbers and booleans may be texts, as templates give them.
options:
  _input:
    description: The policy.
    type: dict
    required: true
  name:
    description: What the sentences call the policy.
    type: str
    default: oom_policy
seealso:
  - plugin: memfacts.linux.oom_policy_entries
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Stop before any host is touched
  ansible.builtin.assert:
    that: oom_policy | memfacts.linux.oom_policy_errors | length == 0
    fail_msg: "{{ oom_policy | memfacts.linux.oom_policy_errors | join(' ') }}"
  any_errors_fatal: true
"""

RETURN = r"""
_value:
  description: One sentence for each thing that is wrong; empty where nothing is.
  type: list
  elements: str
"""

from ansible_collections.memfacts.linux.plugins.plugin_utils import policy


def oom_policy_errors(value, name="oom_policy"):
    return policy.errors(policy.plain(value), name)


class FilterModule:
    def filters(self):
        return {"oom_policy_errors": oom_policy_errors}
