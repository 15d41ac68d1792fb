"""The tables of docs/epsilon.md that were measured."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.dp import recorded
from benchmarks.dp.environments import versions

PAGE = Path(__file__).parents[2] / "docs" / "epsilon.md"
PACKAGES = {"diffprivlib": ("diffprivlib", "scikit-learn", "numpy"), "opacus": ("opacus", "torch", "numpy")}
ATTACKS = ("loss-threshold", "lira", "rmia")
HEADINGS = ("model", "epsilon claimed", *(f"AUC `{attack}`" for attack in ATTACKS))
HEADINGS += ("at least, for any mechanism", "at least, if Gaussian", "at most visible", "audit")
HEAD = f"| {' | '.join(HEADINGS)} |\n{'|---' * len(HEADINGS)}|\n"


@dataclass(frozen=True, eq=False)
class Audit:
    """The result document of one whole audit."""

    kind: str
    level: str
    result: dict[str, Any]

    @property
    def verdict(self) -> str:
        said = (self.result.get("privacy") or {}).get("verdict")
        outcome = str(self.result["audit"]["outcome"])
        return f"{outcome}; {said}" if said else outcome


def write(library: str, python: Path, audits: list[Audit]) -> None:
    """Replaces the library's part of the page."""
    begin, end = f"<!-- {library} -->\n", f"<!-- end of {library} -->\n"
    before, rest = PAGE.read_text(encoding="utf-8").split(begin)
    told = f"{versions(python, PACKAGES[library])}; the auditor at commit {_commit()}.\n\n"
    PAGE.write_text(before + begin + told + table(library, audits) + end + rest.split(end)[1], encoding="utf-8")


def table(library: str, audits: list[Audit]) -> str:
    recording = recorded.load(library)
    verdicts = {(audit.kind, audit.level): audit.verdict for audit in audits}
    rows = [
        _row(recording, kind, level, verdicts.get((kind, level), ""))
        for kind in recorded.KINDS[library]
        for level in recorded.LEVELS
    ]
    return HEAD + "".join(rows)


def _row(recording: recorded.Recording, kind: str, level: str, verdict: str) -> str:
    aucs = " | ".join(f"{recorded.auc(recording, kind, level, attack):.3f}" for attack in ATTACKS)
    found = [recorded.bounds(recording, kind, level, attack) for attack in ATTACKS]
    best = [max(one[method].low_simultaneous or 0.0 for one in found) for method in ("clopper-pearson", "gaussian-dp")]
    ceiling = found[0]["clopper-pearson"].ceiling
    return f"| {kind} | {level} | {aucs} | {best[0]:.2f} | {best[1]:.2f} | {ceiling:.2f} | {verdict} |\n"


def _commit() -> str:
    line = ("git", "-C", str(PAGE.parent), "rev-parse", "--short=12", "HEAD")
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()
