"""What an audit says of models that leak nothing, a thousand times over: every estimate, bound and check against its promise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from auditor.domain.data import Records
from auditor.domain.finding import Estimate
from auditor.scoring import controls, discoveries, paired
from auditor.scoring import epsilon as bounds
from auditor.scoring.assess import Grading, assess
from auditor.scoring.holm import assess_family
from auditor.scoring.mismatch import random_answers, shadow_match
from auditor.scoring.subgroups import assess_subgroups
from auditor.scoring.validity import blind_baseline
from auditor.scoring.vulnerability import ShadowSignals, vulnerability
from benchmarks.validation import worlds

GRADING = Grading(25.0)
SIDE, DELTA = 600, 1e-5


@dataclass(frozen=True)
class Experiment:
    """`simulate` (seed -> which alarms rang) under no leak; `promised`: how often each may, at most."""

    name: str
    promised: Mapping[str, float]
    simulate: Callable[[int], Mapping[str, bool]]


def membership(seed: int) -> dict[str, bool]:
    rng = np.random.default_rng((1, seed))
    is_member = worlds.halves(2 * SIDE, SIDE, rng)
    evidence, truth = worlds.evidence(is_member, 0.0, rng), worlds.truth(is_member)
    graded = assess(evidence, truth, Grading(25.0, seed=seed))
    ringing = {kind: [e for e in graded.estimates if _rings(e) and e.name.startswith(kind)] for kind in ("auc", "advantage", "ppv")}
    tails = [e for e in graded.estimates if e.name.startswith("tpr") and e.realised_fpr and (e.low or 0) > e.realised_fpr[2]]
    low = graded.score_low or 0.0
    return {
        "auc: the interval excludes .5": bool(ringing["auc"]),
        "advantage, calibrated: the interval lies above 0": any(e.threshold == "calibrated" for e in ringing["advantage"]),
        "advantage, oracle: the interval lies above 0": any(e.threshold == "oracle" for e in ringing["advantage"]),
        "tpr, calibrated: the interval lies above that of the FPR": any(e.threshold == "calibrated" for e in tails),
        "tpr, oracle: the interval lies above that of the FPR": any(e.threshold == "oracle" for e in tails),
        "ppv: at any prior, the interval lies above the prior": bool(ringing["ppv"]),
        "score_low is above 0": low > 0,
        "score_low reaches 5": low >= 5,
        "exposure: anybody can be named": bool(discoveries.named(discoveries.p_values(evidence)).any()),
        "negative control fails": controls.negative(evidence, truth, GRADING).passed is False,
    }


def _rings(estimate: Estimate) -> bool:
    """Does the interval exclude what is true without a leak?"""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return False
    if estimate.name.startswith("ppv"):
        return estimate.low > float(estimate.name.removeprefix("ppv@prior="))
    return estimate.low > 0 if estimate.name == "advantage" else not estimate.low <= 0.5 <= estimate.high


def family(seed: int) -> dict[str, bool]:
    rng = np.random.default_rng((2, seed))
    is_member = worlds.halves(2 * SIDE, SIDE, rng)
    cases = [(worlds.evidence(is_member, 0.0, rng, pseudo=2), None, worlds.truth(is_member)) for _ in range(6)]
    return {"score_low of any of six attacks is above 0": any(a.score_low for a in assess_family(cases, GRADING))}


def subgroups(seed: int) -> dict[str, bool]:
    rng = np.random.default_rng((3, seed))
    is_member = worlds.halves(2_400, 1_200, rng)
    found = assess_subgroups(worlds.evidence(is_member, 0.5, rng), is_member, worlds.groups(2_400, rng), GRADING)
    return {"any of eight groups is told apart from the rest (leak alike in all)": any("exposed" in g.sentence for g in found)}


def single_records(seed: int) -> dict[str, bool]:
    found = vulnerability(worlds.signals(300, 64, 0.0, np.random.default_rng((4, seed))))
    return {"gap: any record is called exposed": bool((found.q <= discoveries.FDR).any())}


def attribute(seed: int) -> dict[str, bool]:
    rng = np.random.default_rng((5, seed))
    is_member = worlds.halves(600, 300, rng)
    attack, imputed, truth = worlds.guesses(is_member, 0.5, rng)
    return {
        "attribute: score_low is above 0 (guessed as well of non-members)": bool(
            assess(attack, truth, Grading(25.0, seed=seed), imputed).score_low
        ),
        "attribute: the negative control fails": controls.attribute_negative(attack, imputed, truth, GRADING).passed is False,
    }


def stealing(seed: int) -> dict[str, bool]:
    rng = np.random.default_rng((6, seed))
    copy, baseline, target = worlds.copies(600, rng)
    truth = worlds.truth(worlds.halves(600, 300, rng), target=target)
    graded = assess(copy, truth, Grading(25.0, seed=seed), baseline)
    return {"stealing: score_low is above 0 (the copy learned nothing)": bool(graded.score_low)}


def blind(seed: int) -> dict[str, bool]:
    rng = np.random.default_rng((7, seed))
    frame, labels = worlds.people(120, rng)
    return {"blind baseline fires": blind_baseline(frame, labels, worlds.halves(120, 60, rng), seed, _ignore).fired}


def epsilon(seed: int) -> dict[str, bool]:
    """Everybody is in by their own fair coin, and nobody's inclusion changes anything: epsilon is 0."""
    rng = np.random.default_rng((8, seed))
    is_member = rng.random(2 * SIDE) < 0.5
    evidence = worlds.evidence(is_member, 0.0, rng)
    found = (*bounds.empirical(evidence, is_member, GRADING, DELTA), *bounds.lower_bound(evidence, is_member, GRADING, DELTA))
    return {_bound(e): (e.low or 0.0) > 0 for e in found if "credible" not in (e.method or "")}


