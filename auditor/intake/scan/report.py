"""The report of a scan, and the finding that an audit makes of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from auditor.domain.evidence import Check
from auditor.domain.finding import Finding, Outcome, Severity
from auditor.intake.scan.sighting import Kind, Sighting

VERSION = 1  # of the shape of `as_json`
SEVERITIES: Mapping[Kind, Severity] = {
    Kind.RUNS: Severity.CRITICAL,
    Kind.DIGEST: Severity.CRITICAL,
    Kind.UNKNOWN: Severity.HIGH,
    Kind.IRREGULAR: Severity.MODERATE,
    Kind.OUTSIDE: Severity.MODERATE,
    Kind.UNREAD: Severity.MODERATE,
    Kind.FORMAT: Severity.LOW,
}
FLOORS = {Severity.NONE: 0.0, Severity.LOW: 5.0, Severity.MODERATE: 25.0, Severity.HIGH: 50.0, Severity.CRITICAL: 75.0}
NOTHING_SEEN: Mapping[Kind, str] = {
    Kind.RUNS: "Nothing was seen that would run, load, fetch or write something when the file is loaded.",
    Kind.UNKNOWN: "Every name that loading would import is a known constructor of data or of a model.",
    Kind.IRREGULAR: "The file is put together as the usual tools do.",
    Kind.OUTSIDE: "The model is in this file alone.",
    Kind.UNREAD: "The file was read to its end.",
    Kind.FORMAT: "Loading this format runs nothing that stands in the file.",
}
NOT_READ = "Not known, because the file was not read to its end."
WHO = "Someone who can change or replace the file that the model is loaded from."
HOW_TO_CONVERT = (
    "save it as skops (skops.io.dump), ONNX (skl2onnx), XGBoost JSON (save_model), LightGBM text (save_model) or safetensors"
)


@dataclass(frozen=True)
class Opinion:
    """What another scanner says; it is listed and decides nothing. `flagged` is None where it could not say."""

    scanner: str
    version: str
    flagged: bool | None
    sentence: str


@dataclass(frozen=True)
class ScanReport:
    """`executes`: loading such a file runs instructions that stand in it. `sightings`: the worst first."""

    name: str
    size: int
    sha256: str
    format: str
    executes: bool
    sightings: tuple[Sighting, ...] = ()
    opinions: tuple[Opinion, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """A breach is code that would run, or another file than the declared one. A pass: all was read, and nothing can run."""
        kinds = {sighting.kind for sighting in self.sightings}
        if kinds & {Kind.RUNS, Kind.DIGEST}:
            return Outcome.BREACH
        return Outcome.INCONCLUSIVE if kinds else Outcome.PASS

    @property
    def severity(self) -> Severity:
        return max((SEVERITIES[s.kind] for s in self.sightings), key=lambda s: FLOORS[s], default=Severity.NONE)

    def runs(self) -> tuple[str, ...]:
        """What loading the file would run, as Python would write it."""
        return tuple(s.expression for s in self.sightings if s.kind is Kind.RUNS and s.expression)

    def refusal(self) -> str:
        """One sentence for whoever submitted a file that is never loaded: what it is, what it would run, what to do."""
        runs = self.runs()
        what = f", and this one would run {runs[0]}" if runs else ""
        if self.executes:
            why = f"the file is a {self.format}, which is never loaded here because loading it runs what stands in it"
            return f"{why}{what}; {HOW_TO_CONVERT}"
        worst = self.sightings[0].sentence if self.sightings else "it is of no format that is served here"
        return f"the file is refused: {worst}; {HOW_TO_CONVERT}"

    def checks(self) -> tuple[Check, ...]:
        """Each sighting, and beside them what was looked for and not found."""
        seen = [_check(sighting) for sighting in self.sightings]
        kinds = {sighting.kind for sighting in self.sightings}
        others = {kind: sentence for kind, sentence in NOTHING_SEEN.items() if kind not in kinds}
        if Kind.UNREAD in kinds:  # what stands in the rest is not known
            return (*seen, *(Check(str(k), None, SEVERITIES[k], NOT_READ) for k in others), *map(_check_of_opinion, self.opinions))
        clear = [Check(str(k), False, SEVERITIES[k], sentence) for k, sentence in others.items()]
        return (*seen, *clear, *map(_check_of_opinion, self.opinions))

    def as_json(self) -> dict[str, Any]:
        return {
            "scan": VERSION,
            "file": {
                "name": self.name,
                "bytes": self.size,
                "sha256": self.sha256,
                "format": self.format,
                "executes": self.executes,
            },
            "outcome": str(self.outcome),
            "severity": str(self.severity),
            "sightings": [asdict(s) | {"kind": str(s.kind)} for s in self.sightings],
            "opinions": [asdict(opinion) for opinion in self.opinions],
            "finding": finding(self).as_json(),
        }


def finding(report: ScanReport) -> Finding:
    """The scan as a finding of an audit, in the shape of every other."""
    score = FLOORS[report.severity]
    is_open = report.outcome is Outcome.INCONCLUSIVE
    return Finding(
        attack="file-scan",
        family="supply-chain",
        kind="disclosures",
        shows="what loading the model's file would run, import or fetch",
        outcome=report.outcome,
        severity=report.severity,
        score=score,
        score_low=score,
        score_high=100.0 if is_open else score,
        threat_model={"sees": "nothing", "knows": [], "words": WHO},
        caveats=(
            "Nothing was loaded or run: instructions were read one by one. Numbers within a model were not judged; a crafted one "
            "can still mislead or crash the library that loads it.",
        ),
        parameters={"file": report.name, "bytes": report.size, "sha256": report.sha256, "format": report.format},
        checks=tuple(check.as_json() for check in report.checks()),
    )


def _check(sighting: Sighting) -> Check:
    details = {key: value for key, value in (("place", sighting.place), ("expression", sighting.expression)) if value}
    found = None if sighting.kind is Kind.UNREAD else True
    return Check(str(sighting.kind), found, SEVERITIES[sighting.kind], _sentence(sighting), details)


def _sentence(sighting: Sighting) -> str:
    text = f"{sighting.sentence} (in {sighting.place})" if sighting.place else sighting.sentence
    return f"{text[:1].upper()}{text[1:]}."


def _check_of_opinion(opinion: Opinion) -> Check:
    details = {"version": opinion.version}
    return Check(f"scanner:{opinion.scanner}", opinion.flagged, Severity.MODERATE, opinion.sentence, details)
