"""LiRA: a likelihood ratio for each record, between models that were and were not trained on it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.membership import likelihood
from auditor.attacks.membership.pairs import Floats, Pairs, Score, candidates_of, paired, playing, scored, shadows_of, signals_of
from auditor.attacks.membership.power import low_rate_power
from auditor.attacks.membership.residuals import Residuals, residuals_of, same, turned
from auditor.attacks.membership.variance import pooled
from auditor.attacks.signals import logit_confidence
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.evidence import MembershipScores
from auditor.domain.target import Output
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import InvalidInput

LEAST_SHADOWS = 2
MODES = ("online", "offline")
VARIANCES = ("auto", "pooled", "shared", "moderated", "record")
# A variance of each record needs 3 pairs, and pseudo-targets have one pair less; one of each side needs more to be worth trying.
SHARED_FROM, TUNED_FROM = 6, 16
TUNED = ("shared", "moderated")


@dataclass(frozen=True)
class LiRA:
    """Carlini et al. 2022, on the logit-scaled confidence phi; on the signed residual where the target answers a value.

    `mode`: online compares IN with OUT shadows (algorithm 1); offline uses OUT shadows only, one-sided. `variance`: pooled is
    the paper's for few shadows, one for all; shared takes one moderated variance a record for both sides and draws the gap of
    the means towards that of equally hard records; moderated gives each side its own and makes the ratio rise with phi; record
    is the paper's for many shadows. auto, the default, goes by the number of shadows and by what finds more on shadows
    that play the target. docs/attacks/lira.md has the formulas.
    """

    mode: str = "online"
    variance: str = "auto"

    name: ClassVar[str] = "lira"
    family: ClassVar[Family] = Family.MEMBERSHIP
    kind: ClassVar[str] = "membership"
    threat_model: ClassVar[ThreatModel] = ThreatModel(
        Sees.PROBABILITIES, frozenset({Knows.CANDIDATES, Knows.LEARNER, Knows.TRUE_LABEL}), or_value=True, or_top_k=True
    )
    reference: ClassVar[str] = (
        "Carlini et al.: Membership Inference Attacks From First Principles, IEEE S&P 2022 (arXiv:2112.03570)"
    )
    shows: ClassVar[str] = "whether a person's record was in the training data"

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise InvalidInput("attacks.lira.mode", f"choose online or offline, not {self.mode!r}")
        if self.variance not in VARIANCES:
            raise InvalidInput(
                "attacks.lira.variance", f"choose {', '.join(VARIANCES[:-1])} or {VARIANCES[-1]}, not {self.variance!r}"
            )

    def needs(self, scope: Scope) -> Needs:
        return Needs(0, 0, shadows=LEAST_SHADOWS)

    def run(self, context: Context) -> MembershipScores:
        candidates = candidates_of(context, self.name)
        shadows = shadows_of(context, self.name, LEAST_SHADOWS)
        context.checkpoint(0.0)
        if context.profile.output is Output.VALUE:
            return self._on_values(context, residuals_of(context, candidates, shadows, self.name), shadows.masks)
        signal = partial(logit_confidence, labels=candidates.labels, clip=context.profile.clip)
        target = signal(context.query(candidates.features))
        signals = signals_of(shadows, signal)
        attack = self._tuned(signals, shadows.masks)
        return scored(context, target, signals, shadows.masks, attack.score_in(paired(signals, shadows.masks)))

    def _on_values(self, context: Context, found: Residuals, masks: NDArray[np.bool_]) -> MembershipScores:
        """Online, the signed residual, turned towards the truth; offline, how near the truth the answer is: without
        IN shadows nobody knows how far past it training would move the answer."""
        floor = found.rounding**2
        if self.mode == "online":
            attack = self._tuned(found.shadows, masks, turned)
            return scored(context, found.target, found.shadows, masks, turned(attack.score_in(paired(found.shadows, masks), floor)))
        near = -np.abs(found.shadows)
        return scored(context, -np.abs(found.target), near, masks, self._tuned(near, masks).score_in(paired(near, masks), floor))

    def _tuned(self, signals: Floats, masks: NDArray[np.bool_], turn: Callable[[Score], Score] = same) -> "LiRA":
        """With variance auto and shadows enough: whichever form finds more of the members of shadows that play the target."""
        if self.variance != "auto" or len(signals) < TUNED_FROM:
            return self
        pool = paired(signals, masks)
        power = []
        for attack in (forms := [replace(self, variance=variance) for variance in TUNED]):
            score = turn(attack.score_in(pool))
            power.append(sum(low_rate_power(score(signals[k], pool.without(k // 2)), masks[k]) for k in playing(len(signals))))
        return forms[int(np.argmax(power))]

    def score_in(self, pool: Pairs, floor: float = 0.0) -> Score:
        """The score against this pool; `floor` is added to every variance. A pseudo-target is attacked with one pair less than the
        target; where that leaves no variance for each record, both get the pooled one, because a threshold carries over only
        between like scores."""
        variance = self._variance(2 * len(pool))
        spread, online = FORMS[variance]
        everyones = likelihood.of_all(pooled(pool.inside, pool.outside))
        ratio = likelihood.offline if self.mode == "offline" else online

        def score(observed: Floats, pairs: Pairs) -> Floats:
            found = everyones if spread is None else spread(pairs)
            return ratio(observed, pairs, likelihood.Spread(found.inside + floor, found.outside + floor))

        return score

    def _variance(self, shadows: int) -> str:
        if shadows < SHARED_FROM:
            return "pooled"
        return TUNED[0] if self.variance == "auto" else self.variance


FORMS: dict[str, tuple[Callable[[Pairs], likelihood.Spread] | None, likelihood.Ratio]] = {
    "pooled": (None, likelihood.online),
    "shared": (likelihood.of_both_sides, likelihood.online_shrunk),
    "moderated": (likelihood.of_each_side_moderated, likelihood.online_rising),
    "record": (likelihood.of_each_side, likelihood.online),
}
