"""Reconstructions held against members: distances by hand, scores with known answers, intervals that cover."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.evidence import Reconstructions
from auditor.domain.finding import Estimate
from auditor.errors import AttackFailed
from auditor.scoring import reconstruction_controls
from auditor.scoring.assess import Assessment, Grading, Truth, assess
from auditor.scoring.grading import Originals
from auditor.scoring.reconstruction_space import space_of

CLASSES, DIMENSIONS, EACH = 8, 12, 40
COLUMNS = tuple(Column(f"x{i}", ColumnType.NUMBER) for i in range(DIMENSIONS))
GRADING = Grading(25.0)


def frame(values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(values, columns=[c.name for c in COLUMNS])


def people(seed: int = 0) -> tuple[Truth, np.ndarray]:
    """Members and non-members of CLASSES classes, with the mean of the members of each."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform(0, 1, (CLASSES, DIMENSIONS))
    labels = np.repeat(np.arange(CLASSES), EACH)
    values = centres[labels] + rng.normal(0, 0.1, (len(labels), DIMENSIONS))
    is_member = np.arange(len(labels)) % 2 == 0
    means = np.stack([values[(labels == c) & is_member].mean(axis=0) for c in range(CLASSES)])
    others = Records(frame(centres[labels] + rng.normal(0, 0.1, values.shape)), labels)
    originals = Originals(Records(frame(values), labels), COLUMNS, others)
    return Truth(is_member, labels, None, None, CLASSES, originals=originals), means


def claims(values: np.ndarray, scores: np.ndarray | None = None) -> Reconstructions:
    labels = np.arange(len(values)) % CLASSES
    return Reconstructions(frame(values), labels, np.zeros(len(values)) if scores is None else scores)


def named(found: Assessment, name: str) -> Estimate:
    return next(e for e in found.estimates if e.name == name)


def test_the_means_themselves_score_100() -> None:
    truth, means = people()
    found = assess(claims(means), truth, GRADING, claims(means + 0.2))
    assert found.score == pytest.approx(100.0)
    assert found.score_low > 90
    assert named(found, "mean_distance").value == pytest.approx(0.0, abs=1e-12)
    assert named(found, "evaluator_accuracy").value == 1.0


def test_half_of_the_way_in_squared_distance_scores_as_much() -> None:
    truth, means = people()
    found = assess(claims(means + 0.1), truth, GRADING, claims(means - 0.2))
    assert found.score == pytest.approx(75.0)  # 1 - .1^2 / .2^2
    assert found.score_low < 75.0 < found.score_high


def test_the_guess_itself_and_anything_worse_score_0() -> None:
    truth, means = people()
    rng = np.random.default_rng(1)
    guess = claims(means + rng.normal(0, 0.05, means.shape))
    for attempt in (guess, claims(rng.uniform(0, 1, means.shape))):
        found = assess(attempt, truth, GRADING, guess)
        assert (found.score, found.score_low) == (0.0, 0.0)


def test_pretty_pictures_of_every_class_do_not_mislead() -> None:
    """Nearer to the own class than classes are to each other, and still no better than what auxiliary records tell."""
    truth, means = people()
    rng = np.random.default_rng(2)
    found = assess(
        claims(means + rng.normal(0, 0.05, means.shape)), truth, GRADING, claims(means + rng.normal(0, 0.02, means.shape))
    )
    assert named(found, "mean_distance").value < named(found, "mean_distance_between_classes").value
    assert named(found, "evaluator_accuracy").value == 1.0
    assert found.score_low == 0.0
    assert "prototype of the class" in found.caveats[-1]


def test_claims_as_good_as_the_guess_seldom_have_a_score() -> None:
    """Same errors on both sides: the lower limit stays at 0 in at least 95 % of runs, less what chance allows."""
    truth, means = people()
    rng = np.random.default_rng(3)
    shown = 0
    for _ in range(60):
        mine, theirs = (claims(means + rng.normal(0, 0.1, means.shape)) for _ in range(2))
        shown += assess(mine, replace(truth, originals=replace(truth.originals, auxiliary=None)), GRADING, theirs).score_low > 0
    assert shown <= 6


