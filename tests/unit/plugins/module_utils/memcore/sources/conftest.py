# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every reader, with real text that it reads and the shape of what it promises, for what holds for all of them."""

import os
import typing

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import ParseError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import (
    allocinfo,
    balloon,
    cgroup,
    cpus,
    df,
    fdinfo,
    fstab,
    keyed,
    kstat,
    maps,
    meminfo,
    mountinfo,
    slabinfo,
    sockstat,
    status,
    sysvipc,
    vmallocinfo,
    zoneinfo,
)
from tests.support import hosttree

HOSTS = os.path.join(os.path.dirname(__file__), *[os.pardir] * 4, "fixtures", "hosts")
SEED_LINES = 60  # enough for every kind of line, and few enough for thousands of runs


class Reader(typing.NamedTuple):
    """parse takes text or, where `takes_bytes`, bytes; shape tells whether a result is what the docstring says."""

    name: str
    parse: typing.Callable
    takes_bytes: bool
    shape: typing.Callable
    seed: bytes
    may_raise: tuple = ()


def is_record(kind, **fields):
    """A test for a NamedTuple of exactly this kind whose fields pass theirs."""
    assert set(fields) == set(kind._fields)
    return lambda value: value.__class__ is kind and all(test(getattr(value, name)) for name, test in fields.items())


def is_list(test):
    return lambda value: value.__class__ is list and all(map(test, value))


def is_dict(test):
    return lambda value: (
        value.__class__ is dict and all(key.__class__ is str and test(item) for key, item in value.items())
    )


def is_maybe(test):
    return lambda value: value is None or test(value)


def is_count(value):
    return value.__class__ is int and value >= 0


def is_integer(value):
    return value.__class__ is int


def is_text(value):
    return value.__class__ is str


def is_bytes(value):
    return value.__class__ is bytes


IS_MOUNTS = is_list(
    is_record(
        mountinfo.Mount,
        mount_id=is_count,
        parent_id=is_count,
        **{name: is_text for name in mountinfo.Mount._fields if not name.endswith("_id")},
    )
)
IS_SIZE = is_maybe(is_count)

# Formats that no captured tree has.
ALLOCINFO = b"""\
allocinfo - version: 2.0
#     <size>  <calls> <tag info>
       0        0 init/main.c:1314 func:do_initcalls\x20
   86048       21 mm/slub.c:2293 func:alloc_slab_page accurate:no\x20
 1605632      392 drivers/net/core/alloc.c:59 [mlx5_core] func:mlx5_dma_zalloc_coherent_node\x20
"""
ARCSTATS = (
    b"13 1 0x01 96 26112 5319043262 1234567890123\nname type data\nsize                            4    536870912\n"
)
DRM = (
    b"pos:\t0\nmnt_id:\t26\ndrm-driver:\tamdgpu\ndrm-client-id:\t58\ndrm-pdev:\t0000:03:00.0\n"
    b"drm-memory-gtt:\t2048 KiB\ndrm-resident-cpu:\t1 MiB\n"
)
VMMEMCTL = b"is resetting:           n\ntarget:               131072 pages\ncurrent:              130048 pages\n"
CGROUP = b"9:name=systemd:/x.service\n4:memory:/a:b\n3:cpu,cpuacct:/\n0::/unified\n"
FSTAB = b"# made by hand\n/dev/vda / ext4 rw 0 1\ntmpfs /my\\040tmp tmpfs size=10%,mode=1777 0 0\n"
MAPS = (
    b"00400000-00452000 r-xp 00000000 08:02 173521 /usr/bin/dbus-daemon\n"
    b"7f0000000000-7f0000001000 rw-s 00000000 00:01 5 /dev/zero (deleted)\n"
    b"7f0000001000-7f0000003000 rw-s 00000000 00:17 6 /run/a b\n"
)


def _captured():
    """{path: bytes} of one captured tree, each file cut to its first lines."""
    with open(
        os.path.join(HOSTS, "captured-6.12.tree"), encoding="utf-8", errors="surrogateescape", newline=""
    ) as stream:
        text = stream.read()
    files = {}
    for part in text.split("\n" + hosttree.MARK)[1:]:
        path, dummy, content = part.partition("\n")
        lines = content.split("\n")[:SEED_LINES]
        files[path] = "\n".join(lines + [""]).encode("utf-8", "surrogateescape")
    return files


def _one_argument(parse):
    """df reads two texts; the same one twice is as good as any."""
    return lambda text: parse(text, text)


