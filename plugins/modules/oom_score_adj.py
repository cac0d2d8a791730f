#!/usr/bin/python
# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: oom_score_adj
short_description: Set which processes the OOM killer kills first or last, now and after a restart
version_added: 0.1.0
description:
  - Sets C(oom_score_adj) on running processes. For a systemd unit it also writes a drop-in, so that the value survives
    a restart of the unit and a reboot. The module restarts nothing.
  - Reads every value back. Records on the host which value each process had before, so that O(state=absent) can restore
    it.
  - Writes through an open C(/proc) folder of each process, after checking which process it is. If a pid is reused
    during the run, the new process never gets the value. A process that exits during the run is not a failure.
  - Never selects the run itself, except by O(pid). The run includes the module, its shell, C(sudo) and C(sshd) session,
    and the workers of Ansible. The service that started the run, such as the listening C(sshd), can be selected.
author:
  - the memfacts authors (@memfacts)
options:
  pid:
    description:
      - Selects the process with this id. Without O(entries), give exactly one of O(pid), O(name), O(pattern), O(user),
        O(unit), O(cgroup) and O(container).
    type: int
  name:
    description:
      - Selects processes with this name. The name must be equal to the name that the kernel shows (comm), to the path
        of the executable, or to the last part of that path.
    type: str
  pattern:
    description:
      - Selects processes by a Python regular expression. The expression must match some part of the process name (comm)
        or of the path of the executable. Command lines are not examined.
    type: str
  user:
    description:
      - Selects processes of this user, by name or uid.
      - With O(unit) and O(scope=user), it is the user to whom the unit belongs.
    type: str
  unit:
    description:
      - Selects processes of this systemd unit. A name without a suffix means a service. A template, such as
        V(foo@.service), means all its instances. The drop-in of a template also applies to instances that start later.
      - Selects the main process of the unit and all its processes that have the same value as the main process.
        Processes with another value, such as the backends that PostgreSQL keeps killable, are in RV(left_out).
        O(children=true) selects them too.
      - For C(sshd), selects only the listening process, never the sessions.
    type: str
  scope:
    description:
      - V(system) means a unit of the system manager. V(user) means a unit of the systemd manager of a user.
      - With V(user) and O(user), the drop-in is in the home folder of that user. The module reads and writes this
        drop-in with the rights of that user. Without O(user), the drop-in is in C(/etc/systemd/user), for all users.
      - The manager of a user has no privileges. Such a manager cannot start a process with a lower value than its own
        value, which usually is 100 or 200.
    type: str
    choices: [system, user]
    default: system
  cgroup:
    description: Selects processes in this cgroup and in the cgroups below it, such as V(/system.slice/cron.service).
    type: str
  container:
    description:
      - Selects processes of this container. Give its id, at least the first 6 digits of the id, or its name.
      - Names are looked up with those of C(docker), C(podman) and C(crictl) that are installed.
    type: str
  children:
    description: Whether to select all descendants of the selected processes too.
    type: bool
    default: false
  value:
    description:
      - The value, from V(-1000) (the OOM killer never kills the process) to V(1000) (it kills the process first).
      - Required with O(state=present), for each entry.
    type: int
  allow_unkillable:
    description:
      - Whether any process may get V(-1000), and process 1 a negative value. If it is false, only lifelines may get
        V(-1000).
      - Lifelines are the services without which nobody can reach or repair the host. These services are sshd, journald,
        udevd and logind of systemd, D-Bus, auditd, the container runtimes (containerd, dockerd, cri-o, conmon),
        kubelet, daemons that serve disks (multipathd, iscsid, dmeventd) and daemons that watch a cluster (watchdog,
        sbd, corosync). The module recognizes them by the path of their program and by their unit, not by their name.
      - Processes that run a session (the systemd of a user, the sshd of one login, C(login), C(su)) never get a
        negative value, because everything that starts in the session would inherit it. The module skips them and lists
        them in RV(left_out).
      - If an unkillable process leaks memory, the kernel kills everything else. In the end the host hangs or panics.
    type: bool
    default: false
  persist:
    description:
      - Where to store the value for processes that start later.
      - V(systemd) writes a drop-in C(90-memfacts-oom-score-adj.conf) of the unit.
      - V(auto) means V(systemd) if O(unit) selects the processes and systemd can set the value, otherwise V(none). With
        V(auto) the module writes no drop-in if other files of the unit already set the value. It also writes none for
        C(sshd), because sshd sets its own value to -1000 at each start, and it sets the value that systemd gave it on
        every session.
      - V(none) changes only running processes, and removes the drop-in of an earlier task. With O(state=absent) it
        keeps the drop-in.
    type: str
    choices: [auto, systemd, none]
    default: auto
  entries:
    description:
      - Several entries to set in one run. The module checks all entries before it changes anything. The module searches
        the processes once, and each systemd manager reads its files once. The module refuses two entries that give one
        process different values.
      - Give either O(entries) or the options of a single entry (O(pid) to O(container), O(value)).
    type: list
    elements: dict
    suboptions:
      pid:
        description: Same as O(pid) of a single entry.
        type: int
      name:
        description: Same as O(name) of a single entry.
        type: str
      pattern:
        description: Same as O(pattern) of a single entry.
        type: str
      user:
        description: Same as O(user) of a single entry.
        type: str
      unit:
        description: Same as O(unit) of a single entry.
        type: str
      scope:
        description: Same as O(scope) of a single entry.
        type: str
        choices: [system, user]
        default: system
      cgroup:
        description: Same as O(cgroup) of a single entry.
        type: str
      container:
        description: Same as O(container) of a single entry.
        type: str
      children:
        description: Same as O(children) of a single entry.
        type: bool
        default: false
      value:
        description: Same as O(value) of a single entry.
        type: int
      allow_unkillable:
        description: Same as O(allow_unkillable) of a single entry.
        type: bool
        default: false
      persist:
        description: Same as O(persist) of a single entry.
        type: str
        choices: [auto, systemd, none]
        default: auto
      missing:
        description: Same as O(missing) of a single entry.
        type: str
        choices: [fail, ignore]
        default: fail
  state:
    description:
      - V(present) sets the value. V(absent) removes the drop-in and restores the former values of running processes.
        V(listed) changes nothing and returns the record.
      - V(absent) without O(entries) and without a selector undoes the whole record.
      - If somebody else has changed the value of a process or a drop-in since, it stays as it is and is in RV(kept). A
        process that was started with the value of the drop-in gets the value that its unit sets without the drop-in.
    type: str
    choices: [present, absent, listed]
    default: present
  missing:
    description:
      - What to do if the process, user, unit, cgroup or container is not on this host. V(fail) makes the task fail.
        V(ignore) makes the task do nothing. With O(state=absent) the task never fails for this reason.
    type: str
    choices: [fail, ignore]
    default: fail
  lock_timeout:
    description:
      - Maximum number of seconds to wait for another run of C(oom_score_adj) or C(tmpfs_size) on the same host. After
        that the task fails and names the process that holds the lock.
    type: int
    default: 60
  unsafe_writes:
    description:
      - Whether to write directly to a drop-in or a record that cannot be replaced atomically, such as a bind mount. A
        program that reads the file at that moment may see half of it.
    type: bool
    default: false
