"""Copies that regress on scores (log-odds, or the numbers answered): a small network, and a kernel machine."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.stealing.kernel_regression import fit_kernel
from auditor.attacks.stealing.linear_design import LinearDesign
from auditor.domain.data import Column
from auditor.domain.seeds import derive, generator
from auditor.learners.estimators import quiet

Floats = NDArray[np.float64]
Fitted = Callable[[Floats], Floats]
"""(n, d) design matrix -> (n, K) scores."""
Fit = Callable[[Floats, Floats, int], Fitted]
LAYERS, EPOCHS, BATCH, RATE, DECAY = (64,), 120, 128, 5e-3, 1e-6
MOST_STEPS = EPOCHS * 2_000
"""Records times epochs: of more records fewer epochs are made, so that a fit takes seconds whatever was asked."""
HELD_OUT = 10
MOST_ENTRIES = 2**31 - 1


class Regression(NamedTuple):
    """A fitted copy: records -> (n, K) scores; `name` of its kind and the share of the variance of held-out scores it explains."""

    scores: Callable[[pd.DataFrame], Floats]
    name: str
    explained: float


def fit_network(matrix: Floats, scores: Floats, seed: int) -> Fitted:
    """One hidden layer of 64 ReLU units on `matrix` (n, d) and `scores` (n, K), by Adam on the squared error."""
    from sklearn.neural_network import MLPRegressor

    epochs = min(EPOCHS, max(1, MOST_STEPS // len(matrix)))
    centre, spread = scores.mean(axis=0), scores.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    network = MLPRegressor(
        hidden_layer_sizes=LAYERS,
        alpha=DECAY,
        batch_size=min(BATCH, len(matrix)),
        learning_rate_init=RATE,
        max_iter=epochs,
        n_iter_no_change=epochs,
        random_state=seed % MOST_ENTRIES,
    )
    targets = (scores - centre) / spread
    with quiet():
        network.fit(matrix, targets[:, 0] if targets.shape[1] == 1 else targets)

    def predict(asked: Floats) -> Floats:
        told = network.predict(asked) if len(asked) else np.empty((0, len(centre)))
        return np.asarray(told.reshape(len(asked), len(centre)) * spread + centre)

    return predict


def regression(
    features: pd.DataFrame, scores: Floats, columns: Sequence[Column], seed: int, fit: Fit
) -> Callable[[pd.DataFrame], Floats]:
    """`fit` on `features` (n records) and `scores` (n, K): records -> (n, K) scores."""
    design = LinearDesign.of(features, columns)
    fitted = fit(design.matrix(features), scores, seed)
    return lambda frame: fitted(design.matrix(frame))


def best_regression(features: pd.DataFrame, scores: Floats, columns: Sequence[Column], seed: int) -> Regression:
    """The kind that explains most of every tenth score, which it is not fitted on. `features` (n records), `scores` (n, K)."""
    design = LinearDesign.of(features, columns)
    matrix = design.matrix(features)
    held = np.isin(np.arange(len(matrix)), generator(seed, "held-out").permutation(len(matrix))[: max(1, len(matrix) // HELD_OUT)])
    seen = matrix[~held], scores[~held]
    kinds: dict[str, Fitted] = {
        "network": fit_network(*seen, derive(seed, "network")),
        "kernel machine": fit_kernel(*seen, derive(seed, "kernel")),
    }
    explained = {name: _explained(fitted(matrix[held]), scores[held]) for name, fitted in kinds.items()}
    name = max(explained, key=lambda kind: explained[kind])
    return Regression(lambda frame: kinds[name](design.matrix(frame)), name, explained[name])


def _explained(said: Floats, true: Floats) -> float:
    spread = float(((true - true.mean(axis=0)) ** 2).sum())
    return 1.0 - float(((said - true) ** 2).sum()) / spread if spread > 0 else 1.0
