#!/usr/bin/python
# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: oom_score_adj
short_description: Set which processes the OOM killer takes first or last, now and after a restart
version_added: 0.1.0
description:
  - Sets C(oom_score_adj) on running processes, and for a systemd unit also in a drop-in, so that it holds after a
    restart or a reboot. Nothing is restarted.
  - Reads every value back, and remembers on the host what each process had before, so that O(state=absent) can give it
    back.
  - Writes through the open C(/proc) folder of each process after checking once more which process that is, so that a
    pid that is used again never gets another process's value. A process that exits meanwhile is no failure.
  - The run itself (the module, the shell, C(sudo) and C(sshd) session above it, and Ansible's own workers) is never
    selected, except by O(pid). The service that started it, such as the listening C(sshd), may be.
author:
  - the memfacts authors (@memfacts)
options:
  pid:
    description:
      - The process with this id. Of O(pid), O(name), O(pattern), O(user), O(unit), O(cgroup) and O(container) exactly
        one must be given, unless there are O(entries).
    type: int
  name:
    description:
      - Processes of this name. It is compared with the name that the kernel shows (comm), with the path of the
        executable and with that path's last part. It must match as a whole.
    type: str
  pattern:
    description:
      - Processes whose name (comm) or whose executable's path matches this regular expression of Python anywhere.
        Command lines are not looked at.
    type: str
  user:
    description:
      - Processes of this user, by name or uid.
      - Together with O(unit) and O(scope=user) it says whose unit that is.
    type: str
  unit:
    description:
      - Processes of this systemd unit. A name without a kind means a service. A template, such as V(foo@.service),
        means all its instances, and gets the drop-in for those that are started later.
      - These are its main process and all processes that run with the main process's value. Those that were given a
        value of their own, like the backends that PostgreSQL leaves killable, are in RV(left_out). O(children=true)
        takes them too.
      - Of C(sshd) only the listening process is taken, never the sessions.
    type: str
  scope:
    description:
      - V(system) means a unit of the system's manager, V(user) one of the users' own managers.
      - With V(user) the drop-in is in the home of O(user), or in C(/etc/systemd/user) and so for all users where no
        O(user) is given. What is in a home is read and written with that user's rights.
      - A user's manager is not privileged. It cannot start anything with less than its own value, which usually is 100
        or 200.
    type: str
    choices: [system, user]
    default: system
  cgroup:
    description:
      - Processes in this cgroup and those below it, as in V(/system.slice/cron.service).
    type: str
  container:
    description:
      - Processes of this container, by its id, the first 6 or more digits of that, or its name.
      - Names are looked up with C(docker), C(podman) and C(crictl), whichever is installed.
    type: str
  children:
    description:
      - Take all descendants of the selected processes along.
    type: bool
    default: false
  value:
    description:
      - The value, from V(-1000), which the OOM killer never takes, to V(1000), which it takes first.
      - Required with O(state=present), for each entry.
    type: int
  allow_unkillable:
    description:
      - Let V(-1000) be set on any process, and a negative value on process 1. Without it only the lifelines of a host
        may have V(-1000), which are sshd, systemd's journald, udevd and logind, D-Bus, auditd, the container runtimes
        (containerd, dockerd, cri-o, conmon), kubelet, what serves disks (multipathd, iscsid, dmeventd), and what
        watches a cluster (watchdog, sbd, corosync). They are recognized by their program's path and their unit, not by
        their name.
      - What runs a session (a user's systemd, the sshd of one login, C(login), C(su)) never gets a negative value,
        since all that is started in the session would inherit it. It is in RV(left_out).
      - An unkillable process that leaks makes the kernel kill everything else, and at last the host hangs or panics.
    type: bool
    default: false
  persist:
    description:
      - Where the value is written down for later processes.
      - V(systemd) means a drop-in C(90-memfacts-oom-score-adj.conf) of the unit.
      - V(auto) means V(systemd) where processes are selected by O(unit) and systemd can do it, and otherwise V(none).
        It writes none where other files of the unit set the value already.
        C(sshd) gets no drop-in, since it sets itself to -1000 at each start and hands a value that systemd gave it on
        to every session.
      - V(none) changes running processes only, and takes back a drop-in that an earlier task has written. With
        O(state=absent) it leaves a drop-in where it is.
    type: str
    choices: [auto, systemd, none]
    default: auto
  entries:
    description:
      - What to set, entry by entry, in one run. All entries are checked before anything is changed, processes are
        looked for once, and each of systemd's managers reads its files once. Two entries that give one process
        different values are refused.
      - Either this or the options of a single entry (O(pid) to O(container), O(value)) may be given.
    type: list
    elements: dict
    suboptions:
      pid:
        description: As O(pid) of a single entry.
        type: int
      name:
        description: As O(name) of a single entry.
        type: str
      pattern:
        description: As O(pattern) of a single entry.
        type: str
      user:
        description: As O(user) of a single entry.
        type: str
      unit:
        description: As O(unit) of a single entry.
        type: str
      scope:
        description: As O(scope) of a single entry.
        type: str
        choices: [system, user]
        default: system
      cgroup:
        description: As O(cgroup) of a single entry.
        type: str
      container:
        description: As O(container) of a single entry.
        type: str
      children:
        description: As O(children) of a single entry.
        type: bool
        default: false
      value:
        description: As O(value) of a single entry.
        type: int
      allow_unkillable:
        description: As O(allow_unkillable) of a single entry.
        type: bool
        default: false
      persist:
        description: As O(persist) of a single entry.
        type: str
        choices: [auto, systemd, none]
        default: auto
      missing:
        description: As O(missing) of a single entry.
        type: str
        choices: [fail, ignore]
        default: fail
  state:
    description:
      - V(present) sets the value. V(absent) removes the drop-in and gives running processes back what they had before.
        V(listed) changes nothing and returns what is recorded.
      - V(absent) without O(entries) and without a selector takes back everything that is recorded.
      - A process that somebody else has set meanwhile keeps that value, and a drop-in that somebody else has changed
        stays; both are in RV(kept). A process started from the drop-in gets what its unit says without it.
    type: str
    choices: [present, absent, listed]
    default: present
  missing:
    description:
      - Whether it is a failure when what the task names is not on this host, be it a process, user, unit, cgroup or
        container. With O(state=absent) it never is.
    type: str
    choices: [fail, ignore]
    default: fail
  lock_timeout:
    description:
      - How many seconds to wait for another run of a module of this collection that changes the host. The failure
        names the process that holds the lock.
    type: int
    default: 60
  unsafe_writes:
    description:
      - Write a drop-in or the record in place where it cannot be replaced at once, as in a bind mount. Who reads it at
        that moment may see half of it.
    type: bool
    default: false
notes:
  - Lowering a value below what the process was last allowed takes CAP_SYS_RESOURCE in the first user namespace, which
    root in a container often lacks. The refusal is explained.
  - A run that fails at any point gives all processes their old values back and puts back all drop-ins.
  - The record is C(/var/lib/memfacts/oom_score_adj.json). It is removed when nothing is left to give back. Runs wait
    for each other at C(/run/memfacts.lock), which stays.
  - Children inherit the value of their parent. Of process 1 all inherit it, which is warned of.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: Nothing at all is written.
  diff_mode:
    support: full
  platform:
    platforms: linux
"""

EXAMPLES = r"""
- name: Keep the database until nearly everything else is gone, now and after a restart
  memfacts.linux.oom_score_adj:
    unit: postgresql@15-main.service
    value: -800

- name: Never lose the way into the host
  memfacts.linux.oom_score_adj:
    unit: ssh.service
    value: -1000

- name: Let batch jobs go first, wherever they were started
  memfacts.linux.oom_score_adj:
    pattern: ^/opt/batch/bin/
    children: true
    value: 800

- name: The same for one container
  memfacts.linux.oom_score_adj:
    container: report-builder
    value: 500

- name: A user's own service, for every user of the host
  memfacts.linux.oom_score_adj:
    unit: tracker-miner.service
    scope: user
    value: 900
    missing: ignore

- name: Several at once
  memfacts.linux.oom_score_adj:
    entries:
      - unit: nginx.service
        value: -300
      - user: build
        value: 500
        missing: ignore

- name: Undo it
  memfacts.linux.oom_score_adj:
    unit: postgresql@15-main.service
    state: absent

- name: Undo everything that is recorded on the host
  memfacts.linux.oom_score_adj:
    state: absent

- name: Show what is recorded
  memfacts.linux.oom_score_adj:
    state: listed
"""

RETURN = r"""
summary:
  description: The one line to read first.
  returned: success
  type: str
  sample: "3 of 3 processes changed; /etc/systemd/system/cron.service.d/90-memfacts-oom-score-adj.conf written"
processes:
  description: Every process that was selected and still runs.
  returned: success, for a single entry
  type: list
  elements: dict
  contains:
    pid:
      description: Its process id.
      returned: always
      type: int
      sample: 812
    comm:
      description: Its name as the kernel shows it.
      returned: always
      type: str
      sample: postgres
    unit:
      description: The unit whose cgroup it is in. V(null) where it is in none.
      returned: always
      type: str
      sample: postgresql@15-main.service
    container:
      description: The id of the container that it is in. V(null) where it is in none.
      returned: always
      type: str
      sample: null
    before:
      description: The value that it had.
      returned: always
      type: int
      sample: 0
    after:
      description: The value that it has now, or would have in check mode.
      returned: always
      type: int
      sample: -800
left_out:
  description: Processes that are part of what was named and were not touched.
  returned: success, for a single entry
  type: list
  elements: dict
  contains:
    pid:
      description: Its process id.
      returned: always
      type: int
      sample: 901
    comm:
      description: Its name as the kernel shows it.
      returned: always
      type: str
      sample: sshd
    reason:
      description: Why it was left out.
      returned: always
      type: str
      sample: is a session, not the service
vanished:
  description: How many processes exited, or became another program, before they could be set (a count).
  returned: success, for a single entry
  type: int
  sample: 0
settled:
  description: Whether a last look found no process without its value. V(false) where new ones kept being born.
  returned: success, for a single entry
  type: bool
  sample: true
unit:
  description: The unit's name as systemd resolved it. V(null) where none was selected.
  returned: success, for a single entry
  type: str
  sample: ssh.service
drop_in:
  description: The drop-in that was written, is right already, or was removed. V(null) where none is used.
  returned: success, for a single entry
  type: str
  sample: /etc/systemd/system/cron.service.d/90-memfacts-oom-score-adj.conf
reloaded:
  description: Whether systemd was told to read its files again, or would be in check mode.
  returned: success, for a single entry
  type: bool
  sample: true
persistence:
  description: What gives the value to later processes. V(null) with O(state=absent) and where nothing was found.
  returned: success, for a single entry
  type: dict
  contains:
    method:
      description:
        - Either C(systemd), C(none), C(itself) where the service sets it at each start, or C(unit) where other files of
          the unit set it already.
      returned: always
      type: str
      sample: systemd
    reason:
      description: Why that method.
      returned: always
      type: str
      sample: a drop-in of the unit
kept:
  description: What was left as it is, since it is not as this module left it.
  returned: success
  type: list
  elements: dict
  contains:
    what:
      description: The path of a drop-in, or a process.
      returned: always
      type: str
      sample: process 812 (postgres)
    reason:
      description: Why it was left.
      returned: always
      type: str
      sample: it has 310, but this module had set 300, so somebody else has set it since
users:
  description: The users whose own systemd could not be asked, for the unit of users. It is no failure.
  returned: success, for a single entry
  type: list
  elements: dict
  contains:
    user:
      description: The user's name.
      returned: always
      type: str
      sample: alice
    error:
      description: What went wrong.
      returned: always
      type: str
      sample: systemctl show failed (Failed to connect to bus); see whether systemd answers.
entries:
  description:
    - One result for each of O(entries), in their order. Where the whole record is taken back, one for each drop-in and
      one for the processes.
    - Each has C(changed), RV(summary), RV(processes), RV(left_out), RV(vanished), RV(settled), RV(unit), RV(drop_in),
      RV(reloaded), RV(persistence), RV(kept) and RV(users) as a single entry has them.
  returned: success, with O(entries) or where the whole record is taken back
  type: list
  elements: dict
  contains:
    title:
      description: The selector and what it names.
      returned: always
      type: str
      sample: unit ssh.service
record:
  description: What this module has to take back, with the drop-ins of release 0.1.0 that are still as it wrote them.
  returned: success, with O(state=listed)
  type: dict
  contains:
    processes:
      description: The processes that were set in this boot.
      returned: always
      type: list
      elements: dict
      contains:
        pid:
          description: Its process id.
          returned: always
          type: int
          sample: 812
        starttime:
          description:
            - When it was started, in clock ticks since boot. No two processes of a boot have both in common.
          returned: always
          type: int
          sample: 4321
        comm:
          description: Its name when it was set. Empty in a record of release 0.1.0.
          returned: always
          type: str
          sample: postgres
        before:
          description: The value that it had.
          returned: always
          type: int
          sample: 0
        set:
          description: The value that it was given.
          returned: always
          type: int
          sample: -800
        now:
          description: The value that it has. V(null) where it is gone.
          returned: always
          type: int
          sample: -800
    drop_ins:
      description: The drop-ins that were written.
      returned: always
      type: list
      elements: dict
      contains:
        path:
          description: Its path.
          returned: always
          type: str
          sample: /etc/systemd/system/cron.service.d/90-memfacts-oom-score-adj.conf
        unit:
          description: The unit that it is for.
          returned: always
          type: str
          sample: cron.service
        user:
          description: The user in whose home it is. V(null) for the system's and for those of all users.
          returned: always
          type: str
          sample: null
        value:
          description: The value that it says. V(null) where that is not known.
          returned: always
          type: int
          sample: -800
        folders:
          description: The folders that were made for it, the innermost first.
          returned: always
          type: list
          elements: str
          sample: [/etc/systemd/system/cron.service.d]
        as_written:
          description: Whether it is still as it was written.
          returned: always
          type: bool
          sample: true
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.memfacts.linux.plugins.module_utils import from_zip

from_zip.compile_once()  # before the other files of the collection are imported

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError
from ansible_collections.memfacts.linux.plugins.module_utils.setters import gate
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import task

SELECTORS = {
    "pid": {"type": "int"},
    "name": {"type": "str"},
    "pattern": {"type": "str"},
    "user": {"type": "str"},
    "unit": {"type": "str"},
    "cgroup": {"type": "str"},
    "container": {"type": "str"},
}
ENTRY = dict(
    SELECTORS,
    scope={"type": "str", "choices": ["system", "user"], "default": "system"},
    children={"type": "bool", "default": False},
    value={"type": "int"},
    allow_unkillable={"type": "bool", "default": False},
    persist={"type": "str", "choices": ["auto", "systemd", "none"], "default": "auto"},
    missing={"type": "str", "choices": ["fail", "ignore"], "default": "fail"},
)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            ENTRY,
            entries={"type": "list", "elements": "dict", "options": ENTRY},
            state={"type": "str", "choices": ["present", "absent", "listed"], "default": "present"},
            lock_timeout={"type": "int", "default": 60},
            unsafe_writes={"type": "bool", "default": False},
        ),
        required_if=[("state", "present", ("value", "entries"), True)],
        mutually_exclusive=[("entries", name) for name in (*SELECTORS, "value")],
        supports_check_mode=True,
    )
    try:
        result = task.run(module)
    except task.NotUndone as error:
        refused, details = str(error), error.result
    except (OSError, MemfactsError) as error:
        refused, details = str(error), {}
    else:
        gate.leave(module, result)
    # Outside of the except, where ansible-core 2.19 and newer would show a traceback with it.
    gate.fail(module, f"Cannot set oom_score_adj: {refused}", **details)


if __name__ == "__main__":
    main()
