# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about shared memory outside tmpfs."""

import pytest

from tests.support import healthy_host

MIB = 1 << 20


def _sysv_orphan(mib, host):
    held = int(mib * MIB)
    host.facts["shmem"]["sysv"] = [dict(_segment(7, 0), bytes=held)]
    host.facts["shmem"]["sysv_orphan_bytes"] = held


def _unattributed(share, host):
    host.facts["shmem"].update(total_bytes=50000 * MIB, unattributed_bytes=healthy_host.ram(share))


MEASURES = {"sysv-orphan": _sysv_orphan, "shmem-unattributed": _unattributed}


def _segment(shmid, mib, orphan=True, pid=None):
    return {"shmid": shmid, "pid": pid, "uid": 110, "creator_pid": 688, "bytes": mib * MIB, "orphan": orphan}


def test_orphans_name_the_largest_segment_and_how_to_remove_it(facts, raised):
    segments = [_segment(4, 40), _segment(5, 30, orphan=False), _segment(6, 20)]
    facts["shmem"].update(sysv=segments, sysv_orphan_bytes=60 * MIB)

    (finding,) = raised()

    assert finding._asdict() == {
        "id": "sysv-orphan",
        "severity": "warning",
        "summary": "System V segments hold 60.0 MiB although no process is attached to them; the largest is shmid 4 of "
        "uid 110, whose creator (pid 688) is dead",
        "evidence": {"bytes": 60 * MIB, "shmid": 4, "segments": [segments[0], segments[2]]},
        "remedy": "Check in the list of segments that shmid 4 has the size and the dead creator that are named here, "
        "and that no program will attach to it again. Then remove it; its content is lost.",
        "remedy_commands": ["ipcs -m", "ipcs -m -p", "ipcrm -m 4"],
        "remedy_effect": "data-loss",
        "ref": "docs/findings.md#sysv-orphan",
    }


def test_a_segment_of_another_namespace_is_not_taken_for_the_hosts_own_of_that_id(facts, raised):
    facts["shmem"].update(sysv=[_segment(0, 40, pid=4711)], sysv_orphan_bytes=40 * MIB)

    (finding,) = raised()

    assert finding.remedy_commands == [
        "nsenter -t 4711 -i -- ipcs -m",
        "nsenter -t 4711 -i -- ipcs -m -p",
        "nsenter -t 4711 -i -- ipcrm -m 0",
    ]


def test_a_large_segment_that_is_in_use_is_no_orphan(facts, raised):
    facts["shmem"]["sysv"] = [_segment(4, 40000, orphan=False)]

    assert raised() == []


@pytest.mark.parametrize(
    "refused, found",
    [
        pytest.param(0, ["shmem-unattributed"], id="all-seen"),
        pytest.param(10, ["shmem-unattributed"], id="one-in-ten-refused"),
        pytest.param(11, [], id="more-refused"),
    ],
)
def test_shared_memory_is_called_ownerless_only_if_nearly_all_processes_were_seen(refused, found, facts, raised):
    facts["shmem"].update(total_bytes=9000 * MIB, unattributed_bytes=8000 * MIB, processes_refused=refused)

    assert [finding.id for finding in raised()] == found


def test_what_has_no_owner_is_told_beside_the_total(facts, raised):
    facts["shmem"].update(total_bytes=10240 * MIB, unattributed_bytes=8192 * MIB)

    (finding,) = raised()

    assert finding.summary == "no owner could be found for 8.0 GiB of 10.0 GiB of shared memory (Shmem)"
    assert finding.evidence == {
        "unattributed_bytes": 8192 * MIB,
        "percent_of_ram": 8.19,
        "shmem_bytes": 10240 * MIB,
    }


def test_owners_that_claim_more_than_there_is_leave_nothing_ownerless(facts, raised):
    facts["shmem"].update(total_bytes=100 * MIB, unattributed_bytes=-8192 * MIB)

    assert raised() == []
