# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The configuration file of `oomwatch run`: read, parsed, and held against the table of options."""

import json
import os
import stat
from typing import Any, Dict, List, Tuple

from memcore.errors import OptionError
from memcore.sources.host import reason
from memcore.sources.printable import printable
from oomwatch import options

_MOST_BYTES = 1 << 16
# Editors find the schema by it.
_IGNORED = ("$schema",)


def read(path: str) -> Dict[str, Any]:
    """The object in the file, with keys and values unchecked. OptionError: one sentence."""
    name = printable(path)
    try:
        data = _bytes(path)
    except ValueError:  # a NUL in the path
        raise OptionError(f"The configuration {name} has no possible file name; give the path of a JSON file") from None
    except OSError as error:
        raise OptionError(f"Cannot read the configuration {name}: {reason(error)}; give a JSON file") from None
    if len(data) > _MOST_BYTES:
        raise OptionError(f"The configuration {name} is larger than 64 KiB; give a JSON file with the options only")
    return _parsed(data, name)


def problems(document: Dict[str, Any]) -> List[Tuple[str, str]]:
    """What is wrong: (key, one sentence without a full stop), in the order of the file."""
    found = []
    for key, value in document.items():
        if key in _IGNORED:
            if not isinstance(value, str):
                found.append((key, f"{key} is {options.shown(value)}; give the address of the schema, or leave it out"))
            continue
        option = options.BY_KEY.get(key)
        sentence = options.unknown_key(key) if option is None else options.complaint(option, value, key)
        if sentence is not None:
            found.append((key, sentence))
    return found


def values(document: Dict[str, Any]) -> Dict[str, Any]:
    """The options that a document without problems sets."""
    return {key: value for key, value in document.items() if key not in _IGNORED}


def _bytes(path):
    # A FIFO would keep whoever opens or reads it waiting, also at SIGHUP in the middle of the agent's work.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        with open(descriptor, "rb", closefd=False) as stream:  # which refuses a folder, and leaves it open
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(0, "not a regular file")
            return stream.read(_MOST_BYTES + 1)
    finally:
        os.close(descriptor)


def _parsed(data, name):
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OptionError(f"The configuration {name} is not UTF-8 at byte {error.start}; write it in UTF-8") from None
    if not text.strip():
        raise OptionError(f"The configuration {name} is empty; write a JSON object, at least {{}}")
    try:
        document = json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise OptionError(f"The configuration {name} is not valid JSON: {error.msg.lower()} at {where}") from None
    except UnicodeEncodeError:
        raise OptionError(
            f"The configuration {name} has half of a surrogate pair (\\ud800 to \\udfff) in a string; write both halves"
        ) from None
    except RecursionError:
        raise OptionError(f"The configuration {name} is nested too deeply; options are not nested at all") from None
    except ValueError as error:  # from the two hooks, or a whole number of thousands of digits
        raise OptionError(f"The configuration {name} is not usable: {error}") from None
    if not isinstance(document, dict):
        raise OptionError(
            f"The configuration {name} holds {options.shown(document)} and no JSON object; "
            'write an object such as {"listen": ":9750"}'
        )
    return document


def _object(pairs):
    found = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {options.shown(key)} stands there twice; remove one of the two")
        found[key] = value
    return found


def _no_number(word):
    raise ValueError(f"{word} is no JSON number; give a number")
