"""Models that this process has open, by digest: started once, kept for the next step, ended with the process."""

import atexit
import threading
from collections import OrderedDict
from collections.abc import Callable

from auditor.serving.limits import Limits
from auditor.serving.served import Served, open_model

MOST = 2


class Shelf:
    """At most two at a time, the one used last stays."""

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
            while len(self._open) > MOST:
                self._open.popitem(last=False)[1].close()
            return known

    def clear(self) -> None:
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()
