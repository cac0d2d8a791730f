# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A FUSE server of one empty folder that stops answering: what a dead network mount looks like to who touches it."""

import contextlib
import errno
import os
import select
import struct
import threading

from tests.live import syscalls

DIRECTORY = "folder"
LOOKUP, FORGET, GETATTR, INIT = 1, 2, 3, 26
ROOT, INODE = 1, 2
# struct fuse_attr: ino size blocks, three times, three nanoseconds, mode nlink uid gid rdev blksize padding
ATTRIBUTES = "6Q3I7I"


@contextlib.contextmanager
def answering(folder):
    """Mount on `folder` and answer during the block. Afterwards silence: the descriptor stays open and unread."""
    device = os.open("/dev/fuse", os.O_RDWR)
    syscalls.mount("dead", folder, "fuse", 0, f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other")
    done = threading.Event()
    server = threading.Thread(target=_serve, args=(device, done))
    server.start()
    try:
        yield
    finally:
        done.set()
        server.join()


def _serve(device, done):
    while not done.is_set():
        if select.select([device], [], [], 0.05)[0]:
            _answer(device, os.read(device, 1 << 18))


def _answer(device, request):
    dummy, operation, unique, node = struct.unpack_from("IIQQ", request)
    if operation == FORGET:
        return
    error, body = _reply(operation, node, request[40:])
    os.write(device, struct.pack("IiQ", 16 + len(body), error, unique) + body)


def _reply(operation, node, argument):
    if operation == INIT:
        return 0, struct.pack("4I2H2I2HI7I", 7, 23, 65536, 0, 1, 1, 1 << 17, 1, 1, 0, 0, *[0] * 7)[:64]
    if operation == GETATTR:
        return 0, struct.pack("QII", 0, 0, 0) + _attributes(node)
    if operation == LOOKUP and argument.rstrip(b"\0").decode() == DIRECTORY:
        # Valid for no time at all, so that the kernel asks again for each path that leads through here.
        return 0, struct.pack("4Q2I", INODE, 0, 0, 0, 0, 0) + _attributes(INODE)
    return -(errno.ENOENT if operation == LOOKUP else errno.ENOSYS), b""


def _attributes(node):
    return struct.pack(ATTRIBUTES, node, 0, 0, 0, 0, 0, 0, 0, 0, 0o40755, 2, 0, 0, 0, 4096, 0)
