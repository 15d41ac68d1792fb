"""Grading of stolen copies: how much more a copy agrees with the target than one made without asking."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.domain.evidence import Copies, Evidence, SurrogateLabels
from auditor.domain.finding import Estimate
from auditor.domain.seeds import generator
from auditor.errors import AttackFailed
from auditor.scoring.cost_curve import queries_to
from auditor.scoring.estimates import estimate
from auditor.scoring.grading import Assessment, Grading, Truth
from auditor.scoring.intervals import Floats, Interval, clopper_pearson, percentiles
from auditor.scoring.resampling import paired
from auditor.scoring.score import Score
from auditor.scoring.shares import percent
from auditor.scoring.stolen_copy import consequences, worth

NOTHING_LEFT = 0.99
FEWEST = 50
TOLERANCE = 0.01
"""Two numbers agree when they differ by at most this share of the standard deviation of the target's answers."""
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Agreement:
    """Where copies agree with the target: `copies` (B, m), one row a budget, and the no-query copy `baseline` (m,). `usual`
    (m,): where the target gives its most frequent answer, empty where that is not asked for."""

    queries: NDArray[np.intp]
    copies: Mask
    baseline: Mask
    usual: Mask = field(default_factory=lambda: np.zeros(0, dtype=bool))

    @property
    def alike(self) -> float:
        """The share of records that the target gives its most frequent answer."""
        return float(self.usual.mean()) if len(self.usual) else 0.0

    def __len__(self) -> int:
        return len(self.baseline)


def assess_stealing(evidence: Copies, baseline: Evidence | None, truth: Truth, grading: Grading) -> Assessment:
    """Labels of the copies against the target's own, beside the copy made without asking.

    Score (ATTACKS 9.2): 100 (F - F0) / (1 - F0) at the largest budget, by a paired bootstrap over records. Raises AttackFailed for
    labels that cannot be graded.
    """
    agreement = agreement_on_rows(evidence, baseline, truth)
    if len(agreement) < FEWEST:
        reason = f"needs at least {FEWEST} candidates that the target answered; {len(agreement):,} are left"
        return Assessment((Estimate("fidelity", reason=reason),), None, None, None, (f"Stealing {reason}.",), resolved=False)
    graded = normalised(agreement, grading.alpha, grading.seed)
    curve = _curve(agreement, grading)
    used, consequence = consequences(evidence, truth, grading)
    return Assessment(
        (*_estimates(evidence, agreement, grading), *queries_to(curve, grading), *worth(evidence, truth, grading), *used),
        graded.value,
        graded.low,
        graded.high,
        (*evidence.notes, *_caveats(agreement), *filter(None, [consequence])),
        curve,
    )


def _caveats(agreement: Agreement) -> tuple[str, ...]:
    """Is there something to steal, and is it a model at all?"""
    if agreement.alike >= NOTHING_LEFT:
        shown = percent(agreement.alike)
        return (f"There is nothing to steal: the target answers {shown} of records alike, which one question tells.",)
    if agreement.baseline.mean() >= NOTHING_LEFT:
        return (_nothing(float(agreement.baseline.mean())),)
    found = _share(agreement.copies[-1], 0.05)
    if found.low > agreement.alike:
        return ()
    return (
        f"The answers are noise to this attack: its copy agrees on {percent(found.value)} of records, and always giving the most"
        f" frequent answer on {percent(agreement.alike)}.",
    )


def agreement_on_rows(evidence: Copies, baseline: Evidence | None, truth: Truth) -> Agreement:
    """On the candidates that neither the attack asked nor the target left unanswered. Numbers agree within TOLERANCE."""
    no_query = _baseline(baseline, type(evidence))
    target = truth.target_labels if isinstance(evidence, SurrogateLabels) else truth.target_values
    if target is None:
        raise AttackFailed("Stealing is graded on the target's own answers for the candidates; there are none.")
    rows, mine, theirs = np.intersect1d(evidence.rows, no_query.rows, return_indices=True)
    answers = target[rows]
    answered = answers >= 0 if isinstance(evidence, SurrogateLabels) else ~np.isnan(answers)
    copies, other = _answers(evidence)[:, mine], _answers(no_query)[-1, theirs]
    same = _same(copies[:, answered], answers[answered])
    return Agreement(evidence.queries, same, _same(other[answered], answers[answered]), _usual(answers[answered]))


def beside_the_best_blind(agreement: Agreement) -> Agreement:
    """Against what is blind to a target's answers and agrees most with them: the copy made without asking, or always giving the
    most frequent answer. A rule that was drawn at random may agree with people's labels by chance, and may favour one answer."""
    if agreement.baseline.mean() >= agreement.alike:
        return agreement
    return replace(agreement, baseline=agreement.usual)


