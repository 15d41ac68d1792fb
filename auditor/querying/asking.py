"""Putting records to the target: spend, then rate, then transport, tried again while that is worth it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

from auditor.querying.attempts import exchanged
from auditor.querying.circuit import Circuit
from auditor.querying.faults import TRANSIENT, Stale, Transient
from auditor.querying.ledger import Ledger
from auditor.querying.rate import LONGEST_RETRY_AFTER, Rate
from auditor.querying.reply import Reply
from auditor.querying.transport import Transport

Checkpoint = Callable[[], None]


def go_on() -> None:
    """The checkpoint of work that nobody can cancel."""


@dataclass(frozen=True, eq=False)
class Door:
    """Everything between a frame and the target. `checkpoint` raises Cancelled when the audit was cancelled."""

    transport: Transport
    ledger: Ledger
    rate: Rate = field(default_factory=Rate)
    checkpoint: Checkpoint = go_on
    circuit: Circuit = field(default_factory=Circuit)

    def admit(self, rows: int) -> str:
        """Waits until rows may be sent, then pays for them: what is spent is never less than what the target saw. The attempt."""
        self.rate.wait(rows, self.checkpoint)
        attempt = self.ledger.spend(rows)
        self.circuit.sends()
        return attempt

    def patience(self, fault: Transient, attempt: int) -> float:
        """Seconds to wait before the next try; raises the fault when another try is not worth it."""
        too_late = fault.retry_after is not None and fault.retry_after > LONGEST_RETRY_AFTER
        pause = None if isinstance(fault, Stale) else self.circuit.failed(self.rate.patience)
        if pause is not None and not too_late:
            return max(pause, fault.retry_after or 0.0)
        if attempt >= fault.patience or too_late:
            raise fault
        return self.rate.pause(attempt, fault.retry_after)

    def once(self, frame: pd.DataFrame) -> Reply:
        """One exchange: paid, and written down however it ends."""
        attempt = self.admit(len(frame))
        heard = exchanged(self.transport, frame)
        self.ledger.settle(attempt, heard.exchange)
        self.ledger.flush()
        reply = heard.given()
        self.circuit.went_well()
        return reply

    def ask(self, frame: pd.DataFrame) -> Reply:
        """One batch as it is; raises BatchTooLarge when the target wants fewer rows."""
        attempt = 0
        while True:
            self.checkpoint()
            try:
                return self.once(frame)
            except TRANSIENT as fault:
                self.rate.rest(self.patience(fault, attempt), self.checkpoint)
                attempt += 1
