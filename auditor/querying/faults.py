"""What can go wrong in one exchange with the target, told apart by what the client does next.

TargetRefused
└── BatchTooLarge         ask the same rows in smaller batches
TargetBusy
└── Busy                  try again, after `retry_after` seconds if the target said so
TargetUnreachable
└── Interrupted           the connection broke or timed out: try again
"""

from auditor.errors import TargetBusy, TargetRefused, TargetUnreachable


class BatchTooLarge(TargetRefused):
    pass


class Busy(TargetBusy):
    """`patience` is how often this answer is worth another try."""

    def __init__(self, sentence: str, retry_after: float | None = None, patience: int = 6) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after
        self.patience = patience


class Interrupted(TargetUnreachable):
    retry_after: float | None = None
    patience = 4


TRANSIENT = (Busy, Interrupted)
