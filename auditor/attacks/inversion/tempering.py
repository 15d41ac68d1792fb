"""How much the model's answers are worth beside the imputer's, learned without any truth about the target.

Auxiliary records are split in halves. A shadow is trained on one half; its members' attribute is known, so the weights of
`a log p_imp(v) + b log p_y(v) + c (log p_y(v) - log q_y(v))` are fitted there by conditional logistic regression. The imputer of
that fit, and the reference model q, see the other half only: the last term asks whether the completed record was trained on, as
attacks on membership do. One shadow a family of models; the family whose answers vary with the attribute most like the target's
(smallest Kolmogorov-Smirnov distance) gives the weights and the reference.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from auditor.attacks.inversion.completed_values import answers_values, log_density, values_of
from auditor.attacks.inversion.completion import completions, signal, value_indices
from auditor.attacks.inversion.imputation import fit_imputer
from auditor.domain.attack import Context
from auditor.domain.data import Records, Sensitive
from auditor.domain.learner import Learner
from auditor.domain.seeds import derive, generator
from auditor.domain.target import Output, Profile
from auditor.learners import Model, ValueModel, build, build_for_values

UNLEARNED = "none"
FAMILIES = ("xgboost", "random-forest", "logistic-regression")
FAMILIES_OF_VALUES = ("xgboost", "random-forest", "linear-regression")
REMEMBERED = 1.0 - 1e-6
MOST_PER_HALF = 2_000
MOST_PER_HALF_OF_NUMBERS = 500  # each is completed by every point of the grid
FEWEST_PER_HALF = 50

Signals = NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """Of log p_imp, of log p_y, and of log p_y beyond the reference's; `family` is the model family they were learned on."""

    imputed: float = 1.0
    answered: float = 1.0
    family: str = UNLEARNED
    remembered: float = 0.0
    reference: Model | ValueModel | None = None


@dataclass(frozen=True, eq=False)
class _Halves:
    """Auxiliary records in two halves, with the true value (index) of the first half and what the imputer says of it; the `unit`
    of residuals where the target answers a value."""

    inside: Records
    outside: Records
    values: NDArray[np.intp]
    imputed: NDArray[np.float64]
    unit: float


def temper(context: Context, sensitive: Sensitive, auxiliary: Records, target: Signals, unit: float = 1.0) -> Weights:
    """The weights for a target whose signals on the attacked records are `target` (m, V). With too few auxiliary records to
    learn from, both weights are 1 (Yeom et al.'s improved attack, untempered). `unit`: that of residuals, if signals are."""
    halves = _halves(context, sensitive, auxiliary, unit)
    if halves is None:
        return Weights()
    signals = {"lookup": _lookup(context.profile, sensitive, halves)}
    for i, name in enumerate(FAMILIES_OF_VALUES if answers_values(context) else FAMILIES):
        context.checkpoint(0.6 + 0.1 * i)
        signals[name] = _shadow(context, sensitive, halves, name)
    nearest = min(signals, key=lambda name: _distance(target, np.concatenate(signals[name])))
    inside = signals[nearest][0]
    if nearest == "lookup":  # beyond the class shares, which are the same for every value, it remembers all or nothing
        imputed, answered = fit_weights((halves.imputed, inside), halves.values)
        return Weights(imputed, answered, nearest)
    reference = _trained(context, halves.outside, nearest, derive(context.seed, "reference"))
    beyond = inside - signals_of(reference, context, sensitive, halves.inside, unit)
    imputed, answered, remembered = fit_weights((halves.imputed, inside, beyond), halves.values)
    return Weights(imputed, answered, nearest, remembered, reference)


