# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's whole log by each of its two interfaces, as programs read it: /dev/kmsg and syslog(2)."""

import ctypes
import os

_READ_ALL, _SIZE_BUFFER = 3, 10  # SYSLOG_ACTION_…, include/linux/syslog.h
# Whether syslog(2) shows each record's time, which kernels without CONFIG_PRINTK_TIME have off.
_WITH_TIME = "/sys/module/printk/parameters/time"


def keep(folder):
    """Leave kmsg.txt and syslog.txt in the folder."""
    for name, data in (("kmsg.txt", of_kmsg()), ("syslog.txt", of_syslog())):
        with open(os.path.join(folder, name), "wb") as stream:
            stream.write(data)


def of_kmsg():
    """All records that the kernel still has."""
    descriptor = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    found = b""
    try:
        while True:
            try:
                found += os.read(descriptor, 8192)
            except BrokenPipeError:
                pass  # the log ran over; the next read(2) is of its oldest record
    except BlockingIOError:
        return found
    finally:
        os.close(descriptor)


def of_syslog():
    """The same as dmesg of busybox reads it."""
    with open(_WITH_TIME, "w") as stream:
        stream.write("Y")
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(libc.klogctl(_SIZE_BUFFER, None, 0))
    length = libc.klogctl(_READ_ALL, buffer, len(buffer))
    if length < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return buffer.raw[:length]
