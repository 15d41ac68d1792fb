"""JMESPath into an answer."""

from collections.abc import Mapping
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from auditor.errors import InvalidInput

LONGEST_PATH = 500


def compiled(expression: str, name: str) -> Any:
    """Raises InvalidInput under the key `name`."""
    try:
        if len(expression) <= LONGEST_PATH:
            return jmespath.compile(expression)
    except (JMESPathError, RecursionError):
        pass
    raise InvalidInput(name, f"this is no JMESPath of at most {LONGEST_PATH} characters; try predictions")


def searched(path: Any, document: Any) -> Any:
    """What the path leads to, None where it leads to nothing."""
    try:
        return path.search(document)
    except (JMESPathError, RecursionError, ArithmeticError, TypeError, ValueError, AttributeError):
        return None


def keys_of(document: Any) -> str:
    """The first keys of an answer, as a sentence tells them of a path that leads nowhere."""
    return ", ".join(repr(str(k)[:40]) for k in list(document)[:5]) if isinstance(document, Mapping) else "no keys"
