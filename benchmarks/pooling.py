"""Several targets over the same records, pooled: means with intervals that allow for shared records and for few targets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from auditor.domain.evidence import MembershipScores
from auditor.scoring import roc

RESAMPLES = 200
RATE = 0.001
SEED = 20

Floats = NDArray[np.float64]
Masks = NDArray[np.bool_]


@dataclass(frozen=True)
class Pooled:
    """A mean over targets with its interval at 95 %."""

    value: float
    low: float
    high: float

    def rounded(self) -> list[float]:
        return [round(v, 5) for v in (self.value, self.low, self.high)]


def auc(scores: Floats, is_member: Masks) -> float:
    members, others = int(is_member.sum()), int((~is_member).sum())
    return float((rankdata(scores)[is_member].sum() - members * (members + 1) / 2) / (members * others))


def tail(scores: Floats, is_member: Masks) -> float:
    """TPR at 0.1 % FPR, at the oracle cut; ties stay whole."""
    return float((scores[is_member] > roc.cut(scores[~is_member], RATE)).mean())


def realised(evidence: MembershipScores, is_member: Masks) -> tuple[float, float]:
    """FPR and TPR of the target at the cut that pseudo-targets calibrate for 0.1 %."""
    cut = roc.cut(evidence.pseudo_targets[~evidence.membership], RATE)
    called = evidence.target > cut
    return float(called[~is_member].mean()), float(called[is_member].mean())


def pooled(
    scores: Mapping[str, Floats], membership: Masks, statistic: Callable[[Floats, Masks], float], resamples: int = RESAMPLES
) -> tuple[dict[str, Pooled], dict[str, Pooled]]:
    """For each method with scores (T, n) of T targets: the mean of the statistic over targets, and the first method's mean minus
    each one's.

    Records are shared by the targets and methods, and targets are few: both are drawn again with replacement, records as clusters,
    and every method is measured on the same draw (the pigeonhole bootstrap of Owen 2007, which errs on the wide side).
    """
    names = list(scores)
    rng = np.random.default_rng(SEED)
    n, everyone = membership.shape[1], np.arange(len(membership))
    measured = _means(scores, membership, statistic, np.arange(n), everyone)
    drawn = np.array(
        [
            _means(scores, membership, statistic, rng.integers(n, size=n), rng.choice(everyone, len(everyone)))
            for _ in range(resamples)
        ]
    )
    means = {name: _interval(measured[i], drawn[:, i]) for i, name in enumerate(names)}
    differences = {name: _interval(measured[0] - measured[i], drawn[:, 0] - drawn[:, i]) for i, name in enumerate(names)}
    return means, differences


def _means(
    scores: Mapping[str, Floats],
    membership: Masks,
    statistic: Callable[[Floats, Masks], float],
    rows: NDArray[np.intp],
    targets: NDArray[np.intp],
) -> list[float]:
    return [float(np.mean([statistic(of[t][rows], membership[t][rows]) for t in targets])) for of in scores.values()]


def _interval(value: float, drawn: Floats) -> Pooled:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Pooled(float(value), min(float(low), float(value)), max(float(high), float(value)))
