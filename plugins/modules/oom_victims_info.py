#!/usr/bin/python
# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: oom_victims_info
short_description: Say whom the OOM killer takes next, and what if
version_added: 0.1.0
description:
  - Ranks processes as the kernel's OOM killer does, for the host and for each memory cgroup that has a limit, and says
    who dies next, how sure that is and what it really frees.
  - Knows both ways in which kernels compute points and asks the running kernel which one it has. Older kernels give
    every process whose points fall below zero the same score, so that of a pod the tiny first process dies and the hog
    lives.
  - Answers O(what_if), which is what another oom_score_adj, a process gone, a tmpfs emptied or resized or another limit
    would change.
  - Reads files below C(/proc) and C(/sys) and changes nothing. Needs nothing on the managed host but Python 3.6 or
    later.
  - Runs as root and as an ordinary user. What may not be read is named in RV(incomplete).
author:
  - the memfacts authors (@memfacts)
options:
  cgroup:
    description:
      - Path of a memory cgroup, such as V(/system.slice/tomcat.service). Of the cgroups only those are ranked in which
        its processes can die, which are itself and those above it that have a limit.
    type: str
  top:
    description:
      - How many entries each list may have at most.
    type: int
    default: 10
  what_if:
    description:
      - Changes to think of. All are made at once, on paper, and the new order is told beside the old.
    type: list
    elements: dict
    default: []
    suboptions:
      change:
        description:
          - What changes.
          - V(oom_score_adj) gives the processes chosen by one of O(what_if[].pid), O(what_if[].name),
            O(what_if[].unit) and O(what_if[].cgroup) the O(what_if[].value).
          - V(gone) takes the processes chosen in the same way away.
          - V(tmpfs_emptied) empties the tmpfs at O(what_if[].mount). Files in a tmpfs are no process's own memory, so
            that this changes how full the host is and not who dies.
          - V(tmpfs_resized) gives it O(what_if[].size), and tells how much more it could take.
          - V(limit) gives the memory cgroup O(what_if[].cgroup) the limit O(what_if[].size), where V(max) is none.
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
        description: Path of a memory cgroup, which chooses all processes in it and below it, or whose limit changes.
        type: str
      value:
        description: The oom_score_adj, from -1000 to 1000.
        type: int
      mount:
        description: Where a tmpfs is mounted.
        type: path
      size:
        description: A size such as V(512M) or V(2G), in powers of 1024. For a limit also V(max).
        type: str
  root:
    description:
      - Where the host's files are. A folder with another host's C(proc/) and C(sys/), such as an unpacked sosreport,
        is analysed like a live one.
    type: path
    default: /
notes:
  - A prediction holds for the memory that processes have now. Whoever is growing may be in front when memory runs out.
  - Processes that only part of a host may use (cpusets, memory policies) are ranked for the whole host.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: Nothing is ever changed, so check mode is the same run.
  diff_mode:
    support: none
  platform:
    platforms: linux
seealso:
  - module: memfacts.linux.memfacts
"""

EXAMPLES = r"""
- name: Ask who dies next
  memfacts.linux.oom_victims_info:
  register: oom

- name: Show the short report
  ansible.builtin.debug:
    var: oom.report

- name: Only what can happen to one service
  memfacts.linux.oom_victims_info:
    cgroup: /system.slice/tomcat.service

- name: Would protecting the database put the way in at risk
  memfacts.linux.oom_victims_info:
    what_if:
      - change: oom_score_adj
        unit: postgresql
        value: -900
  register: oom

- name: Stop if sshd became the next
  ansible.builtin.assert:
    that: "'sshd' not in oom.what_if.host.next_after | map(attribute='comm')"

- name: What a lower limit, an empty /dev/shm and a stopped job would change together
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
  description: The one line to read first.
  returned: always
  type: str
  sample: "If the host runs out of memory the kernel kills java (pid 1234), which frees up to 3.0 GiB; 0 findings."
report:
  description: The answer as a short page of plain text, one entry a line.
  returned: always
  type: list
  elements: str
  sample: ["If the host runs out of memory the kernel kills java (pid 1234), which frees up to 3.0 GiB."]
