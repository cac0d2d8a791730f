# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What GPU clients hold of the system's memory, inside Shmem or outside every counter."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import gpu
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.fdinfo import GpuClient


def client(driver, **regions):
    return GpuClient(driver, "0000:00:02.0/7", regions)


@pytest.mark.parametrize(
    "clients, in_shmem, outside",
    [
        pytest.param([], 0, None, id="no-client"),
        pytest.param([client("i915", system0=64, local0=512)], 64, None, id="i915-without-its-own-memory"),
        pytest.param([client("panfrost", memory=5)], 5, None, id="panfrost"),
        pytest.param([client("amdgpu", vram=512, gtt=7, cpu=1)], 0, 8, id="amdgpu"),
        pytest.param([client("xe", system=9, vram0=512, stolen=3)], 0, 9, id="xe"),
        pytest.param([client("nouveau")], 0, 0, id="driver-that-tells-nothing"),
        pytest.param(
            [client("i915", system0=64), client("i915", system0=1), client("amdgpu", gtt=7)], 65, 7, id="several"
        ),
    ],
)
def test_system_memory_by_driver(clients, in_shmem, outside):
    assert (gpu.shmem_bytes(clients), gpu.unaccounted_bytes(clients)) == (in_shmem, outside)
