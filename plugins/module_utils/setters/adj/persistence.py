# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Where an oom_score_adj is written down so that it outlives the process, or why it is not."""

from typing import NamedTuple, Optional

from ...memcore.errors import OptionError
from ...memcore.models.lifelines import Lifeline
from . import drop_in_text, unkillable

SYSTEMD, ITSELF, DECLARED, NONE = "systemd", "itself", "unit", "none"


class Persistence(NamedTuple):
    """method: systemd (a drop-in), itself (the service does it at each start), unit (other files of it do) or none.

    warn: the reason is news.
    """

    method: str
    reason: str
    warn: bool = False


class Declared(NamedTuple):
    """What files of the unit that are not ours set, and the one that has the last word."""

    value: int
    path: str


class Service(NamedTuple):
    """What is asked to be persistent. line: the lifeline it runs. manager_adj: the user's manager's own value.

    systemd: whether it runs this host. unit is None where processes were not selected by one. starts_sessions: its
    children are what people run. hidden_by: the drop-in for which systemd would never read ours. overridden_by: that of
    an instance, which says another value after ours as its template's.
    """

    unit: Optional[str]
    systemd: bool
    line: Optional[Lifeline] = None
    manager_adj: Optional[int] = None
    starts_sessions: bool = False
    declared: Optional[Declared] = None
    hidden_by: Optional[str] = None
    overridden_by: Optional[str] = None


def decide(asked: str, service: Service, value: int) -> Persistence:
    """The method for persist: auto, systemd or none; OptionError where systemd is asked for and cannot be."""
    if asked == NONE:
        return Persistence(NONE, "persist is none")
    obstacle = _obstacle(service, value)
    if asked == SYSTEMD:
        if obstacle:
            raise OptionError(f"persist is systemd, but {obstacle}; use persist: none.")
        return _by_drop_in(service)
    if obstacle:
        return Persistence(NONE, obstacle, warn=not service.systemd or service.unit is not None)
    if unkillable.protects_itself(service.line) and value < 0:
        return _by_itself(service.line, value)
    if service.declared is not None and service.declared.value == value:
        return Persistence(DECLARED, f"{service.declared.path} already sets this value, so no drop-in is needed")
    if service.starts_sessions and value < 0:
        return Persistence(NONE, f"{service.unit} would pass {value} on to every program in its sessions", warn=True)
    return _by_drop_in(service)


def sessions_warning(service: Service, value: int) -> Optional[str]:
    """What a drop-in with a negative value does to a service that starts sessions; None where there is none."""
    if not service.starts_sessions or value >= 0:
        return None
    return (
        f"{service.unit} hands the value that it was started with on to its sessions: after its next start all that "
        f"people run in them has {value} too; persist: auto avoids that."
    )


def idle_warning(unit: str, active_state: str) -> Optional[str]:
    """What is to be said of a unit in which no process was found; None where it does not run."""
    if active_state != "active" or drop_in_text.is_template(unit):
        return None
    if drop_in_text.kind(unit) not in drop_in_text.STARTS_PROCESSES:
        return f"Nothing was set: {unit} has no process; {advice_without_process(unit)}."
    return (
        f"{unit} is active but runs no process of its own, so the value does not affect any running process; "
        "name the unit that does, as postgresql@15-main.service is for postgresql.service."
    )


def advice_without_process(unit: str) -> str:
    """What helps where a unit has no running process, by what systemd can do for its kind."""
    kind = drop_in_text.kind(unit)
    if drop_in_text.is_template(unit):
        return "start an instance of it, or let persist write its drop-in"
    if kind in drop_in_text.STARTS_PROCESSES:
        return "start it, or let persist write its drop-in"
    if kind in ("slice", "scope"):
        return "set the value on the units that run in it"
    return f"a {kind} never has one: name the service that it starts"


def _by_drop_in(service):
    if service.hidden_by is not None:
        raise OptionError(
            f"systemd would never read the drop-in of {service.unit}, because {service.hidden_by} has the same "
            "name and comes first; remove or rename that one, or use persist: none."
        )
    if service.overridden_by is not None:
        raise OptionError(
            f"{service.overridden_by} sets OOMScoreAdjust for one instance of {service.unit} after the drop-in would; "
            "remove the line there, name the other instances instead, or use persist: none."
        )
    return Persistence(SYSTEMD, "a drop-in of the unit")


def _obstacle(service, value):
    if not service.systemd:
        return "this host does not run systemd, so processes that start later do not get the value"
    if service.unit is None:
        return "only a unit can be given a drop-in, and the processes were not selected by unit"
    if drop_in_text.kind(service.unit) not in drop_in_text.STARTS_PROCESSES:
        return f"{service.unit} starts no processes of its own, so systemd has no OOMScoreAdjust for it"
    if service.manager_adj is not None and value < service.manager_adj:
        return (
            f"the user's manager runs with {service.manager_adj} and, being unprivileged, cannot start {service.unit} "
            f"with {value}, which is a lower value"
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
