"""`auditor key`: makes an API key on the machine that holds the database; the first one of a deployment comes from here."""

import argparse

from auditor.cli.place import add_home, settings_for

ROLES = ("viewer", "auditor", "record-reader", "admin")


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("key", help="make an API key and show it once", description=__doc__)
    parser.add_argument("--name", default="made on the server", help="what the key is for")
    parser.add_argument("--role", choices=ROLES, default="admin", help="default: admin")
    add_home(parser)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    from auditor import workflow
    from auditor.cli.workspace import make_key
    from auditor.domain.catalog import Role

    services = workflow.open_services(settings_for(arguments))
    try:
        plain = make_key(services, arguments.name, Role(arguments.role))
    finally:
        services.close()
    print(plain)
    return 0
