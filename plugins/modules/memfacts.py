#!/usr/bin/python
# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: memfacts
short_description: Say where every byte of a host's memory went
version_added: 0.1.0
description:
  - Gathers a ledger of C(MemTotal) in which every byte has one owner, down to an honest rest that nobody claims.
  - Takes apart what no process shows, which is tmpfs and other shared memory, slab, vmalloc, kernel stacks, page tables and more.
  - Lists what was found wrong, each with its evidence and a remedy to type.
  - Reads files below C(/proc) and C(/sys) only and changes nothing. Needs nothing on the managed host but Python 3.6 or later.
  - Runs as root and as an ordinary user. What may not be read becomes V(null) and a line in RV(ansible_facts.memfacts.incomplete).
author:
  - the memfacts authors (@memfacts)
options:
  gather_subset:
    description:
      - What to gather. Valid are V(all), V(memory), V(tmpfs), V(shmem), V(kernel), V(processes), V(cgroups) and V(oom).
      - A leading V(!) leaves a subset out. Only exclusions mean all but those.
    type: list
    elements: str
    default: [all]
  top:
    description:
      - How many entries each list may have at most.
    type: int
    default: 10
  thresholds:
    description:
      - From which value on a finding is raised, by the id of the finding, in the unit that the finding's page names.
      - Findings and their default thresholds are listed in C(docs/findings.md) of the collection.
    type: dict
    default: {}
  scan_files:
    description:
      - Whether to look for the biggest files in each tmpfs.
    type: bool
    default: true
  scan_seconds:
    description:
      - How long to look for files in all tmpfs together. What was left out is said in RV(ansible_facts.memfacts.incomplete).
    type: float
    default: 1.0
  namespaces:
    description:
      - Whether to look into mount and IPC namespaces of other processes, which is where containers and services have their own tmpfs.
    type: bool
    default: true
  root:
    description:
      - Where the host's files are. A folder with another host's C(proc/) and C(sys/), such as an unpacked sosreport,
        is analysed like a live one.
    type: path
    default: /
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.facts
attributes:
  check_mode:
    support: full
    details: Nothing is ever changed, so check mode is the same run.
  diff_mode:
    support: none
  facts:
    support: full
  platform:
    platforms: linux
"""

EXAMPLES = r"""
- name: Find out where the memory went
  memfacts.linux.memfacts:

- name: Show the short report
  memfacts.linux.memfacts:
  register: memory

- name: Print it
  ansible.builtin.debug:
    var: memory.report

- name: Stop a roll-out on hosts where something is wrong
  ansible.builtin.assert:
    that: ansible_facts.memfacts.findings | rejectattr('severity', 'eq', 'info') | length == 0
    fail_msg: "{{ ansible_facts.memfacts.summary }}"

- name: Only the ledger and tmpfs, and call a tmpfs full from 80 percent on
  memfacts.linux.memfacts:
    gather_subset: [memory, tmpfs]
    thresholds:
      tmpfs-nearly-full: 80

- name: Read a sosreport from a host that is long gone
  memfacts.linux.memfacts:
    root: /var/tmp/sosreport-web3-2026-11-20
  delegate_to: localhost
"""

RETURN = r"""
ansible_facts:
  description: Facts to add to the host.
  returned: always
  type: dict
  contains:
    memfacts:
      description: Where the host's memory went, by C(schemas/facts.schema.json) of the collection. All sizes are bytes.
      returned: always
      type: dict
summary:
  description: The one line to read first.
  returned: always
  type: str
report:
  description: The facts as a short page of plain text, one line an entry.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather import facts, options, report
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import host


def main():
    module = AnsibleModule(
        argument_spec={
            "gather_subset": {"type": "list", "elements": "str", "default": ["all"]},
            "top": {"type": "int", "default": 10},
            "thresholds": {"type": "dict", "default": {}},
            "scan_files": {"type": "bool", "default": True},
            "scan_seconds": {"type": "float", "default": 1.0},
            "namespaces": {"type": "bool", "default": True},
            "root": {"type": "path", "default": "/"},
        },
        supports_check_mode=True,
    )
    asked = dict(module.params)
    try:
        tree = host.at(asked.pop("root"))
        found = facts.collect(tree, options.checked(**asked))
    except (OSError, MemfactsError) as error:
        module.fail_json(msg=f"Cannot gather memory facts: {error}")
    module.exit_json(ansible_facts={"memfacts": found}, summary=found["summary"], report=report.render(found))


if __name__ == "__main__":
    main()