notes:
  - A privileged program can set a lowest value for a process. To set a value below it, the module needs
    CAP_SYS_RESOURCE in the initial user namespace. Root in a container often does not have it. The error message
    explains what is missing.
  - A run that fails restores all processes and all drop-ins.
  - The record is C(/var/lib/memfacts/oom_score_adj.json). The record is removed when nothing is left to undo. Runs wait
    for each other with a lock on C(/run/memfacts.lock). The lock file is never removed.
  - Child processes inherit the value of their parent. All processes that start later inherit the value of process 1,
    and the module warns about this.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: Check mode writes nothing at all.
  diff_mode:
    support: full
  platform:
    platforms: linux
"""

EXAMPLES = r"""
- name: Kill the database only after nearly all other processes, now and after a restart
  memfacts.linux.oom_score_adj:
    unit: postgresql@15-main.service
    value: -800

- name: Make sshd unkillable
  memfacts.linux.oom_score_adj:
    unit: ssh.service
    value: -1000

- name: Kill batch jobs first, wherever they were started
  memfacts.linux.oom_score_adj:
    pattern: ^/opt/batch/bin/
    children: true
    value: 800

- name: Kill the processes of one container early
  memfacts.linux.oom_score_adj:
    container: report-builder
    value: 500

- name: Set a service of users, for every user of the host
  memfacts.linux.oom_score_adj:
    unit: tracker-miner.service
    scope: user
    value: 900
    missing: ignore

- name: Set several entries in one run
  memfacts.linux.oom_score_adj:
    entries:
      - unit: nginx.service
        value: -300
      - user: build
        value: 500
        missing: ignore

- name: Undo the value of one unit
  memfacts.linux.oom_score_adj:
    unit: postgresql@15-main.service
    state: absent

- name: Undo everything that is recorded on the host
  memfacts.linux.oom_score_adj:
    state: absent

- name: Show the record
  memfacts.linux.oom_score_adj:
    state: listed
"""

RETURN = r"""
summary:
  description: A one-line summary.
  returned: success
  type: str
  sample: "3 of 3 processes changed; /etc/systemd/system/cron.service.d/90-memfacts-oom-score-adj.conf written"
processes:
  description: The processes that were selected and still run.
  returned: success, for a single entry
  type: list
  elements: dict
  contains:
    pid:
      description: Process id.
      returned: always
      type: int
      sample: 812
    comm:
      description: Name of the process as the kernel shows it.
      returned: always
      type: str
      sample: postgres
    unit:
      description: Systemd unit to whose cgroup the process belongs. V(null) if there is none.
      returned: always
      type: str
      sample: postgresql@15-main.service
    container:
      description: Id of the container of the process. V(null) if the process is in no container.
      returned: always
      type: str
      sample: null
    before:
      description: The value that the process had before.
      returned: always
      type: int
      sample: 0
    after:
      description: The value that the process has now. In check mode, the value that it would have.
      returned: always
      type: int
      sample: -800
