"""`auditor records`: results of the most exposed single records of an audit, by pseudonym, as CSV."""

import argparse
import csv
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.cli.place import add_home, alone, settings_for

if TYPE_CHECKING:
    from auditor.workflow.single_records import Page

OUTPUT = Path("records.csv")
ALL = range(1_000_000)
READER = "The owner of this home"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("records", help="write the most exposed single records of an audit", description=__doc__)
    parser.add_argument("audit_id", metavar="AUDIT_ID", help="an audit of this home")
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FILE", help=f"default: {OUTPUT}; `-` is standard output")
    parser.add_argument("--attack", metavar="NAME", help="whose table; default: the strongest attack that has one")
    add_home(parser)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    from auditor.console import files

    to_terminal = str(arguments.output) == "-"
    if not to_terminal:
        files.check_writable(arguments.output)
    found = _page(arguments)
    if to_terminal:
        sys.stdout.write(as_csv(found))
        return 0
    files.write(arguments.output, as_csv(found).encode())
    print(f"wrote {arguments.output}: {len(found.rows):,} records by pseudonym, of the attack {found.attack}")
    return 0


def as_csv(found: "Page") -> str:
    """One row a record; a cell that an audit could not fill is empty."""
    from auditor.workflow.single_records import COLUMNS

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([[getattr(row, name) for name in COLUMNS] for row in found.rows])
    return text.getvalue()


def _page(arguments: argparse.Namespace) -> "Page":
    from auditor import workflow
    from auditor.store import audits
    from auditor.workflow import single_records

    services = workflow.run_locally(alone(settings_for(arguments)))
    try:
        with services.database.read() as tx:
            audit = audits.by_id(tx, arguments.audit_id)
        reader = single_records.Reader(audit.workspace_id, READER)
        return single_records.read(services, reader, audit.id, arguments.attack, ALL)
    finally:
        services.close()
