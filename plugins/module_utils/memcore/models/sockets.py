# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""How much of what sockets are charged lies outside slab, in pages that no counter of /proc/meminfo has."""

from typing import Optional

# sk_buffs whose data fits SKB_MAX_ALLOC (16 KiB) get it from kmalloc; larger datagrams get page fragments instead
# (net/ipv4/ip_output.c, __ip_append_data).
_LARGEST_IN_SLAB_BYTES = 17 << 10


def pages_outside_slab(tcp_bytes: int, udp_bytes: int, socket_buffers: Optional[int]) -> int:
    """Bytes; `socket_buffers` is how many sk_buffs there are by /proc/slabinfo, None where it may not be read.

    TCP keeps its data in page fragments (skb_page_frag_refill). UDP does so only for large datagrams, which shows in
    how much the average buffer is charged; without the count UDP is taken to be in slab.
    """
    large = bool(socket_buffers) and udp_bytes > socket_buffers * _LARGEST_IN_SLAB_BYTES
    return tcp_bytes + (udp_bytes if large else 0)