kernel_release:
  description: Release of the kernel. V(null) where the captured tree does not tell it.
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
        - Bytes of RAM in use that the kernel cannot simply give back. V(null) where C(/proc/meminfo) has no
          MemAvailable.
      returned: always
      type: int
      sample: 5264892416
    total_bytes:
      description: Bytes of RAM and swap that may be used, which scale oom_score_adj.
      returned: always
      type: int
      sample: 8264892416
    choice:
      description:
        - What happens when memory runs out here. V(highest score) kills by points, V(allocating task) whoever asks for
          memory, V(panic) stops the host, V(wait) lets the tasks sleep until there is room, V(nobody) finds nobody who
          may be killed.
      returned: always
      type: str
      sample: "highest score"
    sure:
      description: Whether the outcome is beyond the drift of the kernel's counters and no tie is left open.
      returned: always
      type: bool
      sample: true
    next:
      description: Who dies next; several are those of a tie that cannot be decided, of whom one dies, at most O(top).
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
          description: Its name. Command lines are never reported.
          returned: always
          type: str
          sample: "java"
        frees_bytes:
          description:
            - Bytes of RAM that its death gives back at most, which are its anonymous memory and its page tables. Shared
              memory and file pages survive it. V(null) where the kernel does not tell anonymous memory, which is so
              before 4.5 outside RHEL 7.
          returned: always
          type: int
          sample: 3221225472
    next_count:
      description: How many those are in all (a count).
      returned: always
      type: int
      sample: 1
    signed_next:
      description: Whom a kernel with the V(signed) badness model would kill. Empty where this kernel has it.
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
          description: Its name. Command lines are never reported.
          returned: always
          type: str
          sample: "java"
        frees_bytes:
          description:
            - Bytes of RAM that its death gives back at most, which are its anonymous memory and its page tables. Shared
              memory and file pages survive it. V(null) where the kernel does not tell anonymous memory, which is so
              before 4.5 outside RHEL 7.
          returned: always
          type: int
          sample: 3221225472
    chosen_pid:
      description:
        - Up to kernel 5.0 a child dies for the process that is chosen; this is the chosen one. V(null) where no child
          dies for another.
      returned: always
      type: int
      sample: 1200
    rivals:
      description:
        - Process ids of others whose points come so close that the drift of the counters could put them in front.
      returned: always
      type: list
      elements: int
      sample: []
    margin_bytes:
      description:
        - Points between the chosen and the next, as bytes. V(null) where no points decide, or there is no other.
      returned: always
      type: int
      sample: 1073741824
    drift_bytes:
      description:
        - By how many bytes that margin may be off, since the kernel reads its counters less exactly than C(/proc) does.
          V(null) where no points decide, or there is no other.
      returned: always
      type: int
      sample: 1572864
    group_cgroup:
      description: Cgroup that dies with the victim, since its memory.oom.group is set. V(null) where none is set.
      returned: always
      type: str
      sample: "/system.slice/tomcat.service"
    group_tasks:
      description: Processes in it that die (a count). V(null) where no cgroup dies as one.
      returned: always
      type: int
      sample: 4
    group_frees_bytes:
      description:
        - Bytes of RAM that their death gives back at most. V(null) where no cgroup dies as one, or the kernel does not
          tell anonymous memory.
      returned: always
      type: int
      sample: 4294967296
    killable:
      description: Processes that may be killed (a count).
      returned: always
      type: int
      sample: 112
    victims:
      description: Those that may be killed, in the kernel's order, at most O(top).
      returned: always
      type: list
      elements: dict
      contains:
        rank:
          description:
            - Its place, from 1. Tied processes share theirs where it cannot be told whom the kernel takes first.
          returned: always
          type: int
          sample: 1
        pid:
          description: Process id.
          returned: always
          type: int
          sample: 1234
        comm:
          description: Its name. Command lines are never reported.
          returned: always
          type: str
          sample: "java"
        unit:
          description: Systemd unit it belongs to. V(null) where it belongs to none, or to a container or pod.
          returned: always
          type: str
          sample: "tomcat.service"
        cgroup:
          description: Path of its memory cgroup. V(null) where it is not known.
          returned: always
          type: str
          sample: "/system.slice/tomcat.service"
        badness:
          description: The kernel's points for it in this domain, in pages (a number that may be negative).
          returned: always
          type: int
          sample: 812345
        tied_with:
          description: How many others have the same points (a count).
          returned: always
          type: int
          sample: 0
        oom_score:
          description:
            - What its C(/proc/PID/oom_score) follows from the same figures, which is of the host and not of this
              domain. V(null) where the badness model is not known.
          returned: always
          type: int
          sample: 731
        oom_score_adj:
          description: Its adjustment, from -1000 to 1000.
          returned: always
          type: int
          sample: 0
        rss_bytes:
          description: Bytes of its resident set.
          returned: always
          type: int
          sample: 3321225472
        swap_bytes:
          description: Bytes of it in swap.
          returned: always
          type: int
          sample: 0
        frees_bytes:
          description:
            - Bytes of RAM that its death gives back at most, which are its anonymous memory and its page tables. Shared
              memory and file pages survive it. V(null) where the kernel does not tell anonymous memory, which is so
              before 4.5 outside RHEL 7.
          returned: always
          type: int
          sample: 3221225472
    unkillable:
      description: Those that are never killed and hold memory, the biggest first, at most O(top).
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
          description: Its name.
          returned: always
          type: str
          sample: "sshd"
        reason:
          description: Why the kernel never chooses it.
          returned: always
          type: str
          sample: "oom_score_adj -1000"
        oom_score_adj:
          description: Its adjustment, from -1000 to 1000.
          returned: always
          type: int
          sample: -1000
        held_bytes:
          description: Bytes of its resident set, page tables and swap.
          returned: always
          type: int
          sample: 8388608
    unkillable_bytes:
      description: Bytes that all those hold together, shared memory counted for each.
      returned: always
      type: int
      sample: 25165824
    unkillable_percent:
      description: The same in percent of total_bytes.
      returned: always
      type: float
      sample: 0.3
    unkillable_exhausts:
      description: Whether they alone fill the domain, so that no kill can help.
      returned: always
      type: bool
      sample: false
