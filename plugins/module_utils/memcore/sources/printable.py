# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Names that anybody may choose (of tasks, cgroups, files) as text that any terminal and any JSON reader takes."""


def printable(text: str) -> str:
    """The text; bytes that are no UTF-8 (kept as surrogates) and what would move the cursor as escapes."""
    return text if text.isprintable() else printable_bytes(text.encode("utf-8", "surrogateescape"))


def printable_bytes(data: bytes) -> str:
    """Bytes as such a text."""
    text = data.decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def one_line(text: str) -> str:
    """Such a text that is never empty."""
    return printable(text) or "-"


def with_pid(comm: str, pid: int, more: str = "") -> str:
    """A process as a sentence calls it: `java (pid 900)`; with more it is `java (pid 900, 400.0 MiB)`."""
    return f"{one_line(comm)} (pid {pid}{more and ', ' + more})"
