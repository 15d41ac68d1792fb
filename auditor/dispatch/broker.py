"""Steps through Celery: Redis in production, a folder on a laptop."""

import logging
from collections.abc import Sequence

from auditor.dispatch.protocol import RUN_STEP
from auditor.domain.audit import Queue
from auditor.errors import Unavailable
from auditor.settings import Settings

log = logging.getLogger(__name__)


class CeleryDispatch:
    """Sends step ids by task name; this side never imports a task."""

    def __init__(self, settings: Settings) -> None:
        from auditor.dispatch.celery_app import make_app  # Celery takes time to load, and `auditor run` does without it

        self._app = make_app(settings)

    def deliver(self, steps: Sequence[tuple[str, Queue]]) -> None:
        for number, (step_id, queue) in enumerate(steps):
            try:
                self._app.send_task(RUN_STEP, [step_id], queue=str(queue))
            except Exception as error:  # whatever ails the broker, the rows are safe and `tick` delivers again
                left = len(steps) - number
                log.warning(
                    "the queue did not take %d step(s), which will be sent again: %s: %s", left, type(error).__name__, error
                )
                return

    def check(self) -> None:
        """Raises Unavailable if the broker does not answer within a few seconds."""
        try:
            with self._app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, timeout=4)
        except Exception as error:  # each broker has its own ways to be away
            name = type(error).__name__
            raise Unavailable(f"the broker does not answer ({name}); check AUDITOR_BROKER_URL and that it runs") from None

    def close(self) -> None:
        self._app.close()
