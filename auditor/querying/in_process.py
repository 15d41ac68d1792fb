"""Transports without a wire: a model in this process, and wrappers that show less of another transport's answers."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from auditor.querying.rate import Rate
from auditor.querying.reply import Reply, from_rows
from auditor.querying.transport import Transport


@dataclass(frozen=True, eq=False)
class EstimatorTransport:
    """`predict` takes a frame and gives (n, C) or (n,) numbers, or (n,) labels; it is never called twice at once."""

    predict: Callable[[pd.DataFrame], Any]
    _lock: Any = field(default_factory=threading.Lock)

    def ask(self, frame: pd.DataFrame) -> Reply:
        with self._lock:
            result = np.asarray(self.predict(frame))
        return from_rows(result.tolist(), len(frame))


@dataclass(frozen=True, eq=False)
class Rounded:
    """Answers rounded to `decimals`: a defence that can be tried before it is deployed."""

    transport: Transport
    decimals: int

    def ask(self, frame: pd.DataFrame) -> Reply:
        reply = self.transport.ask(frame)
        return reply if reply.numbers is None else replace(reply, numbers=np.round(reply.numbers, self.decimals), labels=None)


@dataclass(frozen=True, eq=False)
class TopK:
    """Only the `k` largest scores of each record; ties go to the first class."""

    transport: Transport
    k: int

    def ask(self, frame: pd.DataFrame) -> Reply:
        reply = self.transport.ask(frame)
        if reply.numbers is None or reply.numbers.shape[1] <= self.k:
            return reply
        order = np.argsort(-reply.numbers, axis=1, kind="stable")
        numbers = reply.numbers.copy()
        np.put_along_axis(numbers, order[:, self.k :], np.nan, axis=1)
        return replace(reply, numbers=numbers)


@dataclass(frozen=True, eq=False)
class LabelsOnly:
    """The label of the largest score and nothing else."""

    transport: Transport
    classes: tuple[str, ...]

    def ask(self, frame: pd.DataFrame) -> Reply:
        reply = self.transport.ask(frame)
        if reply.numbers is None:
            return reply
        wide = reply.numbers.shape[1] > 1
        best = np.nanargmax(reply.numbers, axis=1) if wide else (reply.numbers[:, 0] > 0.5).astype(np.intp)
        return Reply(labels=tuple((reply.names or self.classes)[i] for i in best))


@dataclass(frozen=True, eq=False)
class Paced:
    """Asks at a rate; for callers, such as the probe, that have none of their own."""

    transport: Transport
    rate: Rate

    def ask(self, frame: pd.DataFrame) -> Reply:
        self.rate.wait(len(frame), lambda: None)
        return self.transport.ask(frame)