FILES = _captured()
READERS = [
    Reader(
        "allocinfo",
        allocinfo.parse,
        False,
        is_list(
            is_record(
                allocinfo.Site,
                bytes=is_count,
                calls=is_count,
                place=is_text,
                module=is_maybe(is_text),
                function=is_text,
            )
        ),
        ALLOCINFO,
    ),
    Reader("balloon.virtio", balloon.virtio_counts_in_total, False, lambda value: value.__class__ is bool, b"0110\n"),
    Reader("balloon.vmware", balloon.vmware_pages, False, IS_SIZE, VMMEMCTL),
    Reader("cgroup.controllers", cgroup.controllers, False, is_dict(is_count), FILES["proc/cgroups"]),
    Reader("cgroup.path", cgroup.path_of, True, is_maybe(is_text), CGROUP),
    Reader("cgroup.unit", cgroup.unit_path_of, True, is_maybe(is_text), CGROUP),
    Reader("cpus", cpus.count, False, IS_SIZE, FILES["proc/stat"]),
    Reader(
        "df",
        _one_argument(df.parse),
        False,
        is_dict(
            is_record(
                df.Row,
                size_bytes=IS_SIZE,
                used_bytes=IS_SIZE,
                available_bytes=is_maybe(is_integer),
                inodes=IS_SIZE,
                inodes_used=IS_SIZE,
            )
        ),
        FILES["sos_commands/filesys/df_-al_-x_autofs"],
    ),
    Reader(
        "fdinfo.gpu",
        fdinfo.gpu_client,
        False,
        is_maybe(is_record(fdinfo.GpuClient, driver=is_text, client=is_text, regions=is_dict(is_count))),
        DRM,
    ),
    Reader("fdinfo.mount", fdinfo.mount_id, True, IS_SIZE, DRM),
    Reader(
        "fstab",
        fstab.parse,
        False,
        is_list(
            is_record(fstab.Declared, source=is_text, mount_point=is_text, fstype=is_text, options=is_list(is_text))
        ),
        FSTAB,
    ),
    Reader("keyed", keyed.parse, False, is_dict(is_integer), FILES["proc/vmstat"]),
    Reader("kstat", kstat.parse, False, is_dict(is_count), ARCSTATS),
    Reader(
        "maps",
        lambda data: list(maps.parse(data)),
        True,
        is_list(is_record(maps.Mapping, range=is_text, device=is_text, inode=is_count, path=is_bytes)),
        MAPS,
    ),
    Reader("meminfo", meminfo.parse, False, is_dict(is_count), FILES["proc/meminfo"], (ParseError,)),
    Reader("mountinfo", mountinfo.parse, False, IS_MOUNTS, FILES["proc/1/mountinfo"]),
    Reader("mounts", mountinfo.parse_mounts, False, IS_MOUNTS, FILES["proc/mounts"]),
    Reader(
        "slabinfo",
        slabinfo.parse,
        False,
        is_list(
            is_record(
                slabinfo.Cache,
                name=is_text,
                active_objects=is_count,
                objects=is_count,
                object_bytes=is_count,
                pages=is_count,
            )
        ),
        FILES["proc/slabinfo"],
    ),
    Reader("sockstat", sockstat.parse, False, is_dict(is_dict(is_count)), FILES["proc/net/sockstat"]),
    Reader(
        "status",
        status.parse,
        True,
        is_record(
            status.Status,
            comm=is_bytes,
            ppid=is_count,
            uid=is_count,
            **{name: IS_SIZE for name in status.Status._fields if name.endswith("_bytes")},
            threads=is_count,
            administrator=lambda value: value.__class__ is bool,
            nodes=is_maybe(is_text),
        ),
        FILES["proc/1/status"],
        (ParseError,),
    ),
    Reader(
        "sysvipc",
        sysvipc.parse,
        False,
        is_list(
            is_record(
                sysvipc.Segment,
                key=is_integer,
                shmid=is_integer,
                permissions=is_text,
                size_bytes=is_integer,
                creator_pid=is_integer,
                attached=is_integer,
                uid=is_integer,
                resident_bytes=is_maybe(is_integer),
                swapped_bytes=is_maybe(is_integer),
            )
        ),
        FILES["proc/sysvipc/shm"],
    ),
    Reader(
        "vmallocinfo",
        vmallocinfo.parse,
        False,
        is_record(vmallocinfo.Usage, pages=is_dict(is_count)),
        FILES["proc/vmallocinfo"],
    ),
    Reader(
        "zoneinfo",
        zoneinfo.parse,
        False,
        is_record(zoneinfo.Zoneinfo, pcp_pages=is_count, drift_pages=is_count, managed_pages=is_count),
        FILES["proc/zoneinfo"],
    ),
    Reader(
        "zoneinfo-nodes",
        zoneinfo.nodes,
        False,
        lambda value: (
            value.__class__ is dict
            and all(map(is_count, value))
            and all(map(is_record(zoneinfo.Node, present=is_count, spanned=is_count), value.values()))
        ),
        FILES["proc/zoneinfo"],
    ),
]


@pytest.fixture(params=READERS, ids=[reader.name for reader in READERS])
def reader(request):
    """Each reader in turn."""
    return request.param


@pytest.fixture(scope="session")
def readers():
    """All of them."""
    return READERS
