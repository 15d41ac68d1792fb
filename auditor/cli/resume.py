"""`auditor resume AUDIT_ID`: lets a cancelled, failed or abandoned audit go on where it stopped, in this process."""

import argparse
from pathlib import Path

from auditor.cli.place import add_home, alone, log_to_file, settings_for


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("resume", help="go on with an audit that stopped", description=__doc__)
    parser.add_argument("audit_id", metavar="AUDIT_ID", help="the id that was printed when it stopped")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the result here as JSON")
    add_home(parser)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    from auditor import workflow
    from auditor.cli.watch import Ending, finish
    from auditor.console import files
    from auditor.domain.audit import AuditStatus
    from auditor.store import audits

    output = files.check_writable(arguments.output) if arguments.output else None
    settings = alone(settings_for(arguments))
    log_to_file(settings, "run")
    services = workflow.run_locally(settings)
    try:
        with services.database.read() as tx:
            audit = audits.by_id(tx, arguments.audit_id)
        if audit.status is not AuditStatus.RUNNING:
            audit = workflow.resume(services, audit.workspace_id, audit.id)
        else:
            workflow.sweep(services)
        return finish(services, audit, Ending(output, settings.home))
    finally:
        services.close()
