"""Is the target what it is taken for: do its shadows behave like it, and do its answers have anything to do with the records?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.domain.data import Records
from auditor.domain.finding import Control, Estimate
from auditor.domain.shadow import ShadowOutputs
from auditor.scoring.intervals import Floats, quantile
from auditor.scoring.vulnerability import ShadowSignals, rank_correlation

COMPARED = 16  # shadows that are held against the others, to learn which distance is usual
FAR, TIMES = 0.1, 2.0
FEWEST = 50  # records of a class
ERROR = 0.0027  # two-sided, over all classes together: three standard errors for a single one
NEGLIGIBLE = 0.1  # of an AUC around .5, or of a rank correlation
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Match:
    """`control` reports the distance and gates nothing; `caveat` stands where it is large."""

    control: Control
    caveat: str | None


def shadow_match(target: Floats, signals: ShadowSignals, is_member: Mask) -> Match:
    """Kolmogorov-Smirnov distance between the target's signal (n,) and that of OUT shadows, on non-members.

    It is large above .1 and twice the largest distance between a shadow and the others: measured on Adult, targets lie within .07
    of shadows of their own kind and mostly beyond .1 of those of another (docs/score.md).
    """
    outside = ~is_member
    if min(int(outside.sum()), len(signals)) < 2:
        return Match(Control(None, "Without non-members and shadow models there is nothing to compare the target with."), None)
    own, out = signals.logits[:, outside], ~signals.masks[:, outside]
    found = ks_distance(target[outside], own[out])
    usual = max(_to_the_others(own, out, k) for k in range(min(COMPARED, len(own))))
    estimate = Estimate("ks_distance", found, found, found, 1.0, int(outside.sum()))
    shown = f"{found:.3f}; among shadow models up to {usual:.3f}"
    if found <= max(FAR, TIMES * usual):
        alike = f"The target's answers are distributed like those of its shadow models (KS distance {shown})."
        return Match(Control(None, alike, (estimate,)), None)
    sentence = f"The shadow models do not answer like the target (KS distance {shown})"
    caveat = (
        f"{sentence}: calibrated thresholds may be far off and a leak may be missed. State the learner and its parameters as the "
        "target was trained."
    )
    return Match(Control(None, f"{sentence}.", (estimate,)), caveat)


def random_answers(answers: Floats, candidates: Records, shadows: ShadowOutputs | None, is_deterministic: bool) -> Control | None:
    """A failed control if the target's answers (n, C) have nothing to do with the truth about the records; else None.

    For each class of at least 50 records on both sides, the AUC with which its probability tells its records from the others has to
    be one that chance explains, and certainly within .1 of .5; for values (n, 1), likewise the rank correlation with the true value
    and 0. The same answer to everybody is no randomness, and where shadow models learn nothing either, a deterministic target may
    be as it is.
    """
    if not len(answers) or _is_constant(answers) or not _is_unrelated(answers, candidates):
        return None
    if is_deterministic and shadows is not None and _is_unrelated(_outside(shadows), candidates):
        return None
    varying = "" if is_deterministic else " and differ from one time to the next"
    return Control(
        False,
        f"The target's answers have nothing to do with the records{varying}: they are right no more often than by chance. Check "
        "that the endpoint serves the model, and takes the columns in this form and order.",
    )


def inverted_answers(answers: Floats, candidates: Records) -> Control | None:
    """A failed control if the target's answers (n, C) speak against the truth about most classes, and for it about none; else None.

    Per class as in `random_answers`: the AUC is beyond chance below .5, for values (n, 1) the rank correlation below 0. Classes in
    another order than the target's do this; attacks that read the true class then take what the model knows for ignorance.
    """
    if not len(answers) or _is_constant(answers):
        return None
    shown = _relations(answers, candidates)
    certain = quantile(ERROR / max(1, len(shown)))
    errors = [gap * np.sqrt(n) for gap, n in shown]
    if max(errors, default=0.0) > certain or 2 * sum(error < -certain for error in errors) <= len(errors):
        return None
    order = "that the values have the sign of the label" if candidates.values is not None else "the order of target.classes"
    return Control(False, f"The target's answers speak against the truth, which they predict worse than chance. Check {order}.")


def constant_answers(answers: Floats) -> str | None:
    """A caveat where all candidates got the same answer (n, C)."""
    if not len(answers) or not _is_constant(answers):
        return None
    return (
        "The target gave every candidate the same answer, which tells nothing about any of them: what still differs between their "
        "scores comes from the shadow models and the labels."
    )


def ks_distance(first: Floats, second: Floats) -> float:
    """The largest difference between the two empirical distributions, 0 to 1."""
    points = np.concatenate([first, second])
    below = [np.searchsorted(np.sort(values), points, side="right") / len(values) for values in (first, second)]
    return float(np.abs(below[0] - below[1]).max())


def _to_the_others(own: Floats, out: Mask, shadow: int) -> float:
    """Distance of one shadow to all but itself and its partner; 0 where there are no others."""
    others = np.arange(len(own)) // 2 != shadow // 2
    if not others.any() or not out[shadow].any():
        return 0.0
    return ks_distance(own[shadow][out[shadow]], own[others][out[others]])


def _is_constant(answers: Floats) -> bool:
    filled = np.nan_to_num(answers)
    return bool((np.ptp(filled, axis=0) < 1e-9).all())


def _relations(answers: Floats, candidates: Records) -> list[tuple[float, float]]:
    """How far each class (or the value) is from no relation with the truth, and one over the variance of that without one."""
    if candidates.values is None:
        return [told for c in range(answers.shape[1]) if (told := _auc(answers[:, c], candidates.labels == c)) is not None]
    known = ~np.isnan(candidates.values)
    if known.sum() < 2:
        return []
    return [(rank_correlation(answers[known, 0], candidates.values[known]), float(known.sum() - 1))]


def _is_unrelated(answers: Floats, candidates: Records) -> bool:
    shown = _relations(answers, candidates)
    certain = quantile(ERROR / max(1, len(shown)))
    return bool(shown) and all(
        abs(gap) <= certain / np.sqrt(n) and abs(gap) + certain / np.sqrt(n) < NEGLIGIBLE for gap, n in shown
    )


def _auc(score: Floats, inside: Mask) -> tuple[float, float] | None:
    """AUC - .5, and one over its variance without a relation (Mann and Whitney 1947); None with too few records to tell."""
    from scipy.stats import rankdata

    here, there = int(inside.sum()), int((~inside).sum())
    if min(here, there) < FEWEST:
        return None
    ranks = rankdata(np.nan_to_num(score))[inside].sum()
    return float((ranks - here * (here + 1) / 2) / (here * there)) - 0.5, 12 * here * there / (here + there + 1)


def _outside(shadows: ShadowOutputs) -> Floats:
    """(n, C) the mean answer of the shadows that were not trained on the record."""
    out = ~shadows.masks[:, :, None]
    return np.asarray(np.nan_to_num(shadows.probabilities).sum(axis=0, where=out) / np.maximum(1, out.sum(axis=0)))
