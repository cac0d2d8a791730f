#!/usr/bin/python
# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: memfacts
short_description: Say where every byte of a host's memory went
version_added: 0.1.0
description:
  - Gathers a ledger of C(MemTotal) in which every byte has one owner, down to an honest rest that nobody claims.
  - Takes apart what no process shows, which is tmpfs and other shared memory, slab, vmalloc, kernel stacks, page tables
    and more.
  - Lists what was found wrong, each with its evidence and a remedy to type.
  - Reads files below C(/proc) and C(/sys), looks into tmpfs mounts, and changes nothing. Needs nothing on the managed
    host but Python 3.6 or later.
  - Runs as root and as an ordinary user. What may not be read becomes V(null) and a line in
    RV(ansible_facts.memfacts.incomplete).
author:
  - the memfacts authors (@memfacts)
options:
  gather_subset:
    description:
      - What to gather. Valid are V(all), V(memory), V(tmpfs), V(shmem), V(kernel), V(processes), V(cgroups) and V(oom).
      - A leading V(!) leaves a subset out. Only exclusions mean all but those.
    type: list
    elements: str
    default: [all]
  top:
    description:
      - How many entries each list may have at most.
    type: int
    default: 10
  thresholds:
    description:
      - From which value on a finding is raised, by the id of the finding, in the unit that the finding's page names.
      - Findings and their default thresholds are listed in C(docs/findings.md) of the collection.
    type: dict
    default: {}
  scan_files:
    description:
      - Whether to look for the biggest files in each tmpfs.
    type: bool
    default: true
  scan_seconds:
    description:
      - How long to look for files in all tmpfs together. What was left out is said in
        RV(ansible_facts.memfacts.incomplete).
    type: float
    default: 1.0
  namespaces:
    description:
      - Whether to look into mount and IPC namespaces of other processes, which is where containers and services have
        their own tmpfs.
    type: bool
    default: true
  root:
    description:
      - Where the host's files are. A folder with another host's C(proc/) and C(sys/), such as an unpacked sosreport,
        is analysed like a live one.
    type: path
    default: /
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.facts
attributes:
  check_mode:
    support: full
    details: Nothing is ever changed, so check mode is the same run.
  diff_mode:
    support: none
  facts:
    support: full
  platform:
    platforms: linux
"""

EXAMPLES = r"""
- name: Find out where the memory went
  memfacts.linux.memfacts:

- name: Show the short report
  memfacts.linux.memfacts:
  register: memory

- name: Print it
  ansible.builtin.debug:
    var: memory.report

- name: Stop a roll-out on hosts where something is wrong
  ansible.builtin.assert:
    that: ansible_facts.memfacts.findings | rejectattr('severity', 'eq', 'info') | length == 0
    fail_msg: "{{ ansible_facts.memfacts.summary }}"

- name: Only the ledger and tmpfs, and call a tmpfs full from 80 percent on
  memfacts.linux.memfacts:
    gather_subset: [memory, tmpfs]
    thresholds:
      tmpfs-nearly-full: 80

- name: Read a sosreport from a host that is long gone
  memfacts.linux.memfacts:
    root: /var/tmp/sosreport-web3-2026-11-20
  delegate_to: localhost
