"""`auditor api|worker|beat|migrate`: one part of the service in the foreground, for supervisors and containers."""

import argparse
import os

from auditor.cli.place import add_home, settings_for
from auditor.processes import check_port, python

CELERY = ("-m", "celery", "--app", "workers.app", "--quiet")
QUEUES = "train,query"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    api = commands.add_parser("api", help="start the dashboard and the API alone (waitress)")
    api.add_argument("--host", default="127.0.0.1", help="address to listen on; default: 127.0.0.1")
    api.add_argument("--port", type=int, default=8000, help="default: 8000")
    add_home(api)
    api.set_defaults(execute=serve)
    worker = commands.add_parser("worker", help="start a Celery worker")
    worker.add_argument("--queues", default=QUEUES, help=f"which queues it works on; default: {QUEUES}")
    add_home(worker)
    worker.set_defaults(execute=work)
    beat = commands.add_parser("beat", help="start the clock that starts schedules and finds lost work; exactly one")
    add_home(beat)
    beat.set_defaults(execute=tick)
    migrate = commands.add_parser("migrate", help="bring the database to this version")
    add_home(migrate)
    migrate.set_defaults(execute=bring_up_to_date)


def worker_command(queues: str = QUEUES) -> tuple[str, ...]:
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    return python(*CELERY, "worker", "--pool", "threads", "--queues", queues, "--loglevel", "WARNING", *quiet)


def beat_command() -> tuple[str, ...]:
    return python(*CELERY, "beat", "--pidfile=", "--loglevel", "WARNING")


def serve(arguments: argparse.Namespace) -> int:
    check_port(arguments.host, arguments.port)
    os.environ["AUDITOR_HOME"] = str(settings_for(arguments).home)
    import waitress

    from auditor.web.wsgi import create, limits

    allowed = limits(settings_for(arguments))
    waitress.serve(create(), host=arguments.host, port=arguments.port, threads=8, ident=None, **allowed)
    return 0


def work(arguments: argparse.Namespace) -> int:
    return _become(arguments, worker_command(arguments.queues))


def tick(arguments: argparse.Namespace) -> int:
    return _become(arguments, beat_command())


def bring_up_to_date(arguments: argparse.Namespace) -> int:
    from auditor.store.engine import open_database

    database = open_database(settings_for(arguments).database_url)
    try:
        database.migrate()
    finally:
        database.dispose()
    print("the database is up to date")
    return 0


def _become(arguments: argparse.Namespace, command: tuple[str, ...]) -> int:
    """Celery takes this process over, so that signals reach it and not a parent."""
    os.environ["AUDITOR_HOME"] = str(settings_for(arguments).home)
    os.execv(command[0], command)  # noqa: S606 - a command of our own, without a shell
