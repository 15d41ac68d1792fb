"""Shadows of a made-up training: which records it memorises is known."""

import numpy as np

from auditor.scoring.vulnerability import ShadowSignals


def shadow_signals(n: int, shadows: int, planted: int, gain: float, seed: int = 0, opposed: float = 0.0) -> ShadowSignals:
    """The first `planted` records score `gain` of their own standard deviations higher where they were trained on. Records
    differ in difficulty and in spread. `opposed`: the share of the variance by which complementary partners move apart."""
    rng = np.random.default_rng((seed, 7))
    first = rng.random((shadows // 2, n)).argsort(axis=1) < n // 2
    masks = np.stack([first, ~first], axis=1).reshape(shadows, n)
    tension = rng.standard_normal((shadows // 2, n))
    shared = np.stack([tension, -tension], axis=1).reshape(shadows, n)
    noise = np.sqrt(1 - opposed) * rng.standard_normal((shadows, n)) + np.sqrt(opposed) * shared
    spread, ease = np.exp(0.3 * rng.standard_normal(n)), rng.normal(0, 2, n)
    logits = ease + spread * (noise + gain * (masks & (np.arange(n) < planted)))
    return ShadowSignals(logits, masks, 1 / (1 + np.exp(-logits)))
