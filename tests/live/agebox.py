# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Journal limits and ages as the module drives them, run inside of a mountbox: `agebox.py PID WHAT`.

WHAT is JSON: part (journal or ages), options (or several in `each`), entry, clean_now, check_mode; or lines and folders
to predict from. Prints JSON: what each step returned, or `error`.
"""

import contextlib
import json
import os
import sys

from tests import CHECKOUT
from tests.live import forks, syscalls


def run(box, **what):
    """What the program below prints, run in the box."""
    done = forks.run(__file__, str(box.pid), json.dumps(what))
    if done.returncode:
        raise AssertionError((done.stdout, done.stderr))
    return json.loads(done.stdout.decode().splitlines()[-1])


def _main(pid, what):
    from ansible.module_utils import basic

    # Imported before the change of namespace, in which the checkout may be covered.
    from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import ages  # noqa: F401

    syscalls.enter_mounts_of(pid)
    os.environ["PATH"] = "/run/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    os.makedirs("/run/ansible", exist_ok=True)
    arguments = {"_ansible_remote_tmp": "/run/ansible", "_ansible_check_mode": bool(what.get("check_mode"))}
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    module = basic.AnsibleModule({}, supports_check_mode=True)
    if "each" in what:
        return [_one(module, dict(what, options=options)) for options in what["each"]]
    return _one(module, what)


def _one(module, what):
    from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError
    from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import ages, journal

    try:
        if "lines" in what:
            return _predicted(module, what)
        return (_journal if what["part"] == "journal" else _ages)(module, journal, ages, what)
    except MemfactsError as error:
        return {"error": str(error)}


def _journal(module, journal, _ages_part, what):
    entry = what.get("entry") and journal.checked_entry(what["entry"])
    plan = journal.plan(module, journal.checked(what.get("options")), entry)
    return dict(
        _carried_out(module, journal, plan, what), result=journal.result(plan), entry=plan.entry, kept=plan.kept
    )


def _ages(module, _journal_part, ages, what):
    entry = what.get("entry") and ages.checked_entry(what["entry"])
    plan = ages.plan(module, ages.checked(what.get("options"), what.get("clean_now", False)), entry)
    return dict(_carried_out(module, ages, plan, what), result=ages.result(plan), entry=plan.entry, kept=plan.kept)


def _carried_out(module, part, plan, what):
    part.check(plan)
    if what.get("check_mode"):
        return {}
    with contextlib.ExitStack() as undo:
        part.apply(module, plan, undo)
        warnings = part.verify(module, plan)
        finished = part.finish(module, plan)
        undo.pop_all()
    return {"warnings": warnings, "finished": finished}


def _predicted(module, what):
    from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import host
    from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import ages, cleaning, tmpfiles_conf

    tree = host.Host("/")
    lines = tmpfiles_conf.lines_of({"/etc/tmpfiles.d/a.conf": what["lines"]}, ages._specifiers(tree))
    system = ages._system(tree, ages._version(module))
    return cleaning.predict(tmpfiles_conf.counting(lines), what["folders"], system)._asdict()


if __name__ == "__main__":
    sys.path.insert(0, os.path.join(CHECKOUT, ".venv", "collections"))
    print(json.dumps(_main(int(sys.argv[1]), json.loads(sys.argv[2]))))
