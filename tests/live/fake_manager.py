# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A systemd that answers what somebody wants: fake_manager.py SOCKET PROPERTIES, the latter as JSON.

As much of the D-Bus protocol (https://dbus.freedesktop.org/doc/dbus-specification.html) as `systemctl show` takes.
"""

import json
import os
import socket
import struct
import sys

METHOD_RETURN, REPLY_SERIAL, SIGNATURE = 2, 5, 8


def main():
    path, properties = sys.argv[1], json.loads(sys.argv[2])
    os.makedirs(os.path.dirname(path), exist_ok=True)
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(8)
    while True:
        stream = server.accept()[0].makefile("rwb", buffering=0)
        try:
            authenticate(stream)
            serve(stream, properties)
        except (OSError, EOFError):
            continue


def authenticate(stream):
    while True:
        line = stream.readline().lstrip(b"\0").strip()
        if not line:
            raise EOFError
        if line == b"BEGIN":
            return
        answers = {b"AUTH": b"OK " + b"0" * 32, b"NEGOTIATE_UNIX_FD": b"AGREE_UNIX_FD", b"DATA": b"OK " + b"0" * 32}
        stream.write(answers.get(line.split()[0], b"ERROR") + b"\r\n")


def serve(stream, properties):
    body = all_of(properties)
    while True:
        head = exactly(stream, 16)
        body_length, serial, fields_length = struct.unpack("<III", head[4:])
        exactly(stream, padded(16 + fields_length) - 16 + body_length)
        fields = bytes([REPLY_SERIAL]) + b"\x01u\0" + struct.pack("<I", serial)
        fields += bytes([SIGNATURE]) + b"\x01g\0" + b"\x05a{sv}\0"
        reply = b"l" + bytes([METHOD_RETURN, 0, 1]) + struct.pack("<III", len(body), serial, len(fields)) + fields
        stream.write(reply + b"\0" * (padded(len(reply)) - len(reply)) + body)


def exactly(stream, size):
    data = b""
    while len(data) < size:
        chunk = stream.read(size - len(data))
        if not chunk:
            raise EOFError
        data += chunk
    return data


def all_of(properties):
    """a{sv}: numbers as the type that systemd has for them, all else as text."""
    body = b"\0" * 8  # the length, and the alignment of the first entry
    for name, value in properties.items():
        body += b"\0" * (padded(len(body)) - len(body)) + text(name)
        kind = {"MainPID": b"u", "OOMScoreAdjust": b"i"}.get(name, b"s")
        body += b"\x01" + kind + b"\0"
        body += b"\0" * (-len(body) % 4)
        body += text(value) if kind == b"s" else struct.pack("<" + {b"u": "I", b"i": "i"}[kind], value)
    return struct.pack("<I", len(body) - 8) + body[4:]


def text(value):
    data = value.encode()
    return struct.pack("<I", len(data)) + data + b"\0"


def padded(size):
    return -(-size // 8) * 8


if __name__ == "__main__":
    main()
