# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about the kernel's own memory."""

import pytest

from tests.support import healthy_host

MIB = 1 << 20


def _part(name):
    def measure(share, host):
        host.facts["memory"]["ledger"][name] = healthy_host.ram(share)

    return measure


def _page_tables(share, host):
    _part("page_tables")(share, host)
    host.facts["kernel"]["page_tables"]["top"] = [{"pid": 41, "comm": "oracle", "bytes": 400 * MIB}]


def _bpf_jit(share, host):
    host.facts["kernel"].update(bpf_jit_bytes=int(share * 100), bpf_jit_limit_bytes=10000)


def _sockets(share, host):
    # half of it each
    half = healthy_host.ram(share) // 2
    host.facts["kernel"]["sockets"].update(tcp_bytes=half, udp_bytes=half)


MEASURES = {
    "slab-unreclaimable-high": _part("slab_unreclaimable"),
    "vmalloc-high": _part("vmalloc"),
    "bpf-jit-near-limit": _bpf_jit,
    "page-tables-high": _page_tables,
    "percpu-high": _part("percpu"),
    "kernel-stacks-high": _part("kernel_stacks"),
    "sockets-high": _sockets,
    "balloon-inflated": _part("balloon"),
    "gpu-memory-high": _part("gpu"),
}


def _caches(*names):
    return [
        {"name": name, "aliases": [], "bytes": MIB, "objects": 1, "active_objects": 1, "object_bytes": 64}
        for name in names
    ]


def test_unreclaimable_slab_names_the_largest_caches(facts, raised):
    facts["memory"]["ledger"]["slab_unreclaimable"] = 20000 * MIB
    caches = _caches("kmalloc-2k", "kmalloc-1k", "skbuff_head_cache", "dentry")
    facts["kernel"]["slab"] = {"top": _caches("ext4_inode_cache") + caches, "top_unreclaimable": caches}

    (finding,) = raised()

    assert finding.summary == "unreclaimable slab takes 19.5 GiB, 20.0 % of RAM; the largest cache is kmalloc-2k"
    assert finding.evidence == {
        "bytes": 20000 * MIB,
        "percent_of_ram": 20.0,
        "cache": "kmalloc-2k",
        "top": caches[:3],
    }


def test_reclaimable_slab_however_large_is_a_cache(facts, raised):
    facts["memory"]["ledger"]["slab_reclaimable"] = 60000 * MIB

    assert raised() == []


@pytest.mark.parametrize("name", ["slab-unreclaimable-high", "vmalloc-high", "page-tables-high"])
def test_a_finding_about_the_kernel_stands_without_the_subset_that_knows_more(name, facts, raised):
    parts = {
        "slab-unreclaimable-high": "slab_unreclaimable",
        "vmalloc-high": "vmalloc",
        "page-tables-high": "page_tables",
    }
    facts["memory"]["ledger"][parts[name]] = 20000 * MIB
    del facts["kernel"]

    assert [finding.id for finding in raised()] == [name]


def test_vmalloc_names_the_largest_caller_that_is_no_thread_stack(facts, raised):
    facts["memory"]["ledger"]["vmalloc"] = 8000 * MIB
    callers = [
        {"caller": "kernel_clone", "bytes": 9000 * MIB, "thread_stacks": True},
        {"caller": "htab_map_alloc", "bytes": 7000 * MIB, "thread_stacks": False},
        {"caller": "load_module [x]", "bytes": 1000 * MIB, "thread_stacks": False},
    ]
    facts["kernel"]["vmalloc"]["top"] = callers

    (finding,) = raised()

    assert finding.evidence == {
        "bytes": 8000 * MIB,
        "percent_of_ram": 8.0,
        "caller": "htab_map_alloc",
        "top": callers[1:],
    }
    assert finding.summary.endswith("; the largest caller is htab_map_alloc")


def test_page_tables_name_the_process_that_has_most(facts, raised):
    facts["memory"]["ledger"]["page_tables"] = 6000 * MIB
    rows = [{"pid": 41, "comm": "oracle", "bytes": 400 * MIB}, {"pid": 42, "comm": "oracle", "bytes": 300 * MIB}]
    facts["kernel"]["page_tables"]["top"] = rows

    (finding,) = raised()

    assert finding.evidence == {"bytes": 6000 * MIB, "percent_of_ram": 6.0, "comm": "oracle", "pid": 41, "top": rows}
    assert finding.summary == "page tables take 5.9 GiB, 6.0 % of RAM; oracle (pid 41) has the most"


def test_a_jit_limit_of_0_or_none_is_no_limit_to_be_near(facts, raised):
    facts["kernel"].update(bpf_jit_bytes=500 * MIB, bpf_jit_limit_bytes=0)

    assert raised() == []


def test_socket_buffers_of_tcp_and_udp_add_up(facts, raised):
    sockets = {"tcp_bytes": 4000 * MIB, "udp_bytes": 1000 * MIB, "fragments_bytes": 0, "count": 900}
    facts["kernel"]["sockets"] = sockets

    (finding,) = raised()

    assert finding.summary == "socket buffers hold 4.9 GiB, 5.0 % of RAM"
    assert finding.evidence == dict(sockets, bytes=5000 * MIB, percent_of_ram=5.0)


def test_sockets_whose_udp_is_not_known_count_for_what_is(facts, raised):
    facts["kernel"]["sockets"].update(tcp_bytes=6000 * MIB, udp_bytes=None)

    assert [finding.evidence["bytes"] for finding in raised()] == [6000 * MIB]


@pytest.mark.parametrize(
    "part, summary",
    [
        pytest.param("percpu", "per-CPU memory takes 19.5 GiB, 20.0 % of RAM", id="percpu"),
        pytest.param("kernel_stacks", "kernel stacks take 19.5 GiB, 20.0 % of RAM", id="stacks"),
        pytest.param("balloon", "the hypervisor's balloon takes 19.5 GiB, 20.0 % of RAM", id="balloon"),
    ],
)
def test_a_part_of_the_ledger_is_told_with_its_share(part, summary, facts, raised):
    facts["memory"]["ledger"][part] = 20000 * MIB

    (finding,) = raised()

    assert (finding.summary, finding.evidence) == (summary, {"bytes": 20000 * MIB, "percent_of_ram": 20.0})


def test_gpu_buffers_inside_and_outside_of_shmem_add_up(facts, raised):
    facts["memory"]["ledger"]["gpu"] = 8000 * MIB
    facts["shmem"]["gpu_bytes"] = 12000 * MIB

    (finding,) = raised()

    assert finding.summary == "GPU buffers take 19.5 GiB of system memory, 20.0 % of RAM"
    assert finding.evidence == {
        "bytes": 20000 * MIB,
        "percent_of_ram": 20.0,
        "outside_shmem_bytes": 8000 * MIB,
        "in_shmem_bytes": 12000 * MIB,
    }
