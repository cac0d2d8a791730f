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
  - Puts the parts of a policy into one list, which C(entries) of the module M(memfacts.linux.oom_score_adj)
    takes.
  - The policy must be right. P(memfacts.linux.oom_policy_errors#filter) tells whether it is.
options:
  _input:
    description: The policy.
    type: dict
    required: true
  missing:
    description:
      - Whether it is a failure when a host lacks what an entry of the services or of the workloads names.
      - A host may lack any lifeline, since no host has all container runtimes.
    type: str
    choices: [ignore, fail]
    default: ignore
seealso:
  - plugin: memfacts.linux.oom_policy_errors
    plugin_type: filter
  - module: memfacts.linux.oom_score_adj
"""

EXAMPLES = r"""
- name: Set the oom_score_adj of every entry of the policy
  memfacts.linux.oom_score_adj:
    entries: "{{ oom_policy | memfacts.linux.oom_policy_entries }}"
"""

RETURN = r"""
_value:
  description: Each entry of the lifelines, the services and the workloads without its note, and with C(missing).
  type: list
  elements: dict
"""

from ansible_collections.memfacts.linux.plugins.plugin_utils import policy


def oom_policy_entries(value, missing="ignore"):
    return policy.entries(policy.plain(value), missing)


class FilterModule:
    def filters(self):
        return {"oom_policy_entries": oom_policy_entries}