badness_model:
  description:
    - How this kernel computes points. V(signed) lets them fall below 0; V(floored) (before 5.9 in the main) gives all
      that do 1 point, so that of a cgroup whose processes have a very negative oom_score_adj the smallest may die.
  returned: always
  type: str
  sample: "signed"
badness_evidence:
  description: What the kernel itself showed that tells the model, or why nothing does.
  returned: always
  type: str
  sample: >-
    this process (oom_score_adj 0, 0/1000 of RAM and swap) shows oom_score 666, where a signed kernel shows 666 and a
    floored one 0
tie_rule:
  description:
    - Which of several with the same points dies, the V(first) or the V(last) that the kernel scans, or V(unknown).
  returned: always
  type: str
  sample: "last"
tie_rule_evidence:
  description: Why.
  returned: always
  type: str
  sample: "kernels from 5.3 on take the last that was scanned, and this one is 6.1.0-37-amd64"
by_cgroup:
  description:
    - The same for each memory cgroup that has a limit and processes in it, those closest to their limit first, at most
      O(top).
  returned: always
  type: list
  elements: dict
  contains:
    cgroup:
      description: Its path.
      returned: always
      type: str
      sample: "/system.slice/tomcat.service"
    limit_bytes:
      description: Bytes of the cgroup's own limit.
      returned: always
      type: int
      sample: 536870912
    used_bytes:
      description: Bytes that are charged to the cgroup. V(null) where it cannot be read.
      returned: always
      type: int
      sample: 402653184
    total_bytes:
      description: Bytes of RAM and swap that may be used, which scale oom_score_adj.
      returned: always
      type: int
      sample: 536870912
    choice:
      description:
        - What happens when memory runs out here. V(highest score) kills by points, V(allocating task) whoever asks for
          memory, V(panic) stops the host, V(wait) lets the tasks sleep until there is room, V(nobody) finds nobody who
          may be killed.
      returned: always
      type: str
      sample: "highest score"
    sure:
      description: Whether the outcome is beyond the drift of the kernel's counters and no tie is left open.
      returned: always
      type: bool
      sample: true
    next:
      description: Who dies next; several are those of a tie that cannot be decided, of whom one dies, at most O(top).
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
          description: Its name. Command lines are never reported.
          returned: always
          type: str
          sample: "java"
        frees_bytes:
          description:
            - Bytes of RAM that its death gives back at most, which are its anonymous memory and its page tables. Shared
              memory and file pages survive it. V(null) where the kernel does not tell anonymous memory, which is so
              before 4.5 outside RHEL 7.
          returned: always
          type: int
          sample: 3221225472
    next_count:
      description: How many those are in all (a count).
      returned: always
      type: int
      sample: 1
    signed_next:
      description: Whom a kernel with the V(signed) badness model would kill. Empty where this kernel has it.
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
          description: Its name. Command lines are never reported.
          returned: always
          type: str
          sample: "java"
        frees_bytes:
          description:
            - Bytes of RAM that its death gives back at most, which are its anonymous memory and its page tables. Shared
              memory and file pages survive it. V(null) where the kernel does not tell anonymous memory, which is so
              before 4.5 outside RHEL 7.
          returned: always
          type: int
          sample: 3221225472
    chosen_pid:
      description:
        - Up to kernel 5.0 a child dies for the process that is chosen; this is the chosen one. V(null) where no child
          dies for another.
      returned: always
      type: int
      sample: 1200
    rivals:
      description:
        - Process ids of others whose points come so close that the drift of the counters could put them in front.
      returned: always
      type: list
      elements: int
      sample: []
    margin_bytes:
      description:
        - Points between the chosen and the next, as bytes. V(null) where no points decide, or there is no other.
      returned: always
      type: int
      sample: 1073741824
    drift_bytes:
      description:
        - By how many bytes that margin may be off, since the kernel reads its counters less exactly than C(/proc) does.
          V(null) where no points decide, or there is no other.
      returned: always
      type: int
      sample: 1572864
    group_cgroup:
      description: Cgroup that dies with the victim, since its memory.oom.group is set. V(null) where none is set.
      returned: always
      type: str
      sample: "/system.slice/tomcat.service"
    group_tasks:
      description: Processes in it that die (a count). V(null) where no cgroup dies as one.
      returned: always
      type: int
      sample: 4
    group_frees_bytes:
      description:
        - Bytes of RAM that their death gives back at most. V(null) where no cgroup dies as one, or the kernel does not
          tell anonymous memory.
      returned: always
      type: int
      sample: 4294967296
    killable:
      description: Processes that may be killed (a count).
      returned: always
      type: int
      sample: 112
    victims:
      description: Those that may be killed, in the kernel's order, at most O(top).
      returned: always
      type: list
      elements: dict
      contains:
        rank:
          description:
            - Its place, from 1. Tied processes share theirs where it cannot be told whom the kernel takes first.
          returned: always
          type: int
          sample: 1
        pid:
          description: Process id.
          returned: always
          type: int
          sample: 1234
        comm:
          description: Its name. Command lines are never reported.
          returned: always
          type: str
          sample: "java"
        unit:
          description: Systemd unit it belongs to. V(null) where it belongs to none, or to a container or pod.
          returned: always
          type: str
          sample: "tomcat.service"
        cgroup:
          description: Path of its memory cgroup. V(null) where it is not known.
          returned: always
          type: str
          sample: "/system.slice/tomcat.service"
        badness:
          description: The kernel's points for it in this domain, in pages (a number that may be negative).
          returned: always
          type: int
          sample: 812345
        tied_with:
          description: How many others have the same points (a count).
          returned: always
          type: int
          sample: 0
        oom_score:
          description:
            - What its C(/proc/PID/oom_score) follows from the same figures, which is of the host and not of this
              domain. V(null) where the badness model is not known.
          returned: always
          type: int
          sample: 731
        oom_score_adj:
          description: Its adjustment, from -1000 to 1000.
          returned: always
          type: int
          sample: 0
        rss_bytes:
          description: Bytes of its resident set.
          returned: always
          type: int
          sample: 3321225472
        swap_bytes:
          description: Bytes of it in swap.
          returned: always
          type: int
          sample: 0
        frees_bytes:
          description:
            - Bytes of RAM that its death gives back at most, which are its anonymous memory and its page tables. Shared
              memory and file pages survive it. V(null) where the kernel does not tell anonymous memory, which is so
              before 4.5 outside RHEL 7.
          returned: always
          type: int
          sample: 3221225472
    unkillable:
      description: Those that are never killed and hold memory, the biggest first, at most O(top).
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
          description: Its name.
          returned: always
          type: str
          sample: "sshd"
        reason:
          description: Why the kernel never chooses it.
          returned: always
          type: str
          sample: "oom_score_adj -1000"
        oom_score_adj:
          description: Its adjustment, from -1000 to 1000.
          returned: always
          type: int
          sample: -1000
        held_bytes:
          description: Bytes of its resident set, page tables and swap.
          returned: always
          type: int
          sample: 8388608
    unkillable_bytes:
      description: Bytes that all those hold together, shared memory counted for each.
      returned: always
      type: int
      sample: 25165824
    unkillable_percent:
      description: The same in percent of total_bytes.
      returned: always
      type: float
      sample: 0.3
    unkillable_exhausts:
      description: Whether they alone fill the domain, so that no kill can help.
      returned: always
      type: bool
      sample: false
