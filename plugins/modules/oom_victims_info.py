#!/usr/bin/python
# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: oom_victims_info
short_description: Predict which process the OOM killer kills next
version_added: 0.1.0
description:
  - Ranks processes as the kernel's OOM killer does, for the host and for each memory cgroup that has a limit. Reports
    which process the kernel would kill next, how certain that is and how much memory the kill would free.
  - Supports both ways in which kernels compute badness points, and tests the running kernel to learn which one it uses.
    Older kernels give the same score to every process whose points are below zero. In a pod, such a kernel may kill a
    tiny process while the process that uses the memory lives on.
  - With O(what_if), predicts the effect of a change. A change can be another oom_score_adj, a process that ends, a
    tmpfs that is emptied or resized, or another memory limit.
  - Reads files below C(/proc) and C(/sys) and changes nothing. The managed host needs only Python 3.6 or later.
  - Runs as root or as an ordinary user. RV(incomplete) names what the user may not read.
author:
  - the memfacts authors (@memfacts)
options:
  cgroup:
    description:
      - Path of a memory cgroup, such as V(/system.slice/tomcat.service). The module then ranks only the host, and this
        cgroup and those above it if they have a limit. No other limit can lead to a kill of its processes.
    type: str
  top:
    description: The maximum number of entries in each list.
    type: int
    default: 10
  what_if:
    description:
      - Hypothetical changes. The module applies all changes together to the figures that it has read, and reports the
        new order beside the old one. Nothing is changed on the host.
    type: list
    elements: dict
    default: []
    suboptions:
      change:
        description:
          - The kind of change.
          - V(oom_score_adj) sets the oom_score_adj of some processes to O(what_if[].value). One of O(what_if[].pid),
            O(what_if[].name), O(what_if[].unit) and O(what_if[].cgroup) selects the processes.
          - V(gone) removes processes, which are selected in the same way.
          - V(tmpfs_emptied) empties the tmpfs at O(what_if[].mount). Files in a tmpfs do not count as memory of a
            process. The change therefore affects how full the host is, but not which process dies.
          - V(tmpfs_resized) resizes the tmpfs at O(what_if[].mount) to O(what_if[].size), and reports how much more it
            could hold.
          - V(limit) sets the limit of the memory cgroup O(what_if[].cgroup) to O(what_if[].size). V(max) means no
            limit.
        type: str
        required: true
        choices: [oom_score_adj, gone, tmpfs_emptied, tmpfs_resized, limit]
      pid:
        description: Id of one process.
        type: int
      name:
        description: Name of processes, as C(ps -o comm) shows it.
        type: str
      unit:
        description: Systemd unit of processes, with or without C(.service).
        type: str
      cgroup:
        description:
          - Path of a memory cgroup. It selects all processes in this cgroup and in the cgroups below it. For V(limit),
            it is the cgroup whose limit changes.
        type: str
      value:
        description: The new oom_score_adj, from -1000 to 1000.
        type: int
      mount:
        description: Where a tmpfs is mounted.
        type: path
      size:
        description: The new size, such as V(512M) or V(2G), in powers of 1024. For V(limit), V(max) is also valid.
        type: str
  root:
    description:
      - The root folder of the host to analyse. To analyse another host, name a folder that holds its C(proc/) and
        C(sys/), such as an unpacked sosreport.
    type: path
    default: /
notes:
  - A prediction is based on the memory that processes use now. A process that grows may be killed first when memory
    runs out.
  - Processes that may use only part of the memory of a host (cpusets, memory policies) are ranked as if they could use
    all of it.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: The module never changes anything, so check mode does the same as a normal run.
  diff_mode:
    support: none
  platform:
    platforms: linux
seealso:
  - module: memfacts.linux.memfacts
"""

EXAMPLES = r"""
- name: Predict which process the OOM killer kills next
  memfacts.linux.oom_victims_info:
  register: oom

- name: Show the short report
  ansible.builtin.debug:
    var: oom.report

- name: Rank only the memory cgroups that affect one service
  memfacts.linux.oom_victims_info:
    cgroup: /system.slice/tomcat.service

- name: Predict which process dies next if the database is protected
  memfacts.linux.oom_victims_info:
    what_if:
      - change: oom_score_adj
        unit: postgresql
        value: -900
  register: oom

- name: Stop if sshd would then die next
  ansible.builtin.assert:
    that: "'sshd' not in oom.what_if.host.next_after | map(attribute='comm')"

- name: Predict the effect of a lower limit, an empty /dev/shm and a stopped job together
  memfacts.linux.oom_victims_info:
    what_if:
      - change: limit
        cgroup: /system.slice/tomcat.service
        size: 2G
      - change: tmpfs_emptied
        mount: /dev/shm
      - change: gone
        name: nightly-job
"""

RETURN = r"""
summary:
  description: A one-line summary.
  returned: always
  type: str
  sample: "If the host runs out of memory the kernel kills java (pid 1234), which frees up to 3.0 GiB; 0 findings."
