"""RMIA: how much more probable the model finds a record than models of its kind usually do."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.membership.blocks import by_records
from auditor.attacks.membership.pairs import Floats, Pairs, Score, candidates_of, paired, playing, scored, shadows_of, signals_of
from auditor.attacks.membership.power import auc
from auditor.attacks.membership.residuals import log_density, residuals_of
from auditor.attacks.signals import log_confidence
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.evidence import MembershipScores
from auditor.domain.target import Output
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import InvalidInput

LEAST_SHADOWS = 2
MODES = ("online", "offline")
GRID = tuple(step / 10 for step in range(11))
UNTUNED = 0.6  # with a single pair no shadow can play the target; docs/attacks/rmia.md says what this costs


@dataclass(frozen=True)
class RMIA:
    """Zarifzadeh et al. 2024 in log form: r = log p_y - log p_mean, in nats.

    The paper's score is the share of population records z with LR(x, z) >= gamma, a monotone step function of r for a fixed
    population, so r ranks alike and without ties. Online, p_mean = (mean IN + mean OUT) / 2; offline, only OUT shadows are
    read and p_mean = ((1 + a) mean OUT + 1 - a) / 2. `a` (0 to 1, null: tuned on shadows that play the target) says how
    near a record's IN probability is to its OUT probability; 1 is "the same".

    Where the target answers a value, the density exp(-residual^2 / 2 s^2) takes the place of p_y, with s^2 the mean square of the
    residuals of OUT shadows.
    """

    mode: str = "online"
    a: float | None = None

    name: ClassVar[str] = "rmia"
    family: ClassVar[Family] = Family.MEMBERSHIP
    kind: ClassVar[str] = "membership"
    threat_model: ClassVar[ThreatModel] = ThreatModel(
        Sees.PROBABILITIES, frozenset({Knows.CANDIDATES, Knows.LEARNER, Knows.TRUE_LABEL}), or_value=True, or_top_k=True
    )
    reference: ClassVar[str] = (
        "Zarifzadeh, Liu, Shokri: Low-Cost High-Power Membership Inference Attacks, ICML 2024 (arXiv:2312.03262)"
    )
    shows: ClassVar[str] = "whether a person's record was in the training data"

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise InvalidInput("attacks.rmia.mode", f"choose online or offline, not {self.mode!r}")
        if self.a is None:
            return
        if self.mode == "online":
            raise InvalidInput("attacks.rmia.a", "leave a out, or set mode to offline; online RMIA has no a")
        if isinstance(self.a, bool) or not isinstance(self.a, int | float) or not 0 <= self.a <= 1:
            raise InvalidInput("attacks.rmia.a", f"choose a number from 0 to 1, or null to tune it, not {self.a!r}")

    def needs(self, scope: Scope) -> Needs:
        return Needs(0, 0, shadows=LEAST_SHADOWS)

    def run(self, context: Context) -> MembershipScores:
        candidates = candidates_of(context, self.name)
        shadows = shadows_of(context, self.name, LEAST_SHADOWS)
        context.checkpoint(0.0)
        if context.profile.output is Output.VALUE:
            found = residuals_of(context, candidates, shadows, self.name)
            target, signals = (log_density(r, found.rounding) for r in (found.target, found.shadows))
        else:
            signal = partial(log_confidence, labels=candidates.labels, clip=context.profile.clip)
            target = signal(context.query(candidates.features))
            signals = signals_of(shadows, signal)
        return scored(context, target, signals, shadows.masks, self.score_in(signals, shadows.masks))

    def score_in(self, signals: Floats, masks: NDArray[np.bool_]) -> Score:
        """The score against this pool of shadows."""
        if self.mode == "online":
            return online
        return offline(tuned(signals, masks) if self.a is None else float(self.a))


def online(observed: Floats, pairs: Pairs) -> Floats:
    """r (n,) against the mean over IN and OUT. Probabilities are averaged, not their logarithms."""
    usual = np.logaddexp(_log_mean(pairs.inside), _log_mean(pairs.outside)) - np.log(2)
    return np.asarray(observed - usual)


def offline(a: float) -> Score:
    """r (n,) against the mean that `a` extrapolates from OUT alone."""

    def score(observed: Floats, pairs: Pairs) -> Floats:
        with np.errstate(divide="ignore"):  # log(1 - a) is minus infinity where a is 1
            usual = np.logaddexp(np.log((1 + a) / 2) + _log_mean(pairs.outside), np.log((1 - a) / 2))
        return np.asarray(observed - usual)

    return score


def _log_mean(logarithms: Floats) -> Floats:
    """log of the mean of exp over the pairs (P, n), which may all be too small to be told from 0."""
    return by_records(_log_mean_of_some, logarithms)


def _log_mean_of_some(logarithms: Floats) -> Floats:
    most = logarithms.max(axis=0)
    return np.asarray(most + np.log(np.exp(logarithms - most).mean(axis=0)))


def tuned(signals: Floats, masks: NDArray[np.bool_]) -> float:
    """The `a` of the grid with the largest mean AUC over shadows that play the target; the smallest of equals."""
    pool = paired(signals, masks)
    if len(pool) < 2:
        return UNTUNED
    played = [(signals[k], pool.without(k // 2), masks[k]) for k in playing(len(signals))]
    power = [sum(auc(offline(a)(observed, rest), member) for observed, rest, member in played) for a in GRID]
    return GRID[int(np.argmax(power))]
