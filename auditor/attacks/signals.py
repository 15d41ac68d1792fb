"""What an attack reads off an answer. Probabilities (..., n, C), labels (n,); classes that were not returned are NaN."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.intp]


# Shadow answers are stored in 32 bits, the target's arrive in 64. Forests give the same answer to many records, and a threshold
# calibrated on shadows must tie with the target's equal answers, so signals keep only what both can hold.
DECIMALS = 4  # of log-odds, whose error is absolute
BITS = 16  # of a loss, whose error is relative: near p = 1 all that tells members apart is in the size of a tiny loss


def complete(probabilities: Floats) -> Floats:
    """Classes that were not returned (NaN) share the mass that the others leave, equally."""
    unknown = np.isnan(probabilities)
    if not unknown.any():
        return probabilities
    left = np.clip(1.0 - np.nansum(probabilities, axis=-1, keepdims=True), 0.0, 1.0)
    return np.where(unknown, left / np.maximum(unknown.sum(axis=-1, keepdims=True), 1), probabilities)


def correctness(probabilities: Floats, labels: Labels) -> Floats:
    """1 where the most probable class (the first of equals) is the true one, else 0."""
    return np.asarray(np.nan_to_num(probabilities, nan=-1.0).argmax(axis=-1) == labels, dtype=np.float64)


def log_confidence(probabilities: Floats, labels: Labels, clip: float) -> Floats:
    """log p_y with p_y between clip and 1 - clip: minus the cross-entropy loss, in nats."""
    return _shortened(np.log(np.clip(_true(complete(probabilities), labels), clip, 1.0 - clip)))


def confidence(probabilities: Floats, labels: Labels, clip: float) -> Floats:
    """p_y between clip and 1 - clip, as fine as its logarithm is kept: near 1 a rounded p_y would make members equal."""
    return np.asarray(np.exp(log_confidence(probabilities, labels, clip)))


def entropy(probabilities: Floats, clip: float) -> Floats:
    """-sum_c p_c log p_c in nats, with p_c between clip and 1 - clip. The true label plays no part."""
    known = np.clip(complete(probabilities), clip, 1.0 - clip)
    return _shortened(-(known * np.log(known)).sum(axis=-1))


def modified_entropy(probabilities: Floats, labels: Labels, clip: float) -> Floats:
    """-(1 - p_y) log p_y - sum_{c != y} p_c log(1 - p_c) in nats, with p between clip and 1 - clip (Song and Mittal 2021, equation
    8): next to 0 where the model is sure of the true class, large where it is sure of a wrong one."""
    known = np.clip(complete(probabilities), clip, 1.0 - clip)
    weighed = known * np.log(np.maximum(1.0 - known, clip))
    others = np.where(np.arange(known.shape[-1]) == labels[:, None], 0.0, weighed).sum(axis=-1)
    true = _true(known, labels)
    return _shortened(-(1.0 - true) * np.log(true) - others)


def logit_confidence(probabilities: Floats, labels: Labels, clip: float) -> Floats:
    """log p_y - log sum_{c != y} p_c, both at least `clip` (Carlini et al. 2022, equation 3, in its stable form).

    The other classes are summed: 1 - p_y has lost its digits where p_y is near 1, which is where members are.
    """
    known = complete(probabilities)
    others = np.where(np.arange(known.shape[-1]) == labels[:, None], 0.0, known).sum(axis=-1)
    phi = np.log(np.maximum(_true(known, labels), clip)) - np.log(np.maximum(others, clip))
    return np.asarray(np.round(phi, DECIMALS), dtype=np.float64)


def _shortened(values: Floats) -> Floats:
    """Values with a mantissa of BITS bits."""
    mantissa, exponent = np.frexp(values)
    return np.asarray(np.ldexp(np.round(np.ldexp(mantissa, BITS)), exponent - BITS), dtype=np.float64)


def _true(probabilities: Floats, labels: Labels) -> Floats:
    return np.asarray(probabilities[..., np.arange(len(labels)), labels])
