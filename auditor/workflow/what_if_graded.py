"""Attacks run again behind a channel and graded as the audit grades: the same truth, the same policy, the same controls."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from auditor.attacks import registry
from auditor.attacks.stealing.equation_solving import FEWER, EquationSolving
from auditor.domain.evidence import Evidence, MembershipScores
from auditor.domain.finding import Estimate, Outcome
from auditor.domain.threat import Sees
from auditor.errors import AttackFailed, InvalidInput
from auditor.scoring import holm, score
from auditor.scoring.assess import Assessment, Grading, assess
from auditor.scoring.defences import Tried
from auditor.shadows.channels import AS_IT_IS, Channel
from auditor.workflow.blindness import weigh_against_blind
from auditor.workflow.case import Case
from auditor.workflow.kinds import kind_of
from auditor.workflow.look import Item, Look
from auditor.workflow.units import independent
from auditor.workflow.what_if_recorded import Behind, Unasked

FAMILIES = ("membership", "inversion", "stealing")
FALL_BACK = ("gap", "calibrated-correctness")  # what an adversary who sees labels alone still has
COPIED_BEHIND = ("labels only", "top 1", "2 decimals")
SOLVED_BEHIND = ("3 decimals", "2 decimals", "1 decimal")  # equations, which are solved in no time
TOLD = ("auc", "tpr@fpr=0.01", "tpr@fpr=0.001", "accuracy", "fidelity", "baseline_fidelity")

NO_WAY = "How to calibrate it to this channel is not known here, and an attack that is not would flatter the defence."
NOT_TRIED = "Copies are trained again behind labels, the top class and 2 decimals alone."
OTHER_KIND = "What it looks at does not depend on the answers."


@dataclass(frozen=True, eq=False)
class Row:
    """One attack behind one channel; `estimates` are empty where it was not graded."""

    tried: Tried
    estimates: tuple[Estimate, ...] = ()

    def as_json(self) -> dict[str, Any]:
        tried = self.tried
        return {
            "attack": tried.attack,
            "family": tried.family,
            "outcome": None if tried.outcome is None else str(tried.outcome),
            "score": tried.score,
            "score_low": tried.score_low,
            "score_high": tried.score_high,
            "cannot_run": tried.cannot_run,
            "reason": tried.reason or None,
            "estimates": [e.as_json() for e in self.estimates],
        }


@dataclass(frozen=True, eq=False)
class Ran:
    """`twins`: evidence about the targets of its controls, behind the same channel."""

    case: Case
    twins: Mapping[str, Evidence]


def rows_of(behind: Behind, share: float) -> list[Row]:
    """Every attack of the audit behind this channel, on `share` of the error level, and the fall-back of who sees labels alone."""
    look = replace(behind.recorded.look, share=behind.recorded.look.share * share)
    rows: list[Row] = []
    for family in FAMILIES:
        ran, not_run = _run(behind, look, family)
        rows += [*_graded(look, family, ran, round(1 / share)), *not_run]
    order = [item["label"] for item in items_of(look)]
    return sorted(rows, key=lambda row: order.index(row.tried.attack) if row.tried.attack in order else len(order))


def items_of(look: Look) -> list[Item]:
    """The attacks of the audit that finished and read answers; who reads parameters is stopped by no channel."""
    run = [item for item in look.material.results["probe"]["run"] if item["family"] in FAMILIES]
    return [item for item in run if look.result("attack", item) and _reads_answers(item)]


def _reads_answers(item: Item) -> bool:
    return registry.make(item["attack"], item["params"]).threat_model.sees is not Sees.PARAMETERS


def _family_items(behind: Behind, look: Look, family: str) -> list[Item]:
    items = [item for item in items_of(look) if item["family"] == family]
    names = {item["attack"] for item in items}
    if family != "membership" or not items or not behind.channel.labels:
        return items
    return items + [_fall_back(name) for name in FALL_BACK if name not in names]


def _fall_back(name: str) -> Item:
    return {"label": name, "attack": name, "family": "membership", "params": {}, "sensitive": None, "query_limit": 0}


def _run(behind: Behind, look: Look, family: str) -> tuple[list[Ran], list[Row]]:
    ran: list[Ran] = []
    rows: list[Row] = []
    for item in _family_items(behind, look, family):
        unmet = behind.unmet(item)
        reason = " ".join(unmet) or _untried(behind.channel, item)
        if reason:
            rows.append(Row(Tried(item["label"], family, None, cannot_run=bool(unmet), reason=reason)))
            continue
        try:
            ran.append(_ran(behind, look, item))
        except (AttackFailed, InvalidInput) as refused:
            rows.append(Row(Tried(item["label"], family, None, reason=refused.sentence)))
    return ran, rows


def _untried(channel: Channel, item: Item) -> str:
    """Why an attack that could run behind this channel is not run again."""
    if channel == AS_IT_IS or item["family"] == "membership":
        return ""
    if item["family"] == "stealing":
        behind = SOLVED_BEHIND if item["attack"] == EquationSolving.name else COPIED_BEHIND
        return "" if channel.name in behind else NOT_TRIED
    return NO_WAY if channel.needs_all_classes else ""


def _ran(behind: Behind, look: Look, item: Item) -> Ran:
    attack = registry.make(item["attack"], item["params"])
    kind, baseline = kind_of(attack), look.result("baseline", item)
    plain = None if baseline is None else look.independent(baseline["evidence"], item)
    evidence = _independent(look, _evidence(behind, look, item))
    case = Case(item, attack, evidence, plain, kind.truth(look, item))
    return Ran(case, _twins(behind, look, item))


def _evidence(behind: Behind, look: Look, item: Item) -> Evidence:
    """As it is, an attack that cannot be run again without asking is told by what it left."""
    try:
        return behind.evidence(item, behind.query)
    except Unasked:
        left = look.result("attack", item)
        if behind.channel != AS_IT_IS or left is None:
            raise
        return look.evidence(left["evidence"], item)


def _twins(behind: Behind, look: Look, item: Item) -> dict[str, Evidence]:
    """Membership attacks are run again on their twin behind the channel: one that is blind there must not pass. Of the others,
    which are slower, the audit's own controls are taken."""
    attack, data = registry.make(item["attack"], item["params"]), look.material.data
    left = look.result("control", item)
    if item["family"] != "membership" or (behind.channel == AS_IT_IS and left is not None):
        return {name: look.independent(ran["evidence"], item) for name, ran in (left or {}).items()}
    targets = kind_of(attack).targets(attack, data, behind.recorded.shadows, look.material.spec.seed)
    return {name: _independent(look, behind.evidence(item, behind.hides(query))) for name, query in targets.items()}


