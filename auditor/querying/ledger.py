"""What was asked and what it cost. The audit's ledger lives in the store; `MemoryLedger` is for one process."""

import threading
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from auditor.errors import BudgetExhausted

Answers = NDArray[np.float64]


class Ledger(Protocol):
    def answered(self, digests: Sequence[bytes]) -> Mapping[bytes, Answers]:
        """The recorded answers among these records; they are free."""

    def spend(self, rows: int) -> None:
        """Books rows before they are sent; raises BudgetExhausted and books nothing if they would pass the budget."""

    def record(self, digests: Sequence[bytes], answers: Answers) -> None:
        """Keeps answers (rows, classes); an answer that is already there stays."""


class MemoryLedger:
    def __init__(self, budget: int = 1_000_000_000) -> None:
        self.budget = budget
        self.spent = 0
        self._answers: dict[bytes, Answers] = {}
        self._lock = threading.Lock()

    def answered(self, digests: Sequence[bytes]) -> dict[bytes, Answers]:
        return {digest: self._answers[digest] for digest in digests if digest in self._answers}

    def spend(self, rows: int) -> None:
        with self._lock:
            if self.spent + rows > self.budget:
                raise BudgetExhausted(
                    f"The query budget of {self.budget:,} rows is used up ({self.spent:,} spent, {rows:,} more wanted);"
                    " raise budget.queries."
                )
            self.spent += rows

    def record(self, digests: Sequence[bytes], answers: Answers) -> None:
        for digest, answer in zip(digests, answers, strict=True):
            self._answers.setdefault(digest, answer)
