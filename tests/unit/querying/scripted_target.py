"""A target in this process whose faults are written down, and a clock that moves only when someone sleeps."""

import threading
from collections import deque

import numpy as np
import pandas as pd

from auditor.domain.target import Output, Profile
from auditor.querying import Rate, Reply
from auditor.querying.reply import from_rows

CLASSES = ("no", "yes")


def frame(n: int, start: int = 0) -> pd.DataFrame:
    numbers = np.arange(start, start + n)
    return pd.DataFrame({"age": numbers, "work": pd.Series([f"w{i % 7}" for i in numbers], dtype=object)})


def truth(asked: pd.DataFrame) -> np.ndarray:
    p = 1 / (1 + asked["age"].to_numpy(dtype=float) % 97)
    return np.column_stack([1 - p, p])


def profile(**changes: object) -> Profile:
    return Profile(**{"output": Output.PROBABILITIES, "classes": CLASSES, "batch_size": 10, **changes})


class ScriptedTarget:
    """Raises the next of `faults` (None: answers well), then answers `predict`; remembers what it was asked."""

    def __init__(self, predict=truth, faults=(), max_rows=None, too_many=None):
        self.predict = predict
        self.faults = deque(faults)
        self.max_rows = max_rows
        self.too_many = too_many
        self.asked: list[list[int]] = []
        self._lock = threading.Lock()

    @property
    def rows(self) -> int:
        return sum(map(len, self.asked))

    @property
    def ages(self) -> list[int]:
        return [age for batch in self.asked for age in batch]

    def ask(self, asked: pd.DataFrame) -> Reply:
        with self._lock:
            self.asked.append(asked.iloc[:, 0].tolist())
            fault = self.faults.popleft() if self.faults else None
        if self.max_rows is not None and len(asked) > self.max_rows:
            raise self.too_many
        if fault is not None:
            raise fault
        answer = self.predict(asked)
        return answer if isinstance(answer, Reply) else from_rows(np.asarray(answer).tolist(), len(asked))


class StillClock:
    """Time passes in sleep only; `waits` holds every sleep."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def rate(rows: float = 0.0, jitter: float = 1.0) -> tuple[Rate, StillClock]:
    clock = StillClock()
    return Rate(rows, clock, clock.sleep, lambda: jitter), clock
