# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends hosts the smaller module memfacts_quick where its four subsets are all that a task of memfacts asks for.

Whatever is unusual goes to the module memfacts, which checks it, and which does all of it without this plugin too.
"""

from ansible.plugins.action.normal import ActionModule as Normal

_QUICK = "memfacts.linux.memfacts_quick"
_SUBSETS = frozenset(("memory", "tmpfs", "shmem", "kernel"))
_OPTIONS = frozenset(("gather_subset", "top", "scan_files", "scan_seconds", "namespaces"))


class ActionModule(Normal):
    """What Ansible does for every module that has no action plugin, with the name of the module changed."""

    def _execute_module(self, module_name=None, **settings):
        if module_name is None and is_quick(self._task.args):
            module_name = _QUICK
        return super()._execute_module(module_name=module_name, **settings)


def is_quick(arguments):
    """Whether memfacts_quick gives the same result for these arguments of a task."""
    wanted = arguments.get("gather_subset")
    if isinstance(wanted, str):
        wanted = wanted.split(",")
    if not wanted or not isinstance(wanted, list) or not _OPTIONS.issuperset(arguments):
        return False
    return all(isinstance(name, str) and name.strip() in _SUBSETS for name in wanted)
