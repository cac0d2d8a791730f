# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/proc/vmallocinfo: only what vmalloc'ed pages of its own counts, by caller."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import vmallocinfo

AREA = "0x000000007fd1d518-0x000000000b550f39   20480 "


@pytest.mark.parametrize(
    "line, expected",
    [
        pytest.param(AREA + "kernel_clone+0x94/0x3e0 pages=4 vmalloc N0=4", {"kernel_clone": 4}, id="6.18-on-a-node"),
        pytest.param(
            AREA + "htab_map_alloc+0x2e4/0x5a0 pages=513 vmalloc vpages N0=500 N1=13",
            {"htab_map_alloc": 513},
            id="vpages-two-nodes",
        ),
        pytest.param(AREA + "load_module+0xb81/0x22d3 pages=8 vmalloc", {"load_module": 8}, id="no-node"),
        pytest.param(
            AREA + "packet_set_ring+0x1/0x2 pages=8 vmalloc user", {"packet_set_ring": 8}, id="mapped-to-user"
        ),
        pytest.param(
            AREA + "disksize_store+0xb4/0x1bd [zram] pages=64 vmalloc", {"disksize_store [zram]": 64}, id="module"
        ),
        pytest.param(
            AREA + "f.constprop.0+0x1/0x2 [zram] pages=64 vmalloc", {"f.constprop.0 [zram]": 64}, id="compiler-suffix"
        ),
        pytest.param(
            "0xffffc90000000000-0xffffc90000005000   20480 alloc_large_system_hash+0x1/0x2 pages=4 vmalloc N0=4",
            {"alloc_large_system_hash": 4},
            id="3.10-plain-addresses",
        ),
        pytest.param(
            "0x(____ptrval____)-0x(____ptrval____)    8192 bpf_prog_alloc_no_stats+0x2c/0xf5 pages=1 vmalloc",
            {"bpf_prog_alloc_no_stats": 1},
            id="5.10-hashed-too-early",
        ),
        pytest.param(AREA + "0xffffffffc0a1b2c3 pages=4 vmalloc", {"0xffffffffc0a1b2c3": 4}, id="no-symbol"),
        pytest.param(AREA + "irq_init_percpu_irqstack+0xca/0x100 vmap", {}, id="vmap-owns-no-pages"),
        pytest.param(AREA + "i915_gem_object_pin_map+0x1/0x2 [i915] pages=512 vmap", {}, id="vmap-with-pages"),
        pytest.param(AREA + "acpi_os_map_iomem+0x1bc/0x1e0 phys=0x00000000000a0000 ioremap", {}, id="ioremap"),
        pytest.param(AREA + "acpi_os_map_memory+0xfb/0x1a0 phys=fed00000 ioremap", {}, id="ioremap-of-3.10"),
        pytest.param(AREA + "pcpu_get_vm_areas+0x0/0x1110 vmalloc", {}, id="percpu-area-without-pages"),
        pytest.param(AREA + "htab_map_alloc+0x1/0x2 pages=4", {}, id="pages-only"),
        pytest.param(AREA + "unpurged vm_area", {}, id="unpurged"),
        pytest.param(AREA + "vm_map_ram", {}, id="vm_map_ram"),
        pytest.param(AREA + "vmalloc_user+0x1/0x2 pages=4 vmap", {}, id="vmalloc-in-the-caller's-name"),
        pytest.param(AREA + "f+0x1/0x2 pages=4 vmalloc_something", {}, id="other-flag-that-begins-so"),
        pytest.param(AREA + "f+0x1/0x2 pages=" + "9" * 5000 + " vmalloc", {}, id="huge"),
        pytest.param(AREA, {}, id="cut"),
    ],
)
def test_one_line(line, expected):
    assert vmallocinfo.parse(line + "\n").pages == expected


def test_areas_of_one_caller_are_summed_up():
    text = "".join(
        AREA + f"{caller}+0x1/0x2 pages={pages} vmalloc N0={pages}\n"
        for caller, pages in (("a", 2), ("b", 1), ("a", 3))
    )
    assert vmallocinfo.parse(text).pages == {"a": 5, "b": 1}


@pytest.mark.parametrize(
    "caller",
    [
        "alloc_thread_stack_node",
        "alloc_thread_stack_node_noprof",
        "copy_process",
        "dup_task_struct",
        "_do_fork",
        "kernel_clone",
        "fork_idle",
    ],
)
def test_thread_stacks_are_told_from_the_rest(caller):
    text = AREA + f"{caller}+0x1/0x2 pages=4 vmalloc\n" + AREA + "load_module+0x1/0x2 pages=8 vmalloc\n"
    assert vmallocinfo.parse(text).stack_pages == 4


def test_a_module_function_of_that_name_that_another_one_begins_with_is_no_stack():
    assert vmallocinfo.parse(AREA + "kernel_cloned+0x1/0x2 pages=4 vmalloc\n").stack_pages == 0