what_if:
  description:
    - What the changes of O(what_if) would do. Memory is as it is now, and all changes are made at once. V(null) where
      none were asked for.
  returned: always
  type: dict
  contains:
    changes:
      description: What was asked.
      returned: always
      type: list
      elements: dict
      contains:
        change:
          description: Which change.
          returned: always
          type: str
          sample: "gone"
        summary:
          description: What it is, in words.
          returned: always
          type: str
          sample: "nightly-job (pid 812) gone"
        pids:
          description: Ids of the processes that it is about.
          returned: always
          type: list
          elements: int
          sample: [812]
        frees_bytes:
          description:
            - Bytes of RAM that it gives back at most. V(null) where it gives nothing back, or the kernel does not tell
              anonymous memory.
          returned: always
          type: int
          sample: 104857600
        can_take_bytes_before:
          description:
            - Bytes that the tmpfs can still take now. V(null) where it is no tmpfs that is resized, or it has no limit.
          returned: always
          type: int
          sample: 1073741824
        can_take_bytes_after:
          description: Bytes that the tmpfs can take after the change. V(null) where it is no tmpfs that is resized.
          returned: always
          type: int
          sample: 536870912
    host:
      description:
        - The host, before and after.
      returned: always
      type: dict
      contains:
        cgroup:
          description: Path of the cgroup. V(null) where this is the host.
          returned: always
          type: str
          sample: /system.slice/tomcat.service
        limit_bytes_before:
          description: Bytes of RAM, or of the cgroup's limit now. V(null) where the cgroup has no limit now.
          returned: always
          type: int
          sample: 536870912
        limit_bytes_after:
          description:
            - Bytes of RAM, or of the cgroup's limit after the changes. V(null) where the cgroup has no limit then.
          returned: always
          type: int
          sample: 268435456
        changed:
          description: Whether something else happens.
          returned: always
          type: bool
          sample: true
        choice_before:
          description:
            - What happens now when memory runs out here, as in RV(host.choice). V(null) where the cgroup has no limit
              now.
          returned: always
          type: str
          sample: "highest score"
        choice_after:
          description: What happens after the changes. V(null) where the cgroup has no limit then.
          returned: always
          type: str
          sample: "highest score"
        sure_before:
          description: Whether that is sure, as in RV(host.sure). V(null) where the cgroup has no limit now.
          returned: always
          type: bool
          sample: true
        sure_after:
          description: Whether that is sure after the changes. V(null) where the cgroup has no limit then.
          returned: always
          type: bool
          sample: true
        next_before:
          description: Who dies next now.
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
              description: Its name. Command lines are never reported.
              returned: always
              type: str
              sample: "java"
            frees_bytes:
              description:
                - Bytes of RAM that its death gives back at most, which are its anonymous memory and its page tables.
                  Shared memory and file pages survive it. V(null) where the kernel does not tell anonymous memory,
                  which is so before 4.5 outside RHEL 7.
              returned: always
              type: int
              sample: 3221225472
        next_after:
          description: Who dies next after the changes.
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
              description: Its name. Command lines are never reported.
              returned: always
              type: str
              sample: "java"
            frees_bytes:
              description:
                - Bytes of RAM that its death gives back at most, which are its anonymous memory and its page tables.
                  Shared memory and file pages survive it. V(null) where the kernel does not tell anonymous memory,
                  which is so before 4.5 outside RHEL 7.
              returned: always
              type: int
              sample: 3221225472
        order:
          description: Those that may be killed, in the new order, at most O(top).
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
              description: Its name.
              returned: always
              type: str
              sample: "java"
            rank_before:
              description: Its place now. V(null) where it may not be killed now, or the cgroup has no limit now.
              returned: always
              type: int
              sample: 1
            rank_after:
              description:
                - Its place after the changes. V(null) where it may not be killed then, or the cgroup has no limit then.
              returned: always
              type: int
              sample: 4
            badness_before:
              description: Its points now, in pages. V(null) where it has no place now.
              returned: always
              type: int
              sample: 812345
            badness_after:
              description: Its points after the changes, in pages. V(null) where it has no place then.
              returned: always
              type: int
              sample: -20000
    by_cgroup:
      description: Each memory cgroup that the changes are about, before and after.
      returned: always
      type: list
      elements: dict
      contains:
        cgroup:
          description: Path of the cgroup. V(null) where this is the host.
          returned: always
          type: str
          sample: /system.slice/tomcat.service
        limit_bytes_before:
          description: Bytes of RAM, or of the cgroup's limit now. V(null) where the cgroup has no limit now.
          returned: always
          type: int
          sample: 536870912
        limit_bytes_after:
          description:
            - Bytes of RAM, or of the cgroup's limit after the changes. V(null) where the cgroup has no limit then.
          returned: always
          type: int
          sample: 268435456
        changed:
          description: Whether something else happens.
          returned: always
          type: bool
          sample: true
        choice_before:
          description:
            - What happens now when memory runs out here, as in RV(host.choice). V(null) where the cgroup has no limit
              now.
          returned: always
          type: str
          sample: "highest score"
        choice_after:
          description: What happens after the changes. V(null) where the cgroup has no limit then.
          returned: always
          type: str
          sample: "highest score"
        sure_before:
          description: Whether that is sure, as in RV(host.sure). V(null) where the cgroup has no limit now.
          returned: always
          type: bool
          sample: true
        sure_after:
          description: Whether that is sure after the changes. V(null) where the cgroup has no limit then.
          returned: always
          type: bool
          sample: true
        next_before:
          description: Who dies next now.
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
              description: Its name. Command lines are never reported.
              returned: always
              type: str
              sample: "java"
            frees_bytes:
              description:
                - Bytes of RAM that its death gives back at most, which are its anonymous memory and its page tables.
                  Shared memory and file pages survive it. V(null) where the kernel does not tell anonymous memory,
                  which is so before 4.5 outside RHEL 7.
              returned: always
              type: int
              sample: 3221225472
        next_after:
          description: Who dies next after the changes.
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
              description: Its name. Command lines are never reported.
              returned: always
              type: str
              sample: "java"
            frees_bytes:
              description:
                - Bytes of RAM that its death gives back at most, which are its anonymous memory and its page tables.
                  Shared memory and file pages survive it. V(null) where the kernel does not tell anonymous memory,
                  which is so before 4.5 outside RHEL 7.
              returned: always
              type: int
              sample: 3221225472
        order:
          description: Those that may be killed, in the new order, at most O(top).
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
              description: Its name.
              returned: always
              type: str
              sample: "java"
            rank_before:
              description: Its place now. V(null) where it may not be killed now, or the cgroup has no limit now.
              returned: always
              type: int
              sample: 1
            rank_after:
              description:
                - Its place after the changes. V(null) where it may not be killed then, or the cgroup has no limit then.
              returned: always
              type: int
              sample: 4
            badness_before:
              description: Its points now, in pages. V(null) where it has no place now.
              returned: always
              type: int
              sample: 812345
            badness_after:
              description: Its points after the changes, in pages. V(null) where it has no place then.
              returned: always
              type: int
              sample: -20000
