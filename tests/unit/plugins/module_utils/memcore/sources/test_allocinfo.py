# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/proc/allocinfo of both format versions."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import allocinfo
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.allocinfo import Site

# Documentation/filesystems/proc.rst; each line ends in a blank (lib/alloc_tag.c).
VERSION_1 = """\
allocinfo - version: 1.0
#     <size>  <calls> <tag info>
       0        0 init/main.c:1314 func:do_initcalls\x20
   86048       21 mm/slub.c:2293 func:alloc_slab_page\x20
 1605632      392 drivers/net/ethernet/mellanox/mlx5/core/alloc.c:59 [mlx5_core] func:mlx5_dma_zalloc_coherent_node\x20
"""
VERSION_2 = """\
allocinfo - version: 2.0
#     <size>  <calls> <tag info>
    4096        1 arch/x86/kernel/process.c:106 func:arch_dup_task_struct accurate:no\x20
"""


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param(
            VERSION_1,
            [
                Site(86048, 21, "mm/slub.c:2293", None, "alloc_slab_page"),
                Site(
                    1605632,
                    392,
                    "drivers/net/ethernet/mellanox/mlx5/core/alloc.c:59",
                    "mlx5_core",
                    "mlx5_dma_zalloc_coherent_node",
                ),
            ],
            id="version-1-and-a-site-that-holds-nothing",
        ),
        pytest.param(
            VERSION_2,
            [Site(4096, 1, "arch/x86/kernel/process.c:106", None, "arch_dup_task_struct")],
            id="version-2-inaccurate",
        ),
        pytest.param(" 9 0 a.c:1 func:f \n", [Site(9, 0, "a.c:1", None, "f")], id="no-call-left"),
        pytest.param("-9 1 a.c:1 func:f \n", [], id="negative"),
        pytest.param("9" * 5000 + " 1 a.c:1 func:f \n", [], id="huge"),
        pytest.param(" 9 1 a.c func:f \n", [], id="no-line-number"),
        pytest.param(" 9 1 a.c:1 \n", [], id="cut"),
        pytest.param("", [], id="empty"),
    ],
)
def test_the_sites_that_hold_memory(text, expected):
    assert allocinfo.parse(text) == expected
