"""Grading of reconstructions: how much nearer to the training records than the best guess that never asked the model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.domain.data import Records
from auditor.domain.evidence import Evidence, Reconstructions
from auditor.domain.finding import Estimate
from auditor.domain.learner import Learner
from auditor.domain.seeds import derive, generator
from auditor.errors import AttackFailed
from auditor.learners import build
from auditor.scoring.estimates import estimate
from auditor.scoring.grading import NOTHING, Assessment, Grading, Originals, Truth
from auditor.scoring.intervals import Floats, Interval, around, clopper_pearson, percentiles
from auditor.scoring.reconstruction_space import Space, space_of
from auditor.scoring.resampling import RESAMPLES

EVALUATOR = Learner("random-forest", {"n_estimators": 50})
FEWEST_CLASSES = 2
CELLS = 20_000_000
PROTOTYPE = (
    "For classes that are not individuals the optimum is a prototype of the class, not a record of a person; the score counts only "
    "how much nearer the reconstructions are to the mean of the class's training records than the best guess without the model."
)
Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Judged:
    """One class a row, k in all: points of the surest claim, of the guess, of the mean of its members; with the variance that the
    mean has along the line from guess to claim."""

    claims: Floats
    guesses: Floats
    means: Floats
    noise: Floats
    frame: Records

    def __len__(self) -> int:
        return len(self.claims)

    @property
    def apart(self) -> tuple[Floats, Floats]:
        """(k,) squared distances to the own class mean: of the claims, of the guesses."""
        return _squared(self.claims - self.means), _squared(self.guesses - self.means)


def assess_reconstruction(evidence: Reconstructions, baseline: Evidence | None, truth: Truth, grading: Grading) -> Assessment:
    """Claims about classes against the means of the classes' members, beside the best guess without the model.

    Score: 100 max(0, 1 - sum of squared distances of the claims / that of the guesses). Limits come from a bootstrap over classes,
    paired; each mean is redrawn with its standard error. Raises AttackFailed for claims that cannot be graded.
    """
    originals = _originals(evidence, baseline, truth)
    space = space_of(originals.candidates.features, originals.columns, originals.bounds)
    if space is None:
        raise AttackFailed("Every column is constant among the candidates; there is nothing to reconstruct.")
    assert isinstance(baseline, Reconstructions)  # noqa: S101 - checked above
    judged = _judged(evidence, baseline, truth, space)
    near = _nearness(evidence, truth, space, grading)
    if len(judged) < FEWEST_CLASSES:
        reason = f"needs claims about at least {FEWEST_CLASSES} classes that have members; there are {len(judged)}"
        unknown = Estimate("improvement_over_guess", reason=reason)
        return Assessment((unknown, near), None, None, None, (f"Reconstruction {reason}.",), resolved=False)
    listed = (*_distances(judged, grading), near, *_evaluated(judged, originals, grading))
    return _graded(judged, listed, evidence.notes, grading)


def _graded(judged: Judged, listed: tuple[Estimate, ...], notes: tuple[str, ...], grading: Grading) -> Assessment:
    if judged.apart[1].sum() < 1e-12:
        nothing = "Nothing is left to reconstruct: the guess without the model is the mean of each class already."
        return Assessment(listed, 0.0, 0.0, 0.0, (*notes, PROTOTYPE, nothing), driver=NOTHING)
    value, draws = _improvements(judged, grading.seed)
    shown, score = (around(value, draws, alpha) for alpha in (grading.marginal_alpha, grading.alpha))
    found = estimate("improvement_over_guess", shown, len(judged), grading)
    low, value, high = (100.0 * min(1.0, max(0.0, share)) for share in score.as_tuple())
    return Assessment((found, *listed), value, low, high, (*notes, PROTOTYPE))


def _improvements(judged: Judged, seed: int) -> tuple[float, Floats]:
    """1 - D_claim / D_guess over all classes, and (B,) resamples of it. The difference of two squared distances is linear in the
    mean, so redrawing the mean is a normal step along one line."""
    claimed, guessed = judged.apart
    rng = generator(seed, "reconstruction")
    drawn = rng.integers(len(judged), size=(RESAMPLES, len(judged)))
    gained = (guessed - claimed)[drawn] + 2.0 * np.sqrt(judged.noise)[drawn] * rng.standard_normal(drawn.shape)
    worst = np.maximum(guessed[drawn].sum(axis=1), 1e-12)
    return float(1.0 - claimed.sum() / guessed.sum()), np.asarray(gained.sum(axis=1) / worst)


def _distances(judged: Judged, grading: Grading) -> tuple[Estimate, ...]:
    claimed, guessed = judged.apart
    pairs = _squared(judged.means[:, None] - judged.means[None])[np.triu_indices(len(judged), 1)]
    rng = generator(grading.seed, "distances")
    drawn = rng.integers(len(judged), size=(RESAMPLES, len(judged)))
    found = [_mean(name, values, drawn, grading) for name, values in (("mean_distance", claimed), ("mean_distance_guess", guessed))]
    between = Estimate("mean_distance_between_classes", float(pairs.mean()), confidence=grading.confidence, n=len(pairs))
    return (*found, between)


def _mean(name: str, values: Floats, drawn: Indices, grading: Grading) -> Estimate:
    low, high = percentiles(values[drawn].mean(axis=1), grading.marginal_alpha)
    return estimate(name, Interval(low, float(values.mean()), high), len(values), grading)


def _nearness(evidence: Reconstructions, truth: Truth, space: Space, grading: Grading) -> Estimate:
    """How often the nearest training record is nearer than the nearest of as many non-members (null .5, ties count half).

    Claims about one class are not independent, so the interval is Clopper and Pearson's over classes.
    """
    assert truth.originals is not None  # noqa: S101 - checked by the caller
    sides = [np.flatnonzero(truth.is_member), np.flatnonzero(~truth.is_member)]
    size = min(map(len, sides))
    if not size or not len(evidence.labels):
        return Estimate("nearer_to_members", reason="needs claims, members and non-members")
    rng = generator(grading.seed, "nearness")
    features = truth.originals.candidates.features
    claims = space.points(evidence.records)
    near = [_nearest(claims, space.points(features.iloc[rng.permutation(rows)[:size]])) for rows in sides]
    wins = (near[0] < near[1]) + 0.5 * (near[0] == near[1])
    groups = len(np.unique(evidence.labels)) if (evidence.labels >= 0).all() else len(evidence.labels)
    return estimate(
        "nearer_to_members", clopper_pearson(float(wins.mean()) * groups, groups, grading.marginal_alpha), len(wins), grading
    )


def _nearest(claims: Floats, records: Floats) -> Floats:
    """(m,) squared distance to the nearest record, in blocks that bound memory."""
    block = max(1, CELLS // max(1, records.size))
    parts = [_squared(claims[i : i + block, None] - records[None]).min(axis=1) for i in range(0, len(claims), block)]
    return np.round(np.concatenate(parts), 12)


def _evaluated(judged: Judged, originals: Originals, grading: Grading) -> tuple[Estimate, ...]:
    """Share of claims that a forest, trained on auxiliary records alone, takes for their class; a target of another family cannot
    have taught the attack to please it."""
    auxiliary = originals.auxiliary
    if auxiliary is None or len(np.unique(auxiliary.labels)) < 2:
        return (Estimate("evaluator_accuracy", reason="needs auxiliary records of at least two classes"),)
    model = build(EVALUATOR, originals.columns, derive(grading.seed, "evaluator")).fit(auxiliary.features, auxiliary.labels)
    right = int((model.predict(judged.frame.features) == judged.frame.labels).sum())
    share = clopper_pearson(right, len(judged), grading.marginal_alpha)
    return (estimate("evaluator_accuracy", share, len(judged), grading),)


def _judged(evidence: Reconstructions, baseline: Reconstructions, truth: Truth, space: Space) -> Judged:
    """Classes with members that both speak of, ascending; of several claims about a class the surest is judged."""
    assert truth.originals is not None  # noqa: S101 - checked by the caller
    mine, theirs = surest(evidence), surest(baseline)
    members = truth.originals.candidates.take(truth.is_member)
    classes = [c for c in sorted(mine) if c in theirs and (members.labels == c).any()]
    rows = np.array([mine[c] for c in classes], dtype=np.intp)
    claims = space.points(evidence.records.iloc[rows])
    guesses = space.points(baseline.records.iloc[[theirs[c] for c in classes]])
    means, noise = np.zeros_like(claims), np.zeros(len(classes))
    for k, label in enumerate(classes):
        points = space.points(members.features[members.labels == label])
        means[k] = points.mean(axis=0)
        noise[k] = _variance_of_mean(points @ (claims[k] - guesses[k]))
    frame = Records(evidence.records.iloc[rows].reset_index(drop=True), np.array(classes, dtype=np.intp))
    return Judged(claims, guesses, means, noise, frame)


def _variance_of_mean(along: Floats) -> float:
    return float(along.var(ddof=1) / len(along)) if len(along) > 1 else 0.0


def surest(evidence: Reconstructions) -> dict[int, int]:
    """class -> row of its surest claim, the first of equals."""
    order = np.argsort(-evidence.scores, kind="stable")
    surest: dict[int, int] = {}
    for row in order:
        if evidence.labels[row] >= 0:
            surest.setdefault(int(evidence.labels[row]), int(row))
    return surest


def _originals(evidence: Reconstructions, baseline: Evidence | None, truth: Truth) -> Originals:
    if not isinstance(baseline, Reconstructions):
        raise AttackFailed("Reconstruction is graded against the best guess without the model; that baseline did not run.")
    if truth.originals is None:
        raise AttackFailed("Reconstruction is graded on the candidates themselves; there are none.")
    if np.isnan(evidence.scores).any():
        raise AttackFailed("The attack left scores that are not numbers (NaN); say of each reconstruction how sure it is.")
    lacking = [c.name for c in truth.originals.columns if c.name not in evidence.records.columns]
    if lacking:
        raise AttackFailed(f"The reconstructions lack the column {lacking[0]!r}; they need every feature.")
    return truth.originals


def _squared(differences: Floats) -> Floats:
    return np.asarray((differences**2).sum(axis=-1))
