# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""On every kernel of the lab the ledger of a healthy host closes, and memory that is planted is found by its name."""

import concurrent.futures
import json
import os

import pytest

from tests.lab import kernels, lab

PLANTED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "live", "planted.py")
# A small server. What a kernel takes at boot past all of its counters (hash tables, rings of devices, its own page
# tables) is 3 to 10 MiB whatever the size, so that 0.3 % says nothing about a guest of half a GiB.
MEM_MB = 4096
# Sockets, dentries, BPF maps and thousands of threads take minutes under emulation: one kernel plants those as well.
EVERYTHING_ON = "6.1-uml"
QUICK = (
    "healthy tmpfs_file private_tmpfs deleted_file memfd mapped_memfd orphan_segment foreign_segment anonymous_shared "
    "untouched_shared huge_pages page_tables"
).split()
SECONDS = 1800  # to end a guest that hangs
# Two run at a time, so that a test may wait for two guests.
pytestmark = [pytest.mark.lab, pytest.mark.timeout(2 * SECONDS, method="signal")]
# Those that the lab builds have other rules for the OOM killer only.
KERNELS = [kernel.name for kernel in kernels.TABLE if "floored" not in kernel.name]


def plant(kernel, folder):
    """The judgement of each kind on that kernel, [{kind, complaints, skipped, …}], or kernels.Unavailable."""
    kinds = [] if kernel == EVERYTHING_ON else QUICK
    lab.run(kernel, PLANTED, folder, args=["--json", "/out/planted.json", *kinds], mem_mb=MEM_MB, timeout=SECONDS)
    try:
        return json.loads((folder / "planted.json").read_text())
    except FileNotFoundError as error:
        raise lab.GuestDied(f"{kernel}: planted.py ended before it had judged anything", folder) from error


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """What each kernel found, by name; two guests run at a time, the slowest first."""
    names = sorted(KERNELS, key=lambda name: (name != EVERYTHING_ON, "uml" not in name))
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        yield {name: pool.submit(plant, name, tmp_path_factory.mktemp(name)) for name in names}


@pytest.mark.parametrize("kernel", KERNELS)
def test_what_was_planted_is_found_and_nothing_else_moves(kernel, planted):
    try:
        results = planted[kernel].result()
    except kernels.Unavailable as error:
        pytest.skip(str(error))

    assert {result["kind"]: result["complaints"] for result in results if result["complaints"]} == {}
    assert len([result for result in results if not result["skipped"]]) >= len(QUICK) - 1
