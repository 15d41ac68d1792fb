"""`auditor records`: the most exposed single records of an audit, or what was recovered of some, by pseudonym, as CSV."""

import argparse
import csv
import io
import re
import sys
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.cli.place import add_home, alone, settings_for

if TYPE_CHECKING:
    from auditor.workflow.services import Services
    from auditor.workflow.single_records import Reader

OUTPUT = Path("records.csv")
ALL = range(1_000_000)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0", "\uff1d", "\uff0b", "\uff0d", "\uff20")
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?")
READER = "The owner of this home"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("records", help="write the most exposed single records of an audit", description=__doc__)
    parser.add_argument("audit_id", metavar="AUDIT_ID", help="an audit of this home")
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FILE", help=f"default: {OUTPUT}; `-` is standard output")
    parser.add_argument("--attack", metavar="NAME", help="whose table; default: the strongest attack that has one")
    parser.add_argument("--recovered", action="store_true", help="instead: true value, recovered value and guess without the model")
    add_home(parser)
    parser.set_defaults(execute=execute)


@dataclass(frozen=True)
class Sheet:
    """Rows of one kind, with what they are in words."""

    rows: Sequence[Any]
    kind: type
    words: str


def execute(arguments: argparse.Namespace) -> int:
    from auditor.console import files

    to_terminal = str(arguments.output) == "-"
    if not to_terminal:
        files.check_writable(arguments.output)
    found = _sheet(arguments)
    if to_terminal:
        sys.stdout.write(as_csv(found))
        return 0
    files.write(arguments.output, as_csv(found).encode())
    print(f"wrote {arguments.output}: {found.words}")
    return 0


def as_csv(found: Sheet) -> str:
    """A cell that an audit could not fill is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([field.name for field in fields(found.kind)])
    writer.writerows([tuple(map(inert, astuple(row))) for row in found.rows])
    return text.getvalue()


def inert(cell: object) -> object:
    """A text of a record that a spreadsheet would take for a formula, behind an apostrophe; numbers stay as they are."""
    if isinstance(cell, str) and cell.startswith(FORMULA) and not NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def _sheet(arguments: argparse.Namespace) -> Sheet:
    from auditor import workflow
    from auditor.store import audits
    from auditor.workflow import single_records

    services = workflow.run_locally(alone(settings_for(arguments)))
    try:
        with services.database.read() as tx:
            audit = audits.by_id(tx, arguments.audit_id)
        reader = single_records.Reader(audit.workspace_id, READER)
        read = _recovered if arguments.recovered else _exposed
        return read(services, reader, audit.id, arguments.attack)
    finally:
        services.close()


def _exposed(services: "Services", reader: "Reader", audit_id: str, attack: str | None) -> Sheet:
    from auditor.workflow import single_records

    found = single_records.read(services, reader, audit_id, attack, ALL)
    return Sheet(found.rows, single_records.Exposed, f"{len(found.rows):,} records by pseudonym, of the attack {found.attack}")


def _recovered(services: "Services", reader: "Reader", audit_id: str, attack: str | None) -> Sheet:
    from auditor.workflow import recovered_values

    found = recovered_values.read(services, reader, audit_id, attack)
    return Sheet(found.rows, recovered_values.RecoveredValue, f"{found.kept}, recovered by {found.attack}. {found.told}")
