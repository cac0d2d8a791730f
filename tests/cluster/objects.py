# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects of the Kubernetes API that tests create, as plain dictionaries."""

from typing import Dict, List, Optional, Sequence

AGENT_NAMESPACE, AGENT = "memfacts-system", "oomwatch"
# All that the agent may do: pods and nodes (RBAC cannot limit that to its own node), Events, and the node's report.
AGENT_RULES = (
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]},
    {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]},
    {"apiGroups": ["openreports.io"], "resources": ["clusterreports"], "verbs": ["get", "create", "patch"]},
    {"apiGroups": ["wgpolicyk8s.io"], "resources": ["clusterpolicyreports"], "verbs": ["get", "create", "patch"]},
    {"apiGroups": ["events.k8s.io", ""], "resources": ["events"], "verbs": ["create", "patch"]},
)
RBAC = "rbac.authorization.k8s.io"
# The images that image.py makes; nothing is pulled.
PAUSE_IMAGE, WORK_IMAGE = "lab.local/pause:1", "lab.local/work:1"


def namespace(name: str) -> Dict:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def service_account(name: str) -> Dict:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}


def cluster_role(name: str, rules: Sequence[Dict]) -> Dict:
    return {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": list(rules)}


def cluster_role_binding(name: str, role: str, account_namespace: str, account: str) -> Dict:
    subject = {"kind": "ServiceAccount", "namespace": account_namespace, "name": account}
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [subject],
    }


def node(name: str) -> Dict:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}


def container(
    name: str,
    main: Sequence[int],
    requests: Optional[Dict] = None,
    limits: Optional[Dict] = None,
) -> Dict:
    """A container that runs `work main …` (see program/work.c)."""
    resources = {key: value for key, value in (("requests", requests), ("limits", limits)) if value}
    return {
        "name": name,
        "image": WORK_IMAGE,
        "imagePullPolicy": "Never",
        "args": ["main", *(str(number) for number in main)],
        "resources": resources,
    }


def pod(name: str, on: str, containers: List[Dict], restart: str = "Never", **spec) -> Dict:
    """A pod that is bound to the node `on`, so that no scheduler is needed."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "nodeName": on,
            "hostNetwork": True,
            "restartPolicy": restart,
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": False,
            "containers": containers,
            **spec,
        },
    }


def guaranteed_pod(name: str, on: str, main: Sequence[int] = (4, 3, 10, 3, 1, 20), limit_mib: int = 64) -> Dict:
    """The pod of the kernel's fix: a small first process, and children that grow to the limit."""
    amount = {"cpu": "100m", "memory": f"{limit_mib}Mi"}
    return pod(name, on, [container("app", main, amount, amount)])


def event(name: str, regarding: Dict, reason: str, at: str) -> Dict:
    """An Event of events.k8s.io/v1 as the agent writes it; `at` is RFC 3339 with microseconds."""
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": regarding["namespace"]},
        "eventTime": at,
        "reportingController": "memfacts.linux/oomwatch",
        "reportingInstance": "test",
        "action": "OOMKill",
        "reason": reason,
        "regarding": regarding,
        "note": "a test",
        "type": "Warning",
    }
