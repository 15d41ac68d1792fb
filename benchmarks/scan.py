"""What our scan and three other scanners say of harmless and crafted files: `python -m benchmarks scan --others BIN`.

BIN is the folder of commands of an environment with the extra `scanners`. Writes the table
of docs/supply-chain.md between its marks."""

import argparse
import os
import re
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from auditor.intake.scan import Opinion, ScanReport, opinions, scan
from benchmarks.scan_corpus import CASES, Case

PAGE = Path(__file__).parent.parent / "docs" / "supply-chain.md"
MARKS = re.compile(r"(<!-- scanners -->\n).*?(<!-- end -->)", re.DOTALL)
OTHERS = ("picklescan", "modelscan", "fickling")
WORDS = {True: "flagged", False: "nothing", None: "not read"}


@dataclass(frozen=True)
class Row:
    case: Case
    report: ScanReport
    opinions: tuple[Opinion, ...]


def measured() -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            path = Path(folder) / case.name
            path.write_bytes(case.make())
            rows.append(Row(case, scan(path), opinions(path)))
    return rows


def table(rows: list[Row]) -> str:
    versions = {o.scanner: o.version for row in rows for o in row.opinions}
    heads = ["file", "it is", "auditor", *(f"{name} {versions.get(name, '(not there)')}" for name in OTHERS)]
    lines = [heads, ["---"] * len(heads), *(_cells(row) for row in rows)]
    return "\n".join([*(f"| {' | '.join(line)} |" for line in lines), "", *_summary(rows)])


def _cells(row: Row) -> list[str]:
    said = {o.scanner: WORDS[o.flagged] for o in row.opinions}
    return [row.case.what, row.case.truth, str(row.report.outcome), *(said.get(name, "-") for name in OTHERS)]


def _summary(rows: list[Row]) -> list[str]:
    """Of the harmful files how many each calls harmful, and of the others how many."""
    harmful = [row for row in rows if row.case.truth == "harmful"]
    rest = [row for row in rows if row.case.truth != "harmful"]
    ours = f"This scan finds a breach in {_breaches(harmful)} of {len(harmful)} harmful and {_breaches(rest)} of {len(rest)} others"
    found, false = (Counter(o.scanner for row in part for o in row.opinions if o.flagged) for part in (harmful, rest))
    theirs = (f"{name} flags {found[name]} and {false[name]}" for name in OTHERS)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=PAGE.parent, capture_output=True, text=True, check=False)
    return [f"{ours}; {', '.join(theirs)}. Measured at commit {commit.stdout.strip()}."]


def _breaches(rows: list[Row]) -> int:
    return sum(str(row.report.outcome) == "breach" for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--others", type=Path, metavar="BIN", help="commands of the environment with the other scanners")
    others = parser.parse_args().others
    if others is not None:
        os.environ["PATH"] = os.pathsep.join([str(others), os.environ.get("PATH", "")])
    text = table(measured())
    print(text)
    if others is not None:
        PAGE.write_text(
            MARKS.sub(lambda found: found[1] + text + "\n" + found[2], PAGE.read_text(encoding="utf-8")), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