"""

RETURN = r"""
ansible_facts:
  description: Facts to add to the host.
  returned: success
  type: dict
  contains:
    memfacts:
      description:
        - Where the host's memory went, in the shape of C(schemas/facts.schema.json) of the collection.
        - All sizes are bytes, all times UTC. V(null) says that a reading is missing, 0 that there is nothing.
      returned: success
      type: dict
      contains:
        schema_version:
          description: Version of this shape. It changes when a field is renamed or removed.
          returned: always
          type: int
          sample: 2
        collected_at:
          description: When the facts were gathered, RFC 3339 in UTC.
          returned: always
          type: str
          sample: "2026-11-23T15:32:21Z"
        duration_ms:
          description: Milliseconds that gathering took.
          returned: always
          type: float
          sample: 18.4
        summary:
          description: The one line to read first.
          returned: always
          type: str
          sample: "3.1 GiB of 7.7 GiB RAM is used (40.3 %); 1.2 GiB of it shows in no process"
        host:
          description: Which host and kernel the facts are about.
          returned: always
          type: dict
          contains:
            kernel_release:
              description:
                - Release of the running kernel, as C(uname -r) prints it. V(null) where the captured tree does not
                  tell it.
              returned: always
              type: str
              sample: "6.1.0-37-amd64"
            machine:
              description: Hardware name, as C(uname -m) prints it. V(null) where the facts come from a captured tree.
              returned: always
              type: str
              sample: x86_64
            page_size_bytes:
              description:
                - Size of a page in bytes. Of a captured tree it is derived, or assumed to be 4096 and named in
                  C(incomplete).
              returned: always
              type: int
              sample: 4096
            boot_id:
              description:
                - The kernel's random id of this boot. V(null) where C(/proc/sys/kernel/random/boot_id) cannot be
                  read.
              returned: always
              type: str
              sample: "2720b512-ca14-4546-bef5-4ebce0aefcf7"
            cgroup_version:
              description: Which cgroup hierarchies are mounted. C(hybrid) is both, C(none) is neither.
              returned: always
              type: str
              sample: v2
            in_container:
              description:
                - Whether the facts were gathered inside a container, so that other processes of the machine may be
                  out of sight. V(null) where nothing tells, which is usual in a captured tree.
              returned: always
              type: bool
              sample: false
            captured:
              description: Whether the facts come from a captured tree of files instead of the live host.
              returned: always
              type: bool
              sample: false
        memory:
          description: Where the RAM went.
          returned: when O(gather_subset) includes V(memory)
          type: dict
          contains:
            total_bytes:
              description: Bytes of RAM that the kernel manages (MemTotal).
              returned: always
              type: int
              sample: 25276510208
            free_bytes:
              description: Bytes that nobody uses (MemFree). V(null) where C(/proc/meminfo) has no MemFree.
              returned: always
              type: int
              sample: 23068688384
            available_bytes:
              description:
                - Bytes the kernel estimates could be used without swapping (MemAvailable). V(null) where the kernel
                  has no such field, which is so before 3.14 outside RHEL 7.
              returned: always
              type: int
              sample: 24510619648
            swap_total_bytes:
              description: Bytes of swap space (SwapTotal). V(null) where C(/proc/meminfo) has no SwapTotal.
              returned: always
              type: int
              sample: 0
            swap_free_bytes:
              description: Bytes of swap space that are free (SwapFree). V(null) where C(/proc/meminfo) has no SwapFree.
              returned: always
              type: int
              sample: 0
            swap_cached_bytes:
              description:
                - Bytes that are both in swap and in RAM (SwapCached). V(null) where C(/proc/meminfo) has no
                  SwapCached.
              returned: always
              type: int
              sample: 0
            ledger:
              description:
                - Every byte of MemTotal by its owner. The parts are disjoint; those that are not V(null) and
                  RV(ansible_facts.memfacts.memory.unaccounted_bytes) add up to
                  RV(ansible_facts.memfacts.memory.total_bytes).
              returned: always
              type: dict
              contains:
                free:
                  description: Bytes on the free lists (MemFree). V(null) where C(/proc/meminfo) has no MemFree.
                  returned: always
                  type: int
                  sample: 23068688384
                pcp_free:
                  description:
                    - Bytes on the per-CPU free lists, which are free but not in MemFree (C(/proc/zoneinfo)). V(null)
                      where C(/proc/zoneinfo) cannot be read.
                  returned: always
                  type: int
                  sample: 81092608
                page_cache:
                  description:
                    - Bytes of cached file pages (Cached without Shmem). V(null) where C(/proc/meminfo) has no Cached
                      or no Shmem.
                  returned: always
                  type: int
                  sample: 1295581184
                buffers:
                  description:
                    - Bytes of cached block device pages (Buffers). V(null) where C(/proc/meminfo) has no Buffers.
                  returned: always
                  type: int
                  sample: 35028992
                swap_cache:
                  description:
                    - Bytes in the swap cache (SwapCached), without pages that are mapped again and therefore in anon.
                      V(null) where C(/proc/meminfo) has no SwapCached.
                  returned: always
                  type: int
                  sample: 0
                anon:
                  description:
                    - Bytes of anonymous memory that processes map (AnonPages), huge pages of THP included. V(null)
                      where C(/proc/meminfo) has no AnonPages.
                  returned: always
                  type: int
                  sample: 290426880
                shmem:
                  description:
                    - Bytes of shared memory that is resident (Shmem). The subset shmem takes it apart. V(null) where
                      C(/proc/meminfo) has no Shmem.
                  returned: always
                  type: int
                  sample: 9068544
                slab_reclaimable:
                  description:
                    - Bytes of slab caches that can be reclaimed (SReclaimable), mostly dentries and inodes. V(null)
                      where C(/proc/meminfo) has no SReclaimable.
                  returned: always
                  type: int
                  sample: 415911936
                slab_unreclaimable:
                  description:
                    - Bytes of slab caches that cannot be reclaimed (SUnreclaim). V(null) where C(/proc/meminfo) has
                      no SUnreclaim.
                  returned: always
                  type: int
                  sample: 40726528
                kernel_reclaimable_other:
                  description:
                    - Bytes of other kernel memory that can be reclaimed (nr_kernel_misc_reclaimable, or KReclaimable
                      without SReclaimable). V(null) where the kernel has neither, which is so before 4.20 outside
                      RHEL 8.
                  returned: always
                  type: int
                  sample: 0
                kernel_stacks:
                  description: Bytes of thread stacks (KernelStack). V(null) where C(/proc/meminfo) has no KernelStack.
                  returned: always
                  type: int
                  sample: 1753088
                page_tables:
                  description: Bytes of page tables (PageTables). V(null) where C(/proc/meminfo) has no PageTables.
                  returned: always
                  type: int
                  sample: 3194880
                secondary_page_tables:
                  description:
                    - Bytes of page tables of KVM and IOMMU (SecPageTables). V(null) where the kernel has no such
                      field, which is so before 6.1.
                  returned: always
                  type: int
                  sample: 0
                vmalloc:
                  description:
                    - Bytes of vmalloc memory without thread stacks (VmallocUsed from 5.3 on, C(/proc/vmallocinfo)
                      before). V(null) where VmallocUsed counts no pages and C(/proc/vmallocinfo), which only root may
                      read, could not be read.
                  returned: always
                  type: int
                  sample: 17469440
                percpu:
                  description:
                    - Bytes of the per-CPU allocator (Percpu). V(null) where the kernel has no such field, which is so
                      before 4.19 outside RHEL 7.
                  returned: always
                  type: int
                  sample: 2678784
                hugetlb:
                  description:
                    - Bytes in the pools of huge pages of every size, used or not (Hugetlb, or
                      C(/sys/kernel/mm/hugepages)). V(null) where the kernel has no huge page pools.
                  returned: always
                  type: int
                  sample: 0
                zram:
                  description:
                    - Bytes that zram devices take, in their compressed form (mm_stat, or nr_zspages without zswap).
                      V(null) where neither can be read.
                  returned: always
                  type: int
                  sample: 0
                balloon:
                  description:
                    - Bytes in a hypervisor's balloon that still count in MemTotal. A virtio balloon's pages are
                      mostly taken off MemTotal and then count 0 here. V(null) where the kernel does not tell, which
                      is usual before 6.18.
                  returned: always
                  type: int
                  sample: 0
                zswap:
                  description: Bytes of the zswap pool (Zswap, or nr_zspages without zram).
                  returned: when the kernel tells it
                  type: int
                  sample: 0
                bounce:
                  description: Bytes of bounce buffers (Bounce).
                  returned: when not zero
                  type: int
                  sample: 4096
                writeback_tmp:
                  description: Bytes of FUSE's temporary writeback pages (WritebackTmp).
                  returned: when not zero
                  type: int
                  sample: 4096
                hardware_corrupted:
                  description: Bytes of pages taken out of use after memory errors (HardwareCorrupted).
                  returned: when not zero
                  type: int
                  sample: 4096
                memmap:
                  description: Bytes of page descriptors of memory that was added after boot (nr_memmap_pages).
                  returned: when not zero
                  type: int
                  sample: 4096
                gpu:
                  description:
                    - Bytes of system memory that GPU drivers hold outside Shmem (GPUActive and GPUReclaim, or fdinfo
                      of the clients).
                  returned: when the kernel or a GPU client tells it
                  type: int
                  sample: 0
                zfs_arc:
                  description: Bytes of the ARC of OpenZFS that no other part has.
                  returned: when OpenZFS is loaded
                  type: int
                  sample: 4294967296
                sockets:
                  description:
                    - Bytes of TCP and UDP buffers in page fragments outside slab (mem of C(/proc/net/sockstat)).
                  returned: when /proc/net/sockstat tells it
                  type: int
                  sample: 1556480
            unaccounted_bytes:
              description: Bytes that no part of the ledger claims. Negative where parts overlap or counters lag.
              returned: always
              type: int
              sample: 13332480
            unaccounted_percent:
              description: The same in percent of RAM.
              returned: always
              type: float
              sample: 0.05
            unaccounted_by_lru_bytes:
              description:
                - The same rest in bytes when user memory is counted by LRU lists instead of by type. A gap between
                  both is user memory in transit. V(null) where C(/proc/meminfo) has no Active, Inactive or
                  Unevictable.
              returned: always
              type: int
              sample: 13402112
            uncertainty_bytes:
              description:
                - Bytes by which the kernel's per-CPU counters may be off, all together, at worst. V(null) where
                  C(/proc/zoneinfo) cannot be read.
              returned: always
              type: int
              sample: 5963776
            hidden_bytes:
              description:
                - Bytes in use that neither show in a process nor are a cache, at least. Shared memory that processes
                  map is left out. V(null) where C(/proc/meminfo) has no Shmem.
              returned: always
              type: int
              sample: 80711680
            processes_bytes:
              description:
                - Bytes of distinct pages that processes map (AnonPages and Mapped). Each counts once, however many
                  map it. V(null) where C(/proc/meminfo) has no AnonPages or no Mapped.
              returned: always
              type: int
              sample: 331104256
            cma_total_bytes:
              description:
                - Bytes set aside for the contiguous memory allocator (CmaTotal). A view, not a part of the ledger.
                  V(null) where the kernel has no such field.
              returned: always
              type: int
              sample: 0
            cma_free_bytes:
              description:
                - Bytes of it that are free (CmaFree), which is part of MemFree. V(null) where the kernel has no such
                  field.
              returned: always
              type: int
              sample: 0
            hugepages:
              description: The pools of huge pages, one entry for each size.
              returned: always
              type: list
              elements: dict
              contains:
                page_bytes:
                  description: Bytes of one huge page.
                  returned: always
                  type: int
                  sample: 2097152
                total_bytes:
                  description: Bytes of all pages in the pool.
                  returned: always
                  type: int
                  sample: 8388608
                free_bytes:
                  description: Bytes of pages that no process uses.
                  returned: always
                  type: int
                  sample: 8388608
                reserved_bytes:
                  description: Bytes of free pages that a mapping was promised.
                  returned: always
                  type: int
                  sample: 0
                surplus_bytes:
                  description: Bytes of pages above the pool's configured size.
                  returned: always
                  type: int
                  sample: 0
            page_takers:
              description:
                - Loaded modules that are known to take pages past every counter of C(/proc/meminfo). V(null) where
                  C(/proc/modules) does not exist or cannot be read.
              returned: always
              type: list
              elements: str
              sample: ["mlx5_core"]
            unknown_fields:
              description:
                - Fields of C(/proc/meminfo) that this version does not know, by the kernel's name. Bytes where the
                  kernel gives kB, else a plain count.
              returned: always
              type: dict
              sample: {}
        tmpfs:
          description: Every tmpfs and devtmpfs once, however often it is mounted, the fullest first.
          returned: when O(gather_subset) includes V(tmpfs)
          type: list
          elements: dict
          contains:
            mount:
              description: Mount point by which it was reached.
              returned: always
              type: str
              sample: /dev/shm
            mounts:
              description: Mount points of all its mounts in all namespaces seen, at most O(top).
              returned: always
              type: list
              elements: str
              sample: ["/dev/shm"]
            device:
              description:
                - Device number as major:minor, or a running number with C(mounts:) where only C(/proc/mounts) was
                  captured.
              returned: always
              type: str
              sample: "0:26"
            fstype:
              description: Type of the file system.
              returned: always
              type: str
              sample: tmpfs
            pid:
              description: A process in whose mount namespace C(mount) is. V(null) where it is the own mount namespace.
              returned: always
              type: int
              sample: 1234
            size_bytes:
              description: Limit in bytes. V(null) where it has no limit or could not be read.
              returned: always
              type: int
              sample: 12638253056
            used_bytes:
              description:
                - Bytes in use, those in swap included. V(null) where it could not be read, or has no limit and its
                  files were not counted.
              returned: always
              type: int
              sample: 8388608
            available_bytes:
              description: Bytes that can still be written. V(null) where it has no limit or could not be read.
              returned: always
              type: int
              sample: 12629864448
            used_percent:
              description: Used in percent of the limit. V(null) where either is not known.
              returned: always
              type: float
              sample: 0.07
            size_percent_of_ram:
              description: Limit in percent of RAM. V(null) where it has no limit or could not be read.
              returned: always
              type: float
              sample: 50.0
            unlimited:
              description: Whether it was mounted without a limit (size=0). V(null) where it could not be read.
              returned: always
              type: bool
              sample: false
            inodes:
              description: Limit of inodes (a count). V(null) where it has none or could not be read.
              returned: always
              type: int
              sample: 3085511
            inodes_used:
              description: Inodes in use (a count). V(null) where they could not be read.
              returned: always
              type: int
              sample: 3
            options:
              description: Options of the mount and of the superblock.
              returned: always
              type: list
              elements: str
              sample: ["rw", "nosuid", "nodev"]
            declared:
              description: Whether C(/etc/fstab) gives it a size of its own.
              returned: always
              type: bool
              sample: false
            owner:
              description:
                - Whose the tmpfs is, by its mount point or, where only private namespaces have it, by the cgroup of a
                  process there.
              returned: always
              type: dict
              contains: &mount_owner
                kind:
                  description: What kind of owner.
                  returned: always
                  type: str
                  sample: unit
                unit:
                  description: Systemd unit. V(null) where the kind is not unit.
                  returned: always
                  type: str
                  sample: postgresql.service
                runtime:
                  description: Container runtime. V(null) where nothing names it.
                  returned: always
                  type: str
                  sample: containerd
                container:
                  description: Container id. V(null) where no container is named.
                  returned: always
                  type: str
                  sample: "3b1f"
                pod_uid:
                  description: UID of the pod. V(null) where the kind is not pod.
                  returned: always
                  type: str
                  sample: "11d8fa5d-0b7c-4a8f-9d5e-2f9b7cf1a9b1"
                qos_class:
                  description:
                    - QoS class of the pod, by its cgroup's name. V(null) where the kind is not pod or the path does
                      not tell.
                  returned: always
                  type: str
                  sample: Burstable
                volume:
                  description: Kind and name of the pod's volume. V(null) where it is no volume.
                  returned: always
                  type: str
                  sample: empty-dir/cache
                pod_alive:
                  description:
                    - Whether the pod has a cgroup or a process. V(null) where the kind is not pod or no cgroup could
                      be read.
                  returned: always
                  type: bool
                  sample: true
            top_files:
              description:
                - The biggest files that hold memory at all, at most O(top). V(null) where files were not looked for,
                  which is so with scan_files off, in a captured tree and in a tmpfs that could not be reached.
              returned: always
              type: list
              elements: dict
              contains:
                path:
                  description: Path from the root of the mount namespace it was found in.
                  returned: always
                  type: str
                  sample: /dev/shm/cache.bin
                bytes:
                  description: Bytes it takes, holes left out.
                  returned: always
                  type: int
                  sample: 8388608
                mtime:
                  description: When it was last written, RFC 3339 in UTC.
                  returned: always
                  type: str
                  sample: "2026-11-23T15:32:21Z"
                uid:
                  description: User id of its owner.
                  returned: always
                  type: int
                  sample: 1000
                holders:
                  description: Processes that hold it open or mapped, at most O(top).
                  returned: always
                  type: list
                  elements: int
                  sample: [1234]
            files:
              description: How many files it has (a count). V(null) where the search was not made or not finished.
              returned: always
              type: int
              sample: 1
            newest_mtime:
              description: When a file was last written, RFC 3339 in UTC. V(null) where no file was found.
              returned: always
              type: str
              sample: "2026-11-23T15:32:21Z"
            newest_age_seconds:
              description: Seconds since then. V(null) where no file was found.
              returned: always
              type: int
              sample: 42
            journal_bytes:
              description: Bytes of systemd-journald's files, of those found. V(null) where files were not looked for.
              returned: always
              type: int
              sample: 0
            deleted_bytes:
              description:
                - Bytes of deleted files that a process still holds, at least. V(null) where a held file could not be
                  measured, or none was found and some process could not be looked at.
              returned: always
              type: int
              sample: 0
            not_read:
              description: Why it could not be read. V(null) where it could.
              returned: always
              type: str
              sample: "another mount covers it"
        shmem:
          description:
            - What Shmem is made of. The sizes but RV(ansible_facts.memfacts.shmem.swapped_bytes) add up, less
              RV(ansible_facts.memfacts.shmem.swapped_bytes), to RV(ansible_facts.memfacts.shmem.total_bytes); one
              that is V(null) is part of RV(ansible_facts.memfacts.shmem.unattributed_bytes).
          returned: when O(gather_subset) includes V(shmem)
          type: dict
          contains:
            total_bytes:
              description: Bytes of resident shared memory (Shmem). V(null) where C(/proc/meminfo) has no Shmem.
              returned: always
              type: int
              sample: 9068544
            tmpfs_bytes:
              description: Bytes of files in all tmpfs, without deleted ones. V(null) where no tmpfs could be read.
              returned: always
              type: int
              sample: 0
            deleted_bytes:
              description:
                - Bytes of deleted tmpfs files that processes still hold, at least. V(null) where one could not be
                  measured, or none was found and some process could not be looked at.
              returned: always
              type: int
              sample: 0
            sysv_bytes:
              description:
                - Bytes of System V segments, those in swap included. V(null) where C(/proc/sysvipc/shm) cannot be
                  read.
              returned: always
              type: int
              sample: 0
            memfd_bytes:
              description:
                - Bytes of memfds, at least. V(null) where one could not be measured, or none was found and some
                  process could not be looked at.
              returned: always
              type: int
              sample: 1531904
            anonymous_shared_bytes:
              description:
                - Bytes of anonymous shared mappings, at least. V(null) where one could not be measured, or none was
                  found and some process could not be looked at.
              returned: always
              type: int
              sample: 0
            gpu_bytes:
              description:
                - Bytes of GPU buffers that are shared memory, by what the drivers say of their clients. V(null) where
                  some process could not be looked at.
              returned: always
              type: int
              sample: 0
            swapped_bytes:
              description:
                - Bytes of shared memory in swap, estimated as swap in use that no process explains. V(null) where the
                  swap of some process is not known, or C(/proc/meminfo) has no SwapTotal.
              returned: always
              type: int
              sample: 0
            unattributed_bytes:
              description:
                - Bytes of Shmem that none of these explains. Negative where they overlap. V(null) where
                  C(/proc/meminfo) has no Shmem.
              returned: always
              type: int
              sample: 7536640
            sysv_orphan_bytes:
              description:
                - Bytes of those segments to which nobody is attached and whose creator is gone. V(null) where
                  C(/proc/sysvipc/shm) cannot be read.
              returned: always
              type: int
              sample: 0
            sysv:
              description: System V segments, the biggest first, at most O(top).
              returned: always
              type: list
              elements: dict
              contains:
                shmid:
                  description: Its id, as C(ipcs -m) shows it.
                  returned: always
                  type: int
                  sample: 32768
                pid:
                  description:
                    - A process in whose IPC namespace the segment is. V(null) where it is the own IPC namespace.
                  returned: always
                  type: int
                  sample: 1234
                key:
                  description: Its key; 0 is a private one.
                  returned: always
                  type: int
                  sample: 0
                bytes:
                  description: Bytes it takes in RAM and swap. V(null) where the kernel does not tell.
                  returned: always
                  type: int
                  sample: 5242880
                size_bytes:
                  description: Bytes it was created with.
                  returned: always
                  type: int
                  sample: 5242880
                swapped_bytes:
                  description: Bytes of it in swap. V(null) where the kernel does not tell.
                  returned: always
                  type: int
                  sample: 0
                uid:
                  description: User id of its owner.
                  returned: always
                  type: int
                  sample: 26
                attached:
                  description: How many times it is attached (a count).
                  returned: always
                  type: int
                  sample: 0
                holders:
                  description: Processes that have it attached, at most O(top).
                  returned: always
                  type: list
                  elements: int
                owner:
                  description: Whose the first of them is, or else its creator. V(null) where neither is there.
                  returned: always
                  type: dict
                  contains: &owner
                    kind:
                      description: What kind of owner.
                      returned: always
                      type: str
                      sample: unit
                    unit:
                      description: Systemd unit. V(null) where the kind is not unit.
                      returned: always
                      type: str
                      sample: postgresql.service
                    runtime:
                      description: Container runtime. V(null) where nothing names it.
                      returned: always
                      type: str
                      sample: containerd
                    container:
                      description: Container id. V(null) where no container is named.
                      returned: always
                      type: str
                      sample: "3b1f"
                    pod_uid:
                      description: UID of the pod. V(null) where the kind is not pod.
                      returned: always
                      type: str
                      sample: "11d8fa5d-0b7c-4a8f-9d5e-2f9b7cf1a9b1"
                    qos_class:
                      description:
                        - QoS class of the pod, by its cgroup's name. V(null) where the kind is not pod or the path
                          does not tell.
                      returned: always
                      type: str
                      sample: Burstable
                    volume:
                      description: Kind and name of the pod's volume. V(null) where it is no volume.
                      returned: always
                      type: str
                      sample: empty-dir/cache
                creator_pid:
                  description: Process that created it; 0 if it is of another pid namespace.
                  returned: always
                  type: int
                  sample: 4711
                creator_alive:
                  description:
                    - Whether a process of that id is there. V(null) where the creator is of another pid namespace or
                      processes hide.
                  returned: always
                  type: bool
                  sample: false
                orphan:
                  description: Whether nobody is attached and the creator is known to be gone.
                  returned: always
                  type: bool
                  sample: true
            memfd:
              description: Files from memfd_create, the biggest first, at most O(top).
              returned: always
              type: list
              elements: dict
              contains: &held_file
                name:
                  description: Name of the file, as C(/proc) shows it, without C((deleted\)).
                  returned: always
                  type: str
                  sample: "/memfd:frames"
                bytes:
                  description: Bytes it takes, holes left out. V(null) where it could not be measured.
                  returned: always
                  type: int
                  sample: 1531904
                holders:
                  description: Processes that hold it open or mapped, at most O(top).
                  returned: always
                  type: list
                  elements: int
                  sample: [1048]
                comm:
                  description: Name of the first of them.
                  returned: always
                  type: str
                  sample: pipewire
                owner:
                  description: Whose the first of them is.
                  returned: always
                  type: dict
                  contains: *owner
            deleted:
              description: Deleted tmpfs files that processes still hold, the biggest first, at most O(top).
              returned: always
              type: list
              elements: dict
              contains: *held_file
            anonymous_shared:
              description: Anonymous shared mappings, the biggest first, at most O(top).
              returned: always
              type: list
              elements: dict
              contains: *held_file
            processes_refused:
              description: Processes whose files and mappings could not be looked at (a count).
              returned: always
              type: int
              sample: 0
            processes:
              description: Processes with memory of their own (a count).
              returned: always
              type: int
              sample: 25
        kernel:
          description: Who inside the kernel holds memory.
          returned: when O(gather_subset) includes V(kernel)
          type: dict
          contains:
            slab:
              description: The kernel's object caches.
              returned: always
              type: dict
              contains:
                reclaimable_bytes:
                  description:
                    - Bytes that can be reclaimed (SReclaimable). V(null) where C(/proc/meminfo) has no SReclaimable.
                  returned: always
                  type: int
                  sample: 415911936
                unreclaimable_bytes:
                  description: Bytes that cannot (SUnreclaim). V(null) where C(/proc/meminfo) has no SUnreclaim.
                  returned: always
                  type: int
                  sample: 40726528
                top:
                  description:
                    - The biggest caches, at most O(top). V(null) where C(/proc/slabinfo) cannot be read, which only
                      root may.
                  returned: always
                  type: list
                  elements: dict
                  contains: &slab_cache
                    name:
                      description: Its name in C(/proc/slabinfo).
                      returned: always
                      type: str
                      sample: kmalloc-2k
                    aliases:
                      description: Other caches that the kernel merged with it.
                      returned: always
                      type: list
                      elements: str
                      sample: []
                    bytes:
                      description: Bytes of all its slabs.
                      returned: always
                      type: int
                      sample: 56098816
                    objects:
                      description: Objects its slabs have room for (a count).
                      returned: always
                      type: int
                      sample: 292180
                    active_objects:
                      description: Objects in use (a count).
                      returned: always
                      type: int
                      sample: 292180
                    object_bytes:
                      description: Bytes of one object.
                      returned: always
                      type: int
                      sample: 192
                top_unreclaimable:
                  description:
                    - The biggest of those that the kernel does not give back, at most O(top). V(null) where
                      C(/proc/slabinfo) cannot be read, which only root may.
                  returned: always
                  type: list
                  elements: dict
                  contains: *slab_cache
            vmalloc:
              description: Memory from vmalloc.
              returned: always
              type: dict
              contains:
                used_bytes:
                  description:
                    - Bytes of pages from vmalloc, thread stacks included (VmallocUsed). V(null) where VmallocUsed
                      counts no pages, which is so before 5.3.
                  returned: always
                  type: int
                  sample: 19222528
                top:
                  description:
                    - The biggest callers, at most O(top). V(null) where C(/proc/vmallocinfo) cannot be read, which
                      only root may.
                  returned: always
                  type: list
                  elements: dict
                  contains:
                    caller:
                      description: Function that called vmalloc, with its module.
                      returned: always
                      type: str
                      sample: htab_map_alloc
                    bytes:
                      description: Bytes of pages it holds.
                      returned: always
                      type: int
                      sample: 8286208
                    thread_stacks:
                      description: Whether these are thread stacks, which the ledger counts as kernel_stacks.
                      returned: always
                      type: bool
                      sample: false
            sockets:
              description: Buffers of sockets (C(/proc/net/sockstat)).
              returned: always
              type: dict
              contains:
                tcp_bytes:
                  description: Bytes charged to TCP sockets of all network namespaces. V(null) where it is not told.
                  returned: always
                  type: int
                  sample: 1556480
                udp_bytes:
                  description: Bytes charged to UDP sockets of all network namespaces. V(null) where it is not told.
                  returned: always
                  type: int
                  sample: 0
                fragments_bytes:
                  description:
                    - Bytes of IP fragments that wait for the rest, in the own network namespace. V(null) where it is
                      not told.
                  returned: always
                  type: int
                  sample: 0
                count:
                  description: Sockets in use in the own network namespace (a count). V(null) where it is not told.
                  returned: always
                  type: int
                  sample: 16
            bpf_jit_bytes:
              description:
                - Bytes of compiled BPF programs. V(null) where C(/proc/vmallocinfo) cannot be read, which only root
                  may.
              returned: always
              type: int
              sample: 2097152
            bpf_jit_limit_bytes:
              description:
                - Bytes at which loading another one fails (net.core.bpf_jit_limit). V(null) where the sysctl does not
                  exist or may not be read.
              returned: always
              type: int
              sample: 528482304
            percpu:
              description: The per-CPU allocator.
              returned: always
              type: dict
              contains:
                bytes:
                  description: Bytes it holds (Percpu). V(null) where C(/proc/meminfo) has no Percpu.
                  returned: always
                  type: int
                  sample: 2678784
            page_tables:
              description: Page tables.
              returned: always
              type: dict
              contains:
                bytes:
                  description: Bytes of all of them (PageTables). V(null) where C(/proc/meminfo) has no PageTables.
                  returned: always
                  type: int
                  sample: 3194880
                top:
                  description: The processes that have most, at most O(top).
                  returned: always
                  type: list
                  elements: dict
                  contains:
                    pid:
                      description: Process id.
                      returned: always
                      type: int
                      sample: 17913
                    comm:
                      description: Its name.
                      returned: always
                      type: str
                      sample: postgres
                    bytes:
                      description: Bytes of its page tables.
                      returned: always
                      type: int
                      sample: 786432
            allocinfo:
              description:
                - The source lines that hold most memory (C(/proc/allocinfo), 6.10 and later), at most O(top). V(null)
                  where the kernel was built without memory allocation profiling.
              returned: always
              type: list
              elements: dict
              contains:
                bytes:
                  description: Bytes it holds.
                  returned: always
                  type: int
                  sample: 4194304
                calls:
                  description: Allocations that make them up (a count).
                  returned: always
                  type: int
                  sample: 1024
                place:
                  description: Source file and line.
                  returned: always
                  type: str
                  sample: "mm/slub.c:2425"
                module:
                  description: Kernel module. V(null) where it is in the kernel itself.
                  returned: always
                  type: str
                  sample: nvidia
                function:
                  description: Function.
                  returned: always
                  type: str
                  sample: alloc_slab_page
        processes:
          description: The processes with the biggest resident sets.
          returned: when O(gather_subset) includes V(processes)
          type: dict
          contains:
            count:
              description:
                - Processes, kernel threads included (a count). V(null) where some hide, as in a container or under
                  hidepid, or none is part of a captured tree.
              returned: always
              type: int
              sample: 86
            kernel_threads:
              description: Kernel threads and zombies among them (a count).
              returned: always
              type: int
              sample: 61
            unreadable:
              description: Processes that could not be read (a count).
              returned: always
              type: int
              sample: 0
            top:
              description: The biggest by resident set, at most O(top).
              returned: always
              type: list
              elements: dict
              contains:
                pid:
                  description: Process id.
                  returned: always
                  type: int
                  sample: 17913
                comm:
                  description: Its name. Command lines are never reported.
                  returned: always
                  type: str
                  sample: postgres
                uid:
                  description: Real user id.
                  returned: always
                  type: int
                  sample: 26
                unit:
                  description: Systemd unit it belongs to. V(null) where it belongs to none, or to a container or pod.
                  returned: always
                  type: str
                  sample: postgresql.service
                container:
                  description: Id of its container. V(null) where it is in none.
                  returned: always
                  type: str
                  sample: "3b1f"
                pod_uid:
                  description: UID of its pod. V(null) where it is in none.
                  returned: always
                  type: str
                  sample: "11d8fa5d-0b7c-4a8f-9d5e-2f9b7cf1a9b1"
                cgroup:
                  description: Path of its memory cgroup. V(null) where it cannot be read.
                  returned: always
                  type: str
                  sample: /system.slice/postgresql.service
                rss_bytes:
                  description: Bytes of its resident set, which is the next three together.
                  returned: always
                  type: int
                  sample: 250003456
                anon_bytes:
                  description:
                    - Bytes of anonymous memory in it. V(null) where the kernel does not tell, which is so before 4.5
                      outside RHEL 7.
                  returned: always
                  type: int
                  sample: 227119104
                file_bytes:
                  description:
                    - Bytes of mapped files in it. V(null) where the kernel does not tell, which is so before 4.5
                      outside RHEL 7.
                  returned: always
                  type: int
                  sample: 22884352
                shmem_bytes:
                  description:
                    - Bytes of shared memory in it. V(null) where the kernel does not tell, which is so before 4.5
                      outside RHEL 7.
                  returned: always
                  type: int
                  sample: 0
                swap_bytes:
                  description: Bytes of its anonymous memory in swap. V(null) where the kernel does not tell.
                  returned: always
                  type: int
                  sample: 0
                page_tables_bytes:
                  description: Bytes of its page tables. V(null) where the kernel does not tell.
                  returned: always
                  type: int
                  sample: 786432
                oom_score:
                  description:
                    - Score the kernel gives it, from 0 to about 2000. The host's OOM killer takes the highest.
                      V(null) where it cannot be read.
                  returned: always
                  type: int
                  sample: 672
                oom_score_adj:
                  description:
                    - What was set to move that score, from -1000 (never) to 1000. V(null) where it cannot be read.
                  returned: always
                  type: int
                  sample: 0
        cgroups:
          description: The memory cgroups that hold most. Figures include descendants.
          returned: when O(gather_subset) includes V(cgroups)
          type: dict
          contains:
            version:
              description: Which cgroup hierarchies are mounted, as in C(host.cgroup_version).
              returned: always
              type: str
              sample: v2
            count:
              description: Memory cgroups, the root included (a count). V(null) where no memory controller is mounted.
              returned: always
              type: int
              sample: 143
            dying:
              description:
                - Removed cgroups that memory is still charged to (a count). V(null) where no memory controller is
                  mounted or the kernel does not tell.
              returned: always
              type: int
              sample: 6
            top:
              description: The biggest but the root, at most O(top).
              returned: always
              type: list
              elements: dict
              contains: &cgroup
                path:
                  description: Its path.
                  returned: always
                  type: str
                  sample: /system.slice/postgresql.service
                current_bytes:
                  description: Bytes charged to it.
                  returned: always
                  type: int
                  sample: 2003013632
                limit_bytes:
                  description: Its limit in bytes. V(null) where it has none.
                  returned: always
                  type: int
                  sample: 4294967296
                anon_bytes:
                  description: Bytes of anonymous memory. V(null) where the kernel does not tell.
                  returned: always
                  type: int
                  sample: 277745664
                file_bytes:
                  description: Bytes of page cache, shared memory included. V(null) where the kernel does not tell.
                  returned: always
                  type: int
                  sample: 1330024448
                shmem_bytes:
                  description:
                    - Bytes of shared memory. V(null) where the kernel does not tell, which is so in v1 before 4.12.
                  returned: always
                  type: int
                  sample: 0
                kernel_bytes:
                  description: Bytes of kernel memory, slab included. V(null) where the kernel does not tell.
                  returned: always
                  type: int
                  sample: 393900032
                slab_reclaimable_bytes:
                  description:
                    - Bytes of slab that can be reclaimed. V(null) where the kernel does not tell, which is so in v1.
                  returned: always
                  type: int
                  sample: 104857600
                slab_unreclaimable_bytes:
                  description:
                    - Bytes of slab that cannot be reclaimed. V(null) where the kernel does not tell, which is so in
                      v1.
                  returned: always
                  type: int
                  sample: 10485760
                oom_kills:
                  description:
                    - Processes the OOM killer took from it (a count). V(null) where the kernel does not tell, which
                      is so before 4.13.
                  returned: always
                  type: int
                  sample: 0
            near_limit:
              description: Those that use 75 percent of their limit or more, the biggest first, at most O(top).
              returned: always
              type: list
              elements: dict
              contains: *cgroup
        oom:
          description: How the kernel is set to behave when memory runs out, and how often it did.
          returned: when O(gather_subset) includes V(oom)
          type: dict
          contains:
            sysctls:
              description: Settings below C(/proc/sys/vm), by the kernel's names and in its units.
              returned: always
              type: dict
              contains:
                panic_on_oom:
                  description:
                    - 1 panics instead of killing when the whole host is out of memory, 2 always. V(null) where it
                      cannot be read.
                  returned: always
                  type: int
                  sample: 0
                oom_kill_allocating_task:
                  description:
                    - Not 0 kills whoever asked for memory instead of the highest score. V(null) where it cannot be
                      read.
                  returned: always
                  type: int
                  sample: 0
                oom_dump_tasks:
                  description: Not 0 writes the table of processes into the kernel log. V(null) where it cannot be read.
                  returned: always
                  type: int
                  sample: 1
                overcommit_memory:
                  description:
                    - 0 refuses only absurd requests, 1 none, 2 all above the commit limit. V(null) where it cannot be
                      read.
                  returned: always
                  type: int
                  sample: 0
                overcommit_ratio:
                  description: Percent of RAM that counts into the commit limit. V(null) where it cannot be read.
                  returned: always
                  type: int
                  sample: 50
                swappiness:
                  description:
                    - Weight of anonymous memory against page cache in reclaim, from 0 to 200. V(null) where it cannot
                      be read.
                  returned: always
                  type: int
                  sample: 60
                min_free_kbytes:
                  description: KiB, not bytes, that the kernel keeps free. V(null) where it cannot be read.
                  returned: always
                  type: int
                  sample: 67584
            kills_since_boot:
              description:
                - Processes the OOM killer took since boot (a count). V(null) where the kernel does not tell, which is
                  so before 4.13.
              returned: always
              type: int
              sample: 0
            reaper:
              description:
                - Whether the kernel has the OOM reaper, which takes the memory of a victim that is stuck. V(null) where
                  neither its thread is to be seen nor the release is known.
              returned: always
              type: bool
              sample: true
            badness_model:
              description:
                - How this kernel computes points. V(signed) lets them fall below 0; V(floored) (before 5.9 in the main)
                  gives all that do 1 point, so that of a cgroup whose processes have a very negative oom_score_adj the
                  smallest may die.
              returned: always
              type: str
              sample: "signed"
            badness_evidence:
              description: What the kernel itself showed that tells the model, or why nothing does.
              returned: always
              type: str
              sample: >-
                this process (oom_score_adj 0, 0/1000 of RAM and swap) shows oom_score 666, where a signed kernel shows
                666 and a floored one 0
            tie_rule:
              description:
                - Which of several with the same points dies, the V(first) or the V(last) that the kernel scans, or
                  V(unknown).
              returned: always
              type: str
              sample: "last"
            tie_rule_evidence:
              description: Why.
              returned: always
              type: str
              sample: "kernels from 5.3 on take the last that was scanned, and this one is 6.1.0-37-amd64"
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
                - What happens when memory runs out here. V(highest score) kills by points, V(allocating task) whoever
                  asks for memory, V(panic) stops the host, V(wait) lets the tasks sleep until there is room, V(nobody)
                  finds nobody who may be killed.
              returned: always
              type: str
              sample: "highest score"
            sure:
              description: Whether the outcome is beyond the drift of the kernel's counters and no tie is left open.
              returned: always
              type: bool
              sample: true
            next:
              description:
                - Who dies next; several are those of a tie that cannot be decided, of whom one dies, at most O(top).
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
                    - Bytes of RAM that its death gives back at most, which are its anonymous memory and its page
                      tables. Shared memory and file pages survive it. V(null) where the kernel does not tell anonymous
                      memory, which is so before 4.5 outside RHEL 7.
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
                    - Bytes of RAM that its death gives back at most, which are its anonymous memory and its page
                      tables. Shared memory and file pages survive it. V(null) where the kernel does not tell anonymous
                      memory, which is so before 4.5 outside RHEL 7.
                  returned: always
                  type: int
                  sample: 3221225472
            chosen_pid:
              description:
                - Up to kernel 5.0 a child dies for the process that is chosen; this is the chosen one. V(null) where no
                  child dies for another.
              returned: always
              type: int
              sample: 1200
            rivals:
              description:
                - Process ids of others whose points come so close that the drift of the counters could put them in
                  front.
              returned: always
              type: list
              elements: int
              sample: []
            margin_bytes:
              description:
                - Points between the chosen and the next, as bytes. V(null) where no points decide, or there is no
                  other.
              returned: always
              type: int
              sample: 1073741824
            drift_bytes:
              description:
                - By how many bytes that margin may be off, since the kernel reads its counters less exactly than
                  C(/proc) does. V(null) where no points decide, or there is no other.
              returned: always
              type: int
              sample: 1572864
            group_cgroup:
              description:
                - Cgroup that dies with the victim, since its memory.oom.group is set. V(null) where none is set.
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
                - Bytes of RAM that their death gives back at most. V(null) where no cgroup dies as one, or the kernel
                  does not tell anonymous memory.
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
                    - Its place, from 1. Tied processes share theirs where it cannot be told whom the kernel takes
                      first.
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
                    - What its C(/proc/PID/oom_score) follows from the same figures, which is of the host and not of
                      this domain. V(null) where the badness model is not known.
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
                    - Bytes of RAM that its death gives back at most, which are its anonymous memory and its page
                      tables. Shared memory and file pages survive it. V(null) where the kernel does not tell anonymous
                      memory, which is so before 4.5 outside RHEL 7.
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
            by_cgroup:
              description:
                - The same for each memory cgroup that has a limit and processes in it, those closest to their limit
                  first, at most O(top).
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
                    - What happens when memory runs out here. V(highest score) kills by points, V(allocating task)
                      whoever asks for memory, V(panic) stops the host, V(wait) lets the tasks sleep until there is
                      room, V(nobody) finds nobody who may be killed.
                  returned: always
                  type: str
                  sample: "highest score"
                sure:
                  description: Whether the outcome is beyond the drift of the kernel's counters and no tie is left open.
                  returned: always
                  type: bool
                  sample: true
                next:
                  description:
                    - Who dies next; several are those of a tie that cannot be decided, of whom one dies, at most
                      O(top).
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
                        - Bytes of RAM that its death gives back at most, which are its anonymous memory and its page
                          tables. Shared memory and file pages survive it. V(null) where the kernel does not tell
                          anonymous memory, which is so before 4.5 outside RHEL 7.
                      returned: always
                      type: int
                      sample: 3221225472
                next_count:
                  description: How many those are in all (a count).
                  returned: always
                  type: int
                  sample: 1
                signed_next:
                  description:
                    - Whom a kernel with the V(signed) badness model would kill. Empty where this kernel has it.
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
                        - Bytes of RAM that its death gives back at most, which are its anonymous memory and its page
                          tables. Shared memory and file pages survive it. V(null) where the kernel does not tell
                          anonymous memory, which is so before 4.5 outside RHEL 7.
                      returned: always
                      type: int
                      sample: 3221225472
                chosen_pid:
                  description:
                    - Up to kernel 5.0 a child dies for the process that is chosen; this is the chosen one. V(null)
                      where no child dies for another.
                  returned: always
                  type: int
                  sample: 1200
                rivals:
                  description:
                    - Process ids of others whose points come so close that the drift of the counters could put them in
                      front.
                  returned: always
                  type: list
                  elements: int
                  sample: []
                margin_bytes:
                  description:
                    - Points between the chosen and the next, as bytes. V(null) where no points decide, or there is no
                      other.
                  returned: always
                  type: int
                  sample: 1073741824
                drift_bytes:
                  description:
                    - By how many bytes that margin may be off, since the kernel reads its counters less exactly than
                      C(/proc) does. V(null) where no points decide, or there is no other.
                  returned: always
                  type: int
                  sample: 1572864
                group_cgroup:
                  description:
                    - Cgroup that dies with the victim, since its memory.oom.group is set. V(null) where none is set.
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
                    - Bytes of RAM that their death gives back at most. V(null) where no cgroup dies as one, or the
                      kernel does not tell anonymous memory.
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
                        - Its place, from 1. Tied processes share theirs where it cannot be told whom the kernel takes
                          first.
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
                      description:
                        - Systemd unit it belongs to. V(null) where it belongs to none, or to a container or pod.
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
                        - What its C(/proc/PID/oom_score) follows from the same figures, which is of the host and not of
                          this domain. V(null) where the badness model is not known.
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
                        - Bytes of RAM that its death gives back at most, which are its anonymous memory and its page
                          tables. Shared memory and file pages survive it. V(null) where the kernel does not tell
                          anonymous memory, which is so before 4.5 outside RHEL 7.
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
            lifelines:
              description: Main processes of the services that a host needs to be reached and repaired, at most O(top).
              returned: always
              type: list
              elements: dict
              contains:
                name:
                  description: Which service it is.
                  returned: always
                  type: str
                  sample: "sshd"
                role:
                  description: What is lost with it.
                  returned: always
                  type: str
                  sample: "the way in"
                pid:
                  description: Process id.
                  returned: always
                  type: int
                  sample: 812
                comm:
                  description: Its name.
                  returned: always
                  type: str
                  sample: "sshd"
                unit:
                  description: Systemd unit it belongs to, else the usual one. V(null) where there is none.
                  returned: always
                  type: str
                  sample: "ssh.service"
                oom_score_adj:
                  description: Its adjustment, from -1000 to 1000.
                  returned: always
                  type: int
                  sample: -1000
                usual_adj:
                  description: What its own project or the unit that it ships with sets.
                  returned: always
                  type: int
                  sample: -1000
                protected:
                  description: Whether its adjustment is below 0.
                  returned: always
                  type: bool
                  sample: true
            unkillable_workloads:
              description: Processes at -1000 that are no lifeline of the host, the biggest first, at most O(top).
              returned: always
              type: list
              elements: dict
              contains: &oom_process
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
                oom_score_adj:
                  description: Its adjustment, from -1000 to 1000.
                  returned: always
                  type: int
                  sample: -998
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
                held_bytes:
                  description: Bytes of its resident set, page tables and swap.
                  returned: always
                  type: int
                  sample: 3321225472
            negative_workloads:
              description:
                - Processes from -999 to -1 that are no lifeline of the host, the biggest first, at most O(top).
              returned: always
              type: list
              elements: dict
              contains: *oom_process
            same_adj_cgroups:
              description:
                - Cgroups with a limit in which a negative adjustment leaves nothing to choose by, since it is the same
                  for all killable processes, or outweighs the size of each; at most O(top).
              returned: always
              type: list
              elements: dict
              contains:
                cgroup:
                  description: Its path.
                  returned: always
                  type: str
                  sample: "/kubepods/pod5d414e7a"
                limit_bytes:
                  description: Bytes of its limit.
                  returned: always
                  type: int
                  sample: 17179869184
                processes:
                  description: Killable processes in it (a count).
                  returned: always
                  type: int
                  sample: 3
                lowest_adj:
                  description: The lowest oom_score_adj of them.
                  returned: always
                  type: int
                  sample: -998
                highest_adj:
                  description: The highest oom_score_adj of them.
                  returned: always
                  type: int
                  sample: -997
                all_tied:
                  description:
                    - Whether this kernel gives all of them the same points, or may where its badness model is unknown.
                  returned: always
                  type: bool
                  sample: true
                next_count:
                  description:
                    - How many may be the one that dies (a count), which is more than 1 in a tie that cannot be decided.
                  returned: always
                  type: int
                  sample: 3
                next:
                  description: Who may be the one that dies when the cgroup is full, the five smallest.
                  returned: always
                  type: list
                  elements: dict
                  contains: *oom_process
                biggest:
                  description: The one that should.
                  returned: always
                  type: dict
                  contains: *oom_process
            without_victim:
              description: Cgroups with a limit in which no process may be killed, at most O(top).
              returned: always
              type: list
              elements: dict
              contains:
                cgroup:
                  description: Its path.
                  returned: always
                  type: str
                  sample: "/system.slice/db.service"
                limit_bytes:
                  description: Bytes of its limit.
                  returned: always
                  type: int
                  sample: 536870912
                processes:
                  description: Processes in it (a count).
                  returned: always
                  type: int
                  sample: 1
                pid:
                  description: Process id of the biggest.
                  returned: always
                  type: int
                  sample: 1234
                held_bytes:
                  description: Bytes that they hold.
                  returned: always
                  type: int
                  sample: 402653184
            units:
              description:
                - System services that declare an OOMScoreAdjust and run, those whose process has another value first,
                  at most O(top).
              returned: always
              type: list
              elements: dict
              contains:
                unit:
                  description: Its name.
                  returned: always
                  type: str
                  sample: "dbus.service"
                pid:
                  description: Process id of its main process.
                  returned: always
                  type: int
                  sample: 731
                comm:
                  description: Name of its main process.
                  returned: always
                  type: str
                  sample: "dbus-daemon"
                declared_adj:
                  description: What its unit file and drop-ins declare.
                  returned: always
                  type: int
                  sample: -900
                oom_score_adj:
                  description: What its main process has.
                  returned: always
                  type: int
                  sample: -900
                declared_in:
                  description: The file that has the last word.
                  returned: always
                  type: str
                  sample: "/lib/systemd/system/dbus.service"
                agrees:
                  description: Whether the two are the same.
                  returned: always
                  type: bool
                  sample: true
        findings:
          description: What was found wrong, the worst first.
          returned: always
          type: list
          elements: dict
          contains:
            id:
              description: Which finding it is; docs/findings.md has a section of that name.
              returned: always
              type: str
              sample: tmpfs-nearly-full
            severity:
              description: How bad it is.
              returned: always
              type: str
              sample: warning
            summary:
              description: One sentence with the figures.
              returned: always
              type: str
              sample: "/dev/shm is 93.1 % full (59.6 MiB of 64.0 MiB)"
            evidence:
              description:
                - What it was concluded from. Each finding has its own fields, which docs/findings.md lists. Sizes are
                  bytes.
              returned: always
              type: dict
              sample: {"mount": "/dev/shm", "used_percent": 93.1}
            remedy:
              description: What to do next, in plain sentences.
              returned: always
              type: str
              sample: "Raise the limit only if enough RAM is available."
            remedy_commands:
              description:
                - Commands for that, in the order of the remedy, as one types them in a root shell. Names from the host
                  are quoted for the shell. A word in capitals, such as SIZE or PID, is to be replaced.
              returned: always
              type: list
              elements: str
              sample: ["mount -o remount,size=SIZE /dev/shm"]
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
              sample: "docs/findings.md#tmpfs-nearly-full"
        truncated:
          description: Lists that have more entries than O(top) lets through, by their place in the facts.
          returned: always
          type: list
          elements: str
          sample: ["processes.top"]
        incomplete:
          description: What could not be told. Whatever is V(null) for want of a reading has its reason here.
          returned: always
          type: list
          elements: dict
          contains:
            source:
              description: File, mount or ledger part.
              returned: always
              type: str
              sample: "ledger percpu"
            reason:
              description: Why.
              returned: always
              type: str
              sample: "this kernel does not tell"
