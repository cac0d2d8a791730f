# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each rule that needs a node: a scene that makes it speak, and scenes much like it that keep it silent.

The pods, nodes and figures are composed.
"""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import pod_judgement
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings.pods import catalogue, instead
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings.pods import node as node_rules
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.pod_evidence import (
    MAX,
    Cgroup,
    ContainerNow,
    Death,
    Earlier,
    Evidence,
    Kernel,
    NodeNow,
    PodNow,
    PodOom,
    Process,
)

GIB, MIB = 1 << 30, 1 << 20
NOW = 1796140800.0  # 2026-12-01T16:00:00Z
END, ENDED = NOW - 600, "2026-12-01T15:50:00Z"
UID = "2fc932ce-fdcc-454b-97bd-aadfdeb4c340"
SLICE = "/kubepods.slice/kubepods{}-pod" + UID.replace("-", "_") + ".slice"
BURSTABLE = {"requests": {"memory": "256Mi"}, "limits": {"memory": "1Gi"}}
GUARANTEED = {"limits": {"cpu": "1", "memory": "1Gi"}}
TMPFS = {"name": "cache", "emptyDir": {"medium": "Memory", "sizeLimit": "512Mi"}}


def container(name="app", resources=BURSTABLE, **more):
    return dict(more, name=name, resources=resources)


def status(name="app", started="2026-12-01T15:50:01Z", restarts=1, **more):
    row = {"name": name, "containerID": f"containerd://{name}", "restartCount": restarts}
    return dict(row, state={"running": {"startedAt": started}}, **more)


def ended(reason="Error", code=137, started="2026-12-01T15:00:00Z"):
    return {
        "lastState": {"terminated": {"reason": reason, "exitCode": code, "startedAt": started, "finishedAt": ENDED}}
    }


def pod(*containers, statuses=None, metadata=None, qos="Burstable", conditions=(), **spec):
    rows = list(containers) or [container()]
    names = [row["name"] for row in rows]
    more = spec.pop("more_status", {})
    return {
        "metadata": dict({"name": "web-0", "namespace": "shop", "uid": UID, "generation": 1}, **(metadata or {})),
        "spec": dict(spec, containers=rows),
        "status": dict(
            {
                "phase": "Running",
                "qosClass": qos,
                "containerStatuses": statuses if statuses is not None else [status(name) for name in names],
                "conditions": list(conditions),
            },
            **more,
        ),
    }


def first(adj=984, comm="app", pid=100, rss=100 * MIB):
    return Process(pid, comm, adj, rss)


def cgroup(**more):
    stat = {"inactive_file": 0, "active_file": 0, "slab_reclaimable": 0, "shmem": 0}
    events = {"max": 0, "high": 0, "oom_kill": 0}
    given = {"current_bytes": 200 * MIB, "limit_bytes": GIB, "is_local": False, "oom_group": True, "high_bytes": MAX}
    given.update(more)
    given["stat"] = dict(stat, **given.get("stat", {}))
    given["events"] = dict(events, **given.get("events", {}))
    return Cgroup("/pod/app", **given)


def live(name="app", task=None, others=(), **more):
    return ContainerNow(name, cgroup(**more), first() if task is None else task, tuple(others))


def now(*containers, path=None, pod_cgroup=None, **more):
    rows = containers or (live(),)
    return PodNow(UID, path, pod_cgroup or cgroup(), tuple(rows), Process(99, "pause", -998), True, **more)


def oom(role="container", name="app", kind="container", ago=600.0, limit="container", own=True, group=False, **more):
    death = Death(more.pop("pid", 77), more.pop("comm", "hog"), role, name, kind if name else None, 984, 900 * MIB)
    ident = f"b:{int(ago * 1000)}:77"
    deaths = (death, *more.pop("others", ()))
    scope = "memcg" if limit in ("container", "pod", "kubepods", "qos") else "global"
    return PodOom(ident, NOW - ago, more.pop("source", "kernel"), scope, limit, GIB, own, group, deaths, **more)


def scene(of=None, pod_now=None, ooms=(), node=None, own=None, capacity="16Gi", allocatable="14Gi", **more):
    """(Node, pods, evidence)."""
    kernel = more.pop("kernel", {})
    of = pod() if of is None else of
    given = {
        "metadata": {"name": "node1"},
        "status": {
            "capacity": {"memory": capacity},
            "allocatable": {"memory": allocatable},
            "nodeInfo": {"kubeletVersion": more.pop("version", "v1.36.2")},
        },
    }
    known = Kernel("6.12.1", "signed", "last", "v2", 16 * GIB, 8 * GIB, 0, NOW - 90000, {})._replace(**kernel)
    config = more.pop("config", {})
    about = NodeNow(kernel=known, kubelet_config=config, processes=(), driver_mixed=())._replace(**(node or {}))
    pods = {} if pod_now is None else {UID: pod_now}
    found = Evidence(NOW, about, pods, {UID: tuple(ooms)}, tuple(more.pop("node_ooms", ())), NOW - 86400, own)
    assert not more, more
    return given, [of], found


def before(seconds=60, stat=None, **events):
    return Earlier(seconds, dict({"max": 0, "high": 0, "oom_kill": 0}, **events), stat or {})


SIDECAR = pod(
    container("app", {"requests": {"memory": "4Gi"}}),
    container("proxy", {"requests": {"memory": "16Mi"}}),
)
SIDECAR_NOW = now(
    live("app", first(750), current_bytes=2 * GIB), live("proxy", first(999, "proxy", 101), current_bytes=20 * MIB)
)
NATIVE = pod(
    container("app", {"requests": {"memory": "4Gi"}}),
    initContainers=[container("proxy", {"requests": {"memory": "16Mi"}}, restartPolicy="Always")],
    more_status={"initContainerStatuses": [status("proxy")]},
)
CHILD = oom("process")
YOUNG = ended("OOMKilled", 137, "2026-12-01T15:49:30Z")
LOOPING = pod(container(), volumes=[TMPFS], statuses=[status(restarts=5, **YOUNG)])
FULL_OF_FILES = now(pod_cgroup=cgroup(stat={"shmem": 600 * MIB}))
TWICE = (oom(ago=700), oom(ago=600))
RESIZE = {"type": "PodResizePending", "status": "True", "reason": "Deferred"}
LOWERED = pod(
    container(resources={"limits": {"memory": "512Mi"}, "requests": {"memory": "256Mi"}}),
    statuses=[status(resources={"limits": {"memory": "1Gi"}})],
    conditions=[RESIZE],
)
CLAIM = {"resourceClaimName": "c", "mapping": [{"name": "memory", "quantity": "1Gi"}]}
CLAIMED = {"nodeAllocatableResourceClaimStatuses": [CLAIM]}
SWAP = {"memorySwap": {"swapBehavior": "LimitedSwap"}}
NO_REQUEST = pod(container(resources={"requests": {"cpu": "1"}}))
PROBE = pod(container(livenessProbe={"exec": {"command": ["/usr/bin/python3", "-c", "1"]}, "periodSeconds": 5}))
LARGE = pod(container(resources={"limits": {"cpu": "1", "memory": "8Gi"}}), qos="Guaranteed")
JOURNAL = Process(300, "systemd-journal", 0, 64 * MIB, cgroup="/system.slice/systemd-journald.service")
AGENT = pod(container(resources={"requests": {"memory": "32Mi"}, "limits": {"memory": "64Mi"}}))
HIGH = {"high_bytes": 500 * MIB, "current_bytes": 600 * MIB, "swap_limit_bytes": 0, "events": {"high": 900}}
FILES = {"active_file": 5 * MIB, "inactive_file": 5 * MIB, "workingset_refault_file": 100000}
AT_LIMIT = {"current_bytes": GIB - MIB, "earlier": before(stat={"workingset_refault_file": 0})}
SET = "memory request for container app; memory limit for container app"
RANGED = {"kubernetes.io/limit-ranger": f"LimitRanger plugin set: {SET}"}
GROUP_OTHERS = (Death(70, "sh", "container", "app", "container", 984, 2 * MIB),)

# id: (a scene that makes it speak, words of its summary, scenes that keep it silent)
CASES = {
    "stale-guaranteed-998": (
        scene(pod(container(resources=GUARANTEED), qos="Guaranteed"), now(live(task=first(-998)))),
        "-998, the pause process's own value",
        [
            scene(pod(container(resources=GUARANTEED), qos="Guaranteed"), now(live(task=first(-997)))),
            scene(
                pod(container(resources=GUARANTEED), qos="Guaranteed"), now(live(task=first(-998))), version="v1.19.1"
            ),
            scene(pod(), now(live(task=first(-998)))),
        ],
    ),
    "container-oom-score-drift": (
        scene(pod(), now(live(task=first(0)))),
        "oom_score_adj 0, but the kubelet gives it 985",
        [
            scene(pod(), now(live(task=first(985)))),
            scene(pod(), now(live(task=first(984)))),  # rounding of the node's memory
            scene(pod(), now(live(task=None)._replace(first=None))),
            scene(pod(metadata={"generation": 2}), now(live(task=first(900)))),
            scene(pod(container(resources=GUARANTEED), qos="Guaranteed"), now(live(task=first(-998)))),
            scene(
                pod(
                    container(resources={}),
                    qos="BestEffort",
                    priority=2000001000,
                    priorityClassName="system-node-critical",
                ),
                now(live(task=first(-999, "kube-proxy"))),
            ),
            scene(NATIVE, now(live("app", first(750)), live("proxy", first(999)))),  # started by a kubelet before 1.32
        ],
    ),
    "child-oom-score-raised": (
        scene(pod(), now(live(task=first(985), others=[first(1000, "worker", 101)]))),
        "1 of 2 processes of app raised",
        [scene(pod(), now(live(task=first(985), others=[first(985, "worker", 101)])))],
    ),
    "oom-immune-process": (
        scene(pod(), now(live(task=first(985), others=[first(-1000, "sshd", 101)]))),
        "process sshd",
        [
            scene(pod(), now(live(task=first(985), others=[first(-1000, "conmon", 101)]))),
            scene(pod(), now(live(task=first(985), others=[first(-999, "sshd", 101)]))),
        ],
    ),
    "inplace-resize-stale-oom-score": (
        scene(pod(metadata={"generation": 2}), now(live(task=first(900)))),
        "oom_score_adj 900, and its present request makes 985",
        [
            scene(pod(metadata={"generation": 2}), now(live(task=first(985)))),
            scene(pod(), now(live(task=first(900)))),
        ],
    ),
    "sidecar-first-victim": (
        scene(SIDECAR, SIDECAR_NOW),
        "proxy (20.0 MiB, oom_score_adj 999) is killed before app",
        [
            scene(NATIVE, SIDECAR_NOW),  # a native sidecar has its container's value from 1.32 on
            scene(SIDECAR, now(live("app", first(750), current_bytes=8 * GIB), SIDECAR_NOW.containers[1])),
            scene(),
        ],
    ),
    "qos-path-mismatch": (
        scene(pod(qos="Guaranteed"), now(path=SLICE.format("-besteffort.slice/kubepods-besteffort"))),
        "class BestEffort, but its status says Guaranteed",
        [
            scene(pod(qos="Burstable"), now(path=SLICE.format("-burstable.slice/kubepods-burstable"))),
            scene(pod(qos="Guaranteed"), now(path=SLICE.format(""))),
            scene(pod(qos="Guaranteed"), now(path="/../../pod" + UID)),  # a relative path does not tell the class
        ],
    ),
    "memory-limit-decrease-stuck": (
        scene(LOWERED),
        "should become 512.0 MiB but is still 1.0 GiB",
        [scene(dict(LOWERED, status=dict(LOWERED["status"], conditions=[]))), scene()],
    ),
    "pod-cgroup-limit-stale": (
        scene(pod(), now(pod_cgroup=cgroup(limit_bytes=512 * MIB))),
        "limited to 512.0 MiB, but its containers have 1.0 GiB",
        [
            scene(pod(), now()),
            scene(pod(conditions=[RESIZE]), now(pod_cgroup=cgroup(limit_bytes=512 * MIB))),
            scene(pod(), now(live(limit_bytes=MAX), pod_cgroup=cgroup(limit_bytes=512 * MIB))),
            scene(pod(resources={"limits": {"memory": "512Mi"}}), now(pod_cgroup=cgroup(limit_bytes=512 * MIB))),
        ],
    ),
    "pod-limit-includes-dra": (
        scene(pod(more_status=CLAIMED), now(pod_cgroup=cgroup(limit_bytes=2 * GIB))),
        "1.0 GiB that its claims of devices add",
        [scene(pod(more_status=CLAIMED), now()), scene(pod(), now(pod_cgroup=cgroup(limit_bytes=2 * GIB)))],
    ),
    "swap-excluded-burstable": (
        scene(NO_REQUEST, now(), config=SWAP, kernel={"swap_bytes": 4 * GIB}),
        "app may not use the node's 4.0 GiB of swap",
        [
            scene(pod(), now(), config=SWAP, kernel={"swap_bytes": 4 * GIB}),
            scene(NO_REQUEST, now(), config=SWAP),
            scene(NO_REQUEST, now(), kernel={"swap_bytes": 4 * GIB}),
        ],
    ),
    "probe-exec-heavy": (
        scene(PROBE, now(live(current_bytes=GIB - 32 * MIB))),
        "starts python every 5 s, with 32.0 MiB left",
        [scene(PROBE, now()), scene(pod(), now(live(current_bytes=GIB - 32 * MIB)))],
    ),
    "request-far-below-usage": (
        scene(pod(), now(live(current_bytes=700 * MIB, samples=((960, 600 * MIB), (300, 650 * MIB))))),
        "has used 600.0 MiB or more in each look of the last 16 minutes",
        [
            scene(pod(), now(live(current_bytes=700 * MIB, samples=((600, 600 * MIB),)))),
            scene(pod(), now(live(current_bytes=700 * MIB, samples=((960, 300 * MIB), (300, 650 * MIB))))),
            scene(
                pod(),
                now(live(current_bytes=700 * MIB, stat={"inactive_file": 600 * MIB}, samples=((960, 600 * MIB),))),
            ),
        ],
    ),
    "limit-hit-thrash": (
        scene(pod(), now(live(events={"max": 2000}, earlier=before(), full_avg10_percent=40.0))),
        "reaches its memory limit 2000 times a minute",
        [
            scene(pod(), now(live(events={"max": 2000}, earlier=before(), full_avg10_percent=1.0))),
            scene(pod(), now(live(events={"max": 2000}, earlier=before(600), full_avg10_percent=40.0))),
            scene(pod(), now(live(events={"max": 2000, "oom_kill": 1}, earlier=before(), full_avg10_percent=40.0))),
            scene(pod(), now(live(events={"max": 2000}, earlier=before(5), full_avg10_percent=40.0))),
        ],
    ),
    "memoryqos-high-throttle": (
        scene(pod(), now(live(high_bytes=900 * MIB, events={"high": 500}, earlier=before()))),
        "exceeds memory.high (900.0 MiB) 500 times a minute",
        [
            scene(pod(), now(live(events={"high": 500}, earlier=before()))),
            scene(pod(), now(live(high_bytes=900 * MIB, events={"high": 50}, earlier=before()))),
        ],
    ),
    "memory-high-livelock": (
        scene(pod(), now(live(earlier=before(), full_avg10_percent=95.0, **HIGH))),
        "stands still: 600.0 MiB cannot be reclaimed",
        [
            scene(pod(), now(live(earlier=before(), full_avg10_percent=40.0, **HIGH))),
            scene(
                pod(),
                now(live(earlier=before(), full_avg10_percent=95.0, **dict(HIGH, swap_limit_bytes=MAX))),
                kernel={"swap_bytes": GIB},
            ),
            scene(pod(), now(live(earlier=before(), full_avg10_percent=95.0, stat={"active_file": 200 * MIB}, **HIGH))),
        ],
    ),
    "refault-starvation": (
        scene(pod(), now(live(stat=FILES, full_avg10_percent=30.0, **AT_LIMIT))),
        "reads 390.6 MiB of files back in each minute",
        [
            scene(pod(), now(live(stat=FILES, full_avg10_percent=2.0, **AT_LIMIT))),
            scene(pod(), now(live(stat=FILES, full_avg10_percent=30.0, **dict(AT_LIMIT, current_bytes=GIB // 2)))),
            scene(pod(), now(live(stat=dict(FILES, active_file=400 * MIB), full_avg10_percent=30.0, **AT_LIMIT))),
        ],
    ),
    "lowest-safe-limit": (
        scene(LOWERED, now(live(current_bytes=800 * MIB, stat={"inactive_file": 100 * MIB}))),
        "is to become 512.0 MiB, but it holds 700.0 MiB",
        [
            scene(LOWERED, now(live(current_bytes=800 * MIB, stat={"inactive_file": 300 * MIB}))),
            scene(pod(), now(live(current_bytes=800 * MIB))),
        ],
    ),
    "guaranteed-pause-killed": (
        scene(ooms=[oom("sandbox", None, limit="pod", comm="pause")]),
        "the kernel killed pause",
        [scene(ooms=[oom(limit="pod")]), scene(ooms=[oom("sandbox", None, limit="host", own=False)])],
    ),
    "pod-limit-oom": (
        scene(ooms=[oom(limit="pod", shmem_bytes=300 * MIB)]),
        "of which 300.0 MiB was tmpfs",
        [scene(ooms=[oom(limit="container")]), scene(ooms=[oom(limit="pod", own=False)])],
    ),
    "tmpfs-restart-loop": (
        scene(LOOPING, FULL_OF_FILES, TWICE),
        "600.0 MiB of the pod's 1.0 GiB are files in memory",
        [
            scene(LOOPING, now(), TWICE),
            scene(LOOPING, FULL_OF_FILES, TWICE[:1]),
            scene(pod(statuses=[status(restarts=5, **YOUNG)]), FULL_OF_FILES, TWICE),
            scene(pod(volumes=[TMPFS], statuses=[status(restarts=5, **ended("OOMKilled"))]), FULL_OF_FILES, TWICE),
        ],
    ),
    "child-oom-invisible": (
        scene(pod(), now(live(events={"oom_kill": 2})), [CHILD]),
        "the kernel OOM-killed 2 processes of app since it was started, the last one hog",
        [scene(pod(), now()), scene(pod(), now(), [oom()])],
    ),
    "oom-unreported-by-status": (
        scene(pod(statuses=[status(**ended())]), now(), [oom(ago=601)]),
        "its status says Error with exit code 137",
        [
            scene(pod(statuses=[status(**ended("OOMKilled"))]), now(), [oom(ago=601)]),
            scene(pod(statuses=[status(**ended())]), now()),
            scene(pod(statuses=[status(**ended())]), now(), [oom("process", ago=601)]),
        ],
    ),
    "status-reason-unreliable": (
        scene(pod(statuses=[status(**ended("OOMKilled"))]), now()),
        "says OOMKilled, but the kernel has not killed any process of the pod",
        [
            scene(pod(statuses=[status(**ended("OOMKilled"))]), now(pod_cgroup=cgroup(events={"oom_kill": 1}))),
            scene(pod(statuses=[status(**ended("OOMKilled"))]), now(pod_cgroup=cgroup(is_local=True))),
            scene(pod(statuses=[status(**ended("OOMKilled"))]), now(), kernel={"booted": NOW - 60}),
        ],
    ),
    "exit137-not-oom": (
        scene(pod(statuses=[status(**ended())]), now()),
        "but not by the OOM killer",
        [
            scene(pod(statuses=[status(**ended())]), now(pod_cgroup=cgroup(events={"oom_kill": 1}))),
            scene(pod(statuses=[status(**ended("Completed", 0))]), now()),
            scene(pod(statuses=[status(**ended())]), now(), kernel={"booted": NOW - 60}),
        ],
    ),
    "group-kill-surprise": (
        scene(ooms=[oom(group=True, others=GROUP_OTHERS)]),
        "all 2 processes of app died because of hog",
        [
            scene(ooms=[oom(others=GROUP_OTHERS)]),
            scene(ooms=[oom(group=True)]),
            scene(ooms=[oom(group=True, pid=60, others=GROUP_OTHERS)]),
        ],
    ),
    "single-process-oomkill-zombie": (
        scene(pod(), now(live(oom_group=False)), [oom("process", ago=one) for one in (500, 400, 300)]),
        "3 processes of app were OOM-killed within 10 minutes",
        [
            scene(pod(), now(live(oom_group=True)), [oom("process", ago=one) for one in (500, 400, 300)]),
            scene(pod(), now(live(oom_group=False)), [oom("process", ago=one) for one in (2500, 1400, 300)]),
            scene(pod(), now(live(oom_group=False)), [oom("process", ago=one) for one in (9500, 9400, 9300)]),
        ],
    ),
    "oom-restart-loop": (
        scene(ooms=[oom(ago=one) for one in (1500, 900, 300)]),
        "app was OOM-killed 3 times within 30 minutes",
        [
            scene(ooms=[oom(ago=one) for one in (5500, 2900, 300)]),
            scene(ooms=[oom("process", ago=one) for one in (1500, 900, 300)]),
            scene(ooms=[oom(group=True, others=GROUP_OTHERS)]),  # a group is one kill
            scene(ooms=[oom(ago=one, source="earlyoom") for one in (1500, 900, 300)]),
        ],
    ),
    "init-container-oom": (
        scene(ooms=[oom(name="setup", kind="init")]),
        "the init container setup was hit by the OOM killer once",
        [scene(ooms=[oom()])],
    ),
    "exec-or-ephemeral-oom": (
        scene(ooms=[oom("process", name="debugger", kind="ephemeral")]),
        "the ephemeral container debugger",
        [scene(ooms=[oom("process")])],
    ),
    "agent-self-unprotected": (
        scene(AGENT, now(live(task=first(997))), own=UID),
        "its oom_score_adj is 997",
        [
            scene(AGENT, now(live(task=first(997))), own="another"),
            scene(pod(container(resources=GUARANTEED), qos="Guaranteed"), now(live(task=first(-997))), own=UID),
        ],
    ),
    "agent-shares-cgroup": (
        scene(pod(container(), container("proxy")), own=UID),
        "with others (app and proxy)",
        [scene(pod(container(), container("proxy")), own="another"), scene(AGENT, own=UID)],
    ),
    "runtime-daemon-unprotected": (
        scene(node={"processes": (Process(5, "containerd", 0),)}),
        "containerd has oom_score_adj 0 instead of -999",
        [
            scene(node={"processes": (Process(5, "containerd", -999), Process(6, "containerd-shim", -998))}),
            scene(node={"processes": (Process(5, "dockerd", -500),)}),
        ],
    ),
    "kubelet-oom-score-changed": (
        scene(node={"processes": (Process(5, "kubelet", 0),)}),
        "oom_score_adj 0, but its configuration says -999",
        [
            scene(node={"processes": (Process(5, "kubelet", -999),)}),
            scene(node={"processes": (Process(5, "kubelet", -500),)}, config={"oomScoreAdj": -500}),
        ],
    ),
    "guaranteed-outranks-system-services": (
        scene(LARGE, node={"processes": (JOURNAL,)}),
        "systemd-journal (64.0 MiB) would be killed before the Guaranteed pod web-0",
        [
            scene(node={"processes": (JOURNAL,)}),
            scene(LARGE, node={"processes": (JOURNAL._replace(oom_score_adj=-250),)}),
            scene(LARGE, node={"processes": (JOURNAL,)}, config={"systemReserved": {"memory": "500Mi"}}),
            scene(LARGE, node={"processes": (JOURNAL._replace(comm="backup", cgroup="/system.slice/b.service"),)}),
        ],
    ),
    "node-global-oom-no-reserve": (
        scene(allocatable="16284Mi"),
        "nothing is reserved for the node's own services",
        [scene(allocatable="16283Mi"), scene()],
    ),
    "node-allocatable-oom": (
        scene(node_ooms=[oom(limit="kubepods", own=False)]),
        "the limit of all pods together of 1.0 GiB was hit once",
        [scene(node_ooms=[oom(limit="host", own=False)]), scene()],
    ),
    "node-global-oom": (
        scene(node_ooms=[oom(limit="host", own=False)]),
        "the whole node ran out of memory once",
        [scene(node_ooms=[oom(limit="kubepods", own=False)]), scene(node_ooms=[oom(limit="host", source="earlyoom")])],
    ),
    "eviction-threshold-too-small": (
        scene(capacity="64Gi"),
        "evicts only below 100.0 MiB",
        [
            scene(capacity="16Gi"),
            scene(capacity="64Gi", config={"evictionHard": {"memory.available": "1Gi"}}),
            scene(capacity="64Gi", config={"evictionHard": {"memory.available": "5%"}}),
            scene(capacity="64Gi", config={"evictionHard": {"memory.available": "much"}}),
        ],
    ),
    "overcommitted-limit-ratio": (
        scene(
            pod(container(resources={"limits": {"memory": "24Gi"}})), node={"kubepods": cgroup(current_bytes=11 * GIB)}
        ),
        "add up to 24.0 GiB, 171 % of what pods may use",
        [
            scene(
                pod(container(resources={"limits": {"memory": "24Gi"}})), node={"kubepods": cgroup(current_bytes=GIB)}
            ),
            scene(node={"kubepods": cgroup(current_bytes=11 * GIB)}),
        ],
    ),
    "cgroup-driver-mismatch": (scene(node={"driver_mixed": (UID,)}), "containers of 1 pod run outside", [scene()]),
    "cgroup-v1-node": (
        scene(kernel={"cgroup_version": "v1"}),
        "only starts with failCgroupV1: false",
        [scene(), scene(kernel={"cgroup_version": None})],
    ),
    "oom-sysctl-drift": (
        scene(kernel={"sysctls": {"vm.panic_on_oom": 1, "vm.overcommit_memory": 1}}),
        "vm.panic_on_oom is 1 instead of 0",
        [
            scene(
                kernel={"sysctls": {"vm.panic_on_oom": 0, "vm.overcommit_memory": 1, "vm.oom_kill_allocating_task": 0}}
            ),
            scene(kernel={"sysctls": {}}),
        ],
    ),
    "kubelet-available-vs-memavailable": (
        scene(
            kernel={"available_bytes": 6 * GIB},
            node={"root_usage_bytes": 16 * GIB, "root_inactive_file_bytes": 50 * MIB},
        ),
        "the kubelet evicts pods, although files in the page cache could be dropped",
        [
            scene(
                kernel={"available_bytes": 6 * GIB},
                node={"root_usage_bytes": 12 * GIB, "root_inactive_file_bytes": 2 * GIB},
            ),
            scene(
                kernel={"available_bytes": 60 * MIB},
                node={"root_usage_bytes": 16 * GIB, "root_inactive_file_bytes": 50 * MIB},
            ),
        ],
    ),
}


def found_in(given):
    return {row["id"]: row for row in pod_judgement.of_node(*given).findings}


@pytest.mark.parametrize("name", sorted(CASES))
def test_rule_speaks(name):
    given, words, _silent = CASES[name]
    assert words in found_in(given)[name]["summary"]


@pytest.mark.parametrize("name", sorted(CASES))
def test_rule_is_silent(name):
    for place, given in enumerate(CASES[name][2]):
        assert name not in found_in(given), place


@pytest.mark.parametrize("name", sorted(CASES))
def test_remedy_and_commands_have_no_blank_left(name):
    row = found_in(CASES[name][0])[name]
    text = row["remedy"] + " ".join(row["remedy_commands"])
    assert "{" not in text
    assert not any(word in text for word in ("CONTAINER", "PID", "NAMESPACE", "CGROUP", "VOLUMES", "SYSCTL")), text


@pytest.mark.parametrize("name", sorted(CASES))
def test_rule_says_nothing_without_a_node(name):
    """Without evidence a rule that needs it is skipped with a reason, not silent."""
    node, pods, _evidence = CASES[name][0]
    found = pod_judgement.of_node(node, pods)
    if "ooms" in catalogue.BY_ID[name].needs or "running" in catalogue.BY_ID[name].needs:
        assert name not in {row["id"] for row in found.findings}
        assert f"rule {name}" in {row["what"] for row in found.skipped}


def test_does_not_evict_although_nothing_is_left():
    given = scene(
        kernel={"available_bytes": 60 * MIB}, node={"root_usage_bytes": 8 * GIB, "root_inactive_file_bytes": 0}
    )
    assert "does not evict" in found_in(given)["kubelet-available-vs-memavailable"]["summary"]


@pytest.mark.parametrize(
    "config, size",
    [
        ({}, 100 * MIB),
        ({"evictionHard": {"memory.available": "5%"}}, GIB // 20),
        ({"evictionHard": {"nodefs.available": "10%"}}, 0),  # a list replaces all defaults
        ({"evictionHard": {"nodefs.available": "10%"}, "mergeDefaultEvictionSettings": True}, 100 * MIB),
        ({"evictionHard": {"memory.available": "x%"}}, None),
    ],
)
def test_threshold_of_evictions(config, size):
    assert node_rules.eviction_threshold(config, GIB) == size


def test_full_shared_memory_of_the_sandbox_is_no_oom():
    given = scene(pod(), now(shm_used_bytes=60 * MIB, shm_size_bytes=64 * MIB))
    assert "SIGBUS" in found_in(given)["dev-shm-charged"]["summary"]
    assert "dev-shm-charged" not in found_in(scene(pod(), now(shm_used_bytes=MIB, shm_size_bytes=64 * MIB)))


def test_ordinary_node_and_pod_are_quiet():
    given = scene(
        pod(container(resources={"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}})),
        now(
            live(task=first(985), earlier=before(), full_avg10_percent=0.0, samples=((1800, 150 * MIB),)),
            path=SLICE.format("-burstable.slice/kubepods-burstable"),
        ),
        kernel={"sysctls": {"vm.panic_on_oom": 0, "vm.overcommit_memory": 1, "vm.oom_kill_allocating_task": 0}},
        node={
            "processes": (
                Process(1, "systemd", 0, 10 * MIB),
                Process(5, "kubelet", -999, 90 * MIB),
                Process(6, "containerd", -999, 60 * MIB),
                JOURNAL._replace(oom_score_adj=-250),
            ),
            "root_usage_bytes": 6 * GIB,
            "root_inactive_file_bytes": GIB,
            "kubepods": cgroup(current_bytes=GIB),
        },
    )
    found = pod_judgement.of_node(*given)
    assert found.findings == []
    assert [row["what"] for row in found.skipped] == ["rule agent-self-unprotected", "rule agent-shares-cgroup"]


@pytest.mark.parametrize(
    "resources",
    [
        {},
        {"requests": {"cpu": "250m"}},
        {"requests": {"memory": "1Mi"}},
        {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
    ],
)
def test_rules_of_classes_are_silent_for_a_pod_that_is_critical_for_its_node(resources):
    """kube-proxy and the control plane of kubeadm have -997 without being Guaranteed."""
    of = pod(
        container("kube-proxy", resources),
        qos="BestEffort" if not resources else "Burstable",
        priority=2000001000,
        priorityClassName="system-node-critical",
    )
    found = found_in(scene(of, now(live("kube-proxy", first(-999, "kube-proxy")))))
    assert set(found) <= {"node-critical-without-limit"}


def test_native_sidecar_without_a_request_is_no_first_victim():
    proxy = container("proxy", {}, restartPolicy="Always")
    of = pod(container("app", {"requests": {"memory": "4Gi"}, "limits": {"memory": "8Gi"}}), initContainers=[proxy])
    assert "burstable-zero-memory-request" not in found_in(scene(of))
    assert "burstable-zero-memory-request" in found_in(scene(of, version="v1.31.0"))


def test_annotation_suppresses_with_a_reason():
    noted = pod(metadata={"annotations": {"memfacts.linux/ignore": "child-oom-invisible: the pool restarts workers"}})
    found = pod_judgement.of_node(*scene(noted, now(live(events={"oom_kill": 2})), [CHILD]))
    assert "child-oom-invisible" not in {row["id"] for row in found.findings}
    assert [(row["id"], row["suppressed"]) for row in found.suppressed] == [
        ("child-oom-invisible", "the pool restarts workers")
    ]


def test_kubernetes_id_speaks_and_the_host_rule_of_the_same_does_not():
    rows = pod_judgement.of_node(*CASES["oom-sysctl-drift"][0]).findings
    rows += pod_judgement.of_node(*CASES["oom-immune-process"][0]).findings
    host = [
        {"id": "panic-on-oom", "evidence": {}},
        {"id": "kill-allocating-task", "evidence": {}},
        {"id": "unkillable-workload", "evidence": {"pid": 101}},
        {"id": "unkillable-workload", "evidence": {"pid": 102}},
        {"id": "swap-full", "evidence": {}},
    ]
    assert instead.left(host, rows) == [host[1], host[3], host[4]]


def test_limit_range_that_changed_the_class_is_told():
    of = pod(
        container(resources={"requests": {"memory": "1Gi"}, "limits": {"memory": "1Gi"}}),
        metadata={"annotations": RANGED},
    )
    assert "as it was written it is BestEffort" in found_in(scene(of))["limitrange-altered-qos"]["summary"]
