"""`auditor scan`: what the file of a model would run, import or fetch if it were loaded; it is read, never loaded."""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auditor.intake.scan import ScanReport

MOST_LINES = 40


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("scan", help="what loading the file of a model would run", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE", help="the file of a model, of any format")
    parser.add_argument("--sha256", default="", metavar="DIGEST", help="what the file should be; another one is a breach")
    parser.add_argument("--alone", action="store_true", help="do not ask picklescan, modelscan and fickling, even if installed")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the report as JSON")
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    from auditor.cli.exits import BY_OUTCOME
    from auditor.console import files
    from auditor.intake import scan

    output = files.check_writable(arguments.output) if arguments.output else None
    report = scan.scan(arguments.file, declared=arguments.sha256)
    if not arguments.alone and report.executes:
        report = replace(report, opinions=scan.opinions(arguments.file))
    if output is not None:
        files.write(output, (json.dumps(report.as_json(), indent=2, sort_keys=True) + "\n").encode())
    _print(report)
    return BY_OUTCOME[str(report.outcome)]


def _print(report: "ScanReport") -> None:
    from rich.console import Console

    console = Console(highlight=False)
    console.print(f"{report.name}: {report.format}, {report.size:,} bytes", markup=False)
    console.print(f"SHA-256 {report.sha256}", markup=False)
    console.print(_table(report))
    console.print(f"{report.outcome}: {_verdict(report)}", markup=False)


def _table(report: "ScanReport") -> Any:
    """Control characters of a crafted file must not reach the terminal: sentences are cleaned of them."""
    from rich.table import Table
    from rich.text import Text

    table = Table("check", "found", "severity", "what", box=None, pad_edge=False)
    words = {True: "yes", False: "no", None: "not seen"}
    for check in report.checks()[:MOST_LINES]:
        severity = str(check.severity) if check.found is not False else ""
        table.add_row(check.name, words[check.found], severity, Text(_clean(check.sentence)))
    return table


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)


def _verdict(report: "ScanReport") -> str:
    runs = report.runs()
    if runs:
        return f"loading this file would run {_clean(runs[0])}"
    if str(report.outcome) == "breach":
        return "this is not the declared file"
    if str(report.outcome) == "pass":
        return "nothing in this file can run when it is loaded"
    return "nothing was seen that would do harm, and that does not show that the file is harmless"
