"""`auditor log`: every request of an audit to its target, as CSV, to be laid beside the log of the party that runs the model."""

import argparse
import csv
import io
import sys
from collections.abc import Iterable, Iterator
from dataclasses import astuple, fields
from pathlib import Path

from auditor.cli.place import add_home, alone, settings_for
from auditor.domain.attempt import Attempt

OUTPUT = Path("queries.csv")
AT_ONCE = 5_000


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("log", help="write every request of an audit to its target", description=__doc__)
    parser.add_argument("audit_id", metavar="AUDIT_ID", help="an audit of this home")
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FILE", help=f"default: {OUTPUT}; `-` is standard output")
    add_home(parser)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    from auditor.console import files

    to_terminal = str(arguments.output) == "-"
    if not to_terminal:
        files.check_writable(arguments.output)
    found = _attempts(arguments)
    if to_terminal:
        sys.stdout.write(as_csv(found))
        return 0
    files.write(arguments.output, as_csv(found).encode())
    print(f"wrote {arguments.output}: {len(found):,} requests of {sum(one.rows for one in found):,} rows")
    return 0


def as_csv(found: Iterable[Attempt]) -> str:
    """One line a request, oldest first; times in UTC, an empty status where no answer came."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(Attempt))
    writer.writerows(_cells(one) for one in found)
    return text.getvalue()


def _cells(one: Attempt) -> Iterator[object]:
    key, made, *rest = astuple(one)
    return iter((key, made.isoformat(timespec="milliseconds"), *rest))


def _attempts(arguments: argparse.Namespace) -> list[Attempt]:
    from auditor import workflow
    from auditor.store import attempts, audits

    services = workflow.run_locally(alone(settings_for(arguments)))
    try:
        with services.database.read() as tx:
            audit = audits.by_id(tx, arguments.audit_id)
            found, cursor = attempts.page(tx, audit.id, limit=AT_ONCE)
            while cursor is not None:
                more, cursor = attempts.page(tx, audit.id, limit=AT_ONCE, cursor=cursor)
                found += more
        return found
    finally:
        services.close()
