# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What is to be delivered, in order, bounded by bytes, and on disk where there is a folder.

Lines of the file: {"name", "kind", …} is an entry, or replaces the one of that name; {"done": name} ends an entry;
{"seen": [hashes]} are entries of lately, which are not taken again.
"""

import hashlib
import json
import threading
import time
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

from oomwatch.kube.spool_file import SpoolFile

MOST_BYTES = 4 << 20
KINDS = ("finding", "kill")  # in the order in which they are dropped
_MOST_ENTRY_BYTES = 64 << 10
_OVERHEAD = 200  # bytes that an entry costs beside its text
_MOST_SEEN = 2048
_SLACK = 256 << 10  # bytes of the file that are of no use any more before it is written anew
_TRY_AGAIN = 30.0  # seconds between two tries to write to a disk that refused


class _Entry(NamedTuple):
    kind: str
    line: bytes


class Spool:
    """Entries by name. Any thread may call. dropped: entries lost by the bound, kind: number; damaged: bad lines read.

    folder None: in memory only. weight of an entry: what its loss counts, 1 unless the record says "weight".
    """

    def __init__(self, folder: Optional[str], tallies, most_bytes: int = MOST_BYTES) -> None:
        self.damaged = 0
        self._most = most_bytes
        self._tallies = tallies
        self._lock = threading.RLock()
        self._entries: Dict[str, _Entry] = {}
        self._bytes = 0
        self._seen: Dict[int, None] = {}
        self._file = SpoolFile(folder) if folder is not None else None
        self._tried = 0.0
        for line in self._file.load() if self._file else ():
            self._take(line)
        self._make_room()
        self._tell_length()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    @property
    def trouble(self) -> Optional[str]:
        """Why entries are not on disk although they should be."""
        return self._file.trouble if self._file else None

    @property
    def bytes(self) -> int:
        """What the entries cost in memory, about."""
        return self._bytes

    def names(self) -> List[str]:
        """The names of all entries, the oldest first."""
        with self._lock:
            return list(self._entries)

    def record(self, name: str) -> Optional[Dict]:
        """The entry, or None."""
        with self._lock:
            entry = self._entries.get(name)
        return None if entry is None else json.loads(entry.line)

    def has_seen(self, of: str) -> bool:
        """Whether an entry that said that it is `of` this was put lately, be it delivered by now or not."""
        with self._lock:
            return _hash(of) in self._seen

    def put(self, name: str, kind: str, record: Dict, of: Optional[str] = None) -> bool:
        """Add an entry at the end, or put it in place of the one of its name. False: it is too large, and was dropped.

        of: what it is of, for has_seen; the name unless something else is given.
        """
        line = _json(dict(record, name=name, kind=kind, of=of or name))
        with self._lock:
            self._see(_hash(of or name))
            if len(line) > _MOST_ENTRY_BYTES:
                self._count(kind, line)
                return False
            self._append(line)
            self._keep(name, _Entry(kind, line))
            self._make_room()
            self._tell_length()
            return name in self._entries

    def done(self, name: str) -> None:
        """End an entry: it is delivered, or cannot be."""
        with self._lock:
            if self._forget(name) is not None:
                self._append(_json({"done": name}))
                self._tell_length()

    def drop(self, name: str) -> None:
        """End an entry that cannot be delivered, and count it as dropped."""
        with self._lock:
            entry = self._entries.get(name)
            if entry is not None:
                self._count(entry.kind, entry.line)
                self.done(name)

    def tidy(self) -> None:
        """Write the file anew where most of it is of no use, or the disk refused it. For one thread, now and then."""
        if self._file is None or not self._is_untidy():
            return
        self._tried = time.monotonic()
        with self._lock:
            lines = [entry.line for entry in self._entries.values()]
            seen = [f"{one:016x}" for one in self._seen]
            self._file.begin()
        # Writing and syncing may take long; entries can be put meanwhile.
        descriptor = self._file.write([_json({"seen": seen})] + lines)
        with self._lock:
            self._file.end(descriptor)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._file is not None:
                self._file.close()

    def _is_untidy(self) -> bool:
        if self._file.trouble is not None:
            return time.monotonic() - self._tried > _TRY_AGAIN
        return self._file.size > 2 * self._bytes + _SLACK

    def _take(self, line: bytes) -> None:
        try:
            record = json.loads(line)
            if "done" in record:
                self._forget(record["done"])
            elif "seen" in record:
                for one in record["seen"][-_MOST_SEEN:]:
                    self._see(int(one, 16))
            elif record["kind"] in KINDS and _is_count(record.get("weight", 1)):
                self._see(_hash(record["of"]))
                self._keep(record["name"], _Entry(record["kind"], line))
            else:
                self.damaged += 1
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            self.damaged += 1

    def _append(self, line: bytes) -> None:
        if self._file is not None:
            self._file.append(line)

    def _keep(self, name: str, entry: _Entry) -> None:
        self._forget(name)
        self._entries[name] = entry
        self._bytes += len(entry.line) + _OVERHEAD

    def _forget(self, name: str) -> Optional[_Entry]:
        entry = self._entries.pop(name, None)
        if entry is not None:
            self._bytes -= len(entry.line) + _OVERHEAD
        return entry

    def _see(self, one: int) -> None:
        self._seen.pop(one, None)
        self._seen[one] = None
        if len(self._seen) > _MOST_SEEN:
            del self._seen[next(iter(self._seen))]

    def _make_room(self) -> None:
        for kind in KINDS if self._bytes > self._most else ():
            for name, _entry in self._of_kind(kind):
                if self._bytes <= self._most:
                    return
                self.drop(name)

    def _of_kind(self, kind: str) -> Iterator[Tuple[str, _Entry]]:
        return iter([(name, entry) for name, entry in self._entries.items() if entry.kind == kind])

    def _count(self, kind: str, line: bytes) -> None:
        self._tallies.add("oomwatch_spool_dropped_total", json.loads(line).get("weight", 1), kind=kind)

    def _tell_length(self) -> None:
        self._tallies.set("oomwatch_spool_length", len(self._entries))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def _json(record: Dict) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode()
