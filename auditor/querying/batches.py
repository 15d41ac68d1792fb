"""Many records in batches over a few connections. Everything but the exchange itself happens in the caller's thread."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.querying.asking import Door
from auditor.querying.attempts import Heard, exchanged
from auditor.querying.connection import MOST_CONNECTIONS
from auditor.querying.faults import TRANSIENT, BatchTooLarge, Stale
from auditor.querying.reply import Reply

Keep = Callable[[NDArray[np.intp], Reply], None]
LONGEST_DRAIN = 5.0
LOOK_AROUND = 0.5
"""Seconds between looks at the checkpoint while the target thinks."""


@dataclass
class Lanes:
    """How many batches are under way: one more while all goes well, half when the target is busy, and then never as many again."""

    width: int = 1
    ceiling: int = MOST_CONNECTIONS
    calm: int = 0

    def went_well(self) -> None:
        self.calm += 1
        if self.calm >= 2 * self.width and self.width < self.ceiling:
            self.width, self.calm = self.width + 1, 0

    def was_busy(self) -> None:
        self.ceiling = max(1, self.width - 1)
        self.width, self.calm = max(1, self.width // 2), 0


@dataclass(frozen=True, eq=False)
class Batch:
    """Records that are asked together; `tries` of them failed, `paid` is the attempt that is under way."""

    rows: NDArray[np.intp]
    tries: int = 0
    paid: str = ""

    def split(self, size: int) -> list["Batch"]:
        return [Batch(self.rows[i : i + size], self.tries) for i in range(0, len(self.rows), size)]

    def of(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Its records; neighbours are a view of the frame, not a copy."""
        first, last = int(self.rows[0]), int(self.rows[-1])
        is_whole = last - first + 1 == len(self.rows)  # rows ascend
        return frame.iloc[first : last + 1] if is_whole else frame.iloc[self.rows]


class Course:
    """One call's way through its batches. `keep` receives each answered batch at once, in no fixed order."""

    def __init__(self, door: Door, frame: pd.DataFrame, size: int, keep: Keep) -> None:
        self._door = door
        self._frame = frame
        self._size = size
        self._keep = keep
        self._lanes = Lanes(ceiling=door.rate.connections)
        self._waiting: deque[Batch] = deque()
        self._under_way: dict[Future[Heard], Batch] = {}

    def run(self, rows: NDArray[np.intp]) -> None:
        self._waiting.extend(Batch(rows).split(self._size) if len(rows) else ())
        pool = ThreadPoolExecutor(MOST_CONNECTIONS, thread_name_prefix="query")
        try:
            while self._waiting or self._under_way:
                self._door.checkpoint()
                self._send(pool)
                done, _ = wait(self._under_way, timeout=LOOK_AROUND, return_when=FIRST_COMPLETED)
                self._rest(max(map(self._settle, done), default=0.0))
        finally:
            self._drain()
            self._door.ledger.flush()
            pool.shutdown(wait=False)

    def _send(self, pool: ThreadPoolExecutor) -> None:
        while self._waiting and len(self._under_way) < self._width():
            batch, *rest = self._waiting.popleft().split(self._size)
            self._waiting.extendleft(reversed(rest))
            paid = self._door.admit(len(batch.rows))
            future = pool.submit(exchanged, self._door.transport, batch.of(self._frame))
            self._under_way[future] = replace(batch, paid=paid)

    def _width(self) -> int:
        return 1 if self._door.circuit.is_narrow else self._lanes.width

    def _settle(self, future: Future[Heard]) -> float:
        """Keeps an answer, or puts its batch back; seconds to wait before anything else is asked."""
        batch = self._under_way.pop(future)
        heard = self._noted(future.result(), batch)
        try:
            reply = heard.given()
        except BatchTooLarge:
            if len(batch.rows) == 1:
                raise
            self._size = min(self._size, (len(batch.rows) + 1) // 2)
            self._waiting.appendleft(batch)
            return 0.0
        except TRANSIENT as fault:
            if not isinstance(fault, Stale):
                self._lanes.was_busy()
            self._waiting.appendleft(Batch(batch.rows, batch.tries + 1))
            return self._door.patience(fault, batch.tries)
        self._lanes.went_well()
        self._door.circuit.went_well()
        self._keep(batch.rows, reply)
        return 0.0

    def _rest(self, seconds: float) -> None:
        """How exchanges ended is written before a pause: a process that is stopped in one leaves nothing unknown."""
        if seconds > 0:
            self._door.ledger.flush()
            self._door.rate.rest(seconds, self._door.checkpoint)

    def _drain(self) -> None:
        """After a failure: what was already asked is still kept, so that nothing paid for is lost."""
        done, _ = wait(self._under_way, timeout=LONGEST_DRAIN)
        for future in done:
            if future.exception() is None:
                batch = self._under_way[future]
                heard = self._noted(future.result(), batch)
                if heard.reply is not None:
                    self._keep(batch.rows, heard.reply)

    def _noted(self, heard: Heard, batch: Batch) -> Heard:
        self._door.ledger.settle(batch.paid, heard.exchange)
        return heard
