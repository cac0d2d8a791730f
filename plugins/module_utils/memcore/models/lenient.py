# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Fields of JSON that another program wrote: what is missing, null or of a wrong type is absent, and never an error."""

from typing import Any, Dict, List, Optional

LONGEST = 253  # a name of Kubernetes: an RFC 1123 subdomain


def object_of(value: Dict, name: str) -> Dict:
    """The object; empty where there is none."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def rows_of(value: Dict, name: str) -> List[Dict[str, Any]]:
    """The objects of a list; none where it is no list."""
    found = value.get(name)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def text_of(value: Dict, name: str) -> Optional[str]:
    """The text, where it is neither empty nor longer than a name may be."""
    found = value.get(name)
    return found if isinstance(found, str) and 0 < len(found) <= LONGEST else None


def number_of(value: Dict, name: str) -> Optional[int]:
    """The whole number."""
    found = value.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None
