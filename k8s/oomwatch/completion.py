# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Completion of commands, options and their words in the shell, by argcomplete. No command imports this."""

import argparse

from oomwatch import options


def answer(parser: argparse.ArgumentParser) -> None:
    """Print what the shell asked for and end the program; return where argcomplete is not installed."""
    try:
        import argcomplete
    except ImportError:
        return
    for action in _actions(parser):
        option = options.BY_KEY.get(action.dest)
        if option is not None and option.words:
            files = argcomplete.completers.FilesCompleter() if option.pattern and option.key != "listen" else None
            action.completer = _completer(option.words, files)
    argcomplete.autocomplete(parser)


def _actions(parser):
    """Its own and those of all commands."""
    for action in parser._actions:  # argparse has no public name for them
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)


def _completer(words, files):
    """Words first, and files where a path may stand as well."""

    def complete(prefix, **about):
        found = [word for word in words if word.startswith(prefix)]
        return found if files is None else found + files(prefix, **about)

    return complete