report:
  description: The answer as a short report in plain text. Each entry is one line.
  returned: always
  type: list
  elements: str
  sample: ["If the host runs out of memory the kernel kills java (pid 1234), which frees up to 3.0 GiB."]
kernel_release:
  description: Release of the kernel. V(null) if the captured files do not contain it.
  returned: always
  type: str
  sample: "6.1.0-37-amd64"
host:
  description:
    - What happens when the whole host runs out of memory.
  returned: always
  type: dict
  contains:
    limit_bytes:
      description: Bytes of RAM.
      returned: always
      type: int
      sample: 8264892416
    used_bytes:
      description:
        - Bytes of RAM in use that the kernel cannot easily reclaim. V(null) if C(/proc/meminfo) has no MemAvailable.
      returned: always
      type: int
      sample: 5264892416
    total_bytes:
      description:
        - Bytes of RAM and swap that may be used here. One unit of oom_score_adj is one thousandth of these bytes.
      returned: always
      type: int
      sample: 8264892416
    choice:
      description:
        - What the kernel does if memory runs out here. V(highest score) means that it kills the process with the most
          points. V(allocating task) means that it kills the process that requests memory. V(panic) means that the
          kernel panics. V(wait) means that tasks sleep until memory is free. V(nobody) means that no process may be
          killed.
      returned: always
      type: str
      sample: "highest score"
    sure:
      description:
        - Whether the prediction is certain. It is not certain if a tie is open, if processes cannot be read, or if
          others can still pass the chosen process, by the error of the kernel's counters or by growing.
      returned: always
      type: bool
      sample: true
    next:
      description:
        - The process that dies next. Several entries mean a tie that cannot be decided, and one of them dies. At most
          O(top) entries.
      returned: always
      type: list
      elements: dict
      contains:
        pid:
          description: Process id.
          returned: always
          type: int
          sample: 1234
        comm:
          description: Name of the process. Command lines are never reported.
          returned: always
          type: str
          sample: "java"
        frees_bytes:
          description:
            - Maximum bytes of RAM that the death of this process frees, which are its anonymous memory and its page
              tables. Its shared memory and file pages stay. V(null) if the kernel does not report anonymous memory
              (before Linux 4.5, except RHEL 7).
          returned: always
          type: int
          sample: 3221225472
    next_count:
      description: Number of processes in C(next) before O(top) shortens that list.
      returned: always
      type: int
      sample: 1
    signed_next:
      description:
        - The process that a kernel with the V(signed) badness model would kill. Empty if this kernel has that model.
      returned: always
      type: list
      elements: dict
      contains:
        pid:
          description: Process id.
          returned: always
          type: int
          sample: 1234
        comm:
          description: Name of the process. Command lines are never reported.
          returned: always
          type: str
          sample: "java"
        frees_bytes:
          description:
            - Maximum bytes of RAM that the death of this process frees, which are its anonymous memory and its page
              tables. Its shared memory and file pages stay. V(null) if the kernel does not report anonymous memory
              (before Linux 4.5, except RHEL 7).
          returned: always
          type: int
          sample: 3221225472
    chosen_pid:
      description:
        - Id of the process that the kernel chooses if it then kills a child of that process instead, as kernels up to
          5.0 do. V(null) if no child dies in place of its parent.
      returned: always
      type: int
      sample: 1200
    rivals:
      description:
        - Ids of other processes that may be killed first, because their points are closer than the possible error of
          the kernel's counters.
      returned: always
      type: list
      elements: int
      sample: []
    margin_bytes:
      description:
        - Difference in bytes between the points of the chosen process and of the next one. V(null) if points do not
          decide, or there is no other process.
      returned: always
      type: int
      sample: 1073741824
    drift_bytes:
      description:
        - Possible error of that difference in bytes. The kernel reads its counters less exactly than C(/proc) does.
          V(null) if points do not decide, or there is no other process.
      returned: always
      type: int
      sample: 1572864
    headroom_bytes:
      description:
        - Bytes that processes can still take before memory runs out here, which are free memory, the page cache, shared
          memory, and the swap that may be used. V(null) if no file shows them.
      returned: always
      type: int
      sample: 41943040
    could_die_instead:
      description:
        - Other processes that could have the most points when memory has run out, the nearest first. Each is assumed to
          take all of headroom_bytes. The list is empty if the prediction is certain.
      returned: always
      type: list
      elements: dict
      contains:
        pid:
          description:
            - Process id.
          returned: always
          type: int
          sample: 2214
        comm:
          description:
            - Name of the process.
          returned: always
          type: str
          sample: postgres
        grows_bytes:
          description:
            - Bytes that it has to grow by, more than the chosen process does, to have as many points.
          returned: always
          type: int
          sample: 20971520
    could_die_count:
      description:
        - Number of all processes that could die instead.
      returned: always
      type: int
      sample: 1
    maybe_vfork:
      description:
        - Process ids of victims that have exactly the memory of their parent. The kernel skips a child of vfork that
          still uses the memory of its parent. No file shows whether a process is one.
      returned: always
      type: list
      elements: int
      sample: []
    without_vfork:
      description:
        - Processes that die if the kernel skips those of maybe_vfork. The list is empty if maybe_vfork is empty.
      returned: always
      type: list
      elements: dict
      contains:
        pid:
          description:
            - Process id.
          returned: always
          type: int
          sample: 2214
        comm:
          description:
            - Name of the process.
          returned: always
          type: str
          sample: postgres
        frees_bytes:
          description:
            - Bytes of RAM that killing it frees at most. V(null) if the kernel does not show anonymous memory.
          returned: always
          type: int
          sample: 20971520
    by_nodes:
      description:
        - What happens instead if only some memory nodes are full, for each set of nodes to which a cpuset confines
          processes. Only sets with another result than C(next) are listed.
      returned: always
      type: list
      elements: dict
      contains:
        nodes:
          description:
            - The memory nodes, as the kernel prints them.
          returned: always
          type: str
          sample: 0-1
        processes:
          description:
            - Number of processes that may use these nodes only.
          returned: always
          type: int
          sample: 2
        choice:
          description:
            - What the kernel does in that case, as in the choice of the host.
          returned: always
          type: str
          sample: "highest score"
        next:
          description:
            - Processes that die in that case. The list is empty if the choice is not the highest score.
          returned: always
          type: list
          elements: dict
          contains:
            pid:
              description:
                - Process id.
              returned: always
              type: int
              sample: 2214
            comm:
              description:
                - Name of the process.
              returned: always
              type: str
              sample: postgres
            frees_bytes:
              description:
                - Bytes of RAM that killing it frees at most. V(null) if the kernel does not show anonymous memory.
              returned: always
              type: int
              sample: 20971520
    may_die_too:
      description:
        - Process ids of processes, in this cgroup or in another, that have exactly the memory of the victim and are its
          parent or child, or linked to it by such. The kernel kills all processes that share the memory of its victim.
          No file shows whether they do.
      returned: always
      type: list
      elements: int
      sample: []
    group_cgroup:
      description:
        - Path of the cgroup whose processes all die with the victim, because memory.oom.group is set there. V(null) if
          it is set nowhere.
      returned: always
      type: str
      sample: "/system.slice/tomcat.service"
    group_tasks:
      description: Number of processes of that cgroup that die. V(null) if no whole cgroup dies.
      returned: always
      type: int
      sample: 4
    group_frees_bytes:
      description:
        - Maximum bytes of RAM that the death of that cgroup frees. V(null) if no whole cgroup dies, or the kernel does
          not report anonymous memory.
      returned: always
      type: int
      sample: 4294967296
    group_sure:
      description:
        - Whether this group dies whichever process is chosen. V(null) if no cgroup dies as one.
      returned: always
      type: bool
      sample: true
    killable:
      description: Number of processes that may be killed.
      returned: always
      type: int
      sample: 112
    victims:
      description:
        - Processes that may be killed, in the order in which the kernel would kill them, at most O(top) entries.
      returned: always
      type: list
      elements: dict
      contains:
        rank:
          description:
            - Place in the order, from 1. Tied processes have the same rank if it is not known which one the kernel
              kills first.
          returned: always
          type: int
          sample: 1
        pid:
          description: Process id.
          returned: always
          type: int
          sample: 1234
        comm:
          description: Name of the process. Command lines are never reported.
          returned: always
          type: str
          sample: "java"
        unit:
          description: Systemd unit of the process. V(null) if the process belongs to no unit, or to a container or pod.
          returned: always
          type: str
          sample: "tomcat.service"
        cgroup:
          description: Path of the memory cgroup of the process. V(null) if it is not known.
          returned: always
          type: str
          sample: "/system.slice/tomcat.service"
        badness:
          description:
            - Badness points of the process in this domain (the host or a cgroup), in pages. The number may be negative.
          returned: always
          type: int
          sample: 812345
        tied_with:
          description: Number of other processes with the same points.
          returned: always
          type: int
          sample: 0
        oom_score:
          description:
            - The oom_score of the process for the whole host, computed from the same figures. This score corresponds to
              C(/proc/PID/oom_score). V(null) if the badness model is not known.
          returned: always
          type: int
          sample: 731
        oom_score_adj:
          description: The oom_score_adj of the process, from -1000 to 1000.
          returned: always
          type: int
          sample: 0
        rss_bytes:
          description: Bytes of the resident set of the process.
          returned: always
          type: int
          sample: 3321225472
        swap_bytes:
          description: Bytes of the process that are in swap.
          returned: always
          type: int
          sample: 0
        frees_bytes:
          description:
            - Maximum bytes of RAM that the death of this process frees, which are its anonymous memory and its page
              tables. Its shared memory and file pages stay. V(null) if the kernel does not report anonymous memory
              (before Linux 4.5, except RHEL 7).
          returned: always
          type: int
          sample: 3221225472
    unkillable:
      description: Processes that are never killed and hold memory, largest first, at most O(top) entries.
      returned: always
      type: list
      elements: dict
      contains:
        pid:
          description: Process id.
          returned: always
          type: int
          sample: 1234
        comm:
          description: Name of the process.
          returned: always
          type: str
          sample: "sshd"
        reason:
          description: Why the kernel never kills the process.
          returned: always
          type: str
          sample: "oom_score_adj -1000"
        oom_score_adj:
          description: The oom_score_adj of the process, from -1000 to 1000.
          returned: always
          type: int
          sample: -1000
        held_bytes:
          description: Bytes of the resident set, page tables and swap of the process.
          returned: always
          type: int
          sample: 8388608
    unkillable_bytes:
      description:
        - Bytes that all unkillable processes hold together. Shared memory counts once for each process that maps it.
      returned: always
      type: int
      sample: 25165824
    unkillable_percent:
      description: Bytes that all unkillable processes hold, in percent of total_bytes.
      returned: always
      type: float
      sample: 0.3
    unkillable_exhausts:
      description: Whether the unkillable processes alone fill the memory, so that no kill can help.
      returned: always
      type: bool
      sample: false