def _halves(context: Context, sensitive: Sensitive, auxiliary: Records, unit: float) -> _Halves | None:
    known = np.flatnonzero(value_indices(auxiliary.features, sensitive) >= 0)
    half = min(len(known) // 2, MOST_PER_HALF_OF_NUMBERS if sensitive.is_number else MOST_PER_HALF)
    if half < FEWEST_PER_HALF:
        return None
    order = generator(context.seed, "halves").permutation(known)
    inside, outside = auxiliary.take(order[:half]), auxiliary.take(order[half : 2 * half])
    imputer = fit_imputer(outside, sensitive, context.columns, derive(context.seed, "half-imputer"))
    return _Halves(inside, outside, value_indices(inside.features, sensitive), imputer.log_probabilities(inside), unit)


def _shadow(context: Context, sensitive: Sensitive, halves: _Halves, name: str) -> tuple[Signals, Signals]:
    """Signals (n, V) of a model of this family on the half it was trained on, and on the other."""
    model = _trained(context, halves.inside, name, derive(context.seed, "shadow", name))
    inside, outside = (signals_of(model, context, sensitive, records, halves.unit) for records in (halves.inside, halves.outside))
    return inside, outside


def _trained(context: Context, records: Records, name: str, seed: int) -> Model | ValueModel:
    if answers_values(context):
        return build_for_values(Learner(name), context.columns, seed).fit(records.features, values_of(records))
    return build(Learner(name), context.columns, seed).fit(records.features, records.labels)


def signals_of(model: Model | ValueModel, context: Context, sensitive: Sensitive, records: Records, unit: float = 1.0) -> Signals:
    """(n, V) log p_y of a model of our own about the records completed by each value, through the target's channel; of a model of
    values the log-density of its residuals in `unit`s."""
    assert context.auxiliary is not None  # noqa: S101 - whoever learns from them has them
    parts = []
    for frame in completions(records.features, sensitive, context.auxiliary.features):
        if isinstance(model, ValueModel):
            parts.append(log_density(_through(context.profile, model.predict(frame)) - values_of(records), unit))
            continue
        answers = model.over_all(model.predict_proba(frame), context.classes)
        parts.append(signal(_through(context.profile, answers), records.labels, context.profile.clip))
    return np.stack(parts, axis=1)


def _lookup(profile: Profile, sensitive: Sensitive, halves: _Halves) -> tuple[Signals, Signals]:
    """The signals of the extreme: a model that remembers its records exactly and answers the class shares otherwise."""
    if profile.output is Output.VALUE:
        return _lookup_of_values(sensitive, halves)
    shares = np.bincount(halves.inside.labels, minlength=len(profile.classes)) / len(halves.inside)
    unknown = [np.tile(shares[records.labels][:, None], (1, len(sensitive.values))) for records in (halves.inside, halves.outside)]
    unknown[0][np.arange(len(halves.values)), halves.values] = REMEMBERED
    inside, outside = (np.log(np.clip(_through(profile, answers), profile.clip, 1.0)) for answers in unknown)
    return inside, outside


def _lookup_of_values(sensitive: Sensitive, halves: _Halves) -> tuple[Signals, Signals]:
    """The same of numbers: the own value, and the mean otherwise."""
    mean = float(values_of(halves.inside).mean())
    unknown = [np.tile((mean - values_of(r))[:, None], (1, len(sensitive.values))) for r in (halves.inside, halves.outside)]
    unknown[0][np.arange(len(halves.values)), halves.values] = 0.0
    inside, outside = (log_density(residuals, halves.unit) for residuals in unknown)
    return inside, outside


def _through(profile: Profile, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """As the target's channel would show them."""
    return probabilities if profile.decimals is None else np.round(probabilities, profile.decimals)


def _distance(target: Signals, shadow: Signals) -> float:
    """How differently two models react to the attribute: KS distance of the spread of log p_y over its values."""
    from scipy.stats import ks_2samp

    return float(ks_2samp(np.ptp(target, axis=1), np.ptp(shadow, axis=1)).statistic)


def fit_weights(sources: Sequence[Signals], values: NDArray[np.intp]) -> tuple[float, ...]:
    """The non-negative weights, one a source (n, V), that make the true `values` (n,) most likely under the softmax of their sum.
    The first source is imputation, whose weight is near 1. A slight penalty keeps the others finite where they give all away."""
    from scipy.optimize import minimize

    chosen = np.arange(len(values)), values
    first = np.arange(len(sources)) == 0
    strength, centre = np.where(first, 1e-3, 1e-5), first.astype(float)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = log_softmax(sum(w * source for w, source in zip(weights, sources, strict=True)), axis=1)
        shares = np.exp(logits)
        slope = np.array([float(((shares * part).sum(axis=1) - part[chosen]).mean()) for part in sources])
        away = weights - centre
        return float(-logits[chosen].mean() + (strength * away**2).sum()), slope + 2 * strength * away

    bounds = [(0.0, 3.0), *[(0.0, 100.0)] * (len(sources) - 1)]
    return tuple(map(float, minimize(loss, np.ones(len(sources)), jac=True, bounds=bounds, method="L-BFGS-B").x))
