# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Where an oom_score_adj is written down so that it outlives the process, or why it is not."""

from typing import NamedTuple, Optional

from ...memcore.errors import OptionError
from ...memcore.models import unkillable
from ...memcore.models.lifelines import Lifeline
from . import drop_in_text

SYSTEMD, ITSELF, NONE = "systemd", "itself", "none"


class Persistence(NamedTuple):
    """method: systemd (a drop-in), itself (the service does it at each start) or none. warn: the reason is news."""

    method: str
    reason: str
    warn: bool = False


class Service(NamedTuple):
    """What is asked to be persistent. line: the lifeline it runs. manager_adj: the user's manager's own value.

    systemd: whether it runs this host. unit is None where processes were not selected by one.
    """

    unit: Optional[str]
    systemd: bool
    line: Optional[Lifeline] = None
    manager_adj: Optional[int] = None


def decide(asked: str, service: Service, value: int) -> Persistence:
    """The method for persist: auto, systemd or none; OptionError where systemd is asked for and cannot be."""
    if asked == NONE:
        return Persistence(NONE, "persist is none")
    obstacle = _obstacle(service, value)
    if asked == SYSTEMD:
        if obstacle:
            raise OptionError(f"persist is systemd, but {obstacle}; use persist: none.")
        return Persistence(SYSTEMD, "a drop-in of the unit", False)
    if obstacle:
        return Persistence(NONE, obstacle, warn=not service.systemd or service.unit is not None)
    if unkillable.protects_itself(service.line) and value < 0:
        return _by_itself(service.line, value)
    return Persistence(SYSTEMD, "a drop-in of the unit")


def sessions_warning(service: Service, value: int) -> Optional[str]:
    """What a drop-in with a negative value does to a service that starts sessions; None where there is none."""
    if not unkillable.starts_sessions(service.line) or value >= 0:
        return None
    return (
        f"{service.unit} hands the value that it was started with on to its sessions: after its next start all that "
        f"people run in them has {value} too; persist: auto avoids that, since {service.line.name} protects itself."
    )


def idle_warning(unit: str, active_state: str) -> Optional[str]:
    """What is to be said of a unit in which no process was found; None where it does not run."""
    if active_state != "active":
        return None
    return (
        f"{unit} is active but runs no process of its own, so that the value is written for nothing that runs now; "
        "name the unit that does, as postgresql@15-main.service is for postgresql.service."
    )


def _obstacle(service, value):
    if not service.systemd:
        return "this host does not run systemd, so that nothing gives the value to a later process"
    if service.unit is None:
        return "only a unit can be given a drop-in, and the processes were not selected by unit"
    if drop_in_text.kind(service.unit) not in drop_in_text.STARTS_PROCESSES:
        return f"{service.unit} starts no processes of its own, so that systemd knows no OOMScoreAdjust for it"
    if service.manager_adj is not None and value < service.manager_adj:
        return (
            f"the user's manager runs with {service.manager_adj} and, being unprivileged, cannot start {service.unit} "
            f"with {value}, which is less"
        )
    return None


def _by_itself(line, value):
    reason = (
        f"{line.name} sets itself to {unkillable.VALUE} at each start, and a drop-in would make all its sessions "
        "start with the value too"
    )
    if value == unkillable.VALUE:
        return Persistence(ITSELF, reason)
    return Persistence(NONE, f"{reason}; {value} holds until its next start", warn=True)