badness_model:
  description:
    - How this kernel computes badness points. With V(signed), points can be negative. With V(floored) (most kernels
      before 5.9), the kernel rounds negative points up to 1. Then it may kill the smallest process of a cgroup in which
      all processes have a very negative oom_score_adj.
  returned: always
  type: str
  sample: "signed"
badness_evidence:
  description: What the running kernel showed that proves the badness model, or why the model is not known.
  returned: always
  type: str
  sample: >-
    this process (oom_score_adj 0, 0/1000 of RAM and swap) shows oom_score 666, where a signed kernel shows 666 and a
    floored one 0
tie_rule:
  description:
    - Which process dies if several have the same points. V(first) and V(last) mean the first or the last process that
      the kernel scans. V(unknown) means that the rule is not known.
  returned: always
  type: str
  sample: "last"
tie_rule_evidence:
  description: The evidence for the tie rule.
  returned: always
  type: str
  sample: "kernels from 5.3 on take the last that was scanned, and this one is 6.1.0-37-amd64"
by_cgroup:
  description:
    - The same prediction for each memory cgroup that has a limit and contains processes. Cgroups closest to their limit
      are first, at most O(top) entries.
  returned: always
  type: list
  elements: dict
  contains:
    cgroup:
      description: Path of the cgroup.
      returned: always
      type: str
      sample: "/system.slice/tomcat.service"
    limit_bytes:
      description: Memory limit of the cgroup in bytes.
      returned: always
      type: int
      sample: 536870912
    used_bytes:
      description: Bytes charged to the cgroup. V(null) if it cannot be read.
      returned: always
      type: int
      sample: 402653184
    total_bytes:
      description:
        - Bytes of RAM and swap that may be used here. One unit of oom_score_adj is one thousandth of these bytes.
      returned: always
      type: int
      sample: 536870912
    choice:
      description:
        - What the kernel does if memory runs out here. V(highest score) means that it kills the process with the most
          points. V(allocating task) means that it kills the process that requests memory. V(panic) means that the
          kernel panics. V(wait) means that tasks sleep until memory is free. V(nobody) means that no process may be
          killed.
      returned: always
      type: str
      sample: "highest score"
    sure:
      description:
        - Whether the prediction is certain. It is not certain if a tie is open, if processes cannot be read, or if
          others can still pass the chosen process, by the error of the kernel's counters or by growing.
      returned: always
      type: bool
      sample: true
    next:
      description:
        - The process that dies next. Several entries mean a tie that cannot be decided, and one of them dies. At most
          O(top) entries.
      returned: always
      type: list
      elements: dict
      contains:
        pid:
          description: Process id.
          returned: always
          type: int
          sample: 1234
        comm:
          description: Name of the process. Command lines are never reported.
          returned: always
          type: str
          sample: "java"
        frees_bytes:
          description:
            - Maximum bytes of RAM that the death of this process frees, which are its anonymous memory and its page
              tables. Its shared memory and file pages stay. V(null) if the kernel does not report anonymous memory
              (before Linux 4.5, except RHEL 7).
          returned: always
          type: int
          sample: 3221225472
    next_count:
      description: Number of processes in C(next) before O(top) shortens that list.
      returned: always
      type: int
      sample: 1
    signed_next:
      description:
        - The process that a kernel with the V(signed) badness model would kill. Empty if this kernel has that model.
      returned: always
      type: list
      elements: dict
      contains:
        pid:
          description: Process id.
          returned: always
          type: int
          sample: 1234
        comm:
          description: Name of the process. Command lines are never reported.
          returned: always
          type: str
          sample: "java"
        frees_bytes:
          description:
            - Maximum bytes of RAM that the death of this process frees, which are its anonymous memory and its page
              tables. Its shared memory and file pages stay. V(null) if the kernel does not report anonymous memory
              (before Linux 4.5, except RHEL 7).
          returned: always
          type: int
          sample: 3221225472
    chosen_pid:
      description:
        - Id of the process that the kernel chooses if it then kills a child of that process instead, as kernels up to
          5.0 do. V(null) if no child dies in place of its parent.
      returned: always
      type: int
      sample: 1200
    rivals:
      description:
        - Ids of other processes that may be killed first, because their points are closer than the possible error of
          the kernel's counters.
      returned: always
      type: list
      elements: int
      sample: []
    margin_bytes:
      description:
        - Difference in bytes between the points of the chosen process and of the next one. V(null) if points do not
          decide, or there is no other process.
      returned: always
      type: int
      sample: 1073741824
    drift_bytes:
      description:
        - Possible error of that difference in bytes. The kernel reads its counters less exactly than C(/proc) does.
          V(null) if points do not decide, or there is no other process.
      returned: always
      type: int
      sample: 1572864
    headroom_bytes:
      description:
        - Bytes that processes can still take before memory runs out here, which are free memory, the page cache, shared
          memory, and the swap that may be used. V(null) if no file shows them.
      returned: always
      type: int
      sample: 41943040
    could_die_instead:
      description:
        - Other processes that could have the most points when memory has run out, the nearest first. Each is assumed to
          take all of headroom_bytes. The list is empty if the prediction is certain.
      returned: always
      type: list
      elements: dict
      contains:
        pid:
          description:
            - Process id.
          returned: always
          type: int
          sample: 2214
        comm:
          description:
            - Name of the process.
          returned: always
          type: str
          sample: postgres
        grows_bytes:
          description:
            - Bytes that it has to grow by, more than the chosen process does, to have as many points.
          returned: always
          type: int
          sample: 20971520
    could_die_count:
      description:
        - Number of all processes that could die instead.
      returned: always
      type: int
      sample: 1
    maybe_vfork:
      description:
        - Process ids of victims that have exactly the memory of their parent. The kernel skips a child of vfork that
          still uses the memory of its parent. No file shows whether a process is one.
      returned: always
      type: list
      elements: int
      sample: []
    without_vfork:
      description:
        - Processes that die if the kernel skips those of maybe_vfork. The list is empty if maybe_vfork is empty.
      returned: always
      type: list
      elements: dict
      contains:
        pid:
          description:
            - Process id.
          returned: always
          type: int
          sample: 2214
        comm:
          description:
            - Name of the process.
          returned: always
          type: str
          sample: postgres
        frees_bytes:
          description:
            - Bytes of RAM that killing it frees at most. V(null) if the kernel does not show anonymous memory.
          returned: always
          type: int
          sample: 20971520
    by_nodes:
      description:
        - What happens instead if only some memory nodes are full, for each set of nodes to which a cpuset confines
          processes. Only sets with another result than C(next) are listed.
      returned: always
      type: list
      elements: dict
      contains:
        nodes:
          description:
            - The memory nodes, as the kernel prints them.
          returned: always
          type: str
          sample: 0-1
        processes:
          description:
            - Number of processes that may use these nodes only.
          returned: always
          type: int
          sample: 2
        choice:
          description:
            - What the kernel does in that case, as in the choice of the host.
          returned: always
          type: str
          sample: "highest score"
        next:
          description:
            - Processes that die in that case. The list is empty if the choice is not the highest score.
          returned: always
          type: list
          elements: dict
          contains:
            pid:
              description:
                - Process id.
              returned: always
              type: int
              sample: 2214
            comm:
              description:
                - Name of the process.
              returned: always
              type: str
              sample: postgres
            frees_bytes:
              description:
                - Bytes of RAM that killing it frees at most. V(null) if the kernel does not show anonymous memory.
              returned: always
              type: int
              sample: 20971520
    may_die_too:
      description:
        - Process ids of processes, in this cgroup or in another, that have exactly the memory of the victim and are its
          parent or child, or linked to it by such. The kernel kills all processes that share the memory of its victim.
          No file shows whether they do.
      returned: always
      type: list
      elements: int
      sample: []
    group_cgroup:
      description:
        - Path of the cgroup whose processes all die with the victim, because memory.oom.group is set there. V(null) if
          it is set nowhere.
      returned: always
      type: str
      sample: "/system.slice/tomcat.service"
    group_tasks:
      description: Number of processes of that cgroup that die. V(null) if no whole cgroup dies.
      returned: always
      type: int
      sample: 4
    group_frees_bytes:
      description:
        - Maximum bytes of RAM that the death of that cgroup frees. V(null) if no whole cgroup dies, or the kernel does
          not report anonymous memory.
      returned: always
      type: int
      sample: 4294967296
    group_sure:
      description:
        - Whether this group dies whichever process is chosen. V(null) if no cgroup dies as one.
      returned: always
      type: bool
      sample: true
    killable:
      description: Number of processes that may be killed.
      returned: always
      type: int
      sample: 112
    victims:
      description:
        - Processes that may be killed, in the order in which the kernel would kill them, at most O(top) entries.
      returned: always
      type: list
      elements: dict
      contains:
        rank:
          description:
            - Place in the order, from 1. Tied processes have the same rank if it is not known which one the kernel
              kills first.
          returned: always
          type: int
          sample: 1
        pid:
          description: Process id.
          returned: always
          type: int
          sample: 1234
        comm:
          description: Name of the process. Command lines are never reported.
          returned: always
          type: str
          sample: "java"
        unit:
          description: Systemd unit of the process. V(null) if the process belongs to no unit, or to a container or pod.
          returned: always
          type: str
          sample: "tomcat.service"
        cgroup:
          description: Path of the memory cgroup of the process. V(null) if it is not known.
          returned: always
          type: str
          sample: "/system.slice/tomcat.service"
        badness:
          description:
            - Badness points of the process in this domain (the host or a cgroup), in pages. The number may be negative.
          returned: always
          type: int
          sample: 812345
        tied_with:
          description: Number of other processes with the same points.
          returned: always
          type: int
          sample: 0
        oom_score:
          description:
            - The oom_score of the process for the whole host, computed from the same figures. This score corresponds to
              C(/proc/PID/oom_score). V(null) if the badness model is not known.
          returned: always
          type: int
          sample: 731
        oom_score_adj:
          description: The oom_score_adj of the process, from -1000 to 1000.
          returned: always
          type: int
          sample: 0
        rss_bytes:
          description: Bytes of the resident set of the process.
          returned: always
          type: int
          sample: 3321225472
        swap_bytes:
          description: Bytes of the process that are in swap.
          returned: always
          type: int
          sample: 0
        frees_bytes:
          description:
            - Maximum bytes of RAM that the death of this process frees, which are its anonymous memory and its page
              tables. Its shared memory and file pages stay. V(null) if the kernel does not report anonymous memory
              (before Linux 4.5, except RHEL 7).
          returned: always
          type: int
          sample: 3221225472
    unkillable:
      description: Processes that are never killed and hold memory, largest first, at most O(top) entries.
      returned: always
      type: list
      elements: dict
      contains:
        pid:
          description: Process id.
          returned: always
          type: int
          sample: 1234
        comm:
          description: Name of the process.
          returned: always
          type: str
          sample: "sshd"
        reason:
          description: Why the kernel never kills the process.
          returned: always
          type: str
          sample: "oom_score_adj -1000"
        oom_score_adj:
          description: The oom_score_adj of the process, from -1000 to 1000.
          returned: always
          type: int
          sample: -1000
        held_bytes:
          description: Bytes of the resident set, page tables and swap of the process.
          returned: always
          type: int
          sample: 8388608
    unkillable_bytes:
      description:
        - Bytes that all unkillable processes hold together. Shared memory counts once for each process that maps it.
      returned: always
      type: int
      sample: 25165824
    unkillable_percent:
      description: Bytes that all unkillable processes hold, in percent of total_bytes.
      returned: always
      type: float
      sample: 0.3
    unkillable_exhausts:
      description: Whether the unkillable processes alone fill the memory, so that no kill can help.
      returned: always
      type: bool
      sample: false
