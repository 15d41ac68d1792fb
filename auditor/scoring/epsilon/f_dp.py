"""One training run under a Gaussian trade-off curve (Mahloujifar, Melis and Chaudhuri 2025): tighter, and only for such curves."""

from scipy.special import ndtr, ndtri

from auditor.scoring.epsilon.gaussian import LARGEST, epsilon_of
from auditor.scoring.epsilon.one_run import Guesses


def bound(guesses: Guesses, delta: float, alpha: float) -> float:
    """The epsilon at `delta` (above 0) of the largest mu-GDP that is refuted at level `alpha`; 0 if none is."""
    return epsilon_of(mu_bound(guesses, alpha), delta)


def mu_bound(guesses: Guesses, alpha: float) -> float:
    from scipy.optimize import brentq

    if not guesses.guessed or excess(guesses, 1e-9, alpha) <= 0:
        return 0.0
    if excess(guesses, LARGEST, alpha) > 0:
        return LARGEST
    return float(brentq(lambda mu: excess(guesses, mu, alpha), 1e-9, LARGEST, xtol=1e-8))


def excess(guesses: Guesses, mu: float, alpha: float) -> float:
    """Above 0 where mu-GDP is refuted at level `alpha` (algorithm 3 there).

    If so many right guesses had probability `alpha`, `right` and `wrong` would be the least shares of right and wrong guesses
    that the curve forces at ever smaller counts; together they must not exceed the share of canaries that were guessed.
    """
    share = guesses.guessed / guesses.canaries
    right = alpha * guesses.right / guesses.canaries
    wrong = alpha * (guesses.guessed - guesses.right) / guesses.canaries
    for count in range(guesses.right - 1, -1, -1):
        forced = max(wrong, float(ndtr(ndtri(right) - mu)))
        if forced == wrong or right + wrong > share:
            break
        right = min(1.0, right + count / (guesses.guessed - count) * (forced - wrong))
        wrong = forced
    return right + wrong - share
