# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random scenes of one pod each, made from a seed: its class, its containers, who grows after the prediction.

The pod's cgroups are named as the kubelet and containerd name them with the systemd driver. In these a prediction may
be wrong, but not while it is sure.
"""

import random
import uuid

from tests.lab.oom_plan import MIB, UNKILLABLE, Group, Guest, Plan, Program

PAUSE_ADJ, GUARANTEED_ADJ, BEST_EFFORT_ADJ = -998, -997, 1000
MOST_CONTAINERS, MOST_PROCESSES = 3, 3
GROWING_SHARE = 0.6


def plan(seed: int, number: int, guest: Guest) -> Plan:
    """The plan of that number, the same on any machine. The domain is the pod, or one of its containers."""
    chance = random.Random(f"pods {seed}/{number}/{guest}")
    quality = chance.choice(("guaranteed", "guaranteed", "burstable", "besteffort"))
    pod = _pod_group(chance, quality)
    limit = chance.randrange(12, 48) * MIB
    containers = [f"{pod}/cri-containerd-{chance.getrandbits(256):064x}.scope" for _one in range(_count(chance))]
    own = chance.choice(containers) if chance.random() < 0.4 else None  # whose limit is hit, None for the pod's
    groups = [Group(pod, limit=limit if own is None else 60 * MIB), Group(f"{pod}/cri-containerd-{'0' * 64}.scope")]
    for path in containers:
        kills_all = guest.cgroup == "v2" and chance.random() < 0.2
        groups.append(Group(path, limit=limit if path == own else None, kills_all=kills_all))
    programs = [Program("pause", groups[1].path, PAUSE_ADJ, 0)]
    programs += _programs(chance, quality, containers, own, limit)
    domain = own or pod
    inside = [one for one in programs if one.group.startswith(domain)]
    trigger = Program("t0", own or containers[0], UNKILLABLE, 0)
    later = ()
    if chance.random() < GROWING_SHARE:
        growers = [one.name for one in inside if one.name != "pause"]
        names = chance.sample(growers, min(chance.choice((1, 1, 2)), len(growers)))
        later = tuple((name, chance.randrange(1, limit // chance.choice((6, 20, 100)))) for name in names)
    kills = 1 if later else max(1, min(3, len(inside) - 1))
    joins = tuple(one.name for one in programs)  # pause comes first, as a runtime starts it
    comms = (("pause", "pause"),)
    return Plan(number, domain, tuple(groups), tuple(programs), joins, trigger, kills, comms, later)


def _pod_group(chance, quality):
    """A path below the scene's own folder; the kubelet's slices above it have no limit here and are left out."""
    name = str(uuid.UUID(int=chance.getrandbits(128))).replace("-", "_")
    middle = "" if quality == "guaranteed" else f"-{quality}"
    return f"kubepods{middle}-pod{name}.slice"


def _count(chance):
    return chance.choice((1, 1, 2, MOST_CONTAINERS))


def _programs(chance, quality, containers, own, limit):
    """Of each container its first process, and often children: of any size, all alike, or one that has most of it."""
    room = limit * 2 // 3
    programs = []
    for index, path in enumerate(containers):
        adj = {"guaranteed": GUARANTEED_ADJ, "besteffort": BEST_EFFORT_ADJ}.get(quality) or chance.randrange(2, 1000)
        count = chance.choice((1, 2, 2, MOST_PROCESSES)) + (path == own)
        share = room // len(containers)
        kind = chance.choice(("any", "alike", "one", "one"))
        largest = chance.randrange(count)
        for place in range(count):
            sizes = {
                "any": chance.randrange(20, share // count),
                "alike": share // count // 2,
                "one": share * 3 // 4 if place == largest else chance.randrange(20, max(21, share // 8 // count)),
            }
            one = Program(f"p{index}{place}", path, adj, sizes[kind])
            programs.append(one._replace(threads=chance.choice((0, 0, 0, 2))))
    return programs
