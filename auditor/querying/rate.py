"""How fast and when the target is asked, and how long to wait before it is asked again."""

import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from auditor.querying.circuit import PATIENCE
from auditor.querying.connection import MOST_CONNECTIONS

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
LONGEST_RETRY_AFTER = 300.0
LOOK_AGAIN = 60.0
"""Seconds after which a wait for the end of a blackout looks at the clock again: a machine may have slept."""
SLICE = 1.0
"""Waits are cut into slices, so that a cancelled audit does not wait for the end of one."""


@dataclass
class Rate:
    """At most `rows` a second, over all threads that share it; 0 is no limit. Idle time is not saved up for a burst.

    `reserve` takes seconds of the target's time from all who share it and says how long to wait for them; by default only this
    process is asked. `closed` is for how many seconds the target is not to be asked; `connections` is the most at once;
    `patience` for how many seconds in all a target that began to fail is waited for. Clock, sleep and jitter are arguments: they
    decide when a record is asked, never what is answered.
    """

    rows: float = 0.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    reserve: Callable[[float], float] | None = None
    closed: Callable[[], float] = float
    connections: int = MOST_CONNECTIONS
    patience: float = PATIENCE
    _free_at: float = field(default=-math.inf, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    def wait(self, rows: int, checkpoint: Callable[[], None]) -> None:
        """Sleeps until the target may be asked and the rows before these are paid off."""
        self._until_open(checkpoint)
        if self.rows > 0:
            self.rest((self.reserve or self._reserve)(rows / self.rows), checkpoint)
            self._until_open(checkpoint)

    def _until_open(self, checkpoint: Callable[[], None]) -> None:
        while (seconds := self.closed()) > 0:
            self.rest(min(seconds, LOOK_AGAIN), checkpoint)

    def _reserve(self, seconds: float) -> float:
        with self._lock:
            now = self.clock()
            start = max(now, self._free_at)
            self._free_at = start + seconds
        return start - now

    def pause(self, attempt: int, retry_after: float | None) -> float:
        """Seconds before try number `attempt` + 1: what the target asked for, or full-jitter backoff."""
        if retry_after is not None:
            return retry_after
        return self.jitter() * min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**attempt)

    def rest(self, seconds: float, checkpoint: Callable[[], None]) -> None:
        while seconds > 0:
            checkpoint()
            self.sleep(min(SLICE, seconds))
            seconds -= SLICE
