"""The benchmark of canaries on few records: it measures what it says."""

from auditor.domain.learner import Learner
from benchmarks.canaries import Drawn, bound, drawn

FOREST = Learner("random-forest", {"n_estimators": 20})


def small(kind: str) -> Drawn:
    return drawn(kind, count=300, training=300)


def test_canaries_and_the_rest_are_different_records() -> None:
    data = small("holdout")
    assert (len(data.canaries), len(data.training)) == (300, 300)
    assert 100 < data.included.sum() < 200
    both = {tuple(row) for row in data.canaries.features.astype(str).to_numpy()}
    assert not both & {tuple(row) for row in data.training.features.astype(str).to_numpy()}


def test_a_forest_remembers_wrong_labels() -> None:
    assert bound("rmia", FOREST, small("wrong-label"), knows_the_rest=True) > 1.0


def test_a_model_that_cannot_remember_shows_little() -> None:
    stumps = Learner("random-forest", {"n_estimators": 20, "max_depth": 1})
    assert bound("loss-threshold", stumps, small("wrong-label"), knows_the_rest=True) < 0.5
