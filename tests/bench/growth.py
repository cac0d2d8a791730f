# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the cost of all subsets grows with the host: CPU time, since that is what a busy neighbour changes least."""

import math
from typing import Iterator, List, NamedTuple, Optional

from tests.bench import probe
from tests.bench.crowd import IN_OWN_MOUNT_NAMESPACE, Crowd

_SECONDS = "0.7"
_OTHERS = 500  # processes
# An increase that is smaller than this share of the cost without any says nothing about its kind.
_TELLING = 0.3


class Growth(NamedTuple):
    """CPU milliseconds at each size; `without` is the cost with none of the kind."""

    kind: str
    sizes: List[int]
    cpu_ms: List[float]
    without: float

    @property
    def exponent(self) -> Optional[float]:
        """The slope of log(cost) over log(size), the cost without any taken off: 1 is linear, 2 is quadratic.

        None where fewer than two sizes cost enough to tell.
        """
        added = [(size, cost - self.without) for size, cost in zip(self.sizes, self.cpu_ms)]
        points = [(math.log(size), math.log(cost)) for size, cost in added if cost > self.without * _TELLING]
        if len(points) < 2:
            return None
        across, up = (sum(axis) / len(points) for axis in zip(*points))
        return sum((x - across) * (y - up) for x, y in points) / sum((x - across) ** 2 for x, _dummy in points)


def with_mounts() -> Growth:
    """tmpfs mounts in one namespace; what is done for each process and each mount shows only with both."""
    with Crowd() as others:
        others.grow_to(_OTHERS)
        return _in_scene("tmpfs mounts*", "mounts", [10, 100, 500])


def with_files() -> Growth:
    """Files in one tmpfs, with time enough to see them all."""
    return _in_scene("files in a tmpfs", "files", [100, 10000, 100000])


def with_namespaces() -> Growth:
    """Mount namespaces, each with a process and a tmpfs of its own."""
    with Crowd() as others, Crowd(IN_OWN_MOUNT_NAMESPACE) as crowd:
        others.grow_to(_OTHERS)
        return growth("mount namespaces*", [(size, cost_with(crowd, size)) for size in (0, 1, 20, 100)])


def cost_with(crowd: Crowd, size: int) -> float:
    """CPU milliseconds once the crowd has this size."""
    crowd.grow_to(size)
    return min(probe.run("--seconds", _SECONDS)[0]["cpu_ms"])


def growth(kind: str, costs) -> Growth:
    """From (size, milliseconds) pairs, the first of which is (0, …)."""
    (dummy, without), *rest = costs
    return Growth(kind, [size for size, _dummy in rest], [cost for _dummy, cost in rest], without)


def lines(found: List[Growth]) -> Iterator[str]:
    """One line a kind: milliseconds at each size, the ratio to the size before, and the exponent."""
    yield "  ".join([" " * 17, "none".rjust(8), *[" " * 22] * 3, "exponent (1.0 is linear)"])
    for one in found:
        before, cells = one.without, []
        for size, cost in zip(one.sizes, one.cpu_ms):
            cells.append(f"{size}: {cost:.0f} ms ({cost / before:.1f} x)".ljust(22))
            before = cost
        power = "too little to tell" if one.exponent is None else f"{one.exponent:.2f}"
        yield "  ".join([one.kind.ljust(17), f"{one.without:.1f} ms".rjust(8), *cells, power])
    yield f"* with {_OTHERS} processes more"


def _in_scene(kind, scene, sizes):
    asked = ["--scene", scene, "--sizes", ",".join(map(str, [0, *sizes])), "--seconds", _SECONDS]
    steps = probe.run(*asked, private_mounts=True)
    return growth(kind, [(step["size"], min(step["cpu_ms"])) for step in steps])
