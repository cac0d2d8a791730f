#!/usr/bin/python
# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: oom_events_info
short_description: Explain what the OOM killer did
version_added: 0.1.0
description:
  - Reads a kernel log and makes an event from each report of the OOM killer. The event says which process was killed
    and why, whether it was the right process, how much memory that freed, and what to do. It also says which process
    Linux 5.9 or later would have killed.
  - Reads the log formats of Linux 3.10 and later. C(docs/events.md) of the collection describes how causes and
    verdicts are found.
  - Changes nothing. The managed host needs only Python 3.6 or later, and C(journalctl) for O(source=journal).
author:
  - the memfacts authors (@memfacts)
options:
  source:
    description:
      - Where to read the log.
      - V(kmsg) is the buffer of the running kernel. It holds only the newest messages. Reading it needs root or
        C(CAP_SYSLOG).
      - V(journal) is the systemd journal, with all boots that it keeps.
      - V(file) is a file on the managed host, such as C(/var/log/kern.log) or the output of C(dmesg).
      - V(text) is the text in the option O(text).
    type: str
    choices: [kmsg, journal, file, text]
    default: kmsg
  path:
    description:
      - The file with the log. Required with O(source=file).
      - It may be packed with gzip, xz or bzip2. Of an archive such as a sosreport or a supportconfig all kernel logs
        are read, and an OOM that several of them show is one event.
    type: path
  text:
    description:
      - The text of the log. Required with O(source=text).
    type: str
  since:
    description:
      - Ignore older events. Give an age such as V(30m), V(2h) or V(7d), a date such as V(2026-11-27), or a time such as
        V(2026-11-27T06:53:58Z). A time without a zone is UTC.
      - Events whose time is not in the log are kept, and RV(incomplete) says so.
    type: str
  limit:
    description:
      - The maximum number of events. The newest are kept.
    type: int
    default: 50
  top:
    description:
      - The maximum number of entries in each list of an event.
    type: int
    default: 20
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
"""

EXAMPLES = r"""
- name: Explain the OOM kills in the buffer of the running kernel
  memfacts.linux.oom_events_info:
  become: true
  register: oom

- name: Show the report
  ansible.builtin.debug:
    var: oom.report

- name: Explain the OOM kills of the last week
  memfacts.linux.oom_events_info:
    source: journal
    since: 7d
  become: true
  register: week

- name: Find hosts on which a floored kernel killed the wrong process
  ansible.builtin.debug:
    msg: "{{ item.explanation }}"
  loop: "{{ week.events | selectattr('verdict.model', 'eq', 'floored') | rejectattr('verdict.agrees') }}"
  loop_control:
    label: "{{ item.id }}"

- name: Explain a saved log on the control node
  memfacts.linux.oom_events_info:
    source: file
    path: /tmp/dmesg.txt
  delegate_to: localhost
