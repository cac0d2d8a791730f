# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Option strings of a tmpfs, as fstab, mount units and mountinfo write them."""

from typing import Dict, List, Optional

# What sets the same limit under another name; of two the kernel takes the last.
_SAME_LIMIT = {"size": ("size", "nr_blocks"), "nr_inodes": ("nr_inodes",)}
# Not options to give: security modules show the first, and older kernels refuse the others.
_ONLY_SHOWN = ("seclabel", "inode32", "inode64")
# MS_REMOUNT clears each of these that is not repeated (MS_RMT_MASK in the kernel's fs.h).
_SUPERBLOCK_FLAGS = ("ro", "sync", "mand", "lazytime")
_ATIME = ("noatime", "relatime", "strictatime")


def value_of(options: List[str], name: str) -> Optional[str]:
    """The value that counts of size= or nr_inodes=, None where there is none or it is given in blocks."""
    found = [option for option in options if _is_limit(option, name)]
    return found[-1].partition("=")[2] if found and found[-1].startswith(name + "=") else None


def with_limits(options: List[str], limits: Dict[str, Optional[str]]) -> List[str]:
    """The options with size= and nr_inodes= set to these values (None takes them out), all others where they were."""
    result = list(options)
    for name, value in limits.items():
        places = [number for number, option in enumerate(result) if _is_limit(option, name)]
        for number in reversed(places):
            del result[number]
        if value is not None:
            result.insert(places[0] if places else len(result), f"{name}={value}")
    return result


def limits_of(options: List[str]) -> List[str]:
    """Those options that set a limit."""
    return [option for option in options if any(_is_limit(option, name) for name in _SAME_LIMIT)]


def with_limits_of(options: List[str], other: List[str]) -> List[str]:
    """The options with the limits of the others in place of their own."""
    places = [number for number, option in enumerate(options) if option in limits_of(options)]
    rest = [option for option in options if option not in limits_of(options)]
    position = places[0] if places else len(rest)
    return rest[:position] + limits_of(other) + rest[position:]


def to_declare(options: str, super_options: str) -> List[str]:
    """What a new line of fstab must say so that this mount stays what it is; arguments are fields of mountinfo."""
    names = to_repeat(options, "") + super_options.split(",")
    kept = [name for name in dict.fromkeys(names) if name not in _ONLY_SHOWN and not _is_limit(name, "size")]
    return [name for name in kept if name != "rw" or "ro" not in kept]


def to_repeat(options: str, super_options: str) -> List[str]:
    """The flags that a remount must name, since mount(2) clears those it is not given; fields of mountinfo."""
    flags = options.split(",")
    flags += [name for name in super_options.split(",") if name in _SUPERBLOCK_FLAGS and name not in flags]
    # Neither noatime nor relatime shown means strictatime, and nodiratime alone would bring relatime with it.
    return flags if any(name in flags for name in _ATIME) else flags + ["strictatime"]


def beside_limits(options: str, super_options: str) -> List[str]:
    """Everything but the limits, to compare before with after."""
    names = options.split(",") + ["superblock " + name for name in super_options.split(",")]
    return sorted(name for name in names if not any(_is_limit(name.split(" ")[-1], limit) for limit in _SAME_LIMIT))


def _is_limit(option, name):
    return option.partition("=")[0] in _SAME_LIMIT[name]
