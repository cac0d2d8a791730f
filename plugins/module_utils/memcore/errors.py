# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The one family of errors that memcore raises; whoever catches MemfactsError has caught them all."""


class MemfactsError(Exception):
    """Something memcore could not do, in one sentence that a person can act on."""


class ParseError(MemfactsError):
    """A file did not have the format that its name promises."""


class OptionError(MemfactsError):
    """A caller asked for something that does not exist."""


class RootError(MemfactsError):
    """The folder given as root holds no host."""
