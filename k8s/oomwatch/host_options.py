# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The options of the commands that read a whole host."""

import argparse


def add(parser: argparse.ArgumentParser) -> None:
    """Declare --top (rows of each list) and --root (the folder of the host)."""
    parser.add_argument(
        "--top", type=int, default=10, metavar="N", help="maximum number of rows in each list (default 10)"
    )
    parser.add_argument(
        "--root",
        default="/",
        metavar="DIR",
        help="analyse another host: a folder with its proc/ and sys/, such as a sosreport",
    )
