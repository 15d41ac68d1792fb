"""kombu's filesystem transport with two of its races closed, one wait shortened, and damaged messages passed over.

There, a reader may take a message file that its writer has not finished, and a queue table that is being written; either
ends the worker with a JSON error. Here a message appears under its name only when it is whole, and the table is a constant.
"""

import logging
import os
import uuid
from pathlib import Path
from time import time_ns
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps

from auditor.domain import audit

log = logging.getLogger(__name__)

POLL_SECONDS = 0.1
TABLE = [filesystem.exchange_queue_t(str(queue), "", str(queue)) for queue in audit.Queue]


class Channel(filesystem.Channel):
    supports_fanout = False

    def get_table(self, exchange: str) -> list[Any]:
        return TABLE

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        """Nothing to write: every queue is in the constant table."""

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """What is no message, such as the empty file that a power cut leaves, would end the worker: it is passed over."""
        while True:
            try:
                found = super()._get(queue)  # type: ignore[no-untyped-call]
            except (ValueError, RecursionError):
                found = None
            if isinstance(found, dict) and {"body", "properties"} <= found.keys():
                return found
            log.warning("a damaged message of the queue %s is dropped; the step that it woke is sent again", queue)

    def _put(self, queue: str, payload: object, **_: object) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        name = f"{time_ns():020d}_{uuid.uuid4()}"  # sorts by age, also after a reboot
        unfinished = folder / f"{name}.part"
        try:
            unfinished.write_bytes(_as_json(payload))
            os.replace(unfinished, folder / f"{name}.{queue}.msg")
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise ChannelError(f"cannot write a message to {folder}: {error.strerror}") from error


def _as_json(payload: object) -> bytes:
    return str(dumps(payload)).encode()  # type: ignore[no-untyped-call]


class Transport(filesystem.Transport):
    Channel = Channel

    def drain_events(self, connection: Any, timeout: float | None = None) -> None:  # type: ignore[override]
        """Returns soon: a worker's threads acknowledge only between two calls, and take no other message before that."""
        super().drain_events(connection, timeout=min(timeout or POLL_SECONDS, POLL_SECONDS))  # type: ignore[no-untyped-call]
