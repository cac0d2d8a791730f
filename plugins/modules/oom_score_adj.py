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
        one must be given.
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
      - Processes of this systemd unit. A name without a kind means a service.
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
      - Required with O(state=present).
    type: int
  allow_unkillable:
    description:
      - Let V(-1000) be set on any process. Without it only the lifelines of a host may have it, which are sshd, systemd
        and its journald, udevd and logind, D-Bus, auditd, the container runtimes (containerd, dockerd, cri-o, conmon),
        kubelet, what serves disks (multipathd, iscsid, dmeventd), and what watches a cluster (watchdog, sbd, corosync).
        They are recognized by their program's path and their unit, not by their name.
      - An unkillable process that leaks makes the kernel kill everything else, and at last the host hangs or panics.
    type: bool
    default: false
  persist:
    description:
      - Where the value is written down for later processes.
      - V(systemd) means a drop-in C(90-memfacts-oom-score-adj.conf) of the unit.
      - V(auto) means V(systemd) where processes are selected by O(unit) and systemd can do it, and otherwise V(none).
        C(sshd) gets no drop-in, since it sets itself to -1000 at each start and hands a value that systemd gave it on
        to every session.
      - V(none) changes running processes only. With O(state=absent) it leaves a drop-in where it is.
    type: str
    choices: [auto, systemd, none]
    default: auto
  state:
    description:
      - V(present) sets the value. V(absent) removes the drop-in and gives running processes back what they had before.
      - A process that somebody else has set meanwhile keeps that value. A process started from the drop-in gets what
        its unit says without it.
    type: str
    choices: [present, absent]
    default: present
  missing:
    description:
      - Whether it is a failure when what the task names is not on this host, be it a process, user, unit, cgroup or
        container.
    type: str
    choices: [fail, ignore]
    default: fail
notes:
  - Lowering a value below what the process was last allowed takes CAP_SYS_RESOURCE in the first user namespace, which
    root in a container often lacks. The refusal is explained, and processes that were already set in the same run get
    their old value back.
  - The record is C(/var/lib/memfacts/oom_score_adj.json). It is removed when nothing is left to give back.
  - Children inherit the value of their parent. A value on process 1 would be inherited by all that it starts later.
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

- name: Undo it
  memfacts.linux.oom_score_adj:
    unit: postgresql@15-main.service
    state: absent
"""

RETURN = r"""
summary:
  description: The one line to read first.
  returned: success
  type: str
  sample: "3 of 3 processes changed; /etc/systemd/system/cron.service.d/90-memfacts-oom-score-adj.conf written"
processes:
  description: Every process that was selected and still runs.
  returned: success
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
  returned: success
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
  returned: success
  type: int
  sample: 0
settled:
  description: Whether a last look found no process without its value. V(false) where new ones kept being born.
  returned: success
  type: bool
  sample: true
unit:
  description: The unit's name as systemd resolved it. V(null) where none was selected.
  returned: success
  type: str
  sample: ssh.service
drop_in:
  description: The drop-in that was written, is right already, or was removed. V(null) where none is used.
  returned: success
  type: str
  sample: /etc/systemd/system/cron.service.d/90-memfacts-oom-score-adj.conf
reloaded:
  description: Whether systemd was told to read its files again, or would be in check mode.
  returned: success
  type: bool
  sample: true
persistence:
  description: What gives the value to later processes. V(null) with O(state=absent) and where nothing was found.
  returned: success
  type: dict
  contains:
    method:
      description: Either C(systemd), C(none), or C(itself) where the service sets it at each start.
      returned: always
      type: str
      sample: systemd
    reason:
      description: Why that method.
      returned: always
      type: str
      sample: a drop-in of the unit
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import task


def main():
    module = AnsibleModule(
        argument_spec={
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
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "missing": {"type": "str", "choices": ["fail", "ignore"], "default": "fail"},
        },
        required_if=[("state", "present", ("value",))],
        supports_check_mode=True,
    )
    try:
        result = task.run(module)
    except (OSError, MemfactsError) as error:
        module.fail_json(msg=f"Cannot set oom_score_adj: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
