"""Targets that answer a number: residuals (answer minus truth) in place of probabilities, in units that have no units.

A model is nearer to the truth on what it was trained on, so IN residuals lie between the OUT residual and 0.
"""

from dataclasses import dataclass

import numpy as np

from auditor.attacks.membership.pairs import Floats, Pairs, Score, signals_of
from auditor.domain.attack import Context
from auditor.domain.data import Records
from auditor.domain.shadow import ShadowOutputs
from auditor.errors import AttackFailed


@dataclass(frozen=True, eq=False)
class Residuals:
    """Signed residuals of the target (n,) and of the shadows (K, n), divided by the root mean square of the shadows' residuals
    on records they were not trained on; `rounding`: half a unit in the target's last decimal, in the same units."""

    target: Floats
    shadows: Floats
    rounding: float


def residuals_of(context: Context, candidates: Records, shadows: ShadowOutputs, name: str) -> Residuals:
    """Asks the target for all candidates. Raises AttackFailed where the true values, or answers, are not numbers."""
    truth = candidates.values
    if truth is None or not np.isfinite(truth).all():
        raise AttackFailed(f"{name} needs the true value of every record.")
    target = _signed(context.query(candidates.features), truth)
    played = signals_of(shadows, lambda answers: _signed(answers, truth))
    if not (np.isfinite(target).all() and np.isfinite(played).all()):
        raise AttackFailed(f"{name} needs a number in every answer; the target or a shadow model answered something else.")
    outside = played[~shadows.masks]
    unit = float(np.sqrt(np.mean(outside**2))) or 1.0  # shadows that are never wrong have no unit of their own
    decimals = context.profile.decimals
    return Residuals(target / unit, played / unit, 0.0 if decimals is None else 0.5 * 10.0**-decimals / unit)


def _signed(answers: Floats, truth: Floats) -> Floats:
    # In the 32 bits that shadows are stored in, so that equal answers of shadows and target stay equal.
    return np.asarray(answers[..., 0].astype(np.float32).astype(np.float64) - truth)


def towards_truth(observed: Floats, pairs: Pairs) -> tuple[Floats, Pairs]:
    """Residuals with the sign that makes every record's mean OUT residual negative: training raises them, as it does log-odds."""
    sign = np.where(pairs.outside.mean(axis=0) > 0, -1.0, 1.0)
    return sign * observed, Pairs(sign * pairs.inside, sign * pairs.outside)


def same(score: Score) -> Score:
    return score


def turned(score: Score) -> Score:
    """The same score on residuals turned towards the truth."""

    def of_turned(observed: Floats, pairs: Pairs) -> Floats:
        return score(*towards_truth(observed, pairs))

    return of_turned


def log_density(residuals: Floats, rounding: float, scale: float = 1.0) -> Floats:
    """log exp(-r^2 / 2 s^2), a density up to its constant, of standardised residuals: what takes the place of log p_y."""
    return np.asarray(-(residuals**2) / (2.0 * (scale**2 + rounding**2)))
