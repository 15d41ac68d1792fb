"""What was asked and what it cost. The audit's ledger lives in the store; `MemoryLedger` is for one process."""

import threading
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from auditor.domain.attempt import Exchange
from auditor.errors import BudgetExhausted

Answers = NDArray[np.float64]


class Ledger(Protocol):
    def answered(self, digests: Sequence[bytes]) -> Mapping[bytes, Answers]:
        """The recorded answers among these records; they are free."""

    def spend(self, rows: int) -> str:
        """Books rows before they are sent, as an attempt with this name; raises BudgetExhausted and books nothing if they would
        pass the budget. So the rows of all attempts always add up to what was spent."""

    def settle(self, attempt: str, exchange: Exchange) -> None:
        """How an attempt ended; it may wait in memory until the next entry or `flush`."""

    def flush(self) -> None:
        """Everything that was settled is written."""

    def record(self, digests: Sequence[bytes], answers: Answers) -> None:
        """Keeps answers (rows, classes); an answer that is already there stays."""


class MemoryLedger:
    def __init__(self, budget: int = 1_000_000_000) -> None:
        self.budget = budget
        self.spent = 0
        self.attempts: list[tuple[int, Exchange | None]] = []
        self._answers: dict[bytes, Answers] = {}
        self._lock = threading.Lock()

    def answered(self, digests: Sequence[bytes]) -> dict[bytes, Answers]:
        return {digest: self._answers[digest] for digest in digests if digest in self._answers}

    def spend(self, rows: int) -> str:
        with self._lock:
            if self.spent + rows > self.budget:
                raise BudgetExhausted(
                    f"The query budget of {self.budget:,} rows is used up ({self.spent:,} spent, {rows:,} more wanted);"
                    " raise budget.queries."
                )
            self.spent += rows
            self.attempts.append((rows, None))
            return str(len(self.attempts) - 1)

    def settle(self, attempt: str, exchange: Exchange) -> None:
        rows, _ = self.attempts[int(attempt)]
        self.attempts[int(attempt)] = rows, exchange

    def flush(self) -> None:
        """Nothing waits."""

    def record(self, digests: Sequence[bytes], answers: Answers) -> None:
        pairs = zip(digests, answers, strict=True)
        if self._answers.keys().isdisjoint(digests):  # nearly always, in a fraction of the time of asking for each
            self._answers.update(pairs)
        else:
            self._answers.update([(digest, answer) for digest, answer in pairs if digest not in self._answers])
