# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""python -m oomwatch."""

import sys

from oomwatch.cli import main

sys.exit(main())
