"""Texts as they may be shown. Names of columns and classes come from files and targets, and hold whatever somebody put there."""

import re
from collections.abc import Mapping
from typing import Any

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters: an escape would command a terminal, and XML knows none of them
    "\u202a-\u202e\u2066-\u2069"  # turns of direction: what is read is not what is written
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"  # halves of characters, and what is no character
)


def printable(value: Any) -> Any:
    """The same document with every character that cannot be shown replaced; keys are ours and stay."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, Mapping):
        return {key: printable(item) for key, item in value.items()}
    return [printable(item) for item in value] if isinstance(value, list | tuple) else value


def shown(text: str) -> str:
    return text if text.isprintable() else HIDDEN.sub(REPLACEMENT, text)
