# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fill the cache ahead, so that no test has a download or a build inside its time-out."""

import time
from typing import Callable, Iterator, List, NamedTuple, Tuple

from tests.lab import cache, debian, guestroot, kernels, machines, oom_scenarios, program


class Part(NamedTuple):
    """Something that a guest is made of; `get` leaves it in the cache or raises a sentence."""

    name: str
    get: Callable[[], object]


def parts(names: List[str]) -> List[Part]:
    """What guests with these kernels need, of all kernels of the table without names."""
    chosen = [kernels.find(name) for name in names] or list(kernels.TABLE)
    commands = sorted({command for kernel in chosen for command in machines.MACHINES[kernel.machine].needs})
    return [
        Part("commands", lambda: debian.require(*commands)),
        Part("root", lambda: cache.folder(guestroot.name(), guestroot.build)),
        Part("programs", lambda: program.compiled(*oom_scenarios.WORKER)),
        *(Part(kernel.name, lambda kernel=kernel: kernels.folder(kernel)) for kernel in chosen),
    ]


def fetch(wanted: List[Part]) -> Iterator[Tuple[bool, str]]:
    """Get one after another: (whether it is in the cache now, a line that says so)."""
    for part in wanted:
        begun = time.monotonic()
        try:
            part.get()
        except kernels.Unavailable as error:
            yield False, str(error)
        except (OSError, debian.PackageError) as error:
            yield False, f"skipped: {part.name}: {error}"
        else:
            yield True, f"{part.name:17} {time.monotonic() - begun:5.0f} s"


def main(names: List[str]) -> int:
    """Exit status 0 when all that was wanted is in the cache, 1 when something cannot be had."""
    complete = True
    try:
        for had, line in fetch(parts(names)):
            print(line, flush=True)
            complete = complete and had
    except kernels.Unavailable as error:  # a name that is not in the table
        print(error, flush=True)
        return 1
    return 0 if complete else 1