"""

RETURN = r"""
events:
  description: The events, oldest first, each in the shape of C(schemas/event.schema.json) of the collection.
  returned: success
  type: list
  elements: dict
  contains:
    schema_version:
      description: Version of this shape. It changes when a field is renamed or removed.
      returned: always
      type: int
      sample: 2
    id:
      description:
        - >-
          C(boot:moment:pid). The moment is the kernel's time of the line that says what it did (the first kill), in
          microseconds since boot, whatever the log's format; the boot is C(unknown) where the log does not name it.
        - Where the log has no kernel time the boot is C(unknown) and the moment a date, or C(event-) and the place in
          the log. The pid is 0 where nobody was killed.
      returned: always
      type: str
      sample: "2720b512-ca14-4546-bef5-4ebce0aefcf7:7516987984254:5740"
    source:
      description:
        - Who killed. V(kernel), or a program in user space that kills before the kernel has to (V(systemd-oomd),
          V(earlyoom), V(nohang), V(lmkd), V(kubelet), V(talos)), V(counter) where only a counter of kills rose.
      returned: always
      type: str
      sample: "kernel"
    repeats:
      description:
        - How many further events of the same kind this one stands for, which were folded into it. That is done with a
          series of attempts without a killable process, of failed allocations, or of evictions of the same pod. V(0)
          where it stands for itself alone.
      returned: always
      type: int
      sample: 0
    time:
      description: When the report began, RFC 3339 in UTC. V(null) where neither the log nor the host shows it.
      returned: always
      type: str
      sample: "2027-02-22T06:57:05Z"
    uptime_seconds:
      description: Seconds since boot when the report began. V(null) where the log does not show it.
      returned: always
      type: float
      sample: 7516987.983223
    node:
      description: Name of the host. V(null) where the log is a file or text, which do not show it.
      returned: always
      type: str
      sample: "web3"
    kernel_release:
      description: Release of the kernel, from the report itself. V(null) where that line is missing.
      returned: always
      type: str
      sample: "6.12.117+deb13-cloud-amd64"
    scope:
      description:
        - >-
          What was out of memory: a memory cgroup, the host, or the nodes of a cpuset or memory policy. C(sysrq) where
          someone requested the kill. V(null) where no remaining line shows it, and where user space killed.
      returned: always
      type: str
      sample: "memcg"
    outcome:
      description:
        - How it ended; C(unknown) where the log ends before. C(panic) means that the kernel gave up and the host went
          down, C(allocation-failed) a page allocation that failed without an OOM kill.
      returned: always
      type: str
      sample: "killed"
    limit_owner:
      description: Whose limit was hit. V(null) where the scope is.
      returned: always
      type: dict
      contains:
        cgroup:
          description:
            - The memory cgroup whose limit was hit. V(null) where it was the host, or where the log does not show it.
          returned: always
          type: str
          sample: "/kubepods/podf1c273d3-9b36-11ea-b3df-246e9693c184"
        kind:
          description:
            - >-
              What that cgroup is: C(host), C(unit), C(container), C(pod), C(qos) (of a QoS class), C(kubepods) (of
              all pods of a node), or C(other). V(null) where the log does not show it.
          returned: always
          type: str
          sample: "pod"
        is:
          description:
            - Whether it is the victim's own cgroup, one above it, or the host. V(null) where the log does not show
              it.
          returned: always
          type: str
          sample: "ancestor"
        usage_bytes:
          description: Bytes charged to it. V(null) where it was the host.
          returned: always
          type: int
          sample: 17179869184
        limit_bytes:
          description:
            - Its limit in bytes, of the resource that ran out; of the host the RAM that the kernel manages. V(null)
              where the log does not show it.
          returned: always
          type: int
          sample: 17179869184
        resource:
          description:
            - Which of the cgroup's limits was hit, C(memory), C(memsw) (memory and swap together, cgroup v1) or
              C(kmem) (kernel memory, cgroup v1). V(null) where the report does not show it, and of the host.
          returned: always
          type: str
          sample: "memory"
        swap_bytes:
          description:
            - Its limit of swap in bytes; of the host the size of its swap. V(null) where there is no limit or it is
              not known.
          returned: always
          type: int
          sample: 0
    panic:
      description:
        - What the kernel printed when it panicked, after C(Kernel panic - not syncing). V(null) where it did not.
      returned: always
      type: str
      sample: null
    killer:
      description:
        - Of a kill by a program in user space its reason, its threshold, and what it killed. V(null) where the kernel
          killed. A process that the program names is RV(events[].victim).
      returned: always
      type: dict
      contains:
        reason:
          description:
            - What reached its threshold, C(memory-pressure), C(memory-available), C(memory-and-swap-used), C(swap-
              used), C(file-cache), or C(unknown).
          returned: always
          type: str
          sample: "memory-pressure"
        said:
          description:
            - The reason in the program's own words.
              V(null) where its lines have none.
          returned: always
          type: str
          sample: "memory pressure for /a.slice being 63.21% > 50.00%"
        measured_in:
          description:
            - The cgroup that was measured. V(null) where it was the host.
          returned: always
          type: str
          sample: "/a.slice"
        measured_percent:
          description:
            - The share of time in which tasks waited for memory, of RAM that was available, or that was used.
              V(null) where the log does not show it.
          returned: always
          type: float
          sample: 63.21
        threshold_percent:
          description:
            - The threshold of that.
              V(null) where the log does not show it.
          returned: always
          type: float
          sample: 50.0
        measured_bytes:
          description:
            - The same in bytes.
              V(null) where the log does not show it.
          returned: always
          type: int
          sample: 98488320
        threshold_bytes:
          description:
            - The threshold in bytes.
              V(null) where the log does not show it.
          returned: always
          type: int
          sample: 104857600
        swap_measured_percent:
          description:
            - The share of swap that was free or used.
              V(null) where the log does not show it.
          returned: always
          type: float
          sample: 90.09
        swap_threshold_percent:
          description:
            - The threshold of that.
              V(null) where the log does not show it.
          returned: always
          type: float
          sample: 90.0
        for_seconds:
          description:
            - How long the threshold had to be exceeded.
              V(null) where the log does not show it.
          returned: always
          type: float
          sample: 20.0
        signal:
          description:
            - The last signal that was sent, C(SIGTERM) or C(SIGKILL). V(null) where the log names none.
          returned: always
          type: str
          sample: "SIGKILL"
        cgroup:
          description:
            - The cgroup that was killed as a whole.
              V(null) where it was one process, or a pod that is named.
          returned: always
          type: str
          sample: "/a.slice/b.service"
        unit:
          description:
            - The systemd unit of that cgroup.
              V(null) where it is of none.
          returned: always
          type: str
          sample: "b.service"
        container_id:
          description:
            - The container of that cgroup.
              V(null) where it is of none.
          returned: always
          type: str
          sample: null
        pods:
          description:
            - The pods that were evicted, or whose cgroup was killed.
          returned: always
          type: list
          elements: dict
          contains:
            namespace:
              description:
                - Its namespace. V(null) where only its cgroup is known.
              returned: always
              type: str
              sample: "shop"
            pod:
              description:
                - Its name. V(null) where only its cgroup is known.
              returned: always
              type: str
              sample: "cart-1"
            pod_uid:
              description:
                - Its uid. V(null) where the log does not have it.
              returned: always
              type: str
              sample: null
        processes:
          description:
            - How many processes were killed. V(null) where the log does not count them.
          returned: always
          type: int
          sample: 37
        rss_bytes:
          description:
            - Resident memory of the process that was killed, as the program saw it.
              V(null) where the log does not show it.
          returned: always
          type: int
          sample: null
    trigger:
      description:
        - The process that requested memory when there was none. It need not be the cause. V(null) where that line is
          missing.
      returned: always
      type: dict
      contains:
        pid:
          description: Process id in the initial pid namespace. V(null) where the log does not show it.
          returned: always
          type: int
          sample: 174
        comm:
          description:
            - Name of the process (comm, 15 bytes at most), which may hold any character but a newline. V(null) where
              the log does not show it.
          returned: always
          type: str
          sample: "python3"
        oom_score_adj:
          description: Its oom_score_adj. V(null) where the log does not show it.
          returned: always
          type: int
          sample: 986
    request:
      description:
        - The allocation that failed. V(null) where the log lost it, and where someone requested the kill (sysrq-f).
      returned: always
      type: dict
      contains:
        order:
          description: 2 to that power pages were requested.
          returned: always
          type: int
          sample: 0
        bytes:
          description: Their size in bytes.
          returned: always
          type: int
          sample: 4096
        gfp_flags:
          description: The allocation's flags as the log names them. Empty where it has only a number (before 4.6).
          returned: always
          type: list
          elements: str
          sample: ["GFP_KERNEL"]
        highest_zone:
          description:
            - >-
              The highest zone that it may use: C(DMA), C(DMA32), C(Normal), C(HighMem) or C(Movable). V(null) where
              the log lost the flags.
          returned: always
          type: str
          sample: "Normal"
        movable:
          description:
            - Whether the pages may be moved later, so that free memory of CMA will do. V(null) where the log lost the
              flags.
          returned: always
          type: bool
          sample: false
        nodes:
          description:
            - The memory nodes that a cpuset or memory policy restricted it to. V(null) where none did.
          returned: always
          type: str
          sample: "0-1"
        zones:
          description: The zones of the report that it may use.
          returned: always
          type: list
          elements: str
          sample: ["DMA of node 0", "DMA32 of node 0"]
        usable_bytes:
          description:
            - Bytes free there for this request, before any reserve. V(null) where the log lost the zones, and for a
              cgroup's limit.
          returned: always
          type: int
          sample: 480000
        unusable:
          description: Free memory that this request may not use, the most first.
          returned: always
          type: list
          elements: dict
          contains:
            where:
              description: A zone's name, C(CMA), C(atomic reserve), C(other nodes), or C(higher zones), which
                Linux 6.2 and later leave out of the report.
              returned: always
              type: str
              sample: "CMA"
            bytes:
              description: Bytes free there.
              returned: always
              type: int
              sample: 55705600
        could_be_served:
          description:
            - >-
              Whether the memory that the report shows as free could have served it, by the kernel's own test of
              watermarks and free blocks: C(yes), C(no) or C(unknown). C(yes) means that memory was freed after the
              allocation failed.
          returned: always
          type: str
          sample: "no"
        why:
          description: That answer in one sentence.
          returned: always
          type: str
          sample: "No: the limit of memory, 16.0 GiB, left 0 B for one page (4.0 KiB)."
    victim:
      description: The process that was killed, the first where several were. V(null) where nobody was.
      returned: always
      type: dict
      contains: &killed
        pid:
          description: Process id in the initial pid namespace.
          returned: always
          type: int
          sample: 5740
        comm:
          description: Name of the process (comm, 15 bytes at most), which may hold any character but a newline.
          returned: always
          type: str
          sample: "pause"
        uid:
          description: Its user. V(null) where the log does not show it.
          returned: always
          type: int
          sample: 0
        total_vm_bytes:
          description: Bytes of its address space. V(null) where the log does not show it.
          returned: always
          type: int
          sample: 1052672
        anon_bytes:
          description: Bytes of anonymous memory, which the kill frees. V(null) where the log does not show it.
          returned: always
          type: int
          sample: 4096
        file_bytes:
          description: Bytes of file pages that it mapped. V(null) where the log does not show it.
          returned: always
          type: int
          sample: 0
        shmem_bytes:
          description:
            - Bytes of shared memory that it mapped, which the kill does not free. V(null) where the kernel counts
              them as file pages (before 4.5).
          returned: always
          type: int
          sample: 0
        page_tables_bytes:
          description: Bytes of page tables. V(null) where the kernel does not print them (before 5.4).
          returned: always
          type: int
          sample: 110592
        swap_bytes:
          description: Bytes that it had in swap, from the task table. V(null) where the log does not show it.
          returned: always
          type: int
          sample: 0
        oom_score_adj:
          description: Its oom_score_adj. V(null) where the log does not show it.
          returned: always
          type: int
          sample: -998
        cgroup:
          description:
            - Its memory cgroup. The report names only that of the first. V(null) where the log does not show it.
          returned: always
          type: str
          sample: >-
            /kubepods/podf1c273d3-9b36-11ea-b3df-246e9693c184/1f246a3eeea8f70bf91141eeaf1805346a666e225f823906485ea0b6c37dfc3d
        kind:
          description:
            - What that cgroup is; of the others of a group what the cgroup is that died as a whole. V(null) where the
              log does not show it.
          returned: always
          type: str
          sample: "pod"
        unit:
          description: Its systemd unit. V(null) where the log does not show it.
          returned: always
          type: str
          sample: "sshd.service"
        namespace:
          description: Its pod's namespace, which only the node agent adds. V(null) where no agent made the event.
          returned: always
          type: str
        pod:
          description: Its pod's name, which only the node agent adds. V(null) where no agent made the event.
          returned: always
          type: str
        container:
          description: Its container's name, which only the node agent adds. V(null) where no agent made the event.
          returned: always
          type: str
        pod_uid:
          description: Its pod's uid. V(null) where the log does not show it.
          returned: always
          type: str
          sample: "f1c273d3-9b36-11ea-b3df-246e9693c184"
        container_id:
          description: Its container's id. V(null) where the log does not show it.
          returned: always
          type: str
          sample: "1f246a3eeea8f70bf91141eeaf1805346a666e225f823906485ea0b6c37dfc3d"
        qos_class:
          description: Its pod's QoS class. V(null) where the log does not show it.
          returned: always
          type: str
          sample: "Guaranteed"
    victims:
      description: All processes that were killed, each pid once; the first is C(victim).
      returned: always
      type: list
      elements: dict
      contains: *killed
    also_killed:
      description: The other processes of the group, which died with it.
      returned: always
      type: list
      elements: dict
      contains:
        pid:
          description: Process id in the initial pid namespace.
          returned: always
          type: int
          sample: 171
        comm:
          description: Name of the process (comm, 15 bytes at most), which may hold any character but a newline.
          returned: always
          type: str
          sample: "pause"
    candidates:
      description:
        - The report's task table. The processes with the most points come first, those that the kernel could not
          choose last.
      returned: always
      type: list
      elements: dict
      contains:
        pid:
          description: Process id in the initial pid namespace.
          returned: always
          type: int
          sample: 58406
        comm:
          description: Name of the process (comm, 15 bytes at most), which may hold any character but a newline.
          returned: always
          type: str
          sample: "data_sim"
        uid:
          description: Its user.
          returned: always
          type: int
          sample: 1000
        total_vm_bytes:
          description: Bytes of its address space.
          returned: always
          type: int
          sample: 74897752064
        rss_bytes:
          description: Bytes resident.
          returned: always
          type: int
          sample: 16250150912
        anon_bytes:
          description: Bytes of anonymous memory. V(null) where the table has no such column (before 6.8).
          returned: always
          type: int
          sample: 35258368
        file_bytes:
          description: Bytes of mapped file pages. V(null) where the table has no such column (before 6.8).
          returned: always
          type: int
          sample: 0
        shmem_bytes:
          description: Bytes of mapped shared memory. V(null) where the table has no such column (before 6.8).
          returned: always
          type: int
          sample: 557056
        page_tables_bytes:
          description: Bytes of page tables. V(null) where the log does not show it.
          returned: always
          type: int
          sample: 37101568
        swap_bytes:
          description: Bytes in swap. V(null) where the table has no such column (up to Linux 3.2).
          returned: always
          type: int
          sample: 0
        oom_score_adj:
          description: Its oom_score_adj.
          returned: always
          type: int
          sample: -998
        signed_points:
          description:
            - Its points by the rule since 5.9, in pages. V(null) where it could not be chosen or the total is not
              known.
          returned: always
          type: int
          sample: -209232
        floored_points:
          description: Its points by the rule before, never below 1. V(null) where the log does not show it.
          returned: always
          type: int
          sample: 1
        spared:
          description: Why the kernel could not choose it. V(null) where the log does not show it.
          returned: always
          type: str
          sample: "oom_score_adj -1000"
        position:
          description: Its place in the table, from 1.
          returned: always
          type: int
          sample: 21
        killed:
          description: Whether the report says that it was killed.
          returned: always
          type: bool
          sample: false
    verdict:
      description: The replay of the choice.
      returned: always
      type: dict
      contains:
        model:
          description:
            - >-
              Which badness model explains the choice: the one since Linux 5.9 (signed), the one before (floored),
              both or neither. V(null) with a reason.
          returned: always
          type: str
          sample: "floored"
        reason:
          description: Why there is no model. V(null) where the log does not show it.
          returned: always
          type: str
          sample: "the report has no task table"
        agrees:
          description: Whether a signed kernel would kill the same process. V(null) where the log does not show it.
          returned: always
          type: bool
          sample: false
        chosen_pid:
          description:
            - The process that the kernel chose. A child or the rest of its group may have died for it. V(null) where
              the log does not show it.
          returned: always
          type: int
          sample: 5740
        chosen_comm:
          description: Name of that process (comm, 15 bytes at most). V(null) where the log does not show it.
          returned: always
          type: str
          sample: "pause"
        expected_pid:
          description: The process that a signed kernel would kill. V(null) where the log does not show it.
          returned: always
          type: int
          sample: 58406
        expected_comm:
          description:
            - Name of the process (comm, 15 bytes at most), which may hold any character but a newline. V(null) where
              the log does not show it.
          returned: always
          type: str
          sample: "data_sim"
        signed:
          description: The process that the signed model chooses. V(null) where the log does not show it.
          returned: always
          type: dict
          contains:
            pid:
              description: Process id in the initial pid namespace.
              returned: always
              type: int
              sample: 58406
            comm:
              description: Name of the process (comm, 15 bytes at most), which may hold any character but a newline.
              returned: always
              type: str
              sample: "data_sim"
            points:
              description: Its points, in pages of the domain.
              returned: always
              type: int
              sample: -209232
            margin_pages:
              description: Points from it to the next; 0 in a tie. V(null) where no other process could be chosen.
              returned: always
              type: int
              sample: 3911952
            tied:
              description: How many others have just as many points.
              returned: always
              type: int
              sample: 0
        floored:
          description:
            - The process that the floored model chooses; of tied ones the first of the table. V(null) where the log
              does not show it.
          returned: always
          type: dict
          contains:
            pid:
              description: Process id in the initial pid namespace.
              returned: always
              type: int
              sample: 5740
            comm:
              description: Name of the process (comm, 15 bytes at most), which may hold any character but a newline.
              returned: always
              type: str
              sample: "pause"
            points:
              description: Its points, in pages of the domain.
              returned: always
              type: int
              sample: 1
            margin_pages:
              description: Points from it to the next; 0 in a tie. V(null) where no other process could be chosen.
              returned: always
              type: int
              sample: 0
            tied:
              description: How many others have just as many points.
              returned: always
              type: int
              sample: 20
        margin_pages:
          description:
            - Points between the best and the next in the model that explains the choice. V(null) where the log does
              not show it.
          returned: always
          type: int
          sample: 0
        slack_pages:
          description:
            - By how many pages the points may be off. The figures change between the choice and the table, and up to
              4.16 the bonus of 3 percent for processes with CAP_SYS_ADMIN is not in the report. V(null) where the log
              does not show it.
          returned: always
          type: int
          sample: 128
        total_pages:
          description: Pages of the domain, to which oom_score_adj is scaled. V(null) where the log does not show it.
          returned: always
          type: int
          sample: 4194304
        tie_rule:
          description:
            - >-
              What a tie at the top shows about this kernel: it kills the first or the last of equal processes.
              V(null) where the log does not show it.
          returned: always
          type: str
          sample: "first"
        why:
          description: Why the kernel killed this process. Several reasons may apply.
          returned: always
          type: list
          elements: str
          sample: ["floored-first-scanned"]
        would_free_bytes:
          description: Bytes of memory that the signed model's choice frees. V(null) where the log does not show it.
          returned: always
          type: int
          sample: 16287252480
        would_free_at_most:
          description:
            - Whether shared memory may be among them, because the table has no such columns (before 6.8). V(null)
              where the log does not show it.
          returned: always
          type: bool
          sample: true
        by_rule:
          description:
            - Did the kernel follow its own rule? A kernel before 5.9 that kills the first of equals does.
          returned: always
          type: dict
          contains:
            result:
              description: V(right), V(wrong) or V(unknown).
              returned: always
              type: str
              sample: "right"
            sure:
              description: Whether the report proves the answer.
              returned: always
              type: bool
              sample: false
            settle:
              description: What would settle it. V(null) where it is sure.
              returned: always
              type: str
              sample: "which badness model this kernel has: run memfacts on that host under the same kernel"
        by_cause:
          description:
            - Did the process die that used the memory up? A report shows one moment, so this is never sure.
          returned: always
          type: dict
          contains:
            result:
              description: V(right), V(wrong) or V(unknown).
              returned: always
              type: str
              sample: "wrong"
            sure:
              description: Whether the report proves the answer.
              returned: always
              type: bool
              sample: false
            settle:
              description: What would settle it. V(null) where it is sure.
              returned: always
              type: str
              sample: "each process's memory in the minutes before the kill, from monitoring"
            who:
              description: Who held most of the memory. V(null) where nobody stands out.
              returned: always
              type: dict
              contains:
                kind:
                  description:
                    - >-
                      What it is: C(process), C(cgroup) (a whole cgroup that died), C(shared-memory), or C(kernel) (the
                      kernel itself).
                  returned: always
                  type: str
                  sample: "process"
                pid:
                  description: Process id in the initial pid namespace. V(null) where it is no process.
                  returned: always
                  type: int
                  sample: 58406
                comm:
                  description:
                    - Name of the process (comm, 15 bytes at most), which may hold any character but a newline.
                      V(null) where it is no process.
                  returned: always
                  type: str
                  sample: "data_sim"
                cgroup:
                  description: The cgroup. V(null) where it is none.
                  returned: always
                  type: str
            share_percent:
              description:
                - What they held, in percent of the limit or RAM (of processes with the swap). V(null) where nobody
                  stands out.
              returned: always
              type: float
              sample: 94.59
        useful:
          description:
            - Did the kill free what was needed, and enough to last? Never sure, since no report shows what really came
              back.
          returned: always
          type: dict
          contains:
            result:
              description: V(right), V(wrong) or V(unknown).
              returned: always
              type: str
              sample: "unknown"
            sure:
              description: Whether the report proves the answer.
              returned: always
              type: bool
              sample: false
            settle:
              description: What would settle it. V(null) where it is sure.
              returned: always
              type: str
              sample: "the memory in use just after the kill"
            freed_bytes:
              description:
                - Bytes that the victims held, as C(freed_bytes) of the event. V(null) where the log does not show it.
              returned: always
              type: int
              sample: 36864
            needed_bytes:
              description:
                - Bytes that the failed allocation requested, with what the limit or the zones' min watermarks lacked.
                  V(null) where the log does not show it, or nothing was needed.
              returned: always
              type: int
              sample: 4096
        explanation:
          description: The verdict in one to four sentences.
          returned: always
          type: str
          sample: >-
            It was not the largest: this kernel lacks the fix of Linux 5.9 (commit 9066e5cfb73c) and rounds negative OOM
            scores up to 1. 21 processes whose oom_score_adj (here -998) pushes their score below zero tied; this kernel
            kills the first one it scans. Linux 5.9 or later would kill data_sim (pid 58406), which frees up to 15.2 GiB
            instead of 36.0 KiB.
    cause:
      description: Why memory ran out.
      returned: always
      type: dict
      contains:
        class:
          description: The cause; docs/events.md has a section of that name.
          returned: always
          type: str
          sample: "one-task"
        evidence:
          description: What the cause was concluded from.
          returned: always
          type: dict
          contains:
            rule:
              description: The rule that decided, with its threshold.
              returned: always
              type: str
              sample: "one-task has 94.6 % of the limit and swap, the threshold is 50 %"
            limit_is:
              description:
                - >-
                  Whose limit it is: the victim's own cgroup's, one's above it, or the host's RAM. V(null) where the
                  log does not show it.
              returned: always
              type: str
              sample: "ancestor"
            total_bytes:
              description:
                - >-
                  Bytes of the domain: the cgroup's limit, or the RAM that the kernel manages. V(null) where the log
                  does not show it.
              returned: always
              type: int
              sample: 17179869184
            part_bytes:
              description: Bytes of the part that decided. V(null) where no part decided.
              returned: always
              type: int
              sample: 16250150912
            share_percent:
              description: That part in percent of the domain. V(null) where the log does not show it.
              returned: always
              type: float
              sample: 94.59
            threshold_percent:
              description: The share from which on the part counts as a cause. V(null) where the log does not show it.
              returned: always
              type: float
              sample: 50.0
            parts:
              description: Bytes of the parts of the domain, of which some overlap.
              returned: always
              type: dict
              contains:
                anon_bytes:
                  description: Anonymous memory. V(null) where the log does not show it.
                  returned: always
                  type: int
                  sample: 41697280
                shmem_bytes:
                  description: tmpfs and other shared memory. V(null) where the log does not show it.
                  returned: always
                  type: int
                  sample: 0
                file_bytes:
                  description: Page cache of files. V(null) where the log does not show it.
                  returned: always
                  type: int
                  sample: 0
                slab_bytes:
                  description: Slab caches. V(null) where the log does not show it.
                  returned: always
                  type: int
                  sample: 18888
                page_tables_bytes:
                  description: Page tables. V(null) where the log does not show it.
                  returned: always
                  type: int
                  sample: 196608
                kernel_bytes:
                  description:
                    - Other memory of the kernel; of the host thread stacks. V(null) where the log does not show it.
                  returned: always
                  type: int
                  sample: 308699136
                unevictable_bytes:
                  description:
                    - Memory that cannot be reclaimed, such as locked memory. V(null) where the log does not show it.
                  returned: always
                  type: int
                  sample: 0
                huge_pages_bytes:
                  description: The pools of huge pages. V(null) where the log does not show it.
                  returned: always
                  type: int
                  sample: 0
                free_bytes:
                  description: Free memory. V(null) where the log does not show it.
                  returned: always
                  type: int
                  sample: 3497984
                unaccounted_bytes:
                  description: RAM that no counter of the report names. V(null) where the log does not show it.
                  returned: always
                  type: int
                  sample: 0
            contributing:
              description: Other causes that apply too, the strongest first.
              returned: always
              type: list
              elements: str
              sample: ["swap-full"]
            largest_task:
              description:
                - The process that holds the most anonymous memory and swap. V(null) where the log does not show it.
              returned: always
              type: dict
              contains:
                pid:
                  description: Process id in the initial pid namespace.
                  returned: always
                  type: int
                  sample: 58406
                comm:
                  description: Name of the process (comm, 15 bytes at most), which may hold any character but a newline.
                  returned: always
                  type: str
                  sample: "data_sim"
                bytes:
                  description: Bytes that it holds.
                  returned: always
                  type: int
                  sample: 16250150912
            tasks:
              description: How many processes the task table has. V(null) where the log does not show it.
              returned: always
              type: int
              sample: 21
            largest_group:
              description:
                - The processes of one program and one user that together hold the most. V(null) where each is the only
                  one of its kind.
              returned: always
              type: dict
              contains:
                comm:
                  description: Name of the process (comm, 15 bytes at most), which may hold any character but a newline.
                  returned: always
                  type: str
                  sample: "php-fpm"
                uid:
                  description: Their user. V(null) where the log does not show it.
                  returned: always
                  type: int
                  sample: 33
                count:
                  description: How many they are.
                  returned: always
                  type: int
                  sample: 40
                bytes:
                  description: Bytes of anonymous memory and swap that they hold together.
                  returned: always
                  type: int
                  sample: 3221225472
            tasks_bytes:
              description:
                - Bytes of anonymous memory and swap of all processes of the table. V(null) where the table is not
                  whole.
              returned: always
              type: int
              sample: 16250150912
            of:
              description:
                - >-
                  What C(total_bytes) is: a cgroup's limit of memory (C(memory)), of memory and swap together
                  (C(memsw)), its memory where kernel memory was at a limit of its own (C(kmem)), or C(ram). V(null)
                  where the log does not show it.
              returned: always
              type: str
              sample: "memory"
            swap_used_bytes:
              description: Bytes of the host's swap in use. V(null) where the log does not show it.
              returned: always
              type: int
              sample: 0
            shared_mapped_by:
              description:
                - >-
                  Who had at least half of the shared memory mapped: C(nobody), only processes that were killed
                  (C(victims)), or C(others) too. V(null) where the log does not show it.
              returned: always
              type: str
              sample: "victims"
            top_caches:
              description: The largest slab caches, where the report lists them.
              returned: always
              type: list
              elements: dict
              contains:
                name:
                  description: Its name.
                  returned: always
                  type: str
                  sample: "kmalloc-2k"
                bytes:
                  description: Bytes that it takes.
                  returned: always
                  type: int
                  sample: 1288490188
    freed_bytes:
      description:
        - Bytes of anonymous memory and page tables that all kills of the report freed. V(null) where the log does not
          show.
      returned: always
      type: int
      sample: 36864
    freed_swap_bytes:
      description: Bytes of swap that they freed. V(null) where the log does not show it.
      returned: always
      type: int
      sample: 0
    group_kill:
      description: Whether a whole cgroup died (memory.oom.group).
      returned: always
      type: bool
      sample: false
    group_cgroup:
      description: That cgroup. V(null) where the log does not show it.
      returned: always
      type: str
    findings:
      description: What is wrong beyond this event, the worst first.
      returned: always
      type: list
      elements: dict
      contains:
        id:
          description: Which finding it is; docs/findings.md has a section of that name.
          returned: always
          type: str
          sample: "floored-badness"
        severity:
          description: How bad it is.
          returned: always
          type: str
          sample: "warning"
        summary:
          description: One sentence with the figures.
          returned: always
          type: str
          sample: "2 processes tied at 1 point, so this kernel picked by scan order: it killed pause and spared hog"
        evidence:
          description:
            - What the cause was concluded from. Each finding has its own fields, which docs/findings.md lists. Sizes
              are bytes.
          returned: always
          type: dict
        remedy:
          description: What to do next, in plain sentences.
          returned: always
          type: str
          sample: "For a lasting fix run Linux 5.9 or later."
        remedy_commands:
          description:
            - Commands for that, in the order of the remedy, as one types them in a root shell. Names from the host
              are quoted for the shell. A word in capitals, such as SIZE or PID, is to be replaced.
          returned: always
          type: list
          elements: str
          sample: ["echo 0 > /proc/PID/oom_score_adj"]
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
          sample: "docs/findings.md#floored-badness"
    summary:
      description:
        - >-
          The line to read first: what ran out, who filled it, who died, whether that was right, what to do.
      returned: always
      type: str
      sample: >-
        Pod f1c273d3-9b36-11ea-b3df-246e9693c184 reached its limit of 16.0 GiB: data_sim (pid 58406) held 95 % of it.
        The kernel killed pause (pid 5740), which freed 36.0 KiB: the wrong process, Linux 5.9 or later would kill
        data_sim (pid 58406). Update the kernel, or raise the largest process's oom_score_adj so that it is killed
        first.
    explanation:
      description: The whole event in three to eight plain sentences, and what to do.
      returned: always
      type: str
      sample: >-
        The kernel killed pause (pid 5740) in pod f1c273d3-9b36-11ea-b3df-246e9693c184, container 1f246a3eeea8,
        Guaranteed, at 2027-02-22T06:57:05Z: the cgroup /kubepods/podf1c273d3-9b36-11ea-b3df-246e9693c184 above it
        was at its limit of 16.0 GiB, and the kill freed 36.0 KiB. data_sim (pid 58406) alone held 15.1 GiB, 95 % of
        the limit. It was not the largest: this kernel lacks the fix of Linux 5.9 (commit 9066e5cfb73c) and rounds
        negative OOM scores up to 1. 21 processes whose oom_score_adj (here -998) pushes their score below zero tied;
        this kernel kills the first one it scans. Linux 5.9 or later would kill data_sim (pid 58406), which frees up to
        15.2 GiB instead of 36.0 KiB. Update to a kernel with this fix, or raise the oom_score_adj of data_sim (pid
        58406) so that it is killed first. Then check whether it needs that much memory.
    truncated:
      description: Lists that were longer than the option top lets through.
      returned: always
      type: list
      elements: str
      sample: ["candidates"]
    incomplete:
      description:
        - >-
          What is not available, and why: the reason for every null of the event.
      returned: always
      type: list
      elements: dict
      contains:
        source:
          description: What is missing.
          returned: always
          type: str
          sample: "verdict"
        reason:
          description: Why.
          returned: always
          type: str
          sample: "the report has no task table"
