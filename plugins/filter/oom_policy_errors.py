# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
name: oom_policy_errors
short_description: List the errors in an OOM policy
version_added: 0.1.0
author:
  - the memfacts authors (@memfacts)
description:
  - Checks a policy of the role P(memfacts.linux.oom_policy#role) on the control node. It connects to no host
    and needs only ansible-core.
  - It accepts policies that match C(schemas/policy.schema.json) in the repository of the collection. It also refuses
    two entries that mean the same, a C(pattern) that is not a regular expression or matches every process, a C(cgroup)
    that is the whole host, and a C(unit) that is not a valid name of a unit.
  - Numbers and booleans may be strings, because templates produce strings.
options:
  _input:
    description: The policy.
    type: dict
    required: true
  name:
    description: The name of the policy in the error messages.
    type: str
    default: oom_policy
seealso:
  - plugin: memfacts.linux.oom_policy_entries
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Stop the run before any host is changed
  ansible.builtin.assert:
    that: oom_policy | memfacts.linux.oom_policy_errors | length == 0
    fail_msg: "{{ oom_policy | memfacts.linux.oom_policy_errors | join(' ') }}"
  any_errors_fatal: true
"""

RETURN = r"""
_value:
  description: One sentence for each error. The list is empty if the policy is correct.
  type: list
  elements: str
"""

from ansible_collections.memfacts.linux.plugins.plugin_utils import policy


def oom_policy_errors(value, name="oom_policy"):
    return policy.errors(policy.plain(value), name)


class FilterModule:
    def filters(self):
        return {"oom_policy_errors": oom_policy_errors}
