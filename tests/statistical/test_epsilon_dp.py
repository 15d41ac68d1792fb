"""Models trained with differential privacy by other libraries, from their recorded answers (benchmarks/dp; UCI Adult, CC BY 4.0).

The answers were given over HTTP by models that diffprivlib 0.6.6 and Opacus 1.6.0 trained on 300 records, at several epsilons
and without privacy. What they leak is scored here anew: no bound may exceed the claim, and less epsilon may not leak more.
"""

import functools

import numpy as np
import pytest

from auditor.scoring import epsilon
from benchmarks.dp import recorded

CASES = [(library, kind) for library, kinds in recorded.KINDS.items() for kind in kinds]
CLAIMED = [level for level in recorded.LEVELS if level != "none"]
ATTACKS = ("loss-threshold", "lira", "rmia")


@functools.cache
def recording(library: str) -> recorded.Recording:
    return recorded.load(library)


def test_recordings_are_small_and_hold_every_model() -> None:
    assert sum(path.stat().st_size for path in recorded.FOLDER.glob("*.npz")) < 300_000
    for library, kind in CASES:
        names = {f"{kind}-{level}-{seed}" for level in recorded.LEVELS for seed in recorded.SEEDS}
        assert names <= set(recording(library).arrays)
        assert recording(library).is_member.sum() == 300


@pytest.mark.parametrize(("library", "kind"), CASES)
@pytest.mark.parametrize("level", CLAIMED)
def test_no_bound_exceeds_a_true_claim(library: str, kind: str, level: str) -> None:
    found = [recorded.bounds(recording(library), kind, level, attack) for attack in ATTACKS]
    for bounds in found:
        assert bounds["clopper-pearson"].low_simultaneous <= float(level)
        assert bounds["gaussian-dp"].low_simultaneous <= float(level)
    estimates = [estimate for bounds in found for estimate in bounds.values()]
    assert epsilon.answer(estimates, float(level), recorded.DELTA, False)[0] == "not refuted"


@pytest.mark.parametrize(("library", "kind"), CASES)
def test_the_same_models_without_privacy_are_shown_to_have_little(library: str, kind: str) -> None:
    best = max(recorded.bounds(recording(library), kind, "none", attack)["clopper-pearson"].value for attack in ATTACKS)
    assert best > 0.2


@pytest.mark.parametrize(("library", "kind"), CASES)
def test_leakage_falls_with_epsilon(library: str, kind: str) -> None:
    """Means over five trainings of the stronger of two attacks; at an epsilon of 1 or less nothing is left of it."""
    aucs = [
        max(recorded.auc(recording(library), kind, level, attack) for attack in ("loss-threshold", "rmia"))
        for level in recorded.LEVELS
    ]
    assert aucs[-1] > max(aucs[:-1])
    assert aucs[-1] > 0.56
    assert max(aucs[:2]) < 0.54
    assert np.mean(aucs[:2]) < np.mean(aucs[-3:-1]) + 0.01