total:
  description: How many events the log has, of which O(limit) may leave some out.
  returned: success
  type: int
  sample: 18
summary:
  description: The one line to read first.
  returned: success
  type: str
  sample: "No OOM report in the kernel's log (1204 lines)."
report:
  description: The events as a page of plain text, one entry a line.
  returned: success
  type: list
  elements: str
  sample: ["No OOM report in the kernel's log (1204 lines)."]
incomplete:
  description: What was left out of the whole log. What one event lacks is in that event's C(incomplete).
  returned: success
  type: list
  elements: dict
  contains:
    source:
      description: Which log.
      returned: always
      type: str
      sample: the journal
    reason:
      description: What is missing and why.
      returned: always
      type: str
      sample: 15 older events are left out, as limit is 50
"""

import os
import tempfile
import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.memfacts.linux.plugins.module_utils import from_zip

from_zip.compile_once()  # before the other files of the collection are imported

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events, log_file, time_arg
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.render import event_page
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import host
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog import log_source
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.printable import printable


def answer(module, asked):
    """The events of the log that was asked for; LogError where there is none to read."""
    source = module.params["source"]
    if source == "text":
        return events.of_lines(encoded(module.params["text"]).splitlines(), "the text", asked)
    if source == "file" and not log_source.is_kernel_log(module.params["path"]):
        return of_file(module.params["path"], asked)
    if source == "journal":
        return of_journal(module, asked)
    return of_kernel(asked)


class LogError(Exception):
    """The log cannot be read: one sentence."""


def encoded(text):
    """The bytes of a text, whose surrogates may be bytes or, from JSON, halves of characters."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def of_kernel(asked):
    try:
        with log_source.KernelLog() as log:
            return events.of_kernel(log, host.at("/"), asked)
    except OSError as error:
        raise LogError(
            f"/dev/kmsg cannot be read ({host.reason(error)}); use become, or source journal or file."
        ) from None


