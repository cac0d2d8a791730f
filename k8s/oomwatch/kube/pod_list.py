# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""A PodList that comes in pieces: one pod after the other, so that never more than one is whole in memory.

json.loads of a list of 500 pods costs 80 MB or more; the agent's whole budget is 32.
"""

import codecs
import json
from typing import Callable, Dict

_BLANKS = " \t\r\n"
_CUT = object()  # the text ends within a value
_MOST_CHARACTERS = 4 << 20  # of one pod; etcd refuses objects beyond 1.5 MiB


class PodListReader:
    """feed() pieces of JSON; take is called with each member of "items". ValueError: this is no such JSON.

    meta: the list's "metadata", as far as it was read. is_whole: its end was read.
    """

    def __init__(self, take: Callable[[Dict], None]) -> None:
        self.meta: Dict = {}
        self.is_whole = False
        self._take = take
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._json = json.JSONDecoder()
        self._text = ""
        self._place = 0
        self._enough = 0  # length of the text below which another try is in vain
        self._step = self._open

    def feed(self, piece: bytes) -> None:
        """Read on."""
        self._text = self._text[self._place :] + self._decode(piece)
        self._place = 0
        if len(self._text) < self._enough:
            return
        self._run()
        if len(self._text) - self._place > _MOST_CHARACTERS:
            raise ValueError("one pod of its list is larger than 4 MiB")

    def close(self) -> None:
        """Say that nothing more comes. ValueError: the list was cut."""
        self._run()
        if not self.is_whole:
            raise ValueError("its list of pods ends in the middle")

    def _run(self) -> None:
        self._enough = 0
        while not self.is_whole and self._step():
            pass

    # Each step reads one thing and returns False where the text is too short for it.

    def _open(self) -> bool:
        return self._mark("{", self._key)

    def _key(self) -> bool:
        mark = self._next()
        if mark == "}":
            self.is_whole = True
        elif mark == ",":
            self._place += 1
        elif mark is not None:
            return self._named()
        return mark is not None

    def _named(self) -> bool:
        name = self._value()
        if name is _CUT:
            return False
        if not isinstance(name, str):
            raise ValueError("its answer is no list of pods")
        self._name = name
        self._step = self._colon
        return True

    def _colon(self) -> bool:
        return self._mark(":", self._member)

    def _member(self) -> bool:
        mark = self._next()
        if mark is None:
            return False
        if self._name == "items" and mark == "[":
            self._place += 1
            self._step = self._item
            return True
        begin = self._place
        value = self._value()
        if value is _CUT or self._next() is None:  # what follows is needed: a number that is cut looks like a number
            self._place = begin
            return False
        if self._name == "metadata" and isinstance(value, dict):
            self.meta = value
        self._step = self._key
        return True

    def _item(self) -> bool:
        mark = self._next()
        if mark == "]":
            self._step = self._key
        if mark in ("]", ","):
            self._place += 1
            return True
        if mark is None:
            return False
        item = self._value()
        if item is _CUT:
            return False
        if not isinstance(item, dict):
            raise ValueError("its list of pods holds something else")
        self._take(item)
        return True

    def _mark(self, wanted: str, step: Callable[[], bool]) -> bool:
        mark = self._next()
        if mark is None:
            return False
        if mark != wanted:
            raise ValueError("its answer is no list of pods")
        self._place += 1
        self._step = step
        return True

    def _next(self):
        text, place = self._text, self._place
        while place < len(text) and text[place] in _BLANKS:
            place += 1
        self._place = place
        return text[place] if place < len(text) else None

    def _value(self):
        try:
            value, self._place = self._json.raw_decode(self._text, self._place)
        except ValueError:
            # Cut, or damaged, which shows at the end. A large pod is not parsed again for each piece of it.
            self._enough = (len(self._text) - self._place) * 3 // 2
            return _CUT
        return value
