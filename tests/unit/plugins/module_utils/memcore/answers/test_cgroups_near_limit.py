# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cgroups count as standing at their limit: those that use three quarters of it."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import facts
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather.options import Options
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import captured
from tests.support import hosttree

V2 = {
    "proc/self/mountinfo": "32 22 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
    "sys/fs/cgroup/cgroup.controllers": "cpu memory\n",
}
V1 = {"proc/self/mountinfo": "32 22 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"}
FOLDERS = {"v1": "sys/fs/cgroup/memory/a", "v2": "sys/fs/cgroup/a"}
FILES = {"v1": ("memory.usage_in_bytes", "memory.limit_in_bytes"), "v2": ("memory.current", "memory.max")}


@pytest.fixture
def near_limit(tmp_path):
    """A function: the paths of the cgroups near their limit, of one cgroup /a that uses `current` of `limit`."""

    def paths(version, current, limit):
        entries = dict(V1 if version == "v1" else V2)
        entries["proc/meminfo"] = "MemTotal:       1000 kB\nMemFree:        1000 kB\n"
        for name, value in zip(FILES[version], (current, limit)):
            entries[f"{FOLDERS[version]}/{name}"] = f"{value}\n"
        hosttree.unpack(hosttree.pack(entries, []), str(tmp_path))
        record = facts.collect(captured.CapturedTree(str(tmp_path)), Options(subsets=("cgroups",)))
        return [row["path"] for row in record["cgroups"]["near_limit"]]

    return paths


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(
    "current, limit, found",
    [
        pytest.param(10000, 10000, ["/a"], id="at-its-limit"),
        pytest.param(7501, 10000, ["/a"], id="just-above-three-quarters"),
        pytest.param(7500, 10000, ["/a"], id="three-quarters"),
        pytest.param(7499, 10000, [], id="just-below-three-quarters"),
        pytest.param(0, 0, [], id="limit-0"),
    ],
)
def test_a_cgroup_is_near_its_limit_from_three_quarters_on(version, current, limit, found, near_limit):
    assert near_limit(version, current, limit) == found


@pytest.mark.parametrize("version, limit", [("v1", "9223372036854771712"), ("v2", "max")])
def test_a_cgroup_without_a_limit_is_never_near_it(version, limit, near_limit):
    assert near_limit(version, 9223372036854770000, limit) == []
