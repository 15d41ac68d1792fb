"""Gaussian differential privacy: mu as one number for a whole trade-off curve (Dong, Roth and Su 2022), and lower bounds of it.

A mechanism that is mu-GDP lets no attack's ROC rise above TPR = Phi(Phi^-1(FPR) + mu). What follows holds for mechanisms with
such a curve (Gaussian noise, many compositions) and must not be said of others.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr, ndtri, owens_t

from auditor.scoring import roc
from auditor.scoring.epsilon.clopper_pearson import upper
from auditor.scoring.epsilon.counts import Counts, ranks
from auditor.scoring.intervals import Floats

Mask = NDArray[np.bool_]
LARGEST = 50.0


def epsilon_of(mu: float, delta: float) -> float:
    """The smallest epsilon at which mu-GDP keeps (epsilon, delta) (corollary 2.13 there); `delta` above 0."""
    from scipy.optimize import brentq

    if mu <= 0 or _log_delta(0.0, mu) <= np.log(delta):
        return 0.0
    highest = mu * mu / 2 + mu * float(-ndtri(delta)) + 1.0
    return float(brentq(lambda epsilon: _log_delta(epsilon, mu) - np.log(delta), 0.0, highest, xtol=1e-10))


def mu_at(counts: Counts, alpha: float) -> Floats:
    """Phi^-1(1 - FPR_U) - Phi^-1(FNR_U) at each threshold (T,), for thresholds fixed beforehand; the rates share `alpha`."""
    wrong = upper(counts.fp, counts.non_members, alpha / 2)
    missed = upper(counts.members - counts.tp, counts.members, alpha / 2)
    return np.asarray(ndtri(1 - wrong) - ndtri(missed), dtype=np.float64)


def simultaneous(scores: Floats, is_member: Mask, alpha: float) -> float:
    """The largest mu that is refuted at level `alpha`, at least 0: half of the error for the AUC, half for all tails together."""
    tails = _tails(scores, is_member, alpha / 4), _tails(-scores, ~is_member, alpha / 4)
    return max(0.0, mu_from_auc(scores, is_member, alpha / 2), *tails)


def mu_from_auc(scores: Floats, is_member: Mask, alpha: float) -> float:
    """The largest mu under which so large an AUC has probability `alpha` at most, at least 0.

    The AUC rises with every member's score, so among all ROCs under the curve the curve itself makes it largest; there scores
    are two normals mu apart. Mean and variance of the AUC are then exact (the pairs' joint probability by Owen's T), its
    distribution is taken as normal; for mu > 0 it leans to the left, which errs on the safe side.
    """
    from scipy.optimize import brentq

    missed = 1.0 - roc.auc(scores, is_member)
    members, non_members = int(is_member.sum()), int((~is_member).sum())
    pairs = members * non_members

    def surprise(mu: float) -> float:
        lost = ndtr(-mu / np.sqrt(2))  # the pairs that come out the wrong way round; what is left of 1 keeps its digits
        both = max(0.0, lost - 2 * owens_t(mu / np.sqrt(2), 1 / np.sqrt(3)) - lost**2)
        variance = (lost * (1 - lost) + (members + non_members - 2) * both) / pairs
        return float(lost - missed + ndtri(alpha) * np.sqrt(variance))

    highest = float(-np.sqrt(2) * ndtri(1e-3 / pairs))  # there not even an AUC of 1 surprises
    return 0.0 if surprise(0.0) <= 0 else float(brentq(surprise, 0.0, highest, xtol=1e-8))


def _tails(scores: Floats, is_member: Mask, alpha: float) -> float:
    """The largest of `mu_at` over thresholds that let through a fixed number of non-members: 0, 8, 16, ... half of them.

    Such a threshold is an order statistic of the non-members, and its true FPR is Beta-distributed: the Clopper-Pearson limit
    is exact for it, and given the threshold the members are binomial. Bonferroni over the thresholds.
    """
    outside, inside = np.sort(scores[~is_member]), np.sort(scores[is_member])
    allowed = np.append(0, ranks(len(outside)))
    lines = outside[len(outside) - 1 - allowed]
    found = len(inside) - np.searchsorted(inside, lines, side="right")
    counts = Counts(found.astype(float), allowed.astype(float), len(inside), len(outside))
    return float(np.max(mu_at(counts, alpha / len(allowed))))


def _log_delta(epsilon: float, mu: float) -> float:
    """log of Phi(-eps/mu + mu/2) - e^eps Phi(-eps/mu - mu/2)."""
    first, second = log_ndtr(-epsilon / mu + mu / 2), epsilon + log_ndtr(-epsilon / mu - mu / 2)
    return float(first + np.log1p(-np.exp(second - first))) if second < first else -np.inf
