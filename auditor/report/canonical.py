"""The result as canonical JSON: the same result is the same bytes."""

import json
from collections.abc import Mapping
from typing import Any


def as_json(result: Mapping[str, Any]) -> str:
    """Sorted keys, two spaces, no NaN (ValueError), a final newline."""
    return json.dumps(result, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
