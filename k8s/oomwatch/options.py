# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The options of `oomwatch run`: one table that the command line, the environment, the JSON file, the schema and the
documentation follow."""

import re
from typing import Any, List, NamedTuple, Optional, Tuple

# Python's $ also matches before a line feed at the end; this matches at the end only, in ECMA 262 as well.
_END = r"(?![\s\S])"
_NAMES_A_FILE = r"^[^\u0000-\u001f\u007f]*[/.][^\u0000-\u001f\u007f]*" + _END
_IS_A_PATH = r"^[^\u0000-\u001f\u007f]+" + _END
_PORT = r"(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}|0)"
_IS_AN_ADDRESS = r"^(\[[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?\]|[A-Za-z0-9._-]*):" + _PORT + _END
_IS_A_NODE = r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?" + _END
_IS_A_TIME = r"^([1-9][0-9]{0,3}[smh]|[1-9][0-9]{0,6})" + _END

MOST_SECONDS = 9999999
_UNITS = {"s": 1, "m": 60, "h": 3600}
_SHOWN = 60  # characters of a wrong value


class Option(NamedTuple):
    """One option. A value is one of `words`, or a string that matches `pattern`, or as the next three say.

    default: None where there is none; metavar: what stands for the value in --help; right: completes "give …".
    pattern: read the same by Python and by ECMA 262, since the schema has it too.
    """

    key: str
    default: Any
    metavar: Optional[str]
    help: str
    right: str
    words: Tuple[str, ...] = ()
    pattern: Optional[str] = None
    is_seconds: bool = False
    may_be_null: bool = False
    is_flag: bool = False

    @property
    def flag(self) -> str:
        """Its name on the command line."""
        return "--" + self.key.replace("_", "-")

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return "OOMWATCH_" + self.key.upper()


OPTIONS = (
    Option(
        "output",
        "auto",
        "FORMAT",
        "What is printed for each OOM: a page for people (text), one JSON object a line (json), or nothing (none). "
        "auto is text on a terminal and json otherwise.",
        "auto, text, json or none",
        words=("auto", "text", "json", "none"),
    ),
    Option(
        "kernel_log",
        "auto",
        "SOURCE",
        "Where the kernel's messages are read: /dev/kmsg (kmsg), the system call syslog(2) (syslog), journalctl "
        "(journal), a file that is followed like `tail -F` (its path), or nowhere (none: only the kernel's counters of "
        "kills). auto takes the first of kmsg, syslog and journal that can be read.",
        "auto, kmsg, syslog, journal, none, or the path of a log with a / or a . in it, such as ./log",
        words=("auto", "kmsg", "syslog", "journal", "none"),
        pattern=_NAMES_A_FILE,
    ),
    Option(
        "since",
        "last",
        "WHEN",
        "Where to begin in the kernel's log: at its end (now), at the start of this boot (boot), or where the state in "
        "state_dir left off (last; without a state this is now).",
        "now, boot or last",
        words=("now", "boot", "last"),
    ),
    Option(
        "state_dir",
        None,
        "DIR",
        "Folder for the state that survives a restart of the agent: its place in the log, its counters, and what is "
        "still to be delivered. Without it, these are kept in memory only.",
        "the path of a folder",
        pattern=_IS_A_PATH,
        may_be_null=True,
    ),
    Option(
        "root",
        "/",
        "DIR",
        "Folder below which the host's proc, sys and other files are found.",
        "the path of a folder",
        pattern=_IS_A_PATH,
    ),
    Option(
        "listen",
        "off",
        "HOST:PORT",
        "Address of the HTTP server with /metrics, /healthz and /readyz, such as 127.0.0.1:9750, [::]:9750, or :9750 "
        "for all addresses. off: no server.",
        "HOST:PORT such as 127.0.0.1:9750, [::1]:9750 or :9750, with a port of at most 65535, or off",
        words=("off",),
        pattern=_IS_AN_ADDRESS,
        may_be_null=True,
    ),
    Option(
        "kube",
        "auto",
        "WHERE",
        "The API server: that of the cluster in whose pod the agent runs (in-cluster), that of a kubeconfig file (its "
        "path), or none (off). auto is in-cluster inside a pod and off elsewhere.",
        "auto, off, in-cluster, or the path of a kubeconfig with a / or a . in it, such as ./config",
        words=("auto", "off", "in-cluster"),
        pattern=_NAMES_A_FILE,
    ),
    Option(
        "node",
        None,
        "NAME",
        "Name of the node in events and at the API server. Without it, the variable NODE_NAME holds the name, and "
        "without that the name is the host's.",
        "a name of at most 253 letters, digits, dots, hyphens and underscores that begins and ends with a letter or "
        "digit",
        pattern=_IS_A_NODE,
        may_be_null=True,
    ),
    Option(
        "pods",
        "api",
        "SOURCE",
        "Where pods are looked up when an OOM hits one: at the API server (api), at the node's kubelet (kubelet), or "
        "nowhere (none).",
        "api, kubelet or none",
        words=("api", "kubelet", "none"),
    ),
    Option(
        "events",
        "on",
        "on|off",
        "Whether Kubernetes Events are written for OOM kills.",
        "on or off",
        words=("on", "off"),
    ),
    Option(
        "report",
        "auto",
        "KIND",
        "Where the findings of the node and its pods are reported: a ClusterReport of OpenReports (openreports), a "
        "ClusterPolicyReport of wgpolicyk8s.io (wgpolicy), or nowhere (off). auto is the first of the two that the "
        "cluster has, or off.",
        "auto, openreports, wgpolicy or off",
        words=("auto", "openreports", "wgpolicy", "off"),
    ),
    Option(
        "audit_every",
        "10m",
        "TIME",
        "Time between two audits of the node and its pods: a number with the unit s, m or h, or a number of seconds.",
        "a time such as 60s, 10m or 1h, or a number of seconds from 1 to 9999999",
        pattern=_IS_A_TIME,
        is_seconds=True,
    ),
    Option(
        "predict_every",
        "60s",
        "TIME",
        "Time between two predictions of the next victim: a number with the unit s, m or h, or a number of seconds.",
        "a time such as 60s, 10m or 1h, or a number of seconds from 1 to 9999999",
        pattern=_IS_A_TIME,
        is_seconds=True,
    ),
    Option(
        "once",
        False,
        None,
        "Audit once, print the findings and exit: 0 without findings, 1 with findings, 2 after an error.",
        "true or false",
        is_flag=True,
    ),
)
BY_KEY = {option.key: option for option in OPTIONS}


def is_right(option: Option, value: Any) -> bool:
    """Whether a value from a JSON file is one that the option takes."""
    if value is None:
        return option.may_be_null
    if isinstance(value, bool):
        # YAML 1.1 turns a bare off into false, and whoever writes the file by a template from YAML gets that.
        return option.is_flag or ("on" if value else "off") in option.words
    if isinstance(value, (int, float)):
        return option.is_seconds and 1 <= value <= MOST_SECONDS
    if isinstance(value, str):
        return value in option.words or (option.pattern is not None and re.search(option.pattern, value) is not None)
    return False


def complaint(option: Option, value: Any, name: str) -> Optional[str]:
    """One sentence without a full stop if the value is wrong, else None. name: what the place calls the option."""
    if is_right(option, value):
        return None
    if value == "":
        return f"{name} is empty; give {option.right}"
    return f"{name} is {shown(value)}; give {option.right}"


def of_text(option: Option, text: str) -> Any:
    """The value that a text from the environment stands for, as a JSON file would have it."""
    if option.is_flag:
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    return text


def meant(option: Option, value: Any) -> Any:
    """What a right value means: words for booleans, None for no server, seconds (float) for a time."""
    if value is None:
        value = option.default
    if isinstance(value, bool) and not option.is_flag:
        value = "on" if value else "off"
    if option.is_seconds:
        return seconds(value)
    return None if option.key == "listen" and value == "off" else value


def seconds(value: Any) -> float:
    """Seconds of a right time: 10m, 600s, "600" or 600."""
    if isinstance(value, str) and value[-1] in _UNITS:
        return float(int(value[:-1]) * _UNITS[value[-1]])
    return float(value)


def shown(value: Any) -> str:
    """A value in a sentence: as JSON would have it, on one line, cut if it is long."""
    import json

    text = json.dumps(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def unknown_key(key: str) -> str:
    """One sentence without a full stop about a key that no option has, with the nearest that one has."""
    import difflib

    near: List[str] = difflib.get_close_matches(key.lower().replace("-", "_"), list(BY_KEY), 1)
    hint = f"the nearest is {near[0]}" if near else f"the options are {', '.join(BY_KEY)}"
    return f"{shown(key)} is no option; {hint}"
