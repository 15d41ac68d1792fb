"""Inversion of models whose ideal records are computed: centroids, corners, single records; digits; shares that answers tell."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from auditor.attacks.inversion.class_inversion import ClassInversion
from auditor.attacks.inversion.mi_face import MIFace
from auditor.attacks.inversion.property_inference import PropertyInference
from auditor.domain.attack import Attack, Context
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.evidence import Reconstructions
from auditor.domain.learner import Learner
from auditor.domain.parameters import Layer, Layers
from auditor.domain.target import Output, Profile
from auditor.scoring.assess import Grading, Truth, assess
from auditor.scoring.grading import Originals
from auditor.testing import small_world
from auditor.testing.properties import following
from auditor.testing.world import draw

Floats = NDArray[np.float64]
Labels = NDArray[np.intp]
START_AT_ZERO, BETWEEN_CLASSES = 0.079, 0.062
"""Mean squared errors of a pixel of digits: of MI-FACE in ART from zeros, and between the means of two classes."""


def columns(count: int) -> tuple[Column, ...]:
    return tuple(Column(f"x{i}", ColumnType.NUMBER) for i in range(count))


def records(values: Floats, labels: Labels) -> Records:
    return Records(pd.DataFrame(values, columns=[c.name for c in columns(values.shape[1])]), labels)


def context(query: Callable[[Floats], Floats], known: Records, classes: int, output: Output = Output.PROBABILITIES) -> Context:
    """Numbers from 0 to 1."""
    names = list(known.features.columns)
    return Context(
        seed=7,
        profile=Profile(output, tuple(map(str, range(classes)))),
        columns=columns(len(names)),
        query=lambda frame: query(frame.to_numpy(dtype=np.float64)),
        checkpoint=lambda fraction: None,
        auxiliary=known,
        bounds=dict.fromkeys(names, (0.0, 1.0)),
    )


def anybody(count: int = 200, width: int = 4) -> Records:
    """Auxiliary records that tell ranges and nothing of any class."""
    rng = np.random.default_rng(0)
    return records(rng.random((count, width)), np.zeros(count, dtype=np.intp))


def surest(attack: Attack, given: Context) -> Floats:
    """(C, d) the record that is judged, of each class."""
    found = attack.run(given)
    assert isinstance(found, Reconstructions)
    rows = [np.flatnonzero(found.labels == label) for label in range(given.classes)]
    return np.asarray(found.records.to_numpy()[[r[found.scores[r].argmax()] for r in rows]])


def squared(points: Floats, others: Floats) -> Floats:
    return np.asarray(((points[:, None] - others) ** 2).sum(axis=2))


def test_the_centroids_of_a_nearest_centroid_classifier_are_recovered_to_a_thousandth() -> None:
    """The nearer to the centroid of its training records, the surer it is."""
    rng = np.random.default_rng(3)
    labels = np.repeat(np.arange(3), 40)
    trained = np.clip(rng.uniform(0.2, 0.8, (3, 4))[labels] + rng.normal(0, 0.08, (120, 4)), 0, 1)
    centroids = np.stack([trained[labels == label].mean(axis=0) for label in range(3)])

    def answers(points: Floats) -> Floats:
        away = squared(points, centroids)
        sure = 1 / 3 + 0.66 / (1 + away.min(axis=1) / 0.01)
        told = np.repeat(((1 - sure) / 2)[:, None], 3, axis=1)
        told[np.arange(len(points)), away.argmin(axis=1)] = sure
        return told

    found = surest(ClassInversion(queries=3_000, prior=0.0), context(answers, anybody(), 3))
    np.testing.assert_allclose(found, centroids, atol=1e-3)


@pytest.mark.parametrize("knowledge", ["population", "ranges"])
def test_a_multinomial_rule_over_a_box_leads_to_the_corner_that_its_weights_point_to(knowledge: str) -> None:
    """z = W x with a weight of its own for each class beside what all share: p_y is highest at the corner sign(w_y - mean w)."""
    weights = 3.0 * np.eye(4) + np.array([2.0, -1.0, 0.5, -4.0])
    corners = np.where(weights - weights.mean(axis=0) > 0, 1.0, 0.0)
    given = context(lambda points: np.asarray(softmax(points @ weights.T, axis=1)), anybody(), 4)
    found = surest(ClassInversion(queries=2_000, knowledge=knowledge, prior=0.0), given)
    np.testing.assert_allclose(found, corners, atol=1e-2)


SINGLES = np.array([[0.25, 0.7, 0.3, 0.6], [0.7, 0.3, 0.75, 0.2], [0.8, 0.85, 0.8, 0.8]])
"""The one training record of each of three classes."""


def test_the_one_record_of_a_class_is_the_peak_of_a_kernel_density() -> None:
    """Kernels of width .1 over a background: what is near no record is of every class alike."""

    def answers(points: Floats) -> Floats:
        kernels = np.exp(-squared(points, SINGLES) / (2 * 0.1**2)) + 1e-4
        return np.asarray(kernels / (kernels.sum(axis=1, keepdims=True) + 0.1))

    found = surest(ClassInversion(queries=3_000, prior=0.0), context(answers, anybody(), 3))
    np.testing.assert_allclose(found, SINGLES, atol=0.01)


@pytest.mark.parametrize("seed", [5, 6, 7, 8])
def test_labels_of_a_nearest_neighbour_lead_to_the_one_record_of_a_class(seed: int) -> None:
    """Records of another class all around it, none nearer than .12: the middle of its cell is nearer than half of that."""
    alone, others = np.array([[0.6, 0.4]]), np.random.default_rng(seed).random((60, 2))
    trained = np.concatenate([alone, others[squared(others, alone)[:, 0] > 0.12**2]])

    def answers(points: Floats) -> Floats:
        return np.eye(2)[(squared(points, trained).argmin(axis=1) > 0).astype(np.intp)]

    found = surest(ClassInversion(queries=1_000), context(answers, anybody(width=2), 2, Output.LABELS))[0]
    assert squared(found[None], alone)[0, 0] < 0.06**2


@cache
def digits() -> SimpleNamespace:
    """A logistic target that was trained on 900 digits, 450 others that are known, and 447 that nobody has seen."""
    values, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    trained, known, unseen = (records(values[rows] / 16, labels[rows]) for rows in np.split(order, [900, 1350]))
    model = LogisticRegression(max_iter=500).fit(trained.features.to_numpy(), trained.labels)
    means = np.stack([trained.features[trained.labels == label].mean() for label in range(10)])
    return SimpleNamespace(model=model, trained=trained, known=known, unseen=unseen, means=means)


def of_digits(known: Records) -> Context:
    model = digits().model
    layers = Layers((Layer(model.coef_, model.intercept_),), "identity", "softmax")
    return replace(context(model.predict_proba, known, 10), parameters=layers)


def without(label: int) -> Records:
    known = digits().known
    kept = known.labels != label
    return Records(known.features[kept].reset_index(drop=True), known.labels[kept])


@pytest.mark.parametrize(
    ("attack", "searched"),
    [(ClassInversion(queries=1_000, restarts=1), (0, 4, 8)), (MIFace(), tuple(range(10)))],
    ids=["answers", "gradient"],
)
def test_digits_are_rebuilt_without_a_record_of_their_class(attack: Attack, searched: tuple[int, ...]) -> None:
    """Nearer to the mean of the class than MI-FACE of ART comes from zeros, than classes are to each other, and than the mean of
    what is known."""
    means = digits().means
    errors = [((surest(attack, of_digits(without(label)))[label] - means[label]) ** 2).mean() for label in searched]
    others = [((without(label).features.mean().to_numpy() - means[label]) ** 2).mean() for label in searched]
    assert np.mean(errors) < BETWEEN_CLASSES < START_AT_ZERO
    assert np.mean(errors) < np.mean(others)


@pytest.mark.parametrize("attack", [ClassInversion(queries=400, restarts=1), MIFace()], ids=["answers", "gradient"])
def test_where_records_of_the_class_are_known_the_model_adds_nothing(attack: Attack) -> None:
    """Pictures as good as these score 0: the mean of the known records of a class is nearer still."""
    world = digits()
    given = of_digits(world.known)
    everybody = records(
        np.concatenate([world.trained.features, world.unseen.features]), np.concatenate([world.trained.labels, world.unseen.labels])
    )
    is_member = np.arange(len(everybody)) < len(world.trained)
    truth = Truth(is_member, everybody.labels, None, None, 10, originals=Originals(everybody, given.columns, None, given.bounds))
    found, guess = attack.run(given), ClassInversion().baseline.run(given)
    assert isinstance(found, Reconstructions)
    graded = assess(found, truth, Grading(25.0), guess)
    figures = {estimate.name: estimate.value for estimate in graded.estimates}
    assert figures["mean_distance"] < figures["mean_distance_between_classes"]
    assert (graded.score, graded.score_low) == (0.0, 0.0)


BASE_RATES = Learner("logistic-regression", {"C": 1e-6})
"""Weights of nothing: the answer to everybody is the share of the label among the training records."""


def test_a_model_that_says_no_more_than_the_base_rate_tells_the_share_when_labels_follow_it() -> None:
    """Of people whose label is their property for four in five: sixteen victims of sixteen, and the target."""
    attack = PropertyInference(column="job", value="clerk", models=8, ratios=(0.2, 0.6), hold_labels=False)
    given = small_world().context(attack, lambda frame: np.tile([0.45, 0.55], (len(frame), 1)), lambda fraction: None)
    people = following(draw(1_500, 78), ("job", "clerk"))
    evidence = attack.run(replace(given, auxiliary=people, learner=BASE_RATES))
    assert (evidence.votes[0] < evidence.threshold).all()
    assert (evidence.votes[1] > evidence.threshold).all()
    assert evidence.target[0] > evidence.threshold, "a base rate of .55 is that of the world with more of them"
