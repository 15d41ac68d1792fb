"""`auditor ready`: do database and broker answer? For health checks."""

import argparse

from auditor.cli.place import add_home, settings_for


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("ready", help="check that database and broker answer", description=__doc__)
    add_home(parser)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    from auditor.dispatch import CeleryDispatch
    from auditor.store import workspaces
    from auditor.store.engine import open_database

    settings = settings_for(arguments)
    database, dispatch = open_database(settings.database_url), CeleryDispatch(settings)
    try:
        with database.read() as tx:
            workspaces.workspaces(tx)
        dispatch.check()
    finally:
        dispatch.close()
        database.dispose()
    print("ready")
    return 0