what_if:
  description:
    - The predicted effect of the changes in O(what_if), all applied together to the memory use of now. V(null) if
      O(what_if) is empty.
  returned: always
  type: dict
  contains:
    changes:
      description: The changes that were requested.
      returned: always
      type: list
      elements: dict
      contains:
        change:
          description: Kind of the change.
          returned: always
          type: str
          sample: "gone"
        summary:
          description: The change in one sentence.
          returned: always
          type: str
          sample: "nightly-job (pid 812) gone"
        pids:
          description: Ids of the processes that the change affects.
          returned: always
          type: list
          elements: int
          sample: [812]
        frees_bytes:
          description:
            - Maximum bytes of RAM that the change frees. V(null) if it frees nothing, or if the kernel does not report
              anonymous memory.
          returned: always
          type: int
          sample: 104857600
        can_take_bytes_before:
          description:
            - Bytes that can still be written to the tmpfs now. V(null) if the change does not resize a tmpfs, or if the
              tmpfs has no limit.
          returned: always
          type: int
          sample: 1073741824
        can_take_bytes_after:
          description:
            - Bytes that can be written to the tmpfs after the change. V(null) if the change does not resize a tmpfs.
          returned: always
          type: int
          sample: 536870912
    host:
      description: The prediction for the host, before and after the changes.
      returned: always
      type: dict
      contains:
        cgroup:
          description: Path of the cgroup. V(null) if this is the host.
          returned: always
          type: str
          sample: /system.slice/tomcat.service
        limit_bytes_before:
          description: Bytes of RAM, or for a cgroup the current limit in bytes. V(null) if the cgroup has no limit now.
          returned: always
          type: int
          sample: 536870912
        limit_bytes_after:
          description:
            - Bytes of RAM, or for a cgroup the limit in bytes after the changes. V(null) if the cgroup has no limit
              then.
          returned: always
          type: int
          sample: 268435456
        changed:
          description: Whether the changes alter what happens.
          returned: always
          type: bool
          sample: true
        choice_before:
          description:
            - What happens now if memory runs out here, as in RV(host.choice). V(null) if the cgroup has no limit now.
          returned: always
          type: str
          sample: "highest score"
        choice_after:
          description: What happens after the changes. V(null) if the cgroup has no limit then.
          returned: always
          type: str
          sample: "highest score"
        sure_before:
          description:
            - Whether the prediction for now is certain, as in RV(host.sure). V(null) if the cgroup has no limit now.
          returned: always
          type: bool
          sample: true
        sure_after:
          description: Whether the prediction after the changes is certain. V(null) if the cgroup has no limit then.
          returned: always
          type: bool
          sample: true
        next_before:
          description: The process that dies next without the changes.
          returned: always
          type: list
          elements: dict
          contains:
            pid:
              description: Process id.
              returned: always
              type: int
              sample: 1234
            comm:
              description: Name of the process. Command lines are never reported.
              returned: always
              type: str
              sample: "java"
            frees_bytes:
              description:
                - Maximum bytes of RAM that the death of this process frees, which are its anonymous memory and its page
                  tables. Its shared memory and file pages stay. V(null) if the kernel does not report anonymous memory
                  (before Linux 4.5, except RHEL 7).
              returned: always
              type: int
              sample: 3221225472
        next_after:
          description: The process that dies next after the changes.
          returned: always
          type: list
          elements: dict
          contains:
            pid:
              description: Process id.
              returned: always
              type: int
              sample: 1234
            comm:
              description: Name of the process. Command lines are never reported.
              returned: always
              type: str
              sample: "java"
            frees_bytes:
              description:
                - Maximum bytes of RAM that the death of this process frees, which are its anonymous memory and its page
                  tables. Its shared memory and file pages stay. V(null) if the kernel does not report anonymous memory
                  (before Linux 4.5, except RHEL 7).
              returned: always
              type: int
              sample: 3221225472
        order:
          description: Processes that may be killed, in the order after the changes, at most O(top) entries.
          returned: always
          type: list
          elements: dict
          contains:
            pid:
              description: Process id.
              returned: always
              type: int
              sample: 1234
            comm:
              description: Name of the process.
              returned: always
              type: str
              sample: "java"
            rank_before:
              description:
                - Place in the order now. V(null) if the process may not be killed now, or the cgroup has no limit now.
              returned: always
              type: int
              sample: 1
            rank_after:
              description:
                - Place in the order after the changes. V(null) if the process may not be killed then, or the cgroup has
                  no limit then.
              returned: always
              type: int
              sample: 4
            badness_before:
              description: Badness points of the process now, in pages. V(null) if it has no place now.
              returned: always
              type: int
              sample: 812345
            badness_after:
              description: Badness points of the process after the changes, in pages. V(null) if it has no place then.
              returned: always
              type: int
              sample: -20000
    by_cgroup:
      description: The predictions for each memory cgroup that the changes affect, before and after the changes.
      returned: always
      type: list
      elements: dict
      contains:
        cgroup:
          description: Path of the cgroup. V(null) if this is the host.
          returned: always
          type: str
          sample: /system.slice/tomcat.service
        limit_bytes_before:
          description: Bytes of RAM, or for a cgroup the current limit in bytes. V(null) if the cgroup has no limit now.
          returned: always
          type: int
          sample: 536870912
        limit_bytes_after:
          description:
            - Bytes of RAM, or for a cgroup the limit in bytes after the changes. V(null) if the cgroup has no limit
              then.
          returned: always
          type: int
          sample: 268435456
        changed:
          description: Whether the changes alter what happens.
          returned: always
          type: bool
          sample: true
        choice_before:
          description:
            - What happens now if memory runs out here, as in RV(host.choice). V(null) if the cgroup has no limit now.
          returned: always
          type: str
          sample: "highest score"
        choice_after:
          description: What happens after the changes. V(null) if the cgroup has no limit then.
          returned: always
          type: str
          sample: "highest score"
        sure_before:
          description:
            - Whether the prediction for now is certain, as in RV(host.sure). V(null) if the cgroup has no limit now.
          returned: always
          type: bool
          sample: true
        sure_after:
          description: Whether the prediction after the changes is certain. V(null) if the cgroup has no limit then.
          returned: always
          type: bool
          sample: true
        next_before:
          description: The process that dies next without the changes.
          returned: always
          type: list
          elements: dict
          contains:
            pid:
              description: Process id.
              returned: always
              type: int
              sample: 1234
            comm:
              description: Name of the process. Command lines are never reported.
              returned: always
              type: str
              sample: "java"
            frees_bytes:
              description:
                - Maximum bytes of RAM that the death of this process frees, which are its anonymous memory and its page
                  tables. Its shared memory and file pages stay. V(null) if the kernel does not report anonymous memory
                  (before Linux 4.5, except RHEL 7).
              returned: always
              type: int
              sample: 3221225472
        next_after:
          description: The process that dies next after the changes.
          returned: always
          type: list
          elements: dict
          contains:
            pid:
              description: Process id.
              returned: always
              type: int
              sample: 1234
            comm:
              description: Name of the process. Command lines are never reported.
              returned: always
              type: str
              sample: "java"
            frees_bytes:
              description:
                - Maximum bytes of RAM that the death of this process frees, which are its anonymous memory and its page
                  tables. Its shared memory and file pages stay. V(null) if the kernel does not report anonymous memory
                  (before Linux 4.5, except RHEL 7).
              returned: always
              type: int
              sample: 3221225472
        order:
          description: Processes that may be killed, in the order after the changes, at most O(top) entries.
          returned: always
          type: list
          elements: dict
          contains:
            pid:
              description: Process id.
              returned: always
              type: int
              sample: 1234
            comm:
              description: Name of the process.
              returned: always
              type: str
              sample: "java"
            rank_before:
              description:
                - Place in the order now. V(null) if the process may not be killed now, or the cgroup has no limit now.
              returned: always
              type: int
              sample: 1
            rank_after:
              description:
                - Place in the order after the changes. V(null) if the process may not be killed then, or the cgroup has
                  no limit then.
              returned: always
              type: int
              sample: 4
            badness_before:
              description: Badness points of the process now, in pages. V(null) if it has no place now.
              returned: always
              type: int
              sample: 812345
            badness_after:
              description: Badness points of the process after the changes, in pages. V(null) if it has no place then.
              returned: always
              type: int
              sample: -20000
