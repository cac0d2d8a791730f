# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where memory cgroups are, and which one a process is in: v1, v2 and both."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import cgroup, mountinfo
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.cgroup import Hierarchy

V1_SYSTEMD = "32 31 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
V1_MEMORY = "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
V1_CPU = "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
V2 = "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n"
V2_BESIDE_V1 = "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"


@pytest.mark.parametrize(
    "mounts, with_memory, expected",
    [
        pytest.param(V2, ["sys/fs/cgroup"], Hierarchy("v2", "sys/fs/cgroup", True), id="v2"),
        pytest.param(V1_SYSTEMD + V1_CPU + V1_MEMORY, [], Hierarchy("v1", "sys/fs/cgroup/memory", True), id="v1"),
        pytest.param(
            V1_SYSTEMD + V1_MEMORY + V2_BESIDE_V1,
            [],
            Hierarchy("hybrid", "sys/fs/cgroup/memory", True),
            id="hybrid-memory-in-v1",
        ),
        pytest.param(
            V1_SYSTEMD + V2_BESIDE_V1,
            ["sys/fs/cgroup/unified"],
            Hierarchy("hybrid", "sys/fs/cgroup/unified", True),
            id="hybrid-memory-in-v2",
        ),
        pytest.param(
            V1_MEMORY.replace(" / /sys", " /docker/9073 /sys"),
            [],
            Hierarchy("v1", "sys/fs/cgroup/memory", False),
            id="v1-of-a-container",
        ),
        pytest.param(V2, [], Hierarchy("v2", None, False), id="v2-without-the-controller"),
        pytest.param(V1_SYSTEMD + V1_CPU, [], Hierarchy("v1", None, False), id="v1-without-the-controller"),
        pytest.param(V1_CPU + V2_BESIDE_V1, [], Hierarchy("hybrid", None, False), id="hybrid-without-the-controller"),
        pytest.param("", [], Hierarchy("none", None, False), id="no-cgroups"),
        pytest.param(
            "35 31 0:32 / /sys/fs/cgroup/x rw - cgroup cgroup rw,name=memory\n",
            [],
            Hierarchy("v1", None, False),
            id="only-named-memory",
        ),
    ],
)
def test_where_memory_cgroups_live(mounts, with_memory, expected):
    assert cgroup.hierarchy(mountinfo.parse(mounts), lambda folder: folder in with_memory) == expected


LIVE_HYBRID = b"9:name=systemd:/\n8:pids:/\n4:memory:/process_api/9073\n3:cpuset:/\n0::/\n"
EL7 = (
    b"11:memory:/system.slice/crond.service\n4:cpuacct,cpu:/system.slice\n1:name=systemd:/system.slice/crond.service\n"
)


@pytest.mark.parametrize(
    "data, memory, unit",
    [
        pytest.param(
            b"0::/system.slice/cron.service\n", "/system.slice/cron.service", "/system.slice/cron.service", id="v2"
        ),
        pytest.param(EL7, "/system.slice/crond.service", "/system.slice/crond.service", id="v1"),
        pytest.param(LIVE_HYBRID, "/process_api/9073", "/", id="hybrid"),
        pytest.param(b"1:name=systemd:/\n0::/init.scope\n", "/init.scope", "/init.scope", id="hybrid-systemd-in-v2"),
        pytest.param(b"5:cpu,memory:/a:b:c\n0::/x\n", "/a:b:c", "/x", id="colons-in-the-path"),
        pytest.param(b"0::/a b\xff\xc3\n", "/a b\udcff\udcc3", "/a b\udcff\udcc3", id="not-utf8"),
        pytest.param(b"0::/a\rb\x0c\xc2\x85\n", "/a\rb\x0c\x85", "/a\rb\x0c\x85", id="other-line-ends"),
        pytest.param(b"4:memorystat:/x\n", None, None, id="other-controller"),
        pytest.param(b"4:memory\n", None, None, id="cut"),
        pytest.param(b"", None, None, id="empty"),
    ],
)
def test_the_memory_cgroup_and_the_unit_of_a_process(data, memory, unit):
    assert (cgroup.path_of(data), cgroup.unit_path_of(data)) == (memory, unit)


def test_how_many_cgroups_each_controller_has():
    text = (
        "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpuset\t3\t1\t1\nmemory\t4\t16\t1\nhugetlb\t0\t"
        + "9" * 5000
        + "\t1\n"
    )
    assert cgroup.controllers(text) == {"cpuset": 1, "memory": 16}
