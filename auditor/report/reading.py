"""A result document as it is read: the same values feed the page, the PDF and the dashboard.

`result` is the document of the interface, with the optional parts `target` and `method`; what is missing is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from auditor.report import numbers
from auditor.report.control import Control, control_of
from auditor.report.costs import Cost, cost_of
from auditor.report.definition import Definition, definition_of
from auditor.report.families import FamilyOf, families_of
from auditor.report.findings import Check, Finding, check_of
from auditor.report.not_run import NotRun, not_run_of
from auditor.report.printable import printable
from auditor.report.privacy import Privacy, privacy_of
from auditor.report.remedies import remedies_of
from auditor.report.removed import REMOVED, removed_in_words
from auditor.report.triage import Triage, triage_of
from auditor.report.verdict import Answer, Verdict, answers_of, verdict_of
from auditor.report.what_if import WhatIf, what_if_of
from auditor.report.words import LIMITATIONS, OUTCOMES, SEVERITY_LIMITS, STATUSES

Fact = tuple[str, str]
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Reading:
    name: str
    date: str
    verdict: Verdict
    verdict_word: str
    score: str
    severity: str
    answers: tuple[Answer, ...]
    tested: tuple[Fact, ...]
    remedies: tuple[str, ...]
    facts: tuple[Fact, ...]
    families: tuple[FamilyOf, ...]
    privacy: Privacy | None
    not_run: tuple[NotRun, ...]
    triage: Triage | None
    what_if: WhatIf | None
    data: tuple[Fact, ...]
    data_checks: tuple[Check, ...]
    detectability: str
    notes: tuple[str, ...]
    control: Control | None
    cost: Cost | None
    method: tuple[Fact, ...]
    limitations: tuple[str, ...]
    definition: Definition | None

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(f for family in self.families for f in family.findings)

    @property
    def concerned(self) -> tuple[Finding, ...]:
        """Findings that say whom a leak concerns: groups of people, and single records."""
        return tuple(f for f in self.findings if f.groups is not None or f.exposed is not None)


def read(result: Document) -> Reading:
    """Everything the templates show, as text."""
    result = printable(result)
    audit, verdict = result["audit"], verdict_of(result)
    data, profile = result.get("data") or {}, (result.get("target") or {}).get("profile") or {}
    moment = moment_of(audit)
    answers = answers_of(result) if result.get("findings") or result.get("not_run") else ()
    return Reading(
        name=str(audit["name"]),
        date="" if moment is None else numbers.minute(moment),
        verdict=verdict,
        verdict_word=OUTCOMES.get(verdict.outcome) or STATUSES.get(verdict.outcome, verdict.outcome),
        score=numbers.score(audit.get("score")),
        severity=audit.get("severity") or "",
        answers=answers,
        tested=_tested(result),
        remedies=remedies_of(result),
        facts=_facts(result),
        families=families_of(result, answers),
        privacy=privacy_of(result),
        not_run=not_run_of(result),
        triage=triage_of(result.get("triage")),
        what_if=what_if_of(result.get("what_if")),
        data=_data(data),
        data_checks=(check_of("blind_baseline", data["blind_baseline"]),) if data.get("blind_baseline") else (),
        detectability=data.get("detectability") or "",
        notes=(*removed_in_words(data.get("removed") or {}), *data.get("notes", ()), *profile.get("notes", ())),
        control=control_of(result.get("control")),
        cost=cost_of(result.get("cost")),
        method=_method(result),
        limitations=LIMITATIONS,
        definition=definition_of(audit.get("score_version", 1), {f.get("kind") for f in result.get("findings", ())}),
    )


def moment_of(audit: Document) -> datetime | None:
    """When the audit finished or, where the result does not say, when it was submitted; always UTC."""
    text = audit.get("finished_at") or audit.get("created_at")
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _tested(result: Document) -> tuple[Fact, ...]:
    """What a reader has to know of an audit before its figures: which model, on whom, with what, and what was left out."""
    target, data = result.get("target") or {}, result.get("data") or {}
    counts = _CANARIES if data.get("canaries") else _COUNTS
    records = [f"{numbers.grouped(data[key])} {name[:1].lower()}{name[1:]}" for name, key in counts if data.get(key)]
    ran = list(dict.fromkeys(str(f["attack"]) for f in result.get("findings", ())))
    never = [one for one in dict.fromkeys(str(n["attack"]) for n in result.get("not_run", ())) if one not in ran]
    facts = [("Model", target.get("url") or target.get("model")), ("Records", ", ".join(records)), ("Attacks", ", ".join(ran))]
    return _said([*facts, ("Not tried", ", ".join(never))] if ran else [])


def _facts(result: Document) -> tuple[Fact, ...]:
    audit, target = result["audit"], result.get("target") or {}
    profile = target.get("profile") or {}
    return _said(
        [
            ("Target", target.get("url") or target.get("model")),
            ("Model file", target.get("format")),
            ("Protocol", target.get("protocol")),
            ("Answers", _answers(profile)),
            ("Classes", ", ".join(profile.get("classes", ()))),
            ("Audit", audit.get("id")),
            ("Queries", "" if audit.get("queries") is None else numbers.grouped(audit["queries"])),
            ("Took", numbers.duration(audit["seconds"]) if audit.get("seconds") else ""),
        ]
    )


def _answers(profile: Document) -> str:
    if not profile:
        return ""
    parts = [str(profile.get("output", ""))]
    if profile.get("decimals") is not None:
        parts.append(f"{profile['decimals']} decimals")
    if "deterministic" in profile:
        parts.append("deterministic" if profile["deterministic"] else "not deterministic")
    if profile.get("batch_dependent"):
        parts.append("depends on the batch")
    return ", ".join(p for p in parts if p)


def _data(data: Document) -> tuple[Fact, ...]:
    counts = _CANARIES if data.get("canaries") else _COUNTS
    facts = [(name, numbers.grouped(data[key])) for name, key in counts if data.get(key) is not None]
    if data:
        facts.append(("Removed", _removed(data.get("removed") or {}) or "nothing"))
    return tuple(facts)


def _removed(removed: Mapping[str, int]) -> str:
    """How many; the notes say why. Results of earlier versions hold sums alone."""
    told = sum(n for word, n in removed.items() if word in REMOVED)
    words = "; ".join(f"{n:,} {word.replace('_', ' ')}" for word, n in removed.items() if n)
    return f"{told:,} records; the notes say why" if told else words


_COUNTS = (("Members", "members"), ("Non-members", "non_members"), ("Auxiliary records", "auxiliary"))
_CANARIES = (("Canaries trained on", "members"), ("Canaries left out", "non_members"), ("Auxiliary records", "auxiliary"))


def _method(result: Document) -> tuple[Fact, ...]:
    method = result.get("method") or {}
    distances = sorted((method.get("learner_distances") or {}).items(), key=lambda item: item[1])
    versions = method.get("versions") or {}
    return _said(
        [
            ("Learner of the shadow models", _learner(method.get("learner"))),
            ("Runner-up", _learner(method.get("runner_up"))),
            ("Distance to the target", "; ".join(f"{name} {distance:.3f}" for name, distance in distances)),
            ("Shadow models", numbers.grouped(method["shadows"]) if method.get("shadows") else ""),
            ("Policy", _policy(method.get("policy") or {})),
            ("Seed", str(method["seed"]) if "seed" in method else ""),
            ("Score", f"version {result['audit'].get('score_version', 1)}: {_SCALE}"),
            ("Software", "; ".join(f"{name} {number}" for name, number in versions.items())),
        ]
    )


def _policy(policy: Document) -> str:
    told = [f"{family} {'no level' if level is None else f'{level:.0f}'}" for family, level in policy.get("levels", {}).items()]
    return str(policy.get("name", "")) + (f" ({'; '.join(told)})" if told else "")


_SCALE = "severity is the level of the lower limit: " + ", ".join(
    f"{name} from {limit:.0f}" for name, limit in SEVERITY_LIMITS.items() if limit
)


def _learner(learner: object) -> str:
    if isinstance(learner, Mapping):
        params = ", ".join(f"{k} {v}" for k, v in (learner.get("params") or {}).items())
        return f"{learner.get('name', '')} ({params})" if params else str(learner.get("name", ""))
    return str(learner or "")


def _said(facts: list[tuple[str, Any]]) -> tuple[Fact, ...]:
    return tuple((name, str(value)) for name, value in facts if value)
