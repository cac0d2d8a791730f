#!/usr/bin/python
# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: tmpfs_size
short_description: Set the size of a tmpfs, now and after a reboot
version_added: 0.1.0
description:
  - Changes the size limit or the number of inodes of a mounted tmpfs without unmounting it. Changes the file that
    declares the mount in the same way, so that the limit survives a reboot.
  - Compares both the mount and its declaration with the requested limits, and corrects the one that differs.
  - Keeps all other mount options. C(mount -o remount) may change them for a path that is in C(/etc/fstab).
  - Refuses a size that is too small for the files in the tmpfs, and names the files and processes that hold the space.
  - Can also limit the journal in C(/run), and let systemd-tmpfiles delete files that were not used for some time.
  - Checks everything before the first change. If a later step fails, the module takes back all changes.
  - Records in C(/var/lib/memfacts/tmpfs_size.json) what was there before and what was set. O(state=absent) uses this
    record to restore it.
author:
  - the memfacts authors (@memfacts)
options:
  path:
    description:
      - Mount point of the tmpfs. V(/run/user/*) and the folder of any single user mean the tmpfs of all users, because
        they all have the same size.
    type: path
  entries:
    description:
      - Several mounts to change in one run. The module checks all of them before it changes the first one. systemd
        reads its files once. If one entry fails, the module takes back the changes of all.
      - The module refuses two entries that give one tmpfs different limits, even if they name it by different paths.
    type: list
    elements: dict
    suboptions:
      path:
        description: Same as O(path).
        type: path
        required: true
      size:
        description: Same as O(size).
        type: str
      inodes:
        description: Same as O(inodes).
        type: str
      min_free:
        description: Same as O(min_free).
        type: str
      persist:
        description: Same as O(persist).
        type: str
        choices: [auto, fstab, systemd, logind, none]
        default: auto
      missing:
        description: Same as O(missing).
        type: str
        choices: [fail, ignore]
        default: fail
  journal:
    description:
      - Limits of the journal in C(/run). The module restarts journald, which then reads the limits. The module reads
        the limits back from the files of journald, in the order in which journald reads these files. If another file
        would override a limit, the module refuses and changes nothing.
      - If none of the three limits is given, the limits that an earlier run has set are taken back.
    type: dict
    suboptions:
      max_use:
        description:
          - C(RuntimeMaxUse=) of journald.conf(5), the maximum size of the journal in C(/run). Give bytes, or a number
            with V(K), V(M), V(G) or V(T). The size must be at least twice O(journal.max_file_size). journald removes at
            once what is above the limit.
        type: str
      keep_free:
        description: C(RuntimeKeepFree=), the space in C(/run) that the journal leaves free for others.
        type: str
      max_file_size:
        description:
          - C(RuntimeMaxFileSize=), the maximum size of one journal file. journald deletes old entries one file at a
            time.
        type: str
  ages:
    description:
      - Folders in which systemd-tmpfiles deletes files that were not used for some time. systemd-tmpfiles runs 15
        minutes after boot and then once a day. An empty list takes back the ages that an earlier run has set.
      - The module refuses system folders, home folders, and paths that contain C(..), a wildcard, or a
        systemd specifier such as C(%h).
        It also refuses a path in which some part is a symbolic link or a folder that users other than root can replace.
    type: list
    elements: dict
    suboptions:
      path:
        description: Path of the folder.
        type: str
        required: true
      age:
        description: The age, such as V(10d) or V(12h), as in tmpfiles.d(5). The age must be at least V(1h).
        type: str
        required: true
      not_tmpfs:
        description: Whether to accept a folder that is on disk. If it is false, the module refuses such a folder.
        type: bool
        default: false
      missing:
        description: What to do if the folder does not exist. V(fail) makes the task fail. V(ignore) sets no age for it.
        type: str
        choices: [fail, ignore]
        default: fail
  clean_now:
    description:
      - Whether to delete old files at once if an age has changed, instead of at the next run of the timer of systemd.
        Check mode lists the files that it would delete.
    type: bool
    default: false
  size:
    description:
      - The size limit of the tmpfs. Give a number of bytes, a number with V(k), V(M), V(G) or V(T), or a percentage of
        RAM such as V(20%). A percentage is also written as a percentage. The kernel rounds the size up to whole pages.
      - If the size is larger than the RAM, the module sets it and warns.
      - The module refuses V(0), because the kernel reads it as no limit, and a remount can never set a limit again. It
        also refuses a leading 0, which the kernel reads as octal, and fractions.
    type: str
  inodes:
    description:
      - The maximum number of files and folders in the tmpfs. The number may have the suffix V(k), V(M), V(G) or V(T).
    type: str
  min_free:
    description:
      - The space that must remain free if the tmpfs becomes smaller. Give the space in the same format as O(size). A
        percentage is a share of the new size.
    type: str
  persist:
    description:
      - Where to declare the limits.
      - V(auto) uses the one place that takes effect for this mount. That is systemd-logind for the tmpfs of users,
        C(/etc/fstab) for a mount that has a line there, and the mount unit for a mount that has one. For C(/run),
        C(/run/lock) and C(/dev/shm) it is a new line in C(/etc/fstab). systemd mounts these itself and then remounts
        them with the options of that line.
      - V(auto) declares nothing for a tmpfs that somebody has mounted by hand, and says so in RV(place_reason).
        V(fstab) adds a line for it, with C(nofail). The tmpfs is then mounted at each boot.
      - V(fstab), V(systemd) and V(logind) are refused if that place would not take effect.
      - V(systemd) writes C(/etc/systemd/system/UNIT.d/zz-memfacts.conf), V(logind) writes
        C(/etc/systemd/logind.conf.d/zz-memfacts.conf).
      - V(none) changes only the mounted tmpfs, as C(state=ephemeral) of C(ansible.posix.mount) does, and takes back
        what an earlier run has declared for it.
    type: str
    choices: [auto, fstab, systemd, logind, none]
    default: auto
  state:
    description:
      - V(present) sets the limits.
      - V(absent) restores the files and the limits of the mount from before the first run. This applies to O(path), to
        the paths in O(entries), or without both to everything in the record. If somebody else has changed something
        since, it stays as it is and is named in RV(kept). If the files in a mount do not fit into its former size, the
        mount is also named in RV(kept), and stays in the record. A path that is not in the record counts as absent.
      - V(listed) changes nothing and returns the record.
    type: str
    choices: [present, absent, listed]
    default: present
  missing:
    description:
      - What to do if nothing is mounted at O(path). V(fail) makes the task fail. V(ignore) makes the task do nothing.
    type: str
    choices: [fail, ignore]
    default: fail
  fstab:
    description:
      - The file to use instead of C(/etc/fstab), such as that of a chroot. Only a run with the same value can undo what
        was written to this file.
    type: path
    default: /etc/fstab
  backup:
    description:
      - Whether to keep a copy of each existing file that the module changes. The copy is in the same folder and has the
        time in its name.
    type: bool
    default: false
  unsafe_writes:
    description:
      - Whether to write directly to a file that cannot be replaced, such as a C(/etc/fstab) that is a bind mount. A run
        that is killed may then leave an incomplete file.
    type: bool
    default: false
  lock_timeout:
    description:
      - Maximum number of seconds to wait for another run of C(oom_score_adj) or C(tmpfs_size) on the same host.
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
  - Needs root. The managed host needs only Python 3.6 or later and mount(8).
  - All mounts of one tmpfs change together, such as bind mounts and mounts in containers.
"""

EXAMPLES = r"""
- name: Keep /run at 10 percent of RAM
  memfacts.linux.tmpfs_size:
    path: /run
    size: 10%

- name: Limit /tmp, and leave at least 200 MiB free
  memfacts.linux.tmpfs_size:
    path: /tmp
    size: 2G
    inodes: 200k
    min_free: 200M
    missing: ignore

- name: Limit the runtime folder of every user to 256 MiB
  memfacts.linux.tmpfs_size:
    path: /run/user/*
    size: 256M

- name: Enlarge /dev/shm until the next reboot
  memfacts.linux.tmpfs_size:
    path: /dev/shm
    size: 8G
    persist: none

- name: Limit several mounts in one run
  memfacts.linux.tmpfs_size:
    entries:
      - path: /run
        size: 10%
      - path: /dev/shm
        size: 2G

- name: Limit the journal in /run, and delete files in /tmp that were not used for ten days
  memfacts.linux.tmpfs_size:
    journal:
      max_use: 64M
      max_file_size: 8M
    ages:
      - path: /tmp
        age: 10d

- name: Restore what was there before
  memfacts.linux.tmpfs_size:
    path: /run
    state: absent

- name: Undo everything that is in the record
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
  description: The mount point. V(/run/user/*) means the tmpfs of all users.
  returned: with O(path), unless O(state=listed)
  type: str
  sample: /run
place:
  description: Where the size is declared, which is V(fstab), V(systemd), V(logind) or V(none).
  returned: with O(path), unless O(state=listed)
  type: str
  sample: fstab
place_reason:
  description: Why the size is declared nowhere, although O(persist=auto).
  returned: with O(path), for a tmpfs that was mounted by hand
  type: str
  sample: "/mnt was mounted by hand: neither fstab nor a mount unit declares it; give persist: fstab"
files:
  description: Files that were changed. In check mode, files that would be changed.
  returned: unless O(state=listed)
  type: list
  elements: str
  sample: [/etc/fstab]
backup_files:
  description: Copies that were made because of O(backup).
  returned: unless O(state=listed)
  type: list
  elements: str
  sample: [/etc/fstab.812.2026-11-30@23:41:49~]
kept:
  description: What O(state=absent) has left as it is, because it differs from what was set or cannot be restored.
  returned: unless O(state=listed)
  type: list
  elements: dict
  contains:
    what:
      description: The mount, or the file with the limits of the journal or with the ages.
      returned: always
      type: str
      sample: /mnt
    reason:
      description: The reason.
      returned: always
      type: str
      sample: its size is 80.0 MiB and not the 20.0 MiB that were set
mounts:
  description: Each tmpfs that O(path) means, with its limits before and after the run.
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
      description: Bytes in use. V(null) if the tmpfs has no limit, because the kernel then does not report it.
      returned: always
      type: int
      sample: 4194304
    inodes_used:
      description: Number of inodes in use. V(null) if the number of inodes has no limit.
      returned: always
      type: int
      sample: 812
    size_bytes_before:
      description: Size limit in bytes before the run. V(null) if there was none.
      returned: always
      type: int
      sample: 823459840
    size_bytes:
      description: Size limit in bytes after the run, read back from the kernel. V(null) if there is none.
      returned: always
      type: int
      sample: 411729920
    inodes_before:
      description: Maximum number of inodes before the run. V(null) if there was no limit.
      returned: always
      type: int
      sample: 819200
    inodes:
      description: Maximum number of inodes after the run. V(null) if there is no limit.
      returned: always
      type: int
      sample: 819200
skipped_reason:
  description: Why nothing was done.
  returned: with O(path), when nothing is mounted there and O(missing=ignore)
  type: str
  sample: "nothing is mounted at /tmp"
entries:
  description: The result of each of O(entries), or of each path in the record if the whole record was undone.
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
      description: The mount point. V(/run/user/*) means the tmpfs of all users.
      returned: always
      type: str
      sample: /run
    place:
      description: Where the size is declared, which is V(fstab), V(systemd), V(logind) or V(none).
      returned: always
      type: str
      sample: fstab
    place_reason:
      description: Why the size is declared nowhere, although O(persist=auto).
      returned: for a tmpfs that was mounted by hand
      type: str
      sample: "/mnt was mounted by hand: neither fstab nor a mount unit declares it; give persist: fstab"
    files:
      description: Files that were changed. In check mode, files that would be changed.
      returned: always
      type: list
      elements: str
      sample: [/etc/fstab]
    kept:
      description: What O(state=absent) has left as it is, because it differs from what was set or cannot be restored.
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
          description: The reason.
          returned: always
          type: str
          sample: its size is 80.0 MiB and not the 20.0 MiB that were set
    changed:
      description: Whether this entry changed something.
      returned: always
      type: bool
      sample: true
    mounts:
      description: Each tmpfs that O(path) means, with its limits before and after the run.
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
          description: Bytes in use. V(null) if the tmpfs has no limit, because the kernel then does not report it.
          returned: always
          type: int
          sample: 4194304
        inodes_used:
          description: Number of inodes in use. V(null) if the number of inodes has no limit.
          returned: always
          type: int
          sample: 812
        size_bytes_before:
          description: Size limit in bytes before the run. V(null) if there was none.
          returned: always
          type: int
          sample: 823459840
        size_bytes:
          description: Size limit in bytes after the run, read back from the kernel. V(null) if there is none.
          returned: always
          type: int
          sample: 411729920
        inodes_before:
          description: Maximum number of inodes before the run. V(null) if there was no limit.
          returned: always
          type: int
          sample: 819200
        inodes:
          description: Maximum number of inodes after the run. V(null) if there is no limit.
          returned: always
          type: int
          sample: 819200
    skipped_reason:
      description: Why nothing was done.
      returned: when nothing is mounted there and O(missing=ignore)
      type: str
      sample: "nothing is mounted at /tmp"
journal:
  description: The result for the journal in C(/run).
  returned: with O(journal), or when O(state=absent) undoes the whole record
  type: dict
  contains:
    changed:
      description: Whether the limits of the journal were changed.
      returned: always
      type: bool
      sample: true
    file:
      description: The file with the limits of the journal. V(null) if other files set them.
      returned: always
      type: str
      sample: /etc/systemd/journald.conf.d/zz-memfacts.conf
    restarted:
      description: Whether journald was restarted, so that it reads its files again.
      returned: always
      type: bool
      sample: true
    settings:
      description: The settings of journald after the run.
      returned: always
      type: list
      elements: dict
      contains:
        key:
          description: Name of the setting.
          returned: always
          type: str
          sample: RuntimeMaxUse
        value:
          description: Value of the setting, as it is written in the file.
          returned: always
          type: str
          sample: 64M
        bytes:
          description: Value of the setting in bytes.
          returned: always
          type: int
          sample: 67108864
        file:
          description: The file that sets it.
          returned: always
          type: str
          sample: /etc/systemd/journald.conf.d/zz-memfacts.conf
        wanted:
          description: The requested value. V(null) if none was requested.
          returned: always
          type: str
          sample: 64M
    skipped_reason:
      description: Why nothing was done. V(null) if something was done.
      returned: always
      type: str
      sample: this host does not run systemd
ages:
  description: The result for the folders that systemd-tmpfiles cleans.
  returned: with O(ages), or when O(state=absent) undoes the whole record
  type: dict
  contains:
    changed:
      description: Whether an age was changed.
      returned: always
      type: bool
      sample: true
    file:
      description: The file with the ages. V(null) if nothing was done.
      returned: always
      type: str
      sample: /etc/tmpfiles.d/00-memfacts.conf
    paths:
      description: One result for each of O(ages).
      returned: always
      type: list
      elements: dict
      contains:
        path:
          description: Path of the folder.
          returned: always
          type: str
          sample: /tmp
        age:
          description: Age that was set for the folder.
          returned: always
          type: str
          sample: 10d
        on_tmpfs:
          description: Whether the folder is on a tmpfs. V(null) if the folder does not exist.
          returned: always
          type: bool
          sample: true
        lines:
          description: Lines of tmpfiles.d(5) that set the age.
          returned: always
          type: list
          elements: str
          sample: ["d /tmp 1777 root root 10d"]
        skipped_reason:
          description: Why the folder has no age. V(null) if it has one.
          returned: always
          type: str
          sample: there is no such folder
    due:
      description:
        - Files and folders that are older than their age now, at most 1000. The module computes this list if an age
          changes, in check mode or with O(clean_now). V(null) if they were not computed.
      returned: always
      type: list
      elements: str
      sample: [/tmp/old]
    due_count:
      description: Number of files and folders that are older than their age now.
      returned: always
      type: int
      sample: 1
    doubts:
      description: What is uncertain about RV(ages.due).
      returned: always
      type: list
      elements: str
      sample: []
    skipped_reason:
      description: Why nothing was done. V(null) if something was done.
      returned: always
      type: str
      sample: this host does not run systemd
removed:
  description: Files and folders that O(clean_now) has deleted. In check mode, those that it would delete.
  returned: unless O(state=listed)
  type: list
  elements: str
  sample: [/tmp/old]
record:
  description: The record that an undo would use, as it is in C(/var/lib/memfacts/tmpfs_size.json).
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
  description: Files that hold the space, largest first, at most five entries.
  returned: when the size is refused for what is in use
  type: list
  elements: dict
  contains:
    path:
      description: Path of the file. If the file was deleted, its last path.
      returned: always
      type: str
      sample: /run/log/journal/6f1c/system.journal
    bytes:
      description: Bytes of memory that the file uses.
      returned: always
      type: int
      sample: 33554432
    deleted:
      description: Whether the file was deleted and exists only because processes still hold it.
      returned: always
      type: bool
      sample: false
    holders:
      description: Processes that have the file open or mapped, at most five.
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
    details = {}
    try:
        if os.geteuid() != 0:
            raise OptionError("only root may remount a tmpfs; add become: true.")
        result = task.run(module)
    except parts.TooSmall as error:
        message, details = task.too_small(error)
    except judge.Refused as error:
        message = f"Cannot set the size of tmpfs {error.path}: {error}"
    except (OSError, MemfactsError) as error:
        message = f"Cannot set {what}: {error}"
    else:
        gate.leave(module, result)
        return
    # Outside of the except, where ansible-core 2.19 and newer would show a traceback with it.
    gate.fail(module, message, **details)


if __name__ == "__main__":
    main()
