# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Lines out of bytes as they come, of a length that has a bound."""

from typing import List

LONGEST = 1 << 16  # bytes; a line that is longer comes in pieces


class LineSplitter:
    """push() bytes, get the lines that are whole, without their ends; end() gives the last one, which may have none."""

    def __init__(self) -> None:
        self._rest = b""

    def push(self, data: bytes) -> List[bytes]:
        """The lines that these bytes end."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) + len(data) > LONGEST:
            pieces = _pieces(self._rest)
            self._rest = pieces.pop()
            lines = [piece for line in lines for piece in _pieces(line)] + pieces
        return lines

    @property
    def waiting(self) -> int:
        """How many bytes came after the last line's end."""
        return len(self._rest)

    def end(self) -> List[bytes]:
        """What came after the last line's end, if anything did."""
        rest, self._rest = self._rest, b""
        return [rest] if rest else []


def _pieces(line: bytes) -> List[bytes]:
    """At least one."""
    return [line[start : start + LONGEST] for start in range(0, len(line), LONGEST)] or [line]