findings:
  description: Problems in how this host is prepared for running out of memory, most severe first.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Id of the finding. C(docs/findings.md) of the collection has a section of that name.
      returned: always
      type: str
      sample: "lifeline-unprotected"
    severity:
      description: Severity, which is V(info), V(warning) or V(critical).
      returned: always
      type: str
      sample: "warning"
    summary:
      description: One sentence with the figures.
      returned: always
      type: str
      sample: "sshd, the way in, is not protected from the OOM killer"
    evidence:
      description: The figures on which the finding is based. Each finding has its own fields.
      returned: always
      type: dict
      sample: {"pid": 812}
    remedy:
      description: What to do next, in plain sentences.
      returned: always
      type: str
      sample: "Give the service its usual oom_score_adj."
    remedy_commands:
      description:
        - Commands for the remedy, in the same order, for a root shell. Names from the host are quoted for the shell.
          Replace a word in capitals, such as SIZE or PID.
      returned: always
      type: list
      elements: str
      sample: ["echo -900 > /proc/812/oom_score_adj"]
    remedy_effect:
      description:
        - The worst effect of these commands. V(none) means that they only read. V(reversible) means that their changes
          can be undone. V(restart) means that they restart a service. V(data-loss) means that they delete data.
      returned: always
      type: str
      sample: "reversible"
    ref:
      description: Where the collection describes the finding.
      returned: always
      type: str
      sample: "docs/findings.md#lifeline-unprotected"