def test_the_surest_claim_of_a_class_is_judged() -> None:
    truth, means = people()
    both = claims(np.concatenate([means + 0.3, means]), np.repeat([0.0, 1.0], CLASSES))
    assert assess(both, truth, GRADING, claims(means + 0.2)).score == pytest.approx(100.0)


def test_claims_that_are_members_are_nearer_to_members() -> None:
    truth, _ = people()
    values = truth.originals.candidates.features.to_numpy()
    first = [np.flatnonzero((truth.labels == c) & truth.is_member)[0] for c in range(CLASSES)]
    out = [np.flatnonzero((truth.labels == c) & ~truth.is_member)[0] for c in range(CLASSES)]
    guess = claims(values[out])
    assert named(assess(claims(values[first]), truth, GRADING, guess), "nearer_to_members").value == 1.0
    near = named(assess(claims(values[out]), truth, GRADING, guess), "nearer_to_members")
    assert (near.value, near.n) == (0.0, CLASSES)


def test_gower_distances_by_hand() -> None:
    columns = (Column("age", ColumnType.INTEGER), Column("job", ColumnType.CATEGORY), Column("same", ColumnType.NUMBER))
    cells = {"age": [20, 60, 40], "job": pd.Series(["a", "b", None], dtype=object), "same": [1.0, 1.0, 1.0]}
    space = space_of(pd.DataFrame(cells), columns)
    assert space is not None
    points = space.points(pd.DataFrame(cells))
    apart = ((points[:, None] - points) ** 2).sum(axis=2)
    np.testing.assert_allclose(apart, [[0, 1, 0.625], [1, 0, 0.625], [0.625, 0.625, 0]], atol=1e-12)
    unseen = pd.DataFrame({"age": [np.nan], "job": pd.Series(["z"], dtype=object), "same": [5.0]})
    assert ((space.points(unseen) - points[2]) ** 2).sum() == pytest.approx(0.25)


def test_nothing_that_changes_has_no_space() -> None:
    assert space_of(pd.DataFrame({"x0": [1.0, 1.0]}), COLUMNS[:1]) is None


def test_one_class_alone_is_not_graded() -> None:
    truth, means = people()
    found = assess(claims(means[:1]), truth, GRADING, claims(means + 0.2))
    assert found.score is None
    assert not found.resolved
    assert "at least 2 classes" in found.caveats[0]


def test_a_guess_that_is_right_already_leaves_nothing() -> None:
    truth, means = people()
    found = assess(claims(means), truth, GRADING, claims(means))
    assert (found.score, found.driver) == (0.0, "nothing left to leak")


@pytest.mark.parametrize("broken", ["baseline", "scores", "columns", "originals"])
def test_what_cannot_be_graded_is_said(broken: str) -> None:
    truth, means = people()
    mine, guess = claims(means), claims(means + 0.1)
    if broken == "scores":
        mine = claims(means, np.full(CLASSES, np.nan))
    if broken == "columns":
        mine = replace(mine, records=mine.records.drop(columns="x3"))
    if broken == "originals":
        truth = replace(truth, originals=None)
    with pytest.raises(AttackFailed, match=r"baseline did not run|not numbers|lack the column 'x3'|there are none"):
        assess(mine, truth, GRADING, None if broken == "baseline" else guess)


def test_controls_say_how_far_the_attack_got() -> None:
    truth, means = people()
    guess, goals = claims(means), np.random.default_rng(5).uniform(0.2, 0.8, means.shape)
    assert reconstruction_controls.known(claims(goals), guess, truth, frame(goals)).passed is True
    lost = reconstruction_controls.known(claims(means), guess, truth, frame(goals))
    assert lost.passed is False
    assert "means nothing" in lost.sentence
    assert reconstruction_controls.noise(claims(goals), guess, truth, GRADING).passed is True
    assert reconstruction_controls.noise(claims(means), claims(means + 0.2), truth, GRADING).passed is False
    assert reconstruction_controls.computed(1e-5).passed is True
    assert reconstruction_controls.computed(0.2).passed is False
