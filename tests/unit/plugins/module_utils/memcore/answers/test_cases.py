# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real cases of "where did my memory go", each told by the findings it raises and the figures that prove it.

Each case is a file in fixtures/hosts/cases that says what differs from its base, mostly from case-00-healthy.tree.
Figures are worked out from the case's own numbers. On the healthy host 16384 kB are on no counter of the kernel, and
TCP claims 4096 kB of them: 12288 kB are left wherever a case adds nothing.

Of the numbered cases these cannot be told by a tree of files:
  12  two nodes are compared, one host's files show only one of them
and of these a part only a live host can tell:
  2, 4, 7, 13  that it grows, and how fast; the tree is one sample
  24  the size of a deleted file or memfd behind a descriptor; its holder is told
  33  who is first in the order of the scan: of a tree's tie it is said that one of them dies
  34  that one worker's kill takes all others (memory.oom.group), which is no finding, but stands beside each victim
  29  that it is the journal that fills /run: the files in a tmpfs are not part of a captured tree
Case 21 is the bait bait-arc-at-target: nothing is wrong on that host.
"""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import facts as gathering
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather.options import Options
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import host

KIB = 1024
PAGE = 4096

POD = "3c8e1f02_5d41_4e7a_9b1c_0a2b3c4d5e6f"
POD_SLICE = f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{POD}.slice"
DEAD = ("11111111-2222-4333-8444-555555555555", "66666666-7777-4888-8999-aaaaaaaaaaaa")
SCRATCH = "/var/lib/kubelet/pods/{}/volumes/kubernetes.io~empty-dir/scratch"
SANDBOX = "cd" * 32
SANDBOX_SHM = f"/run/containerd/io.containerd.grpc.v1.cri/sandboxes/{SANDBOX}/shm"

# Beside what a case plants: 8192 kB in /run, 98304 kB in /dev/shm and a segment of 56 kB are not "unattributed".
SHMEM_OF_OTHERS = 8192 + 98304 + 56

# name: the findings it raises, each with a part of its evidence; then figures of the facts by their path.
CASES = {
    "01-driver-pages": (
        # 6 GiB and the 12288 kB of every host
        [("unaccounted-high", {"unaccounted_bytes": (6291456 + 12288) * KIB, "suspects": ["ath11k", "ath11k_pci"]})],
        {
            "memory.ledger.vmalloc": 43008 * KIB,
            "memory.ledger.percpu": 8192 * KIB,
            "memory.ledger.slab_unreclaimable": 184320 * KIB,
        },
    ),
    "02-kmalloc-2k": (
        # 204,468 slabs of 8 pages beside the healthy host's 184,320 kB
        [("slab-unreclaimable-high", {"cache": "kmalloc-2k", "bytes": (184320 + 204468 * 32) * KIB})],
        {"kernel.slab.top.0.bytes": (1000 + 204468) * 8 * PAGE},
    ),
    "03-selinux-ebitmap": (
        [("slab-unreclaimable-high", {"cache": "ebitmap_node", "bytes": (184320 + 45875200) * KIB})],
        # 734,003,200 objects of 64 bytes: 64 in a page
        {"kernel.slab.top.0.bytes": 11468800 * PAGE, "kernel.slab.top.0.active_objects": 734003200},
    ),
    "04-kernfs-nodes": (
        [("slab-unreclaimable-high", {"cache": "kernfs_node_cache", "bytes": (184320 + 2097152) * KIB})],
        {"kernel.slab.top.0.bytes": (9080 + 524288) * PAGE},
    ),
    "04-kernfs-nodes-after-du": (
        [("slab-unreclaimable-high", {"cache": "kernfs_node_cache", "bytes": (184320 + 2097152) * KIB})],
        {"kernel.slab.top.0.name": "ext4_inode_cache", "memory.ledger.slab_reclaimable": 5312000 * KIB},
    ),
    "05-modem-skbs": (
        # 16 GiB, 278,528 slabs of 8 pages (8.5 GiB), 1,546,649 pages
        [("slab-unreclaimable-high", {"cache": "kmalloc-2k", "bytes": (184320 + 16777216 + 8912896 + 6186596) * KIB})],
        {
            "kernel.slab.top.0.name": "kmalloc-2k",
            "kernel.slab.top.1.name": "kmalloc-1k",
            "kernel.slab.top.2.name": "skbuff_head_cache",
            "memory.page_takers": ["xmm7360"],
        },
    ),
    "06-driver-upgrade": (
        [("slab-unreclaimable-high", {"cache": "kmalloc-4k", "bytes": (184320 + 4194304) * KIB})],
        {"kernel.slab.top.0.bytes": 131072 * 8 * PAGE},
    ),
    "07-burst": (
        [("slab-unreclaimable-high", {"cache": "kmalloc-192", "bytes": (184320 + 76400000) * KIB})],
        {"kernel.slab.top.0.bytes": 19100000 * PAGE},
    ),
    "08-bpf-jit": (
        # 30 ranges of 2000 pages, 93 % of the limit; 1.5 % of RAM, so no vmalloc-high
        [("bpf-jit-near-limit", {"bpf_jit_bytes": 60000 * PAGE, "limit_bytes": 264241152})],
        {"memory.ledger.vmalloc": (43008 + 240000) * KIB},
    ),
    "09-percpu-bpf": ([("percpu-high", {"bytes": (8192 + 1228800) * KIB})], {}),
    "10-bpf-maps": (
        [
            # 8 maps of 253,296 pages
            ("vmalloc-high", {"caller": "htab_map_alloc", "bytes": (43008 + 8 * 253296 * 4) * KIB}),
            (
                "cgroup-kernel-memory-high",
                {"cgroup": "/system.slice/cilium.service", "kernel_bytes": 8330000000, "limit_bytes": 10737418240},
            ),
        ],
        {},
    ),
    "11-leaked-cgroups": (
        # the root and /workload are alive
        # and its base is a host of 3.10, on which a process named `protected` is at -1000
        [
            ("dying-cgroups", {"dying": 65535 - 2, "alive": 2}),
            ("unkillable-workload", {"count": 1}),
            ("no-oom-reaper", {}),
        ],
        {"host.cgroup_version": "v1"},
    ),
    "13-pull-loop": (
        [
            ("slab-unreclaimable-high", {"cache": "kmalloc-8k", "bytes": (184320 + 15000000) * KIB}),
            ("percpu-high", {"bytes": (8192 + 7000000) * KIB}),
            ("dying-cgroups", {"dying": 48210}),
        ],
        {},
    ),
    "14-mystery": (
        # 20 GB of slab are 7.6 % of this host, so it is the ledger that shows them
        [("unaccounted-high", {"unaccounted_bytes": (150000000 + 12288) * KIB, "suspects": []})],
        {"memory.ledger.slab_unreclaimable": 20000000 * KIB},
    ),
    "15-full-sockets": (
        [("sockets-high", {"bytes": 5242880 * PAGE})],
        # Half of what TCP counts is in slab already, so of the rest it gets what there is: 10 GiB and the 16384 kB.
        {
            "memory.ledger.sockets": (10485760 + 16384) * KIB,
            "memory.unaccounted_bytes": 0,
            "memory.ledger.slab_unreclaimable": (10485760 + 184320) * KIB,
        },
    ),
    "16-suspected-leak": (
        [
            ("shmem-unattributed", {"unattributed_bytes": (22649240 - SHMEM_OF_OTHERS) * KIB}),
            ("unaccounted-high", {"unaccounted_bytes": (52428800 + 12288) * KIB, "suspects": []}),
        ],
        {},
    ),
    "17-vmware-balloon": (
        [("balloon-inflated", {"bytes": 17960 * KIB * KIB})],
        {"memory.unaccounted_bytes": 12288 * KIB, "memory.page_takers": ["vmw_balloon"]},
    ),
    "17-vmware-balloon-no-debugfs": (
        [("unaccounted-high", {"unaccounted_bytes": (17960 * KIB + 12288) * KIB, "suspects": ["vmw_balloon"]})],
        {"memory.ledger.balloon": None},
    ),
    "18-vm-boots": (
        [
            (
                "unaccounted-high",
                {"unaccounted_bytes": (10485760 + 12288) * KIB, "suspects": ["vendor_reset", "vfio", "vfio_pci"]},
            )
        ],
        {"memory.ledger.slab_unreclaimable": 1048576 * KIB},
    ),
    "19-gpu-in-shmem": (
        [("shmem-unattributed", {"unattributed_bytes": (163840 + 6291456 - SHMEM_OF_OTHERS) * KIB})],
        {"shmem.gpu_bytes": 0},
    ),
    "19-gpu-in-shmem-told": (
        [("gpu-memory-high", {"bytes": 6291456 * KIB})],
        {"shmem.gpu_bytes": 6291456 * KIB, "shmem.unattributed_bytes": (163840 - SHMEM_OF_OTHERS) * KIB},
    ),
    "20-gtt": (
        [("gpu-memory-high", {"bytes": 25258000 * KIB})],
        {"memory.unaccounted_bytes": 12288 * KIB},
    ),
    "22-huge-pages-idle": (
        [("hugepages-idle", {"idle_bytes": 2460 * 2048 * KIB})],
        {"memory.ledger.hugetlb": 2560 * 2048 * KIB},
    ),
    "23-dev-shm": (
        [
            (
                "tmpfs-dominates",
                {"mount": "/dev/shm", "mount_used_bytes": 8388608 * KIB, "used_bytes": (8388608 + 8192) * KIB},
            )
        ],
        {"tmpfs.0.size_bytes": 12582912 * KIB},
    ),
    "23-many-small-files": (
        # 16.1 % of RAM; the largest cache of all is one that reclaim does not free
        [("slab-unreclaimable-high", {"cache": "shmem_inode_cache", "bytes": (184320 + 2457600) * KIB})],
        {"kernel.slab.top.0.bytes": 614400 * PAGE},
    ),
    "24-deleted-file": (
        [("tmpfs-dominates", {"mount": "/tmp", "mount_used_bytes": 6291456 * KIB})],
        {
            "shmem.deleted.0.name": "/tmp/sort8Xq1",
            "shmem.deleted.0.bytes": None,
            "shmem.deleted.0.comm": "java",
            "shmem.deleted.0.holders": [940],
            "shmem.deleted_bytes": None,
        },
    ),
    "24-memfd": (
        [("shmem-unattributed", {"unattributed_bytes": (163840 + 6291456 - SHMEM_OF_OTHERS) * KIB})],
        {
            "shmem.memfd.0.name": "/memfd:frames",
            "shmem.memfd.0.bytes": None,
            "shmem.memfd.0.holders": [940],
            "shmem.memfd_bytes": None,
        },
    ),
    "25-sysv-orphan": (
        [("sysv-orphan", {"shmid": 32769, "bytes": 4194304 * KIB})],
        {"shmem.sysv.0.creator_pid": 688, "shmem.sysv.0.uid": 110, "shmem.sysv_bytes": (4194304 + 56) * KIB},
    ),
    "26-emptydir-restart": (
        [
            (
                "cgroup-shmem-at-limit",
                {"cgroup": POD_SLICE, "shmem_bytes": 1920 * KIB * KIB, "limit_bytes": 2048 * KIB * KIB, "oom_kills": 7},
            )
        ],
        {"tmpfs.0.owner.pod_uid": POD.replace("_", "-"), "tmpfs.0.owner.pod_alive": True},
    ),
    "27-dead-pods": (
        [
            ("tmpfs-dead-pod", {"mount": SCRATCH.format(DEAD[0]), "pod": DEAD[0], "used_bytes": 1048576 * KIB}),
            ("tmpfs-dead-pod", {"mount": SCRATCH.format(DEAD[1]), "pod": DEAD[1], "used_bytes": 1048576 * KIB}),
        ],
        {"tmpfs.2.mount": "/dev/shm"},
    ),
    "28-sandbox-shm": (
        [("tmpfs-nearly-full", {"mount": SANDBOX_SHM, "used_bytes": 63488 * KIB, "size_bytes": 65536 * KIB})],
        {
            "tmpfs.1.mounts": [SANDBOX_SHM, "/dev/shm"],
            "tmpfs.1.owner.kind": "container",
            "tmpfs.1.owner.container": SANDBOX,
        },
    ),
    "29-journal-in-run": (
        [
            (
                "tmpfs-dominates",
                {"mount": "/run", "mount_used_bytes": 4194304 * KIB, "used_bytes": (4194304 + 98304) * KIB},
            )
        ],
        {"tmpfs.0.journal_bytes": None},
    ),
    "30-dentries-in-cgroup": (
        [
            (
                "cgroup-kernel-memory-high",
                {
                    "cgroup": "/system.slice/ipmi-exporter.service",
                    "slab_reclaimable_bytes": 192 * KIB * KIB,
                    "anon_bytes": 19 * KIB * KIB,
                },
            )
        ],
        {},
    ),
    "30-dentries-in-cgroup-of-many": (
        [("cgroup-kernel-memory-high", {"cgroup": "/system.slice/ipmi-exporter.service"})],
        {"cgroups.top.0.path": "/system.slice"},
    ),
    "31-fuse-inodes": (
        # 656 MB + 143 MB of 4.7 GB
        [("cgroup-kernel-memory-high", {"cgroup": "/system.slice/assistant.service", "kernel_bytes": 799000000})],
        {"kernel.slab.top.0.name": "fuse_inode", "kernel.slab.top.0.bytes": 20020 * 8 * PAGE},
    ),
    "32-packet-ring": (
        [("unaccounted-high", {"unaccounted_bytes": (4194304 + 12288) * KIB})],
        {
            "processes.top.0.comm": "sniffer",
            "processes.top.0.file_bytes": 4202496 * KIB,
            "cgroups.top.3.path": "/system.slice/sniffer.service",
            "cgroups.top.3.current_bytes": 40 * KIB * KIB,
        },
    ),
    "counter-ramdisk-undeclared": (
        [
            ("tmpfs-dominates", {"mount": "/srv/ramdisk"}),
            ("tmpfs-nearly-full", {"mount": "/srv/ramdisk", "used_percent": 100.0}),
        ],
        {},
    ),
    "bait-slab-after-du": ([], {"memory.ledger.slab_reclaimable": (512000 + 6291456) * KIB}),
    "bait-arc-at-target": ([], {"memory.ledger.zfs_arc": 33999998976, "memory.unaccounted_bytes": 12288 * KIB}),
    "bait-page-cache": ([], {"memory.ledger.page_cache": (14745600 - 204800) * KIB}),
    "bait-ramdisk": ([], {"tmpfs.0.mount": "/srv/ramdisk", "tmpfs.0.used_percent": 100.0, "tmpfs.0.declared": True}),
    "bait-df-dash": ([], {"tmpfs.0.mount": "/dev/shm"}),
    "bait-pod-between-containers": ([], {"tmpfs.0.owner.pod_uid": POD.replace("_", "-")}),
    "bait-huge-pages-reserved": ([], {"memory.ledger.hugetlb": 2560 * 2048 * KIB}),
    "33-pause-dies": (
        # 3145728000 bytes are 768000 pages, the adj takes off 998 * 768 = 766464; data_sim has 689000 and 1375 tables
        [
            (
                "floored-tie-in-cgroup",
                {"count": 1, "cgroup": f"/kubepods.slice/kubepods-pod{POD}.slice", "pid": 940},
            ),
            ("floored-badness", {"count": 4, "pid": 940}),  # postgres at -900 is the fourth
        ],
        {
            "oom.badness_model": "floored",
            "oom.tie_rule": "last",
            "oom.by_cgroup.0.limit_bytes": 3145728000,
            "oom.by_cgroup.0.killable": 3,
            "oom.by_cgroup.0.victims.0.badness": 1,
            "oom.by_cgroup.0.victims.0.tied_with": 2,
            "oom.by_cgroup.0.sure": False,
            "oom.same_adj_cgroups.0.biggest.held_bytes": (2756000 + 5500) * KIB,
        },
    ),
    "34-declared-and-live": (
        [
            (
                "declared-adj-differs",
                {
                    "unit": "nginx.service",
                    "pid": 905,
                    "declared_adj": -500,
                    "oom_score_adj": 100,
                    "declared_in": "/etc/systemd/system/nginx.service.d/oom.conf",
                },
            )
        ],
        {"oom.units.0.agrees": False},
    ),
}


def _at(facts, path):
    value = facts
    for step in path.split("."):
        value = value[int(step) if isinstance(value, list) else step]
    return value


@pytest.mark.parametrize(
    "name, findings, figures",
    [pytest.param(name, *CASES[name], id=name) for name in CASES],
)
def test_a_case_raises_exactly_its_findings_with_the_figures_that_prove_it(name, findings, figures, collected):
    facts = collected("cases/" + name)

    raised = [finding["id"] for finding in facts["findings"]]
    assert raised == [rule for rule, _evidence in findings]
    for finding, (_rule, evidence) in zip(facts["findings"], findings):
        assert {key: finding["evidence"][key] for key in evidence} == evidence
    assert {path: _at(facts, path) for path in figures} == figures


@pytest.mark.parametrize("name", CASES)
def test_the_findings_are_the_same_however_short_the_lists_are(name, collected, laid):
    short = gathering.collect(host.at(laid("cases/" + name)), Options(top=1))

    assert [row["id"] for row in short["findings"]] == [row["id"] for row in collected("cases/" + name)["findings"]]


def test_the_healthy_host_raises_nothing_and_leaves_less_than_a_tenth_of_a_percent(collected):
    facts = collected("case-00-healthy")

    assert facts["findings"] == []
    assert facts["memory"]["unaccounted_bytes"] == 12288 * KIB
    assert facts["memory"]["unaccounted_percent"] == 0.07  # 12288 of 16384000 kB are 0.075 %


def test_a_tmpfs_with_a_deleted_file_of_unknown_size_does_not_say_0_bytes_are_deleted(collected):
    rows = collected("cases/24-deleted-file")["tmpfs"]

    assert [row["deleted_bytes"] for row in rows if row["mount"] == "/tmp"] == [None]


def test_every_case_of_the_fixtures_is_in_the_table(hosts):
    assert sorted(path.stem for path in (hosts / "cases").glob("*.tree")) == sorted(CASES)
