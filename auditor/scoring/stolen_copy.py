"""What the stolen copy is worth: as a model, as a likeness of the target's answers, and as a white box to attack members with."""

import numpy as np
from numpy.typing import NDArray

from auditor.domain.evidence import Copies, SurrogateLabels
from auditor.domain.finding import Estimate
from auditor.scoring import roc
from auditor.scoring.estimates import estimate
from auditor.scoring.grading import Grading, Truth
from auditor.scoring.intervals import Floats, clopper_pearson

LEAST = 1e-6
FEWEST_OF_A_SIDE = 50
Rows = NDArray[np.intp]


def worth(evidence: Copies, truth: Truth, grading: Grading) -> tuple[Estimate, ...]:
    """copy_accuracy and target_accuracy on the judged candidates, and how near the copied answers come; of classes alone."""
    if not isinstance(evidence, SurrogateLabels) or truth.target_labels is None:
        return ()
    rows = evidence.rows[(truth.target_labels[evidence.rows] >= 0)]
    kept = np.isin(evidence.rows, rows)
    if not len(rows):
        return ()
    pairs = {"copy_accuracy": evidence.labels[-1][kept], "target_accuracy": truth.target_labels[rows]}
    found = [
        estimate(
            name, clopper_pearson(int((said == truth.labels[rows]).sum()), len(rows), grading.marginal_alpha), len(rows), grading
        )
        for name, said in pairs.items()
    ]
    return (*found, *_likeness(evidence, truth, rows, grading))


def _likeness(evidence: Copies, truth: Truth, rows: Rows, grading: Grading) -> tuple[Estimate, ...]:
    """probability_distance: mean total-variation distance, 0 to 1. log_odds_r2: share of the variance of the target's log-odds that
    the copy's explain. Nothing where labels alone were answered, or not every class."""
    answers = truth.target_answers
    if answers is None or evidence.copied is None or np.isnan(answers[rows]).any() or (answers[rows].max(axis=1) == 1.0).all():
        return ()
    copied, true = evidence.copied[rows], answers[rows]
    distances = 0.5 * np.abs(copied - true).sum(axis=1)
    error = 1.96 * float(distances.std()) / np.sqrt(len(rows))
    value = float(distances.mean())
    n, level = len(rows), grading.confidence
    distance = Estimate("probability_distance", value, max(0.0, value - error), min(1.0, value + error), level, n)
    return distance, Estimate("log_odds_r2", _explained(_odds(copied), _odds(true)), confidence=level, n=n)


def _odds(answers: Floats) -> Floats:
    logs = np.log(np.maximum(answers, 1e-3))
    return np.asarray(logs[:, 1:] - logs[:, :1])


def _explained(copied: Floats, true: Floats) -> float:
    spread = float(((true - true.mean(axis=0)) ** 2).sum())
    return 1.0 - float(((copied - true) ** 2).sum()) / spread if spread > 0 else float(np.allclose(copied, true))


def consequences(evidence: Copies, truth: Truth, grading: Grading) -> tuple[tuple[Estimate, ...], str | None]:
    """stolen_auc: the AUC of membership from the loss of the copy, offline; direct_auc: from the loss of the target's own answers.
    Both on all candidates, with DeLong's intervals, and a sentence that compares them. The verdict on membership is that of its
    own attacks: these figures are in no score."""
    answers = truth.target_answers
    copied = evidence.copied
    sides = min(int(truth.is_member.sum()), int((~truth.is_member).sum()))
    if not isinstance(evidence, SurrogateLabels) or copied is None or answers is None or sides < FEWEST_OF_A_SIDE:
        return (), None
    asked = ~np.isnan(answers).all(axis=1)
    found = []
    for name, said in (("stolen_auc", copied), ("direct_auc", answers)):
        scores = np.log(np.maximum(_of_label(said, truth.labels), LEAST))[asked]
        interval = roc.auc_interval(scores, truth.is_member[asked], grading.marginal_alpha)
        found.append(estimate(name, interval, int(asked.sum()), grading))
    return tuple(found), _sentence(*found)


def _of_label(answers: Floats, labels: Rows) -> Floats:
    return np.nan_to_num(answers[np.arange(len(labels)), labels], nan=0.0)


def _sentence(stolen: Estimate, direct: Estimate) -> str:
    return (
        f"Who has stolen the copy tells members apart offline, by its loss, with an AUC of {_shown(stolen)};"
        f" who asks the endpoint about each of them, with {_shown(direct)}."
    )


def _shown(found: Estimate) -> str:
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"
