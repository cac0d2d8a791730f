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
  - Limits the journal in memory too, and lets systemd-tmpfiles delete what was not used for some time.
  - Judges everything that it is asked for before the first change. What fails half-way is taken back.
  - Records in C(/var/lib/memfacts/tmpfs_size.json) what was there before and what was set, by which O(state=absent)
    puts it back.
author:
  - the memfacts authors (@memfacts)
options:
  path:
    description:
      - Where the tmpfs is mounted. V(/run/user/*) or the folder of any user stands for the tmpfs of all users, which
        have one size.
    type: path
  entries:
    description:
      - Several mounts in one run. All of them are judged before the first is changed, systemd reads its files once, and
        a failure takes all of them back.
      - Two entries that would give one tmpfs different limits are refused, also where they name it by two paths.
    type: list
    elements: dict
    suboptions:
      path:
        description: See O(path).
        type: path
        required: true
      size:
        description: See O(size).
        type: str
      inodes:
        description: See O(inodes).
        type: str
      min_free:
        description: See O(min_free).
        type: str
      persist:
        description: See O(persist).
        type: str
        choices: [auto, fstab, systemd, logind, none]
        default: auto
      missing:
        description: See O(missing).
        type: str
        choices: [fail, ignore]
        default: fail
  journal:
    description:
      - Limits of the journal in C(/run), which journald reads by a restart. Read back from its files in its own order;
        where another file would win, the run is refused.
      - Without any of them the limits that an earlier run has set are taken back.
    type: dict
    suboptions:
      max_use:
        description:
          - C(RuntimeMaxUse=) of journald.conf(5), which is how much of C(/run) the journal may take. Bytes, or a number
            with V(K), V(M), V(G) or V(T), at least twice O(journal.max_file_size). What is above it is removed at once.
        type: str
      keep_free:
        description: C(RuntimeKeepFree=), which is how much of C(/run) it leaves to others.
        type: str
      max_file_size:
        description: C(RuntimeMaxFileSize=), in steps of which old entries are deleted.
        type: str
  ages:
    description:
      - Folders in which systemd-tmpfiles deletes what was not used for some time. It runs 15 minutes after boot and
        then once a day. An empty list takes back the ages that an earlier run has set.
      - A folder of the system or a home, a path with a wildcard, a specifier such as C(%h), C(..) or a symbolic link on
        the way, and a folder on the way that others than root may replace are refused.
    type: list
    elements: dict
    suboptions:
      path:
        description: The folder.
        type: str
        required: true
      age:
        description: The age, such as V(10d) or V(12h), as in tmpfiles.d(5), at least V(1h).
        type: str
        required: true
      not_tmpfs:
        description: Whether files may be deleted although the folder is on disk. Otherwise that is refused.
        type: bool
        default: false
      missing:
        description: What to do where there is no such folder. V(ignore) leaves it without an age.
        type: str
        choices: [fail, ignore]
        default: fail
  clean_now:
    description:
      - Whether to delete at once when an age was changed, and not only at the next run of systemd's timer. Check mode
        lists what that would delete.
    type: bool
    default: false
  size:
    description:
      - How large the tmpfs may grow. A number of bytes, or a number with V(k), V(M), V(G) or V(T), or a percentage of
        RAM such as V(20%), which is declared as a percentage too. The kernel rounds it up to whole pages.
      - A size above the RAM is set with a warning.
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
        C(/run), C(/run/lock) and C(/dev/shm), which systemd mounts itself and remounts by that line.
      - V(auto) declares nothing for a tmpfs that somebody has mounted by hand, and says so in RV(place_reason).
        V(fstab) adds a line for it, with C(nofail), so that it is mounted at each boot from then on.
      - V(fstab), V(systemd) and V(logind) are refused where that place would not decide.
      - V(systemd) writes C(/etc/systemd/system/UNIT.d/zz-memfacts.conf), V(logind) writes
        C(/etc/systemd/logind.conf.d/zz-memfacts.conf).
      - V(none) changes only what is mounted, as C(state=ephemeral) of C(ansible.posix.mount) does, and takes back what
        an earlier run has declared for it.
    type: str
    choices: [auto, fstab, systemd, logind, none]
    default: auto
  state:
    description:
      - V(present) sets the limits.
      - V(absent) puts back what was there before the first run, files as well as the limits of the mount, of O(path),
        of the paths in O(entries), or without both of everything in the record. What somebody else has changed since
        is left as it is and named in RV(kept). So is a mount that is too full for its former size, which stays in the
        record. What is not in the record is absent already.
      - V(listed) changes nothing and returns the record.
    type: str
    choices: [present, absent, listed]
    default: present
  missing:
    description:
      - What to do where nothing is mounted at O(path). V(ignore) leaves such a host alone.
    type: str
    choices: [fail, ignore]
    default: fail
  fstab:
    description:
      - The file to use as C(/etc/fstab), such as that of a chroot. What a run has written there is taken back only by a
        run with the same option.
    type: path
    default: /etc/fstab
  backup:
    description: Keep a copy of each file that is changed and was there before, beside it and with the time in its name.
    type: bool
    default: false
  unsafe_writes:
    description:
      - Write a file in place where it cannot be replaced, such as a C(/etc/fstab) that is a bind mount. A run that is
        killed may then leave half of it.
    type: bool
    default: false
  lock_timeout:
    description: How many seconds to wait for another run of a setter of this collection on the same host to end.
    type: int
    default: 60
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

- name: Cap several in one run
  memfacts.linux.tmpfs_size:
    entries:
      - path: /run
        size: 10%
      - path: /dev/shm
        size: 2G

- name: Limit the journal in /run, and delete what was not used in /tmp for ten days
  memfacts.linux.tmpfs_size:
    journal:
      max_use: 64M
      max_file_size: 8M
    ages:
      - path: /tmp
        age: 10d

- name: Put back what was there before
  memfacts.linux.tmpfs_size:
    path: /run
    state: absent

- name: Put back everything that this module has ever changed
  memfacts.linux.tmpfs_size:
    state: absent
"""

RETURN = r"""
title:
  description: The path as it was given.
  returned: with O(path), unless O(state=listed)
  type: str
  sample: /run
mount_point:
  description: The mount point, V(/run/user/*) where it stands for all users.
  returned: with O(path), unless O(state=listed)
  type: str
  sample: /run
place:
  description: Where the size is declared, one of V(fstab), V(systemd), V(logind) and V(none).
  returned: with O(path), unless O(state=listed)
  type: str
  sample: fstab
place_reason:
  description: Why it is declared nowhere although O(persist=auto).
  returned: with O(path), for a tmpfs that was mounted by hand
  type: str
  sample: "/mnt was mounted by hand: neither fstab nor a mount unit declares it; give persist: fstab"
files:
  description: The files that were changed, or would be in check mode.
  returned: unless O(state=listed)
  type: list
  elements: str
  sample: [/etc/fstab]
backup_files:
  description: The copies that O(backup) has made.
  returned: unless O(state=listed)
  type: list
  elements: str
  sample: [/etc/fstab.812.2026-11-30@23:41:49~]
kept:
  description: What O(state=absent) has left as it is, since it differs from what was set or cannot go back.
  returned: unless O(state=listed)
  type: list
  elements: dict
  contains:
    what:
      description: The mount, or the file of the journal's limits or of the ages.
      returned: always
      type: str
      sample: /mnt
    reason:
      description: Why.
      returned: always
      type: str
      sample: its size is 80.0 MiB and not the 20.0 MiB that were set
mounts:
  description: Each tmpfs that O(path) stands for, with its limits before and after.
  returned: with O(path), unless O(state=listed)
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
  returned: with O(path), when nothing is mounted there and O(missing=ignore)
  type: str
  sample: "nothing is mounted at /tmp"
entries:
  description: What came of each of O(entries), or of each path in the record where it was undone as a whole.
  returned: without O(path), unless O(state=listed)
  type: list
  elements: dict
  contains:
    title:
      description: The path as it was given.
      returned: always
      type: str
      sample: /run
    mount_point:
      description: The mount point, V(/run/user/*) where it stands for all users.
      returned: always
      type: str
      sample: /run
    place:
      description: Where the size is declared, one of V(fstab), V(systemd), V(logind) and V(none).
      returned: always
      type: str
      sample: fstab
    place_reason:
      description: Why it is declared nowhere although O(persist=auto).
      returned: for a tmpfs that was mounted by hand
      type: str
      sample: "/mnt was mounted by hand: neither fstab nor a mount unit declares it; give persist: fstab"
    files:
      description: The files that were changed, or would be in check mode.
      returned: always
      type: list
      elements: str
      sample: [/etc/fstab]
    kept:
      description: What O(state=absent) has left as it is, since it differs from what was set or cannot go back.
      returned: always
      type: list
      elements: dict
      contains:
        what:
          description: The mount.
          returned: always
          type: str
          sample: /mnt
        reason:
          description: Why.
          returned: always
          type: str
          sample: its size is 80.0 MiB and not the 20.0 MiB that were set
    changed:
      description: Whether this entry changed something.
      returned: always
      type: bool
      sample: true
    mounts:
      description: Each tmpfs that O(path) stands for, with its limits before and after.
      returned: always
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
      returned: when nothing is mounted there and O(missing=ignore)
      type: str
      sample: "nothing is mounted at /tmp"
journal:
  description: What counts for the journal in memory.
  returned: with O(journal), or when O(state=absent) undoes the whole record
  type: dict
  contains:
    changed:
      description: Whether its limits were changed.
      returned: always
      type: bool
      sample: true
    file:
      description: The file that declares them, V(null) where other files do.
      returned: always
      type: str
      sample: /etc/systemd/journald.conf.d/zz-memfacts.conf
    restarted:
      description: Whether journald was restarted, by which it reads them.
      returned: always
      type: bool
      sample: true
    settings:
      description: What journald goes by afterwards.
      returned: always
      type: list
      elements: dict
      contains:
        key:
          description: The setting.
          returned: always
          type: str
          sample: RuntimeMaxUse
        value:
          description: Its value as it is written.
          returned: always
          type: str
          sample: 64M
        bytes:
          description: The same in bytes.
          returned: always
          type: int
          sample: 67108864
        file:
          description: The file that sets it.
          returned: always
          type: str
          sample: /etc/systemd/journald.conf.d/zz-memfacts.conf
        wanted:
          description: The value that was asked for, V(null) where none was.
          returned: always
          type: str
          sample: 64M
    skipped_reason:
      description: Why nothing was done, V(null) where it was.
      returned: always
      type: str
      sample: this host does not run systemd
ages:
  description: The folders that systemd-tmpfiles cleans.
  returned: with O(ages), or when O(state=absent) undoes the whole record
  type: dict
  contains:
    changed:
      description: Whether an age was changed.
      returned: always
      type: bool
      sample: true
    file:
      description: The file that declares them, V(null) where nothing was done.
      returned: always
      type: str
      sample: /etc/tmpfiles.d/00-memfacts.conf
    paths:
      description: One for each of O(ages).
      returned: always
      type: list
      elements: dict
      contains:
        path:
          description: The folder.
          returned: always
          type: str
          sample: /tmp
        age:
          description: Its age.
          returned: always
          type: str
          sample: 10d
        on_tmpfs:
          description: Whether it is on a tmpfs, V(null) where there is no such folder.
          returned: always
          type: bool
          sample: true
        lines:
          description: The lines of tmpfiles.d(5) that declare it.
          returned: always
          type: list
          elements: str
          sample: ["d /tmp 1777 root root 10d"]
        skipped_reason:
          description: Why it has no age, V(null) where it has one.
          returned: always
          type: str
          sample: there is no such folder
    due:
      description:
        - What is older than that now, at most 1000 files and folders. V(null) where it was not computed, which is done
          in check mode or with O(clean_now), when an age changes.
      returned: always
      type: list
      elements: str
      sample: [/tmp/old]
    due_count:
      description: How many there are.
      returned: always
      type: int
      sample: 1
    doubts:
      description: What cannot be told of RV(ages.due).
      returned: always
      type: list
      elements: str
      sample: []
    skipped_reason:
      description: Why nothing was done, V(null) where it was.
      returned: always
      type: str
      sample: this host does not run systemd
removed:
  description: What O(clean_now) has deleted, or would in check mode.
  returned: unless O(state=listed)
  type: list
  elements: str
  sample: [/tmp/old]
record:
  description: What is recorded for the way back, as it is in C(/var/lib/memfacts/tmpfs_size.json).
  returned: when O(state=listed)
  type: dict
  sample: {version: 2, mounts: {}, journal: null, ages: null}
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

from ansible_collections.memfacts.linux.plugins.module_utils import from_zip

from_zip.compile_once()  # before the other files of the collection are imported

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError, OptionError
from ansible_collections.memfacts.linux.plugins.module_utils.setters import gate
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import (
    ages,
    journal,
    judge,
    parts,
    place,
    task,
)

ENTRY = {
    "path": {"type": "path", "required": True},
    "size": {"type": "str"},
    "inodes": {"type": "str"},
    "min_free": {"type": "str"},
    "persist": {"type": "str", "choices": list(place.PERSIST), "default": "auto"},
    "missing": {"type": "str", "choices": ["fail", "ignore"], "default": "fail"},
}


def main():
    module = AnsibleModule(
        argument_spec=dict(
            ENTRY,
            path={"type": "path"},
            entries={"type": "list", "elements": "dict", "options": ENTRY},
            journal={"type": "dict", "options": journal.OPTIONS},
            ages={"type": "list", "elements": "dict", "options": ages.OPTIONS},
            clean_now={"type": "bool", "default": False},
            state={"type": "str", "choices": ["present", "absent", "listed"], "default": "present"},
            fstab={"type": "path", "default": "/etc/fstab"},
            backup={"type": "bool", "default": False},
            unsafe_writes={"type": "bool", "default": False},
            lock_timeout={"type": "int", "default": 60},
        ),
        mutually_exclusive=[("path", "entries")],
        supports_check_mode=True,
    )
    what = "the sizes" if module.params["path"] is None else f"the size of tmpfs {module.params['path']}"
    try:
        if os.geteuid() != 0:
            raise OptionError("only root may remount a tmpfs; add become: true.")
        result = task.run(module)
    except parts.TooSmall as error:
        message, details = task.too_small(error)
    except judge.Refused as error:
        message, details = f"Cannot set the size of tmpfs {error.path}: {error}", {}
    except (OSError, MemfactsError) as error:
        message, details = f"Cannot set {what}: {error}", {}
    else:
        gate.leave(module, result)
    # Outside of the except, where ansible-core 2.19 and newer would show a traceback with it.
    gate.fail(module, message, **details)


if __name__ == "__main__":
    main()
