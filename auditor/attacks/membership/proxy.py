"""Offline, with proxies: no shadow was trained on the record, so others tell how far training would have moved its answer."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.membership.likelihood import GAP_BINS, LEAST_GAP
from auditor.attacks.membership.pairs import Floats, Pairs, Score, candidates_of, paired, scored, shadows_of, signals_of
from auditor.attacks.membership.residuals import residuals_of, turned
from auditor.attacks.membership.variance import moderated, pooled, within
from auditor.attacks.signals import logit_confidence
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.evidence import MembershipScores
from auditor.domain.target import Output
from auditor.domain.threat import Knows, Sees, ThreatModel

LEAST_SHADOWS = 2
PAIRS_FOR_VARIANCE = 3


@dataclass(frozen=True)
class Proxy:
    """Du et al. 2026 (PMIA), global proxies, on the logit-scaled confidence phi; on the signed residual where the target answers
    a value. Each record's IN mean is its OUT mean plus the gap g that other records with a similar OUT mean have on average: its
    own IN answers are never read. Score: g (2 phi - 2 mean OUT - g) / (2 v), the log ratio of normal densities of one variance."""

    name: ClassVar[str] = "proxy"
    family: ClassVar[Family] = Family.MEMBERSHIP
    kind: ClassVar[str] = "membership"
    threat_model: ClassVar[ThreatModel] = ThreatModel(
        Sees.PROBABILITIES, frozenset({Knows.CANDIDATES, Knows.LEARNER, Knows.TRUE_LABEL}), or_value=True, or_top_k=True
    )
    reference: ClassVar[str] = "Du et al.: Cascading and Proxy Membership Inference Attacks, NDSS 2026"
    shows: ClassVar[str] = "whether a person's record was in the training data"

    def needs(self, scope: Scope) -> Needs:
        return Needs(0, 0, shadows=LEAST_SHADOWS)

    def run(self, context: Context) -> MembershipScores:
        candidates = candidates_of(context, self.name)
        shadows = shadows_of(context, self.name, LEAST_SHADOWS)
        context.checkpoint(0.0)
        if context.profile.output is Output.VALUE:
            found = residuals_of(context, candidates, shadows, self.name)
            score = turned(score_in(paired(found.shadows, shadows.masks), found.rounding**2))
            return scored(context, found.target, found.shadows, shadows.masks, score)
        signal = partial(logit_confidence, labels=candidates.labels, clip=context.profile.clip)
        target = signal(context.query(candidates.features))
        signals = signals_of(shadows, signal)
        return scored(context, target, signals, shadows.masks, score_in(paired(signals, shadows.masks)))


def score_in(pool: Pairs, floor: float = 0.0) -> Score:
    """The score against this pool; `floor` is added to every variance. Fewer than three pairs leave one variance for all."""
    everyones = np.array(pooled(pool.inside, pool.outside))
    has_spread = len(pool) >= PAIRS_FOR_VARIANCE

    def score(observed: Floats, pairs: Pairs) -> Floats:
        variance = moderated(within(pairs.outside), len(pairs) - 1) if has_spread else everyones
        outside = pairs.outside.mean(axis=0)
        gap = gaps_of_others(pairs.inside.mean(axis=0) - outside, outside)
        return np.asarray(gap * (2 * (observed - outside) - gap) / (2 * (variance + floor)))

    return score


def gaps_of_others(gap: Floats, outside: Floats) -> Floats:
    """(n,) the mean gap of the other records in each record's bin of OUT means (20 of equal size), at least 0.001.

    Leaving out the record itself is what makes this offline; it also keeps the order of records out of it, unlike random folds.
    """
    part = bins_of(outside)
    counts = np.bincount(part, minlength=GAP_BINS)
    sums = np.bincount(part, gap, minlength=GAP_BINS)
    return np.maximum((sums[part] - gap) / np.maximum(counts[part] - 1, 1), LEAST_GAP)


def bins_of(outside: Floats) -> NDArray[np.intp]:
    cuts = np.quantile(outside, np.linspace(0, 1, GAP_BINS + 1)[1:-1])
    return np.asarray(np.searchsorted(cuts, outside), dtype=np.intp)
