"""A breaker between the audit and a target that has trouble: it pauses, lets one request through, and at last stops."""

from collections import deque
from dataclasses import dataclass, field

from auditor.errors import TargetBusy

IN_A_ROW, OF_THE_LAST, SHARE = 5, 20, 0.5
PATIENCE = 450.0
"""Seconds that pauses last together before the audit stops."""
SHARES = (1 / 15, 4 / 15, 10 / 15)
PAUSES = tuple(round(PATIENCE * share, 3) for share in SHARES)


@dataclass
class Circuit:
    """Opens after `IN_A_ROW` failures, or when at least `SHARE` of the last requests failed; only of a target that answered before:
    one that never did is misconfigured, and its sentence is wanted now."""

    has_answered: bool = False
    pauses: int = 0
    is_open: bool = False
    is_trial: bool = False
    in_a_row: int = 0
    recent: deque[bool] = field(default_factory=lambda: deque(maxlen=OF_THE_LAST))

    @property
    def is_narrow(self) -> bool:
        """Nothing but one request may be under way."""
        return self.is_open or self.is_trial

    def sends(self) -> None:
        """A request goes out; the first one after a pause is the trial."""
        self.is_open, self.is_trial = False, self.is_open or self.is_trial

    def went_well(self) -> None:
        self.has_answered = True
        if self.is_trial:
            self.is_trial, self.pauses = False, 0
            self.recent.clear()
        self.in_a_row = 0
        self.recent.append(True)

    def failed(self, patience: float = PATIENCE) -> float | None:
        """Seconds to pause, of `patience` in all; None while the breaker stays closed. Raises TargetBusy when pauses did not
        help."""
        if self.is_open:
            return 0.0  # it was under way when the breaker opened
        self.in_a_row += 1
        self.recent.append(False)
        if not (self.is_trial or self._is_too_much()):
            return None
        pauses = [round(patience * share, 3) for share in SHARES]
        if self.pauses == len(pauses):
            raise TargetBusy(
                f"The target failed again after pauses of {_listed(pauses)} seconds; check the server, then resume the audit."
            )
        self.is_open, self.is_trial, self.in_a_row = True, False, 0
        self.recent.clear()
        self.pauses += 1
        return pauses[self.pauses - 1]

    def _is_too_much(self) -> bool:
        share = self.recent.count(False) / OF_THE_LAST if len(self.recent) == OF_THE_LAST else 0.0
        return self.has_answered and (self.in_a_row >= IN_A_ROW or share >= SHARE)


def _listed(pauses: list[float]) -> str:
    *first, last = (f"{pause:g}" for pause in pauses)
    return f"{', '.join(first)} and {last}"
