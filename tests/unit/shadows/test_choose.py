import numpy as np
import pytest
from scipy.stats import ks_2samp

from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.learner import Learner, Task
from auditor.errors import Cancelled, InvalidInput
from auditor.learners import build, build_for_values
from auditor.shadows import choose

COLUMNS = tuple(Column(f"x{i}", ColumnType.NUMBER) for i in range(4))
CANDIDATES = [
    Learner("xgboost", {"n_estimators": 30}),
    Learner("random-forest", {"n_estimators": 30}),
    Learner("logistic-regression"),
]


def records(n: int, seed: int) -> Records:
    import pandas as pd

    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4))
    labels = (x[:, 0] * x[:, 1] + 0.5 * x[:, 2] + 0.7 * rng.normal(size=n) > 0).astype(np.intp)
    return Records(pd.DataFrame(x, columns=[c.name for c in COLUMNS]), labels)


def free(fraction: float) -> None:
    pass


@pytest.fixture(scope="module")
def auxiliary() -> Records:
    return records(600, 1)


@pytest.mark.parametrize("learner", CANDIDATES, ids=lambda learner: learner.name)
def test_the_learner_of_the_target_is_the_closest(learner: Learner, auxiliary: Records) -> None:
    members = records(500, 2)
    answers = build(learner, COLUMNS, 9).fit(members.features, members.labels).predict_proba(auxiliary.features)
    found = choose.distances(CANDIDATES, COLUMNS, auxiliary, 2, answers, 3, free)
    assert min(found, key=found.__getitem__) == learner.name


def test_a_rounding_target_is_still_recognised(auxiliary: Records) -> None:
    members = records(500, 2)
    answers = build(CANDIDATES[1], COLUMNS, 9).fit(members.features, members.labels).predict_proba(auxiliary.features)
    found = choose.distances(CANDIDATES, COLUMNS, auxiliary, 2, np.round(answers, 1), 3, free)
    assert min(found, key=found.__getitem__) == "random-forest"


def test_labels_are_compared_with_labels(auxiliary: Records) -> None:
    answers = np.eye(2)[auxiliary.labels]
    found = choose.distances(CANDIDATES[2:], COLUMNS, auxiliary, 2, answers, 3, free)
    model = build(CANDIDATES[2], COLUMNS, 0).fit(auxiliary.features, auxiliary.labels)
    wrong = (model.predict(auxiliary.features) != auxiliary.labels).mean()
    assert found["logistic-regression"] == pytest.approx(wrong, abs=0.03)


def test_the_same_seed_gives_the_same_distances(auxiliary: Records) -> None:
    answers = np.full((600, 2), 0.5)
    runs = [choose.distances(CANDIDATES[:1], COLUMNS, auxiliary, 2, answers, 3, free) for _ in range(2)]
    assert runs[0] == runs[1]


def test_it_can_be_cancelled(auxiliary: Records) -> None:
    def cancel(fraction: float) -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        choose.distances(CANDIDATES, COLUMNS, auxiliary, 2, np.full((600, 2), 0.5), 3, cancel)


def test_the_distance_is_that_of_kolmogorov_and_smirnov() -> None:
    rng = np.random.default_rng(0)
    first, second = np.round(rng.normal(size=70), 1), np.round(rng.normal(0.5, 2, size=90), 1)
    assert choose.ks_distance(first, second) == pytest.approx(ks_2samp(first, second).statistic)
    assert choose.ks_distance(first, first) == 0


OF_VALUES = [
    Learner("xgboost", {"n_estimators": 30}, Task.REGRESSION),
    Learner("random-forest", {"n_estimators": 30}, Task.REGRESSION),
    Learner("linear-regression", task=Task.REGRESSION),
]


def with_values(data: Records, seed: int) -> Records:
    x = data.features.to_numpy()
    noise = np.random.default_rng(seed).normal(size=len(data))
    return Records(data.features, np.zeros(len(data), np.intp), 100 * (x[:, 0] * x[:, 1] + 0.5 * x[:, 2] + 0.7 * noise))


@pytest.mark.parametrize("learner", OF_VALUES, ids=lambda learner: learner.name)
def test_the_learner_of_a_target_that_answers_values_is_the_closest(learner: Learner, auxiliary: Records) -> None:
    members, known = with_values(records(500, 2), 3), with_values(auxiliary, 4)
    assert members.values is not None
    answers = build_for_values(learner, COLUMNS, 9).fit(members.features, members.values).predict(known.features)
    seen: list[float] = []
    found = choose.distances_of_values(OF_VALUES, COLUMNS, known, answers[:, None], 3, seen.append)
    assert min(found, key=found.__getitem__) == learner.name
    assert seen == sorted(seen)


def test_learners_of_numbers_are_not_compared_without_numbers(auxiliary: Records) -> None:
    with pytest.raises(InvalidInput, match="true number"):
        choose.distances_of_values(OF_VALUES, COLUMNS, auxiliary, np.zeros((600, 1)), 3, free)