def _bound(estimate: Estimate) -> str:
    return f"{estimate.name}, {estimate.method}: the bound is above 0"


def two_audits(seed: int) -> dict[str, bool]:
    """The second target leaks as much as the first, on the same records; one seed, so both audits have the same shadows."""
    rng = np.random.default_rng((9, seed))
    is_member, ease = worlds.halves(2 * SIDE, SIDE, rng), worlds.ease_of(2 * SIDE, rng)
    first, second = (worlds.evidence(is_member, 1.0, rng, pseudo=8, ease=ease) for _ in range(2))
    second = replace(first, target=second.target)
    found = paired.difference((first, second), paired.Terms(is_member), Grading(25.0, seed=seed))
    return {f"{e.name} between two audits excludes 0": not (e.low or 0) <= 0 <= (e.high or 0) for e in found if e.value is not None}


def target_checks(seed: int) -> dict[str, bool]:
    """A target that is one more model like its shadows, and weak: its answers lean towards the truth by a fifth of their spread."""
    rng = np.random.default_rng((10, seed))
    signals, is_member = worlds.signals(1_200, 8, 0.0, rng), worlds.halves(1_200, 600, rng)
    rest = ShadowSignals(signals.logits[2:], signals.masks[2:])
    labels = rng.integers(0, 3, 1_200).astype(np.intp)
    answers = rng.standard_normal((1_200, 3)) + 0.2 * (labels[:, None] == np.arange(3))
    people = Records(worlds.people(1_200, rng)[0], labels)
    return {
        "shadow match: a target like its shadows has the caveat": shadow_match(signals.logits[0], rest, is_member).caveat
        is not None,
        "random answers: a weak target is called random": random_answers(answers, people, None, False) is not None,
    }


def _ignore(fraction: float) -> None:
    pass


EXPERIMENTS = (
    Experiment(
        "membership",
        {
            "auc: the interval excludes .5": 0.05,
            "advantage, calibrated: the interval lies above 0": 0.05,
            "advantage, oracle: the interval lies above 0": 0.05,
            "tpr, calibrated: the interval lies above that of the FPR": 0.05,
            "tpr, oracle: the interval lies above that of the FPR": 0.05,
            "ppv: at any prior, the interval lies above the prior": 0.05,
            "score_low is above 0": 0.05,
            "score_low reaches 5": 0.05,
            "exposure: anybody can be named": 0.1,
            "negative control fails": 0.01,
        },
        membership,
    ),
    Experiment("family", {"score_low of any of six attacks is above 0": 0.05}, family),
    Experiment("subgroups", {"any of eight groups is told apart from the rest (leak alike in all)": 0.05}, subgroups),
    Experiment("single records", {"gap: any record is called exposed": 0.1}, single_records),
    Experiment(
        "attribute",
        {"attribute: score_low is above 0 (guessed as well of non-members)": 0.05, "attribute: the negative control fails": 0.01},
        attribute,
    ),
    Experiment("stealing", {"stealing: score_low is above 0 (the copy learned nothing)": 0.05}, stealing),
    Experiment("blind", {"blind baseline fires": 0.01}, blind),
    Experiment(
        "epsilon",
        {
            "empirical_epsilon, clopper-pearson: the bound is above 0": 0.05,
            "empirical_epsilon, gaussian-dp: the bound is above 0": 0.05,
            "epsilon_lower_bound, one-run: the bound is above 0": 0.05,
            "epsilon_lower_bound, one-run f-dp (gaussian): the bound is above 0": 0.05,
        },
        epsilon,
    ),
    Experiment(
        "two audits",
        {"auc_difference between two audits excludes 0": 0.05, "tpr_difference@fpr=0.01 between two audits excludes 0": 0.05},
        two_audits,
    ),
    Experiment(
        "target checks",
        {
            "shadow match: a target like its shadows has the caveat": 0.05,
            "random answers: a weak target is called random": 0.05,
        },
        target_checks,
    ),
)