def _usual(answers: NDArray[Any]) -> Mask:
    """(m,) Where the most frequent answer is given; of numbers, where they agree with their median."""
    if not len(answers):
        return np.zeros(0, dtype=bool)
    if answers.dtype.kind == "f":
        return _same(np.full(len(answers), np.median(answers)), answers)
    values, counts = np.unique(answers, return_counts=True)
    return np.asarray(answers == values[counts.argmax()])


def agreement_on_uniform(evidence: Copies, baseline: Evidence | None) -> Agreement:
    """On the uniform points, whose true answers come with the evidence."""
    no_query = _baseline(baseline, type(evidence))
    if _on_uniform(no_query).shape[1] != len(evidence.uniform):
        raise AttackFailed("The attack and its no-query baseline were judged on different uniform points.")
    copies, other = _on_uniform(evidence), _on_uniform(no_query)[-1]
    return Agreement(evidence.queries, _same(copies, evidence.uniform), _same(other, evidence.uniform))


def _answers(evidence: Copies) -> NDArray[Any]:
    return evidence.labels if isinstance(evidence, SurrogateLabels) else evidence.values


def _on_uniform(evidence: Copies) -> NDArray[Any]:
    return evidence.uniform_labels if isinstance(evidence, SurrogateLabels) else evidence.uniform_values


def _same(copies: NDArray[Any], target: NDArray[Any]) -> Mask:
    """Where a copy answers like the target: the same class, or a number that differs by at most TOLERANCE of its spread."""
    if target.dtype.kind != "f":
        return np.asarray(copies == target)
    known = target[~np.isnan(target)]
    allowed = TOLERANCE * float(known.std()) if len(known) else 0.0
    return np.asarray(np.abs(copies - target) <= allowed)


def normalised(agreement: Agreement, alpha: float, seed: int) -> Score:
    """100 (F - F0) / (1 - F0) at the largest budget, 0 where nothing is left to steal (F0, or the share of answers alike, >= 99 %).

    The interval is a paired bootstrap over records.
    """
    if max(agreement.baseline.mean(), agreement.alike) >= NOTHING_LEFT:
        return Score(0.0, 0.0, 0.0)
    kinds, drawn = paired(agreement.copies[-1], agreement.baseline, generator(seed, "fidelity"))
    value = float(_gain(kinds[None, :])[0])
    low, high = percentiles(_gain(drawn), alpha)
    return Score(_bounded(value), _bounded(min(low, value)), _bounded(max(high, value)))


def _gain(kinds: NDArray[np.intp]) -> Floats:
    """(B, 4) counts (neither agrees, baseline only, copy only, both) -> (B,) normalised gain."""
    missed = kinds[:, 0] + kinds[:, 2]
    return np.asarray((kinds[:, 2] - kinds[:, 1]) / np.maximum(1, missed), dtype=np.float64)


def _bounded(share: float) -> float:
    return 100.0 * min(1.0, max(0.0, share))


def _estimates(evidence: Copies, agreement: Agreement, grading: Grading) -> tuple[Estimate, ...]:
    alpha = grading.marginal_alpha
    uniform = _same(_on_uniform(evidence)[-1], evidence.uniform)
    found = [
        estimate("fidelity", _share(agreement.copies[-1], alpha), len(agreement), grading),
        estimate("baseline_fidelity", _share(agreement.baseline, alpha), len(agreement), grading),
    ]
    if len(uniform):
        found.append(estimate("fidelity_uniform", _share(uniform, alpha), len(uniform), grading))
    spent = int(evidence.queries[-1])
    counted = [Estimate(name, value, confidence=grading.confidence, n=spent) for name, value in evidence.figures.items()]
    return (*found, Estimate("queries", float(spent), confidence=grading.confidence, n=spent), *counted)


def _curve(agreement: Agreement, grading: Grading) -> dict[str, list[float]]:
    shares = [_share(copy, grading.marginal_alpha) for copy in agreement.copies]
    return {
        "queries": [float(q) for q in agreement.queries],
        "fidelity": [s.value for s in shares],
        "low": [s.low for s in shares],
        "high": [s.high for s in shares],
        "baseline": [float(agreement.baseline.mean())] * len(shares),
    }


def _share(agrees: Mask, alpha: float) -> Interval:
    return clopper_pearson(int(agrees.sum()), len(agrees), alpha)


def _baseline(baseline: Evidence | None, kind: type[Copies]) -> Copies:
    if not isinstance(baseline, kind):
        raise AttackFailed("Stealing is graded against a copy made without asking; that baseline did not run.")
    return baseline


def _nothing(share: float) -> str:
    return f"Nothing is left to steal: a copy made without asking agrees with the target on {percent(share)} of records."
