# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""oomwatch audit: the options, and what is printed."""

from typing import Dict

from memcore.answers import audit
from memcore.findings.rule import SEVERITIES
from oomwatch import exits, terminal
from oomwatch.audit import annotations, manifest_files, sarif, text

_FORMS = ("text", "json", "sarif", "github")


def add_parser(commands) -> None:
    """Add the command to the program's parser."""
    parser = commands.add_parser(
        "audit",
        help="judge the memory of pods in manifests",
        description="Say for each pod or pod template which QoS class and oom_score_adj it gets, and what is wrong "
        "with its memory. Reads manifests only: no cluster is needed.",
        epilog="Exit status: 0 no finding reaches --fail-on, 1 one does, 2 usage error or an input that could not be "
        "read.",
    )
    parser.add_argument(
        "-f",
        "--filename",
        action="append",
        required=True,
        metavar="FILE",
        help="a manifest, a folder of them, or - for standard input; may be given several times",
    )
    parser.add_argument(
        "--node-memory",
        action="append",
        metavar="SIZE",
        help="memory of a node, to compute oom_score_adj with; may be given several times (16Gi)",
    )
    parser.add_argument(
        "--kubelet-version",
        default=audit.NEWEST_KUBELET,
        metavar="VERSION",
        help=f"whose rules hold ({audit.NEWEST_KUBELET})",
    )
    parser.add_argument("--output", choices=_FORMS, default="text", help="how to print the answer (text)")
    parser.add_argument(
        "--fail-on", choices=SEVERITIES, default="info", help="the least severity that is exit status 1 (info)"
    )
    parser.add_argument("--show-suppressed", action="store_true", help="list findings that an annotation suppresses")
    parser.set_defaults(run=run)


def run(arguments) -> int:
    """Audit; the exit status."""
    asked = audit.checked(arguments.node_memory or ["16Gi"], arguments.kubelet_version)
    given = manifest_files.read(arguments.filename)
    found = audit.collect(given.objects, asked)
    found["skipped"] = [{"what": what, "reason": why} for what, why in given.unread + given.notes] + found["skipped"]
    _print(found, arguments)
    for what, why in given.unread:
        terminal.complain(f"Cannot read {what}: {why}")
    if given.unread:
        return exits.WRONG
    least = SEVERITIES.index(arguments.fail_on)
    fails = any(SEVERITIES.index(row["severity"]) >= least for row in found["findings"])
    return exits.FOUND if fails else exits.NOTHING


def _print(found: Dict, arguments) -> None:
    shown = found if arguments.show_suppressed else dict(found, suppressed=[])
    if arguments.output == "json":
        terminal.show_json(shown)
    elif arguments.output == "sarif":
        terminal.show_json(sarif.log(found))
    elif arguments.output == "github":
        terminal.show(annotations.lines(found))
    else:
        terminal.show(text.lines(found, terminal.width(), arguments.show_suppressed))
