"""One request to the target, as the ledger keeps it: to be laid beside the log of the party that runs the model."""

from dataclasses import dataclass
from datetime import datetime

ANSWERED = "answered"
UNKNOWN = "unknown"
"""Sent, and how it ended was never written down: the process that waited for the answer was stopped."""


@dataclass(frozen=True)
class Exchange:
    """How a request ended. `status` is None where no HTTP answer came; bytes are those of the bodies as they travelled.

    `ended`: answered, too-large, busy, failing, interrupted, denied, refused, bad-answer, or unsent.
    """

    ended: str = ANSWERED
    status: int | None = None
    sent: int = 0
    received: int = 0
    milliseconds: float = 0.0


@dataclass(frozen=True)
class Attempt:
    """`asked_by` is the step that asked, such as ask:0-512 or attack:boundary. No value of a record is in it."""

    id: str
    created_at: datetime
    asked_by: str
    rows: int
    ended: str
    status: int | None
    sent: int
    received: int
    milliseconds: float
