# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Sizes of a tmpfs: as people and files write them, and as the kernel counts them (mm/shmem.c, lib/cmdline.c)."""

import re
from typing import NamedTuple, Optional

from ...memcore.errors import OptionError

_UNITS = "KMGT"
_ASKED = re.compile(r"([0-9]+)([kKmMgGtT%]?)$", re.ASCII)
# memparse() is base-0, so the kernel takes 0x10 for 16 and 010 for 8.
_WRITTEN = re.compile(r"(0[xX][0-9a-fA-F]+|[0-9]+)([kKmMgGtTpPeE]?)(%?)$", re.ASCII)
_LARGEST = (1 << 63) - 1
_MOST_DIGITS = 20


class Amount(NamedTuple):
    """A number of bytes, or where `percent` is set, that share of something."""

    bytes: Optional[int]
    percent: Optional[int] = None

    def of(self, whole: int) -> int:
        """Bytes, a share rounded down."""
        return whole * self.percent // 100 if self.bytes is None else self.bytes

    @property
    def text(self) -> str:
        """What to write into a file: kernel and systemd read it alike; 1024M and 1G are the same."""
        return f"{self.percent}%" if self.bytes is None else shortened(self.bytes)


def asked(name: str, given: str, percent: bool = True) -> Amount:
    """What a caller gave for the option `name`; OptionError unless it is a whole number above 0 that none misreads."""
    text = given.strip()
    valid = "bytes, or a number with k, M, G or T" + (", or a percentage of RAM such as 20%" if percent else "")
    match = _ASKED.match(text)
    if not match or len(text) > _MOST_DIGITS or (match[2] == "%" and not percent):
        raise OptionError(f"{name} is {_shown(given)}, which is not a size; give {valid}.")
    digits, unit = match[1], match[2].upper()
    if digits.strip("0") == "":
        raise OptionError(
            f"{name} is {_shown(given)}, which the kernel reads as no limit, and a remount could never set one "
            f"again; give {valid}."
        )
    if digits.startswith("0"):
        raise OptionError(
            f"{name} is {_shown(given)}, which the kernel would read as octal; give it without the leading 0."
        )
    if unit == "%":
        return Amount(None, int(digits))
    size = int(digits) << 10 * (_UNITS.index(unit) + 1) if unit else int(digits)
    if size > _LARGEST:
        raise OptionError(f"{name} is {_shown(given)}, which is more than any machine can address; give {valid}.")
    return Amount(size)


def written(text: str) -> Optional[Amount]:
    """The value of size= in a file as the kernel takes it; None for what it would refuse, and bytes 0 for no limit."""
    match = _WRITTEN.match(text)
    if not match or len(text) > _MOST_DIGITS:
        return None
    number, unit = match[1], match[2].upper()
    try:
        count = int(number, 16 if number[:2] in ("0x", "0X") else 8 if number[0] == "0" else 10)
    except ValueError:  # 08 is neither octal nor anything else
        return None
    count <<= 10 * ("KMGTPE".index(unit) + 1) if unit else 0
    return Amount(None, count) if match[3] else Amount(count)


def mounted(amount: Amount, total: int, page: int) -> int:
    """The bytes that a tmpfs of this size gets, which is whole pages; `total` is MemTotal."""
    return -(-amount.of(total) // page) * page


def shortened(number: int) -> str:
    """A number with the largest unit that leaves it whole: 1073741824 is 1G, 1025 is 1025."""
    unit = -1
    while unit + 1 < len(_UNITS) and number and number % 1024 == 0:
        number, unit = number // 1024, unit + 1
    return f"{number}{_UNITS[unit] if unit >= 0 else ''}"


def _shown(given):
    return repr(given if len(given) <= 40 else given[:40] + "...")
