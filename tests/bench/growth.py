# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the cost of all subsets grows with the host: CPU time, since that is what a busy neighbour changes least.

Each size has tries of its own, made while that size is there: a size that stays disturbed leaves no exponent to tell.
"""

import functools
from typing import Iterator, List

from tests.bench import exponents, probe
from tests.bench.crowd import IN_OWN_MOUNT_NAMESPACE, Crowd
from tests.bench.figures import Figure
from tests.bench.row import Row, Setting
from tests.bench.scene import Scene

_OTHERS = 500  # processes; what is done for each process and each mount shows only with both
_SECONDS = "0.7"


def rows_of_scenes() -> Iterator[Row]:
    """Mounts and files in one namespace, and namespaces with a process and a tmpfs each."""
    yield _row("growth-files", "files in a tmpfs", [100, 10000, 100000], functools.partial(Scene, "files"), 0)
    yield _row("growth-mounts", "tmpfs mounts", [10, 100, 500], functools.partial(Scene, "mounts"), _OTHERS)
    namespaces = functools.partial(Crowd, IN_OWN_MOUNT_NAMESPACE)
    yield _row("growth-namespaces", "mount namespaces", [1, 20, 100], namespaces, _OTHERS)


def row_of_processes() -> Row:
    """More and more processes in the crowd that other rows have too."""
    what = "how CPU time of all subsets grows with processes"

    def measure(setting: Setting) -> List[Figure]:
        return _grown(setting, what, setting.sizes([500, 2000, 5000]), setting.crowd)

    return Row("growth-processes", what, 40, measure)


def _row(name, kind, sizes, lay_out, others):
    beside = f", beside {others} processes more" if others else ""
    what = f"how CPU time of all subsets grows with {kind}{beside}"

    def measure(setting: Setting) -> List[Figure]:
        with lay_out() as scene:
            return _grown(setting, what, setting.sizes(sizes), scene)

    return Row(name, what, 20, measure, others)


def _grown(setting, what, sizes, scene):
    steps = []
    arguments = () if setting.quick else ("--seconds", _SECONDS)
    attempt = functools.partial(_least_ms, arguments, getattr(scene, "inside", ()))
    for size in (0, *sizes):
        scene.resize(size)
        tried = setting.tries.best(attempt)
        steps.append(exponents.Step(size, tried.value, tried.disturbed))
    return exponents.figures(what, steps)


def _least_ms(arguments, inside):
    return min(probe.run(*arguments, inside=inside)["cpu_ms"])
