# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""/dev/kmsg by its sequence numbers: what was lost is counted, and a later run goes on where an earlier one was.

Documentation/ABI/testing/dev-kmsg: one record a read(2); EPIPE says that records were overwritten before they were
read, EINVAL that a record is larger than the buffer and was skipped. Both show as a gap in the sequence numbers.
"""

import os
import re
from typing import Dict, List, Optional

from memcore.sources.oomlog.log_source import kmsg_record

_LINES = 2000  # a read, so that a flood does not block the reader
_SKIPPED = 20000  # records that may be passed over in a read, as they were given out before
_ALL = 1 << 18  # records; no ring has so many
_SEQUENCE = re.compile(rb"[0-9]{1,4},([0-9]{1,20}),")


class Kmsg:
    """The records that come, as lines; a record's continuation lines (" SUBSYSTEM=…") are lines too.

    lost: records that are missing between those that were read.
    """

    name = "kmsg"
    every = 1.0

    def __init__(self, descriptor: int, after: Optional[int] = None, skips: bool = False) -> None:
        """descriptor: an open /dev/kmsg that does not block, which is closed with this.

        after: sequence number of the last record that was read before, -1 to count from the boot's first. Without it
        skips tells whether to leave out what is there already.
        """
        self.lost = 0
        self.is_caught_up = False
        self._descriptor = descriptor
        self._after = after  # records up to this one are passed over
        self._last = after
        self._newest_passed: Optional[int] = None
        if skips and after is None:
            self._skip_all()

    def fileno(self) -> Optional[int]:
        return self._descriptor

    def hurry(self) -> None:
        """The descriptor tells when there is something."""

    def close(self) -> None:
        os.close(self._descriptor)

    def state(self) -> Dict:
        return {"sequence": self._last}

    def read(self) -> List[bytes]:
        """At most about 2,000 lines. Raises OSError where the device cannot be read any more."""
        lines: List[bytes] = []
        for _number in range(_SKIPPED):
            record = self._record()
            if not record:
                if self._has_gone_back():
                    continue
                self.is_caught_up = True
                return lines
            if self._is_new(record):
                lines += record.splitlines()
                if len(lines) >= _LINES:
                    break
        self.is_caught_up = False
        return lines

    def _record(self) -> bytes:
        """The next record, empty where there is none now. The sequence numbers show what was lost before it."""
        return kmsg_record(self._descriptor)[0]

    def _is_new(self, record: bytes) -> bool:
        """Whether it was not read by an earlier run; counts what is missing before it."""
        match = _SEQUENCE.match(record)
        if match is None:
            return True
        sequence = int(match[1])
        if self._after is not None:
            if sequence <= self._after:
                self._newest_passed = sequence
                return False
            self._after = None
        if self._last is not None and sequence > self._last + 1:
            self.lost += sequence - self._last - 1
        self._last = sequence
        return True

    def _has_gone_back(self) -> bool:
        """Whether the whole log is older than the place of an earlier run, as where a machine was set back to a copy.

        Then the log is another one from some place on, and is read from its start.
        """
        after, newest = self._after, self._newest_passed
        self._after = None
        if after is None or newest is None or newest >= after:
            return False
        self._last = None
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        return True

    def _skip_all(self) -> None:
        """Pass over what is there. Not by SEEK_END: without a sequence number a later run could not go on from here."""
        for _number in range(_ALL):
            record = self._record()
            if not record:
                break
            self._is_new(record)
        self.lost = 0
