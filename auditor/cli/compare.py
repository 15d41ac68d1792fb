"""`auditor compare`: the difference between two audits of the same records, for example before and after a defence."""

import argparse
import json
from pathlib import Path
from typing import Any

from auditor.cli.place import add_home, alone, settings_for


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("compare", help="what changed between two audits of the same records", description=__doc__)
    parser.add_argument("first", metavar="FIRST_ID", help="the earlier audit")
    parser.add_argument("second", metavar="SECOND_ID", help="the later audit")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the differences here as JSON")
    add_home(parser)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    from auditor import workflow
    from auditor.console import files
    from auditor.store import audits

    output = files.check_writable(arguments.output) if arguments.output else None
    services = workflow.run_locally(alone(settings_for(arguments)))
    try:
        with services.database.read() as tx:
            workspace_id = audits.by_id(tx, arguments.first).workspace_id
        found = workflow.compare(services, workspace_id, arguments.first, arguments.second)
    finally:
        services.close()
    if output is not None:
        files.write(output, (json.dumps(found.as_json(), indent=2, sort_keys=True) + "\n").encode())
    print("\n".join(_told(found)))
    return 0


def _told(found: Any) -> list[str]:
    lines = [f"Second minus first, on {found.members:,} members and {found.non_members:,} non-members:"]
    lines += [f"  before you read on: {sentence}" for sentence in found.caveats]
    lines += [f"  {attack.attack}: {attack.sentence}" for attack in found.attacks]
    missing = [("first", found.first_only), ("second", found.second_only)]
    return lines + [f"  only in the {which}: {', '.join(names)}" for which, names in missing if names]
