"""Can members be told from non-members without the model, and what could this audit have seen at all?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.attack import Checkpoint
from auditor.domain.data import Records
from auditor.domain.finding import Control, Estimate
from auditor.domain.seeds import generator
from auditor.scoring import roc, thresholds
from auditor.scoring.blind_classifiers import CLASSIFIERS, Floats32, Fold
from auditor.scoring.blind_features import BlindTable, blind_table, columns_that_differ
from auditor.scoring.confounding import BlindScores, against_blind
from auditor.scoring.intervals import Floats
from auditor.scoring.power import detectability

__all__ = ["Blind", "BlindScores", "against_blind", "blind_baseline", "blind_test", "detectability"]

SUBSAMPLE = 4_000
PERMUTATIONS = 200
FOLDS = 5
LEAST_AUC = 0.52
LEVEL = 0.01
FEWEST = 50


@dataclass(frozen=True, eq=False)
class Blind:
    """`rows` (s,) the candidates looked at, `scores` (s,) the best classifier's cross-fitted scores for them (rank within the
    fold, 0..1, higher = more likely a member); `fired`: the sides differ without the model."""

    control: Control
    scores: Floats
    rows: NDArray[np.intp]
    fired: bool


def blind_baseline(
    features: pd.DataFrame, labels: NDArray[np.intp], is_member: NDArray[np.bool_], seed: int, checkpoint: Checkpoint
) -> Blind:
    """`blind_test` with 200 permutations on at most 4,000 of the candidates, both sides in their share."""
    rows = subsample(is_member, seed)
    return blind_test(Records(features, labels), is_member, rows, seed, checkpoint)


def blind_test(
    candidates: Records, is_member: NDArray[np.bool_], rows: NDArray[np.intp], seed: int, checkpoint: Checkpoint
) -> Blind:
    """The largest cross-fitted AUC of three classifiers on (x, y), with its p-value by permutation of membership (all folds and
    classifiers re-run); fires at p < .01 and AUC > .52. Das, Zhang & Tramer 2024 (2406.16201) on why.

    Folds do not depend on membership, so that the permutation test is exact. With fewer than 50 on a side nothing is tested.
    """
    looked, truth = candidates.take(rows), is_member[rows]
    reason = _too_few(truth)
    if reason:
        untested = Control(None, f"The blind baseline {reason}.", (Estimate("auc", reason=reason),))
        return Blind(untested, np.zeros(len(rows)), rows, False)
    ranks, aucs = _cross_fitted(blind_table(looked.features, looked.labels), _labellings(truth, seed), seed, checkpoint)
    largest = aucs.max(axis=0)
    p = float((largest >= largest[0]).mean())
    fired = bool(p < LEVEL and largest[0] > LEAST_AUC)
    scores = ranks[int(np.argmax(aucs[:, 0]))]
    differing = columns_that_differ(looked.features, looked.labels, truth) if fired else []
    return Blind(Control(not fired, _sentence(largest[0], p, fired, differing), _estimates(scores, truth)), scores, rows, fired)


def subsample(is_member: NDArray[np.bool_], seed: int) -> NDArray[np.intp]:
    """(s,) at most 4,000 candidates, ascending; both sides keep their share."""
    share = min(1.0, SUBSAMPLE / len(is_member))
    kept = []
    for side in (is_member, ~is_member):
        drawn = generator(seed, "blind-rows").permutation(np.flatnonzero(side))
        kept.append(drawn[: int(np.ceil(share * len(drawn)))])
    return np.sort(np.concatenate(kept))


def _labellings(truth: NDArray[np.bool_], seed: int) -> Floats32:
    """(s, 1 + permutations): the truth, then the truth shuffled."""
    rng = generator(seed, "blind-permutations")
    return np.column_stack([truth, *(rng.permutation(truth) for _ in range(PERMUTATIONS))]).astype(np.float32)


def _cross_fitted(table: BlindTable, labellings: Floats32, seed: int, checkpoint: Checkpoint) -> tuple[list[Floats], Floats]:
    """Ranks (n,) of the first labelling by classifier, and AUCs (classifiers, p): the mean over folds of the AUC in the fold."""
    from scipy.stats import rankdata

    n, p = labellings.shape
    fold_of = generator(seed, "blind-folds").permutation(n) % FOLDS
    ranks = [np.zeros(n) for _ in CLASSIFIERS]
    sums, pairs = np.zeros((len(CLASSIFIERS), p)), np.zeros(p)
    for f in range(FOLDS):
        fold = Fold(np.flatnonzero(fold_of != f), np.flatnonzero(fold_of == f), generator(seed, "blind-fold", f))
        here = labellings[fold.score].astype(np.float64)
        inside = here.sum(axis=0)
        pairs += inside * (len(here) - inside)
        for c, classify in enumerate(CLASSIFIERS.values()):
            ranked = rankdata(classify(table, fold, labellings), axis=0)
            sums[c] += (ranked * here).sum(axis=0) - inside * (inside + 1) / 2
            ranks[c][fold.score] = ranked[:, 0] / (len(here) + 1)
            checkpoint((f * len(CLASSIFIERS) + c + 1) / (FOLDS * len(CLASSIFIERS)))
    return ranks, sums / pairs


def _too_few(truth: NDArray[np.bool_]) -> str | None:
    members, others = int(truth.sum()), int((~truth).sum())
    if min(members, others) >= FEWEST:
        return None
    return f"needs at least {FEWEST} members and {FEWEST} non-members; {members:,} and {others:,} are left"


def _sentence(auc: float, p: float, fired: bool, differing: list[str]) -> str:
    shown = f"best cross-fitted AUC {auc:.3f}, p = {p:.3f}"
    if not fired:
        return f"Classifiers that never see the model do not tell members from non-members ({shown})."
    where = f", most in {', '.join(differing)}" if differing else ""
    return (
        f"Members and non-members differ without the model{where} ({shown}); attacks are graded only on what they find beyond "
        "that. Take both from one random split."
    )


def _estimates(scores: Floats, truth: NDArray[np.bool_]) -> tuple[Estimate, ...]:
    auc = roc.auc_interval(scores, truth)
    found = [Estimate("auc", auc.value, auc.low, auc.high, n=len(truth))]
    reason = thresholds.shortage(0.01, int((~truth).sum()))
    if reason:
        return (*found, Estimate("tpr@fpr=0.01", reason=reason))
    at = thresholds.rates_above(scores, truth, roc.cut(scores[~truth], 0.01), 0.05)
    tpr = Estimate("tpr@fpr=0.01", at.tpr.value, at.tpr.low, at.tpr.high, n=int(truth.sum()), threshold=thresholds.ORACLE)
    return (*found, tpr)