findings:
  description: What is wrong with how this host is set for running out of memory, the worst first.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Which finding it is. C(docs/findings.md) of the collection has a section of that name.
      returned: always
      type: str
      sample: "lifeline-unprotected"
    severity:
      description: How bad it is, which is V(info), V(warning) or V(critical).
      returned: always
      type: str
      sample: "warning"
    summary:
      description: One sentence with the figures.
      returned: always
      type: str
      sample: "sshd, the way in, is not protected from the OOM killer"
    evidence:
      description: What it was concluded from. Each finding has its own fields.
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
        - Commands for that, in the order of the remedy, as one types them in a root shell. Names from the host
          are quoted for the shell. A word in capitals, such as SIZE or PID, is to be replaced.
      returned: always
      type: list
      elements: str
      sample: ["echo -900 > /proc/812/oom_score_adj"]
    remedy_effect:
      description:
        - The worst that these commands do. They only look (V(none)), change what can be changed back
          (V(reversible)), restart a service (V(restart)) or delete what cannot be brought back
          (V(data-loss)).
      returned: always
      type: str
      sample: "reversible"
    ref:
      description: Where more is said about it, in the collection.
      returned: always
      type: str
      sample: "docs/findings.md#lifeline-unprotected"
truncated:
  description: Lists that have more entries than O(top) lets through, by their place.
  returned: always
  type: list
  elements: str
  sample: ["host.victims"]
incomplete:
  description: What could not be told.
  returned: always
  type: list
  elements: dict
  contains:
    source:
      description: File or figure.
      returned: always
      type: str
      sample: "/proc/PID/status"
    reason:
      description: Why.
      returned: always
      type: str
      sample: "3 of 212 processes could not be read"
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.memfacts.linux.plugins.module_utils import from_zip

from_zip.compile_once()  # before the other files of the collection are imported

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import next_victim
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather import what_if
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
                    "change": {"type": "str", "required": True, "choices": list(what_if.CHANGES)},
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
        module.fail_json(msg=f"Cannot tell who dies next: {error}")
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
