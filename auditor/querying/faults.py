"""What can go wrong in one exchange with the target, told apart by what the client does next.

TargetRefused
├── BatchTooLarge         ask the same rows in smaller batches
├── Denied                no request of any other form would be let in either
└── Stale                 the token has expired: ask again with a new one
TargetBusy
└── Busy                  try again, after `retry_after` seconds if the target said so
    └── Failing               500: perhaps a hiccup, more likely this request; try once more
TargetUnreachable
└── Interrupted           the connection broke or timed out: try again
    └── HungUp                closed without a word: a plain server may do so when it cannot read the request
"""

from auditor.errors import TargetBusy, TargetRefused, TargetUnreachable


class BatchTooLarge(TargetRefused):
    pass


class Denied(TargetRefused):
    pass


class Stale(TargetRefused):
    retry_after: float | None = 0.0
    patience = 2


class Busy(TargetBusy):
    """`patience` is how often this answer is worth another try."""

    patience = 6

    def __init__(self, sentence: str, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Failing(Busy):
    patience = 1


class Interrupted(TargetUnreachable):
    retry_after: float | None = None
    patience = 4


class HungUp(Interrupted):
    pass


Transient = Busy | Interrupted | Stale
TRANSIENT = (Busy, Interrupted, Stale)
