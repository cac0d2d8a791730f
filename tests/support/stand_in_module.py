# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An Ansible module that stands in for those of the collection: it writes down what it is asked, and changes nothing.

Run by tests/support/plays.py. The folder is in $STAND_IN: `asked` gets a line of JSON for each run, and a file
HOST.MODULE.json there is the answer.
"""

import json
import os

from ansible.module_utils.basic import AnsibleModule

ENTRY = {
    "pid": {"type": "int"},
    "name": {"type": "str"},
    "pattern": {"type": "str"},
    "user": {"type": "str"},
    "unit": {"type": "str"},
    "scope": {"type": "str", "choices": ["system", "user"], "default": "system"},
    "cgroup": {"type": "str"},
    "container": {"type": "str"},
    "children": {"type": "bool", "default": False},
    "value": {"type": "int"},
    "allow_unkillable": {"type": "bool", "default": False},
    "persist": {"type": "str", "choices": ["auto", "systemd", "none"], "default": "auto"},
    "missing": {"type": "str", "choices": ["fail", "ignore"], "default": "fail"},
}
SELECTORS = ("pid", "name", "pattern", "user", "unit", "cgroup", "container")
ABSENT = {"changed": False, "summary": "nothing to undo", "kept": []}


def answer(name, entries):
    if name == "memfacts":
        return {"ansible_facts": {"memfacts": {"findings": []}}}
    if entries is None:
        return ABSENT
    row = {"summary": "1 of 1 processes changed", "persistence": {"method": "none"}, "users": [], "processes": []}
    titles = [next(f"{kind} {entry[kind]}" for kind in SELECTORS if entry[kind] is not None) for entry in entries]
    return {"changed": True, "summary": "set", "kept": [], "entries": [dict(row, title=title) for title in titles]}


def main():
    module = AnsibleModule(
        argument_spec={
            "entries": {"type": "list", "elements": "dict", "options": ENTRY},
            "state": {"type": "str", "choices": ["present", "absent", "listed"], "default": "present"},
            "gather_subset": {"type": "list", "elements": "str"},
        },
        supports_check_mode=True,
    )
    folder, name = os.environ["STAND_IN"], module._name.rpartition(".")[2]
    # Each host of a test has a folder of its own for Ansible's files, of the host's name.
    host = os.path.basename(module._remote_tmp)
    given = {key: value for key, value in module.params.items() if value is not None}
    with open(os.path.join(folder, "asked"), "a") as stream:
        stream.write(json.dumps([host, name, given]) + "\n")
    said = os.path.join(folder, f"{host}.{name}.json")
    if os.path.exists(said):
        with open(said) as stream:
            found = json.load(stream)
    else:
        found = answer(name, module.params["entries"])
    if "msg" in found:
        module.fail_json(**found)
    module.exit_json(**found)


if __name__ == "__main__":
    main()
