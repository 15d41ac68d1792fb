"""Parity with published figures: the attacks of Song and Mittal on the predictions that they published, to four digits."""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from auditor.attacks.membership.class_thresholds import Observed, best_cut, cuts
from auditor.attacks.signals import confidence, correctness, entropy, modified_entropy
from auditor.scoring.roc import auc_interval, cut

EXTRACT = Path(__file__).parents[1] / "fixtures" / "location30-predictions" / "predictions.npz"
SHARED = Path(os.environ.get("AUDITOR_SHARED_DATA", str(Path(__file__).parents[2].parent / "shared" / "data")))
WHOLE = SHARED / "mia-scores-location30" / "location30_predictions.npz"
CLASSES = 30
FLOOR = 1e-30  # inside logarithms, as the authors have it

Floats = np.ndarray
Signal = Callable[[Floats, Floats], Floats]

SIGNALS: dict[str, Signal] = {
    "correctness": correctness,
    "confidence": lambda p, y: confidence(p, y, FLOOR),
    "entropy": lambda p, y: -entropy(p, FLOOR),
    "modified entropy": lambda p, y: -modified_entropy(p, y, FLOOR),
}
BALANCED_ACCURACY = {
    ("correctness", ""): 0.6870,
    ("confidence", ""): 0.7630,
    ("entropy", ""): 0.6155,
    ("modified entropy", ""): 0.7810,
    ("correctness", "_memguard"): 0.6870,
    ("confidence", "_memguard"): 0.6905,
    ("entropy", "_memguard"): 0.5210,
    ("modified entropy", "_memguard"): 0.6880,
}
AUC = {
    ("confidence", ""): 0.8698,
    ("entropy", ""): 0.8444,
    ("modified entropy", ""): 0.8711,
    ("confidence", "_memguard"): 0.6900,
    ("entropy", "_memguard"): 0.6012,
    ("modified entropy", "_memguard"): 0.6037,
}
TPR = {
    ("confidence", ""): 0.0350,
    ("entropy", ""): 0.0330,
    ("modified entropy", ""): 0.0380,
    ("confidence", "_memguard"): 0.0010,
    ("entropy", "_memguard"): 0.0010,
    ("modified entropy", "_memguard"): 0.0010,
}

Predictions = dict[str, Floats]


@cache
def extract() -> Predictions:
    stored = np.load(EXTRACT, allow_pickle=False)
    return {name: _whole(stored[name]) if "probs" in name else stored[name] for name in stored.files}


def _whole(planes: Floats) -> Floats:
    return np.asarray(sum(plane.astype(np.int64) << 8 * i for i, plane in enumerate(planes)) / 1e5)


@cache
def everything() -> Predictions:
    if not WHOLE.is_file():
        pytest.skip(f"the published predictions in full are not at {WHOLE}; set AUDITOR_SHARED_DATA to the folder that holds them")
    stored = np.load(WHOLE, allow_pickle=False)
    return {name: stored[name].astype(float) if "probs" in name else stored[name] for name in stored.files}


def observed(source: Predictions, who: str, attack: str, defence: str) -> tuple[Observed, Floats]:
    """Signals with the true class as group, and who is a member."""
    labels = source[f"{who}_label"].astype(np.intp)
    return Observed(SIGNALS[attack](source[f"{who}_probs{defence}"], labels), labels), source[f"{who}_member"] == 1


def balanced_accuracy(source: Predictions, attack: str, defence: str) -> float:
    shadow, was_in = observed(source, "shadow", attack, defence)
    target, is_member = observed(source, "target", attack, defence)
    ours = [
        best_cut(shadow.signals[(shadow.groups == c) & was_in], shadow.signals[(shadow.groups == c) & ~was_in])
        for c in range(CLASSES)
    ]
    called = target.signals >= np.array(ours)[target.groups]
    return float((called[is_member].mean() + (~called[~is_member]).mean()) / 2)


@pytest.mark.parametrize("source", [extract, everything], ids=["extract", "everything"])
@pytest.mark.parametrize(("attack", "defence"), BALANCED_ACCURACY)
def test_balanced_accuracy_is_the_published_one(source: Callable[[], Predictions], attack: str, defence: str) -> None:
    assert round(balanced_accuracy(source(), attack, defence), 4) == BALANCED_ACCURACY[attack, defence]


@pytest.mark.parametrize("source", [extract, everything], ids=["extract", "everything"])
@pytest.mark.parametrize(("attack", "defence"), AUC)
def test_auc_of_the_signal_is_the_published_one(source: Callable[[], Predictions], attack: str, defence: str) -> None:
    target, is_member = observed(source(), "target", attack, defence)
    assert round(auc_interval(target.signals, is_member, 0.05).value, 4) == AUC[attack, defence]


@pytest.mark.parametrize(("attack", "defence"), TPR)
def test_tpr_at_one_percent_is_the_published_one(attack: str, defence: str) -> None:
    """On the predictions in full: five decimals move one member across the line."""
    target, is_member = observed(everything(), "target", attack, defence)
    line = cut(target.signals[~is_member], 0.01)
    assert round(float((target.signals[is_member] > line).mean()), 4) == TPR[attack, defence]


@pytest.mark.parametrize("attack", SIGNALS)
def test_equal_thresholds_in_another_order_serve_as_well_on_the_shadow(attack: str) -> None:
    """The attacks keep the smallest of equal thresholds instead of the first: the shadow cannot tell the two apart."""
    shadow, was_in = observed(extract(), "shadow", attack, "")
    found = cuts(shadow, was_in, CLASSES, least=0)
    for c in range(CLASSES):
        rows = shadow.groups == c
        first = best_cut(shadow.signals[rows & was_in], shadow.signals[rows & ~was_in])
        for threshold in (found[c], first):
            called = shadow.signals[rows] >= threshold
            rate = (called[was_in[rows]].mean() + (~called[~was_in[rows]]).mean()) / 2
            assert rate == pytest.approx(_best_by_trying(shadow.signals[rows], was_in[rows]))


def _best_by_trying(signals: Floats, inside: Floats) -> float:
    rates = [((signals[inside] >= v).mean() + (signals[~inside] < v).mean()) / 2 for v in signals]
    return float(max(rates))
