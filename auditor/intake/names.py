"""Column names, whichever kind of file they come from."""

import re
from collections import Counter
from collections.abc import Sequence

from auditor.errors import InvalidInput
from auditor.intake.table import FIELD, Limits

LONGEST_NAME = 200
HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
"""Control characters and turns of direction: the name of a column stands in sentences, on terminals and in reports."""


def check_names(names: Sequence[str], limits: Limits) -> list[str]:
    """Distinct, not empty, not too many; spaces around a name are taken off."""
    if len(names) > limits.columns:
        raise InvalidInput(FIELD, f"the file has {len(names):,} columns; at most {limits.columns:,} are taken")
    tidy = [name.strip() for name in names]
    for position, name in enumerate(tidy, 1):
        if not name:
            raise InvalidInput(FIELD, f"column {position} has no name; name every column in the first line")
        if len(name) > LONGEST_NAME:
            raise InvalidInput(
                FIELD, f"the name of column {position} is longer than {LONGEST_NAME} characters; is the header line missing?"
            )
        if HIDDEN.search(name):
            raise InvalidInput(FIELD, f"the name of column {position} holds a character that cannot be shown; name it in letters")
    twice = next((name for name, count in Counter(tidy).items() if count > 1), None)
    if twice is not None:
        raise InvalidInput(FIELD, f"two columns are named {twice[:40]!r}; give every column its own name")
    return tidy
