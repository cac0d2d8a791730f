#!/usr/bin/python
# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: tmpfs_size
short_description: Set the size of a tmpfs, now and after a reboot
version_added: 0.1.0
description:
  - Gives a mounted tmpfs another size or number of inodes without unmounting it, and declares the same where this mount
    is declared, so that it holds after a reboot.
  - Looks at the mount as well as at what is declared, and repairs whichever differs.
  - All other mount options stay as they are, which C(mount -o remount) does not grant for a path in C(/etc/fstab).
  - Refuses a size that would not hold what is in use before the kernel is asked, and says which files and processes
    hold the space.
  - Remembers in C(/var/lib/memfacts/amount.json) what was there before, which O(state=absent) puts back.
author:
  - the memfacts authors (@memfacts)
options:
  path:
    description:
      - Where the tmpfs is mounted. V(/run/user/*) or the folder of any user stands for the tmpfs of all users, which
        have one size.
    type: path
    required: true
  size:
    description:
      - How large the tmpfs may grow. A number of bytes, or a number with V(k), V(M), V(G) or V(T), or a percentage of
        RAM such as V(20%), which is declared as a percentage too. The kernel rounds it up to whole pages.
      - V(0) is refused, since to the kernel it means no limit, and no limit can ever be set again. So is a leading 0,
        which the kernel takes for octal, and a fraction.
    type: str
  inodes:
    description:
      - How many files and folders the tmpfs may hold. A number, which may have V(k), V(M), V(G) or V(T) behind it.
    type: str
  min_free:
    description:
      - How much must be free after the tmpfs was made smaller. A size as in O(size); a percentage is a share of the new
        size.
    type: str
  persist:
    description:
      - Where to declare it.
      - V(auto) takes the one place that decides about this mount, which is systemd-logind for the tmpfs of users,
        C(/etc/fstab) for what is declared there, the mount unit for what has one, and C(/etc/fstab) with a new line for
        all others, among them C(/run) and C(/dev/shm), which systemd remounts by it.
      - V(fstab), V(systemd) and V(logind) are refused where that place would not decide.
      - V(systemd) writes C(/etc/systemd/system/UNIT.d/zz-memfacts.conf), V(logind) writes
        C(/etc/systemd/logind.conf.d/zz-memfacts.conf).
      - V(none) changes only what is mounted, and takes back what an earlier run has declared for it.
    type: str
    choices: [auto, fstab, systemd, logind, none]
    default: auto
  state:
    description:
      - V(present) sets the limits. V(absent) puts back what was there before the first run, files as well as the limits
        of the mount.
    type: str
    choices: [present, absent]
    default: present
  missing:
    description:
      - What to do where nothing is mounted at O(path). V(ignore) leaves such a host alone.
    type: str
    choices: [fail, ignore]
    default: fail
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: linux
notes:
  - Needs root, and nothing on the managed host but Python 3.6 or later and mount(8).
  - All mounts of one tmpfs, such as bind mounts and those in containers, change together.
"""

EXAMPLES = r"""
- name: Keep /run at 10 percent of RAM
  memfacts.linux.tmpfs_size:
    path: /run
    size: 10%

- name: Cap /tmp, and leave at least 200 MiB above what is in it
  memfacts.linux.tmpfs_size:
    path: /tmp
    size: 2G
    inodes: 200k
    min_free: 200M
    missing: ignore

- name: Give every user's runtime folder 256 MiB
  memfacts.linux.tmpfs_size:
    path: /run/user/*
    size: 256M

- name: Enlarge /dev/shm until the next reboot
  memfacts.linux.tmpfs_size:
    path: /dev/shm
    size: 8G
    persist: none

- name: Put back what was there before
  memfacts.linux.tmpfs_size:
    path: /run
    state: absent
"""

RETURN = r"""
mount_point:
  description: The mount point, V(/run/user/*) where it stands for all users.
  returned: success
  type: str
  sample: /run
place:
  description: Where the size is declared, one of V(fstab), V(systemd), V(logind) and V(none).
  returned: success
  type: str
  sample: fstab
files:
  description: The files that were changed, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: [/etc/fstab]
mounts:
  description: Each tmpfs that O(path) stands for, with its limits before and after.
  returned: success
  type: list
  elements: dict
  contains:
    mount:
      description: Where it is mounted.
      returned: always
      type: str
      sample: /run
    used_bytes:
      description: Bytes in use. V(null) where the tmpfs has no limit, since the kernel does not tell then.
      returned: always
      type: int
      sample: 4194304
    inodes_used:
      description: Inodes in use (a count). V(null) where their number has no limit.
      returned: always
      type: int
      sample: 812
    size_bytes_before:
      description: Its size in bytes before. V(null) where it has no limit.
      returned: always
      type: int
      sample: 823459840
    size_bytes:
      description: Its size in bytes afterwards, read back from the kernel. V(null) where it has no limit.
      returned: always
      type: int
      sample: 411729920
    inodes_before:
      description: How many inodes it might have before (a count). V(null) where there is no limit.
      returned: always
      type: int
      sample: 819200
    inodes:
      description: How many inodes it may have afterwards (a count). V(null) where there is no limit.
      returned: always
      type: int
      sample: 819200
skipped_reason:
  description: Why nothing was done.
  returned: when nothing is mounted at O(path) and O(missing=ignore)
  type: str
  sample: "nothing is mounted at /tmp"
used_bytes:
  description: Bytes in use in the tmpfs.
  returned: when the size is refused for what is in use
  type: int
  sample: 41943040
least_size_bytes:
  description: The smallest size that would have been accepted, in bytes.
  returned: when the size is refused for what is in use
  type: int
  sample: 41943040
held_by:
  description: What holds the space, the biggest first, at most five entries.
  returned: when the size is refused for what is in use
  type: list
  elements: dict
  contains:
    path:
      description: The file, the last name it had if it was deleted.
      returned: always
      type: str
      sample: /run/log/journal/6f1c/system.journal
    bytes:
      description: Bytes it takes.
      returned: always
      type: int
      sample: 33554432
    deleted:
      description: Whether it has no name any more, so that only its holders keep it.
      returned: always
      type: bool
      sample: false
    holders:
      description: The processes that have it open or mapped, at most five.
      returned: always
      type: list
      elements: dict
      contains:
        pid:
          description: Process id.
          returned: always
          type: int
          sample: 231
        comm:
          description: Name of the process.
          returned: always
          type: str
          sample: systemd-journal
"""

import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError, OptionError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.size import human
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import host
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.printable import printable
from ansible_collections.memfacts.linux.plugins.module_utils.setters import record as kept
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import amount, holders
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import change as tmpfs_change
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import place as tmpfs_place
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import plan as tmpfs_plan
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import situation as tmpfs_situation


def checked_path(given):
    """The path without what says nothing, or an OptionError."""
    if not given.startswith("/"):
        raise OptionError(f"path is {given!r}, which does not start with a slash; give the mount point's full path.")
    return "/" + os.path.normpath(given).lstrip("/")


def wanted_of(params):
    """The limits that are asked for, or an OptionError."""
    if params["state"] == "absent":
        return tmpfs_plan.Wanted()
    if params["size"] is None and params["inodes"] is None:
        raise OptionError("neither size nor inodes is given; give one of them, or state: absent.")
    wanted = tmpfs_plan.Wanted(
        *(
            amount.asked(name, params[name], percent) if params[name] is not None else None
            for name, percent in (("size", True), ("inodes", False), ("min_free", True))
        )
    )
    if wanted.min_free and (wanted.min_free.percent or 0) >= 100:
        raise OptionError(f"min_free is {params['min_free']!r}, which leaves nothing to use; give less than 100%.")
    return wanted


def situation_of(tree, path, state):
    """The situation, found through a link too; what is no tmpfs any more can still be taken back from files."""
    try:
        return tmpfs_situation.read(tree, path)
    except tmpfs_situation.NotMounted:
        real = path if tmpfs_place.is_users(path) else os.path.realpath(path)
        if real != path:
            return situation_of(tree, real, state)
        if state == "absent":
            return tmpfs_situation.unmounted(tree, path)
        raise
    except tmpfs_situation.AnotherType:
        # The tmpfs is gone just so where something else has taken its place.
        if state == "absent":
            return tmpfs_situation.unmounted(tree, path)
        raise


def plan_of(tree, situation, wanted, params):
    """What is to be changed."""
    entry = kept.load(tmpfs_change.RECORD).get(situation.path)
    if params["state"] == "absent":
        return tmpfs_plan.absent(situation, entry)
    lines = tmpfs_plan.declared(situation)
    systemd = tmpfs_situation.runs_systemd(tree)
    place = tmpfs_place.choose(params["persist"], situation.path, lines, situation.unit, systemd)
    return tmpfs_plan.present(situation, wanted, place, entry)


def plan_and_apply(module, path, wanted):
    """(situation, plan), which was carried out unless in check mode."""
    tree = host.Host("/")
    situation = situation_of(tree, path, module.params["state"])
    plan = plan_of(tree, situation, wanted, module.params)
    tmpfs_change.check(module, plan, wanted)
    if module.check_mode or not is_work(plan, situation):
        return situation, plan
    with kept.lock():
        # Another run may have been at it since the first look.
        situation = situation_of(tree, path, module.params["state"])
        plan = plan_of(tree, situation, wanted, module.params)
        tmpfs_change.apply(module, situation.path, plan)
    return situation, plan


def is_work(plan, situation):
    """Whether anything is to be written, be it only that nothing is left to take back."""
    return bool(
        plan.files or plan.remounts or (plan.entry is None and kept.load(tmpfs_change.RECORD).get(situation.path))
    )


def result_of(module, situation, plan):
    """What the module returns."""
    after = {remount.live.mount.mount_point: remount.after for remount in plan.remounts}
    rows = [row_of(live, after.get(live.mount.mount_point), module.check_mode) for live in situation.mounts]
    return {
        "changed": bool(plan.files or plan.remounts),
        "mount_point": printable(situation.path),  # a key `path` would make Ansible add the folder's mode, owner, size
        "place": plan.place,
        "files": [printable(change.path) for change in plan.files],
        "mounts": rows,
        "diff": [file_diff(change) for change in plan.files] + [mount_diff(row) for row in rows if is_changed(row)],
    }


def row_of(live, after, check_mode):
    """One mount; in check mode what would come, else what the kernel says now."""
    space = live.space
    size, inodes = space.size_bytes, space.inodes
    if after is not None and check_mode:
        size, inodes = after.size_bytes or size, after.inodes or inodes
    elif after is not None:
        now = host.Host("/").space(live.mount.mount_point.lstrip("/") or ".")
        size, inodes = now.size_bytes, now.inodes
    return {
        "mount": printable(live.mount.mount_point),
        "used_bytes": space.used_bytes,
        "inodes_used": space.inodes_used,
        "size_bytes_before": space.size_bytes,
        "size_bytes": size,
        "inodes_before": space.inodes,
        "inodes": inodes,
    }


def is_changed(row):
    """Whether the mount has other limits than before."""
    return row["size_bytes"] != row["size_bytes_before"] or row["inodes"] != row["inodes_before"]


def file_diff(change):
    """A file as --diff shows it."""
    path = printable(change.path)
    return {
        "before_header": path,
        "after_header": path,
        "before": shown(change.before),
        "after": shown(change.after),
    }


def shown(text):
    """A text file for a person: what is no UTF-8 as an escape."""
    return (text or "").encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def mount_diff(row):
    """A mount as --diff shows it."""
    sides = [
        f"size_bytes: {row['size_bytes' + suffix]}\ninodes: {row['inodes' + suffix]}\n" for suffix in ("_before", "")
    ]
    header = "mounted at " + row["mount"]
    return {"before_header": header, "after_header": header, "before": sides[0], "after": sides[1]}


def refusal(module, error):
    """Fail for a size that would not hold what is in use, and say what holds it."""
    live = error.live
    rows = holders.find(host.Host("/"), live.mount.device)
    most = f", most by {holders.sentence(rows[:3])}" if rows else ""
    point = printable(live.mount.mount_point)
    module.fail_json(
        msg=f"Cannot set the size of {point} to {human(error.size_bytes)}: {human(live.space.used_bytes)} are in "
        f"use{most}; free space there or give a size of at least {error.least} bytes.",
        used_bytes=live.space.used_bytes,
        least_size_bytes=error.least,
        held_by=rows,
    )


def main():
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "size": {"type": "str"},
            "inodes": {"type": "str"},
            "min_free": {"type": "str"},
            "persist": {"type": "str", "choices": list(tmpfs_place.PERSIST), "default": "auto"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "missing": {"type": "str", "choices": ["fail", "ignore"], "default": "fail"},
        },
        supports_check_mode=True,
    )
    given = module.params["path"]
    try:
        path = checked_path(given)
        wanted = wanted_of(module.params)
        if os.geteuid() != 0:
            raise OptionError("only root may remount a tmpfs; add become: true.")
        situation, plan = plan_and_apply(module, path, wanted)
        result = result_of(module, situation, plan)
    except tmpfs_plan.TooSmall as error:
        refusal(module, error)
    except tmpfs_situation.NotMounted as error:
        if module.params["missing"] == "fail":
            module.fail_json(msg=printable(f"Cannot set the size of tmpfs {given}: {error}"))
        reason = printable(str(error)).partition(";")[0]
        module.exit_json(changed=False, mount_point=given, place="none", files=[], mounts=[], skipped_reason=reason)
    except (OSError, MemfactsError) as error:
        module.fail_json(msg=printable(f"Cannot set the size of tmpfs {given}: {error}"))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
