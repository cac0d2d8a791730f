# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about memory cgroups."""

import pytest

MIB = 1 << 20


def _dying(count, host):
    host.facts["cgroups"]["dying"] = int(count)


def _near_limit(kind):
    def measure(share, host):
        host.add_cgroup(**{kind: int(round(share * 10 * MIB))})

    return measure


MEASURES = {
    "dying-cgroups": _dying,
    "cgroup-shmem-at-limit": _near_limit("shmem_bytes"),
    "cgroup-kernel-memory-high": _near_limit("kernel_bytes"),
}


def test_dying_cgroups_are_told_beside_those_alive(facts, raised):
    facts["cgroups"].update(dying=65000, count=120)

    (finding,) = raised()

    assert finding.summary == "65000 memory cgroups were removed but still hold memory"
    assert finding.evidence == {"dying": 65000, "alive": 120}


@pytest.mark.parametrize(
    "key, name, words",
    [
        pytest.param("shmem_bytes", "cgroup-shmem-at-limit", "shared memory", id="shmem"),
        pytest.param("kernel_bytes", "cgroup-kernel-memory-high", "kernel memory", id="kernel"),
    ],
)
def test_a_cgroup_at_its_limit_is_told_with_its_whole_row(key, name, words, facts, add_cgroup, raised):
    add_cgroup(path="/kubepods/pod1", current_bytes=990 * MIB, oom_kills=3, **{key: 600 * MIB})

    (finding,) = raised()

    assert finding.id == name
    assert finding.summary == f"/kubepods/pod1 uses 990.0 MiB of 1000.0 MiB, 600.0 MiB of it {words}"
    assert finding.evidence == dict(facts["cgroups"]["near_limit"][0], cgroup="/kubepods/pod1")
    assert "/kubepods/pod1" in finding.remedy


def test_every_cgroup_at_its_limit_is_told(add_cgroup, raised):
    add_cgroup(path="/a", shmem_bytes=700 * MIB)
    add_cgroup(path="/b", shmem_bytes=700 * MIB, kernel_bytes=200 * MIB)

    assert [(finding.id, finding.evidence["cgroup"]) for finding in raised()] == [
        ("cgroup-shmem-at-limit", "/a"),
        ("cgroup-shmem-at-limit", "/b"),
        ("cgroup-kernel-memory-high", "/b"),
    ]


def test_a_cgroup_full_of_its_processes_own_memory_raises_nothing(add_cgroup, raised):
    add_cgroup(anon_bytes=980 * MIB, shmem_bytes=5 * MIB, kernel_bytes=15 * MIB)

    assert raised() == []
