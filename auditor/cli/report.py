"""`auditor report`: the report of a finished audit, as a page, a PDF or JSON."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from auditor.cli.place import add_home, alone, settings_for

FORMATS = ("html", "json", "pdf")


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("report", help="write the report of a finished audit", description=__doc__)
    parser.add_argument("source", metavar="AUDIT_ID|result.json", help="an audit of this home, or a result file")
    parser.add_argument("--format", choices=FORMATS, help="default: by the ending of --output, else html")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: report.<format>; `-` is standard output")
    add_home(parser)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    from auditor.console import files

    form = arguments.format or _form_of(arguments.output)
    output = arguments.output or Path(f"report.{form}")
    to_terminal = str(output) == "-"
    if not to_terminal:
        files.check_writable(output)
    document = rendered(_result(arguments), form)
    if to_terminal:
        sys.stdout.buffer.write(document)
        return 0
    files.write(output, document)
    print(f"wrote {output}")
    return 0


def rendered(result: dict[str, Any], form: str) -> bytes:
    """The same bytes for the same result, wherever it was kept: a database and a file order their keys differently."""
    from auditor import report

    canonical = report.as_json(result)
    if form == "json":
        return canonical.encode()
    document = json.loads(canonical)
    return report.pdf(document) if form == "pdf" else report.html(document).encode()


def _form_of(output: Path | None) -> str:
    ending = "" if output is None else output.suffix.removeprefix(".").lower()
    return ending if ending in FORMATS else "html"


def _result(arguments: argparse.Namespace) -> dict[str, Any]:
    path = Path(arguments.source)
    return from_file(path) if path.suffix == ".json" or path.is_file() else _from_home(arguments)


def from_file(path: Path) -> dict[str, Any]:
    from auditor.errors import InvalidInput

    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError):
        document = None
    if not isinstance(document, dict) or not {"audit", "findings"} <= document.keys():
        raise InvalidInput("", f"{path} is not a result; name a file that `auditor run --output` wrote, or the id of an audit")
    return document


def _from_home(arguments: argparse.Namespace) -> dict[str, Any]:
    from auditor import workflow
    from auditor.errors import Conflict
    from auditor.store import audits
    from auditor.workflow import what_if

    services = workflow.run_locally(alone(settings_for(arguments)))
    try:
        with services.database.read() as tx:
            audit = audits.by_id(tx, arguments.source)
            if audit.result is None:
                raise Conflict(f"the audit is {audit.status} and has no result; `auditor resume {audit.id}` lets it go on")
            return what_if.with_what_if(tx, services, audit)
    finally:
        services.close()
