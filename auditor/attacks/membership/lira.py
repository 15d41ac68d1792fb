"""LiRA: a likelihood ratio for each record, between models that were and were not trained on it."""

from dataclasses import dataclass
from typing import ClassVar

from auditor.attacks.membership import likelihood
from auditor.attacks.membership.pairs import Floats, Pairs, Score, candidates_of, paired, scored, shadows_of, signals_of
from auditor.attacks.membership.variance import pooled
from auditor.attacks.signals import logit_confidence
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.evidence import MembershipScores
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import InvalidInput

LEAST_SHADOWS = 2
MODES = ("online", "offline")
VARIANCES = ("shared", "record", "pooled")


@dataclass(frozen=True)
class LiRA:
    """Carlini et al. 2022, on the logit-scaled confidence phi.

    `mode`: online compares IN with OUT shadows (algorithm 1); offline uses OUT shadows only, one-sided. `variance`: shared,
    the default, takes one moderated variance a record for both sides and draws the gap of the means towards that of equally
    hard records; record is the paper's, each record and side its own, for many shadows; pooled is the paper's for few, one
    for all. docs/attacks/lira.md has formulas and the measurements behind the default.
    """

    mode: str = "online"
    variance: str = "shared"

    name: ClassVar[str] = "lira"
    family: ClassVar[Family] = Family.MEMBERSHIP
    kind: ClassVar[str] = "membership"
    threat_model: ClassVar[ThreatModel] = ThreatModel(
        Sees.PROBABILITIES, frozenset({Knows.CANDIDATES, Knows.LEARNER, Knows.TRUE_LABEL})
    )
    reference: ClassVar[str] = (
        "Carlini et al.: Membership Inference Attacks From First Principles, IEEE S&P 2022 (arXiv:2112.03570)"
    )
    shows: ClassVar[str] = "whether a person's record was in the training data"

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise InvalidInput("attacks.lira.mode", f"choose online or offline, not {self.mode!r}")
        if self.variance not in VARIANCES:
            raise InvalidInput("attacks.lira.variance", f"choose shared, record or pooled, not {self.variance!r}")

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
        """The score against this pool. A pseudo-target is attacked with one pair less than the target; where that leaves no
        variance for each record, both get the pooled one, because a threshold carries over only between like scores."""
        ratio = self._ratio()
        everyones = likelihood.of_all(pooled(pool.inside, pool.outside))
        is_pooled = self.variance == "pooled" or len(pool) < 3

        def score(observed: Floats, pairs: Pairs) -> Floats:
            if is_pooled:
                spread = everyones
            else:
                spread = likelihood.of_each_side(pairs) if self.variance == "record" else likelihood.of_both_sides(pairs)
            return ratio(observed, pairs, spread)

        return score

    def _ratio(self) -> likelihood.Ratio:
        if self.mode == "offline":
            return likelihood.offline
        return likelihood.online_shrunk if self.variance == "shared" else likelihood.online
