# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The settings of `oomwatch run`: from its options, the environment, a JSON file and the defaults, in this order."""

import os
from typing import Any, Dict, Mapping, NamedTuple, Optional

from memcore.errors import OptionError
from memcore.sources.printable import printable
from oomwatch import config_file, options

_FILE_VARIABLE = "OOMWATCH_CONFIG"


class Settings(NamedTuple):
    """What the agent runs with. Words are as in the table of options: events is "on" or "off", report "auto" or "off".

    state_dir: None for memory only; listen: None for no server; audit_every, predict_every: seconds.
    """

    output: str
    kernel_log: str
    since: str
    state_dir: Optional[str]
    root: str
    listen: Optional[str]
    kube: str
    node: str
    pods: str
    events: str
    report: str
    audit_every: float
    predict_every: float
    once: bool


def add_options(parser) -> None:
    """Add all options to an argparse parser. One that is not given is None there, so that others may speak."""
    parser.add_argument(
        "--config", metavar="FILE", help="JSON file with any of these options; the name of a key has _ in place of -"
    )
    for option in options.OPTIONS:
        text = option.help.replace("%", "%%")
        if option.is_flag:
            parser.add_argument(option.flag, action="store_true", default=None, help=text)
        else:
            text = text if option.default is None else f"{text} (default: {option.default})"
            parser.add_argument(option.flag, metavar=option.metavar, help=text)


def settings(arguments, environ: Mapping[str, str]) -> Settings:
    """The settings. arguments: what argparse made with add_options. OptionError: one sentence about the first fault."""
    found = _of_file(environ.get(_FILE_VARIABLE) or None if arguments.config is None else arguments.config)
    for option in options.OPTIONS:
        # Only these names are looked at: Kubernetes sets OOMWATCH_PORT and more for a Service named oomwatch.
        text = environ.get(option.variable)
        if text:  # an empty variable is one that a template left empty
            found[option.key] = _checked(option, options.of_text(option, text), option.variable)
        value = getattr(arguments, option.key)
        if value is not None:
            found[option.key] = _checked(option, value, option.flag)
    return resulting(found, environ)


def resulting(found: Dict[str, Any], environ: Mapping[str, str]) -> Settings:
    """The settings with these values, which are right, and the defaults for all others."""
    meant = {option.key: options.meant(option, found.get(option.key)) for option in options.OPTIONS}
    if meant["node"] is None:
        meant["node"] = _node(environ)
    return Settings(**meant)


def _of_file(path) -> Dict[str, Any]:
    if path is None:
        return {}
    document = config_file.read(path)
    problems = config_file.problems(document)
    if problems:
        more = f" ({len(problems) - 1} more; see oomwatch check-config)" if len(problems) > 1 else ""
        raise OptionError(f"In the configuration {printable(path)}, {problems[0][1]}{more}")
    return config_file.values(document)


def _checked(option, value, name):
    sentence = options.complaint(option, value, name)
    if sentence is not None:
        raise OptionError(sentence)
    return value


def _node(environ):
    name = environ.get("NODE_NAME")
    if name:
        return _checked(options.BY_KEY["node"], name, "NODE_NAME")
    return os.uname().nodename
