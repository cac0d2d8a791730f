# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/proc/PID/fdinfo/N: mount ids, and what GPU drivers say."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import fdinfo
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.fdinfo import GpuClient

MIB = 1 << 20


@pytest.mark.parametrize(
    "data, expected",
    [
        pytest.param(b"pos:\t3145728\nflags:\t02100001\nmnt_id:\t27\nino:\t2\n", 27, id="6.12"),
        pytest.param(b"pos:\t0\nflags:\t02100002\nmnt_id:\t0\nino:\t2\n", 0, id="memfd-of-7.3-on-mount-0"),
        pytest.param(b"pos:\t0\nflags:\t0100000\n", None, id="3.10-does-not-tell"),
        pytest.param(b"pos:\t0\nmnt_id:\t-1\n", None, id="negative"),
        pytest.param(b"mnt_id:\t" + b"9" * 5000 + b"\n", None, id="huge"),
        pytest.param(b"xmnt_id:\t4\n", None, id="other-key"),
        pytest.param(b"", None, id="empty"),
    ],
)
def test_the_mount_of_an_open_file(data, expected):
    assert fdinfo.mount_id(data) == expected


# Documentation/gpu/drm-usage-stats.rst and the drivers' own printing (drm_file.c, amdgpu_fdinfo.c).
I915 = """\
pos:\t0
flags:\t02100002
mnt_id:\t26
ino:\t412
drm-driver:\ti915
drm-client-id:\t7
drm-pdev:\t0000:00:02.0
drm-total-system0:\t64 MiB
drm-shared-system0:\t0
drm-active-system0:\t0
drm-resident-system0:\t60 MiB
drm-purgeable-system0:\t0
drm-engine-render:\t9288864723 ns
drm-engine-capacity-video:\t2
"""
AMDGPU = """\
drm-driver:\tamdgpu
drm-client-id:\t58
drm-pdev:\t0000:03:00.0
pasid:\t32775
drm-memory-vram:\t113728 KiB
drm-memory-gtt:\t\t2048 KiB
drm-memory-cpu:\t0 KiB
amd-memory-visible-vram:\t113724 KiB
drm-engine-gfx:\t25662044495 ns
"""


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param(I915, GpuClient("i915", "0000:00:02.0/7", {"system0": 60 * MIB}), id="i915-only-what-is-resident"),
        pytest.param(
            AMDGPU,
            GpuClient("amdgpu", "0000:03:00.0/58", {"vram": 113728 * 1024, "gtt": 2 * MIB, "cpu": 0}),
            id="amdgpu-older-names",
        ),
        pytest.param(
            AMDGPU + "drm-resident-gtt:\t1 MiB\ndrm-total-gtt:\t4 MiB\n",
            GpuClient("amdgpu", "0000:03:00.0/58", {"vram": 113728 * 1024, "gtt": MIB, "cpu": 0}),
            id="resident-overrides-memory",
        ),
        pytest.param(
            "drm-driver:\tpanfrost\ndrm-client-id:\t3\ndrm-resident-memory:\t4096\n",
            GpuClient("panfrost", "/3", {"memory": 4096}),
            id="bytes-without-a-unit-and-no-bus-address",
        ),
        pytest.param(
            "drm-driver: v3d\ndrm-client-id: 3\n", GpuClient("v3d", "/3", {}), id="driver-that-tells-no-memory"
        ),
        pytest.param(
            "drm-pdev:\ndrm-driver:\tx\ndrm-client-id:\t3\n",
            GpuClient("x", "/3", {}),
            id="empty-value-takes-nothing-of-the-next-line",
        ),
        pytest.param(
            "drm-driver:\tx\ndrm-client-id:\t3\ndrm-memory-gtt:\t" + "9" * 5000 + " KiB\ndrm-memory-vram:\t-1\n",
            GpuClient("x", "/3", {}),
            id="huge-and-negative",
        ),
        pytest.param(AMDGPU.replace("drm-client-id", "drm-client"), None, id="no-client-id"),
        pytest.param(AMDGPU.replace("drm-driver", "driver"), None, id="no-driver"),
        pytest.param("pos:\t0\nflags:\t02\n", None, id="no-gpu"),
        pytest.param("", None, id="empty"),
    ],
)
def test_what_a_gpu_client_holds(text, expected):
    assert fdinfo.gpu_client(text) == expected
