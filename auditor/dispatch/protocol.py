"""The one door to the workers, and the names under which they know their work."""

from collections.abc import Sequence
from typing import Protocol

from auditor.domain.audit import Queue

RUN_STEP = "auditor.run_step"
TICK = "auditor.tick"


class Dispatch(Protocol):
    def deliver(self, steps: Sequence[tuple[str, Queue]]) -> None:
        """Wake a worker for each step id; never raises, for what was not delivered is delivered again later."""

    def close(self) -> None:
        """Sends nothing more; a local pool also waits for what runs."""
