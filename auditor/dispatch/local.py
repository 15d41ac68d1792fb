"""Steps on threads of this process: `auditor run` needs no broker."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from auditor.domain.audit import Queue
from auditor.errors import AuditorError

log = logging.getLogger(__name__)


class LocalDispatch:
    """A pool for each queue, so that steps waiting on the target do not keep the processor idle."""

    def __init__(self, run: Callable[[str], None], threads: int) -> None:
        self._run = run
        self._pools = {queue: ThreadPoolExecutor(threads, thread_name_prefix=str(queue)) for queue in Queue}

    def deliver(self, steps: Sequence[tuple[str, Queue]]) -> None:
        for step_id, queue in steps:
            try:
                self._pools[queue].submit(self._attempt, step_id)
            except RuntimeError:
                log.info("step %s was not started: this process is closing; resume the audit later", step_id)

    def close(self) -> None:
        """Starts nothing more and waits for the steps that run."""
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)

    def _attempt(self, step_id: str) -> None:
        """An exception in a pool thread would vanish; here it becomes a line in the log."""
        try:
            self._run(step_id)
        except AuditorError as error:
            log.warning("step %s stopped: %s", step_id, error)
        except Exception:
            log.exception("step %s stopped on a mistake of this program", step_id)
