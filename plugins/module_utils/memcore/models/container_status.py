# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What a pod's status says of a container: how it ended before, and the resources that it really has."""

from typing import Dict, Iterator, NamedTuple, Optional, Tuple

from . import quantity
from .lenient import number_of, object_of, text_of
from .pod_oom import seconds


class Ended(NamedTuple):
    """A termination. is_current: of `state`, so that the container does not run; else of `lastState`. Unix times."""

    reason: str
    exit_code: int
    is_current: bool
    started: Optional[float]
    finished: Optional[float]


class Status(NamedTuple):
    """id: without the runtime's scheme. started: Unix time, None where it does not run. ended: the newest first.

    request_bytes, limit_bytes: of status.resources, which a kubelet with in-place resize reports (1.33 on): those that
    were applied, where the spec has those that are wanted.
    """

    id: Optional[str] = None
    restarts: Optional[int] = None
    started: Optional[float] = None
    ended: Tuple[Ended, ...] = ()
    request_bytes: Optional[int] = None
    limit_bytes: Optional[int] = None


NONE = Status()


def of_row(row: Dict) -> Status:
    """Of one of containerStatuses, initContainerStatuses or ephemeralContainerStatuses."""
    resources = object_of(row, "resources")
    return Status(
        (text_of(row, "containerID") or "").rpartition("://")[2] or None,
        number_of(row, "restartCount"),
        seconds(text_of(object_of(object_of(row, "state"), "running"), "startedAt")),
        tuple(_ended(row)),
        quantity.whole(object_of(resources, "requests").get("memory")),
        quantity.whole(object_of(resources, "limits").get("memory")),
    )


def _ended(row) -> Iterator[Ended]:
    for when in ("state", "lastState"):
        told = object_of(object_of(row, when), "terminated")
        reason, code = text_of(told, "reason"), number_of(told, "exitCode")
        if reason is not None and code is not None:
            times = (seconds(text_of(told, name)) for name in ("startedAt", "finishedAt"))
            yield Ended(reason, code, when == "state", *times)