def of_file(path, asked):
    shown = printable(path)
    try:
        with log_source.open_log(path) as stream:
            return log_file.read(stream, shown, asked)
    except OSError as error:
        raise LogError(f"the file {shown} cannot be read ({host.reason(error)}); give one that holds a log.") from None


def of_journal(module, asked):
    """By way of a file, since a journal may be large and what a module gets from a command is kept in memory."""
    program = module.get_bin_path("journalctl")
    if program is None:
        raise LogError("journalctl is not installed; use source kmsg or file.")
    descriptor, path = tempfile.mkstemp(dir=module.tmpdir, prefix="journal")
    os.close(descriptor)
    # Of the kernel, and what journald says of records it lost; all boots, while -k means the running one.
    command = [program, "--quiet", "--no-pager", "--output=json"]
    if asked.since is not None:
        command.append(f"--since=@{max(int(asked.since), 0)}")
    command += ["_TRANSPORT=kernel", "+", "SYSLOG_IDENTIFIER=systemd-journald"]
    status, dummy, complaint = module.run_command(["/bin/sh", "-c", 'exec "$@" >"$0"', path] + command)
    if status != 0:
        reason = (complaint.strip().splitlines() or [f"exit status {status}"])[-1].rstrip(".")
        raise LogError(f"journalctl failed ({reason}); use become, or source kmsg or file.")
    with log_source.open_log(path) as stream:
        return events.of_lines(log_source.lines_of(stream), "the journal", asked, events.origin_of(host.at("/")))


def main():
    module = AnsibleModule(
        argument_spec={
            "source": {"type": "str", "choices": ["kmsg", "journal", "file", "text"], "default": "kmsg"},
            "path": {"type": "path"},
            "text": {"type": "str"},
            "since": {"type": "str"},
            "limit": {"type": "int", "default": 50},
            "top": {"type": "int", "default": 20},
        },
        required_if=[("source", "file", ["path"]), ("source", "text", ["text"])],
        supports_check_mode=True,
    )
    asked = module.params
    try:
        moment = None if asked["since"] is None else time_arg.seconds(asked["since"], time.time())
        found = answer(module, events.checked(asked["limit"], asked["top"], moment))
    except (LogError, MemfactsError) as error:
        module.fail_json(msg=f"Cannot explain OOM events: {error}")
    if found.complaint is not None and found.lines:
        module.fail_json(msg=f"Cannot explain OOM events: {found.name} is no log, {found.complaint}.")
    module.exit_json(
        events=found.events,
        total=found.total,
        summary=event_page.summary(found),
        report=event_page.render(found),
        incomplete=found.incomplete,
    )


if __name__ == "__main__":
    main()