truncated:
  description: Names of the lists that O(top) has shortened.
  returned: always
  type: list
  elements: str
  sample: ["host.victims"]
incomplete:
  description: Values that could not be read.
  returned: always
  type: list
  elements: dict
  contains:
    source:
      description: Name of the file or of the value.
      returned: always
      type: str
      sample: "/proc/PID/status"
    reason:
      description: The evidence for the tie rule.
      returned: always
      type: str
      sample: "3 of 212 processes could not be read"
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.memfacts.linux.plugins.module_utils import from_zip

from_zip.compile_once()  # before the other files of the collection are imported

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import next_victim
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import changes
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import host


def main():
    module = AnsibleModule(
        argument_spec={
            "cgroup": {"type": "str"},
            "top": {"type": "int", "default": 10},
            "what_if": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "change": {"type": "str", "required": True, "choices": list(changes.CHANGES)},
                    "pid": {"type": "int"},
                    "name": {"type": "str"},
                    "unit": {"type": "str"},
                    "cgroup": {"type": "str"},
                    "value": {"type": "int"},
                    "mount": {"type": "path"},
                    "size": {"type": "str"},
                },
            },
            "root": {"type": "path", "default": "/"},
        },
        supports_check_mode=True,
    )
    asked = module.params
    try:
        tree = host.at(asked["root"])
        answer = next_victim.collect(tree, next_victim.checked(asked["cgroup"], asked["top"], asked["what_if"]))
    except (OSError, MemfactsError) as error:
        module.fail_json(msg=f"Cannot predict the next kill: {error}")
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
