# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a composed node shows of its pods: their cgroups, their processes, and counters of the look before."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather import pod_evidence
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather.options import Options
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather.pod_evidence import Known, gather
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather.survey import Survey
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.pod_evidence import MAX
from tests.support.oomtree import PAGE, lay, process, write

UID = "392bf93e-1fcf-11ea-9b5b-3cfdfe576498"
APP, PAUSE, ODD = "a" * 64, "b" * 64, "c" * 64
SLICE = f"/kubepods.slice/kubepods-pod{UID.replace('-', '_')}.slice"
MIB = 1 << 20


def files(current, limit="max", **more):
    return dict(
        {
            "memory.current": current,
            "memory.max": limit,
            "memory.high": "max",
            "memory.events": "low 0\nhigh 0\nmax 7\noom 1\noom_kill 1",
            "memory.stat": "anon 5\ninactive_file 1000\nworkingset_refault_file 40",
            "memory.oom.group": 0,
        },
        **{name.replace("_", "."): text for name, text in more.items()},
    )


def laid(folder, processes=None, extra=()):
    processes = processes or [
        process(10, adj=-998, comm="pause", rss=1),
        process(11, adj=-997, comm="app", rss=500),
        process(12, adj=-997, comm="worker", rss=300, ppid=11),
        process(20, adj=-999, comm="kubelet", rss=900),
    ]
    cgroups = [
        ("/kubepods.slice", files(90 * MIB, 200 * MIB), []),
        (SLICE, files(64 * MIB, 100 * MIB), []),
        (f"{SLICE}/cri-containerd-{PAUSE}.scope", files(MIB), [10]),
        (f"{SLICE}/cri-containerd-{APP}.scope", files(60 * MIB, 64 * MIB, memory_oom_group=1), [11, 12]),
        *extra,
        ("/system.slice", {}, []),
        ("/system.slice/kubelet.service", {}, [20]),
    ]
    host = lay(folder, processes, cgroups)
    for pid, numbers in ((11, "11\t1"), (12, "12\t7"), (10, "10\t1")):
        _add_namespace(folder, pid, numbers)
    write(folder, "proc/uptime", "500.00 900.00\n")
    write(folder, "proc/sys/vm/overcommit_memory", "1\n")
    return host


def _add_namespace(folder, pid, numbers):
    path = folder / "proc" / str(pid) / "status"
    if path.exists():
        path.write_text(path.read_text().replace("\nUid:", f"\nNSpid:\t{numbers}\nUid:", 1))


def look(host, at=1000.0, before=None):
    return gather(Survey(host, Options(namespaces=False)), Known("floored", "first"), at, before)


def test_pod_has_its_cgroup_its_containers_and_its_sandbox(tmp_path):
    evidence, _seen = look(laid(tmp_path))
    pod = evidence.pods[UID]
    assert (pod.path, pod.cgroup.limit_bytes, pod.cgroup.current_bytes) == (SLICE, 100 * MIB, 64 * MIB)
    assert (pod.sandbox.pid, pod.sandbox.comm) == (10, "pause")
    (app,) = pod.containers
    assert (app.id, app.cgroup.limit_bytes, app.cgroup.oom_group) == (APP, 64 * MIB, True)
    assert (app.first.pid, app.first.oom_score_adj, app.first.rss_bytes) == (11, -997, 500 * PAGE)
    assert [one.pid for one in app.others] == [12]
    assert pod.has_processes


def test_exec_that_joined_from_outside_is_not_the_first_process(tmp_path):
    """Its parent is outside of the container too, but in the container's namespace it is not pid 1."""
    pause = process(10, adj=-998, comm="pause")
    host = laid(tmp_path, [pause, process(11, comm="app"), process(12, comm="exec", ppid=5)])
    (app,) = look(host)[0].pods[UID].containers
    assert app.first.pid == 11 and [one.pid for one in app.others] == [12]


def test_first_process_is_not_guessed_where_pod_shares_the_hosts_namespace(tmp_path):
    host = laid(tmp_path)
    path = tmp_path / "proc/11/status"
    path.write_text(path.read_text().replace("NSpid:\t11\t1\n", "NSpid:\t11\n"))
    (app,) = look(host)[0].pods[UID].containers
    assert app.first is None and {one.pid for one in app.others} == {11, 12}


def test_limit_that_is_not_set_is_told_from_one_that_is_not_known(tmp_path):
    evidence, _seen = look(laid(tmp_path))
    cgroup = evidence.pods[UID].cgroup
    assert cgroup.high_bytes == MAX and cgroup.swap_limit_bytes is None
    assert cgroup.events["max"] == 7 and cgroup.stat["anon"] == 5 and cgroup.full_avg10_percent is None


def test_pressure_is_read_where_the_kernel_has_it(tmp_path):
    host = laid(tmp_path)
    write(tmp_path, f"sys/fs/cgroup{SLICE}/memory.pressure", "some avg10=9.00 avg60=1\nfull avg10=4.25 avg60=0.1\n")
    assert look(host)[0].pods[UID].cgroup.full_avg10_percent == 4.25


def test_counters_of_the_look_before_are_beside_those_of_now(tmp_path):
    host = laid(tmp_path)
    seen = look(host, 1000.0)[1]
    write(tmp_path, f"sys/fs/cgroup{SLICE}/memory.events", "max 90\noom_kill 2\n")
    as_json = {path: pod_evidence.of_json(list(one)) for path, one in seen.items()}
    evidence, after = look(host, 1600.0, as_json)
    cgroup = evidence.pods[UID].cgroup
    assert (cgroup.earlier.seconds_ago, cgroup.earlier.events["max"], cgroup.events["max"]) == (600.0, 7, 90)
    assert cgroup.earlier.stat == {"workingset_refault_file": 40}
    assert cgroup.samples == ((600.0, 64 * MIB - 1000), (0.0, 64 * MIB - 1000))
    # Samples are kept for half an hour.
    assert len(look(host, 9000.0, after)[0].pods[UID].cgroup.samples) == 1


def test_clock_that_was_set_back_makes_no_interval(tmp_path):
    host = laid(tmp_path)
    seen = look(host, 1000.0)[1]
    cgroup = look(host, 900.0, seen)[0].pods[UID].cgroup
    assert cgroup.earlier is None and len(cgroup.samples) == 1


def test_node_has_its_kernel_and_the_processes_outside_of_pods(tmp_path):
    evidence, _seen = look(laid(tmp_path))
    node = evidence.node
    assert (node.kernel.badness_model, node.kernel.tie_rule, node.kernel.cgroup_version) == ("floored", "first", "v2")
    assert node.kernel.booted == 500.0 and node.kernel.sysctls["vm.overcommit_memory"] == 1
    assert node.kubepods.limit_bytes == 200 * MIB
    assert [(one.comm, one.oom_score_adj) for one in node.processes] == [("kubelet", -999)]


def test_process_whose_score_cannot_be_read_leaves_the_pod_open(tmp_path):
    host = laid(tmp_path)
    (tmp_path / "proc/12/oom_score_adj").unlink()
    assert not look(host)[0].pods[UID].has_processes


@pytest.mark.parametrize("name", [f"crio-{ODD}.scope", f"cri-containerd-{ODD}.scope"])
def test_container_of_any_runtime_is_found(tmp_path, name):
    host = laid(tmp_path, extra=[(f"{SLICE}/{name}", files(MIB), [30])], processes=[process(30, comm="odd")])
    assert ODD in [one.id for one in look(host)[0].pods[UID].containers]
