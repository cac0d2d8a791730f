# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What a task asks for, entry by entry, as far as it can be checked without the host; records in, records out."""

from typing import Dict, List, NamedTuple, Optional

from ...memcore.errors import OptionError
from . import selection

KEYS = (*selection.KINDS, "scope", "children", "value", "allow_unkillable", "persist", "missing")


class Asked(NamedTuple):
    """One entry. kind: its selector; params: its options and the task's `state`, as a target is resolved from them."""

    title: str
    kind: str
    params: Dict[str, object]


def of_task(params: Dict[str, object]) -> Optional[List[Asked]]:
    """The entries of a task's options; None where it names nothing, which means all that is recorded.

    OptionError for what cannot be meant, with the entry's place in the list where there is one.
    """
    check_number("lock_timeout", params["lock_timeout"], lowest=0)
    state, listed = params["state"], params["entries"]
    single = {key: params[key] for key in KEYS}
    given = [kind for kind in selection.KINDS if single[kind] is not None]
    if state == "listed":
        if given or listed is not None:
            raise OptionError("state is listed, which shows the whole record; give neither entries nor a selector.")
        return None
    if listed is not None:
        return [_numbered(number, dict(entry, state=state)) for number, entry in enumerate(listed)]
    if state == "absent" and not given:
        return None
    return [_checked(dict(single, state=state))]


def check_number(name: str, value: object, lowest: Optional[int] = None) -> None:
    """OptionError where the value is a boolean, which counts as a whole number in Python, or too low."""
    if isinstance(value, bool):
        raise OptionError(f"{name} is {str(value).lower()}, but it must be a whole number; give a whole number.")
    if lowest is not None and value < lowest:
        raise OptionError(f"{name} is {value}, but the lowest is {lowest}; give that or more.")


def _numbered(number, params):
    try:
        return _checked(params)
    except OptionError as error:
        raise OptionError(f"entry {number + 1} of entries is wrong: {error}") from None


def _checked(params):
    for name in ("pid", "value"):
        check_number(name, params[name])
    for name in selection.KINDS:
        _check_text(name, params[name])
    kind = selection.checked_kind(params, params["scope"])
    if kind == "pattern":
        selection.checked_pattern(params[kind])
    if params["state"] == "present":
        if params["value"] is None:
            raise OptionError("value is missing, which state: present needs; give a number from -1000 to 1000.")
        selection.checked_value(params["value"])
    return Asked(_title(kind, params), kind, params)


def _check_text(name, value):
    # No path, no user and no command can have a NUL in it, and none can be told the system in other characters.
    if not isinstance(value, str):
        return
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise OptionError(f"{name} {value!r} cannot be a name on any host; correct it.") from None
    if "\0" in value:
        raise OptionError(f"{name} {value!r} contains a NUL byte, which no name on a host can have; correct it.")


def _title(kind, params):
    title = f"{kind} {params[kind]}"
    if kind == "unit" and params["scope"] == "user":
        title += " of all users" if params["user"] is None else f" of user {params['user']}"
    return title
