"""One thing that a scan saw."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a sighting means for whoever loads the file; the worst first."""

    RUNS = "runs-code"  # loading would run, load, fetch or write something that no model needs
    DIGEST = "digest"  # the file is not the one that was declared
    UNKNOWN = "unknown-code"  # loading would import something nobody here knows
    IRREGULAR = "irregular"  # the file is put together as the usual tools do not
    OUTSIDE = "outside"  # the model is more than this file: other files, operators, layers of its own
    UNREAD = "not-read"  # something could not be read to the end
    FORMAT = "executing-format"  # loading such a file runs whatever it says


@dataclass(frozen=True)
class Sighting:
    """`place`: the member within an archive, empty for the file itself. `expression`: what would run or be imported."""

    kind: Kind
    sentence: str
    place: str = ""
    expression: str = ""
