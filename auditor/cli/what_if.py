"""`auditor what-if`: what a finished audit would have found if the target answered less, and which defence is the cheapest."""

import argparse
import json
from pathlib import Path

from auditor.cli.place import add_home, alone, settings_for


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("what-if", help="try channels that say less on a finished audit", description=__doc__)
    parser.add_argument("audit_id", metavar="AUDIT_ID", help="an audit of this home")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the table here as JSON")
    add_home(parser)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from auditor import workflow
    from auditor.console import files
    from auditor.console.what_if import what_if_table
    from auditor.store import audits
    from auditor.workflow import what_if

    output = files.check_writable(arguments.output) if arguments.output else None
    services = workflow.run_locally(alone(settings_for(arguments)))
    try:
        with services.database.read() as tx:
            workspace_id = audits.by_id(tx, arguments.audit_id).workspace_id
        with Console(stderr=True).status("behind channels that say less"):
            document = what_if.what_if(services, workspace_id, arguments.audit_id)
    finally:
        services.close()
    if output is not None:
        files.write(output, (json.dumps(document, indent=2, sort_keys=True) + "\n").encode())
    Console().print(what_if_table(document))
    return 0
