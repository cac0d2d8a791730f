# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""journalctl -o export: one field a line, an empty line after each entry, a length before a text of many lines.

https://systemd.io/JOURNAL_EXPORT_FORMATS/
"""

from typing import Dict, Optional

_MOST_FIELDS = 256
_LONGEST_FIELD = 1 << 16


class Entry:
    """Collects the lines of one entry after the other."""

    def __init__(self) -> None:
        self._fields: Dict[str, str] = {}
        self._name: Optional[str] = None  # of a field whose value has a length before it
        self._value = b""

    @property
    def has_begun(self) -> bool:
        """Whether lines of an entry were taken whose end has not come."""
        return bool(self._fields) or self._name is not None

    def take(self, line: str) -> Optional[Dict[str, str]]:
        """The fields of the entry that this line ends, else None."""
        if self._name is not None:
            self._collect(line)
            return None
        if line == "":
            fields, self._fields = self._fields, {}
            return fields if "MESSAGE" in fields else None
        name, equals, value = line.partition("=")
        if equals:
            self._keep(name, value)
        elif _is_name(name):
            self._name, self._value = name, b""
        return None

    def _collect(self, line: str) -> None:
        """Add to the value until it has as many bytes as the eight before it say."""
        self._value += line.encode("utf-8", "surrogateescape") + b"\n"
        if len(self._value) < 8:
            return
        length = int.from_bytes(self._value[:8], "little")
        if length > _LONGEST_FIELD or len(self._value) > 8 + length:
            value = self._value[8:].rstrip(b"\n") if length > _LONGEST_FIELD else self._value[8 : 8 + length]
            self._keep(self._name or "", value.decode("utf-8", "surrogateescape"))
            self._name, self._value = None, b""

    def _keep(self, name: str, value: str) -> None:
        if len(self._fields) < _MOST_FIELDS:
            self._fields[name] = value


def _is_name(text: str) -> bool:
    return text.isupper() and len(text) <= 64 and text.replace("_", "").isalnum()
