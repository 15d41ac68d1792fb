"""The processes of the demonstration: the target, and the service as `auditor up` starts it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from auditor.demo.client import Client, wait_until_ready
from auditor.domain.catalog import Role
from auditor.processes import Child, Program, check_port, free_port, python, wait_for_port
from auditor.settings import Settings
from auditor.store import keys, workspaces
from auditor.workflow import open_services

TICK_SECONDS = "5"

# The demonstration stays in its own folder, whatever the environment says about a database elsewhere.
ELSEWHERE = dict.fromkeys(("AUDITOR_DATABASE_URL", "AUDITOR_BROKER_URL", "AUDITOR_ARTIFACTS_URL"), "")


@dataclass(frozen=True)
class Stack:
    client: Client
    target_url: str


@contextmanager
def running(settings: Settings, members: Path, safe: bool, port: int | None) -> Iterator[Stack]:
    """Target and service, ready to be asked; nothing of it is left when the block ends."""
    port = free_port() if port is None else port
    check_port("127.0.0.1", port)
    key = make_key(settings)
    children: list[Child] = []
    try:
        target_port = free_port()
        children.append(Child(_target(settings, members, safe, target_port)))
        children.append(Child(_service(settings, port)))
        wait_for_port(children[0], target_port)
        wait_for_port(children[1], port)
        wait_until_ready(f"http://127.0.0.1:{port}/api/v1/health")
        yield Stack(Client(f"http://127.0.0.1:{port}", key), f"http://127.0.0.1:{target_port}/v2/models/income/infer")
    finally:
        for child in children:
            child.ask_to_stop()
        for child in children:
            child.stop(grace=15)


def make_key(settings: Settings) -> str:
    """A key of the demonstration's own, so that a second run does not need the first one's."""
    services = open_services(settings)
    try:
        with services.database.begin() as tx:
            known = workspaces.workspaces(tx)
            workspace = known[0] if known else workspaces.create_workspace(tx, "demo", services.clock())
            return keys.create_key(tx, workspace.id, "demo", Role.ADMIN, services.clock())[1]
    finally:
        services.close()


def _target(settings: Settings, members: Path, safe: bool, port: int) -> Program:
    command = python("-m", "auditor.demo.serve", "--port", str(port), "--members", str(members), *(["--safe"] if safe else []))
    return Program("the target", command, output=settings.home / "logs" / "target.log")


def _service(settings: Settings, port: int) -> Program:
    environ = {**ELSEWHERE, "AUDITOR_HOME": str(settings.home), "AUDITOR_TICK_SECONDS": TICK_SECONDS}
    return Program("the service", python("-m", "auditor", "up", "--port", str(port)), environ, settings.home / "logs" / "up.log")
