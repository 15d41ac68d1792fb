"""`auditor up`: the whole service on one machine: dashboard, API, a worker and the clock, without any server to install."""

import argparse
import signal
import threading
from dataclasses import dataclass
from types import FrameType

from auditor.cli.place import add_home, settings_for
from auditor.cli.start import beat_command, worker_command
from auditor.processes import Program, Supervisor, check_port, python
from auditor.settings import Settings

DEFAULT_PORT = 8000


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("up", help="start the dashboard, the API, a worker and the clock", description=__doc__)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"default: {DEFAULT_PORT}")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; default: 127.0.0.1, this machine only")
    add_home(parser)
    parser.set_defaults(execute=execute)


@dataclass(frozen=True)
class Address:
    host: str
    port: int

    @property
    def url(self) -> str:
        shown = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - a name for people, not a socket
        return f"http://{f'[{shown}]' if ':' in shown else shown}:{self.port}"


def execute(arguments: argparse.Namespace) -> int:
    address = Address(arguments.host, arguments.port)
    check_port(address.host, address.port)
    settings = settings_for(arguments)
    key = _prepared(settings)
    stop = _stop_on_signals()
    supervisor = Supervisor(programs(settings, address))
    try:
        _welcome(settings, address, key)
        supervisor.run(until=stop.is_set)
    finally:
        supervisor.stop()
    return 0


def programs(settings: Settings, address: Address) -> list[Program]:
    """What runs; each finds its place through the environment."""
    environ = {"AUDITOR_HOME": str(settings.home)}
    logs = settings.home / "logs"
    api = python("-m", "auditor", "api", "--host", address.host, "--port", str(address.port))
    return [
        Program("the API", api, environ, logs / "api.log"),
        Program("the worker", worker_command(), environ, logs / "worker.log"),
        Program("the clock", beat_command(), environ, logs / "beat.log"),
    ]


def _prepared(settings: Settings) -> str | None:
    """The database is made before anyone needs it; the first key, if there is none yet."""
    from auditor import workflow
    from auditor.cli.workspace import first_key

    services = workflow.open_services(settings)
    try:
        services.database.migrate()
        return first_key(services)
    finally:
        services.close()


def _welcome(settings: Settings, address: Address, key: str | None) -> None:
    print(f"dashboard  {address.url}/", flush=True)
    print(f"API        {address.url}/api/v1/", flush=True)
    print(f"data       {settings.home} (logs in {settings.home / 'logs'})", flush=True)
    if key is not None:
        print(f"\nadmin key  {key}\nIt is shown this once: keep it, and sign in with it.", flush=True)
    print("\nCtrl-C stops everything; audits go on when it is started again.", flush=True)


def _stop_on_signals() -> threading.Event:
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        asked.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ask)
    return asked
