# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The shapes that several subsets share when records become facts."""

import datetime
from typing import Dict

from ..models.owner import Owner


def owner_row(owner: Owner) -> Dict:
    """An owner as facts show it."""
    return {
        "kind": owner.kind,
        "unit": owner.unit,
        "runtime": owner.runtime,
        "container": owner.container,
        "pod_uid": owner.pod_uid,
        "qos_class": owner.qos_class,
        "volume": owner.volume,
    }


def rfc3339(seconds: float) -> str:
    """Seconds since the epoch as RFC 3339 in UTC; a time that no calendar holds becomes the epoch's nearest end."""
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=max(-62135596800, min(seconds, 253402300799)))
    return moment.isoformat(timespec="seconds") + "Z"
