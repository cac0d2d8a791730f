# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""A state that lay in a file, read field by field: whatever is damaged or foreign is one ParseError."""

from typing import Any, Callable, Dict, List, Optional

from ..errors import ParseError

_LARGEST = 10**21  # numbers of a log have 20 digits at most
_LONGEST = 1 << 18  # a line of 65,536 characters may have four times as many bytes


class Fields:
    """The fields of one object; each method raises ParseError that names the field."""

    def __init__(self, value: Any, names: List[str]) -> None:
        """names: the fields that it must have, and no others."""
        if not isinstance(value, dict) or set(value) != set(names):
            raise broken("it lacks fields or has foreign ones")
        self._value: Dict[str, Any] = value

    def number(self, name: str) -> int:
        """A whole number from 0 on."""
        return _number(self._value[name], name)

    def number_or_none(self, name: str) -> Optional[int]:
        return None if self._value[name] is None else self.number(name)

    def seconds_or_none(self, name: str) -> Optional[float]:
        return None if self._value[name] is None else _seconds(self._value[name], name)

    def flag(self, name: str) -> bool:
        if not isinstance(self._value[name], bool):
            raise broken(f"{name} is not true or false")
        return self._value[name]

    def text(self, name: str, most: int) -> str:
        """At most so many characters."""
        return _text(self._value[name], name, most)

    def text_or_none(self, name: str, most: int) -> Optional[str]:
        return None if self._value[name] is None else self.text(name, most)

    def any(self, name: str) -> Any:
        """What is checked elsewhere."""
        return self._value[name]

    def object(self, name: str, names: List[str]) -> "Fields":
        return Fields(self._value[name], names)

    def rows(self, name: str, most: int, kinds: str) -> List[List[Any]]:
        """At most so many lists of values. kinds: a letter for each, n number, s seconds, t text, o text or null."""
        rows = self._value[name]
        if not isinstance(rows, list) or len(rows) > most:
            raise broken(f"{name} is no list of at most {most}")
        for row in rows:
            if not isinstance(row, list) or len(row) != len(kinds):
                raise broken(f"{name} has a row that is not of {len(kinds)} values")
            for kind, value in zip(kinds, row):
                if kind != "o" or value is not None:
                    _CHECKS[kind](value, name)
        return rows


def saved_text(text: Optional[str]) -> Optional[str]:
    """Text whose bytes are not all UTF-8, kept as surrogates, in a form that any file can have: a character a byte."""
    return None if text is None else text.encode("utf-8", "surrogateescape").decode("latin-1")


def text_saved(text: Optional[str], name: str) -> Optional[str]:
    """The text of which saved_text() made this; name: of the field it is in."""
    if text is None:
        return None
    try:
        return text.encode("latin-1").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise broken(f"{name} has characters that stand for no byte") from None


def broken(why: str) -> ParseError:
    """The error of a state that cannot be used."""
    return ParseError(f"The saved state cannot be used, since {why}; remove it to start without one.")


def _number(value: Any, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST:
        raise broken(f"{name} is no whole number from 0 on")
    return value


def _seconds(value: Any, name: str) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < _LARGEST:
        raise broken(f"{name} is no number of seconds")
    return value


def _text(value: Any, name: str, most: int = _LONGEST) -> str:
    if not isinstance(value, str) or len(value) > most:
        raise broken(f"{name} is no text of at most {most} characters")
    return value


_CHECKS: Dict[str, Callable[[Any, str], Any]] = {"n": _number, "s": _seconds, "t": _text, "o": _text}
