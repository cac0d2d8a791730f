# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What rules may know of a node and its pods beside the API's own objects: plain records that its agent fills in.

Every field may be None: not known. Sizes are bytes. A limit that is not set is MAX, the kernel's own word, so that it
is never taken for one that is not known. Rules whose figures are not known are skipped with a reason.
"""

from typing import Dict, NamedTuple, Optional, Tuple, Union

MAX = "max"
Size = Union[int, str, None]


class Process(NamedTuple):
    """started: Unix time in seconds. cgroup: its memory cgroup as the kernel has it. unit: its systemd unit."""

    pid: int
    comm: str
    oom_score_adj: int
    rss_bytes: Optional[int] = None
    started: Optional[float] = None
    cgroup: Optional[str] = None
    unit: Optional[str] = None


class Earlier(NamedTuple):
    """Counters of a cgroup as they were some seconds ago: memory.events and memory.stat, in the kernel's own names."""

    seconds_ago: float
    events: Dict[str, int]
    stat: Dict[str, int]


class Cgroup(NamedTuple):
    """A memory cgroup. oom_group: memory.oom.group. is_local: its counters leave out the cgroups below (v1, and v2
    with memory_localevents).

    events: memory.events (of v1 memory.oom_control). stat: memory.stat. full_avg10_percent: memory.pressure, the share
    of the last 10 s in which every task waited for memory. samples: (seconds ago, memory.current less inactive_file)
    of earlier looks, the oldest first.
    """

    path: str
    current_bytes: Optional[int] = None
    limit_bytes: Size = None
    high_bytes: Size = None
    swap_limit_bytes: Size = None
    swap_bytes: Optional[int] = None
    oom_group: Optional[bool] = None
    is_local: Optional[bool] = None
    events: Optional[Dict[str, int]] = None
    stat: Optional[Dict[str, int]] = None
    full_avg10_percent: Optional[float] = None
    earlier: Optional[Earlier] = None
    samples: Tuple[Tuple[float, int], ...] = ()


class ContainerNow(NamedTuple):
    """A container that runs. id: as in the pod's status, without the runtime's scheme. cgroup: the container's own.

    first: its first process; None where it is not certain which one that is (an exec'ed process has the same parent).
    others: the rest of its processes, those of cgroups below included.
    """

    id: str
    cgroup: Optional[Cgroup] = None
    first: Optional[Process] = None
    others: Tuple[Process, ...] = ()


class PodNow(NamedTuple):
    """A pod on its node. uid: that of cgroup paths (of a static pod its config hash).

    containers: those of the status that run. sandbox: its pause process. has_processes: whether all processes of the
    pod were looked at, so that none that is missing here exists. path: of the pod's cgroup.
    """

    uid: str
    path: Optional[str] = None
    cgroup: Optional[Cgroup] = None
    containers: Tuple[ContainerNow, ...] = ()
    sandbox: Optional[Process] = None
    has_processes: bool = False
    shm_used_bytes: Optional[int] = None  # of the sandbox's /dev/shm
    shm_size_bytes: Optional[int] = None


class Kernel(NamedTuple):
    """badness_model, tie_rule: docs/kernel.md. cgroup_version: v1, v2, hybrid or none.

    sysctls: by name, as vm.panic_on_oom. booted: Unix time in seconds. swap_bytes: SwapTotal.
    """

    release: Optional[str] = None
    badness_model: Optional[str] = None
    tie_rule: Optional[str] = None
    cgroup_version: Optional[str] = None
    memory_bytes: Optional[int] = None
    available_bytes: Optional[int] = None
    swap_bytes: Optional[int] = None
    booted: Optional[float] = None
    sysctls: Optional[Dict[str, int]] = None


class NodeNow(NamedTuple):
    """A node. kubelet_config: KubeletConfiguration as /configz gives it, with the values that hold, defaults included.

    root_usage_bytes, root_inactive_file_bytes: of the root cgroup as the kubelet counts them (memory.stat of v2's root
    or memory.usage_in_bytes of v1's). kubepods: the cgroup of all pods. processes: kubelet, container runtime and
    services of the host that run outside of pods; None where the processes were not looked at.
    driver_mixed: uids of pods whose containers are outside the kubelet's tree.
    """

    kernel: Kernel = Kernel()
    kubelet_config: Optional[Dict] = None
    kubepods: Optional[Cgroup] = None
    root_usage_bytes: Optional[int] = None
    root_inactive_file_bytes: Optional[int] = None
    processes: Optional[Tuple[Process, ...]] = None
    driver_mixed: Optional[Tuple[str, ...]] = None


class Death(NamedTuple):
    """A process of the pod that was killed. role: as models/tying.py says. container: its name, where it is known."""

    pid: Optional[int]
    comm: Optional[str]
    role: str
    container: Optional[str] = None
    container_kind: Optional[str] = None
    oom_score_adj: Optional[int] = None
    rss_bytes: Optional[int] = None


class PodOom(NamedTuple):
    """An OOM that concerns a pod. at: Unix time in seconds. source, scope: as in the event. deaths: of this pod.

    limit_kind: whose limit was hit, in the words of limit_owner.kind. limit_is_own: whether it was this pod's limit, or
    that of one of its containers. group_kill: memory.oom.group. shmem_bytes: tmpfs and shared memory charged to whom
    the limit belongs, when it was hit.
    """

    id: str
    at: Optional[float]
    source: str
    scope: Optional[str]
    limit_kind: Optional[str]
    limit_bytes: Optional[int]
    limit_is_own: bool
    group_kill: bool
    deaths: Tuple[Death, ...]
    shmem_bytes: Optional[int] = None


class Evidence(NamedTuple):
    """All of it. at: Unix time of this look. pods: by uid. ooms: by the uid of the pod, the oldest first.

    node_ooms: those whose limit was the node's or that of all pods. watched_since: Unix time from which on every OOM
    of the node is known; None where OOMs are not known at all. own_uid: of the pod that the agent itself runs in.
    """

    at: float
    node: NodeNow = NodeNow()
    pods: Dict[str, PodNow] = {}
    ooms: Dict[str, Tuple[PodOom, ...]] = {}
    node_ooms: Tuple[PodOom, ...] = ()
    watched_since: Optional[float] = None
    own_uid: Optional[str] = None
