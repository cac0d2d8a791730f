#!/usr/bin/python
# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.memfacts.linux.plugins.module_utils import from_zip

from_zip.compile_once()  # before the other files of the collection are imported

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import asked, quick_facts
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.render import facts_page
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import host


def main():
    module = AnsibleModule(
        argument_spec={
            "gather_subset": {"type": "list", "elements": "str", "required": True},
            "top": {"type": "int", "default": 10},
            "scan_files": {"type": "bool", "default": True},
            "scan_seconds": {"type": "float", "default": 1.0},
            "namespaces": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    try:
        options = asked.checked(**module.params)
        found = quick_facts.collect(host.at("/"), options)
    except (OSError, MemfactsError) as error:
        module.fail_json(msg=f"Cannot gather memory facts: {error}")
    module.exit_json(ansible_facts={"memfacts": found}, summary=found["summary"], report=facts_page.render(found, ()))


if __name__ == "__main__":
    main()
