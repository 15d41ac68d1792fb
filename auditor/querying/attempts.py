"""What one exchange with the target carried and how it ended, for the ledger."""

import time
from dataclasses import dataclass

import pandas as pd

from auditor.domain.attempt import ANSWERED, Exchange
from auditor.errors import AuditorError, BadAnswer, TargetBusy, TargetRefused, TargetUnreachable
from auditor.querying.faults import BatchTooLarge, Denied, Failing, Stale
from auditor.querying.reply import Reply
from auditor.querying.transport import Transport, traffic_of

ENDINGS: tuple[tuple[type[AuditorError], str], ...] = (
    (BatchTooLarge, "too-large"),
    (Denied, "denied"),
    (Stale, "denied"),
    (TargetRefused, "refused"),
    (Failing, "failing"),
    (TargetBusy, "busy"),
    (TargetUnreachable, "interrupted"),
    (BadAnswer, "bad-answer"),
)
"""The narrower kind of error stands before the wider one; whatever else went wrong, nothing was sent."""
UNSENT = "unsent"


@dataclass(frozen=True, eq=False)
class Heard:
    """A reply or the error in its place; the exchange is known in both cases."""

    exchange: Exchange
    reply: Reply | None = None
    error: AuditorError | None = None

    def given(self) -> Reply:
        """The reply; raises the error."""
        if self.reply is None:
            raise self.error or BadAnswer("The target gave no answer; check target.url.")
        return self.reply


def exchanged(transport: Transport, frame: pd.DataFrame) -> Heard:
    """One exchange, in whatever thread this is called."""
    start = time.perf_counter()
    try:
        reply, error = transport.ask(frame), None
    except AuditorError as refusal:
        reply, error = None, refusal
    milliseconds = round(1000 * (time.perf_counter() - start), 3)
    traffic = traffic_of(transport)
    seen = Exchange(ended_as(error), traffic.status, traffic.sent, traffic.received, milliseconds)
    return Heard(seen, reply, error)


def ended_as(error: AuditorError | None) -> str:
    if error is None:
        return ANSWERED
    return next((word for kind, word in ENDINGS if isinstance(error, kind)), UNSENT)