def _independent(look: Look, evidence: Evidence) -> Evidence:
    return independent(evidence, look.material.units) if isinstance(evidence, MembershipScores) else evidence


def _graded(look: Look, family: str, ran: list[Ran], channels: int) -> list[Row]:
    """`channels`: over how many of them the controls share their error, too."""
    gradable = [r for r in ran if _refusal(look, family, r, len(ran)) is None]
    rows = [Row(Tried(r.case.item["label"], family, None, reason=_refusal(look, family, r, len(ran)) or "")) for r in ran]
    rows = [row for row in rows if row.tried.reason]
    if not gradable:
        return rows
    grading = look.grading(family, len(gradable))
    assessed = holm.assess_family([(r.case.evidence, r.case.baseline, r.case.truth) for r in gradable], grading)
    if family == "membership":
        pairs = zip(gradable, assessed, strict=True)
        assessed = [weigh_against_blind(look, r.case.evidence, r.case.truth, a, grading) for r, a in pairs]
    judged = replace(grading, family_size=grading.family_size * channels)
    return rows + [_row(look, r, a, judged) for r, a in zip(gradable, assessed, strict=True)]


def _refusal(look: Look, family: str, ran: Ran, size: int) -> str | None:
    try:
        assess(ran.case.evidence, ran.case.truth, look.grading(family, size), ran.case.baseline)
    except AttackFailed as broken:
        return broken.sentence
    return None


def _row(look: Look, ran: Ran, assessment: Assessment, grading: Grading) -> Row:
    case = ran.case
    checks = dict(look.checks.of_all)
    try:
        checks |= kind_of(case.attack).checks(look, case, ran.twins, grading)
    except (AttackFailed, KeyError):
        return Row(Tried(case.item["label"], case.item["family"], None, reason="Its controls could not be graded here."))
    outcome, _ = score.judge(assessment, checks, grading.level)
    reasons = [c.sentence for c in checks.values() if c.passed is False]
    if outcome is Outcome.PASS and FEWER in assessment.caveats:
        outcome, reasons = Outcome.INCONCLUSIVE, [FEWER]
    found = (assessment.score, assessment.score_low, assessment.score_high)
    is_blind = score.fails_positive_control_alone({name: c.passed for name, c in checks.items()})
    tried = Tried(case.item["label"], case.item["family"], outcome, *found, reason=" ".join(reasons), is_blind=is_blind)
    return Row(tried, tuple(e for e in assessment.estimates if e.name in TOLD and e.threshold != "oracle"))


def comes_out_again(behind: Behind) -> bool:
    """Do the attacks, run again as it is, claim what they claimed in the audit? On the machine and the libraries of the audit they
    do, bit for bit."""
    look = behind.recorded.look
    return all(_is_same(behind, look, item) for item in items_of(look) if item["family"] == "membership")


def _is_same(behind: Behind, look: Look, item: Item) -> bool:
    left = look.result("attack", item)
    assert left is not None  # noqa: S101 - chosen by its result
    before = look.evidence(left["evidence"], item)
    try:
        after = behind.evidence(item, behind.query)
    except Unasked:
        return True
    pair = isinstance(before, MembershipScores) and isinstance(after, MembershipScores)
    return pair and np.array_equal(before.target, after.target)  # type: ignore[union-attr]
