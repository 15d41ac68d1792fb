"""`auditor regrade`: every finding of a finished audit, computed again from its stored evidence, without asking the target."""

import argparse
from pathlib import Path
from typing import Any

from auditor.cli.place import add_home, alone, settings_for

DIFFERENT = 1


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("regrade", help="grade a finished audit again from its evidence", description=__doc__)
    parser.add_argument("source", metavar="AUDIT_ID|result.json", help="an audit of this home, or a result file that it wrote")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the result that came out here as JSON")
    add_home(parser)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    from auditor import workflow
    from auditor.console import files
    from auditor.report import as_json
    from auditor.store import audits

    output = files.check_writable(arguments.output) if arguments.output else None
    audit_id, reported = _source(arguments.source)
    services = workflow.run_locally(alone(settings_for(arguments)))
    try:
        with services.database.read() as tx:
            audit = audits.by_id(tx, audit_id)
        again = workflow.regrade(services, audit.workspace_id, audit.id, reported)
    finally:
        services.close()
    if output is not None:
        files.write(output, as_json(again.result).encode())
    print("\n".join(_told(again)))
    return 0 if again.identical else DIFFERENT


def _source(source: str) -> tuple[str, dict[str, Any] | None]:
    """The id of the audit, and the result to compare with where a file was given."""
    from auditor.cli.report import from_file
    from auditor.errors import InvalidInput

    path = Path(source)
    if path.suffix != ".json" and not path.is_file():
        return source, None
    document = from_file(path)
    audit_id = document["audit"].get("id") if isinstance(document["audit"], dict) else None
    if not isinstance(audit_id, str):
        raise InvalidInput("", f"{path} does not say which audit it is of; name the id of an audit instead")
    return audit_id, document


def _told(again: Any) -> list[str]:
    if again.identical:
        count = len(again.result["findings"])
        return [f"identical: {count} findings were graded again from stored evidence, and every figure came out as reported"]
    return ["not as reported:", *(f"  {place}" for place in again.differing)]
