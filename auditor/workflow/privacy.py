"""Epsilon in a finding, and the answer to a claimed one."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Estimate, Finding
from auditor.scoring import epsilon, score
from auditor.scoring.assess import Grading, Truth
from auditor.workflow.material import Material

USUAL_DELTA = 1e-5
COIN_FLIPS, SPLIT = "coin flips", "split"
NAMES = ("empirical_epsilon", "epsilon_lower_bound")
TOLD_APART = "members and non-members can be told apart without the model, so inclusion was not exchangeable"
OF_GROUPS = (
    "Records of a group became members together, so epsilon is that of whole groups; a claim for single records allows a group of "
    "k records k times as much."
)
UNCLAIMED = "No epsilon is claimed; state one under claimed_epsilon to have it answered."


def is_canary(material: Material) -> bool:
    """Did fair coins decide who was trained on? Only then may a claim be called violated."""
    return material.spec.data.canaries is not None


def epsilon_of(material: Material, evidence: MembershipScores, truth: Truth, grading: Grading) -> tuple[Estimate, ...]:
    """Lower bounds from one attack: of coin-flip canaries in the strict sense, of a split an empirical estimate.

    A split whose sides can be told apart without the model was not exchangeable, so it says nothing of the training.
    """
    if not is_canary(material) and material.results.get("blind", {}).get("fired"):
        return (Estimate(NAMES[0], reason=TOLD_APART),)
    claimed = material.spec.claimed_epsilon
    delta = USUAL_DELTA if claimed is None else claimed.delta
    measure = epsilon.lower_bound if is_canary(material) else epsilon.empirical
    return measure(evidence, truth.of(evidence).is_member, grading, delta)


def caveats_of(material: Material) -> tuple[str, ...]:
    return (*epsilon.caveats(is_canary(material)), *_of_groups(material))


def answered(material: Material, findings: Sequence[Finding]) -> dict[str, Any] | None:
    """What all membership attacks together say of the claim; None where none was graded. Of a split, attacks that fail a check of
    the split have no say; coins are fair whatever a check by chance says."""
    heard = [f for f in findings if f.family == "membership" and (is_canary(material) or _is_sound(f))]
    found = [e for f in heard for e in f.estimates if e.name in NAMES]
    claimed = material.spec.claimed_epsilon
    if claimed is None:
        return {"claimed": None, "design": _design(material), "verdict": None, "sentence": UNCLAIMED} if found else None
    verdict, sentence = epsilon.answer(found, claimed.epsilon, claimed.delta, is_canary(material))
    sentence = " ".join([sentence, *_of_groups(material)])
    stated = {"epsilon": claimed.epsilon, "delta": claimed.delta}
    return {"claimed": stated, "design": _design(material), "verdict": verdict, "sentence": sentence}


def _of_groups(material: Material) -> tuple[str, ...]:
    units = material.units
    return () if units is None or len(np.unique(units)) == len(units) else (OF_GROUPS,)


def _is_sound(finding: Finding) -> bool:
    """An attack that would not find a leak may still have found one; any other failed check makes its figures worthless."""
    return all(c.passed is not False for name, c in finding.controls.items() if name not in score.POSITIVE_CONTROLS)


def _design(material: Material) -> str:
    return COIN_FLIPS if is_canary(material) else SPLIT
