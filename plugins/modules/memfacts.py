#!/usr/bin/python
# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: memfacts
short_description: Show where every byte of a host's memory went
version_added: 0.1.0
description:
  - Accounts for every byte of C(MemTotal). The result is a ledger of parts that do not overlap. Bytes that belong to no
    known part are reported as unaccounted.
  - Breaks down the memory that does not appear in the resident set of any process, such as tmpfs and other shared
    memory, slab, vmalloc, kernel stacks and page tables.
  - Reports problems as findings. Each finding has its evidence and a remedy.
  - Reads files below C(/proc) and C(/sys), looks into tmpfs mounts, and changes nothing. The managed host needs only
    Python 3.6 or later.
  - Runs as root or as an ordinary user. A value that the user may not read is V(null), and
    RV(ansible_facts.memfacts.incomplete) gives the reason.
author:
  - the memfacts authors (@memfacts)
options:
  gather_subset:
    description:
      - Which subsets of the facts to gather. Valid names are V(all), V(memory), V(tmpfs), V(shmem), V(kernel),
        V(processes), V(cgroups) and V(oom).
      - A leading V(!) excludes a subset. A list that has only exclusions means all subsets except those.
    type: list
    elements: str
    default: [all]
  top:
    description: The maximum number of entries in each list.
    type: int
    default: 10
  thresholds:
    description:
      - Maps the id of a finding to the value from which the finding is raised. The unit of the value is in the section
        of that finding in C(docs/findings.md).
      - C(docs/findings.md) of the collection lists all findings and their default thresholds.
    type: dict
    default: {}
  scan_files:
    description: Whether to search each tmpfs for its largest files.
    type: bool
    default: true
  scan_seconds:
    description:
      - Time limit in seconds for the search for files in all tmpfs mounts together.
        RV(ansible_facts.memfacts.incomplete) names each tmpfs that the search did not finish.
    type: float
    default: 1.0
  namespaces:
    description:
      - Whether to look into the mount and IPC namespaces of other processes. Containers and some services have their
        own tmpfs there.
    type: bool
    default: true
  root:
    description:
      - The root folder of the host to analyse. To analyse another host, name a folder that holds its C(proc/) and
        C(sys/), such as an unpacked sosreport.
    type: path
    default: /
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.facts
attributes:
  check_mode:
    support: full
    details: The module never changes anything, so check mode does the same as a normal run.
  diff_mode:
    support: none
  facts:
    support: full
  platform:
    platforms: linux
"""

EXAMPLES = r"""
- name: Gather facts about where the memory went
  memfacts.linux.memfacts:

- name: Gather the facts and keep the report
  memfacts.linux.memfacts:
  register: memory

- name: Print the report

  ansible.builtin.debug:
    var: memory.report

- name: Stop a roll-out on hosts that have a warning or a critical finding
  ansible.builtin.assert:
    that: ansible_facts.memfacts.findings | rejectattr('severity', 'eq', 'info') | length == 0
    fail_msg: "{{ ansible_facts.memfacts.summary }}"

- name: Gather only the ledger and tmpfs, and report a tmpfs that is 80 percent full
  memfacts.linux.memfacts:
    gather_subset: [memory, tmpfs]
    thresholds:
      tmpfs-nearly-full: 80

