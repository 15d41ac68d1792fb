"""Models that this process has open, by digest: started once, kept for the next step, ended with the process."""

import atexit
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from auditor.serving.limits import Limits
from auditor.serving.served import Served, open_model

MOST = 2
IDLE = 60.0
"""Seconds without a question after which a model may make room for others."""


class Shelf:
    """Two models and those in use: of more, whichever nobody asked for a minute is closed."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, Served] = OrderedDict()
        self._lock = threading.Lock()
        atexit.register(self.clear)

    def take(self, digest: str, read: Callable[[], bytes], limits: Limits) -> Served:
        """The model with this digest; `read` gives its bytes where it is not open yet. One that has ended is opened anew."""
        with self._lock:
            known = self._open.pop(digest, None)
            if known is None or known.ended is not None:
                known = open_model(read(), limits)
            self._open[digest] = known
            self._make_room()
            return known

    def _make_room(self) -> None:
        idle = [digest for digest, served in self._open.items() if time.monotonic() - served.asked > IDLE]
        for digest in idle[: max(0, len(self._open) - MOST)]:
            self._open.pop(digest).close()

    def clear(self) -> None:
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()
