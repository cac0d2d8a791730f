# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""oomwatch check-config: say what is wrong with a configuration file, or which settings result from it."""

import json
import os
import pathlib
from typing import Any, Dict, List

from memcore.errors import OptionError
from memcore.sources.printable import printable
from oomwatch import config, config_file, exits, options, terminal

_SCHEMA = "oomwatch.schema.json"


def add_parser(commands) -> None:
    """Add the command to the program's parser."""
    parser = commands.add_parser(
        "check-config",
        help="check a configuration file of the agent",
        description="Check a configuration file of `oomwatch run`. It prints each problem on a line of its own, or the "
        "settings that result from the file where the command line and the environment set nothing.",
        epilog="Exit status: 0 the file is valid, 2 it is not, or it cannot be read.",
    )
    parser.add_argument("file", metavar="FILE", help="the JSON file")
    parser.set_defaults(run=run)


def run(arguments) -> int:
    """Check; the exit status."""
    try:
        document = config_file.read(arguments.file)
    except OptionError as error:
        raise exits.InputError(str(error)) from None
    complaints = problems(document)
    for sentence in complaints:
        terminal.complain(f"{printable(arguments.file)}: {sentence}")
    if complaints:
        return exits.WRONG
    terminal.show(_page(config_file.values(document)))
    return exits.NOTHING


def problems(document: Dict[str, Any]) -> List[str]:
    """One sentence for each problem, without a full stop: what the agent finds, then what only the schema finds."""
    own = config_file.problems(document)
    told = {key for key, _sentence in own}
    return [sentence for _key, sentence in own] + [sentence for key, sentence in by_schema(document) if key not in told]


def by_schema(document: Dict[str, Any]) -> List[tuple]:
    """(key, one sentence) for each fault by the JSON Schema; none where jsonschema is not installed."""
    place = schema_path()
    try:
        import jsonschema  # on the control side only: the agent's image has none
    except ImportError:
        return []
    if place is None:
        return []
    validator = jsonschema.Draft202012Validator(json.loads(place.read_text(encoding="utf-8")))
    found = []
    for error in validator.iter_errors(document):
        if error.validator == "additionalProperties":
            keys = [key for key in document if key not in error.schema["properties"]]
            found += [(key, options.unknown_key(key)) for key in keys]
        else:
            key = str(error.path[0]) if error.path else ""
            found.append((key, f"{key or 'the document'} breaks the schema: {error.message}"))
    return found


def schema_path():
    """The schema beside this file in an installed package, or in a checkout's schemas/; None where neither has it."""
    here = pathlib.Path(os.path.abspath(__file__)).parent
    return next((place for place in (here / _SCHEMA, here.parents[1] / "schemas" / _SCHEMA) if place.is_file()), None)


def _page(values):
    """A line for each setting, and where it comes from."""
    result = config.resulting(values, {})
    lines = []
    for option in options.OPTIONS:
        if option.key in values:
            origin = "file"
        elif option.key == "node":
            origin = "this host's name; the variable NODE_NAME of the agent precedes it"
        else:
            origin = "default"
        lines.append(f"{option.key:14} {_shown(option, getattr(result, option.key)):14} ({origin})")
    return lines


def _shown(option, value):
    if value is None:
        return "off" if option.default == "off" else "none"
    if option.is_seconds:
        return f"{value:g}s" if value < 1e6 else f"{value:.0f}s"
    return json.dumps(value) if option.is_flag else printable(value)