- name: Analyse the sosreport of another host
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
        - All sizes are in bytes and all times in UTC. V(null) means that the value could not be read. 0 means that the
          value was read and is zero.
      returned: success
      type: dict
      contains:
        schema_version:
          description: Version of the format of these facts.
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
          description: A one-line summary.
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
                - Release of the running kernel, as C(uname -r) prints it. V(null) if the captured files do not contain
                  it.
              returned: always
              type: str
              sample: "6.1.0-37-amd64"
            machine:
              description: Hardware name, as C(uname -m) prints it. V(null) if the facts come from captured files.
              returned: always
              type: str
              sample: x86_64
            page_size_bytes:
              description:
                - Size of a memory page in bytes. If the facts come from captured files, memfacts derives the size from
                  them. If that is not possible, it assumes 4096 and says so in C(incomplete).
              returned: always
              type: int
              sample: 4096
            boot_id:
              description:
                - The kernel's random id of this boot. V(null) if C(/proc/sys/kernel/random/boot_id) cannot be read.
              returned: always
              type: str
              sample: "2720b512-ca14-4546-bef5-4ebce0aefcf7"
            cgroup_version:
              description: Which cgroup hierarchies are mounted. C(hybrid) means both v1 and v2, C(none) means neither.
              returned: always
              type: str
              sample: v2
            in_container:
              description:
                - Whether the facts were gathered inside a container, where other processes of the machine may be
                  invisible. V(null) if this is not known, which is usual for captured files.
              returned: always
              type: bool
              sample: false
            captured:
              description: Whether the facts come from captured files instead of the live host.
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
              description: Bytes of RAM that are not in use (MemFree). V(null) if C(/proc/meminfo) has no MemFree.
              returned: always
              type: int
              sample: 23068688384
            available_bytes:
              description:
                - Bytes that programs could use without swapping, as the kernel estimates (MemAvailable). V(null) if the
                  kernel has no such field (before Linux 3.14, except RHEL 7).
              returned: always
              type: int
              sample: 24510619648
            swap_total_bytes:
              description: Bytes of swap space (SwapTotal). V(null) if C(/proc/meminfo) has no SwapTotal.
              returned: always
              type: int
              sample: 0
            swap_free_bytes:
              description: Bytes of swap space that are free (SwapFree). V(null) if C(/proc/meminfo) has no SwapFree.
              returned: always
              type: int
              sample: 0
            swap_cached_bytes:
              description:
                - Bytes that are both in swap and in RAM (SwapCached). V(null) if C(/proc/meminfo) has no SwapCached.
              returned: always
              type: int
              sample: 0
            ledger:
              description:
                - The parts of MemTotal. The parts do not overlap. The sum of all parts that are not V(null), plus
                  RV(ansible_facts.memfacts.memory.unaccounted_bytes), is RV(ansible_facts.memfacts.memory.total_bytes).
              returned: always
              type: dict
              contains:
                free:
                  description: Bytes on the free lists (MemFree). V(null) if C(/proc/meminfo) has no MemFree.
                  returned: always
                  type: int
                  sample: 23068688384
                pcp_free:
                  description:
                    - Bytes on the per-CPU free lists, which are free but not in MemFree (C(/proc/zoneinfo)). V(null) if
                      C(/proc/zoneinfo) cannot be read.
                  returned: always
                  type: int
                  sample: 81092608
                page_cache:
                  description:
                    - Bytes of cached file pages (Cached without Shmem). V(null) if C(/proc/meminfo) has no Cached or no
                      Shmem.
                  returned: always
                  type: int
                  sample: 1295581184
                buffers:
                  description: Bytes of cached block device pages (Buffers). V(null) if C(/proc/meminfo) has no Buffers.
                  returned: always
                  type: int
                  sample: 35028992
                swap_cache:
                  description:
                    - Bytes in the swap cache (SwapCached), without pages that are mapped again and therefore in anon.
                      V(null) if C(/proc/meminfo) has no SwapCached.
                  returned: always
                  type: int
                  sample: 0
                anon:
                  description:
                    - Bytes of anonymous memory that processes map (AnonPages), including transparent huge pages.
                      V(null) if C(/proc/meminfo) has no AnonPages.
                  returned: always
                  type: int
                  sample: 290426880
                shmem:
                  description:
                    - Bytes of shared memory that is resident (Shmem). The subset shmem takes it apart. V(null) if
                      C(/proc/meminfo) has no Shmem.
                  returned: always
                  type: int
                  sample: 9068544
                slab_reclaimable:
                  description:
                    - Bytes of slab caches that can be reclaimed (SReclaimable), mostly dentries and inodes. V(null) if
                      C(/proc/meminfo) has no SReclaimable.
                  returned: always
                  type: int
                  sample: 415911936
                slab_unreclaimable:
                  description:
                    - Bytes of slab caches that cannot be reclaimed (SUnreclaim). V(null) if C(/proc/meminfo) has no
                      SUnreclaim.
                  returned: always
                  type: int
                  sample: 40726528
                kernel_reclaimable_other:
                  description:
                    - Bytes of other kernel memory that can be reclaimed (nr_kernel_misc_reclaimable, or KReclaimable
                      without SReclaimable). V(null) if the kernel has neither (before Linux 4.20, except RHEL 8).
                  returned: always
                  type: int
                  sample: 0
                kernel_stacks:
                  description: Bytes of thread stacks (KernelStack). V(null) if C(/proc/meminfo) has no KernelStack.
                  returned: always
                  type: int
                  sample: 1753088
                page_tables:
                  description: Bytes of page tables (PageTables). V(null) if C(/proc/meminfo) has no PageTables.
                  returned: always
                  type: int
                  sample: 3194880
                secondary_page_tables:
                  description:
                    - Bytes of page tables of KVM and IOMMU (SecPageTables). V(null) if the kernel has no such field
                      (before Linux 6.1).
                  returned: always
                  type: int
                  sample: 0
                vmalloc:
                  description:
                    - Bytes of vmalloc memory without thread stacks (VmallocUsed from 5.3 on, C(/proc/vmallocinfo)
                      before). V(null) if VmallocUsed counts no pages and C(/proc/vmallocinfo), which only root can
                      read, could not be read.
                  returned: always
                  type: int
                  sample: 17469440
                percpu:
                  description:
                    - Bytes of the per-CPU allocator (Percpu). V(null) if the kernel has no such field (before Linux
                      4.19, except RHEL 7).
                  returned: always
                  type: int
                  sample: 2678784
                hugetlb:
                  description:
                    - Bytes in the pools of huge pages of every size, used or not (Hugetlb, or
                      C(/sys/kernel/mm/hugepages)). V(null) if the kernel has no huge page pools.
                  returned: always
                  type: int
                  sample: 0
                zram:
                  description:
                    - Bytes of RAM that zram devices use for compressed pages (mm_stat, or nr_zspages without zswap).
                      V(null) if neither can be read.
                  returned: always
                  type: int
                  sample: 0
                balloon:
                  description:
                    - Bytes in a hypervisor's balloon that still count in MemTotal. A virtio balloon's pages are mostly
                      taken off MemTotal and then count 0 here. V(null) if the kernel does not report it, which is usual
                      before Linux 6.18.
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
                  description: Bytes of the ARC cache of OpenZFS that no other part includes.
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
              description:
                - Bytes that belong to no part of the ledger. The value is negative if parts overlap or counters lag.
              returned: always
              type: int
              sample: 13332480
            unaccounted_percent:
              description: RV(ansible_facts.memfacts.memory.unaccounted_bytes) in percent of RAM.
              returned: always
              type: float
              sample: 0.05
            unaccounted_by_lru_bytes:
              description:
                - Unaccounted bytes if user memory is counted by LRU list instead of by type. A difference from
                  RV(ansible_facts.memfacts.memory.unaccounted_bytes) is user memory in transit, such as partly unmapped
                  huge pages. V(null) if C(/proc/meminfo) has no Active, Inactive or Unevictable.
              returned: always
              type: int
              sample: 13402112
            uncertainty_bytes:
              description:
                - The largest possible error in bytes of RV(ansible_facts.memfacts.memory.unaccounted_bytes). Each CPU
                  of the kernel keeps a part of each counter to itself for a while. V(null) if C(/proc/zoneinfo) cannot
                  be read.
              returned: always
              type: int
              sample: 5963776
            hidden_bytes:
              description:
                - Bytes of hidden memory, which is memory in use that is neither in the resident set of a process nor a
                  cache. Shared memory that processes map is not included. The true value may be higher. V(null) if
                  C(/proc/meminfo) has no Shmem.
              returned: always
              type: int
              sample: 80711680
            processes_bytes:
              description:
                - Bytes of pages that processes map (AnonPages and Mapped). A page that several processes map counts
                  once. V(null) if C(/proc/meminfo) has no AnonPages or no Mapped.
              returned: always
              type: int
              sample: 331104256
            cma_total_bytes:
              description:
                - Bytes reserved for the contiguous memory allocator (CmaTotal). Other parts of the ledger already
                  include these bytes. V(null) if the kernel has no such field.
              returned: always
              type: int
              sample: 0
            cma_free_bytes:
              description:
                - Free bytes of the memory reserved for the contiguous memory allocator (CmaFree). MemFree includes
                  them. V(null) if the kernel has no such field.
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
                  description: Bytes of free pages that are reserved for a mapping.
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
                - Loaded kernel modules that are known to allocate pages that no counter of C(/proc/meminfo) includes.
                  V(null) if C(/proc/modules) does not exist or cannot be read.
              returned: always
              type: list
              elements: str
              sample: ["mlx5_core"]
            unknown_fields:
              description:
                - Fields of C(/proc/meminfo) that this version of memfacts does not know, under the kernel's name.
                  Values are in bytes if the kernel gives kB, else plain counts.
              returned: always
              type: dict
              sample: {}
        tmpfs:
          description: One entry for each tmpfs and devtmpfs, however often it is mounted. The fullest is first.
          returned: when O(gather_subset) includes V(tmpfs)
          type: list
          elements: dict
          contains:
            mount:
              description: The mount point through which memfacts read this tmpfs.
              returned: always
              type: str
              sample: /dev/shm
            mounts:
              description: All mount points of this tmpfs, in all namespaces that could be read. At most O(top) entries.
              returned: always
              type: list
              elements: str
              sample: ["/dev/shm"]
            device:
              description:
                - Device number as major:minor. If the captured files have only C(/proc/mounts), it is C(mounts:) and a
                  serial number.
              returned: always
              type: str
              sample: "0:26"
            fstype:
              description: Type of the file system.
              returned: always
              type: str
              sample: tmpfs
            pid:
              description:
                - A process whose mount namespace contains C(mount). V(null) if C(mount) is in the mount namespace of
                  memfacts itself.
              returned: always
              type: int
              sample: 1234
            size_bytes:
              description: Size limit in bytes. V(null) if the tmpfs has no limit or could not be read.
              returned: always
              type: int
              sample: 12638253056
            used_bytes:
              description:
                - Bytes in use, including those in swap. V(null) if the tmpfs could not be read, or if it has no limit
                  and its files were not counted.
              returned: always
              type: int
              sample: 8388608
            available_bytes:
              description: Bytes that can still be written. V(null) if the tmpfs has no limit or could not be read.
              returned: always
              type: int
              sample: 12629864448
            used_percent:
              description: Used bytes in percent of the size limit. V(null) if one of the two is not known.
              returned: always
              type: float
              sample: 0.07
            size_percent_of_ram:
              description: Size limit in percent of RAM. V(null) if the tmpfs has no limit or could not be read.
              returned: always
              type: float
              sample: 50.0
            unlimited:
              description:
                - Whether the tmpfs was mounted without a size limit (size=0). V(null) if the tmpfs could not be read.
              returned: always
              type: bool
              sample: false
            inodes:
              description: The maximum number of inodes. V(null) if the tmpfs has no such limit or could not be read.
              returned: always
              type: int
              sample: 3085511
            inodes_used:
              description: Number of inodes in use. V(null) if it could not be read.
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
              description: Whether C(/etc/fstab) has an entry with a size for this tmpfs.
              returned: always
              type: bool
              sample: false
            owner:
              description:
                - Who owns the tmpfs. The mount point decides. If the tmpfs is mounted only in private namespaces, the
                  cgroup of a process in such a namespace decides.
              returned: always
              type: dict
              contains: &mount_owner
                kind:
                  description: Kind of owner.
                  returned: always
                  type: str
                  sample: unit
                unit:
                  description: Name of the systemd unit. V(null) if the kind is not unit.
                  returned: always
                  type: str
                  sample: postgresql.service
                runtime:
                  description: Name of the container runtime. V(null) if it is not known.
                  returned: always
                  type: str
                  sample: containerd
                container:
                  description: Id of the container. V(null) if it is not known.
                  returned: always
                  type: str
                  sample: "3b1f"
                pod_uid:
                  description: UID of the pod. V(null) if the kind is not pod.
                  returned: always
                  type: str
                  sample: "11d8fa5d-0b7c-4a8f-9d5e-2f9b7cf1a9b1"
                qos_class:
                  description:
                    - QoS class of the pod, as the name of its cgroup says. V(null) if the kind is not pod or the name
                      does not say it.
                  returned: always
                  type: str
                  sample: Burstable
                volume:
                  description: Kind and name of the volume of the pod. V(null) if the tmpfs is not a volume.
                  returned: always
                  type: str
                  sample: empty-dir/cache
                pod_alive:
                  description:
                    - Whether the pod still has a cgroup or a process. V(null) if the kind is not pod or no cgroup could
                      be read.
                  returned: always
                  type: bool
                  sample: true
            top_files:
              description:
                - The files that use most memory, at most O(top) entries. V(null) if memfacts did not search for files,
                  because scan_files is off, because the facts come from captured files or because the tmpfs could not
                  be reached.
              returned: always
              type: list
              elements: dict
              contains:
                path:
                  description: Path of the file, from the root of the mount namespace in which it was found.
                  returned: always
                  type: str
                  sample: /dev/shm/cache.bin
                bytes:
                  description: Bytes of memory that the file uses. Holes in the file do not count.
                  returned: always
                  type: int
                  sample: 8388608
                mtime:
                  description: When the file was last written, RFC 3339 in UTC.
                  returned: always
                  type: str
                  sample: "2026-11-23T15:32:21Z"
                uid:
                  description: User id of the owner.
                  returned: always
                  type: int
                  sample: 1000
                holders:
                  description: Ids of processes that have the file open or mapped, at most O(top) entries.
                  returned: always
                  type: list
                  elements: int
                  sample: [1234]
            files:
              description:
                - Number of files in the tmpfs. V(null) if memfacts did not search for files or did not finish the
                  search.
              returned: always
              type: int
              sample: 1
            newest_mtime:
              description: When a file was last written, RFC 3339 in UTC. V(null) if no file was found.
              returned: always
              type: str
              sample: "2026-11-23T15:32:21Z"
            newest_age_seconds:
              description: Seconds since a file was last written. V(null) if no file was found.
              returned: always
              type: int
              sample: 42
            journal_bytes:
              description:
                - Bytes of the files of systemd-journald that were found. V(null) if memfacts did not search for files.
              returned: always
              type: int
              sample: 0
            deleted_bytes:
              description:
                - Bytes of deleted files that processes still hold open or mapped. The true value may be higher. V(null)
                  if such a file could not be measured, or if none was found but some processes could not be examined.
              returned: always
              type: int
              sample: 0
            not_read:
              description: Why the tmpfs could not be read. V(null) if it was read.
              returned: always
              type: str
              sample: "another mount covers it"
        shmem:
          description:
            - Shared memory (Shmem) by kind. The sum of all kinds, minus RV(ansible_facts.memfacts.shmem.swapped_bytes),
              is RV(ansible_facts.memfacts.shmem.total_bytes). Bytes of a kind that is V(null) are in
              RV(ansible_facts.memfacts.shmem.unattributed_bytes).
          returned: when O(gather_subset) includes V(shmem)
          type: dict
          contains:
            total_bytes:
              description: Bytes of resident shared memory (Shmem). V(null) if C(/proc/meminfo) has no Shmem.
              returned: always
              type: int
              sample: 9068544
            tmpfs_bytes:
              description:
                - Bytes of the files in all tmpfs mounts, without deleted files. V(null) if no tmpfs could be read.
              returned: always
              type: int
              sample: 0
            deleted_bytes:
              description:
                - Bytes of deleted tmpfs files that processes still hold open or mapped. The true value may be higher.
                  V(null) if such a file could not be measured, or if none was found but some processes could not be
                  examined.
              returned: always
              type: int
              sample: 0
            sysv_bytes:
              description:
                - Bytes of System V shared memory segments, including those in swap. V(null) if C(/proc/sysvipc/shm)
                  cannot be read.
              returned: always
              type: int
              sample: 0
            memfd_bytes:
              description:
                - Bytes of files made with memfd_create. The true value may be higher. V(null) if such a file could not
                  be measured, or if none was found but some processes could not be examined.
              returned: always
              type: int
              sample: 1531904
            anonymous_shared_bytes:
              description:
                - Bytes of anonymous shared mappings. The true value may be higher. V(null) if a mapping could not be
                  measured, or if none was found but some processes could not be examined.
              returned: always
              type: int
              sample: 0
            gpu_bytes:
              description:
                - Bytes of GPU buffers that are shared memory, as the GPU drivers report them for each process. V(null)
                  if some processes could not be examined.
              returned: always
              type: int
              sample: 0
            swapped_bytes:
              description:
                - Bytes of shared memory in swap. memfacts estimates this value as the swap in use minus the swap of all
                  processes. V(null) if the swap of some process is not known, or C(/proc/meminfo) has no SwapTotal.
              returned: always
              type: int
              sample: 0
            unattributed_bytes:
              description:
                - Bytes of Shmem that belong to none of these kinds. The value is negative if kinds overlap. V(null) if
                  C(/proc/meminfo) has no Shmem.
              returned: always
              type: int
              sample: 7536640
            sysv_orphan_bytes:
              description:
                - Bytes of System V segments to which no process is attached and whose creator has exited. V(null) if
                  C(/proc/sysvipc/shm) cannot be read.
              returned: always
              type: int
              sample: 0
            sysv:
              description: System V shared memory segments, largest first, at most O(top) entries.
              returned: always
              type: list
              elements: dict
              contains:
                shmid:
                  description: Id of the segment, as C(ipcs -m) shows it.
                  returned: always
                  type: int
                  sample: 32768
                pid:
                  description:
                    - A process whose IPC namespace contains the segment. V(null) if the segment is in the IPC namespace
                      of memfacts itself.
                  returned: always
                  type: int
                  sample: 1234
                key:
                  description: Key of the segment. 0 means that the segment is private.
                  returned: always
                  type: int
                  sample: 0
                bytes:
                  description: Bytes that the segment uses in RAM and swap. V(null) if the kernel does not report it.
                  returned: always
                  type: int
                  sample: 5242880
                size_bytes:
                  description: Size in bytes that the segment was created with.
                  returned: always
                  type: int
                  sample: 5242880
                swapped_bytes:
                  description: Bytes of the segment that are in swap. V(null) if the kernel does not report it.
                  returned: always
                  type: int
                  sample: 0
                uid:
                  description: User id of the owner.
                  returned: always
                  type: int
                  sample: 26
                attached:
                  description: How many times the segment is attached.
                  returned: always
                  type: int
                  sample: 0
                holders:
                  description: Ids of processes that have the segment attached, at most O(top) entries.
                  returned: always
                  type: list
                  elements: int
                owner:
                  description:
                    - Owner of the first process in RV(ansible_facts.memfacts.shmem.sysv[].holders), or of the creator
                      if no process is attached. V(null) if neither process exists.
                  returned: always
                  type: dict
                  contains: &owner
                    kind:
                      description: Kind of owner.
                      returned: always
                      type: str
                      sample: unit
                    unit:
                      description: Name of the systemd unit. V(null) if the kind is not unit.
                      returned: always
                      type: str
                      sample: postgresql.service
                    runtime:
                      description: Name of the container runtime. V(null) if it is not known.
                      returned: always
                      type: str
                      sample: containerd
                    container:
                      description: Id of the container. V(null) if it is not known.
                      returned: always
                      type: str
                      sample: "3b1f"
                    pod_uid:
                      description: UID of the pod. V(null) if the kind is not pod.
                      returned: always
                      type: str
                      sample: "11d8fa5d-0b7c-4a8f-9d5e-2f9b7cf1a9b1"
                    qos_class:
                      description:
                        - QoS class of the pod, as the name of its cgroup says. V(null) if the kind is not pod or the
                          name does not say it.
                      returned: always
                      type: str
                      sample: Burstable
                    volume:
                      description: Kind and name of the volume of the pod. V(null) if the tmpfs is not a volume.
                      returned: always
                      type: str
                      sample: empty-dir/cache
                creator_pid:
                  description:
                    - Id of the process that created the segment. 0 if that process is in another pid namespace.
                  returned: always
                  type: int
                  sample: 4711
                creator_alive:
                  description:
                    - Whether a process with the id of the creator exists. V(null) if the creator is in another pid
                      namespace or if some processes are invisible.
                  returned: always
                  type: bool
                  sample: false
                orphan:
                  description: Whether no process is attached and the creator is known to have exited.
                  returned: always
                  type: bool
                  sample: true
            memfd:
              description: Files made with memfd_create, largest first, at most O(top) entries.
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
                  description:
                    - Bytes of memory that the file uses. Holes in the file do not count. V(null) if it could not be
                      measured.
                  returned: always
                  type: int
                  sample: 1531904
                holders:
                  description: Ids of processes that have the file open or mapped, at most O(top) entries.
                  returned: always
                  type: list
                  elements: int
                  sample: [1048]
                comm:
                  description: Name of the first process in the list of holders.
                  returned: always
                  type: str
                  sample: pipewire
                owner:
                  description: Owner of the first process in the list of holders.
                  returned: always
                  type: dict
                  contains: *owner
            deleted:
              description:
                - Deleted tmpfs files that processes still hold open or mapped, largest first, at most O(top) entries.
              returned: always
              type: list
              elements: dict
              contains: *held_file
            anonymous_shared:
              description: Anonymous shared mappings, largest first, at most O(top) entries.
              returned: always
              type: list
              elements: dict
              contains: *held_file
            processes_refused:
              description: Number of processes whose files and mappings could not be read.
              returned: always
              type: int
              sample: 0
            processes:
              description: Number of processes that have memory of their own, which excludes kernel threads.
              returned: always
              type: int
              sample: 25
        kernel:
          description: Memory that the kernel itself uses, by user.
          returned: when O(gather_subset) includes V(kernel)
          type: dict
          contains:
            slab:
              description: The object caches of the kernel (slab).
              returned: always
              type: dict
              contains:
                reclaimable_bytes:
                  description:
                    - Bytes of slab that the kernel can reclaim (SReclaimable). V(null) if C(/proc/meminfo) has no
                      SReclaimable.
                  returned: always
                  type: int
                  sample: 415911936
                unreclaimable_bytes:
                  description:
                    - Bytes of slab that the kernel cannot reclaim (SUnreclaim). V(null) if C(/proc/meminfo) has no
                      SUnreclaim.
                  returned: always
                  type: int
                  sample: 40726528
                top:
                  description:
                    - The largest caches, at most O(top) entries. V(null) if C(/proc/slabinfo) cannot be read. Only root
                      can read it.
                  returned: always
                  type: list
                  elements: dict
                  contains: &slab_cache
                    name:
                      description: Name of the cache in C(/proc/slabinfo).
                      returned: always
                      type: str
                      sample: kmalloc-2k
                    aliases:
                      description: Other caches that the kernel merged with this cache.
                      returned: always
                      type: list
                      elements: str
                      sample: []
                    bytes:
                      description: Bytes of all slabs of the cache.
                      returned: always
                      type: int
                      sample: 56098816
                    objects:
                      description: Number of objects that fit into the slabs.
                      returned: always
                      type: int
                      sample: 292180
                    active_objects:
                      description: Number of objects in use.
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
                    - The largest caches that the kernel cannot reclaim, at most O(top) entries. V(null) if
                      C(/proc/slabinfo) cannot be read. Only root can read it.
                  returned: always
                  type: list
                  elements: dict
                  contains: *slab_cache
            vmalloc:
              description: Memory that the kernel allocated with vmalloc.
              returned: always
              type: dict
              contains:
                used_bytes:
                  description:
                    - Bytes of pages from vmalloc, including thread stacks (VmallocUsed). V(null) if VmallocUsed does
                      not count pages (before Linux 5.3).
                  returned: always
                  type: int
                  sample: 19222528
                top:
                  description:
                    - The functions that allocated most, at most O(top) entries. V(null) if C(/proc/vmallocinfo) cannot
                      be read. Only root can read it.
                  returned: always
                  type: list
                  elements: dict
                  contains:
                    caller:
                      description: Function that called vmalloc, and its kernel module.
                      returned: always
                      type: str
                      sample: htab_map_alloc
                    bytes:
                      description: Bytes of pages that this caller holds.
                      returned: always
                      type: int
                      sample: 8286208
                    thread_stacks:
                      description:
                        - Whether these pages are thread stacks. The ledger counts thread stacks as kernel_stacks.
                      returned: always
                      type: bool
                      sample: false
            sockets:
              description: Buffers of sockets (C(/proc/net/sockstat)).
              returned: always
              type: dict
              contains:
                tcp_bytes:
                  description:
                    - Bytes charged to TCP sockets in all network namespaces. V(null) if the kernel does not report it.
                  returned: always
                  type: int
                  sample: 1556480
                udp_bytes:
                  description:
                    - Bytes charged to UDP sockets in all network namespaces. V(null) if the kernel does not report it.
                  returned: always
                  type: int
                  sample: 0
                fragments_bytes:
                  description:
                    - Bytes of IP fragments that wait for the rest of their packet, in the network namespace of
                      memfacts. V(null) if the kernel does not report it.
                  returned: always
                  type: int
                  sample: 0
                count:
                  description:
                    - Number of sockets in use in the network namespace of memfacts. V(null) if the kernel does not
                      report it.
                  returned: always
                  type: int
                  sample: 16
            bpf_jit_bytes:
              description:
                - Bytes of compiled BPF programs. V(null) if C(/proc/vmallocinfo) cannot be read. Only root can read it.
              returned: always
              type: int
              sample: 2097152
            bpf_jit_limit_bytes:
              description:
                - Limit in bytes for all compiled BPF programs (net.core.bpf_jit_limit). Above it, loading another
                  program fails. V(null) if the sysctl does not exist or cannot be read.
              returned: always
              type: int
              sample: 528482304
            percpu:
              description: The per-CPU allocator.
              returned: always
              type: dict
              contains:
                bytes:
                  description:
                    - Bytes that the per-CPU allocator holds (Percpu). V(null) if C(/proc/meminfo) has no Percpu.
                  returned: always
                  type: int
                  sample: 2678784
            page_tables:
              description: Page tables.
              returned: always
              type: dict
              contains:
                bytes:
                  description: Bytes of all page tables (PageTables). V(null) if C(/proc/meminfo) has no PageTables.
                  returned: always
                  type: int
                  sample: 3194880
                top:
                  description: The processes with the largest page tables, at most O(top) entries.
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
                      description: Name of the process.
                      returned: always
                      type: str
                      sample: postgres
                    bytes:
                      description: Bytes of the page tables of the process.
                      returned: always
                      type: int
                      sample: 786432
            allocinfo:
              description:
                - The lines of kernel source that hold most memory (C(/proc/allocinfo), Linux 6.10 or later), at most
                  O(top) entries. V(null) if the kernel was built without memory allocation profiling.
              returned: always
              type: list
              elements: dict
              contains:
                bytes:
                  description: Bytes that this line holds.
                  returned: always
                  type: int
                  sample: 4194304
                calls:
                  description: Number of allocations.
                  returned: always
                  type: int
                  sample: 1024
                place:
                  description: Source file and line.
                  returned: always
                  type: str
                  sample: "mm/slub.c:2425"
                module:
                  description: Name of the kernel module. V(null) if the line is in the kernel itself.
                  returned: always
                  type: str
                  sample: nvidia
                function:
                  description: Name of the function.
                  returned: always
                  type: str
                  sample: alloc_slab_page
        processes:
          description: The processes with the largest resident sets.
          returned: when O(gather_subset) includes V(processes)
          type: dict
          contains:
            count:
              description:
                - Number of processes, including kernel threads. V(null) if some are invisible, as in a container or
                  under hidepid, or if the captured files have no processes.
              returned: always
              type: int
              sample: 86
            kernel_threads:
              description: Number of kernel threads and zombies among the processes.
              returned: always
              type: int
              sample: 61
            unreadable:
              description: Number of processes that could not be read.
              returned: always
              type: int
              sample: 0
            top:
              description: The processes with the largest resident sets, at most O(top) entries.
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
                  description: Name of the process. Command lines are never reported.
                  returned: always
                  type: str
                  sample: postgres
                uid:
                  description: Real user id of the process.
                  returned: always
                  type: int
                  sample: 26
                unit:
                  description:
                    - Systemd unit of the process. V(null) if the process belongs to no unit, or to a container or pod.
                  returned: always
                  type: str
                  sample: postgresql.service
                container:
                  description: Id of the container. V(null) if the process is in no container.
                  returned: always
                  type: str
                  sample: "3b1f"
                pod_uid:
                  description: UID of the pod. V(null) if the process is in no pod.
                  returned: always
                  type: str
                  sample: "11d8fa5d-0b7c-4a8f-9d5e-2f9b7cf1a9b1"
                cgroup:
                  description: Path of the memory cgroup of the process. V(null) if it cannot be read.
                  returned: always
                  type: str
                  sample: /system.slice/postgresql.service
                rss_bytes:
                  description: Bytes of the resident set, which is the sum of anon_bytes, file_bytes and shmem_bytes.
                  returned: always
                  type: int
                  sample: 250003456
                anon_bytes:
                  description:
                    - Bytes of anonymous memory in the resident set. V(null) if the kernel does not report it (before
                      Linux 4.5, except RHEL 7).
                  returned: always
                  type: int
                  sample: 227119104
                file_bytes:
                  description:
                    - Bytes of mapped files in the resident set. V(null) if the kernel does not report it (before Linux
                      4.5, except RHEL 7).
                  returned: always
                  type: int
                  sample: 22884352
                shmem_bytes:
                  description:
                    - Bytes of shared memory in the resident set. V(null) if the kernel does not report it (before Linux
                      4.5, except RHEL 7).
                  returned: always
                  type: int
                  sample: 0
                swap_bytes:
                  description:
                    - Bytes of anonymous memory of the process that are in swap. V(null) if the kernel does not report
                      it.
                  returned: always
                  type: int
                  sample: 0
                page_tables_bytes:
                  description: Bytes of the page tables of the process. V(null) if the kernel does not report it.
                  returned: always
                  type: int
                  sample: 786432
                oom_score:
                  description:
                    - The oom_score of the process, from 0 to about 2000. If the host runs out of memory, the OOM killer
                      kills the process with the highest score. V(null) if it cannot be read.
                  returned: always
                  type: int
                  sample: 672
                oom_score_adj:
                  description:
                    - The oom_score_adj of the process, which raises or lowers its score. The value is from -1000 (never
                      killed) to 1000. V(null) if it cannot be read.
                  returned: always
                  type: int
                  sample: 0
        cgroups:
          description: The memory cgroups that use most memory. The values of a cgroup include the cgroups below it.
          returned: when O(gather_subset) includes V(cgroups)
          type: dict
          contains:
            version:
              description: Which cgroup hierarchies are mounted, as in C(host.cgroup_version).
              returned: always
              type: str
              sample: v2
            count:
              description:
                - Number of memory cgroups, including the root cgroup. V(null) if no memory controller is mounted.
              returned: always
              type: int
              sample: 143
            dying:
              description:
                - Number of cgroups that were removed but still have memory charged to them. V(null) if no memory
                  controller is mounted or the kernel does not report it.
              returned: always
              type: int
              sample: 6
            top:
              description: The largest cgroups, without the root cgroup, at most O(top) entries.
              returned: always
              type: list
              elements: dict
              contains: &cgroup
                path:
                  description: Path of the cgroup.
                  returned: always
                  type: str
                  sample: /system.slice/postgresql.service
                current_bytes:
                  description: Bytes charged to the cgroup.
                  returned: always
                  type: int
                  sample: 2003013632
                limit_bytes:
                  description: Memory limit in bytes. V(null) if the cgroup has no limit.
                  returned: always
                  type: int
                  sample: 4294967296
                anon_bytes:
                  description: Bytes of anonymous memory. V(null) if the kernel does not report it.
                  returned: always
                  type: int
                  sample: 277745664
                file_bytes:
                  description: Bytes of page cache, including shared memory. V(null) if the kernel does not report it.
                  returned: always
                  type: int
                  sample: 1330024448
                shmem_bytes:
                  description:
                    - Bytes of shared memory. V(null) if the kernel does not report it (cgroup v1 before Linux 4.12).
                  returned: always
                  type: int
                  sample: 0
                kernel_bytes:
                  description: Bytes of kernel memory, including slab. V(null) if the kernel does not report it.
                  returned: always
                  type: int
                  sample: 393900032
                slab_reclaimable_bytes:
                  description:
                    - Bytes of slab that the kernel can reclaim. V(null) if the kernel does not report it, as in cgroup
                      v1.
                  returned: always
                  type: int
                  sample: 104857600
                slab_unreclaimable_bytes:
                  description:
                    - Bytes of slab that the kernel cannot reclaim. V(null) if the kernel does not report it, as in
                      cgroup v1.
                  returned: always
                  type: int
                  sample: 10485760
                oom_kills:
                  description:
                    - Number of processes in the cgroup that the OOM killer killed. V(null) if the kernel does not
                      report it (before Linux 4.13).
                  returned: always
                  type: int
                  sample: 0
            near_limit:
              description: Cgroups that use 75 percent of their limit or more, largest first, at most O(top) entries.
              returned: always
              type: list
              elements: dict
              contains: *cgroup
        oom:
          description:
            - How the kernel is configured to act if memory runs out, which processes it would kill, and how many it has
              killed since boot.
          returned: when O(gather_subset) includes V(oom)
          type: dict
          contains:
            sysctls:
              description: Settings below C(/proc/sys/vm), with the names and units of the kernel.
              returned: always
              type: dict
              contains:
                panic_on_oom:
                  description:
                    - 1 means that the kernel panics instead of killing a process if the whole host is out of memory. 2
                      means that it panics at every OOM. V(null) if it cannot be read.
                  returned: always
                  type: int
                  sample: 0
                oom_kill_allocating_task:
                  description:
                    - A value other than 0 means that the kernel kills the process that requested memory instead of the
                      one with the highest score. V(null) if it cannot be read.
                  returned: always
                  type: int
                  sample: 0
                oom_dump_tasks:
                  description:
                    - A value other than 0 means that the kernel writes its table of processes into the kernel log at
                      each OOM. V(null) if it cannot be read.
                  returned: always
                  type: int
                  sample: 1
                overcommit_memory:
                  description:
                    - Which requests for memory the kernel refuses. 0 refuses obvious overcommits, 1 refuses none, 2
                      refuses all above the commit limit. V(null) if it cannot be read.
                  returned: always
                  type: int
                  sample: 0
                overcommit_ratio:
                  description: Percent of RAM that counts towards the commit limit. V(null) if it cannot be read.
                  returned: always
                  type: int
                  sample: 50
                swappiness:
                  description:
                    - How strongly the kernel prefers to swap anonymous memory over dropping page cache, from 0 to 200.
                      V(null) if it cannot be read.
                  returned: always
                  type: int
                  sample: 60
                min_free_kbytes:
                  description: Memory in KiB (not bytes) that the kernel keeps free. V(null) if it cannot be read.
                  returned: always
                  type: int
                  sample: 67584
            kills_since_boot:
              description:
                - Number of processes that the OOM killer has killed since boot. V(null) if the kernel does not report
                  it (before Linux 4.13).
              returned: always
              type: int
              sample: 0
            reaper:
              description:
                - Whether the kernel has the OOM reaper, which frees the memory of a killed process that cannot exit.
                  V(null) if its thread is not visible and the release of the kernel is not known.
              returned: always
              type: bool
              sample: true
            badness_model:
              description:
                - How this kernel computes badness points. With V(signed), points can be negative. With V(floored) (most
                  kernels before 5.9), the kernel rounds negative points up to 1. Then it may kill the smallest process
                  of a cgroup in which all processes have a very negative oom_score_adj.
              returned: always
              type: str
              sample: "signed"
            badness_evidence:
              description: What the running kernel showed that proves the badness model, or why the model is not known.
              returned: always
              type: str
              sample: >-
                this process (oom_score_adj 0, 0/1000 of RAM and swap) shows oom_score 666, where a signed kernel shows
                666 and a floored one 0
            tie_rule:
              description:
                - Which process dies if several have the same points. V(first) and V(last) mean the first or the last
                  process that the kernel scans. V(unknown) means that the rule is not known.
              returned: always
              type: str
              sample: "last"
            tie_rule_evidence:
              description: The evidence for the tie rule.
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
                - Bytes of RAM in use that the kernel cannot easily reclaim. V(null) if C(/proc/meminfo) has no
                  MemAvailable.
              returned: always
              type: int
              sample: 5264892416
            total_bytes:
              description:
                - Bytes of RAM and swap that may be used here. One unit of oom_score_adj is one thousandth of these
                  bytes.
              returned: always
              type: int
              sample: 8264892416
            choice:
              description:
                - What the kernel does if memory runs out here. V(highest score) means that it kills the process with
                  the most points. V(allocating task) means that it kills the process that requests memory. V(panic)
                  means that the kernel panics. V(wait) means that tasks sleep until memory is free. V(nobody) means
                  that no process may be killed.
              returned: always
              type: str
              sample: "highest score"
            sure:
              description:
                - Whether the prediction is certain. It is not certain if a tie is open, if processes cannot be read,
                  or if others can still pass the chosen process, by the error of the kernel's counters or by growing.
              returned: always
              type: bool
              sample: true
            next:
              description:
                - The process that dies next. Several entries mean a tie that cannot be decided, and one of them dies.
                  At most O(top) entries.
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
                    - Maximum bytes of RAM that the death of this process frees, which are its anonymous memory and its
                      page tables. Its shared memory and file pages stay. V(null) if the kernel does not report
                      anonymous memory (before Linux 4.5, except RHEL 7).
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
                - The process that a kernel with the V(signed) badness model would kill. Empty if this kernel has that
                  model.
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
                    - Maximum bytes of RAM that the death of this process frees, which are its anonymous memory and its
                      page tables. Its shared memory and file pages stay. V(null) if the kernel does not report
                      anonymous memory (before Linux 4.5, except RHEL 7).
                  returned: always
                  type: int
                  sample: 3221225472
            chosen_pid:
              description:
                - Id of the process that the kernel chooses if it then kills a child of that process instead, as kernels
                  up to 5.0 do. V(null) if no child dies in place of its parent.
              returned: always
              type: int
              sample: 1200
            rivals:
              description:
                - Ids of other processes that may be killed first, because their points are closer than the possible
                  error of the kernel's counters.
              returned: always
              type: list
              elements: int
              sample: []
            margin_bytes:
              description:
                - Difference in bytes between the points of the chosen process and of the next one. V(null) if points do
                  not decide, or there is no other process.
              returned: always
              type: int
              sample: 1073741824
            drift_bytes:
              description:
                - Possible error of that difference in bytes. The kernel reads its counters less exactly than C(/proc)
                  does. V(null) if points do not decide, or there is no other process.
              returned: always
              type: int
              sample: 1572864
            headroom_bytes:
              description:
                - Bytes that processes can still take before memory runs out here, which are free memory, the page
                  cache, shared memory, and the swap that may be used. V(null) if no file shows them.
              returned: always
              type: int
              sample: 41943040
            could_die_instead:
              description:
                - Other processes that could have the most points when memory has run out, the nearest first. Each is
                  assumed to take all of headroom_bytes. The list is empty if the prediction is certain.
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
                - Process ids of victims that have exactly the memory of their parent. The kernel skips a child of
                  vfork that still uses the memory of its parent. No file shows whether a process is one.
              returned: always
              type: list
              elements: int
              sample: []
            without_vfork:
              description:
                - Processes that die if the kernel skips those of maybe_vfork. The list is empty if maybe_vfork is
                  empty.
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
                - What happens instead if only some memory nodes are full, for each set of nodes to which a cpuset
                  confines processes. Only sets with another result than C(next) are listed.
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
                        - Bytes of RAM that killing it frees at most. V(null) if the kernel does not show anonymous
                          memory.
                      returned: always
                      type: int
                      sample: 20971520
            may_die_too:
              description:
                - Process ids of processes, in this cgroup or in another, that have exactly the memory of the victim and
                  are its parent or child, or linked to it by such. The kernel kills all processes that share the memory
                  of its victim. No file shows whether they do.
              returned: always
              type: list
              elements: int
              sample: []
            group_cgroup:
              description:
                - Path of the cgroup whose processes all die with the victim, because memory.oom.group is set there.
                  V(null) if it is set nowhere.
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
                - Maximum bytes of RAM that the death of that cgroup frees. V(null) if no whole cgroup dies, or the
                  kernel does not report anonymous memory.
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
                - Processes that may be killed, in the order in which the kernel would kill them, at most O(top)
                  entries.
              returned: always
              type: list
              elements: dict
              contains:
                rank:
                  description:
                    - Place in the order, from 1. Tied processes have the same rank if it is not known which one the
                      kernel kills first.
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
                  description:
                    - Systemd unit of the process. V(null) if the process belongs to no unit, or to a container or pod.
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
                    - Badness points of the process in this domain (the host or a cgroup), in pages. The number may be
                      negative.
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
                    - The oom_score of the process for the whole host, computed from the same figures. This score
                      corresponds to C(/proc/PID/oom_score). V(null) if the badness model is not known.
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
                    - Maximum bytes of RAM that the death of this process frees, which are its anonymous memory and its
                      page tables. Its shared memory and file pages stay. V(null) if the kernel does not report
                      anonymous memory (before Linux 4.5, except RHEL 7).
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
                - Bytes that all unkillable processes hold together. Shared memory counts once for each process that
                  maps it.
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
            by_cgroup:
              description:
                - The same prediction for each memory cgroup that has a limit and contains processes. Cgroups closest to
                  their limit are first, at most O(top) entries.
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
                    - Bytes of RAM and swap that may be used here. One unit of oom_score_adj is one thousandth of these
                      bytes.
                  returned: always
                  type: int
                  sample: 536870912
                choice:
                  description:
                    - What the kernel does if memory runs out here. V(highest score) means that it kills the process
                      with the most points. V(allocating task) means that it kills the process that requests memory.
                      V(panic) means that the kernel panics. V(wait) means that tasks sleep until memory is free.
                      V(nobody) means that no process may be killed.
                  returned: always
                  type: str
                  sample: "highest score"
                sure:
                  description:
                    - Whether the prediction is certain. It is not certain if a tie is open, if processes cannot be
                      read, or if others can still pass the chosen process, by the error of the kernel's counters or by
                      growing.
                  returned: always
                  type: bool
                  sample: true
                next:
                  description:
                    - The process that dies next. Several entries mean a tie that cannot be decided, and one of them
                      dies. At most O(top) entries.
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
                        - Maximum bytes of RAM that the death of this process frees, which are its anonymous memory and
                          its page tables. Its shared memory and file pages stay. V(null) if the kernel does not report
                          anonymous memory (before Linux 4.5, except RHEL 7).
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
                    - The process that a kernel with the V(signed) badness model would kill. Empty if this kernel has
                      that model.
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
                        - Maximum bytes of RAM that the death of this process frees, which are its anonymous memory and
                          its page tables. Its shared memory and file pages stay. V(null) if the kernel does not report
                          anonymous memory (before Linux 4.5, except RHEL 7).
                      returned: always
                      type: int
                      sample: 3221225472
                chosen_pid:
                  description:
                    - Id of the process that the kernel chooses if it then kills a child of that process instead, as
                      kernels up to 5.0 do. V(null) if no child dies in place of its parent.
                  returned: always
                  type: int
                  sample: 1200
                rivals:
                  description:
                    - Ids of other processes that may be killed first, because their points are closer than the possible
                      error of the kernel's counters.
                  returned: always
                  type: list
                  elements: int
                  sample: []
                margin_bytes:
                  description:
                    - Difference in bytes between the points of the chosen process and of the next one. V(null) if
                      points do not decide, or there is no other process.
                  returned: always
                  type: int
                  sample: 1073741824
                drift_bytes:
                  description:
                    - Possible error of that difference in bytes. The kernel reads its counters less exactly than
                      C(/proc) does. V(null) if points do not decide, or there is no other process.
                  returned: always
                  type: int
                  sample: 1572864
                headroom_bytes:
                  description:
                    - Bytes that processes can still take before memory runs out here, which are free memory, the page
                      cache, shared memory, and the swap that may be used. V(null) if no file shows them.
                  returned: always
                  type: int
                  sample: 41943040
                could_die_instead:
                  description:
                    - Other processes that could have the most points when memory has run out, the nearest first. Each
                      is assumed to take all of headroom_bytes. The list is empty if the prediction is certain.
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
                    - Process ids of victims that have exactly the memory of their parent. The kernel skips a child of
                      vfork that still uses the memory of its parent. No file shows whether a process is one.
                  returned: always
                  type: list
                  elements: int
                  sample: []
                without_vfork:
                  description:
                    - Processes that die if the kernel skips those of maybe_vfork. The list is empty if maybe_vfork is
                      empty.
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
                        - Bytes of RAM that killing it frees at most. V(null) if the kernel does not show anonymous
                          memory.
                      returned: always
                      type: int
                      sample: 20971520
                by_nodes:
                  description:
                    - What happens instead if only some memory nodes are full, for each set of nodes to which a cpuset
                      confines processes. Only sets with another result than C(next) are listed.
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
                            - Bytes of RAM that killing it frees at most. V(null) if the kernel does not show anonymous
                              memory.
                          returned: always
                          type: int
                          sample: 20971520
                may_die_too:
                  description:
                    - Process ids of processes, in this cgroup or in another, that have exactly the memory of the victim
                      and are its parent or child, or linked to it by such. The kernel kills all processes that share
                      the memory of its victim. No file shows whether they do.
                  returned: always
                  type: list
                  elements: int
                  sample: []
                group_cgroup:
                  description:
                    - Path of the cgroup whose processes all die with the victim, because memory.oom.group is set there.
                      V(null) if it is set nowhere.
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
                    - Maximum bytes of RAM that the death of that cgroup frees. V(null) if no whole cgroup dies, or the
                      kernel does not report anonymous memory.
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
                    - Processes that may be killed, in the order in which the kernel would kill them, at most O(top)
                      entries.
                  returned: always
                  type: list
                  elements: dict
                  contains:
                    rank:
                      description:
                        - Place in the order, from 1. Tied processes have the same rank if it is not known which one the
                          kernel kills first.
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
                      description:
                        - Systemd unit of the process. V(null) if the process belongs to no unit, or to a container or
                          pod.
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
                        - Badness points of the process in this domain (the host or a cgroup), in pages. The number may
                          be negative.
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
                        - The oom_score of the process for the whole host, computed from the same figures. This score
                          corresponds to C(/proc/PID/oom_score). V(null) if the badness model is not known.
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
                        - Maximum bytes of RAM that the death of this process frees, which are its anonymous memory and
                          its page tables. Its shared memory and file pages stay. V(null) if the kernel does not report
                          anonymous memory (before Linux 4.5, except RHEL 7).
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
                    - Bytes that all unkillable processes hold together. Shared memory counts once for each process that
                      maps it.
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
            lifelines:
              description:
                - Main processes of the lifelines, at most O(top) entries. A lifeline is a service without which nobody
                  can reach or repair the host, such as sshd.
              returned: always
              type: list
              elements: dict
              contains:
                name:
                  description: Name of the service.
                  returned: always
                  type: str
                  sample: "sshd"
                role:
                  description: What stops working if the service dies.
                  returned: always
                  type: str
                  sample: "the way in"
                pid:
                  description: Process id.
                  returned: always
                  type: int
                  sample: 812
                comm:
                  description: Name of the process.
                  returned: always
                  type: str
                  sample: "sshd"
                unit:
                  description:
                    - Systemd unit of the process, or the usual unit of the service if that is not known. V(null) if
                      there is none.
                  returned: always
                  type: str
                  sample: "ssh.service"
                oom_score_adj:
                  description: The oom_score_adj of the process, from -1000 to 1000.
                  returned: always
                  type: int
                  sample: -1000
                usual_adj:
                  description: The oom_score_adj that the project of the service sets, in its code or in its unit file.
                  returned: always
                  type: int
                  sample: -1000
                protected:
                  description: Whether the oom_score_adj of the process is below 0.
                  returned: always
                  type: bool
                  sample: true
            unkillable_workloads:
              description:
                - Processes with oom_score_adj -1000 that are not lifelines of the host, largest first, at most O(top)
                  entries.
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
                  description: Name of the process. Command lines are never reported.
                  returned: always
                  type: str
                  sample: "java"
                oom_score_adj:
                  description: The oom_score_adj of the process, from -1000 to 1000.
                  returned: always
                  type: int
                  sample: -998
                unit:
                  description:
                    - Systemd unit of the process. V(null) if the process belongs to no unit, or to a container or pod.
                  returned: always
                  type: str
                  sample: "tomcat.service"
                cgroup:
                  description: Path of the memory cgroup of the process. V(null) if it is not known.
                  returned: always
                  type: str
                  sample: "/system.slice/tomcat.service"
                held_bytes:
                  description: Bytes of the resident set, page tables and swap of the process.
                  returned: always
                  type: int
                  sample: 3321225472
            negative_workloads:
              description:
                - Processes with oom_score_adj from -999 to -1 that are not lifelines of the host, largest first, at
                  most O(top) entries.
              returned: always
              type: list
              elements: dict
              contains: *oom_process
            same_adj_cgroups:
              description:
                - Cgroups with a limit in which negative oom_score_adj values may tie all killable processes. Either all
                  have the same negative value, or each value pushes the score of its process below zero. At most O(top)
                  entries.
              returned: always
              type: list
              elements: dict
              contains:
                cgroup:
                  description: Path of the cgroup.
                  returned: always
                  type: str
                  sample: "/kubepods/pod5d414e7a"
                limit_bytes:
                  description: Memory limit of the cgroup in bytes.
                  returned: always
                  type: int
                  sample: 17179869184
                processes:
                  description: Number of killable processes in the cgroup.
                  returned: always
                  type: int
                  sample: 3
                lowest_adj:
                  description: Lowest oom_score_adj of the killable processes.
                  returned: always
                  type: int
                  sample: -998
                highest_adj:
                  description: Highest oom_score_adj of the killable processes.
                  returned: always
                  type: int
                  sample: -997
                all_tied:
                  description:
                    - Whether this kernel gives all of them the same points. V(true) also if the badness model is not
                      known and the processes might have the same points.
                  returned: always
                  type: bool
                  sample: true
                next_count:
                  description:
                    - Number of processes of which one dies. A number above 1 means a tie that cannot be decided.
                  returned: always
                  type: int
                  sample: 3
                next:
                  description: Processes of which one dies if the cgroup is full. At most the five smallest are listed.
                  returned: always
                  type: list
                  elements: dict
                  contains: *oom_process
                biggest:
                  description: The largest process of the cgroup, which should die.
                  returned: always
                  type: dict
                  contains: *oom_process
            without_victim:
              description: Cgroups with a limit in which no process may be killed, at most O(top) entries.
              returned: always
              type: list
              elements: dict
              contains:
                cgroup:
                  description: Path of the cgroup.
                  returned: always
                  type: str
                  sample: "/system.slice/db.service"
                limit_bytes:
                  description: Memory limit of the cgroup in bytes.
                  returned: always
                  type: int
                  sample: 536870912
                processes:
                  description: Number of processes in the cgroup.
                  returned: always
                  type: int
                  sample: 1
                pid:
                  description: Id of the largest process.
                  returned: always
                  type: int
                  sample: 1234
                held_bytes:
                  description: Bytes that the processes of the cgroup hold.
                  returned: always
                  type: int
                  sample: 402653184
            units:
              description:
                - Running system services whose unit sets OOMScoreAdjust. Services whose process has a different value
                  are first. At most O(top) entries.
              returned: always
              type: list
              elements: dict
              contains:
                unit:
                  description: Name of the process.
                  returned: always
                  type: str
                  sample: "dbus.service"
                pid:
                  description: Id of the main process of the service.
                  returned: always
                  type: int
                  sample: 731
                comm:
                  description: Name of the main process of the service.
                  returned: always
                  type: str
                  sample: "dbus-daemon"
                declared_adj:
                  description: The value of OOMScoreAdjust in the unit file and its drop-ins.
                  returned: always
                  type: int
                  sample: -900
                oom_score_adj:
                  description: The oom_score_adj of the main process.
                  returned: always
                  type: int
                  sample: -900
                declared_in:
                  description: The file whose setting takes effect.
                  returned: always
                  type: str
                  sample: "/lib/systemd/system/dbus.service"
                agrees:
                  description: Whether declared_adj and oom_score_adj are equal.
                  returned: always
                  type: bool
                  sample: true
        findings:
          description: Findings, which are problems that memfacts has found. The most severe is first.
          returned: always
          type: list
          elements: dict
          contains:
            id:
              description: Id of the finding. C(docs/findings.md) has a section of that name.
              returned: always
              type: str
              sample: tmpfs-nearly-full
            severity:
              description: Severity of the finding.
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
                - The figures on which the finding is based. Each finding has its own fields, which C(docs/findings.md)
                  lists. Sizes are in bytes.
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
                - Commands for the remedy, in the same order, for a root shell. Names from the host are quoted for the
                  shell. Replace a word in capitals, such as SIZE or PID.
              returned: always
              type: list
              elements: str
              sample: ["mount -o remount,size=SIZE /dev/shm"]
            remedy_effect:
              description:
                - The worst effect of these commands. V(none) means that they only read. V(reversible) means that their
                  changes can be undone. V(restart) means that they restart a service. V(data-loss) means that they
                  delete data.
              returned: always
              type: str
              sample: "reversible"
            ref:
              description: Where the collection describes the finding.
              returned: always
              type: str
              sample: "docs/findings.md#tmpfs-nearly-full"
        truncated:
          description: Names of the lists that O(top) has shortened, as a path in the facts.
          returned: always
          type: list
          elements: str
          sample: ["processes.top"]
        incomplete:
          description: Values that could not be read. Each value that is V(null) because of this has its reason here.
          returned: always
          type: list
          elements: dict
          contains:
            source:
              description: File, mount or part of the ledger.
              returned: always
              type: str
              sample: "ledger percpu"
            reason:
              description: The reason.
              returned: always
              type: str
              sample: "this kernel does not tell"
summary:
  description: A one-line summary, the same as RV(ansible_facts.memfacts.summary).
  returned: success
  type: str
  sample: "3.1 GiB of 7.7 GiB RAM is used (40.3 %); 1.2 GiB of it shows in no process"
report:
  description: The facts as a short report in plain text. Each entry is one line.
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
        given["thresholds"] = asked.checked_thresholds(given["thresholds"], catalogue.every)
        found = facts.collect(tree, asked.checked(**given))
    except (OSError, MemfactsError) as error:
        module.fail_json(msg=f"Cannot gather memory facts: {error}")
    module.exit_json(ansible_facts={"memfacts": found}, summary=found["summary"], report=facts.page(found))


if __name__ == "__main__":
    main()
