# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands of the host: the environment in which they speak English, and what they said, for a message."""

ENGLISH = {"LC_ALL": "C"}


def said(status, output, errors):
    """What a command that failed wrote, in one line and without a full stop; its exit status if it wrote nothing."""
    return " ".join((errors or output).split()).rstrip(".") or f"exit status {status}"
