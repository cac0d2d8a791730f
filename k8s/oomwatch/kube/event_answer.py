# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What the API server's answer to an Event means for it."""

from typing import NamedTuple, Optional, Union

from oomwatch.kube.client import Answer, Unreachable

DELIVERED, DROPPED, HELD, LATER = "delivered", "dropped", "held", "later"
_TERMINATING = "NamespaceTerminating"


class Outcome(NamedTuple):
    """word: delivered; dropped (it can never be delivered); held (not in this namespace now); later (nothing now).

    sentence: why, None when it is delivered.
    """

    word: str
    sentence: Optional[str] = None
    retry_after: Optional[float] = None


def to_create(answer: Union[Answer, Unreachable], namespace: str) -> Outcome:
    """To a POST of an Event."""
    if isinstance(answer, Unreachable):
        return Outcome(LATER, answer.reason)
    if answer.status in (200, 201, 202) or (answer.status == 409 and _reason(answer) in ("AlreadyExists", "")):
        return Outcome(DELIVERED)
    return _refused(answer, namespace)


def to_patch(answer: Union[Answer, Unreachable], namespace: str) -> Outcome:
    """To a PATCH of an Event's series. A 404 is for the caller."""
    if isinstance(answer, Unreachable):
        return Outcome(LATER, answer.reason)
    if answer.status == 200:
        return Outcome(DELIVERED)
    return _refused(answer, namespace)


def _refused(answer: Answer, namespace: str) -> Outcome:
    said = f": {answer.message}" if answer.message else ""
    if answer.status == 401:
        return Outcome(LATER, f"The API server does not accept the agent's token{said}", answer.retry_after)
    if answer.status == 403:
        return _forbidden(answer, namespace, said)
    if answer.status == 404 and answer.body is None:
        return Outcome(DROPPED, "The API server has no events.k8s.io/v1; Kubernetes 1.19 or later has it")
    if answer.status == 404:
        return Outcome(DROPPED, f"The namespace {namespace} of an Event does not exist any more")
    if answer.status in (400, 405, 406, 413, 415, 422):
        return Outcome(DROPPED, f"The API server refuses an Event for good (status {answer.status}){said}")
    return Outcome(LATER, f"The API server answered {answer.status} to an Event{said}", answer.retry_after)


def _forbidden(answer: Answer, namespace: str, said: str) -> Outcome:
    if _is_terminating(answer):
        return Outcome(DROPPED, f"The namespace {namespace} of an Event is being terminated")
    # An admission plugin judges this one Event, and says the same of it the next time.
    if "admission webhook" in answer.message or "ValidatingAdmissionPolicy" in answer.message:
        return Outcome(DROPPED, f"An admission rule of the cluster refuses an Event{said}")
    return Outcome(
        HELD,
        f"The agent has no right to write Events in namespace {namespace} (ClusterRole: events in group events.k8s.io, "
        f"verbs create and patch){said}",
        answer.retry_after,
    )


def _is_terminating(answer: Answer) -> bool:
    details = answer.body.get("details") if isinstance(answer.body, dict) else None
    causes = details.get("causes") if isinstance(details, dict) else None
    reasons = [cause.get("reason") for cause in causes if isinstance(cause, dict)] if isinstance(causes, list) else []
    return _TERMINATING in reasons or "is being terminated" in answer.message


def _reason(answer: Answer) -> str:
    return str(answer.body.get("reason") or "") if isinstance(answer.body, dict) else ""
