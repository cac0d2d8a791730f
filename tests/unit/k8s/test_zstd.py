# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs packed with zstd: unpacked by the program where it is, else one sentence says what to install."""

import io
import shutil
import subprocess
import sys

import pytest

from oomwatch import zstd

needs_program = pytest.mark.skipif(
    sys.version_info >= (3, 14) or shutil.which("zstd") is None, reason="the program zstd is not on this machine"
)


@needs_program
def test_program_unpacks_more_than_a_pipe_holds():
    data = bytes(range(256)) * 4000
    packed = subprocess.run(["zstd", "-cq"], input=data, stdout=subprocess.PIPE, check=True).stdout
    stream = zstd.unpacked(io.BytesIO(packed))
    assert b"".join(iter(lambda: stream.read(1 << 16), b"")) == data


@needs_program
def test_damage_is_an_error():
    stream = zstd.unpacked(io.BytesIO(b"\x28\xb5\x2f\xfd" + b"x" * 100))
    with pytest.raises(OSError, match="zstd could not unpack it"):
        list(iter(lambda: stream.read(1 << 16), b""))


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="Python 3.14 unpacks zstd itself")
def test_without_the_program_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(OSError, match="install zstd"):
        zstd.unpacked(io.BytesIO(b""))
