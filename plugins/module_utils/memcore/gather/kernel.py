# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Subset kernel: who inside the kernel holds memory."""

from typing import Dict, List, Optional

from ..models.ledger import vmalloc_used
from ..sources import allocinfo, number, sockstat, vmallocinfo
from ..sources.printable import printable_bytes
from . import slab
from .survey import Survey

_BPF_JIT_CALLERS = ("bpf_jit_alloc_exec", "bpf_jit_binary_alloc", "bpf_prog_pack_alloc")


def gather(survey: Survey) -> Dict:
    """Slab caches, vmalloc callers, sockets, per-CPU memory, page tables and allocation sites, each in bytes."""
    return {
        "slab": slab.gather(survey),
        "vmalloc": _vmalloc(survey),
        "sockets": _sockets(survey),
        "bpf_jit_bytes": _bpf_jit(survey),
        "bpf_jit_limit_bytes": number.parse(survey.host.optional("proc/sys/net/core/bpf_jit_limit")),
        "percpu": {"bytes": survey.meminfo.get("Percpu")},
        "page_tables": _page_tables(survey),
        "allocinfo": _allocinfo(survey),
    }


def _vmalloc(survey) -> Dict:
    usage = survey.vmalloc
    return {"used_bytes": vmalloc_used(survey.meminfo), "top": usage and _callers(usage, survey)}


def _callers(usage, survey):
    ranked = sorted(usage.pages.items(), key=lambda item: (-item[1], item[0]))
    return [
        {
            "caller": caller,
            "bytes": pages * survey.page_size,
            "thread_stacks": caller.split(" ")[0] in vmallocinfo.STACK_CALLERS,
        }
        for caller, pages in survey.capped("kernel.vmalloc.top", ranked)
    ]


def _bpf_jit(survey) -> Optional[int]:
    """Compiled BPF programs by vmallocinfo; on kernels that pack them into huge pages what the packs take."""
    if survey.vmalloc is None:
        return None
    pages = survey.vmalloc.pages
    return sum(pages.get(caller, 0) for caller in _BPF_JIT_CALLERS) * survey.page_size


def _sockets(survey) -> Dict:
    """Bytes charged to sockets; TCP and UDP count all network namespaces."""
    text = survey.host.text("proc/net/sockstat")
    counters = sockstat.parse(text) if text else {}
    pages = {name: counters.get(name, {}).get("mem") for name in ("TCP", "UDP")}
    return {
        "tcp_bytes": None if pages["TCP"] is None else pages["TCP"] * survey.page_size,
        "udp_bytes": None if pages["UDP"] is None else pages["UDP"] * survey.page_size,
        "fragments_bytes": counters.get("FRAG", {}).get("memory"),
        "count": counters.get("sockets", {}).get("used"),
    }


def _page_tables(survey) -> Dict:
    sized = [process for process in survey.table.user if process.status.page_tables_bytes]
    sized.sort(key=lambda process: -process.status.page_tables_bytes)
    return {
        "bytes": survey.meminfo.get("PageTables"),
        "top": [
            {"pid": p.pid, "comm": printable_bytes(p.status.comm), "bytes": p.status.page_tables_bytes}
            for p in survey.capped("kernel.page_tables.top", sized)
        ],
    }


def _allocinfo(survey) -> Optional[List[Dict]]:
    """None where the kernel was built without CONFIG_MEM_ALLOC_PROFILING or has it switched off."""
    text = survey.host.optional("proc/allocinfo")
    if text is None:
        return None
    sites = sorted(allocinfo.parse(text), key=lambda site: -site.bytes)
    return [dict(site._asdict()) for site in survey.capped("kernel.allocinfo", sites)]