left_out:
  description: Processes that belong to what the task names, but that the module skipped.
  returned: success, for a single entry
  type: list
  elements: dict
  contains:
    pid:
      description: Process id.
      returned: always
      type: int
      sample: 901
    comm:
      description: Name of the process as the kernel shows it.
      returned: always
      type: str
      sample: sshd
    reason:
      description: Why the module skipped the process.
      returned: always
      type: str
      sample: is a session, not the service
vanished:
  description: Number of processes that exited, or started to run another program, before the module could set them.
  returned: success, for a single entry
  type: int
  sample: 0
settled:
  description: Whether all selected processes had the value at the end. V(false) means that new processes kept starting.
  returned: success, for a single entry
  type: bool
  sample: true
unit:
  description: Name of the unit as systemd resolved it. V(null) if the task selects no unit.
  returned: success, for a single entry
  type: str
  sample: ssh.service
drop_in:
  description: Path of the drop-in that was written, was already correct, or was removed. V(null) if the task uses none.
  returned: success, for a single entry
  type: str
  sample: /etc/systemd/system/cron.service.d/90-memfacts-oom-score-adj.conf
reloaded:
  description: Whether systemd has read its files again. In check mode, whether it would.
  returned: success, for a single entry
  type: bool
  sample: true
persistence:
  description: How processes that start later get the value. V(null) with O(state=absent) and if nothing was found.
  returned: success, for a single entry
  type: dict
  contains:
    method:
      description:
        - C(systemd) means a drop-in. C(none) means that later processes do not get the value. C(itself) means that the
          service sets the value at each start. C(unit) means that other files of the unit already set it.
      returned: always
      type: str
      sample: systemd
    reason:
      description: Why this method was chosen.
      returned: always
      type: str
      sample: a drop-in of the unit
kept:
  description: What the module left as it is, because somebody else has changed it.
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
      description: Why it was left as it is.
      returned: always
      type: str
      sample: it has 310, but this module had set 300, so somebody else has set it since
users:
  description:
    - With O(scope=user), the users whose systemd manager did not answer correctly. The task does not fail because of
      such a manager.
  returned: success, for a single entry
  type: list
  elements: dict
  contains:
    user:
      description: Name of the user.
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
    - One result for each of O(entries), in the same order. If the whole record is undone, one result for each drop-in
      and one for the processes.
    - Each result has C(changed), RV(summary), RV(processes), RV(left_out), RV(vanished), RV(settled), RV(unit),
      RV(drop_in), RV(reloaded), RV(persistence), RV(kept) and RV(users), as the result of a single entry.
  returned: success, with O(entries) or where the whole record is taken back
  type: list
  elements: dict
  contains:
    title:
      description: The selector and its value.
      returned: always
      type: str
      sample: unit ssh.service
record:
  description: What an undo would restore. The record includes drop-ins of release 0.1.0 that nobody has changed.
  returned: success, with O(state=listed)
  type: dict
  contains:
    processes:
      description: Processes whose value was set since the last boot.
      returned: always
      type: list
      elements: dict
      contains:
        pid:
          description: Process id.
          returned: always
          type: int
          sample: 812
        starttime:
          description:
            - When the process was started, in clock ticks since boot. Together with the process id it identifies one
              process of this boot.
          returned: always
          type: int
          sample: 4321
        comm:
          description: Name of the process at the time when it was set. Empty in a record of release 0.1.0.
          returned: always
          type: str
          sample: postgres
        before:
          description: The value that the process had before.
          returned: always
          type: int
          sample: 0
        set:
          description: The value that the module set.
          returned: always
          type: int
          sample: -800
        now:
          description: The value that the process has now. V(null) if it has exited.
          returned: always
          type: int
          sample: -800
    drop_ins:
      description: Drop-ins that the module wrote.
      returned: always
      type: list
      elements: dict
      contains:
        path:
          description: Path of the drop-in.
          returned: always
          type: str
          sample: /etc/systemd/system/cron.service.d/90-memfacts-oom-score-adj.conf
        unit:
          description: The unit to which the drop-in belongs.
          returned: always
          type: str
          sample: cron.service
        user:
          description:
            - The user in whose home folder the drop-in is. V(null) if it is a drop-in of the system or of all users.
          returned: always
          type: str
          sample: null
        value:
          description: The value in the drop-in. V(null) if it is not known.
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
    details = {}
    try:
        result = task.run(module)
    except task.NotUndone as error:
        refused, details = str(error), error.result
    except (OSError, MemfactsError) as error:
        refused = str(error)
    else:
        gate.leave(module, result)
        return
    # Outside of the except, where ansible-core 2.19 and newer would show a traceback with it.
    gate.fail(module, f"Cannot set oom_score_adj: {refused}", **details)


if __name__ == "__main__":
    main()
