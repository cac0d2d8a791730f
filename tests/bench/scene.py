# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mounts or files in a mount namespace of their own, more and more of them; they go with this process.

Run as a process of its own it reads one size a line and answers when so much is there.
"""

import argparse
import os
import subprocess
import sys
from typing import List

from tests.bench import places


class Scene:
    """A context manager: `resize` lays out more, `inside` is the start of a command that shall see it."""

    def __init__(self, kind: str):
        self._kind = kind

    def __enter__(self):
        command = ["unshare", "--mount", sys.executable, "-m", "tests.bench.scene", self._kind]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(command, cwd=places.CHECKOUT, text=True, **pipes)
        return self

    def __exit__(self, *_error):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    @property
    def inside(self) -> List[str]:
        """unshare becomes the process that it starts, so that this is the process with the namespace."""
        return ["nsenter", "--target", str(self._process.pid), "--mount", "--wd=" + str(places.CHECKOUT)]

    def resize(self, size: int) -> None:
        """Return when there are so many; there can only be more."""
        print(size, file=self._process.stdin, flush=True)
        if not self._process.stdout.readline():
            raise OSError(f"{size} {self._kind} could not be laid out; see the message above")


def main():
    """Lay out as many as asked for, until there is no more to read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("mounts", "files"))
    add = {"mounts": _mount, "files": _file}[parser.parse_args().kind]
    subprocess.run(["mount", "-t", "tmpfs", "-o", "nr_inodes=0", "bench", "/mnt"], check=True)
    there = 0
    for line in sys.stdin:
        for number in range(there, int(line)):
            add(number)
        there = int(line)
        print(there, flush=True)


def _mount(number):
    os.mkdir(f"/mnt/{number}")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "bench", f"/mnt/{number}"], check=True)
    with open(f"/mnt/{number}/file", "w") as stream:
        stream.write("x")  # an empty tmpfs is not searched for files


def _file(number):
    # 200 files a folder: neither one huge folder nor as many folders as files.
    folder = f"/mnt/{number // 200}"
    if number % 200 == 0:
        os.mkdir(folder)
    with open(f"{folder}/{number}", "w") as stream:
        stream.write("x")


if __name__ == "__main__":
    main()