summary:
  description: The one line to read first, the same as RV(ansible_facts.memfacts.summary).
  returned: success
  type: str
  sample: "3.1 GiB of 7.7 GiB RAM is used (40.3 %); 1.2 GiB of it shows in no process"
report:
  description: The facts as a short page of plain text, one entry a line.
  returned: success
  type: list
  elements: str
  sample: ["3.1 GiB of 7.7 GiB RAM is used (40.3 %)", "", "Where MemTotal (7.7 GiB) went"]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.memfacts.linux.plugins.module_utils import from_zip

from_zip.compile_once()  # before the other files of the collection are imported

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import asked, facts
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings import catalogue
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import host


def main():
    module = AnsibleModule(
        argument_spec={
            "gather_subset": {"type": "list", "elements": "str", "default": ["all"]},
            "top": {"type": "int", "default": 10},
            "thresholds": {"type": "dict", "default": {}},
            "scan_files": {"type": "bool", "default": True},
            "scan_seconds": {"type": "float", "default": 1.0},
            "namespaces": {"type": "bool", "default": True},
            "root": {"type": "path", "default": "/"},
        },
        supports_check_mode=True,
    )
    given = dict(module.params)
    try:
        tree = host.at(given.pop("root"))
        found = facts.collect(tree, asked.checked(rules=catalogue.every, **given))
    except (OSError, MemfactsError) as error:
        module.fail_json(msg=f"Cannot gather memory facts: {error}")
    module.exit_json(ansible_facts={"memfacts": found}, summary=found["summary"], report=facts.page(found))


if __name__ == "__main__":
    main()
