"""Attack-R: how rarely does a model that was not trained on the record do as well on it?"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from auditor.attacks.membership.pairs import Floats, Pairs, Score, candidates_of, paired, scored, shadows_of, signals_of
from auditor.attacks.membership.variance import fit_prior, moderated, pooled, within
from auditor.attacks.signals import logit_confidence
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.evidence import MembershipScores
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import InvalidInput

LEAST_SHADOWS = 2
SMOOTH = ("t", "normal", "none")


@dataclass(frozen=True)
class AttackR:
    """Ye et al. 2022, section 4.3 (attack R): the p-value of the logit-scaled confidence phi among those of OUT shadows.

    `smooth`: none is the paper's count, (1 + #{OUT: loss at most the target's}) / (m + 1) over m OUT shadows, score minus its log:
    m + 1 values, so no threshold on it reaches a false-positive rate below about 1 / (m + 1). t, the default, puts a t distribution
    with one moderated variance a record through the m observations, normal a normal one with one variance for all records; score:
    the standard normal deviate with that p-value, which does not saturate.
    """

    smooth: str = "t"

    name: ClassVar[str] = "attack-r"
    family: ClassVar[Family] = Family.MEMBERSHIP
    kind: ClassVar[str] = "membership"
    threat_model: ClassVar[ThreatModel] = ThreatModel(
        Sees.PROBABILITIES, frozenset({Knows.CANDIDATES, Knows.LEARNER, Knows.TRUE_LABEL})
    )
    reference: ClassVar[str] = (
        "Ye, Maddi, Murakonda, Bindschaedler, Shokri: Enhanced Membership Inference Attacks against Machine Learning Models, "
        "CCS 2022 (arXiv:2111.09679)"
    )
    shows: ClassVar[str] = "whether a person's record was in the training data"

    def __post_init__(self) -> None:
        if self.smooth not in SMOOTH:
            raise InvalidInput("attacks.attack-r.smooth", f"choose t, normal or none, not {self.smooth!r}")

    def needs(self, scope: Scope) -> Needs:
        return Needs(0, 0, shadows=LEAST_SHADOWS)

    def run(self, context: Context) -> MembershipScores:
        candidates = candidates_of(context, self.name)
        shadows = shadows_of(context, self.name, LEAST_SHADOWS)
        clip = context.profile.clip

        def signal(answers: Floats) -> Floats:
            return logit_confidence(answers, candidates.labels, clip)

        context.checkpoint(0.0)
        target = signal(context.query(candidates.features))
        signals = signals_of(shadows, signal)
        return scored(context, target, signals, shadows.masks, self.score_in(paired(signals, shadows.masks)))

    def score_in(self, pool: Pairs) -> Score:
        """The score against this pool. With fewer than three pairs a pseudo-target is left with one observation a record, so that
        it and the target both get one variance for all records, and a threshold carries over."""
        if self.smooth == "none":
            return counted
        variance = pooled(pool.inside, pool.outside)
        if self.smooth == "normal" or len(pool) < 3:
            return lambda observed, pairs: distance(observed, pairs.outside, np.array(variance))
        return student


def counted(observed: Floats, pairs: Pairs) -> Floats:
    """Minus the log of (1 + #{OUT: phi >= the target's}) / (m + 1); smaller loss and larger phi are the same thing."""
    above = (pairs.outside >= observed).sum(axis=0)
    return np.asarray(-np.log((1 + above) / (len(pairs) + 1)))


def distance(observed: Floats, outside: Floats, variance: Floats) -> Floats:
    """How many standard deviations `observed` (n,) is above the mean of m observations (m, n), itself uncertain by 1 / m of the
    variance."""
    return np.asarray((observed - outside.mean(axis=0)) / np.sqrt(variance * (1 + 1 / len(outside))))


def student(observed: Floats, pairs: Pairs) -> Floats:
    """The distance by each record's own moderated variance, which makes it t-distributed, as a standard normal deviate: so
    pseudo-targets, which have one observation less, stay comparable."""
    degrees = len(pairs) - 1
    own = within(pairs.outside)
    return as_normal(distance(observed, pairs.outside, moderated(own, degrees)), degrees + fit_prior(own, degrees).degrees)


def as_normal(t: Floats, degrees: float) -> Floats:
    """The standard normal deviate with nearly the tail probability of Student's t (Wallace 1959), at any distance."""
    size = np.sqrt(degrees * np.log1p(t**2 / degrees)) * (8 * degrees + 1) / (8 * degrees + 3)
    return np.asarray(np.sign(t) * size)
