import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import Ridge
from sklearn.neighbors import NearestNeighbors
from sklearn.tree import DecisionTreeRegressor

from auditor.scoring import blind_classifiers as blind
from auditor.scoring.blind_classifiers import CLASSIFIERS, Classifier, Fold
from auditor.scoring.blind_features import BlindTable
from auditor.scoring.roc import auc

N = 900


def table(seed: int = 0, columns: int = 6) -> BlindTable:
    values = np.random.default_rng(seed).standard_normal((N, columns))
    edges = np.linspace(-1.5, 1.5, 7)
    return BlindTable(values, (values[:, :, None] > edges).reshape(N, -1))


def fold(seed: int = 0) -> Fold:
    return Fold(np.arange(300, N), np.arange(300), np.random.default_rng(seed))


def labellings(*columns: NDArray[np.bool_]) -> NDArray[np.float32]:
    return np.column_stack(columns).astype(np.float32)


def noise(count: int) -> list[NDArray[np.bool_]]:
    return list(np.random.default_rng(7).random((count, N)) < 0.5)


@pytest.mark.parametrize("classify", CLASSIFIERS.values(), ids=list(CLASSIFIERS))
def test_a_labelling_is_scored_the_same_alone_and_among_others(classify: Classifier) -> None:
    world, columns = table(), noise(12)

    together = classify(world, fold(), labellings(*columns))

    for place in (0, 5, 11):
        alone = classify(world, fold(), labellings(columns[place]))
        assert together[:, place] == pytest.approx(alone[:, 0], abs=1e-4)


@pytest.mark.parametrize("classify", CLASSIFIERS.values(), ids=list(CLASSIFIERS))
def test_labels_of_the_scored_records_are_never_used(classify: Classifier) -> None:
    world, (first, *_) = table(), noise(1)
    turned = first.copy()
    turned[:300] = ~turned[:300]

    assert (classify(world, fold(), labellings(first)) == classify(world, fold(), labellings(turned))).all()


@pytest.mark.parametrize("classify", CLASSIFIERS.values(), ids=list(CLASSIFIERS))
def test_a_visible_difference_is_learned(classify: Classifier) -> None:
    world = table()
    is_member = world.linear[:, 0] + 0.5 * world.linear[:, 1] > 0

    scores = classify(world, fold(), labellings(is_member))[:, 0]

    assert auc(scores, is_member[:300]) > 0.85


@pytest.mark.parametrize("classify", CLASSIFIERS.values(), ids=list(CLASSIFIERS))
def test_noise_is_not_learned_on_average(classify: Classifier) -> None:
    columns = noise(60)

    scores = classify(table(), fold(), labellings(*columns))

    assert np.mean([auc(scores[:, p], columns[p][:300]) for p in range(60)]) == pytest.approx(0.5, abs=0.02)


def test_what_only_trees_see_is_seen_by_boosting() -> None:
    world = table()
    far = np.abs(world.linear[:, 0]) > 0.7
    crossed = (world.linear[:, 1] > 0) == (world.linear[:, 2] > 0)

    scores = blind.boosting(world, fold(), labellings(far, crossed))

    assert auc(scores[:, 0], far[:300]) > 0.9
    assert auc(scores[:, 1], crossed[:300]) > 0.8
    assert auc(blind.linear(world, fold(), labellings(far))[:, 0], far[:300]) < 0.6


def test_what_only_neighbours_see_is_seen_by_neighbours() -> None:
    rng = np.random.default_rng(8)
    homes = rng.standard_normal((60, 6))
    home = rng.integers(0, 60, N)
    values = homes[home] + 0.05 * rng.standard_normal((N, 6))
    is_member = (rng.random(60) < 0.5)[home]

    scores = blind.neighbours(BlindTable(values, values > 0), fold(), labellings(is_member))[:, 0]

    assert auc(scores, is_member[:300]) > 0.95


def test_linear_is_ridge_regression() -> None:
    world, (first, *_) = table(), noise(1)
    fitted = Ridge(alpha=blind.RIDGE, fit_intercept=False).fit(world.linear[300:], first[300:] - first[300:].mean())

    assert blind.linear(world, fold(), labellings(first))[:, 0] == pytest.approx(fitted.predict(world.linear[:300]), abs=1e-5)


def test_the_nearest_records_are_those_of_scikit_learn() -> None:
    values = table().linear
    distance, near = NearestNeighbors(n_neighbors=blind.NEIGHBOURS).fit(values[300:]).kneighbors(values[:300])

    found, how_far = blind.nearest(values[:300], values[300:])

    assert (np.sort(found, axis=1) == np.sort(near, axis=1)).all()
    assert np.sort(how_far, axis=1) == pytest.approx(distance, abs=1e-6)


def test_fewer_records_than_neighbours_are_all_neighbours() -> None:
    values = table().linear

    found, _ = blind.nearest(values[:3], values[3:7])

    assert np.sort(found, axis=1).tolist() == [[0, 1, 2, 3]] * 3


def test_identical_records_are_no_division_by_zero() -> None:
    same = BlindTable(np.zeros((N, 2)), np.tile([True, False], (N, 1)))

    for classify in CLASSIFIERS.values():
        assert np.isfinite(classify(same, fold(), labellings(*noise(3)))).all()


def test_the_first_question_is_the_one_a_regression_tree_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    world = table()
    is_member = world.linear[:, 3] > 0.5
    monkeypatch.setattr(blind, "ROUNDS", 1)
    tree = DecisionTreeRegressor(max_depth=1).fit(world.questions[300:], is_member[300:])

    asked = world.questions[:300, tree.tree_.feature[0]]
    scores = blind.boosting(world, fold(), labellings(is_member))[:, 0]

    assert scores[asked].min() > scores[~asked].max()
