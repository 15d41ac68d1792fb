"""A small classifier that tells answers of models that were trained on a record from answers of models that were not."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.membership.pairs import Floats, playing

Mask = NDArray[np.bool_]
Classifier = Callable[[Floats], Floats]  # inputs (n, d) -> log-odds of IN (n,)

MOST = 20_000  # answers to learn from: a handful of weights gains nothing from more


def players(shadows: int, teachers: int) -> list[int]:
    """Shadows that play the target: none of the first `teachers`, which the classifier learns from. So one classifier serves target
    and pseudo-targets, and a threshold carries over; classifiers learned from other shadows would set other scales."""
    return [teachers + player for player in playing(shadows - teachers)]


def learned(inputs: Floats, inside: Mask) -> Classifier:
    """Logistic regression (ridge penalty 1/2 on standardised inputs, scikit-learn's default) of `inside` (m,) on `inputs` (m, d).

    The same for every order of the m answers, to the last bit: they are sorted first. Beyond `MOST`, every k-th of them is kept,
    which leaves both sides their shares. Inputs beyond the range that was learned from count as its ends.
    """
    from sklearn.linear_model import LogisticRegression

    rows = _evenly(np.lexsort((*inputs.T, inside)))
    known, side = inputs[rows], inside[rows]
    low, high = known.min(axis=0), known.max(axis=0)
    centre, spread = known.mean(axis=0), known.std(axis=0)
    scale = np.where(spread > 1e-12, spread, 1.0)
    # Newton's method ends at the optimum in a few steps; others stop on the way, at a place that depends on where they began.
    model = LogisticRegression(solver="newton-cholesky").fit((known - centre) / scale, side)
    return lambda asked: np.asarray(model.decision_function((np.clip(asked, low, high) - centre) / scale), dtype=np.float64)


def _evenly(rows: NDArray[np.intp]) -> NDArray[np.intp]:
    return rows if len(rows) <= MOST else rows[np.linspace(0, len(rows) - 1, MOST).astype(np.intp)]
