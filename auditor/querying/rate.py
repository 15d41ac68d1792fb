"""How fast the target is asked, and how long to wait before it is asked again."""

import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
LONGEST_RETRY_AFTER = 300.0
SLICE = 1.0
"""Waits are cut into slices, so that a cancelled audit does not wait for the end of one."""


@dataclass
class Rate:
    """At most `rows` a second, over all threads that share it; 0 is no limit. Idle time is not saved up for a burst.

    The clock, sleep and jitter are arguments: they decide when a record is asked, never what is answered.
    """

    rows: float = 0.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    _free_at: float = field(default=-math.inf, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    def wait(self, rows: int, checkpoint: Callable[[], None]) -> None:
        """Sleeps until the rows before these are paid off."""
        if self.rows <= 0:
            return
        with self._lock:
            now = self.clock()
            start = max(now, self._free_at)
            self._free_at = start + rows / self.rows
        self.rest(start - now, checkpoint)

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
